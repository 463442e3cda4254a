"""How a command joins the command line: one module in `commands/`, one function marked with `command`.

A command gets a `Session` first and its own options after it, and returns an `Answer`: data for `--format json`, and a
function that shows the same on the screen. `--home`, `--format` and `--lang` are added here, to every command, and
`--known-on` to every one that is asked `--as-of` a day and answers from the facts alone.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import LANGUAGES, N_, Message
from bokgi.domain.period import read_date

DEFAULT_HOME: Final = "bokgi-home"
GROUPS: Final = {
    "data": N_("See, repair and take back what was imported."),
    "evaluation": N_("Rounds of evaluation, fair results, what is held about a person."),
}


@dataclass(frozen=True)
class Answer:
    """What a command found: `data` for JSON, `screen` to show it, `exit_code` when that alone says something."""

    data: Mapping[str, Any]
    screen: Callable[[Session], None]
    exit_code: int = 0


@dataclass(frozen=True)
class Registered:
    """One command: its words (`"data imports"` stands in the group `data`), its help, its place in the list.

    `method` names the page of `docs/explanation/methods/` that tells how its answer is found.
    """

    name: str
    help: str
    order: int
    formats: tuple[str, ...]
    method: str | None
    run: Callable[..., Answer]
    facts_only: bool = True

    @property
    def of_a_day(self) -> bool:
        """Tell whether it can be answered as it would have been on an earlier day."""
        return self.facts_only and "as_of" in inspect.signature(self.run).parameters


@dataclass
class _Register:
    commands: dict[str, Registered] = field(default_factory=dict)


_REGISTER: Final = _Register()


def command(
    name: str,
    help_: str,
    *,
    order: int,
    formats: tuple[str, ...] = ("text", "json"),
    method: str | None = None,
    facts_only: bool = True,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Register a function as a command. `help_` is a marked text; so are the helps of its options.

    `facts_only`: it reads nothing but facts, of which it is known when they came.
    """

    def registered(run: Callable[..., Answer]) -> Callable[..., Answer]:
        _REGISTER.commands[name] = Registered(name, help_, order, formats, method, run, facts_only)
        return run

    return registered


def commands(words: Sequence[str] = ()) -> list[Registered]:
    """Load every module of `commands/` and give the commands in their order.

    Where a command line's first `words` name a command whose module is called as it is, only that one: the others need
    not be loaded.

    >>> [found.name for found in commands(["data", "imports"])], len(commands(["no such command"])) > 1
    (['data imports'], True)
    """
    package = import_module("bokgi.cli.commands")
    modules = [module.name for module in pkgutil.iter_modules(package.__path__)]
    for name in (" ".join(words[:2]), *words[:1]):
        module = name.replace(" ", "_").replace("-", "_")
        if module in modules:
            import_module(f"{package.__name__}.{module}")
            if name in _REGISTER.commands:
                return [_REGISTER.commands[name]]
    for module in modules:
        import_module(f"{package.__name__}.{module}")
    return sorted(_REGISTER.commands.values(), key=lambda found: (found.order, found.name))


def callback(found: Registered, finish: Callable[[Session, Answer], None], lang: str) -> Callable[..., None]:
    """Wrap a command for typer: the options that all share in, the answer out."""
    signature = inspect.signature(found.run, eval_str=True)
    own = list(signature.parameters.values())[1:]
    shared = _shared(found)

    @wraps(found.run)
    def run(**options: Any) -> None:  # noqa: ANN401 - whatever the command declares
        home, form, known_on = options.pop("home"), options.pop("format_"), options.pop("known_on", None)
        chosen = options.pop("lang") or lang
        _check("--format", form, found.formats)
        _check("--lang", chosen, LANGUAGES)
        day = None if known_on is None else read_date(known_on)
        session = Session(lang=chosen, format=form, home=Path(home), known_on=day)
        finish(session, found.run(session, **options))

    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]  # typer reads it; functions declare none
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
    return run


def _check(option: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": option, "given": given}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(allowed)}),
        )


def _shared(found: Registered) -> list[inspect.Parameter]:
    def complete(values: tuple[str, ...]) -> Callable[[str], list[str]]:
        return lambda incomplete: [value for value in values if value.startswith(incomplete)]

    options = {
        "home": (
            str,
            typer.Option(
                "--home",
                envvar="BOKGI_HOME",
                metavar=N_("FOLDER"),
                help=N_("Folder that holds the facts."),
                show_default=True,
            ),
            DEFAULT_HOME,
        ),
        "format_": (
            str,
            typer.Option(
                "--format",
                metavar="|".join(found.formats),
                help=N_("How the answer is written."),
                autocompletion=complete(found.formats),
            ),
            "text",
        ),
        "lang": (
            str | None,
            typer.Option(
                "--lang", metavar="|".join(LANGUAGES), help=N_("Language."), autocompletion=complete(LANGUAGES)
            ),
            None,
        ),
    }
    if found.of_a_day:
        options["known_on"] = (
            str | None,
            typer.Option(
                "--known-on",
                metavar=N_("DATE"),
                help=N_("Answer as on that day: what was imported later is left out."),
            ),
            None,
        )
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])
        for name, (kind, option, default) in options.items()
    ]
