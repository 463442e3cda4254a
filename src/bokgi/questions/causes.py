"""Ask what may stand behind one person's low or falling result: where it differs, which causes the data show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
from ibis import _

from bokgi.analysis.causes import Against, Reading, against_colleagues, causes
from bokgi.analysis.causes.colleagues import PARTS
from bokgi.analysis.causes.reading import CASES_WEEKS, HANDLING_WEEKS, steady_alarms
from bokgi.analysis.comparison import Comparison, compare_people
from bokgi.analysis.comparison.conditions import varied
from bokgi.analysis.decomposition import won_change
from bokgi.analysis.lead_response import waiting_cells
from bokgi.domain.errors import RefusalError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import WITHOUT_CENTS
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked, fair_factors, fair_territory
from bokgi.questions.causes_told import measure, open_questions, said_of, told_cause
from bokgi.questions.changes import activity_changes
from bokgi.questions.decompose import told_change
from bokgi.questions.explained import explained

LOW: Final = Decimal("0.8")
"""A result is low, or falling, when it is less than this part of the average colleague's, or of the own before."""
LATE_HOURS: Final = 24.0
"""Working hours after which a lead is answered late where no standard says otherwise."""
PART_NAMES: Final = {
    "volume": N_("number of closed deals"),
    "hand": N_("the deals handed over"),
    "conversion": N_("what became of them"),
    "amount": N_("deal size"),
}
_LEAST_COLLEAGUES: Final = 3


def ask_causes(facts: Facts, *, as_of: date, person_id: str) -> Json:
    """Ask what may stand behind a person's result of the last 26 weeks.

    Reads all facts of a lake version, cut to `as_of`. Gives `result` (own won amount beside the average colleague's and
    the own 26 weeks before; `low`, `falling`, and whether chance explains that), `against_colleagues` and
    `against_before` (exact decompositions), `causes[]{cause, state, signals[]}`, `found[]`, `open_questions[]`,
    `suggested_measure`, `said[]`, `caveats[]`; see `docs/reference/causes.schema.json`. A person without deals has
    nothing to compare and reads so.
    """
    half = timedelta(weeks=HANDLING_WEEKS)
    period = Period(as_of + timedelta(days=1) - half, as_of + timedelta(days=1))
    with asked(facts, as_of=as_of) as here:
        found, comparison = readings(here)
        reading = next((one for one in found if one.person_id == person_id), Reading(person_id, ()))
        against, why_not = _against(here, person_id, period, comparison)
        before = _before(here, person_id, period)
        result = _result(here, against, before, why_not)
        team = here.facts.memberships.filter(_.person_id == person_id).order_by(_.valid_from.desc()).limit(1)
        teams = team.to_pyarrow()["team"].to_pylist()
        return {
            "as_of": as_of.isoformat(),
            "person_id": person_id,
            "name": here.name(person_id),
            "team": teams[0] if teams else None,
            "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
            "result": result,
            "against_colleagues": None if against is None else _parts(here, against),
            "against_colleagues_reason": why_not,
            "against_before": before,
            "against_before_reason": "too_few" if before is None else None,
            "causes": [told_cause(here, cause) for cause in reading.causes],
            "found": list(reading.found),
            "open_questions": [encoded(message) for message in open_questions(here, reading)],
            "suggested_measure": measure(reading),
            **explained(
                "causes",
                said=said_of(here, person_id, result | {"why_not": why_not}, reading),
                caveats=[
                    Message(N_("A sign says where to look first; it is no verdict on the person.")),
                    Message(
                        N_("What leaves no trace in the data, such as illness or another task, shows nowhere here.")
                    ),
                    *here.unconverted(),
                ],
                would_change=[Message(N_("A talk: ask which step was hardest before you settle on a cause."))],
            ),
        }


def readings(here: Asked) -> tuple[tuple[Reading, ...], Comparison | None]:
    """Read the causes of everybody, and give the comparison they rest on (null: refused)."""
    since = here.as_of - timedelta(weeks=CASES_WEEKS)
    closed = here.deals.filter(_.won.notnull() & (_.closed_on > since))
    factors, _refused = fair_factors(here, closed, None)
    place, _unfit = fair_territory(here, closed, None)
    factors = tuple(factor for factor in factors if factor != place)
    try:
        comparison = compare_people(closed, factors=factors, territory=place)
    except RefusalError:
        comparison = None
    now = here.facts
    window = Period(here.as_of + timedelta(days=1) - timedelta(weeks=HANDLING_WEEKS), here.as_of + timedelta(days=1))
    waits = waiting_cells(now.leads, now.activities, now.calendar, as_of=here.as_of, period=window)
    teams = now.memberships.filter(_.team.notnull()).team.nunique().to_pyarrow().as_py()
    told, sure = activity_changes(here.read, as_of=here.as_of, sure=steady_alarms(teams))
    found = causes(
        here.deals,
        here.progressions(),
        here.care(),
        here.keep(waits),
        now.memberships,
        as_of=here.as_of,
        factors=(*factors, *([place] if place else [])),
        comparison=comparison,
        changes=told,
        sure_changes=sure,
        late_hours=late_hours(here),
    )
    return found, comparison


