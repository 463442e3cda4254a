"""Beside whom somebody's results may be seen: colleagues who can be compared, and their average."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from django.utils.crypto import salted_hmac

from bokgi.apps.access.permissions import SMALLEST_GROUP
from bokgi.apps.pipeline.selectors import Screen
from bokgi.questions.asked import Json

BLUR: Final = 0.02
"""To how much the win rate of a colleague is drawn who is not to be known."""


def colleagues(screen: Screen, answer: Json, row: Json) -> list[Json]:
    """Give the rows of `compare` that may stand beside a person's, in an order that tells nothing.

    They are those of whoever works where results can be compared. Those whom this viewer may not see one by one are
    rounded to two percent, and given today only: exact ends, or the same picture of day after day, would let somebody
    be followed and known by what is known of one deal. Where they are one or two, none are given: what the others leave
    over would be theirs.
    """
    if row["adjusted"] is None:
        return []
    others = [
        one
        for one in answer["people"]
        if one["component"] == row["component"] and one["person_id"] != row["person_id"] and one["adjusted"] is not None
    ]
    unseen = {one["person_id"] for one in others if not screen.viewer.sees_person(one["person_id"])}
    if unseen and (len(unseen) < SMALLEST_GROUP or screen.is_past):
        return []

    def by_lot(one: Json) -> str:
        lot = f"{row['person_id']} {one['person_id']} {screen.as_of.isoformat()}"
        return salted_hmac("bokgi.people.beside", lot).hexdigest()

    return [_blurred(one) if one["person_id"] in unseen else one for one in sorted(others, key=by_lot)]


def averages(screen: Screen, answer: Json, rows: Sequence[Json]) -> dict[int, float | None]:
    """Give the average adjusted win rate of each component that rows are of; null where its people may not be shown.

    To the percent, as it is written: behind the point it would tell of each of them.
    """
    first = {row["component"]: row for row in reversed(rows) if row["adjusted"] is not None}
    return {component: average(row, colleagues(screen, answer, row)) for component, row in first.items()}


def average(row: Json, beside: list[Json]) -> float | None:
    """Give the average of a person's adjusted win rate and those of colleagues, to the percent; null without any."""
    if not beside:
        return None
    return round(math.fsum(one["adjusted"] for one in [row, *beside]) / (len(beside) + 1), 2)


def _blurred(row: Json) -> Json:
    """Keep of somebody's figures what the picture needs: shares to the nearest step."""
    return row | {
        end: None if row[end] is None else round(row[end] / BLUR) * BLUR for end in ("adjusted", "low", "high")
    }
