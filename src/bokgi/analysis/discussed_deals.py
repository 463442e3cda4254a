"""Whether the deals that meetings discussed moved more than those that they did not discuss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy.special import ndtri

from bokgi.analysis.totals import count_of

LEVEL: Final = 0.95
BANDS: Final = 3
"""Into so many bands of equal size the ages and the amounts of a stage are cut for matching."""
_MATCHED_ON: Final = ("team", "pipeline", "stage", "age_band", "amount_band")
_SMALLEST: Final = 0.05

Cells = NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """Deals discussed, or not: all of them and those that moved; `matched` of them and the share of these that moved.

    A deal counts once for each meeting at which it was open.
    """

    n: int
    moved: int
    matched: int
    share: float | None


@dataclass(frozen=True)
class DiscussedDeals:
    """Discussed deals beside the others. `difference` of the shares with its interval; null with a `reason`.

    `told_apart`: chance does not explain the difference. `cases_needed`: so many more matched discussed deals would
    tell it apart if it stayed as it is; null where it is told apart, or so small that nobody would act on it.
    """

    level: float
    discussed: Group
    others: Group
    difference: float | None
    low: float | None
    high: float | None
    told_apart: bool
    cases_needed: int | None
    reason: str | None


def open_at_meeting(
    deals: ibis.Table, visits: ibis.Table, later: ibis.Table, *, on: date, until: date, discussed: Sequence[str]
) -> ibis.Table:
    """Which deals were open on the evening of a meeting, which of them it had discussed, and which moved by `until`.

    Reads `deals` (one row per deal, with `team` and `amount`) and `visits` (`analysis.visits`), both as of `on`, and
    `later`: visits as of a day not before `until`. Gives one row per deal open at the end of `on`: `meeting_on,
    deal_id, team, pipeline, stage, days_in_stage, amount, discussed, moved`. Moved: it went on to a later stage or was
    won after `on` and not after `until`; what happened on the day of the meeting itself counts for nobody, for nobody
    knows whether it came before.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> on, until = date(2026, 11, 2), date(2026, 11, 9)
    >>> deals = ibis.memtable({"deal_id": ["a", "b"], "team": ["1팀"] * 2, "amount": [5, 7], "outcome": ["open"] * 2})
    >>> then = {"deal_id": ["a", "b"], "pipeline": ["p"] * 2, "stage": ["demo"] * 2, "exit": ["open"] * 2}
    >>> then |= {"entered_on": [date(2026, 10, 23)] * 2}
    >>> then = pa.table(then | {"left_on": pa.array([None] * 2, pa.date32())})
    >>> went = {"deal_id": ["b"], "exit": ["advanced"], "left_on": [date(2026, 11, 6)]}
    >>> found = open_at_meeting(
    ...     deals, ibis.memtable(then), ibis.memtable(pa.table(went)), on=on, until=until, discussed=["a"]
    ... )
    >>> found.select("deal_id", "days_in_stage", "discussed", "moved").order_by("deal_id").to_pyarrow().to_pylist()
    [{'deal_id': 'a', 'days_in_stage': 10, 'discussed': True, 'moved': False}, {'deal_id': 'b', ... 'moved': True}]
    """
    here = visits.filter(_.exit == "open").select("deal_id", "pipeline", "stage", "entered_on")
    went = later.filter(_.exit.isin(["advanced", "won"]) & (_.left_on > on) & (_.left_on <= until))
    moved = went.select("deal_id").distinct().mutate(went=ibis.literal(value=True))
    told = deals.filter(_.outcome == "open").select("deal_id", "team", "amount").join(here, "deal_id")
    told = told.left_join(moved, "deal_id", rname="of_{name}")
    talked = _.deal_id.isin(list(discussed)) if discussed else ibis.literal(value=False)
    return told.select(
        "deal_id",
        "team",
        "pipeline",
        "stage",
        meeting_on=ibis.literal(on),
        days_in_stage=(-_.entered_on.delta(ibis.literal(on), unit="day")).cast("int64"),
        amount=_.amount.cast("float64"),
        discussed=talked,
        moved=ibis.coalesce(_.went, ibis.literal(value=False)),
    )


def discussed_deals(cases: ibis.Table, *, minimum_n: int = 10, level: float = LEVEL) -> DiscussedDeals:
    """Whether the deals we talked about moved more by the next meeting than those alike that we did not talk about.

    Reads `cases`: one row per meeting and deal open on its evening (`open_at_meeting`), of any number of meetings whose
    time has passed. Gives the share that moved, of discussed deals and of undiscussed ones alike, and the difference.

    Counts how: deals are alike when team, pipeline and stage are the same and they fall into the same third of that
    stage by time in it, and by amount (unknown amounts are a band of their own). Discussed deals without an undiscussed
    one alike are left out, and the other way round; `matched` says how many are left. Within each such cell shares are
    compared, and cells are weighted by n₁n₀/(n₁+n₀) (Mantel–Haenszel), so that many thin cells do no harm. A deal
    counts at each meeting at which it was open: the windows of one team's meetings must not overlap.

    Small numbers: null with reason `too_few` below `minimum_n` matched discussed deals or as many others. The interval
    is Sato's for the Mantel–Haenszel difference, at `level`, never narrower than Agresti and Caffo's of the matched
    deals taken together: it does not collapse where hardly any deal moved.

    Refuses: nothing. Do not use it as the effect of the meeting: what is discussed was chosen, mostly because it was
    at risk or about to close, and stage, age and amount are not all that was known when it was chosen.

    Source: Sato 1989; Agresti & Caffo 2000; cells as in Iacus, King & Porro 2012.
    `tests/analysis/test_discussed_deals.py` holds it against a slow twin and against simulated meetings of known truth.

    >>> rows = {"team": ["1팀"] * 40, "pipeline": ["p"] * 40, "stage": ["demo"] * 40, "days_in_stage": [3] * 40}
    >>> rows |= {"amount": [5.0] * 40, "discussed": [True] * 20 + [False] * 20}
    >>> found = discussed_deals(ibis.memtable(rows | {"moved": [True] * 8 + [False] * 12 + [True] * 4 + [False] * 16}))
    >>> found.discussed.share, found.others.share, round(found.difference, 2), found.told_apart
    (0.4, 0.2, 0.2, False)
    """
    rows = _cells(cases).to_pyarrow().to_pylist()
    names = ("talked", "talked_moved", "others", "others_moved")
    n1, x1, n0, x0 = (np.array([row[name] for row in rows], dtype=np.float64) for name in names)
    both = (n1 > 0) & (n0 > 0)
    all_n, all_moved = (int(n1.sum()), int(n0.sum())), (int(x1.sum()), int(x0.sum()))
    n1, x1, n0, x0 = n1[both], x1[both], n0[both], x0[both]
    matched = (int(n1.sum()), int(n0.sum()))
    if min(matched) < max(minimum_n, 1):
        talked, others = (Group(all_n[place], all_moved[place], matched[place], None) for place in (0, 1))
        return DiscussedDeals(
            level, talked, others, None, None, None, told_apart=False, cases_needed=None, reason="too_few"
        )
    weight = n1 * n0 / (n1 + n0)
    shares = tuple(float((weight * moved / n).sum() / weight.sum()) for moved, n in ((x1, n1), (x0, n0)))
    difference = shares[0] - shares[1]
    error = math.sqrt(max(_sato(n1, x1, n0, x0, difference), _agresti_caffo(n1.sum(), x1.sum(), n0.sum(), x0.sum())))
    reach = float(ndtri(0.5 + level / 2)) * error
    low, high = max(difference - reach, -1.0), min(difference + reach, 1.0)
    told_apart = low > 0 or high < 0
    needed = None
    if not told_apart and abs(difference) >= _SMALLEST:
        needed = math.ceil(matched[0] * ((reach / difference) ** 2 - 1)) + 1
    talked, others = (Group(all_n[place], all_moved[place], matched[place], shares[place]) for place in (0, 1))
    return DiscussedDeals(level, talked, others, difference, low, high, told_apart, needed, reason=None)


def _cells(cases: ibis.Table) -> ir.Table:
    """Count discussed and other deals, and those that moved, in each cell of deals alike."""
    told = cases.mutate(known=_.amount.notnull(), amount=ibis.coalesce(_.amount, 0.0), team=ibis.coalesce(_.team, ""))
    told = told.mutate(
        age_band=_band(told.days_in_stage, "pipeline", "stage"),
        amount_band=_.known.ifelse(_band(told.amount, "pipeline", "stage", "known"), -1),
    )
    counts = told.group_by(*_MATCHED_ON).agg(
        talked=count_of(_.discussed),
        talked_moved=count_of(_.discussed & _.moved),
        others=count_of(~_.discussed),
        others_moved=count_of(~_.discussed & _.moved),
    )
    return counts.order_by(*_MATCHED_ON)


def _band(column: ir.Value, *group: str) -> ir.IntegerValue:
    """Cut a column into thirds within a group; equal values have an equal rank, so ties stay together everywhere."""
    rank = ibis.percent_rank().over(ibis.window(group_by=list(group), order_by=column))
    return ibis.least((rank * BANDS).floor().cast("int64"), BANDS - 1)


def _sato(n1: Cells, x1: Cells, n0: Cells, x0: Cells, difference: float) -> float:
    """Give Sato's variance of the Mantel–Haenszel risk difference: right for few large cells and for many thin ones."""
    n = n1 + n0
    p = (n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) / n**2
    q = (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n)
    return float((difference * p.sum() + q.sum()) / (n1 * n0 / n).sum() ** 2)


def _agresti_caffo(n1: float, x1: float, n0: float, x0: float) -> float:
    """Give the variance of a difference of two shares with one success and one failure added to each group."""
    p1, p0 = (x1 + 1) / (n1 + 2), (x0 + 1) / (n0 + 2)
    return float(p1 * (1 - p1) / (n1 + 2) + p0 * (1 - p0) / (n0 + 2))
