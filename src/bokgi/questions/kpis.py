"""What the KPIs of the dictionary stand at: one answer for all that have a value of the whole or of a team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from ibis import _

from bokgi.analysis.activity import held
from bokgi.analysis.cohort_close_rate import cohort_close_rate
from bokgi.analysis.due_deals import due_deals
from bokgi.analysis.lead_response import lead_response
from bokgi.analysis.progress import ALL, Subject, progress
from bokgi.analysis.trends import cycles, median_of
from bokgi.analysis.velocity import velocity
from bokgi.analysis.win_loss import win_loss
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.targets import counts_elsewhere, target_of

WEEKS: Final = 13
LEVEL: Final = 0.95
RATE, MONEY, DAYS, HOURS, TIMES, MONEY_A_DAY = "rate", "money", "days", "hours", "times", "money_a_day"
PER_WEEK: Final = "per_week"
COHORT_DAYS: Final = 364
COHORT_AGE: Final = 90
_COLUMNS: Final = {"team": "team", "pipeline": "pipeline", "person": "owner_id"}


NOT_OF: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "person": {"cohort-close-rate": (RATE, "created")},
    "pipeline": {
        "attainment": (RATE, "won"),
        "coverage": (TIMES, "due"),
        "lead-response": (HOURS, "leads"),
        "activity": (PER_WEEK, "activities"),
    },
}
"""What cannot be told of one person or one pipeline, with its kind and what it counts.

