"""Weekly counts as arrays: series × weeks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KEY: Final = ("subject_kind", "subject_id", "metric")
PERSON: Final = "person"
RESULTS: Final = ("won", "win_rate")
"""Metrics of which one person has too few to tell a change from chance."""


@dataclass(frozen=True)
class Panel:
    """Series × weeks: counts, working time (0: not there), trials (nan: a count), and the team in each week.

    `keys` names each series (subject_kind, subject_id, metric), `weeks` each column (days since 1970-01-01, Mondays);
    `metric` numbers the metrics, `peers` the groups that share weeks (the people of a team; all teams) per week.
    """

    keys: tuple[tuple[str, str | None, str], ...]
    weeks: Ints
    count: Floats
    time: Floats
    trials: Floats
    team: Ints
    peers: Ints
    metric: Ints

    @cached_property
    def share(self) -> Flags:
        """Series that count wins of trials."""
        return np.asarray(~np.isnan(self.trials).all(axis=1), dtype=bool)

    def level(self, row: int, start: int, end: int) -> float | None:
        """Count in a full working week (or share of trials) of a series over some weeks, as it was; null: no weeks."""
        part = slice(max(start, 0), end)
        base = np.nan_to_num(self.trials[row, part]) if self.share[row] else self.time[row, part]
        total = float(base.sum())
        return float(self.count[row, part][base > 0.0].sum()) / total if total > 0.0 else None

    @cached_property
    def result_of_one(self) -> Flags:
        """Series of what one person wins."""
        return np.array([key[0] == PERSON and key[2] in RESULTS for key in self.keys], dtype=bool)


def panel(weekly_counts: ibis.Table) -> Panel:
    """Read weekly counts (see `changes`) into arrays; series in the order of their keys."""
    rows = weekly_counts.select(*KEY, "team", "week", "count", "trials", "time").to_pyarrow()
    series, keys = _numbered([rows[name] for name in KEY])
    team, __ = _numbered([rows["team"]])
    person = np.array([key[0] == PERSON for key in keys], dtype=bool)
    day = rows["week"].cast(pa.int32()).to_numpy().astype(np.int64)
    weeks = np.unique(day)
    column = np.searchsorted(weeks, day)
    shape = (len(keys), len(weeks))

    def spread(name: str, empty: float) -> Floats:
        out = np.full(shape, empty)
        out[series, column] = rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
        return out

    teams = np.zeros(shape, dtype=np.int64)
    teams[series, column] = team
    metric, __ = _numbered([pa.chunked_array([[key[2] for key in keys]], pa.string())])
    size = int(metric.max(initial=0)) + 1
    peers = np.where(person[:, None], teams + 1, 0) * size + metric[:, None]
    return Panel(
        tuple((str(kind), subject, str(name)) for kind, subject, name in keys),
        weeks,
        spread("count", 0.0),
        spread("time", 0.0),
        spread("trials", np.nan),
        teams,
        peers,
        metric,
    )


def _numbered(columns: list[pa.ChunkedArray]) -> tuple[Ints, list[tuple[str | None, ...]]]:
    """Number the combinations of some text columns in their order; gives the number of each row, and the texts."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    texts: list[list[str | None]] = []
    for column in columns:
        plain = column.combine_chunks().cast(pa.string())
        known = pc.unique(plain.drop_null()).sort()
        index = pc.index_in(plain, known).fill_null(len(known)).to_numpy(zero_copy_only=False).astype(np.int64)
        codes = codes * (len(known) + 1) + index
        texts.append([*known.to_pylist(), None])
    found, numbers = np.unique(codes, return_inverse=True)
    names: list[tuple[str | None, ...]] = []
    for code in found.tolist():
        parts: list[str | None] = []
        rest = code
        for known_texts in reversed(texts):
            rest, index_of = divmod(rest, len(known_texts))
            parts.append(known_texts[index_of])
        names.append(tuple(reversed(parts)))
    return numbers.astype(np.int64), names
