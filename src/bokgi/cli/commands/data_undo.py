"""bokgi data undo: take an import back, as if it had never been."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from bokgi.cli.commands.importing import who
from bokgi.cli.confirming import confirmed
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message


@command("data undo", N_("Take an import back; the later ones are judged again without it."), order=34)
def undo(
    session: Session,
    import_no: Annotated[int, typer.Argument(metavar=N_("NUMBER"), help=N_("Number of the import."))],
    *,
    reason: Annotated[str | None, typer.Option(metavar=N_("TEXT"), help=N_("Why, for the ledger."))] = None,
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do not ask."))] = False,
) -> Answer:
    """Undo and say which imports were replayed."""
    from bokgi.facts.undo import undoable
    from bokgi.intake.undoing import undo_import

    lake = session.lake()
    undoable(lake.imports(), import_no)
    confirmed(session, Message(N_("Take import {number} back?"), {"number": import_no}), yes=yes)
    with session.progress() as show:
        show(session.text(Message(N_("judging the later imports again"))), None)
        found = undo_import(lake, import_no, by=who(), at=datetime.now(UTC), reason=reason)

    def screen(shown: Session) -> None:
        shown.say(N_("Import {number} was taken back."), number=import_no)
        for old, new in sorted(found.replays.items()):
            if new is None:
                shown.say(N_("Import {old} says nothing new without it."), old=old)
            else:
                shown.say(N_("Import {old} was judged again and is now import {new}."), old=old, new=new)

    replays = {str(old): new for old, new in found.replays.items()}
    return Answer({"import_no": import_no, "version": found.version, "replays": replays}, screen)