A cohort's deals change hands before they are decided; no pipeline has a target, leads and activities are in none.
"""


def ask_kpis(
    facts: Facts, *, as_of: date, team: str | None = None, pipeline: str | None = None, person: str | None = None
) -> Json:
    """Ask what each KPI stands at, for everybody, or for a team, a pipeline and a person, each where given.

    Gives `kpis[]{key, kind, value, low, high, level, n, n_of, period, reason}`; `value` is null with a `reason`
    (`too_few`, `no_target`, `target_of_teams` where a person's target counts deals of other teams than `team`, too,
    `target_reached`, `unknown`; `not_of_person`, `not_of_pipeline` where the definition does not allow it, `n` is null
    then, too). Rates are shares from 0 to 1 with Wilson intervals where they are shares of deals, log-log ones where
    open deals are censored; the median cycle's comes from order statistics.
    Money is in the organisation's currency. `period`: the last 13 weeks, the current quarter, the last whole quarter,
    or for the cohort close rate the 52 weeks in which the deals were created; it has `undecided`, too, the share that
    is open still at the age of 90 days. A person's closed deals are those owned on the day they closed, deals that were
    due those owned when the quarter began; leads and open deals are the present owner's. Raises `NotFoundError` for an
    unknown team or pipeline.
    """
    scope = {"team": team, "pipeline": pipeline, "person": person}
    refused = {
        key: _kpi(key, kind, None, None, None, n_of, reason=f"not_of_{name}")
        for name, keys in NOT_OF.items()
        if scope[name] is not None
        for key, (kind, n_of) in keys.items()
    }
    with asked(facts, as_of=as_of, owner_then=person is not None) as here:
        deals = here.keep(here.of(**scope))
        recent = Period(as_of + timedelta(days=1 - 7 * WEEKS), as_of + timedelta(days=1))
        quarter = facts.settings.quarter_of(as_of)
        told = [
            *_decided(here, deals, recent),
            *_target(here, deals, quarter, team, person),
            *_due(here, facts, scope, quarter.before()),
            _untouched(here, deals),
            _answered(here, recent, team, person),
            _cohort(here, deals),
            _activity(here, recent, team, person),
        ]
        return {"as_of": as_of.isoformat(), **scope, "kpis": [refused.get(row["key"], row) for row in told]}


def _kpi(key: str, kind: str, period: Period | None, value: object, n: int | None, n_of: str, **more: object) -> Json:
    ends = {"low": None, "high": None, "level": None, "reason": None} | more
    span = None if period is None else {"start": period.start.isoformat(), "end": period.end.isoformat()}
    return {"key": key, "kind": kind, "value": value, "n": n, "n_of": n_of, "period": span, **ends}


def _first(table: pa.Table | Any) -> Mapping[str, Any]:  # noqa: ANN401 - Arrow or Ibis
    rows = (table if isinstance(table, pa.Table) else table.to_pyarrow()).slice(0, 1).to_pylist()
    return rows[0] if rows else {}


def _decided(here: Asked, deals: Any, recent: Period) -> list[Json]:  # noqa: ANN401 - an Ibis table
    """Win rate, sales cycle and velocity of the last weeks."""
    minimum = here.facts.settings.minimum_n
    new = deals.filter(_.type.isnull() | (_.type == "new"))
    fresh = _first(win_loss(new, period=recent, minimum_n=minimum))
    rate = fresh.get("win_rate")
    ends = {} if rate is None else {"low": fresh["win_rate_low"], "high": fresh["win_rate_high"], "level": LEVEL}
    few = {"reason": None if rate is not None else "too_few"}
    speed = _first(velocity(deals, period=recent, minimum_n=minimum))
    cells = cycles(deals, (recent,)).to_pyarrow()
    days, counts = (cells[name].to_numpy() for name in ("days", "n"))
    cycle = median_of(days.astype(np.float64), counts) if int(counts.sum()) >= minimum else None
    pace = speed.get("velocity")
    return [
        _kpi("win-rate", RATE, recent, rate, fresh.get("n", 0), "closed", **ends, **few),
        _kpi(
            "sales-cycle",
            DAYS,
            recent,
            None if cycle is None else cycle.value,
            int(counts.sum()),
            "won",
            **({} if cycle is None else {"low": cycle.low, "high": cycle.high, "level": LEVEL}),
            reason=None if cycle is not None else "too_few",
        ),
        _kpi(
            "velocity",
            MONEY_A_DAY,
            recent,
            None if pace is None else here.money(float(pace)),
            speed.get("n", 0),
            "closed",
            reason=speed.get("reason", "too_few"),
        ),
    ]


def _target(here: Asked, deals: Any, quarter: Period, team: str | None, person: str | None) -> list[Json]:  # noqa: ANN401 - an Ibis table
    """Attainment and coverage of the current quarter."""
    goal = target_of(here, quarter, team, person=person).target
    rows = progress(
        deals, here.facts.targets, here.facts.calendar, as_of=here.as_of, period=quarter, subject=Subject.ORGANISATION
    )
    found = _first(rows.filter(_.lead_source == ALL))
    won, due = float(found.get("won_amount") or 0), float(found.get("open_due_amount") or 0)
    n, n_due = found.get("won", 0), found.get("open_due", 0)
    if goal is None or goal <= 0 or counts_elsewhere(here, quarter, team=team, person=person):
        reason = "no_target" if goal is None or goal <= 0 else "target_of_teams"
        return [
            _kpi("attainment", RATE, quarter, None, n, "won", reason=reason),
            _kpi("coverage", TIMES, quarter, None, n_due, "due", reason=reason),
        ]
    left = float(goal) - won
    covered = due / left if left > 0 else None
    return [
        _kpi("attainment", RATE, quarter, won / float(goal), n, "won"),
        _kpi(
            "coverage", TIMES, quarter, covered, n_due, "due", reason=None if covered is not None else "target_reached"
        ),
    ]


def _due(here: Asked, facts: Facts, scope: Mapping[str, str | None], last: Period) -> list[Json]:
    """Pipeline conversion and slippage of the last whole quarter: what was due when it began."""
    minimum = here.facts.settings.minimum_n
    with asked(facts, as_of=last.start - timedelta(days=1)) as before, asked(facts, as_of=last.last) as after:
        wanted = [before.deals[column] == scope[name] for name, column in _COLUMNS.items() if scope[name] is not None]
        # Whoever has them when it ends: a deal that was handed on is not gone.
        old = before.deals.filter(wanted) if wanted else before.deals
        found = _first(due_deals(old, after.deals, period=last, minimum_n=minimum))
    n = found.get("due", 0)
    told = []
    for key, name in (("pipeline-conversion", "pipeline_conversion"), ("slippage", "slippage")):
        value = found.get(name)
        told.append(_kpi(key, RATE, last, value, n, "due", reason=None if value is not None else "too_few"))
    return told


def _untouched(here: Asked, deals: Any) -> Json:  # noqa: ANN401 - an Ibis table
    """Share of the open deals that nobody touched."""
    care = here.care().semi_join(deals, "deal_id")
    found = _first(care.agg(n=_.untouched.notnull().sum(), untouched=_.untouched.sum(), open=_.count()))
    n = found.get("n") or 0
    value = (found.get("untouched") or 0) / n if n else None
    return _kpi("untouched", RATE, None, value, n or found.get("open") or 0, "open", reason=None if n else "unknown")


def _answered(here: Asked, recent: Period, team: str | None, person: str | None) -> Json:
    """Median hours until a lead of the last weeks was answered."""
    now = here.facts
    leads = now.leads
    if team is not None:
        members = now.memberships.filter(_.team == team).select(owner_id="person_id").distinct()
        leads = leads.semi_join(members, "owner_id")
    if person is not None:
        leads = leads.filter(_.owner_id == person)
    found = _first(
        lead_response(
            leads,
            now.activities,
            now.calendar,
            as_of=here.as_of,
            period=recent,
            minimum_n=now.settings.minimum_n,
        )
    )
    value = found.get("median_hours")
    return _kpi(
        "lead-response",
        HOURS,
        recent,
        value,
        found.get("leads", 0),
        "leads",
        reason=None if value is not None else "too_few",
    )


def _cohort(here: Asked, deals: Any) -> Json:  # noqa: ANN401 - an Ibis table
    """Share of the deals of a year that is won by the age of 90 days."""
    year = Period(here.as_of + timedelta(days=1 - COHORT_DAYS), here.as_of + timedelta(days=1))
    minimum = here.facts.settings.minimum_n
    found = _first(cohort_close_rate(deals, as_of=here.as_of, period=year, by_day=COHORT_AGE, minimum_n=minimum))
    value = found.get("conversion")
    ends = {} if value is None else {"low": found["low"], "high": found["high"], "level": LEVEL}
    n, few, undecided = found.get("entries", 0), why_no_cohort(found, minimum), found.get("undecided")
    return _kpi("cohort-close-rate", RATE, year, value, n, "created", **ends, reason=few, undecided=undecided)


def why_no_cohort(found: Mapping[str, Any], minimum_n: int) -> str | None:
    """Say why a cohort has no close rate, null where it has one: beside many created deals, what too few of them are.

    >>> why_no_cohort({"conversion": None, "entries": 939, "reason": "too_few"}, 10)
    'few_ended'
    >>> why_no_cohort({"conversion": None, "entries": 939, "reason": "thin"}, 10)
    'few_old'
    """
    if found.get("conversion") is not None:
        return None
    if found.get("entries", 0) < minimum_n:
        return "too_few"
    return "few_old" if found["reason"] == "thin" else "few_ended"


def activities_of(here: Asked, *, team: str | None = None, person: str | None = None) -> Any:  # noqa: ANN401 - an Ibis table
    """Give the activities that people held: all, or those in which a person or somebody of a team took part."""
    now = here.facts
    done = held(now.activities, as_of=here.as_of)
    if team is None and person is None:
        return done
    who = now.activity_people
    if person is not None:
        who = who.filter(_.person_id == person)
    elif team is not None:
        who = who.semi_join(now.memberships.filter(_.team == team).select("person_id").distinct(), "person_id")
    return done.semi_join(who.select("activity_id").distinct(), "activity_id")


def _activity(here: Asked, recent: Period, team: str | None, person: str | None) -> Json:
    """Activities that people held a week; what the system made by itself never counts."""
    now = here.facts
    done = activities_of(here, team=team, person=person)
    done = done.filter((_.happened_on >= recent.start) & (_.happened_on < recent.end))
    n = int(done.count().to_pyarrow().as_py())
    known = n > 0 or bool(now.activities.limit(1).count().to_pyarrow().as_py())
    return _kpi(
        "activity",
        PER_WEEK,
        recent,
        n / WEEKS if known else None,
        n,
        "activities",
        reason=None if known else "unknown",
    )