def late_hours(here: Asked) -> float:
    """Give the team's standard for answering a lead in hours, or a working day where there is none."""
    day = ibis.literal(here.as_of)
    rows = here.facts.standards.filter(
        (_.metric == "lead_response_hours")
        & (_.valid_from.isnull() | (_.valid_from <= day))
        & (_.valid_to.isnull() | (_.valid_to > day))
    )
    found = rows.agg(hours=_.amount.max()).to_pyarrow()["hours"][0].as_py()
    return LATE_HOURS if found is None else float(found)


def _against(
    here: Asked, person_id: str, period: Period, comparison: Comparison | None
) -> tuple[Against | None, str | None]:
    """Compare the won amount with that of the average colleague, or say why not: nothing closed, nothing won.

    Colleagues are those of the same team where it has at least three people with closed deals, else everybody: other
    teams sell to other customers.
    """
    closed = here.deals.filter(
        _.won.notnull() & _.owner_id.notnull() & (_.closed_on >= period.start) & (_.closed_on < period.end)
    )
    value = _.amount.cast("float64")
    rows = (
        closed.group_by("owner_id")
        .agg(
            closed=_.count(),
            wins=_.won.cast("int64").sum(),
            known=_.amount.count(where=_.won),
            amount=_.amount.sum(where=_.won),
            spread=value.std(where=_.won),
        )
        .to_pyarrow()
        .to_pylist()
    )
    own = next((row for row in rows if row["owner_id"] == person_id), None)
    rows = _team_of(here, person_id, rows)
    wins, known = (sum(row[name] for row in rows) for name in ("wins", "known"))
    if own is None:
        return None, "too_few"
    if not known:
        return None, "nothing_won"
    hands = {} if comparison is None else {one.person_id: one.hand for one in comparison.people}
    usual = sum(row["closed"] * hands.get(row["owner_id"], 1.0) for row in rows) / sum(row["closed"] for row in rows)
    hand = hands.get(person_id, 1.0) / usual
    total = sum((_worth(row) for row in rows), Decimal(0))
    spread = 0.0 if own["spread"] is None else float(own["spread"])
    found = against_colleagues(
        own=(own["closed"], own["wins"] if own["known"] else 0, (_worth(own), spread)),
        everybody=(sum(row["closed"] for row in rows), wins, total),
        people=len(rows),
        hand=hand,
        step=_step(here),
    )
    return found, None


def _team_of(here: Asked, person_id: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the people of a person's team, where they are enough."""
    day = ibis.literal(here.as_of)
    now = here.facts.memberships.filter(
        (_.valid_from.isnull() | (_.valid_from <= day)) & (_.valid_to.isnull() | (_.valid_to > day))
    )
    members = now.filter(_.team.notnull()).select("person_id", "team").distinct().to_pyarrow().to_pylist()
    mine = {row["team"] for row in members if row["person_id"] == person_id}
    people = {row["person_id"] for row in members if row["team"] in mine}
    near = [row for row in rows if row["owner_id"] in people]
    return near if len(near) >= _LEAST_COLLEAGUES else rows


def _worth(row: Mapping[str, Any]) -> Decimal:
    """Give the won amount, deals without a known one at the mean of the others."""
    if not row["known"]:
        return Decimal(0)
    amount: Decimal = row["amount"]
    wins: int = row["wins"]
    return amount * wins / int(row["known"])


def _step(here: Asked) -> Decimal:
    return Decimal(1) if here.facts.settings.currency in WITHOUT_CENTS else Decimal("0.01")


def _before(here: Asked, person_id: str, period: Period) -> Json | None:
    """Take the difference to the own 26 weeks before apart; null without deals in either, or amounts."""
    mine = here.keep(here.deals.filter(_.owner_id == person_id))
    found = won_change(
        mine,
        here.keep_visits(mine),
        here.facts.deal_changes,
        before=period.previous(),
        after=period,
        as_of=here.as_of,
        by=varied(mine, ["source"]),
        step=_step(here),
    )
    told = told_change(here, mine, found)
    return told if told["reason"] is None else None


def _result(here: Asked, against: Against | None, before: Json | None, why_not: str | None) -> Json:
    was = None if before is None else Decimal(before["before"]["won"]["amount"])
    now = None if before is None else Decimal(before["after"]["won"]["amount"])
    low = None if against is None else against.won < LOW * against.average
    falling = None if was is None or now is None or not was else now < LOW * was
    return {
        "won": None if against is None else here.money(float(against.won)),
        "average": None if against is None else here.money(float(against.average)),
        "before": None if before is None else before["before"]["won"],
        "low": low,
        "low_by_chance": None if against is None else against.whole_by_chance,
        "falling": falling,
        "falling_reason": "nothing_before" if before is not None and falling is None else None,
        "falling_by_chance": None if before is None else before["by_chance"],
        "reason": why_not if before is None else None,
    }


def _parts(here: Asked, found: Against) -> Json:
    return {
        "whole": here.money(float(found.whole)),
        "level": found.level,
        "parts": [
            {
                "name": name,
                "label": encoded(Message(PART_NAMES[name])),
                "amount": here.money(float(amount)),
                "low": here.money(low),
                "high": here.money(high),
                "by_chance": by_chance,
            }
            for name, amount, (low, high), by_chance in zip(
                PARTS, found.parts, found.intervals, found.by_chance, strict=True
            )
        ],
    }
