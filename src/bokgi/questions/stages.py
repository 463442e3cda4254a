"""Which stages deals can stand in, and whether their order fits how deals moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
from ibis import _

from bokgi.analysis.stage_order import reversed_stages
from bokgi.analysis.visits import ladder
from bokgi.domain.messages import N_, Message
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Json


def ask_stages(facts: Facts, *, as_of: date) -> Json:
    """Ask for the open stages of each pipeline as of a day, in their order: `stages[]{pipeline, stage, label}`."""
    steps = ladder(facts_on(facts, as_of).stages)
    rows = steps.filter(steps.kind == "open").order_by("pipeline", "stage_order", "stage").to_pyarrow().to_pylist()
    return {"stages": [{name: row[name] for name in ("pipeline", "stage", "label")} for row in rows]}


def order_doubts(visits: ibis.Table, labels: Mapping[tuple[str, str], str]) -> list[Message]:
    """Say where deals pass two stages the other way round than they are listed; `labels` by pipeline and stage."""
    text = N_(
        "Deals go from {later} to {earlier} more often than the other way ({n} of {moves} moves between them), yet "
        "{earlier} is listed before {later}. If the order is wrong, correct it: conversions and bottlenecks go by it."
    )
    return [
        Message(
            text,
            {
                "earlier": labels.get((one.pipeline, one.earlier), one.earlier),
                "later": labels.get((one.pipeline, one.later), one.later),
                "n": one.n,
                "moves": one.moves,
            },
        )
        for one in reversed_stages(visits)
    ]


def last_entry_before(visits: ibis.Table, start: date) -> date | None:
    """Give the day of the last entry into a stage, where the history of stages ends before a period begins."""
    last: date | None = visits.agg(on=_.entered_on.max()).to_pyarrow()["on"][0].as_py()
    return None if last is None or last >= start else last
