"""Which amounts of the funnel few people have: such an amount is not shown to who may not see these people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bokgi.apps.pipeline.selectors import Screen
from bokgi.questions.asked import Json
from bokgi.questions.funnel import ask_funnel

Key = tuple[str, str]
"""Pipeline and stage."""


def shown_amounts(screen: Screen, keys: set[Key], name: str, asked: Mapping[str, Any]) -> set[Key]:
    """Choose the stages whose amounts may be shown: none of few people's deals, nor what would give one away.

    `name` is the count that is shown as an amount, `asked` the mode and the days of the funnel.
    """
    if screen.owners is None or screen.person is not None:
        return keys
    of_all: dict[str, list[Json]] = {}
    known = _known(screen)
    for stage in screen.ask(ask_funnel, **asked, by=("team", "person"))["stages"]:
        key, groups = (stage["pipeline"], stage["stage"]), stage["groups"]
        if key in keys and groups["person"] is not None and stage["counts"].get(name.removesuffix("_amount")):
            row = {"team": groups["team"], "person_id": known.get(groups["person"], groups["person"])}
            of_all.setdefault(repr(key), []).append(row)
    parts = {
        repr(key): [row for row in of_all.get(repr(key), []) if screen.team in {None, row["team"]}] for key in keys
    }
    shown = screen.parts_shown(parts, of_all) or frozenset()
    return {key for key in keys if repr(key) in shown}


def _known(screen: Screen) -> dict[str, str]:
    """Give the keys of people by their names; one that two people have is nobody's, and counts as one unseen person."""
    names = {(row["name"], row["person_id"]) for row in screen.roster}
    times = Counter(name for name, _key in names)
    return {name: key for name, key in names if times[name] == 1}
