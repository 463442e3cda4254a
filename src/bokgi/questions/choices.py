"""What a field of a deal may be: the stages there are, and the people of ours."""

from __future__ import annotations

from bokgi.analysis.visits import ladder
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json
from bokgi.questions.people import people_by_name


def ask_choices(facts: Facts) -> Json:
    """Ask what can be chosen for a deal, as the facts are now.

    Gives `steps[]{pipeline, stage, label, kind}` in their order and `people[]{person_id, name}` by name; who has no
    name (any more) stands there with the key, and whoever only a system stands for is left out.
    """
    steps = ladder(facts.stages).order_by("pipeline", "stage_order", "stage").to_pyarrow().to_pylist()
    return {
        "steps": [{name: step[name] for name in ("pipeline", "stage", "label", "kind")} for step in steps],
        "people": [{"person_id": key, "name": name} for key, name in people_by_name(facts).items()],
    }
