"""bokgi deals: the deals behind a figure; bokgi deal: one deal's story."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bokgi.cli.answering import answer, day, facts_of, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period

if TYPE_CHECKING:
    from bokgi.questions.deals import Span


@command("deals", N_("The deals behind a figure, with filters, sums and what each lacks."), order=45)
def deals(  # noqa: PLR0913 - each filter is an option of its own
    session: Session,
    *,
    outcome: Annotated[
        str, typer.Option(metavar="open|won|lost|no_decision|closed|all", help=N_("How the deals ended."))
    ] = "open",
    person: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Whose deals: name or person_id."))] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    pipeline: Annotated[str | None, typer.Option(metavar=N_("PIPELINE"), help=N_("One pipeline only."))] = None,
    stage: Annotated[str | None, typer.Option(metavar=N_("STAGE"), help=N_("In this stage; see --entered."))] = None,
    category: Annotated[
        str | None,
        typer.Option(
            metavar="commit|best_case|pipeline|omitted|none", help=N_("With this forecast category in the CRM.")
        ),
    ] = None,
    created: Annotated[str | None, typer.Option(metavar=N_("PERIOD"), help=N_("Created in this period."))] = None,
    closed: Annotated[str | None, typer.Option(metavar=N_("PERIOD"), help=N_("Closed in this period."))] = None,
    due: Annotated[str | None, typer.Option(metavar=N_("PERIOD"), help=N_("Expected to close in it."))] = None,
    entered: Annotated[
        str | None, typer.Option(metavar=N_("PERIOD"), help=N_("Entered --stage first in this period."))
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(
            metavar="period_flow.won|change.created|…", help=N_("Counted so by the funnel or the pipeline's change.")
        ),
    ] = None,
    within: Annotated[str | None, typer.Option(metavar=N_("PERIOD"), help=N_("The days of --figure."))] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar=N_("COLUMN=VALUE"), help=N_("A condition or attribute; may be given again.")),
    ] = None,
    attention: Annotated[
        str | None, typer.Option(metavar="any|untouched|close_passed|…", help=N_("Wants attention for this reason."))
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar=N_("WORDS"), help=N_("Part of a name; initial consonants find, too."))
    ] = None,
    sort: Annotated[
        str, typer.Option(metavar="attention|amount|created|closed|due|stage", help=N_("Order of the list."))
    ] = "amount",
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar=N_("COUNT"), help=N_("How many are shown."))] = 50,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.asked import known, known_stage
    from bokgi.questions.deals import Where, list_deals
    from bokgi.questions.people import person_id

    with facts_of(session) as facts:
        if team is not None:
            known(facts.memberships, "team", team)
        if pipeline is not None:
            known(facts.deals, "pipeline", pipeline)
        wanted = Where(
            outcome=outcome,
            person=None if person is None else person_id(facts, person, team),
            team=team,
            pipeline=pipeline,
            stage=None if stage is None else known_stage(facts, stage),
            category=category,
            columns=tuple(_column(pair) for pair in where or ()),
            created=_span(created),
            closed=_span(closed),
            due=_span(due),
            entered=_span(entered),
            figure=figure,
            within=None if within is None else _days(within),
            attention=attention,
            search=search,
        )
        found = list_deals(facts, as_of=day(session, as_of), where=wanted, order=sort, limit=limit)
    told = answer(session, found)
    return Answer(told, lambda shown: _show_list(shown, told))


def _span(text: str | None) -> Span | None:
    if text is None:
        return None
    return _days(text)


def _days(text: str) -> tuple[date, date]:
    period = Period.parse(text)
    return period.start, period.end


def _column(pair: str) -> tuple[str, str | None]:
    name, equals, value = pair.partition("=")
    if not equals:
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": "--where", "given": pair}),
            Message(N_("Write COLUMN=VALUE; nothing after = means none is filled in.")),
        )
    return name.strip(), value.strip() or None


def _show_list(session: Session, found: dict[str, Any]) -> None:
    from bokgi.domain.money import Money
    from bokgi.ui.format import money, money_column

    def own(deal: dict[str, Any]) -> str:
        worth = deal["unconverted"]
        return money(Money(Decimal(worth["amount"]), worth["currency"]), session.lang)

    total = found["total"]
    amount = total["amount"]
    values = {
        "n": total["count"],
        "amount": None if amount is None else Money(Decimal(amount["amount"]), amount["currency"]),
    }
    session.out.print(
        session.text(
            Message(N_("{n} deal, {amount}"), values, plural=N_("{n} deals, {amount}"))
            if amount is not None
            else Message(N_("{n} deal"), values, plural=N_("{n} deals"))
        )
    )
    unknown = total["amount_unknown"] - sum(total["without_rate"].values())
    if unknown:
        session.say(N_("{n} of them without a known amount, in no sum."), n=unknown)
    text = N_("{n} {n:deal|deals} in {currency} {n:has|have} no exchange rate; {n:it stays|they stay} out of sums.")
    for currency, n in total["without_rate"].items():
        session.say(text, n=n, currency=currency)
    session.out.print()
    rows = found["deals"]
    currency = next((deal["amount"]["currency"] for deal in rows if deal["amount"]), "KRW")
    amounts = [None if deal["amount"] is None else Decimal(deal["amount"]["amount"]) for deal in rows]
    column = money_column(amounts, currency, session.lang)
    columns = [
        (N_("Deal"), "left"),
        (N_("Name"), "left"),
        (N_("Owner"), "left"),
        (N_("Stage"), "left"),
        (column.label, "right"),
        (N_("Due"), "left"),
        (N_("What to see to"), "left"),
    ]
    cells = [
        (
            deal["deal_id"],
            deal["title"],
            deal["owner"] or "–",
            deal["stage_label"] or "–",
            column.cell(value) if deal["unconverted"] is None else own(deal),
            deal["expected_close_on"] or "–",
            " · ".join(note["text"] for note in deal["notes"]),
        )
        for deal, value in zip(rows, amounts, strict=True)
    ]
    if cells:
        show_table(session, columns, cells)


@command("deal", N_("One deal's story: stages, changes, activities, content and answers, day by day."), order=46)
def deal(
    session: Session,
    *,
    deal_id: Annotated[str, typer.Argument(metavar=N_("DEAL"), help=N_("Key of the deal."))],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.answers import ask_of
    from bokgi.questions.deal import tell_deal

    with facts_of(session) as facts:
        found = ask_of(facts, tell_deal, as_of=day(session, as_of), deal_id=deal_id)
    told = answer(session, found)
    return Answer(told, lambda shown: _show_deal(shown, told))


def _show_deal(session: Session, found: dict[str, Any]) -> None:
    _show_list(
        session,
        {
            "total": {"count": 1, "amount": found["deal"]["amount"], "amount_unknown": 0, "without_rate": {}},
            "deals": [found["deal"]],
        },
    )
    people = [
        " ".join(filter(None, (who["name"] or who["contact_id"], who["title"], who["role"])))
        for who in found["contacts"]
    ]
    if people:
        session.say(N_("At the customer: {people}"), people=" · ".join(people))
        session.out.print()
    columns = [(N_("Day"), "left"), (N_("What happened"), "left"), (N_("Detail"), "left"), (N_("Who"), "left")]
    show_table(
        session,
        columns,
        [
            (event["on"], event["sentence"]["text"], event["detail"] or "", event["by"] or "")
            for event in found["events"]
        ],
    )
