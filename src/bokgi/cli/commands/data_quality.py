"""bokgi data quality: what each gap in the data does to the figures, and whose deals to mend."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, day, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.labels import GAPS
from bokgi.domain.messages import N_


@command("data quality", N_("What gaps in the data do to the figures, and whose deals to mend."), order=32)
def quality(
    session: Session,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    period: Annotated[
        str | None, typer.Option(metavar=N_("PERIOD"), help=N_("Period such as 2026-Q4; otherwise the quarter."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.domain.period import Period
    from bokgi.questions.data_quality import ask_data_quality

    asked_for = None if period is None else Period.parse(period)
    found = asked_once(session, ask_data_quality, as_of=day(session, as_of), period=asked_for)
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    for gap in found["gaps"]:
        session.out.print(gap["sentence"]["text"])
    if not found["gaps"]:
        nothing = N_("Nothing is missing in the data of open deals.")
        session.say(nothing if found["open"] else N_("There are no open deals in which anything could be missing."))
        return
    session.out.print(found["all"]["sentence"]["text"])
    shown = [code for code in GAPS if any(row[code] for row in found["owners"])]
    if shown:
        columns = [(N_("Owner"), "left"), *((GAPS[code], "right") for code in shown)]
        cells = [(row["owner"] or "–", *(str(row[code] or "–") for code in shown)) for row in found["owners"]]
        show_table(session, columns, cells)
