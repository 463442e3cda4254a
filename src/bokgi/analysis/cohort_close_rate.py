"""Of the deals created in a period, what share has been won by a stated age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
import pyarrow as pa
from ibis import _

from bokgi.analysis.stage_conversion import Risk, observed, shares
from bokgi.domain.period import Period

AGES: Final = (60, 90, 180)
"""Ages in days at which a cohort is usually read."""
_ENDS: Final = ("won", "lost", "no_decision")


def cohort_close_rate(
    deals: ibis.Table,
    *,
    as_of: date,
    period: Period,
    by: Sequence[str] = (),
    by_day: int = 90,
    minimum_n: int = 10,
    level: float = 0.95,
) -> pa.Table:
    """Of the deals created in the period, what share is won by the age of so many days, open deals not yet decided.

    Reads `deals` (one row per deal: `created_on, closed_on, outcome` and the columns in `by`), all as of `as_of`. Runs
    the expression on their engine; the engine counts cells, so that the rest does not grow with the deals.

    Gives one row per `by` in which a deal was created, in that order: `entries` (deals created in the period), `won`,
    `lost`, `no_decision`, `removed`, `open`, `conversion` (0 to 1) with `low` and `high` at `level`, `undecided` (share
    that is open still at that age), `at_risk` (deals observed on the last day of an end before it), `day` (the age),
    `reason`.

    Counts how: Aalen–Johansen over the days since creation; a removed deal was observed until it was removed, one
    without a known end is left out of the estimate.
    Small numbers: fewer than `minimum_n` decided deals give null and the reason `too_few`; `thin` where a handful of
    old deals would decide.
    Refuses: nothing.
    Do not use it for comparing cohorts of which one is young: look at `undecided` first.

    Source: Aalen & Johansen 1978; see `analysis.survival.incidence`.

    >>> rows = {"created_on": [date(2026, 6, 1)] * 5, "outcome": ["won", "won", "lost", "open", "won"]}
    >>> rows |= {"closed_on": [date(2026, 6, 11), date(2026, 6, 21), date(2026, 7, 1), None, date(2026, 10, 1)]}
    >>> june = Period.month_of(date(2026, 6, 1))
    >>> found = cohort_close_rate(
    ...     ibis.memtable(pa.table(rows)), as_of=date(2026, 11, 1), period=june, minimum_n=1
    ... ).to_pylist()[0]
    >>> round(found["conversion"], 3), round(found["undecided"], 3), found["entries"], found["open"]
    (0.4, 0.4, 5, 1)
    """
    told = deals.select(
        *by, entered_on=_.created_on, ended_on=_.closed_on, end=_.outcome, start_unknown=ibis.literal(value=False)
    )
    seen = observed(told, as_of=as_of, period=period, risk=Risk.COHORT)
    cells = seen.group_by(*by, "start", "end", "kind", "entered").agg(n=_.count())
    counted = cells.mutate(cohort=ibis.literal("created"), interval=ibis.literal(value=False))
    ordered = counted.order_by(*by, "start", "end", "kind", "entered").to_pyarrow()
    keys = ["cohort", *by]
    return shares(ordered, keys=keys, ends=_ENDS, minimum_n=minimum_n, level=level, by_day=by_day).drop_columns(
        ["cohort"]
    )
