"""The order of stages that fits the moves of deals best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def in_order(stages: Sequence[str], ahead: Mapping[tuple[str, str], int]) -> list[str]:
    """Order stages so that as few deals as possible came to a later one before an earlier one.

    `ahead[a, b]` counts the deals that came to `a` before they came to `b`; a pair that is missing counts none.
    `stages` come in the order they keep where the deals say nothing. Each stage is moved to where it contradicts fewest
    deals, until no move of one stage helps.

    Source: linear ordering by insertion (Becker 1967; Kemeny 1959); `tests/intake/mapping/test_ladders.py` holds it
    against all orders.

    >>> in_order(["offer", "talk", "terms"], {("talk", "offer"): 9, ("offer", "talk"): 2, ("offer", "terms"): 4})
    ['talk', 'offer', 'terms']
    """
    ordered = list(stages)
    while (better := _best_move(ordered, ahead)) is not None:
        place, to = better
        ordered.insert(to, ordered.pop(place))
    return ordered


def _best_move(ordered: Sequence[str], ahead: Mapping[tuple[str, str], int]) -> tuple[int, int] | None:
    """Give from where to where one stage should move to contradict fewest deals; null: where all stand is best."""
    most, found = 0, None
    for place, stage in enumerate(ordered):
        for way in (range(place - 1, -1, -1), range(place + 1, len(ordered))):
            gain = 0
            for to in way:
                other = ordered[to]
                spared = ahead.get((stage, other), 0) - ahead.get((other, stage), 0)
                gain += spared if to < place else -spared
                if gain > most:
                    most, found = gain, (place, to)
    return found
