"""How far along the way to its target is everybody."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import count_of, totals
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

ALL: Final = "all"
_ROOMY: Final = "decimal(38, 2)"


class Subject(StrEnum):
    """Whose target it is; the column of deals that says so is `None`, `team` or `owner_id`."""

    ORGANISATION = "organisation"
    TEAM = "team"
    PERSON = "person"


class Metric(StrEnum):
    """What the target counts."""

    WON_AMOUNT = "won_amount"
    WON_COUNT = "won_count"


_COLUMN: Final = {Subject.TEAM: "team", Subject.PERSON: "owner_id"}


def progress(
    deals: ibis.Table,
    targets: ibis.Table,
    calendar: ibis.Table,
    *,
    as_of: date,
    period: Period,
    subject: Subject,
    metric: Metric = Metric.WON_AMOUNT,
) -> ibis.Table:
    """What has been won of the target, what should have been by now, and whether the open pipeline covers the rest.

    Reads `deals` as of `as_of` (one row per deal: `deal_id, outcome, closed_on, expected_close_on, amount, source` and
    `team` or `owner_id`; see `deal_traits`), `targets` in the deals' currency, and `calendar` (one row per civil date).

    Gives one row per `subject_id` and `lead_source` that has a target or a win or an open deal due, in order (`all`:
    every lead source; one source only where a target names it):

    - `target`, and `reason` when it is null: `no_target`, or `gap` (the targets inside the period leave days out);
    - `won`, `won_amount`, `won_amount_unknown`: won in the period up to `as_of`; `attained`: of these what the metric
      counts; `attainment` = attained ÷ target;
    - `working_days` of the period, `working_days_passed` by the end of `as_of`; `expected` = target × share of working
      days passed, `ahead` = attained less expected (negative: behind); `left` = target less attained;
      `needed_per_day` = left ÷ working days left (null when none is left or nothing);
    - `open_due`, `open_due_amount`, `open_due_amount_unknown`: open deals expected to close in the period, overdue ones
      of it included; `coverage` = open amount (or count) due ÷ left; null when nothing is left.

    Counts how: a deal counts on its close date for its owner, and for the team of that day. A target for exactly this
    period counts; otherwise those inside it are added up, if they have as many days as it has.

    Small numbers: counts and amounts are exact. Refuses: nothing. Do not hold a coverage against 3 or 1 ÷ win rate: the
    need is 1 ÷ pipeline conversion (`due_deals`). Working days passed are no law of when deals close.
    Source: own definition; `tests/analysis/test_progress.py`.

    >>> import pyarrow as pa
    >>> day = date(2026, 11, 2)
    >>> deals = {"deal_id": ["a", "b"], "outcome": ["won", "open"], "closed_on": [day, None], "source": ["web", "web"]}
    >>> deals |= {"expected_close_on": [day, date(2026, 11, 5)], "amount": pa.array([4, 9], pa.decimal128(18, 2))}
    >>> target = {"subject_kind": ["organisation"], "subject_id": ["all"], "metric": ["won_amount"]}
    >>> target |= {"period_start": [day], "period_end": [date(2026, 11, 9)], "lead_source": ["all"]}
    >>> target |= {"amount": pa.array([10], pa.decimal128(18, 2))}
    >>> days = [date(2026, 11, n) for n in range(2, 9)]
    >>> calendar = {"day": days, "working": [True] * 5 + [False] * 2}
    >>> tables = (ibis.memtable(pa.table(rows)) for rows in (deals, target, calendar))
    >>> week = Period.week_of(day)
    >>> found = progress(*tables, as_of=day, period=week, subject=Subject.ORGANISATION)
    >>> found.select("attainment", "expected", "left", "coverage").to_pyarrow().to_pylist()
    [{'attainment': 0.4, 'expected': Decimal('2.00'), 'left': Decimal('6.00'), 'coverage': 1.5}]
    """
    goals = targets_for(targets, period=period, subject=subject, metric=metric)
    told = _achieved(deals, goals, as_of=as_of, period=period, subject=subject)
    keys = ["subject_id", "lead_source"]
    joined = told.outer_join(goals, [told[key].identical_to(goals[key]) for key in keys], rname="of_{name}")
    merged = {key: ibis.coalesce(_[key], _[f"of_{key}"]) for key in keys}
    names = [name for name in told.columns if name not in keys]
    numbers = {name: ibis.coalesce(_[name], 0).cast(told[name].type()) for name in names}
    joined = joined.mutate(**merged, **numbers, reason=_.of_subject_id.isnull().ifelse("no_target", _.reason))
    joined = joined.cross_join(_pace(calendar, as_of=as_of, period=period))
    counted = metric is Metric.WON_COUNT
    paced = joined.mutate(
        attained=(_.won.cast(_ROOMY) if counted else _.won_amount),
        due=(_.open_due.cast(_ROOMY) if counted else _.open_due_amount),
    )
    passed = _.working_days_passed.cast("float64") / _.working_days.cast("float64").nullif(0)
    paced = paced.mutate(
        attainment=_share(_.attained, _.target),
        expected=(_.target.cast("float64") * passed).cast(_ROOMY),
        left=_.target - _.attained,
    )
    days_left = (_.working_days - _.working_days_passed).cast("float64").nullif(0)
    rest = (_.left > 0).ifelse(_.left, ibis.null(_ROOMY))
    told = paced.mutate(
        ahead=_.attained - _.expected,
        needed_per_day=(rest.cast("float64") / days_left).cast(_ROOMY),
        coverage=_share(_.due, rest),
    )
    shown = [*keys, "target", "reason", "won", "won_amount", "won_amount_unknown", "attained", "attainment"]
    shown += ["working_days", "working_days_passed", "expected", "ahead", "left", "needed_per_day"]
    shown += ["open_due", "open_due_amount", "open_due_amount_unknown", "coverage"]
    return told.select(*shown).order_by(*keys)


def _share(part: ir.DecimalValue, whole: ir.DecimalValue) -> ir.FloatingValue:
    return part.cast("float64") / whole.cast("float64").nullif(0)


def targets_for(
    targets: ibis.Table, *, period: Period, subject: Subject, metric: Metric = Metric.WON_AMOUNT
) -> ibis.Table:
    """Which target each subject has in a period: the one for exactly this period, or those inside it that tile it.

    Gives `subject_id`, `lead_source`, `target` and, when it is null, a `reason`, as `progress` does.

    >>> import pyarrow as pa
    >>> month = Period.parse("2026-11")
    >>> target = {"subject_kind": ["team"], "subject_id": ["1팀"], "metric": ["won_amount"], "lead_source": ["all"]}
    >>> target |= {"period_start": [month.start], "period_end": [month.end]}
    >>> target = ibis.memtable(pa.table(target | {"amount": pa.array([10], pa.decimal128(18, 2))}))
    >>> targets_for(target, period=month, subject=Subject.TEAM).select("subject_id", "target").to_pyarrow().to_pylist()
    [{'subject_id': '1팀', 'target': Decimal('10.00')}]
    """
    ours = targets.filter(
        (_.subject_kind == subject.value)
        & (_.metric == metric.value)
        & (_.period_start >= period.start)
        & (_.period_end <= period.end)
    )
    exact = (_.period_start == period.start) & (_.period_end == period.end)
    days = (-_.period_start.delta(_.period_end, unit="day")).cast("int64")
    found = (
        ours.select("subject_id", "lead_source", "amount", exact=exact, days=days)
        .group_by("subject_id", "lead_source")
        .agg(
            whole=_.amount.sum(where=_.exact),
            parts=_.amount.sum(where=~_.exact),
            days=_.days.sum(where=~_.exact),
        )
    )
    tiled = (_.days == period.days).ifelse(_.parts, ibis.null("decimal(38, 2)"))
    found = found.mutate(target=ibis.coalesce(_.whole.cast(_ROOMY), tiled.cast(_ROOMY)))
    return found.select(
        "subject_id", "lead_source", "target", reason=_.target.isnull().ifelse("gap", ibis.null("string"))
    )


def _achieved(deals: ibis.Table, goals: ibis.Table, *, as_of: date, period: Period, subject: Subject) -> ibis.Table:
    """What was won and what is due, by subject and lead source; a source by itself only where a target names it."""
    column = _COLUMN.get(subject)
    check_columns(deals, [] if column is None else [column])
    inside = (_.closed_on >= period.start) & (_.closed_on < period.end) & (_.closed_on <= as_of)
    due = (_.expected_close_on >= period.start) & (_.expected_close_on < period.end)
    won = (_.outcome == Outcome.WON.value) & inside
    is_due = (_.outcome == Outcome.OPEN.value) & due
    subject_id = ibis.literal(ALL) if column is None else _[column]
    ours = deals.filter(won | is_due).select("source", "amount", subject_id=subject_id, won=won, due=is_due)
    counts = totals("won", _.won) | totals("open_due", _.due)
    by_source = ours.group_by("subject_id", lead_source="source").agg(**counts)
    named = goals.filter(_.lead_source != ALL).select("lead_source")
    every = by_source.group_by("subject_id").agg(**{name: _[name].sum() for name in counts})
    names = ["subject_id", "lead_source", *counts]
    every = every.mutate(lead_source=ibis.literal(ALL)).cast({name: by_source[name].type() for name in counts})
    parts = [every.select(*names), by_source.semi_join(named, "lead_source").select(*names)]
    return ibis.union(
        *(part.cast({name: kind.copy(nullable=True) for name, kind in part.schema().items()}) for part in parts)
    )


def _pace(calendar: ibis.Table, *, as_of: date, period: Period) -> ibis.Table:
    days = calendar.filter(_.working & (_.day >= period.start) & (_.day < period.end))
    return days.agg(working_days=_.count(), working_days_passed=count_of(_.day <= as_of))
