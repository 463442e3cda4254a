"""How long leads wait for a first word from us."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
from ibis import _

from bokgi.analysis.activity import held
from bokgi.analysis.stage_conversion import groups
from bokgi.analysis.survival import incidence, quantile
from bokgi.domain.period import Period

ANSWERED: Final = "answered"
_DAY: Final = 1440
_HOUR: Final = 60.0


def lead_response(
    leads: ibis.Table,
    activities: ibis.Table,
    calendar: ibis.Table,
    *,
    as_of: date,
    period: Period,
    standard_hours: float | None = None,
    minimum_n: int = 10,
) -> pa.Table:
    """How many hours pass from the assignment of a lead to the first activity by a person, and how often too many.

    Reads `leads` (one row per lead: `owner_id, account_id, converted_deal_id, assigned_at, assigned_on`), `activities`
    and `calendar` (one row per civil date), all as of `as_of`. Runs the expression on their engine.

    Gives one row per person and one for all of them (`person_id` null), in order: `leads` assigned in the period,
    `answered` by `as_of`, `by_day` (leads of which only the days are known), `median_hours` and `p80_hours` (null: not
    so many answered yet), `within_standard` (0 to 1: share answered within `standard_hours`; null without one),
    `reason`: `too_few` below `minimum_n` leads.

    Counts how: the first activity by a person on the lead's account or on the deal it became, on or after the day of
    assignment (after the moment, where both are known). Hours leave out the days that are not working days; a working
    day counts 24. Without moments, working days × 24. A lead without an answer counts as waiting until `as_of`
    (Kaplan–Meier), so that leads nobody answered do not make the median look short.

    Small numbers: null with a reason. Refuses: nothing. Do not use it where activities are not logged: silence in the
    data is then not silence. Source: own definition; `tests/analysis/test_execution.py`.

    >>> from datetime import UTC, datetime
    >>> friday, monday = datetime(2026, 11, 6, 9, tzinfo=UTC), datetime(2026, 11, 9, 11, tzinfo=UTC)
    >>> lead = {"lead_id": ["l"], "owner_id": ["kim"], "account_id": ["a"], "converted_deal_id": ["d"]}
    >>> lead |= {"assigned_on": [friday.date()], "assigned_at": [friday]}
    >>> call = {"activity_id": ["c"], "account_id": ["a"], "deal_id": ["d"], "happened_on": [monday.date()]}
    >>> call |= {"happened_at": [monday], "automatic": [False], "done": [True], "outcome": ["connected"]}
    >>> days = [date(2026, 11, day) for day in range(6, 11)]
    >>> calendar = {"day": days, "working_days": [1, 1, 1, 2, 3]}
    >>> tables = [ibis.memtable(pa.table(rows)) for rows in (lead, call, calendar)]
    >>> november = Period(date(2026, 11, 1), date(2026, 12, 1))
    >>> found = lead_response(*tables, as_of=days[-1], period=november, standard_hours=24, minimum_n=1)
    >>> found.select(["person_id", "leads", "answered", "median_hours", "within_standard"]).to_pylist()[0]
    {'person_id': None, 'leads': 1, 'answered': 1, 'median_hours': 26.0, 'within_standard': 0.0}
    """
    cells = waiting_cells(leads, activities, calendar, as_of=as_of, period=period).to_pyarrow()
    limit = None if standard_hours is None else round(standard_hours * _HOUR)
    rows = [_times(None, cells, limit, minimum_n)] if cells.num_rows else []
    ordered = cells.filter(cells["person_id"].is_valid()).sort_by("person_id")
    rows += [_times(person, part, limit, minimum_n) for (person,), part in groups(ordered, ["person_id"])]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def waiting_cells(
    leads: ibis.Table, activities: ibis.Table, calendar: ibis.Table, *, as_of: date, period: Period
) -> ibis.Table:
    """Count leads by `person_id`, `minutes` waited, `kind` (`answered` or `open`) and `by_day`: `n` leads."""
    ours = leads.filter((_.assigned_on >= period.start) & (_.assigned_on < period.end) & (_.assigned_on <= as_of))
    ours = ours.select("lead_id", "owner_id", "account_id", "converted_deal_id", "assigned_on", "assigned_at")
    answered = _first_answers(ours, activities, since=period.start, as_of=as_of)
    told = ours.select("lead_id", "owner_id", "assigned_on", "assigned_at").left_join(
        answered, "lead_id", rname="of_{name}"
    )
    told = told.mutate(until=ibis.coalesce(_.answered_on, ibis.literal(as_of)))
    begun = calendar.select(begun_day="day", begun_working_days="working_days")
    ended = calendar.select(ended_day="day", ended_working_days="working_days")
    told = told.left_join(begun, told.assigned_on == begun.begun_day)
    told = told.left_join(ended, told.until == ended.ended_day)
    working = _.ended_working_days - _.begun_working_days
    days = -_.assigned_on.delta(_.until, unit="day").cast("int64")
    elapsed = -_.assigned_at.delta(_.answered_at, unit="second").cast("int64") // 60
    exact = _.answered_at.notnull() & _.assigned_at.notnull()
    told = told.mutate(
        minutes=ibis.greatest(exact.ifelse(elapsed - (days - working) * _DAY, working * _DAY), 0).cast("int64"),
        kind=_.answered_on.notnull().ifelse(ANSWERED, "open"),
        by_day=~exact & _.answered_on.notnull(),
    )
    return told.group_by("minutes", "kind", "by_day", person_id="owner_id").agg(n=_.count())


def _first_answers(leads: ibis.Table, activities: ibis.Table, *, since: date, as_of: date) -> ibis.Table:
    """The first activity by a person on each lead's account or deal since it was assigned, of leads from `since` on."""
    done = held(activities, as_of=as_of).filter(_.happened_on >= since)
    done = done.select("account_id", "deal_id", answered_on="happened_on", answered_at="happened_at")
    # An activity is found by its account and by its deal; as two rows of one table it is read once.
    ways = ibis.memtable(pa.table({"by_account": [True, False]}))
    done, waiting = (
        table.cross_join(ways).mutate(key=_.by_account.ifelse(_.account_id, _[deal])).filter(_.key.notnull())
        for table, deal in ((done, "deal_id"), (leads, "converted_deal_id"))
    )
    waiting = waiting.select("lead_id", "assigned_on", "assigned_at", "by_account", lead_key="key")
    matched = waiting.join(
        done.select("by_account", "key", "answered_on", "answered_at"),
        [waiting.by_account == done.by_account, waiting.lead_key == done.key, done.answered_on >= waiting.assigned_on],
        rname="of_{name}",
    )
    earlier = ibis.coalesce(_.answered_at < _.assigned_at, ibis.literal(value=False))
    # The first moment of all is one of the first day on which moments are known: three minima, and nothing is sorted.
    first = (
        matched.filter(~earlier)
        .group_by("lead_id")
        .agg(
            answered_on=_.answered_on.min(),
            moment=_.answered_at.min(),
            moment_on=_.answered_on.min(where=_.answered_at.notnull()),
        )
    )
    moment = (_.moment_on == _.answered_on).ifelse(_.moment, ibis.null(first.moment.type()))
    return first.select("lead_id", "answered_on", answered_at=moment)


