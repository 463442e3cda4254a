"""bokgi data mapping: the saved mappings, which say what the columns of a file are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bokgi.cli.answering import show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message

_FOLDER = "mappings"


@command("data mapping", N_("List the saved mappings, or show one to edit it."), order=35)
def mapping(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar=N_("NAME"), help=N_("Name of a mapping, without .toml."))
    ] = None,
) -> Answer:
    """Show the folder, or one file of it."""
    session.lake()
    folder = session.home / _FOLDER
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if name is not None:
        return _one(session, paths, name)
    data = {"folder": str(folder), "mappings": [path.stem for path in paths]}

    def screen(shown: Session) -> None:
        if not paths:
            shown.say(N_("There are no saved mappings yet; an import saves them."))
            return
        show_table(
            shown,
            [(N_("Mapping"), "left"), (N_("File"), "left")],
            ([path.stem, str(path)] for path in paths),
        )
        shown.say(N_("They are TOML: edit one, then import again or run bokgi data release NUMBER."))

    return Answer(data, screen)


def _one(session: Session, paths: list[Path], name: str) -> Answer:
    from bokgi.intake.mapping import saved

    path = next((found for found in paths if found.stem == name), None)
    if path is None:
        raise NotFoundError(
            "mapping_unknown",
            Message(N_("There is no saved mapping “{name}”."), {"name": name}),
            Message(N_("There are: {names}"), {"names": ", ".join(found.stem for found in paths) or "–"}),
        )
    del session
    text = path.read_text(encoding="utf-8")
    read = saved.read(text, name=name)
    columns = [{"column": column.column, "field": column.field, "format": column.format} for column in read.columns]
    data = {"name": name, "path": str(path), "entity": read.entity.value, "columns": columns, "text": text}
    return Answer(data, lambda shown: shown.write(text))
