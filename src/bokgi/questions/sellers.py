"""Whose sums the sums of teams and pipelines are: who has deals there, now, on other days and in periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.deal_traits import deal_traits
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Asked, Json, asked

Moment = date | Period
"""A day by whose end deals were open, or a period in which they were there."""


def ask_sellers(facts: Facts, *, as_of: date, also: tuple[Moment, ...] = ()) -> Json:
    """Ask who has deals in each pipeline and team: whose sums are shown where these are summed up.

    Reads all facts of a lake version. Gives `pipelines[]` (those that hold deals on the day, by name), `managers[]`
    (pairs: a person, and somebody who was ever named as that person's manager), `ever{pipeline: people[]}` (who
    ever had deals there by the day) and `moments[]`, each of them `[]{pipeline, team, people[]}` (`team` null:
    none): who has open deals on the day, and for each of `also` who had open deals by the end of that day, or any
    deal between creation and close in that period.

    On another day owner and team are those of that day; who owned a deal then and is not known counts as who owns it
    now. Deals of nobody are nobody's sum.
    """
    with asked(facts, as_of=as_of) as here:
        deals, is_open = here.deals, _.outcome == Outcome.OPEN.value
        periods = {f"of_{place}": _there(one) for place, one in enumerate(also) if isinstance(one, Period)}
        found = _people(deals, {"open": is_open, "ever": _.deal_id.notnull(), **periods})
        for place, one in enumerate(also):
            if not isinstance(one, Period):
                found |= _people(_as_on(here, one), {f"of_{place}": is_open})
        pipelines = deals.select("pipeline").distinct().order_by("pipeline").to_pyarrow()["pipeline"].to_pylist()
        managers = here.facts.memberships.filter(
            _.manager_id.notnull(), _.valid_from.isnull() | (_.valid_from <= ibis.literal(as_of))
        )
        pairs = managers.select("person_id", "manager_id").distinct().order_by("person_id", "manager_id")
        return {
            "as_of": as_of.isoformat(),
            "pipelines": pipelines,
            "managers": [[row["person_id"], row["manager_id"]] for row in pairs.to_pyarrow().to_pylist()],
            "ever": {
                pipeline: sorted(
                    {person for row in found["ever"] if row["pipeline"] == pipeline for person in row["people"]}
                )
                for pipeline in pipelines
            },
            "moments": [found[name] for name in ("open", *(f"of_{place}" for place in range(len(also))))],
        }


def _there(period: Period) -> ir.BooleanValue:
    """Say whether a deal was there in a period: created before its end, not closed before its start."""
    start, end = (ibis.literal(day, type="date") for day in (period.start, period.end))
    return ibis.coalesce(_.created_on < end, ibis.literal(value=True)) & (_.closed_on.isnull() | (_.closed_on >= start))


def _as_on(here: Asked, on: date) -> ir.Table:
    """Give the deals by the end of another day, with the owner and the team of that day."""
    then = facts_on(here.read, on)
    now = here.deals.select("deal_id", owner_now="owner_id")
    owned = then.deals.left_join(now, "deal_id", rname="of_{name}").mutate(
        owner_id=ibis.coalesce(_.owner_id, _.owner_now)
    )
    return deal_traits(owned.select(then.deals.columns), then.accounts, then.memberships, on=on)


def _people(deals: ir.Table, tests: Mapping[str, ir.BooleanValue]) -> dict[str, list[Json]]:
    """Give by the name of each test who has deals that pass it, in which pipeline and team."""
    told = deals.filter(_.owner_id.notnull()).group_by("pipeline", "team", "owner_id")
    passed = {name: ibis.coalesce(test.any(), ibis.literal(value=False)) for name, test in tests.items()}
    rows = told.agg(**passed).order_by("pipeline", "team", "owner_id").to_pyarrow().to_pylist()
    found: dict[str, dict[tuple[str, str | None], list[str]]] = {name: {} for name in tests}
    for row in rows:
        for name, groups in found.items():
            if row[name]:
                groups.setdefault((row["pipeline"], row["team"]), []).append(row["owner_id"])
    return {
        name: [{"pipeline": pipeline, "team": team, "people": people} for (pipeline, team), people in groups.items()]
        for name, groups in found.items()
    }
