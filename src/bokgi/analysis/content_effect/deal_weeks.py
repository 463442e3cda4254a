"""Deals week by week: where each stood when the week began, what had been done, whether it moved on in the week."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.domain.stage import Outcome

MOVED: Final = ("advanced", Outcome.WON.value)
TRAITS: Final = ("owner_id", "segment", "industry", "source", "lead_grade", "type")
"""What was known of a deal when it began."""
EARLIER: Final = (3, 4, 5, 6, 7, 8)
NOTHING, TOUCHED, MET = 0, 1, 2


def deal_weeks(
    deals: ibis.Table, visits: ibis.Table, activities: ibis.Table, calendar: ibis.Table, *, as_of: date
) -> ibis.Table:
    """In which stage each deal began each week, and whether it moved on from there in that week.

    Reads `deals` (one row per deal, with `TRAITS`), `visits` (`analysis.visits`), `activities` and `calendar`, all as
    of the end of `as_of`.

    Gives one row per deal and week that the deal began in an open stage: `deal_id`, `week` (its Monday), `pipeline`,
    `stage`, `weeks_in_stage` (full weeks since it came there), `weeks_open` (since its first stage), `moved` (advanced
    or was won in this week; a deal that goes back or ends leaves without having moved), `acted_1` and `acted_2` (what
    people did on it in the week before and the one before that: 0 nothing, 1 something, 2 a meeting), `acted_before`
    (in how many of the six weeks before those anybody did anything), and `TRAITS` (null: not known).

    Counts how: weeks that are over by `as_of`. A stage that a deal came to and left within one week has no row: nothing
    that was done in it can be told from what followed. Automatic activities never count. Visits whose beginning lies in
    an interval between two snapshots count from its end.

    Small numbers: none are judged here. Refuses: nothing. Do not use it for conversion: deals that are quick are
    missing. Source: own definition; `tests/analysis/content_effect`.

    >>> import pyarrow as pa
    >>> from bokgi.facts.schema import TABLES
    >>> def table(name, **row):
    ...     schema = pa.schema([column.arrow().with_nullable(True) for column in TABLES[name].columns])
    ...     return ibis.memtable(pa.Table.from_pylist([row] if row else [], schema=schema))
    >>> days = pa.array([date(2026, 10, 28), date(2026, 11, 4)], pa.date32())
    >>> visit = {"deal_id": ["d"], "pipeline": ["p"], "stage": ["talk"], "exit": ["advanced"]}
    >>> visit = ibis.memtable(pa.table(visit | {"entered_on": days[:1], "left_on": days[1:]}))
    >>> deal = table("deals", deal_id="d").mutate(segment=ibis.literal("SMB"), industry=ibis.literal("IT"))
    >>> monday = table("calendar", day=date(2026, 11, 2), week_start=date(2026, 11, 2))
    >>> found = deal_weeks(deal, visit, table("activities"), monday, as_of=date(2026, 11, 8))
    >>> found.select("deal_id", "week", "stage", "weeks_in_stage", "moved").to_pyarrow().to_pylist()
    [{'deal_id': 'd', 'week': datetime.date(2026, 11, 2), 'stage': 'talk', 'weeks_in_stage': 0, 'moved': True}]
    """
    mondays = calendar.filter(_.day == _.week_start).select(week="day")
    mondays = mondays.filter(_.week + ibis.interval(days=6) <= as_of)
    stays = visits.select("deal_id", "pipeline", "stage", "entered_on", "left_on", "exit")
    stays = stays.mutate(begun_on=_.entered_on.min().over(ibis.window(group_by="deal_id")))
    at_risk = stays.join(
        mondays,
        [
            mondays.week > stays.entered_on,
            stays.left_on.isnull() | (mondays.week <= stays.left_on),
            stays.left_on.notnull() | (stays.exit == Outcome.OPEN.value),
        ],
    )
    in_week = _.left_on.notnull() & (_.left_on < _.week + ibis.interval(days=7))
    rows = at_risk.select(
        "deal_id",
        "week",
        "pipeline",
        "stage",
        weeks_in_stage=(_.week.delta(_.entered_on, unit="day") / 7).floor().cast("int64"),
        weeks_open=(_.week.delta(_.begun_on, unit="day") / 7).floor().cast("int64"),
        moved=in_week & _.exit.isin(MOVED),
    )
    traits = deals.select("deal_id", *TRAITS)
    rows = rows.inner_join(traits, "deal_id")
    week_of = calendar.select("day", acted_week="week_start")
    acts = held(activities, as_of=as_of).filter(_.deal_id.notnull()).select("deal_id", "kind", day="happened_on")
    done = (
        acts.join(week_of, "day")
        .group_by("deal_id", "acted_week")
        .agg(acted=(_.kind == "meeting").ifelse(MET, TOUCHED).max())
    )
    for lag in (1, 2):
        rows = _joined(rows, _later(done, lag).mutate(n=_.acted), f"acted_{lag}")
    before = ibis.union(*(_later(done, lag) for lag in EARLIER))
    return _joined(rows, before.group_by("act_deal", "act_week").agg(n=_.count()), "acted_before")


def _later(done: ibis.Table, weeks: int) -> ibis.Table:
    """Give what was done by deal, under the week that lies so many weeks later."""
    later = (_.acted_week + ibis.interval(days=7 * weeks)).cast("date")
    return done.select("acted", act_deal="deal_id", act_week=later)


def _joined(rows: ibis.Table, done: ibis.Table, name: str) -> ibis.Table:
    """Add `n` of a deal and week as a column, 0 where there is none."""
    found = rows.left_join(done, [rows.deal_id == done.act_deal, rows.week == done.act_week])
    return found.select(*rows.columns, **{name: ibis.coalesce(found.n, NOTHING).cast("int64")})


def first_exposures(content_events: ibis.Table, calendar: ibis.Table, *, as_of: date) -> ibis.Table:
    """In which week each deal first saw each item of content: `deal_id`, `content_id`, `week` (its Monday).

    Sent, opened and read all count, the first of them.

    >>> import pyarrow as pa
    >>> seen = {"deal_id": ["d", "d"], "content_id": ["c", "c"], "happened_on": [date(2026, 11, 4), date(2026, 11, 12)]}
    >>> days = {"day": [date(2026, 11, 4), date(2026, 11, 12)], "week_start": [date(2026, 11, 2), date(2026, 11, 9)]}
    >>> tables = (ibis.memtable(pa.table(rows)) for rows in (seen, days))
    >>> first_exposures(*tables, as_of=date(2026, 11, 30)).to_pyarrow().to_pylist()
    [{'deal_id': 'd', 'content_id': 'c', 'week': datetime.date(2026, 11, 2)}]
    """
    known: ir.BooleanValue = _.deal_id.notnull() & _.content_id.notnull() & (_.happened_on <= as_of)
    seen = content_events.filter(known).select("deal_id", "content_id", day="happened_on")
    weeks = calendar.select("day", week="week_start")
    return seen.join(weeks, "day").group_by("deal_id", "content_id").agg(week=_.week.min())
