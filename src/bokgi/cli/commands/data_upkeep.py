"""bokgi data upkeep: delete what is kept for a time only, and put small files together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message
from bokgi.domain.retention import RETENTION_DAYS


@command(
    "data upkeep",
    N_("Delete source files, refused rows and undone imports whose time is over; put small files together."),
    order=36,
)
def upkeep(
    session: Session,
    *,
    days: Annotated[
        int,
        typer.Option(min=1, metavar=N_("COUNT"), envvar="BOKGI_KEEP_DAYS", help=N_("For how many days they are kept.")),
    ] = RETENTION_DAYS,
) -> Answer:
    """Do the upkeep, which the worker of the web application does each night."""
    from bokgi.intake.upkeep import keep_up

    lake = session.lake()
    with session.progress() as show:
        show(session.text(Message(N_("putting files together"))), None)
        found = keep_up(lake, at=datetime.now(UTC), days=days)
    facts = found.facts

    def screen(shown: Session) -> None:
        shown.say(
            N_("Source files of {n} {n:import|imports} older than {days} {days:day|days} were deleted."),
            n=len(found.sources),
            days=days,
        )
        shown.say(
            N_("{rows} {rows:row was|rows were} dropped. Files of facts: {before} before, {after} now."),
            rows=facts.rows_dropped,
            before=facts.files_before,
            after=facts.files_after,
        )

    told = {
        "days": days,
        "sources": list(found.sources),
        "purged": list(facts.purged),
        "rows": facts.rows_dropped,
        "files_before": facts.files_before,
        "files_after": facts.files_after,
    }
    return Answer(told, screen)
