"""bokgi bottlenecks: the stage and unit in which the funnel stops beyond chance, and what that costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from bokgi.cli.answering import amount, answer, asked_once, conclude, day, interval, names, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money

SHOWN = 10
_NOT_FLAGGED = {
    "explained_by_narrower": N_("explained by another flag"),
    "gain_not_sure": N_("below, but its cost is not sure"),
    "gain_too_small": N_("below, but it costs little"),
    "amounts_unknown": N_("below, but without amounts its cost is not known"),
}


@command(
    "bottlenecks",
    N_("Where the funnel stops beyond chance, and what that costs a month."),
    order=40,
    method="bottleneck",
)
def bottlenecks(
    session: Session,
    *,
    by: Annotated[
        str,
        typer.Option(metavar="A,B,…", help=N_("stage, team, person, a condition or an attribute; broad ones first.")),
    ] = "stage,team,team:past,segment,source,person",
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    fdr: Annotated[
        float, typer.Option(min=0.001, max=0.5, metavar="0…0.5", help=N_("Share of false flags that is accepted."))
    ] = 0.1,
    min_gain: Annotated[
        str | None, typer.Option(metavar=N_("AMOUNT"), help=N_("A flag must promise at least this a month."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.bottlenecks import find_bottlenecks

    views = names(by)
    found = asked_once(
        session,
        find_bottlenecks,
        as_of=day(session, as_of),
        by=views,
        fdr=fdr,
        min_gain=None if min_gain is None else amount(min_gain),
    )
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.ui.format import percent

    say_all(session, found, "said")
    columns = [
        (N_("Stage"), "left"),
        (N_("Where"), "left"),
        (N_("Cases"), "right"),
        (N_("Moved on"), "right"),
        (N_("Expected"), "right"),
        (N_("Gain a month"), "right"),
        (N_("Verdict"), "left"),
    ]
    rows = [
        (
            unit["label"],
            _where(session, unit),
            str(unit["n"]),
            percent(unit["conversion"]),
            percent(unit["expected"]),
            _gain(session, unit),
            _verdict(session, unit),
        )
        for unit in [unit for unit in found["units"] if unit["gain_in_deals"] is not None][:SHOWN]
    ]
    if rows:
        show_table(session, columns, rows)
    conclude(session, found)


def _gain(session: Session, unit: dict[str, Any]) -> str:
    """Write the interval of the gain, in money or, where no amount is known, in deals."""
    from bokgi.ui.format import money_short, number

    gain = unit["gain"]
    if gain is None:
        ends = interval(session, unit["gain_in_deals"], number)
        return session.text(Message(N_("{ends} deals"), {"ends": ends}))
    return interval(session, gain, lambda end: money_short(Money(Decimal(end), gain["currency"]), session.lang))


def _where(session: Session, unit: dict[str, Any]) -> str:
    if unit["by"] == "stage":
        return session.word(N_("all deals together"))
    if unit["by"].endswith(":past"):
        return session.text(Message(N_("{name}, against its past"), {"name": unit["name"]}))
    return str(unit["name"])


def _verdict(session: Session, unit: dict[str, Any]) -> str:
    if unit["flagged"]:
        return session.text(Message(N_("↓ bottleneck")))
    why = _NOT_FLAGGED.get(unit["reason"])
    return "" if why is None else session.text(Message(why))
