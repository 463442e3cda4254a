"""bokgi pipeline: what made the open pipeline grow or shrink, part by part."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from bokgi.cli.answering import answer, asked_once, day, key_of, say_all, show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_date


@command("pipeline", N_("What made the open pipeline grow or shrink, in parts that add up."), order=35)
def pipeline(
    session: Session,
    *,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar=N_("DATE"), help=N_("First day of the change; otherwise seven days.")),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar=N_("DATE"), help=N_("Day as of whose end the facts are shown."))
    ] = None,
    team: Annotated[str | None, typer.Option(metavar=N_("TEAM"), help=N_("One team only."))] = None,
    person: Annotated[str | None, typer.Option(metavar=N_("NAME"), help=N_("Whose deals: name or person_id."))] = None,
    pipeline: Annotated[str | None, typer.Option(metavar=N_("PIPELINE"), help=N_("One pipeline only."))] = None,
) -> Answer:
    """Ask and show."""
    from bokgi.questions.pipeline import tell_pipeline_change

    start = None if from_ is None else read_date(from_)
    scope = {"team": team, "pipeline": pipeline, "person": key_of(session, person, team)}
    found = asked_once(session, tell_pipeline_change, as_of=day(session, as_of), start=start, **scope)
    told = answer(session, found)
    return Answer(told, lambda shown: _show(shown, told))


def _show(session: Session, found: dict[str, Any]) -> None:
    from bokgi.domain.labels import PIPELINE_PARTS
    from bokgi.ui.format import count, money_column, signed

    say_all(session, found, "said")
    levels = [found["start"], *found["parts"], found["end"]]
    amounts = [None if level["amount"] is None else Decimal(level["amount"]["amount"]) for level in levels]
    currency = next((level["amount"]["currency"] for level in levels if level["amount"]), "KRW")
    column = money_column(amounts, currency, session.lang)
    names = [
        session.text(Message(N_("Open on {day}"), {"day": read_date(found["start"]["on"])})),
        *(session.text(Message(PIPELINE_PARTS[part["code"]])) for part in found["parts"]),
        session.text(Message(N_("Open on {day}"), {"day": read_date(found["end"]["on"])})),
    ]
    ends = (0, len(levels) - 1)
    rows = [
        (
            name,
            str(level["deals"]) if "deals" in level else "",
            count(level["count"]) if place in ends else signed(count(level["count"])),
            column.cell(value) if place in ends else column.change(value),
        )
        for place, (name, level, value) in enumerate(zip(names, levels, amounts, strict=True))
    ]
    columns = [(N_("Part"), "left"), (N_("Deals"), "right"), (N_("Count"), "right"), (column.label, "right")]
    show_table(session, columns, rows)
    say_all(session, found, "caveats")