_SCHEMA: Final = pa.schema(
    [
        pa.field("person_id", pa.string()),
        *(pa.field(name, pa.int64()) for name in ("leads", ANSWERED, "by_day")),
        *(pa.field(name, pa.float64()) for name in ("median_hours", "p80_hours", "within_standard")),
        pa.field("reason", pa.string()),
    ]
)


def _times(person: str | None, cells: pa.Table, limit: int | None, minimum_n: int) -> dict[str, Any]:
    known = cells.filter(cells["minutes"].is_valid())
    minutes, n = (known[name].to_numpy() for name in ("minutes", "n"))
    kind = known["kind"].to_pylist()
    total = cells["n"].to_numpy()
    row: dict[str, Any] = {
        "person_id": person,
        "leads": int(total.sum()),
        ANSWERED: int(total[np.asarray(cells["kind"].to_pylist()) == ANSWERED].sum()),
        "by_day": int(total[cells["by_day"].to_numpy(zero_copy_only=False).astype(bool)].sum()),
    }
    if row["leads"] < minimum_n:
        return row | {"reason": "too_few"}
    found = incidence(np.zeros_like(minutes), minutes, kind, n, kinds=[ANSWERED])
    for name, share in (("median_hours", 0.5), ("p80_hours", 0.8)):
        reached = quantile(found, share).day
        row[name] = None if reached is None else reached / _HOUR
    if limit is not None:
        upto = int(np.searchsorted(found.day, limit, side="right"))
        row["within_standard"] = float(found.share[ANSWERED][upto - 1]) if upto else 0.0
    return row
