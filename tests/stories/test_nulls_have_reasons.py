"""Where nothing may be said there is null with a reason, in the JSON of every command.

What a figure cannot say has its reason in the answer. What is told of a deal, a person or a stage may simply be absent:
then the schema of the answer says what null means there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.questions.schemas import Schema, nulls
from tests.stories.test_unseen_data import AS_OF, Ask, ask, deals, imported, mixed

__all__ = ["ask"]

PLAIN: Final = {
    "team": "nobody asked for one team, or nobody is in one",
    "person": "nobody asked for one person",
    "pipeline": "nobody asked for one pipeline",
    "period.start": "nobody asked for a first day",
    "period.end": "nobody asked for a last day",
    "territory": "there is none to adjust for",
    "p_top_third": "of fewer than three people there is no third",
    "stage": "a part or signal that is of no stage",
    "since": "a signal that has no first day",
    "groups": "deals without an entry in what was asked by",
    "by_chance": "a part that is given, not measured",
    "low": "a part that is given, not measured",
    "high": "a part that is given, not measured",
    "suggested_measure": "there is nothing to suggest",
}
"""Keys whose null is a plain absence, and what is absent."""
ELSEWHERE: Final = {
    "result.won": "against_colleagues_reason",
    "result.average": "against_colleagues_reason",
    "result.low": "against_colleagues_reason",
    "result.low_by_chance": "against_colleagues_reason",
    "result.before": "against_before_reason",
    "result.falling": "against_before_reason",
    "result.falling_by_chance": "against_before_reason",
}
"""Keys whose reason stands beside what they rest on."""
QUESTIONS: Final = (
    ("funnel", "--by", "source"),
    ("bottlenecks",),
    ("compare",),
    ("compare", "--metric", "value"),
    ("compare", "--by", "team"),
    ("concentration",),
    ("win-loss",),
    ("decompose",),
    ("decompose", "--person", "Kim", "--other", "Lee"),
    ("changes",),
    ("content-effect",),
    ("forecast",),
    ("backtest",),
    ("causes", "Kim"),
)
TOLD: Final = {
    ("kpis",): "kpis",
    ("trends",): "trends",
    ("pipeline",): "pipeline",
    ("person", "Kim"): "person",
    ("deal", "D0"): "deal",
    ("data", "quality"): "data-quality",
}
"""Questions that tell of deals and people, with the schema of their answer; asked of the first home alone."""
HOMES: Final = {
    "thin": mixed("Kim", 4, 3) + mixed("Lee", 2, 3, "fair") + [("Kim", "Proposal", "web")] * 4,
    "alike": mixed("Kim", 20, 14) + mixed("Lee", 18, 16, "fair") + [("Kim", "Proposal", "web")] * 9,
    "open only": [("Kim", "Proposal", "web"), ("Lee", "Proposal", "fair")] * 6,
}


def plain(key: str) -> bool:
    """Tell whether the null of a key is a plain absence."""
    around, _, name = key.rpartition(".")
    return key in PLAIN or name in PLAIN or around in PLAIN


@pytest.mark.parametrize("home", HOMES)
def test_every_null_has_a_reason(ask: Ask, tmp_path: Path, home: str) -> None:
    imported(ask, tmp_path, deals(HOMES[home]))
    lacking: dict[str, list[str]] = {}
    for question in QUESTIONS:
        found: dict[str, Any] = ask(*question, "--as-of", AS_OF)
        without = sorted({key for key in nulls(found) if not plain(key) and not found.get(ELSEWHERE.get(key, ""))})
        if without:
            lacking[" ".join(question)] = without
    for asked, schema in TOLD.items() if home == next(iter(HOMES)) else ():
        told: dict[str, Any] = ask(*asked, "--as-of", AS_OF)
        if without := sorted(set(nulls(told, parts=[Schema.read(schema)]))):
            lacking[" ".join(asked)] = without
    assert lacking == {}
