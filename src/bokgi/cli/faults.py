"""From faults to exit codes and to what is shown. The one place for the command line; see `domain.errors`."""

from __future__ import annotations

import errno
import re
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typer

from bokgi.cli.session import Session
from bokgi.domain.errors import BokgiError, SetupError, UsageError, errno_of
from bokgi.domain.messages import N_, Message

EXIT_CODES: Final = {
    "usage": 2,
    "input": 3,
    "mapping": 4,
    "conflict": 5,
    "not_found": 6,
    "refusal": 7,
    "setup": 8,
    "internal": 70,
    "interrupted": 130,
}
"""Exit code of each family of errors; 0 is success. 1 is left to the shell and to Python itself."""

MEANINGS: Final = {
    "usage": N_("The command cannot be understood: an unknown option, a date that is none."),
    "input": N_("A file or folder cannot be read."),
    "mapping": N_("It is not clear which column is what; a question is open."),
    "conflict": N_("Somebody else wrote at the same time."),
    "not_found": N_("What was named does not exist."),
    "refusal": N_("The data allow no true answer."),
    "setup": N_("The machine or the home is not as needed."),
    "internal": N_("Our fault; a report was written."),
    "interrupted": N_("Stopped by Ctrl-C."),
}

_EXTRA: Final = re.compile(r"Got unexpected extra argument\(s\) \((.*)\)")
_LIKELY: Final = re.compile(r"Did you mean (.*)\?")
_NO_COMMAND: Final = re.compile(r"No such command ['\"](.*?)['\"]")
_WITHOUT_VALUE: Final = re.compile(r"Option ['\"](.*?)['\"] requires")
_WITH_VALUE: Final = re.compile(r"Option ['\"](.*?)['\"] does not take a value")
_REFUSED: Final = ("Permission denied", "Read-only file system")
_HELP_HINT: Final = N_("{command} --help says more.")


def understood(error: typer.TyperException) -> BokgiError:
    """Turn what the parser of the command line says into one of our faults, in our words.

    A text that is not known here (a newer parser's) is passed on in English.
    """
    context = getattr(error, "ctx", None)
    hint = Message(_HELP_HINT, {"command": context.command_path if context is not None else "bokgi"})
    parameter = getattr(error, "param", None)
    name: Message | str = parameter.opts[-1] if parameter is not None and parameter.opts[-1].startswith("-") else ""
    name = name or (Message(parameter.display_name_raw.upper()) if parameter is not None else "")
    match type(error).__name__:
        case "NoSuchOption":
            likely = ", ".join(getattr(error, "possibilities", None) or ())
            option = getattr(error, "option_name", "")
            if likely:
                hint = Message(N_("Did you mean {likely}?"), {"likely": likely})
            return UsageError("option_unknown", Message(N_("There is no option {option}."), {"option": option}), hint)
        case "MissingParameter":
            return UsageError("argument_missing", Message(N_("{name} is missing."), {"name": name}), hint)
        case "BadParameter":
            return UsageError("argument_unreadable", _unreadable(name, error.message), hint)
    if close := _LIKELY.search(error.message):
        hint = Message(N_("Did you mean {likely}?"), {"likely": close[1].replace("'", "")})
    for pattern, code, msgid in (
        (_EXTRA, "argument_unknown", N_("That is one argument too many: {found}")),
        (_NO_COMMAND, "command_unknown", N_("There is no command {found}.")),
        (_WITHOUT_VALUE, "value_missing", N_("{found} needs a value.")),
        (_WITH_VALUE, "value_unexpected", N_("{found} takes no value.")),
    ):
        if found := pattern.search(error.message):
            return UsageError(code, Message(msgid, {"found": found[1]}), hint)
    if error.message.startswith("Missing command"):
        return UsageError("command_missing", Message(N_("A command is missing.")), hint)
    return UsageError("usage", Message("{text}", {"text": error.format_message()}), hint)


def _unreadable(name: Message | str, said: str) -> Message:
    for pattern, msgid in (
        (r"valid integer", N_("{name} has to be a whole number.")),
        (r"valid number", N_("{name} has to be a number.")),
        (r"greater than or equal to (\S+)", N_("{name} has to be {end} or more.")),
        (r"less than or equal to (\S+)", N_("{name} has to be {end} or less.")),
    ):
        if found := re.search(pattern, said):
            return Message(msgid, {"name": name, "end": "".join(found.groups())})
    return Message(N_("{name} cannot be read: {text}"), {"name": name, "text": said})


def as_json(error: BokgiError, session: Session) -> dict[str, Any]:
    """Give an error as a JSON object."""
    return {
        "error": {
            "family": error.family,
            "code": error.code,
            "message": session.text(error.message),
            "hint": None if error.hint is None else session.text(error.hint),
            "values": {name: str(value) for name, value in error.message.values.items()},
            **error.told,
        }
    }


def report(error: BokgiError, session: Session) -> int:
    """Show a fault: as JSON on stdout where JSON was asked for, otherwise as text on stderr. Give the exit code."""
    if session.format == "json":
        session.write_json(as_json(error, session))
    else:
        from rich.text import Text

        label = session.text(Message(N_("Error")))
        session.err.print(Text.assemble((f"{label}: ", "bold red"), session.text(error.message)))
        if error.hint is not None:
            session.err.print(Text(session.text(error.hint), style="dim"))
    return EXIT_CODES.get(error.family, EXIT_CODES["internal"])


def answered(error: Exception, session: Session) -> int:
    """Show any error in its way and give the exit code. A user never sees a traceback."""
    if isinstance(error, BokgiError):
        return report(error, session)
    if type(error).__name__ == "NoArgsIsHelpError":
        session.write(str(error))
        return 0
    if isinstance(error, typer.TyperException):
        return report(understood(error), session)
    if (refused := of_the_machine(error, session.home)) is not None:
        return report(refused, session)
    if (damaged := _of_damage(error, session.home)) is not None:
        return report(damaged, session)
    return report_internal(error, session)


def _of_damage(error: Exception, home: Path) -> BokgiError | None:
    """Look for a damaged file behind an error of what reads them."""
    from bokgi.facts.damage import damage_behind

    try:
        return damage_behind(error, home)
    except BokgiError as found:
        return found


def of_the_machine(error: Exception, home: Path) -> SetupError | None:
    """Turn what the machine refuses, wherever it happens, into one of our faults; None for anything else.

    Where the fault does not say of which file it is one, it is said of the home.
    """
    number = errno_of(error)
    # The engine says it in words alone.
    of_engine = type(error).__name__ == "IOException" and any(words in str(error) for words in _REFUSED)
    if number in {errno.EACCES, errno.EPERM, errno.EROFS} or of_engine:
        return SetupError(
            "not_permitted",
            Message(N_("There is no permission for {file}."), {"file": str(getattr(error, "filename", None) or home)}),
            Message(N_("Check the owner and the permissions of the folder.")),
        )
    from bokgi.facts.engine import shortage

    return shortage(error)


def report_internal(error: Exception, session: Session) -> int:
    """Write what happened into a file for a bug report and say where; never show it. Give the exit code."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    path = Path(tempfile.gettempdir()) / f"bokgi-fault-{moment}.txt"
    path.write_text(
        f"Python {sys.version}\n\n{''.join(traceback.format_exception(error))}", encoding="utf-8", errors="replace"
    )
    fault = BokgiError(
        "internal",
        Message(N_("Something went wrong. It is our fault, not yours; nothing was changed halfway.")),
        Message(N_("The report is in {path}. It may hold names from your data."), {"path": str(path)}),
    )
    report(fault, session)
    return EXIT_CODES["internal"]
