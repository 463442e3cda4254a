"""Which stages deals can stand in."""

from __future__ import annotations

from datetime import date

from bokgi.analysis.visits import ladder
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Json


def ask_stages(facts: Facts, *, as_of: date) -> Json:
    """Ask for the open stages of each pipeline as of a day, in their order: `stages[]{pipeline, stage, label}`."""
    steps = ladder(facts_on(facts, as_of).stages)
    rows = steps.filter(steps.kind == "open").order_by("pipeline", "stage_order", "stage").to_pyarrow().to_pylist()
    return {"stages": [{name: row[name] for name in ("pipeline", "stage", "label")} for row in rows]}
