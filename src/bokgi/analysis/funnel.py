"""The funnel, in four modes that answer four different questions."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.progressions import REACHED, progressions
from bokgi.analysis.totals import NOTHING, totals
from bokgi.analysis.visits import entered_since, ladder, start_unknown
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome, StageKind

_EXITS: Final = ("advanced", "back", "won", "lost", "no_decision", "removed")
_RUNG: Final = {"pipeline": "string", "stage": "string", "stage_order": "int64", "kind": "string"}
_TRIPLE: Final = ("", "_amount", "_amount_unknown")


class FunnelMode(StrEnum):
    """Which question a funnel answers; never show one without naming its mode.

    `created_cohort`: how far did the deals created in a period come. `stage_entry_cohort`: what became of the deals
    that entered a stage in a period. `period_flow`: what moved in a period, whenever it was created. `snapshot`: what
    stands where.
    """

    CREATED_COHORT = "created_cohort"
    STAGE_ENTRY_COHORT = "stage_entry_cohort"
    PERIOD_FLOW = "period_flow"
    SNAPSHOT = "snapshot"


def funnel(
    deals: ibis.Table,
    visits: ibis.Table,
    stages: ibis.Table,
    *,
    mode: FunnelMode,
    period: Period,
    by: Sequence[str] = (),
) -> ibis.Table:
    """The funnel in one of its modes; `period` says which deals or moves count (in a snapshot it says nothing).

    Reads `deals` (one row per deal: `deal_id, pipeline, stage, outcome, created_on, amount` and the columns in `by`),
    `visits` (`analysis.visits`) and `stages`, all as of the same day. Gives the table of the mode: `created_cohort`,
    `stage_entry_cohort`, `stage_flow`, `snapshot`, each documented with its function.

    Counts how, in every mode: every count comes with its `…_amount` (sum of the known amounts as of that day, one
    currency) and `…_amount_unknown` (how many have none). Re-opened deals keep all their visits; the first entry into a
    stage counts for conversion. Lost deals are always in.

    Refuses: `UsageError` for a column in `by` that deals do not have. Do not divide the rows of a period flow or a
    snapshot by each other: they are different deals.

    Source: own definition; `tests/analysis/test_funnel.py`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> deals = {"deal_id": ["d"], "pipeline": ["p"], "stage": ["talk"], "outcome": ["open"]}
    >>> deals |= {"amount": pa.array([7], pa.decimal128(18, 2))}
    >>> stages = {"pipeline": ["p"], "stage": ["talk"], "label": ["Talk"], "stage_order": [1], "kind": ["open"]}
    >>> stages |= {"expected_days": [7], "valid_from": pa.array([None], pa.date32())}
    >>> visits = ibis.memtable(pa.table({"deal_id": ["d"]}))
    >>> tables = ibis.memtable(pa.table(deals)), visits, ibis.memtable(pa.table(stages))
    >>> found = funnel(*tables, mode=FunnelMode.SNAPSHOT, period=Period(date(2026, 11, 2), date(2026, 11, 9)))
    >>> found.select("stage", "deals", "deals_amount").to_pyarrow().to_pylist()
    [{'stage': 'talk', 'deals': 1, 'deals_amount': Decimal('7.00')}]
    """
    match mode:
        case FunnelMode.CREATED_COHORT:
            return created_cohort(deals, visits, stages, period=period, by=by)
        case FunnelMode.STAGE_ENTRY_COHORT:
            return stage_entry_cohort(deals, visits, period=period, by=by)
        case FunnelMode.PERIOD_FLOW:
            return stage_flow(deals, visits, period=period, by=by)
        case FunnelMode.SNAPSHOT:
            return snapshot(deals, stages, by=by)


def created_cohort(
    deals: ibis.Table, visits: ibis.Table, stages: ibis.Table, *, period: Period, by: Sequence[str] = ()
) -> ibis.Table:
    """How far the deals created in the period have come.

    Gives one row per `by`, pipeline and open stage, and one for the win (`stage` and `kind` are `won`), in order:

    - `deals`: those that ever entered the stage (of the win: won);
    - `at_least`: those that came this far or further: entered this or a later open stage, stand there, or were won;
    - `skipped`: `at_least` less `deals`: passed the stage by, or have no history of it.

    A deal counts in the pipeline it is in now. Deals without history count where they stand, and when won.
    """
    by = check_columns(deals, by)
    rungs = _rungs(stages)
    ours, reach = _cohort(deals, visits, rungs, period, by)
    cells = reach.group_by(*by, "pipeline", "furthest", "won").agg(**totals("n", ibis.literal(value=True)))
    at_least = (
        cells.join(rungs, "pipeline")
        .group_by(*by, "pipeline", "stage", "stage_order", "kind")
        .agg(**{f"at_least{part}": ibis.coalesce(_[f"n{part}"].sum(where=_COME), 0) for part in _TRIPLE})
    )
    entered = ours.filter(_.first).group_by(*by, "pipeline", "stage").agg(**totals("in_stage", _.first))
    keys = [*by, "pipeline", "stage"]
    # A null in `by` is a group like any other, and nulls do not join: compare so that null is like null.
    joined = at_least.left_join(entered, [at_least[key].identical_to(entered[key]) for key in keys], rname="of_{name}")
    is_won = _.kind == StageKind.WON.value
    counts = {
        f"deals{part}": is_won.ifelse(_[f"at_least{part}"], ibis.coalesce(_[f"in_stage{part}"], NOTHING)).cast(kind)
        for part, kind in zip(_TRIPLE, ("int64", "decimal(38, 2)", "int64"), strict=True)
    }
    told = joined.mutate(**counts).mutate(skipped=_.at_least - _.deals)
    return told.select(
        *keys, "stage_order", "kind", *counts, *(f"at_least{part}" for part in _TRIPLE), "skipped"
    ).order_by(*by, "pipeline", "stage_order", "stage")


_COME: Final = _.won | ((_.kind == StageKind.OPEN.value) & (_.furthest >= _.stage_order))
"""Whether a deal came as far as a rung, or further."""


def _cohort(
    deals: ibis.Table, visits: ibis.Table, rungs: ibis.Table, period: Period, by: Sequence[str]
) -> tuple[ibis.Table, ibis.Table]:
    """Give the visits of the deals created in the period, in the pipeline they are in, and how far each deal came."""
    cohort = deals.filter((_.created_on >= period.start) & (_.created_on < period.end)).select(
        "deal_id", "pipeline", "stage", "outcome", "amount", *by
    )
    ours = visits.select("deal_id", "pipeline", "stage", "stage_order", "first").join(
        cohort.select("deal_id", "pipeline", "amount", *by), ["deal_id", "pipeline"]
    )
    furthest = ours.group_by("deal_id").agg(furthest=_.stage_order.max())
    standing = rungs.select("pipeline", "stage", standing="stage_order")
    reach = cohort.left_join(furthest, "deal_id", rname="of_{name}").left_join(
        standing, ["pipeline", "stage"], rname="at_{name}"
    )
    won = _.outcome == Outcome.WON.value
    reach = reach.mutate(furthest=ibis.greatest(ibis.coalesce(_.furthest, 0), ibis.coalesce(_.standing, 0)), won=won)
    return ours, reach


def _rungs(stages: ibis.Table) -> ibis.Table:
    """Open stages of each pipeline, and the win above them."""
    steps = ladder(stages).filter(_.kind == StageKind.OPEN.value).select(*_RUNG)
    tops = steps.group_by("pipeline").agg(stage_order=_.stage_order.max() + 1)
    won = tops.mutate(stage=ibis.literal(StageKind.WON.value), kind=ibis.literal(StageKind.WON.value))
    steps, won = (table.cast(_RUNG) for table in (steps, won.select(*_RUNG)))
    return steps.union(won)


def stage_entry_cohort(
    deals: ibis.Table,
    visits: ibis.Table,
    *,
    period: Period,
    by: Sequence[str] = (),
    progressed: ibis.Table | None = None,
) -> ibis.Table:
    """What has become of the deals that first entered a stage in the period.

    Gives one row per `by`, pipeline and open stage, in order: `entered`, and of these `reached` (a later open stage, or
    won), `lost`, `no_decision`, `removed`, `open` (still on the way). They add up to `entered`. `progressed`:
    `analysis.progressions` of these visits, where they are known already. Deals that the first snapshot found in the
    stage are left out, unless they were created in the period: nobody knows when they entered.

    Do not read `reached` ÷ `entered` as a conversion while many are open: `stage_conversion` treats them right.
    """
    by = check_columns(deals, by)
    ours = _entries(deals, progressions(visits) if progressed is None else progressed, period, by)
    ends = [REACHED, *(outcome.value for outcome in Outcome if outcome is not Outcome.WON)]
    keys = [*by, "pipeline", "stage", "stage_order"]
    cells = ours.group_by(*keys, "end").agg(**totals("n", ibis.literal(value=True)))
    aggregates = {f"entered{part}": _[f"n{part}"].sum() for part in _TRIPLE}
    for end in ends:
        aggregates |= {f"{end}{part}": ibis.coalesce(_[f"n{part}"].sum(where=_.end == end), 0) for part in _TRIPLE}
    return cells.group_by(*keys).agg(**aggregates).order_by(*by, "pipeline", "stage_order", "stage")


def _entries(deals: ibis.Table, progressed: ibis.Table, period: Period, by: Sequence[str]) -> ibis.Table:
    """Give the first entries into a stage in the period, with what became of each."""
    told = progressed.filter((_.entered_on >= period.start) & (_.entered_on < period.end))
    ours = told.join(deals.select("deal_id", "amount", "created_on", *by), "deal_id")
    return ours.filter(entered_since(period.start, _.start_unknown))


def stage_flow(deals: ibis.Table, visits: ibis.Table, *, period: Period, by: Sequence[str] = ()) -> ibis.Table:
    """What stood in each stage when the period began, what came, what left and how, and what stood there at its end.

    Gives one row per `by`, pipeline and open stage, in order: `at_start`, `entered`, `advanced`, `back`, `won`, `lost`,
    `no_decision`, `removed`, `at_end`; `at_start + entered - (the six ways out) = at_end`, in counts of visits and in
    amounts. What the first snapshot found in a stage had stood there before, unless the deal was created in the period.
    `left_on_unknown`: visits left out because nobody knows the day the deal closed.
    """
    by = check_columns(deals, by)
    ours = _stays(deals, visits, period, by)
    # Counted by fate first: few cells stand for many visits, and the two dozen columns are summed from them.
    keys = [*by, "pipeline", "stage", "stage_order"]
    cells = ours.group_by(*keys, "exit", "before", "gone", "known").agg(**totals("n", ibis.literal(value=True)))
    aggregates = {
        f"{name}{part}": ibis.coalesce(_[f"n{part}"].sum(where=where), 0)
        for name, where in _FLOWS.items()
        for part in _TRIPLE
    }
    aggregates["left_on_unknown"] = ibis.coalesce(_.n.sum(where=~_.known), 0)
    return cells.group_by(*keys).agg(**aggregates).order_by(*by, "pipeline", "stage_order", "stage")


_FLOWS: Final = {
    "at_start": _.known & _.before,
    "entered": _.known & ~_.before,
    **{way: _.known & _.gone & (_.exit == way) for way in _EXITS},
    "at_end": _.known & ~_.gone,
}


def _stays(deals: ibis.Table, visits: ibis.Table, period: Period, by: Sequence[str]) -> ibis.Table:
    """Give the visits that lay in the period, with what `_FLOWS` asks of each."""
    no = ibis.literal(value=False)
    there = visits.filter((_.entered_on < period.end) & (_.left_on.isnull() | (_.left_on >= period.start)))
    fates = there.select(
        "deal_id",
        "pipeline",
        "stage",
        "stage_order",
        "exit",
        "entered_on",
        unknown=start_unknown(),
        gone=ibis.coalesce(_.left_on < period.end, no),
        known=_.left_on.notnull() | (_.exit == Outcome.OPEN.value),
    )
    ours = fates.join(deals.select("deal_id", "amount", "created_on", *by), "deal_id")
    return ours.mutate(before=~entered_since(period.start, _.unknown))


def snapshot(deals: ibis.Table, stages: ibis.Table, *, by: Sequence[str] = ()) -> ibis.Table:
    """What stands in each stage now.

    Gives one row per `by`, pipeline and stage in which open deals stand, in order: `deals`; `stage_order` and `kind`
    are null for a stage that `stages` does not know or for deals of which nobody knows the stage. A stage of another
    `kind` than `open` is a contradiction in the source: the deal is open, its stage is not.
    """
    by = check_columns(deals, by)
    rungs = ladder(stages).select("pipeline", "stage", "stage_order", "kind")
    standing = deals.filter(_.outcome == Outcome.OPEN.value)
    counts = standing.group_by(*by, "pipeline", "stage").agg(**totals("deals", ibis.literal(value=True)))
    found = counts.left_join(rungs, ["pipeline", "stage"], rname="of_{name}")
    found = found.select(*by, "pipeline", "stage", "stage_order", "kind", *(f"deals{part}" for part in _TRIPLE))
    return found.order_by(*by, "pipeline", _.stage_order.asc(nulls_first=False), "stage")


FIGURES: Final = {
    FunnelMode.CREATED_COHORT: ("deals", "at_least", "skipped"),
    FunnelMode.STAGE_ENTRY_COHORT: ("entered", REACHED, "open", "lost", "no_decision", "removed"),
    FunnelMode.PERIOD_FLOW: tuple(_FLOWS),
    FunnelMode.SNAPSHOT: ("deals",),
}
"""Counts of each mode whose deals `counted` names."""


def counted(
    deals: ibis.Table,
    visits: ibis.Table,
    stages: ibis.Table,
    *,
    mode: FunnelMode,
    period: Period,
    pipeline: str,
    stage: str,
    figure: str,
) -> ibis.Table:
    """Which deals a count of the funnel counts: `figure` is one of `FIGURES`, in the row of a pipeline and stage.

    Reads what `funnel` reads. Gives `deal_id`, one row per deal, without order. There are as many as the count says,
    but for a period flow, which counts visits: a deal that came twice is one row here.

    Source: own definition; `tests/analysis/test_funnel.py` holds it against `funnel`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> deals = {"deal_id": ["d"], "pipeline": ["p"], "stage": ["talk"], "outcome": ["open"]}
    >>> tables = [ibis.memtable(pa.table(deals)), ibis.memtable(pa.table({"deal_id": ["d"]}))]
    >>> which = {"mode": FunnelMode.SNAPSHOT, "period": Period(date(2026, 11, 2), date(2026, 11, 9))}
    >>> counted(*tables, tables[1], **which, pipeline="p", stage="talk", figure="deals").to_pyarrow().to_pylist()
    [{'deal_id': 'd'}]
    """
    here = (_.pipeline == pipeline) & (_.stage == stage)
    match mode:
        case FunnelMode.CREATED_COHORT:
            rungs = _rungs(stages)
            ours, reach = _cohort(deals, visits, rungs, period, ())
            come = reach.drop("stage").join(rungs.filter(here), "pipeline").filter(_COME)
            entered = ours.filter(here & _.first)
            if figure == "at_least" or (figure == "deals" and stage == StageKind.WON.value):
                found = come
            elif figure == "deals":
                found = entered
            else:
                found = come.filter(_.kind != StageKind.WON.value).anti_join(entered, "deal_id")
        case FunnelMode.STAGE_ENTRY_COHORT:
            entries = _entries(deals, progressions(visits), period, ()).filter(here)
            found = entries if figure == "entered" else entries.filter(_.end == figure)
        case FunnelMode.PERIOD_FLOW:
            found = _stays(deals, visits, period, ()).filter(here & _FLOWS[figure])
        case _:
            found = deals.filter(here & (_.outcome == Outcome.OPEN.value))
    return found.select("deal_id").distinct()
