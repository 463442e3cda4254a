"""The help of the command line, in the user's language."""

from __future__ import annotations

import io
import sys
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from bokgi.cli.lighter import TextsAsGiven
from bokgi.domain.messages import N_, translate

_WIDEST: Final = 100
_LONG_NAME: Final = 24
"""Cells up to which the name of an option stands beside its meaning on every screen."""
_HELP_OF_HELP: Final = N_("Show this help.")
_USAGE: Final = N_("Usage")
_ARGUMENTS: Final = N_("Arguments")
_OPTIONS: Final = N_("Options")
_COMMANDS: Final = N_("Commands")
_OPTIONS_WORD: Final = N_("[OPTIONS]")
_COMMAND_WORD: Final = N_("COMMAND")
METHOD_PAGE: Final = "docs/explanation/methods/{name}.md"
_METHOD: Final = N_("How it is found")
_DEFAULT: Final = N_("default: {value}")
_VARIABLE: Final = N_("or the variable {name}")


def _rows(rows: list[tuple[str, str]], width: int) -> Group:
    """Lay names and what they mean out in two columns; the meaning of a long name stands below it."""
    most = max(_LONG_NAME, width // 3)
    left = max((cell_len(name) for name, _ in rows if cell_len(name) <= most), default=0)
    parts: list[Any] = []
    for name, meaning in rows:
        table = Table.grid(padding=(0, 3), expand=False)
        table.add_column(overflow="fold", min_width=left)
        table.add_column(overflow="fold")
        if cell_len(name) <= most:
            table.add_row(Text(name, style="bold"), Text(meaning))
        else:
            parts.append(Text(name, style="bold", overflow="fold"))
            table.add_row("", Text(meaning))
        parts.append(table)
    return Group(*parts)


def _usage_words(command: TyperCommand | TyperGroup, lang: str) -> list[str]:
    words = [translate(_OPTIONS_WORD, lang)]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = _argument(parameter, lang)
            many = "…" if parameter.nargs != 1 else ""
            words.append(f"{name}{many}" if parameter.required else f"[{name}{many}]")
    if isinstance(command, TyperGroup):
        words.append(f"{translate(_COMMAND_WORD, lang)} …")
    return words


def _argument(parameter: Any, lang: str) -> str:  # noqa: ANN401 - the parser's own class is private
    return translate(getattr(parameter, "display_name_raw", parameter.name).upper(), lang)


def _option(parameter: Any, lang: str) -> tuple[str, str]:  # noqa: ANN401 - the parser's own class is private
    names = ", ".join(parameter.opts)
    if parameter.secondary_opts:
        names += " / " + ", ".join(parameter.secondary_opts)
    if not parameter.is_flag and not parameter.count:
        names += f" {translate(parameter.metavar or parameter.name.upper(), lang)}"
    notes = []
    if parameter.show_default and not parameter.is_flag and parameter.default not in (None, (), [], ""):
        notes.append(translate(_DEFAULT, lang).format(value=parameter.default))
    if parameter.envvar:
        notes.append(translate(_VARIABLE, lang).format(name=parameter.envvar))
    text = translate(parameter.help or "", lang)
    return names, f"{text} ({', '.join(notes)})" if notes else text


def text_of(command: TyperCommand | TyperGroup, path: str, lang: str, *, width: int, colour: bool) -> str:
    """Write the help of one command."""
    parts: list[Any] = [
        Text.assemble((f"{translate(_USAGE, lang)}: ", "bold"), " ".join([path, *_usage_words(command, lang)]))
    ]
    if command.help:
        parts += [Text(""), Text(translate(command.help, lang))]
    arguments = [
        (_argument(parameter, lang), translate(getattr(parameter, "help", "") or "", lang))
        for parameter in command.params
        if parameter.param_type_name == "argument"
    ]
    options = [_option(parameter, lang) for parameter in command.params if parameter.param_type_name == "option"]
    options.append(("--help", translate(_HELP_OF_HELP, lang)))
    sections = [(_ARGUMENTS, arguments), (_OPTIONS, options)]
    if isinstance(command, TyperGroup):
        listed = [
            (name, translate((found.help or "").partition("\n")[0], lang)) for name, found in command.commands.items()
        ]
        sections.insert(0, (_COMMANDS, listed))
    for title, rows in sections:
        if rows:
            parts += [Text(""), Text(translate(title, lang), style="bold"), Padding(_rows(rows, width), (0, 0, 0, 2))]
    if command.epilog:
        parts += [Text(""), Text.assemble((f"{translate(_METHOD, lang)}: ", "bold"), page_in(command.epilog, lang))]
    target = io.StringIO()
    console = Console(
        file=target, width=width, force_terminal=colour, color_system="auto" if colour else None, emoji=False
    )
    console.print(Group(*parts))
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines())


def page_in(page: str, lang: str) -> str:
    """Give the address of a page in a language.

    >>> page_in("docs/explanation/methods/funnel.md", "ko")
    'docs/explanation/methods/funnel.ko.md'
    """
    return page if lang == "en" else f"{page.removesuffix('.md')}.{lang}.md"


class _Spoken:
    lang = "ko"

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - the parser's own class is private
        terminal = sys.stdout.isatty()
        width = min(Console().width, _WIDEST) if terminal else _WIDEST
        return text_of(self, ctx.command_path, self.lang, width=width, colour=terminal)  # type: ignore[arg-type]  # mixed into a command


def classes(lang: str) -> tuple[type[TyperCommand], type[TyperGroup]]:
    """Give the classes of command and group whose help is in `lang`."""
    command = type("Command", (_Spoken, TextsAsGiven, TyperCommand), {"lang": lang})
    group = type("Group", (_Spoken, TextsAsGiven, TyperGroup), {"lang": lang})
    return command, group
