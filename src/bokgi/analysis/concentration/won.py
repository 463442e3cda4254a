"""Won deals of a period by person and size, and the time each person had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray

from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_PEOPLE: Final = 2
TOO_FEW_PEOPLE: Final = "too_few_people"
TOO_FEW_WINS: Final = "too_few_wins"
GROUPS: Final = 64
"""Deals beyond the largest are counted in so many groups of like size."""


def people_time(memberships: ibis.Table, *, period: Period) -> ibis.Table:
    """How much time each person had in the period.

    Reads `memberships` (one row per person × team × role for a time). Gives one row per person with any, in order:
    `person_id`, `days` (civil days × share of working time, all teams and roles together). From the first day in the
    company to the last where these are known.

    Do not use it with people in it who never close deals: narrow `memberships` to the roles that do.

    >>> from datetime import date
    >>> member = {"person_id": ["kim", "lee"], "share": [1.0, 0.5], "valid_from": [date(2026, 1, 1), date(2026, 1, 16)]}
    >>> none = pa.array([None, None], pa.date32())
    >>> member |= {"valid_to": none, "started_on": none, "left_on": [date(2026, 1, 11), None]}
    >>> period = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> people_time(ibis.memtable(pa.table(member)), period=period).to_pyarrow().to_pylist()
    [{'person_id': 'kim', 'days': 10.0}, {'person_id': 'lee', 'days': 8.0}]
    """
    start, end = ibis.literal(period.start), ibis.literal(period.end)
    bounded = memberships.mutate(
        first=ibis.greatest(start, ibis.coalesce(_.valid_from, start), ibis.coalesce(_.started_on, start)),
        past=ibis.least(end, ibis.coalesce(_.valid_to, end), ibis.coalesce(_.left_on, end)),
    ).filter(_.past > _.first)
    days = _.past.delta(_.first, unit="day").cast("float64") * _.share
    return bounded.group_by("person_id").agg(days=days.sum()).filter(_.days > 0).order_by("person_id")


@dataclass(frozen=True)
class Wins:
    """Won deals as cells of owner and size, and the time of each person."""

    people: tuple[str, ...]
    time: Floats
    owner: Ints
    size: Floats
    n: Floats
    left_out: int


def won_cells(deals: ibis.Table, *, period: Period) -> ibis.Table:
    """Give `n` won deals of the period by `owner_id` and `size`, their amount (null: not known)."""
    won = deals.filter(
        (_.outcome == Outcome.WON.value) & (_.closed_on >= period.start) & (_.closed_on < period.end)
    ).select("owner_id", size=_.amount.cast("float64"))
    return won.group_by("owner_id", "size").agg(n=_.count())


def won_by_person(deals: ibis.Table, time: ibis.Table, *, period: Period, sized: bool) -> Wins:
    """Count the won deals of the period by owner and amount; the engine counts, only the cells leave it."""
    counted = won_cells(deals, period=period).order_by("owner_id", "size").to_pyarrow()
    counts = _whole(counted["n"])
    owner = counted["owner_id"].to_pylist()
    size = np.nan_to_num(counted["size"].to_numpy(zero_copy_only=False).astype(np.float64))
    used = np.array([person is not None for person in owner], dtype=bool)
    if sized:
        used &= size > 0
    days = time.order_by("person_id").to_pyarrow()
    had = dict(zip(days["person_id"].to_pylist(), days["days"].to_pylist(), strict=True))
    people = sorted({*had, *(person for person, kept in zip(owner, used, strict=True) if kept)})
    least = min(had.values(), default=1.0)
    place = {person: i for i, person in enumerate(people)}
    return Wins(
        tuple(people),
        np.array([had.get(person, least) for person in people], dtype=np.float64),
        np.array([place[person] for person, kept in zip(owner, used, strict=True) if kept], dtype=np.int64),
        size[used],
        counts[used],
        int(counts[~used].sum()),
    )


def sums(group: Ints, values: Floats, groups: int) -> Floats:
    """Add up values by group."""
    return np.bincount(group, values, groups).astype(np.float64)


def grouped(size: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Put sizes (falling) into groups of about as many deals each: deals and mean size of each group."""
    if len(size) == 0:
        return np.zeros(0), np.zeros(0)
    group = np.minimum((np.cumsum(n) - n) / n.sum() * GROUPS, GROUPS - 1).astype(np.int64)
    count = sums(group, n, GROUPS)
    kept = count > 0
    return count[kept], sums(group, n * size, GROUPS)[kept] / count[kept]


def _whole(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)
