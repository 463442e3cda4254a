"""The command line put together and run."""

from __future__ import annotations

import atexit
import io
import os
import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]  # typer has no public door to it
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from bokgi import __version__
from bokgi.cli import faults, registry
from bokgi.cli.language import language, option_given
from bokgi.cli.layout import METHOD_PAGE, classes
from bokgi.cli.lighter import without_unused
from bokgi.cli.registry import Answer
from bokgi.cli.session import Session
from bokgi.domain.messages import N_
from bokgi.project.stopping import leave

_ABOUT: Final = N_("The weekly sales review, from the CRM export to the meeting.")
_VERSION_HELP: Final = N_("Show the version.")
_SHARED: Final = ("--home", "--format", "--lang")
_HELP: Final = frozenset({"--help", "-h"})
_SHOWING: Final = _HELP | {"--version"}


def _finish(session: Session, answer: Answer) -> None:
    if session.format == "json":
        session.write_json(answer.data)
    else:
        answer.screen(session)
    if answer.exit_code:
        raise typer.Exit(answer.exit_code)


def build(lang: str, words: Sequence[str] = ()) -> TyperCommand | TyperGroup:
    """Put the command line together in one language; of the commands those that its first `words` may mean."""
    completion_init()
    command_class, group_class = classes(lang)
    settings = {"help_option_names": sorted(_HELP)}
    app = typer.Typer(
        cls=group_class, add_completion=False, no_args_is_help=True, help=_ABOUT, context_settings=settings
    )

    @app.callback(invoke_without_command=False)
    def root(
        version: bool = typer.Option(False, "--version", help=_VERSION_HELP, is_eager=True, callback=_show_version),
    ) -> None:
        del version

    groups: dict[str, typer.Typer] = {}
    for found in registry.commands(words):
        group, _, name = found.name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(cls=group_class, no_args_is_help=True, help=registry.GROUPS[group])
            app.add_typer(groups[group], name=group)
        place = groups[group] if group else app
        epilog = None if found.method is None else METHOD_PAGE.format(name=found.method)
        place.command(name, cls=command_class, help=found.help, epilog=epilog)(registry.callback(found, _finish, lang))
    built = get_command(app)
    if not isinstance(built, TyperGroup):
        message = "the command line has no commands"
        raise TypeError(message)
    return built


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"bokgi {__version__}\n")
        raise typer.Exit


def shared_options_last(arguments: Sequence[str]) -> list[str]:
    """Let the options that every command has stand before the command, too, and beside what only shows help.

    >>> shared_options_last(["--lang", "en", "review", "--team", "A"])
    ['review', '--team', 'A', '--lang', 'en']
    >>> shared_options_last(["data", "--help", "--lang", "en"])
    ['data', '--help']
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own: list[str] = []
    shared: list[str] = []
    place = 0
    while place < end:
        count = 1 if "=" in arguments[place] else 2
        if arguments[place].partition("=")[0] in _SHARED and place + count <= end:
            shared += arguments[place : place + count]
        else:
            count = 1
            own.append(arguments[place])
        place += count
    shows_help = not own or (len(own) == 1 and own[0] in registry.GROUPS) or not _SHOWING.isdisjoint(own)
    return [*own, *([] if shows_help else shared), *arguments[end:]]


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8", errors="replace")


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; see `faults.EXIT_CODES`."""
    lang = language(arguments, os.environ)
    form = "json" if option_given(arguments, "--format") == "json" else "text"
    home = option_given(arguments, "--home") or os.environ.get("BOKGI_HOME") or registry.DEFAULT_HOME
    session = Session(lang=lang, format=form, home=Path(home))
    try:
        ordered = shared_options_last(arguments)
        words = list(takewhile(lambda argument: not argument.startswith("-"), ordered))
        code = build(lang, words).main(ordered, prog_name="bokgi", standalone_mode=False)
        # A full disk or a reader that has gone is met here, not at the end of the process, where nobody would be told.
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        return faults.EXIT_CODES["interrupted"]
    except BrokenPipeError:
        # Who reads our output has gone (`| head`): nothing to say, and nothing more to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("BOKGI_DEBUG"):
            raise
        return faults.answered(error, session)
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    code = faults.EXIT_CODES["internal"]
    # Who is registered first is called last. To take the interpreter down would be a sixth of a command.
    atexit.register(lambda: leave(code))
    _speak_utf8()
    without_unused()
    try:
        code = run(sys.argv[1:])
    except SystemExit as ended:  # how the parser ends where a shell asks it to complete words
        code = ended.code if isinstance(ended.code, int) else 0
    sys.exit(code)
