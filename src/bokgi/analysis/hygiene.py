"""Which open deals are not looked after, or cannot be relied on in a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import by_people, is_planned, was_held
from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.pushes import pushes
from bokgi.analysis.totals import count_of, lacks_amount, totals
from bokgi.analysis.visits import ladder, start_unknown
from bokgi.domain.stage import Outcome

PUSHES: Final = 3
"""From so many moves of its close date to a later day on a deal counts as pushed."""
PLANNED: Final = 0.1
"""Share of the open deals for which something is planned, from which on a source tells what people plan."""
_DATES: Final = ("expected_close_on", "next_step_on")
REASONS: Final = (
    "no_amount",
    "no_close_date",
    "close_passed",
    "pushed",
    "no_next_step",
    "next_step_passed",
    "untouched",
    "never_touched",
    "nothing_planned",
    "stage_overdue",
)


def hygiene(
    deals: ibis.Table,
    visits: ibis.Table,
    stages: ibis.Table,
    activities: ibis.Table,
    deal_changes: ibis.Table,
    calendar: ibis.Table,
    *,
    as_of: date,
    untouched_days: int = 10,
) -> ibis.Table:
    """Which open deals want attention, and why: no next step, a close date that passed, nobody in touch, and so on.

    Reads, all as of `as_of`: `deals` (one row per deal), `visits` (`analysis.visits`), `stages`, `activities` (planned
    ones, too), `deal_changes` and `calendar` (one row per civil date).

    Gives one row per open deal, those without a reason included, the largest amount first: `deal_id, owner_id,
    pipeline, stage, amount, created_on, expected_close_on, next_step_on`, what the reasons rest on, the reasons as
    booleans (null: cannot be known) and `reasons`, the number of those that hold. The reasons (`REASONS`):

    - `no_amount`, `no_close_date`: not filled in (an amount whose currency is still named is, and waits for a rate);
      `close_passed`: the expected close lies before `as_of`;
    - `pushed`: the expected close was moved to a later day `PUSHES` times or more (`times_pushed`);
    - `no_next_step`: none is written down and none is dated; `next_step_passed`: its date lies before `as_of`;
    - `untouched`: no activity by a person for `untouched_days` working days (`idle_working_days` since
      `last_activity_on`, or since the deal was created or assigned when there was none) and none planned
      (`next_activity_on`); `never_touched`: no activity by a person at all, and none planned;
    - `nothing_planned`: no activity by a person lies ahead, nor the date of a next step;
    - `stage_overdue`: in the stage for more days (`days_in_stage`, all visits to it; null on the day on which a first
      export found the deal there, and at least so many since: `days_in_stage_at_least`) than `expected_days` of it.

    Null: a value that was `unknown_then`; touch when there are no activities at all; what is planned when for fewer
    than one open deal in ten (`PLANNED`) anything is, for then the source does not tell what people plan; a passed date
    when no deal has one; pushes when no change of a close date was ever recorded; the age in a stage without history or
    standard.

    Small numbers: none are judged here; each row is one deal. Refuses: nothing. Do not use it to judge people: who has
    inherited much shows more of it. Source: own definition; `tests/analysis/test_hygiene.py`.

    >>> import pyarrow as pa
    >>> from bokgi.facts.schema import STATE_COLUMNS, TABLES
    >>> def table(name, **row):
    ...     columns = (*TABLES[name].columns, *STATE_COLUMNS.get(name, ()))
    ...     schema = pa.schema([column.arrow().with_nullable(True) for column in columns])
    ...     return ibis.memtable(pa.Table.from_pylist([row] if row else [], schema=schema))
    >>> deal = table("deals", deal_id="d", outcome="open", expected_close_on=date(2026, 11, 2), has_next_step=False)
    >>> nothing = [table(name) for name in ("stages", "activities", "deal_changes", "calendar")]
    >>> none = table("stage_events").select(
    ...     "deal_id", "pipeline", "stage", "entered_on", "not_before_on", left_on="entered_on"
    ... )
    >>> none = none.mutate(exit=none.stage, interval=none.entered_on.isnull())
    >>> found = hygiene(deal, none, *nothing, as_of=date(2026, 11, 9))
    >>> found.select(
    ...     "deal_id", "no_amount", "close_passed", "no_next_step", "untouched", "reasons"
    ... ).to_pyarrow().to_pylist()
    [{'deal_id': 'd', 'no_amount': True, 'close_passed': True, 'no_next_step': True, 'untouched': None, 'reasons': 3}]
    """
    columns = ["owner_id", "pipeline", "stage", "amount", "created_on", "expected_close_on", "next_step_on"]
    used = ["deal_id", *columns, "assigned_on", "has_next_step", "unknown_then", "currency"]
    open_deals = deals.filter(_.outcome == Outcome.OPEN.value).select(*used)
    told = _touched(open_deals, activities, calendar, as_of=as_of)
    told = told.left_join(_pushed(open_deals, deal_changes), "deal_id", rname="of_{name}")
    told = told.left_join(_stay(open_deals, visits, as_of=as_of), ["deal_id", "pipeline", "stage"], rname="of_{name}")
    expected = ladder(stages).select("pipeline", "stage", "expected_days")
    told = told.left_join(expected, ["pipeline", "stage"], rname="of_{name}")
    told = told.cross_join(_recorded(deals, activities, deal_changes, as_of=as_of))
    counted = told.mutate(
        times_pushed=_.changes_recorded.ifelse(ibis.coalesce(_.times_pushed, 0), ibis.null("int64")),
        # One that was created on the day on which it was found has entered there.
        days_in_stage_at_least=_.days_in_stage.notnull().ifelse(
            ibis.coalesce(_.created_on < _.found_on, _.found_on.notnull()), ibis.null("boolean")
        ),
    )
    told = counted.mutate(**_reasons(as_of, untouched_days))
    number = sum(
        (ibis.coalesce(told[name], ibis.literal(value=False)).cast("int64") for name in REASONS), ibis.literal(0)
    )
    evidence = [
        "last_activity_on",
        "next_activity_on",
        "idle_working_days",
        "times_pushed",
        "days_in_stage",
        "days_in_stage_at_least",
        "expected_days",
    ]
    return (
        told.mutate(reasons=number.cast("int64"))
        .select("deal_id", *columns, *evidence, *REASONS, "reasons")
        .order_by(_.amount.desc(nulls_first=False), _.deal_id)
    )


def hygiene_by(found: ibis.Table, deals: ibis.Table, *, by: Sequence[str] = ()) -> ibis.Table:
    """How many open deals each reason holds for, and what they come to.

    Reads the table of `hygiene`, all rows of it, and `deals` for those columns in `by` that it has not itself. Gives
    one row per `by`: `open`, `flagged` (at least one reason) and each of `REASONS`, all with `…_amount` and
    `…_amount_unknown`. A reason that cannot be known counts as not holding.

    >>> import pyarrow as pa
    >>> row = {"deal_id": ["d"], "amount": pa.array([5], pa.decimal128(18, 2)), "reasons": [1]}
    >>> found = ibis.memtable(pa.table(row | dict.fromkeys(REASONS, [False]) | {"untouched": [True]}))
    >>> hygiene_by(found, found.select("deal_id")).select("open", "untouched", "pushed").to_pyarrow().to_pylist()
    [{'open': 1, 'untouched': 1, 'pushed': 0}]
    """
    by = check_columns(deals, by)
    missing = [column for column in by if column not in found.columns]
    ours = found.join(deals.select("deal_id", *missing), "deal_id", rname="of_{name}") if missing else found
    counts = totals("open", _.deal_id.notnull()) | totals("flagged", _.reasons > 0)
    for reason in REASONS:
        counts |= totals(reason, _[reason])
    return ours.group_by(*by).agg(**counts).order_by(*by) if by else ours.agg(**counts)


def _touched(deals: ibis.Table, activities: ibis.Table, calendar: ibis.Table, *, as_of: date) -> ibis.Table:
    """Add the last and the next activity by a person, and the working days since."""
    counted = by_people(activities).semi_join(deals, "deal_id")
    touches = counted.group_by("deal_id").agg(
        last_activity_on=_.happened_on.max(where=was_held(as_of)),
        next_activity_on=_.happened_on.min(where=is_planned(as_of)),
    )
    told = deals.left_join(touches, "deal_id", rname="of_{name}").drop("of_deal_id")
    # Without an activity the clock starts when the deal came to its owner.
    begun = ibis.coalesce(_.last_activity_on, ibis.greatest(_.created_on, ibis.coalesce(_.assigned_on, _.created_on)))
    told = told.mutate(idle_since=ibis.coalesce(begun, _.assigned_on))
    since = calendar.select(since_day="day", since_working_days="working_days")
    today = calendar.filter(_.day == as_of).select(today_working_days="working_days")
    told = told.left_join(since, told.idle_since == since.since_day).left_join(today, ibis.literal(value=True))
    return told.mutate(idle_working_days=_.today_working_days - _.since_working_days)


def _pushed(deals: ibis.Table, deal_changes: ibis.Table) -> ibis.Table:
    return pushes(deal_changes).semi_join(deals, "deal_id").group_by("deal_id").agg(times_pushed=_.count())


def _stay(deals: ibis.Table, visits: ibis.Table, *, as_of: date) -> ibis.Table:
    until = ibis.coalesce(_.left_on, ibis.literal(as_of))
    ours = visits.semi_join(deals, ["deal_id", "pipeline", "stage"])
    # Found there today by a first export: since when nobody knows. What it has stood since then, it has at least.
    ours = ours.filter(~(start_unknown() & (_.entered_on == as_of)))
    stays = ours.group_by("deal_id", "pipeline", "stage").agg(
        days_in_stage=(-_.entered_on.delta(until, unit="day")).sum().cast("int64"),
        found_on=_.entered_on.max(where=start_unknown()),
        here=(_.exit == Outcome.OPEN.value).any(),
    )
    return stays.filter(_.here).drop("here")


def _recorded(deals: ibis.Table, activities: ibis.Table, deal_changes: ibis.Table, *, as_of: date) -> ibis.Table:
    """One row: does the source record activities by people, planned ones, changes of close dates, each of `_DATES`."""
    touches = activities.filter(~_.automatic).agg(
        touches_recorded=_.count() > 0, planned=_.deal_id.nunique(where=is_planned(as_of))
    )
    changes = deal_changes.filter(_.field == "expected_close_on").agg(changes_recorded=_.count() > 0)
    dates = {f"{name}_recorded": _[name].count() > 0 for name in _DATES}
    whole = deals.agg(**dates, open_deals=count_of(_.outcome == Outcome.OPEN.value))
    recorded = touches.cross_join(changes).cross_join(whole)
    return recorded.mutate(plans_recorded=(_.planned > 0) & (_.planned >= PLANNED * _.open_deals))


def _reasons(as_of: date, untouched_days: int) -> dict[str, ir.BooleanValue]:
    unknown = ibis.null("boolean")

    def unless_unknown(column: str, holds: ir.BooleanValue) -> ir.BooleanValue:
        return _.unknown_then.contains(f",{column},").ifelse(unknown, holds)

    idle = (_.idle_working_days >= untouched_days) & _.next_activity_on.isnull()
    never = _.last_activity_on.isnull() & _.next_activity_on.isnull()
    ahead = _.next_activity_on.notnull() | ibis.coalesce(_.next_step_on >= as_of, ibis.literal(value=False))
    passed = {
        name: _[f"{name}_recorded"].ifelse(ibis.coalesce(_[name] < as_of, ibis.literal(value=False)), unknown)
        for name in _DATES
    }
    return {
        "no_amount": unless_unknown("amount", lacks_amount()),
        "no_close_date": unless_unknown("expected_close_on", _.expected_close_on.isnull()),
        "close_passed": unless_unknown("expected_close_on", passed["expected_close_on"]),
        "pushed": _.times_pushed >= PUSHES,
        "no_next_step": unless_unknown(
            "has_next_step", _.next_step_on.notnull().ifelse(ibis.literal(value=False), ~_.has_next_step)
        ),
        "next_step_passed": unless_unknown("next_step_on", passed["next_step_on"]),
        "untouched": _.touches_recorded.ifelse(idle, unknown),
        "never_touched": _.touches_recorded.ifelse(never, unknown),
        "nothing_planned": unless_unknown("next_step_on", _.plans_recorded.ifelse(~ahead, unknown)),
        "stage_overdue": _.days_in_stage > _.expected_days,
    }
