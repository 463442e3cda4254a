"""bokgi person: one person's year; bokgi search: who and what is called like that."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, day, facts_of, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message


@command("person", N_("One person's year month by month, the win rate with its interval, what stands open."), order=55)
def person(
    session: Session,
    *,
    who: Annotated[str, typer.Argument(metavar=N_("NAME"), help=N_("Name, address or person_id."))],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.answers import ask_of
    from bokgi.questions.people import person_id
    from bokgi.questions.person import tell_person

    with facts_of(session) as facts:
        found = ask_of(facts, tell_person, as_of=day(session, as_of), person_id=person_id(facts, who))
    told = answer(session, found)
    return Answer(told, lambda shown: _show_person(shown, told))


def _show_person(session: Session, found: dict[str, Any]) -> None:
    from bokgi.domain.labels import ACTIVITIES
    from bokgi.domain.period import Period
    from bokgi.ui.format import money_column, period_name, plain

    session.out.print(" · ".join(filter(None, (found["name"], found["team"]))))
    say_all(session, found, "said")
    months = found["months"]
    amounts = [None if row["won_amount"] is None else Decimal(row["won_amount"]["amount"]) for row in months]
    currency = next((row["won_amount"]["currency"] for row in months if row["won_amount"]), "KRW")
    column = money_column(amounts, currency, session.lang)
    kinds = sorted({kind for row in months for kind in row["activities"]}, key=list(ACTIVITIES).index)
    columns = [
        (N_("Month"), "left"),
        (N_("New"), "right"),
        (N_("Won"), "right"),
        (column.label, "right"),
        (N_("Lost"), "right"),
        (N_("No decision"), "right"),
        *((ACTIVITIES[kind], "right") for kind in kinds),
    ]
    rows = [
        (
            plain(period_name(Period.parse(row["month"][:7]), session.lang)),
            str(row["created"]),
            str(row["won"]),
            column.cell(value),
            str(row["lost"]),
            str(row["no_decision"]),
            *(str(row["activities"].get(kind, 0)) for kind in kinds),
        )
        for row, value in zip(months, amounts, strict=True)
    ]
    show_table(session, columns, rows)
    say_all(session, found, "caveats")


@command("search", N_("Find deals, accounts and people by a part of the name; initial consonants find, too."), order=47)
def search(
    session: Session,
    *,
    words: Annotated[str, typer.Argument(metavar=N_("WORDS"), help=N_("What the name contains."))],
) -> Answer:
    """Ask and show."""
    from bokgi.questions.search import search as ask

    with facts_of(session) as facts:
        found = ask(facts, words=words)
    return Answer(found, lambda shown: _show_search(shown, found))


def _show_search(session: Session, found: dict[str, Any]) -> None:
    rows = [
        *((session.text(Message(N_("Deal"))), deal["title"], deal["deal_id"]) for deal in found["deals"]),
        *((session.text(Message(N_("Account"))), row["name"], row["account_id"]) for row in found["accounts"]),
        *((session.text(Message(N_("Person"))), row["name"], row["person_id"]) for row in found["people"]),
    ]
    if not rows:
        session.say(N_("Nothing is called like that."))
        return
    show_table(session, [(N_("What"), "left"), (N_("Name"), "left"), (N_("Key"), "left")], rows)
