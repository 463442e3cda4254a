"""bokgi compare: people or teams beside what was to be expected of the hand that was dealt."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, conclude, day, interval, names, say_all, show_table, window
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money

VERDICTS = {"above": N_("↑ above"), "below": N_("↓ below"), "cannot_tell": N_("cannot tell")}


@command("compare", N_("People or teams, fairly: raw, expected and adjusted results."), order=50, method="comparison")
def compare(
    session: Session,
    *,
    by: Annotated[str, typer.Option(metavar="person|team", help=N_("Who is compared."))] = "person",
    from_: Annotated[
        str | None, typer.Option("--from", metavar=N_("DATE"), help=N_("First day on which cases ended."))
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar=N_("DATE"), help=N_("Last day on which cases ended."))
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    factors: Annotated[
        str | None, typer.Option(metavar="A,B,…", help=N_("Conditions to adjust for; without it all known ones."))
    ] = None,
    territory: Annotated[
        str | None, typer.Option(metavar=N_("COLUMN"), help=N_("The column that says whose territory a deal is in."))
    ] = None,
    metric: Annotated[
        str, typer.Option(metavar="win_rate|value|stage:NAME", help=N_("What is compared."))
    ] = "win_rate",
) -> Answer:
    """Ask and show."""
    from bokgi.questions.compare import compare as ask

    start, end = window(from_, to)
    found = asked_once(
        session,
        ask,
        as_of=day(session, as_of),
        by=by,
        start=start,
        end=end,
        factors=None if factors is None else names(factors),
        territory=territory,
        metric=metric,
    )
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.ui.format import percent

    say_all(session, found, "said")
    columns = [
        (N_("Name"), "left"),
        (N_("Cases"), "right"),
        (N_("Raw"), "right"),
        (N_("Expected"), "right"),
        (N_("Adjusted"), "right"),
        (N_("Interval"), "right"),
        (N_("Verdict"), "left"),
    ]
    valued = any(person["value"] is not None for person in found["people"])
    if valued:
        columns[-1:-1] = [(N_("Value of a deal"), "right"), (N_("Interval"), "right")]
    rows = [
        (
            person["name"],
            f"{person['n']:,}",
            percent(person["raw"]),
            percent(person["expected"]),
            percent(person["adjusted"]),
            interval(session, person, percent),
            *(_value(session, person["value"]) if valued else ()),
            session.text(Message(VERDICTS[person["verdict"]])) if found["heterogeneity"]["detectable"] else "",
        )
        for person in sorted(found["people"], key=lambda person: person["name"])
    ]
    if rows:
        show_table(session, columns, rows)
    conclude(session, found)


def _value(session: Session, value: dict[str, Any] | None) -> tuple[str, str]:
    """Write what a deal is worth, won or not, and its interval."""
    from bokgi.ui.format import money_short, plain

    def short(money: dict[str, str]) -> str:
        return plain(money_short(Money(Decimal(money["amount"]), money["currency"]), session.lang))

    return ("", "") if value is None else (short(value["estimate"]), interval(session, value, short))
