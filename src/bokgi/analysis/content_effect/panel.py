"""Deal-weeks as arrays: categories numbered, and when each deal first saw each item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bokgi.analysis.content_effect.deal_weeks import TRAITS
from bokgi.analysis.content_effect.regression import Flags, Ints

NEVER: Final = 10**6
"""A week that never comes."""
MOST_LEVELS: Final = 40
RARE: Final = 0.005
"""Levels beyond the 40 most frequent, or with fewer rows than this share, are taken together."""
ACTED: Final = ("acted_1", "acted_2", "acted_before")
TIME_ENDS: Final = np.array([1, 2, 3, 4, 6, 9, 13, 26])
"""Weeks in the stage, or open, at which another level begins."""
MOST_OTHERS: Final = 3


@dataclass(frozen=True)
class DealWeeks:
    """Rows sorted by deal and week. `following` is the row of the deal's next week, -1 where it has none.

    Categories are numbered from 0; `traits` are `deal_weeks.TRAITS`.
    """

    deal: Ints
    week: Ints
    moved: Flags
    stage: Ints
    in_stage: Ints
    age: Ints
    acted: tuple[Ints, ...]
    traits: tuple[Ints, ...]
    following: Ints
    ids: tuple[str, ...]

    @property
    def age_by_stage(self) -> Ints:
        """Age numbered apart by stage: a deal that is old at its first stage sleeps, at its last it is near its end."""
        return self.stage * (len(TIME_ENDS) + 1) + self.age

    def at(self, week: Ints) -> Ints:
        """Give for each row the last row of its deal up to a week; -1: there is none."""
        span = int(max(self.week.max(), week.max())) + 2
        key = self.deal * span + self.week
        low = np.searchsorted(key, self.deal * span + np.maximum(week, -1), side="right") - 1
        own = (low >= 0) & (self.deal[np.maximum(low, 0)] == self.deal)
        return np.where(own, low, -1)


def read(panel: ibis.Table) -> DealWeeks:
    """Read a panel (`deal_weeks`) into arrays."""
    rows = panel.to_pyarrow().sort_by([("deal_id", "ascending"), ("week", "ascending"), ("stage", "ascending")])
    ids, deal = _numbers(rows["deal_id"])
    week = _weeks(rows["week"])
    stage = _levels(pc.binary_join_element_wise(rows["pipeline"], rows["stage"], "\n"))
    same = np.append((deal[1:] == deal[:-1]) & (week[1:] == week[:-1] + 1), False)
    following = np.where(same, np.arange(1, len(deal) + 1), -1)
    in_stage, age = (
        np.searchsorted(TIME_ENDS, rows[name].to_numpy(), side="right").astype(np.int64)
        for name in ("weeks_in_stage", "weeks_open")
    )
    acted = tuple(rows[name].to_numpy().astype(np.int64) for name in ACTED)
    return DealWeeks(
        deal,
        week,
        rows["moved"].to_numpy(zero_copy_only=False).astype(bool),
        stage,
        in_stage,
        age,
        acted,
        tuple(_levels(rows[name]) for name in TRAITS),
        following.astype(np.int64),
        tuple(ids),
    )


@dataclass(frozen=True)
class Exposures:
    """Items in order, and the week in which each deal first saw each (`deals × items`, `NEVER`)."""

    items: tuple[str, ...]
    week: Ints


def read_exposures(content: ibis.Table, panel: DealWeeks) -> Exposures:
    """Read first exposures (`deal_id, content_id, week`) of the deals of a panel."""
    rows = content.select("deal_id", "content_id", "week").to_pyarrow()
    items, item = _numbers(rows["content_id"])
    deal = pc.index_in(rows["deal_id"].combine_chunks(), pa.array(panel.ids, pa.string())).fill_null(-1)
    place = deal.to_numpy(zero_copy_only=False).astype(np.int64)
    week = np.full((len(panel.ids), len(items)), NEVER, dtype=np.int64)
    known = place >= 0
    np.minimum.at(week, (place[known], item[known]), _weeks(rows["week"])[known])
    return Exposures(tuple(items), week)


def _weeks(column: pa.ChunkedArray) -> Ints:
    """Number weeks in order; 1970-01-05 was the first Monday."""
    days = column.cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    return np.asarray((days - 4) // 7, dtype=np.int64)


def _numbers(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    plain = column.combine_chunks().cast(pa.string())
    known = pc.unique(plain.drop_null()).sort()
    return known.to_pylist(), pc.index_in(plain, known).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _levels(column: pa.ChunkedArray) -> Ints:
    """Number the levels of a category: frequent ones by themselves, the rare ones and the unknown together (0)."""
    _, number = _numbers(column)
    counts = np.bincount(number[number >= 0]) if (number >= 0).any() else np.zeros(0, dtype=np.int64)
    order = np.lexsort((np.arange(len(counts)), -counts))[:MOST_LEVELS]
    kept = order[counts[order] >= RARE * len(number)]
    new = np.zeros(len(counts) + 1, dtype=np.int64)
    new[kept] = np.arange(1, len(kept) + 1)
    return np.asarray(new[number], dtype=np.int64)
