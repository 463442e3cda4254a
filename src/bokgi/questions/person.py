"""One person: results month by month, the win rate of the year with its interval, open deals and what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
from ibis import _

from bokgi.analysis.forecast.values_then import values_over_time
from bokgi.analysis.results_by_month import activities_by_month, results_by_month
from bokgi.analysis.trends import WINDOW, in_windows
from bokgi.analysis.win_loss import win_loss
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.deals import Where, amount, listed

MONTHS: Final = 12
_SHOWN_DEALS: Final = 30
RENEWALS_COUNT: Final = N_(
    "Renewals and expansions count here, too; the win rate of trends and KPIs is of new business."
)
_CONTACTS: Final = ("meeting", "call", "email", "message")


def tell_person(facts: Facts, *, as_of: date, person_id: str) -> Json:
    """Tell how one person's year went and what stands open.

    Reads all facts of a lake version, cut to `as_of`. Gives `person_id`, `name`, `team`, `since` (first day with us, if
    known), `months[]{month, created, won, lost, no_decision, won_amount, activities{kind: n}}` (the last twelve, the
    last one cut at `as_of`), `year` and `year_before` (`n`, `won`, `win_rate{estimate, low, high, n}`, null with
    `reason` when too few deals closed), `open` (total and deals as in `list_deals`, those that want attention first),
    `said[]`, `caveats[]`; see `docs/reference/person.schema.json`.

    A deal counts as created and as closed for who owned it on that day, as far as its history tells; who took it over
    later did not win it. What is open belongs to its present owner. What is fair to expect of the same deals is another
    question: `compare`. A person without deals has empty lists.
    """
    with asked(facts, as_of=as_of) as here:
        rows = _results(here, person_id)
        done = _activities(here, person_id, _span(as_of))
        year = Period(as_of - timedelta(days=364), as_of + timedelta(days=1))
        before, now = _rates(here, person_id, (year.previous(), year))
        since, current = _membership(here, person_id)
        return {
            "as_of": as_of.isoformat(),
            "person_id": person_id,
            "name": here.name(person_id),
            "team": current,
            "since": since,
            "months": [_month(here, start, rows.get(start), done) for start in _starts(as_of)],
            "year": now,
            "year_before": before,
            "open": listed(here, Where(person=person_id), order="attention", limit=_SHOWN_DEALS),
            "said": [encoded(message) for message in _said(now)],
            "caveats": [encoded(message) for message in _caveats(here)],
        }


def ask_won_by_month(facts: Facts, *, as_of: date) -> Json:
    """Ask how many deals everybody won in each of the last twelve months, as `tell_person` counts them.

    Reads all facts of a lake version, cut to `as_of`. Gives `months` (the first day of each, oldest first, the last one
    cut at `as_of`) and `people[]{person_id, won[]}` (one number a month) of those who won a deal in them, by key. It is
    of everybody: who shows it leaves out whom the viewer may not see.
    """
    starts = _starts(as_of)
    with asked(facts, as_of=as_of) as here:
        closed = _by_month(here, "closed_on")
        told = closed.filter(_.owner_id.notnull() & (_.won > 0)).select("owner_id", "month", "won")
        won: dict[str, dict[date, int]] = {}
        for row in told.to_pyarrow().to_pylist():
            won.setdefault(row["owner_id"], {})[row["month"]] = row["won"]
    return {
        "as_of": as_of.isoformat(),
        "months": [start.isoformat() for start in starts],
        "people": [
            {"person_id": person_id, "won": [months.get(start, 0) for start in starts]}
            for person_id, months in sorted(won.items())
        ],
    }


def theirs(here: Asked, name: str, person_id: str, make: Callable[[], ibis.Table]) -> ibis.Table:
    """Give one person's rows of a table with `owner_id` that is worked out for everybody at once and kept for the day.

    `name` says what it is; the table may depend on the day, and on nothing else that is asked.
    """
    return _everybodys(here, name, make).filter(_.owner_id == person_id)


def _everybodys(here: Asked, name: str, make: Callable[[], ibis.Table]) -> ibis.Table:
    return here.read.kept(f"{name}-{here.as_of}", make) if here.shared else make()


def _starts(as_of: date) -> list[date]:
    """Give the first day of each of the last twelve months, oldest first."""
    last = Period.month_of(as_of)
    return [_months_before(last.start, back) for back in range(MONTHS - 1, -1, -1)]


def _span(as_of: date) -> Period:
    """Give the last twelve months, the last one cut at the day."""
    return Period(_starts(as_of)[0], as_of + timedelta(days=1))


def _by_month(here: Asked, column: str) -> ibis.Table:
    span = _span(here.as_of)
    return _everybodys(here, f"{column}_month", lambda: results_by_month(owned(here, column), period=span))


def owned(here: Asked, column: str) -> ibis.Table:
    """Give all deals with the owner they had on the day in a column, as far as their history tells."""

    def owners() -> ibis.Table:
        times = values_over_time(here.deals, here.facts.deal_changes, "owner_id")
        days = here.deals.select("deal_id", on=_[column])
        own = days.join(times, "deal_id", rname="of_{name}").filter((_.from_on <= _.on) & (_.on < _.to_on))
        return own.select("deal_id", owner_id="value")

    told = here.read.kept(f"{column}_by-{here.as_of}", owners) if here.shared else owners()
    return here.deals.drop("owner_id").join(told, "deal_id")


def _results(here: Asked, person_id: str) -> dict[date, Mapping[str, Any]]:
    """Give the counts by month: deals are created by one and closed by another."""

    def by_month(column: str) -> dict[date, dict[str, Any]]:
        told = _by_month(here, column).filter(_.owner_id == person_id)
        return {row["month"]: row for row in told.to_pyarrow().to_pylist()}

    created, closed = by_month("created_on"), by_month("closed_on")
    return {
        month: closed.get(month, {}) | {"created": created.get(month, {}).get("created", 0)}
        for month in sorted({*created, *closed})
    }


def _activities(here: Asked, person_id: str, span: Period) -> list[Json]:
    def by_month() -> ibis.Table:
        return activities_by_month(here.facts.activities, here.facts.activity_people, as_of=here.as_of, period=span)

    found: list[Json] = theirs(here, "activities_month", person_id, by_month).to_pyarrow().to_pylist()
    return found


def _months_before(start: date, back: int) -> date:
    months = start.year * 12 + start.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _membership(here: Asked, person_id: str) -> tuple[str | None, str | None]:
    rows = here.facts.memberships.filter(_.person_id == person_id)
    on = ibis.literal(here.as_of)
    told = rows.mutate(
        now=(_.valid_from.isnull() | (_.valid_from <= on)) & (_.valid_to.isnull() | (_.valid_to > on))
    ).order_by(_.now.desc(), _.share.desc(), _.valid_from.desc(), _.team)
    found = told.select("team", "started_on", "now").to_pyarrow().to_pylist()
    begun = [row["started_on"] for row in found if row["started_on"] is not None]
    teams = [row["team"] for row in found if row["now"]]
    return (min(begun).isoformat() if begun else None), (teams[0] if teams else None)


def _month(here: Asked, start: date, row: Mapping[str, Any] | None, done: Sequence[Mapping[str, Any]]) -> Json:
    found = row or {}
    unknown = found.get("won_amount_unknown", 0)
    won = found.get("won", 0)
    return {
        "month": start.isoformat(),
        **{name: found.get(name, 0) for name in ("created", "won", "lost", "no_decision")},
        "won_amount": None if won and unknown == won else amount(here, found.get("won_amount", Decimal(0))),
        "won_amount_unknown": unknown,
        "activities": {one["kind"]: one["n"] for one in done if one["month"] == start and one["kind"] in _CONTACTS},
    }


def _rates(here: Asked, person_id: str, periods: Sequence[Period]) -> list[Json]:
    """Give the win rate of periods of equal length that follow each other."""

    def by_period() -> ibis.Table:
        told = in_windows(owned(here, "closed_on"), "closed_on", periods)
        whole = Period(periods[0].start, periods[-1].end)
        return win_loss(told, period=whole, by=("owner_id", WINDOW), minimum_n=here.facts.settings.minimum_n)

    found = theirs(here, "closed_on_year", person_id, by_period).to_pyarrow()
    rows = {row[WINDOW]: row for row in found.to_pylist()}
    none = {"n": 0, "won": 0, "win_rate": None, "won_amount": Decimal(0), "reason": "too_few"}
    return [_rate(here, rows.get(place, none), period) for place, period in enumerate(periods)]


def _rate(here: Asked, found: Mapping[str, Any], period: Period) -> Json:
    rate = found["win_rate"]
    return {
        "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
        "n": found["n"],
        "won": found["won"],
        "won_amount": amount(here, found["won_amount"]),
        "win_rate": None
        if rate is None
        else {
            "estimate": rate,
            "low": found["win_rate_low"],
            "high": found["win_rate_high"],
            "level": 0.95,
            "n": found["n"],
        },
        "reason": found["reason"],
    }


def _caveats(here: Asked) -> list[Message]:
    said = [Message(N_("A raw win rate says nothing about the hand that was dealt: see the fair comparison."))]
    if here.deals.filter(_.type != "new").limit(1).count().to_pyarrow().as_py():
        said.append(Message(RENEWALS_COUNT))
    return said


def _said(year: Json) -> list[Message]:
    values: dict[str, object] = {"n": year["n"], "won": year["won"]}
    if year["win_rate"] is None:
        return [
            Message(
                N_("{n} {n:deal|deals} closed in the last twelve months, {won} of them won: too few for a win rate."),
                values,
            )
        ]
    rate = year["win_rate"]
    values |= {"rate": Rate(rate["estimate"]), "ends": Between(Rate(rate["low"]), Rate(rate["high"]))}
    return [
        Message(
            N_("Of {n} {n:deal|deals} closed in the last twelve months {won} were won: {rate} (interval {ends})."),
            values,
        )
    ]
