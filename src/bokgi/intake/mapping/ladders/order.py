"""The order of stages that fits the moves of deals best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt


def in_order(stages: Sequence[str], ahead: Mapping[tuple[str, str], int]) -> list[str]:
    """Order stages so that as few deals as possible came to a later one before an earlier one.

    `ahead[a, b]` counts the deals that came to `a` before they came to `b`; a pair that is missing counts none.
    `stages` come in the order they keep where the deals say nothing. Each stage is moved to where it contradicts fewest
    deals, until no move of one stage helps. That is no promise of the best of all orders: with very many stages whose
    deals contradict each other, one that only moves of several at once would reach can be better.

    Source: linear ordering by insertion (Becker 1967; Kemeny 1959); `tests/intake/mapping/test_ladders.py` holds it
    against all orders.

    >>> in_order(["offer", "talk", "terms"], {("talk", "offer"): 9, ("offer", "talk"): 2, ("offer", "terms"): 4})
    ['talk', 'offer', 'terms']
    """
    ordered = list(stages)
    spared = _spared(ordered, ahead)
    while (better := _best_move(spared)) is not None:
        place, to = better
        ordered.insert(to, ordered.pop(place))
        across = np.insert(np.delete(spared, place, axis=0), to, spared[place], axis=0)
        spared = np.insert(np.delete(across, place, axis=1), to, across[:, place], axis=1)
    return ordered


def _spared(ordered: Sequence[str], ahead: Mapping[tuple[str, str], int]) -> npt.NDArray[np.int64]:
    """Give, for each two stages, how many deals fewer are contradicted when the first stands before the second."""
    place = {stage: number for number, stage in enumerate(ordered)}
    spared = np.zeros((len(ordered), len(ordered)), dtype=np.int64)
    for (one, other), deals in ahead.items():
        if one in place and other in place:
            spared[place[one], place[other]] += deals
            spared[place[other], place[one]] -= deals
    return spared


def _best_move(spared: npt.NDArray[np.int64]) -> tuple[int, int] | None:
    """Give from where to where one stage should move to contradict fewest deals; null: where all stand is best.

    Of moves that spare as many, that of the first stage, then to the left before to the right, then the shortest.
    """
    if not spared.size:
        return None
    passed = spared.cumsum(axis=1)
    own = passed.diagonal()[:, None]
    # To the left a stage passes all from its new place on, to the right all up to it: the same sums, one place apart.
    gains = own - passed
    to_left = own - np.roll(passed, 1, axis=1)
    to_left[:, 0] = own[:, 0]
    lower = np.tri(len(spared), k=-1, dtype=bool)
    gains[lower] = to_left[lower]
    most = gains.max()
    if most <= 0:
        return None
    place, at = (int(found[0]) for found in np.nonzero(gains == most))
    targets = np.flatnonzero(gains[place] == most)
    left = targets[targets < place]
    return place, int(left[-1]) if len(left) else at
