"""Where nothing may be said there is null with a reason, in the JSON of every command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

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
HOMES: Final = {
    "thin": mixed("Kim", 4, 3) + mixed("Lee", 2, 3, "fair") + [("Kim", "Proposal", "web")] * 4,
    "alike": mixed("Kim", 20, 14) + mixed("Lee", 18, 16, "fair") + [("Kim", "Proposal", "web")] * 9,
    "open only": [("Kim", "Proposal", "web"), ("Lee", "Proposal", "fair")] * 6,
}
SENTENCES: Final = {"said", "caveats", "would_change"}


def nulls(found: object, path: tuple[str, ...] = (), *, reasoned: bool = False) -> Iterator[str]:
    """Give the keys, with that around them, at which there is null and no reason beside it or around it.

    >>> list(nulls({"a": None, "b": {"c": None, "reason": "too_few"}, "d": None, "d_reason": "late"}))
    ['a']
    """
    if isinstance(found, dict):
        reasoned = reasoned or found.get("reason") is not None
        for key, value in found.items():
            if value is None:
                said = reasoned or found.get(f"{key}_reason") is not None or key.endswith("reason")
                if not said:
                    yield ".".join((*path[-1:], key))
            elif key not in SENTENCES:
                yield from nulls(value, (*path, key), reasoned=reasoned)
    elif isinstance(found, list):
        for value in found:
            yield from nulls(value, path, reasoned=reasoned)


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
    assert lacking == {}
