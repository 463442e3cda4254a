"""Spans of days that stays lasted, cut into slices of the past: far fewer than stays, for many last from day to day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bokgi.analysis.forecast.coding import days_of, ints_of
from bokgi.analysis.forecast.counting import AGE_DAYS
from bokgi.analysis.forecast.windows import PHASES

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Spans:
    """Different spans in the order of the days on which they begin.

    The slices of span `s` are `first[s]` up to `first[s + 1]`, each with its `time` (time in stage × parts of the
    quarter + part), its `era` and its days, doubled (`twice`). `entered`: the day on which it begins; `ends`: the slice
    in which a stay of this span is left (-1: somebody else had the deal by then).
    """

    entered: Ints
    first: Ints
    time: Ints
    era: Ints
    twice: Ints
    ends: Ints

    def __len__(self) -> int:
        """Count the spans."""
        return len(self.entered)


@dataclass(frozen=True)
class Cut:
    """The past cut into slices (see `days_at_risk.slices`): each from the day after `before` to `last`.

    `era`: place of the era of each slice.
    """

    before: Ints
    last: Ints
    phase: Ints
    era: Ints

    @classmethod
    def of(cls, table: pa.Table) -> Cut:
        """Read the table of `days_at_risk.slices`."""
        era = days_of(table["era"])
        return cls(
            days_of(table["before"]), days_of(table["last"]), ints_of(table["phase"]), np.unique(era).searchsorted(era)
        )

    @property
    def _days(self) -> int:
        return int(self.last[-1] - self.before[0]) + 1

    def codes(self, entered: Ints, until: Ints, since: Ints, to: Ints) -> Ints:
        """Number the spans of stays, in the order of their days; -1: no slice of a stay begins from `since` up to `to`.

        A number holds the first and the last day, and how many slices at the beginning and at the end are left out.
        """
        places = self.last.searchsorted(np.arange(self.before[0], self.last[-1] + 1))
        day, until_day = entered - self.before[0], until - self.before[0]
        code: Ints = (day * self._days + until_day) * (len(self.last) + 1) ** 2
        some = np.flatnonzero((since > entered) | (to <= until))
        if len(some):
            begun, ended = places[day[some]], places[until_day[some]]
            low = np.maximum(begun + 1, self.before.searchsorted(since[some]))
            low = np.where(since[some] <= entered[some], begun, low)
            high = np.minimum(ended, np.maximum(begun, self.before.searchsorted(to[some]) - 1))
            high = np.where(to[some] <= entered[some], begun - 1, high)
            code[some] += (low - begun) * (len(self.last) + 1) + ended - high
            code[some[low > high]] = -1
        return code

    def spans(self, codes: Ints) -> Spans:
        """Cut spans, given by different ascending numbers of `codes`, into their slices."""
        days, at_end = np.divmod(codes, len(self.last) + 1)
        days, at_begin = np.divmod(days, len(self.last) + 1)
        day, until_day = np.divmod(days, self._days)
        entered, until = day + self.before[0], until_day + self.before[0]
        low = self.last.searchsorted(entered) + at_begin
        ended = self.last.searchsorted(until)
        count = ended - at_end - low + 1
        first = np.append(0, np.cumsum(count))
        span = np.repeat(np.arange(len(codes)), count)
        cut = np.arange(first[-1]) - first[span] + low[span]
        begin = np.maximum(entered[span], self.before[cut])
        twice = np.where(entered == until, 1, 0)[span] + 2 * (np.minimum(until[span], self.last[cut]) - begin)
        # The age in the middle of the slice, whether the deal stays so long or not: it must not tell the outcome.
        middle = 2 * (begin - entered[span]) + self.last[cut] - begin
        age = np.searchsorted(2 * np.array(AGE_DAYS[1:]), middle, side="right")
        return Spans(
            entered,
            first,
            age * PHASES + self.phase[cut],
            self.era[cut],
            twice,
            np.where(at_end == 0, first[1:] - 1, -1),
        )
