"""Whether the order in which the stages are listed fits how deals moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.proportions import wilson

_SURE: Final = 0.99
_HALF: Final = 0.5
_FEWEST: Final = 10
"""Moves between two stages from which their order is judged."""


@dataclass(frozen=True)
class Reversed:
    """Two stages that deals pass the other way round: `n` of `moves` between them went from `later` to `earlier`."""

    pipeline: str
    earlier: str
    later: str
    n: int
    moves: int


def reversed_stages(visits: ibis.Table) -> tuple[Reversed, ...]:
    """Find pairs of open stages between which most deals move against the listed order.

    Reads `visits` (`pipeline, stage, stage_order, next_stage, next_order`). Gives for each pipeline at most the pair
    with most moves against the order, by pipeline; none where the history fits, or is too short to tell.

    Small numbers: from ten moves between two stages on, and where the 99 % interval of the share that went back lies
    above one half. Deals that are sent back now and then are none. Refuses: nothing.

    Source: Wilson 1927; `tests/analysis/test_stage_order.py`.

    >>> import pyarrow as pa
    >>> rows = {"pipeline": ["default"] * 14, "stage": ["talk"] * 2 + ["offer"] * 12, "stage_order": [1] * 2 + [2] * 12}
    >>> rows |= {"next_stage": ["offer"] * 2 + ["talk"] * 12, "next_order": [2] * 2 + [1] * 12}
    >>> reversed_stages(ibis.memtable(pa.table(rows)))
    (Reversed(pipeline='default', earlier='talk', later='offer', n=12, moves=14),)
    """
    moved = visits.filter(_.stage_order.notnull() & _.next_order.notnull() & (_.stage_order != _.next_order))
    back = _.next_order < _.stage_order
    counted = (
        moved.group_by(
            "pipeline",
            earlier=ibis.ifelse(back, _.next_stage, _.stage),
            later=ibis.ifelse(back, _.stage, _.next_stage),
        )
        .agg(n=back.cast("int64").sum(), moves=_.count())
        .filter((_.moves >= _FEWEST) & (_.n * 2 > _.moves))
        .order_by("pipeline", _.n.desc(), "earlier", "later")
    )
    found: dict[str, Reversed] = {}
    for row in counted.to_pyarrow().to_pylist():
        if wilson(row["n"] / row["moves"], float(row["moves"]), level=_SURE)[0] > _HALF:
            found.setdefault(row["pipeline"], Reversed(**row))
    return tuple(found.values())
