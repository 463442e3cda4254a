"""bokgi concentration: do results hang on one person more than luck explains, and what would be without that person."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bokgi.cli.answering import amount, answer, asked_once, conclude, day, interval, say_all, show_table, window
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_


@command(
    "concentration",
    N_("Whether results hang on one person more than luck explains."),
    order=60,
    method="concentration",
)
def concentration(
    session: Session,
    *,
    from_: Annotated[
        str | None, typer.Option("--from", metavar=N_("DATE"), help=N_("First day of the period."))
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar=N_("DATE"), help=N_("Last day of the period."))] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    measure: Annotated[
        str, typer.Option(metavar="amount|count", help=N_("Whether won deals count by amount or by number."))
    ] = "amount",
    target: Annotated[
        str | None,
        typer.Option(metavar=N_("AMOUNT"), help=N_("Won amount to reach in a quarter; otherwise the recorded target.")),
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.concentration import ask_concentration

    start, end = window(from_, to)
    found = asked_once(
        session,
        ask_concentration,
        as_of=day(session, as_of),
        start=start,
        end=end,
        team=team,
        measure=measure,
        target=None if target is None else amount(target),
    )
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.ui.format import percent

    say_all(session, found, "said")
    rows = []
    for name, label in (("top_share", N_("Share of the first")), ("gini", N_("Inequality (0: all alike)"))):
        band = found["top_share_luck_band" if name == "top_share" else "luck_band"]
        if band is not None:
            rows.append((session.word(label), percent(found[name]), interval(session, band, percent)))
    if found["rate_gini"] is not None:
        rate = found["rate_gini"]
        ends = interval(session, rate, percent)
        rows.append((session.word(N_("Inequality without luck")), f"{percent(rate['estimate'])} ({ends})", ""))
    if rows:
        columns = [(N_("Figure"), "left"), (N_("Found"), "right"), (N_("By luck among equals"), "right")]
        show_table(session, columns, rows)
    conclude(session, found)
