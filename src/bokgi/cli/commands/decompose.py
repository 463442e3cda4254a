"""bokgi decompose: where a difference in won amount arose, in parts that add up exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from bokgi.cli.answering import amount, answer, asked_once, conclude, day, interval, names, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period

TARGET = "target"


@command(
    "decompose",
    N_("Why more or less was won than before, than the target, or than another person."),
    order=55,
    method="decomposition",
)
def decompose(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    period: Annotated[
        str | None,
        typer.Option(metavar=N_("PERIOD"), help=N_("2026-Q3, 2026-11, 2026-W47; otherwise this quarter.")),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar=N_("PERIOD|target"), help=N_("Another period, or target; otherwise the one before.")),
    ] = None,
    person: Annotated[str | None, typer.Option(metavar=N_("PERSON"), help=N_("A person, by name or key."))] = None,
    other: Annotated[
        str | None, typer.Option(metavar=N_("PERSON"), help=N_("The person to compare with, by name or key."))
    ] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    target: Annotated[
        str | None, typer.Option(metavar=N_("AMOUNT"), help=N_("Won amount to reach; otherwise the recorded target."))
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="A,B,…", help=N_("Conditions or attributes whose mix is told apart, at most three."))
    ] = "source,segment",
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.decompose import decompose as ask

    people = _people(person, other, against, target)
    to_target = against == TARGET or (target is not None and people is None)
    found = asked_once(
        session,
        ask,
        as_of=day(session, as_of),
        period=None if period is None else Period.parse(period),
        against=None if against in (None, TARGET) else Period.parse(str(against)),
        to_target=to_target,
        target=None if target is None else amount(target),
        people=people,
        team=team,
        by=names(by),
    )
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _people(person: str | None, other: str | None, against: str | None, target: str | None) -> tuple[str, str] | None:
    if person is None and other is None:
        return None
    if person is None or other is None:
        raise UsageError(
            "option_missing",
            Message(N_("A gap between people takes both --person and --other.")),
            Message(N_("Name the second person, too.")),
        )
    for option, value in (("--against", against), ("--target", target)):
        if value is not None:
            raise UsageError(
                "options_exclude",
                Message(N_("{option} and --person exclude each other."), {"option": option}),
                Message(N_("Leave one of them out.")),
            )
    return person, other


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.ui.format import money_column

    say_all(session, found, "said")
    parts = [part for part in found["parts"] if Decimal(part["amount"]["amount"]) or not part["by_chance"]]
    if parts:
        currency = found["whole"]["currency"]
        given = [Money(Decimal(part["amount"]["amount"]), currency) for part in parts]
        unit = money_column([money.amount for money in given], currency, session.lang)

        def cell(money: dict[str, str] | None) -> str:
            return "" if money is None else unit.cell(Decimal(money["amount"]))

        rows = [
            (
                part["label"]["text"],
                cell(part["amount"]),
                "" if part["low"] is None else interval(session, part, cell),
                session.word(N_("may be chance")) if part["by_chance"] else "",
            )
            for part in parts
        ]
        rows.append((session.word(N_("Together")), cell(found["whole"]), "", ""))
        columns = [
            (N_("Part"), "left"),
            (session.text(Message(N_("Amount, {unit}"), {"unit": unit.label})), "right"),
            (N_("Interval"), "right"),
            (N_("Verdict"), "left"),
        ]
        show_table(session, columns, rows)
    conclude(session, found)
