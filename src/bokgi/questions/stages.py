"""Which stages deals can stand in, and which pipelines there are."""

from __future__ import annotations

from datetime import date

from ibis import _

from bokgi.analysis.visits import ladder
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Json


def ask_stages(facts: Facts, *, as_of: date) -> Json:
    """Ask for the open stages of each pipeline as of a day, in their order: `stages[]{pipeline, stage, label}`."""
    steps = ladder(facts_on(facts, as_of).stages)
    rows = steps.filter(steps.kind == "open").order_by("pipeline", "stage_order", "stage").to_pyarrow().to_pylist()
    return {"stages": [{name: row[name] for name in ("pipeline", "stage", "label")} for row in rows]}


def ask_pipelines(facts: Facts, *, as_of: date) -> Json:
    """Ask for the pipelines that hold deals on a day, by name: `pipelines[]{pipeline, deals, owners[], ever[]}`.

    `deals` counts all of them, `owners` are who has open ones there: whose sum an amount of the pipeline is; `ever` are
    who has any, also closed ones: whose sum it was on an earlier day.
    """
    deals = facts_on(facts, as_of).deals
    counts = deals.group_by("pipeline").agg(deals=_.count()).order_by("pipeline").to_pyarrow().to_pylist()
    there = deals.filter(_.owner_id.notnull()).group_by("pipeline", "owner_id")
    there = there.agg(open=(_.outcome == Outcome.OPEN.value).any()).order_by("pipeline", "owner_id")
    owners: dict[str, list[str]] = {}
    ever: dict[str, list[str]] = {}
    for row in there.to_pyarrow().to_pylist():
        for people in (ever, owners) if row["open"] else (ever,):
            people.setdefault(row["pipeline"], []).append(row["owner_id"])
    return {
        "as_of": as_of.isoformat(),
        "pipelines": [
            row | {"owners": owners.get(row["pipeline"], []), "ever": ever.get(row["pipeline"], [])} for row in counts
        ],
    }
