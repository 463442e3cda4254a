"""What was won in some periods: by everybody, by team, by person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ibis import _

from bokgi.analysis.totals import sum_of
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json, asked


def ask_won(facts: Facts, *, as_of: date, periods: Sequence[Period]) -> Json:
    """Ask what was won in each of some periods, up to the end of `as_of`.

    Gives `periods[]{start, end, all, teams{}, people{}, whose[]}` in the order asked: the sums of the known amounts of
    won deals in the organisation's currency, by close date, for the owner the deal has and the team of that day. Who
    won nothing in any of the periods stands nowhere. `whose[]{person_id, team, pipeline}` are the parts of `all`: who
    won an amount above nothing in the period, and where (`team` null: in none); deals of nobody are nobody's.
    """
    with asked(facts, as_of=as_of) as here:
        if not periods:
            return {"as_of": as_of.isoformat(), "periods": []}
        start, end = min(one.start for one in periods), max(one.end for one in periods)
        won = here.deals.filter((_.outcome == Outcome.WON.value) & (_.closed_on >= start) & (_.closed_on < end))
        sums = {
            f"in_{place}": sum_of(_.amount, (_.closed_on >= one.start) & (_.closed_on < one.end))
            for place, one in enumerate(periods)
        }
        by = ("owner_id", "team", "pipeline")
        rows = won.group_by(*by).agg(**sums).order_by(*by).to_pyarrow().to_pylist()

        def money(place: int, column: str | None, key: str | None) -> Json:
            own = [row[f"in_{place}"] for row in rows if column is None or row[column] == key]
            return here.money(float(sum(own, Decimal(0))))

        people = sorted({row["owner_id"] for row in rows if row["owner_id"] is not None})
        teams = sorted({row["team"] for row in rows if row["team"] is not None})
        return {
            "as_of": as_of.isoformat(),
            "periods": [
                {
                    "start": one.start.isoformat(),
                    "end": one.end.isoformat(),
                    "all": money(place, None, None),
                    "teams": {team: money(place, "team", team) for team in teams},
                    "people": {person: money(place, "owner_id", person) for person in people},
                    "whose": [
                        {"person_id": row["owner_id"], "team": row["team"], "pipeline": row["pipeline"]}
                        for row in rows
                        if row["owner_id"] is not None and row[f"in_{place}"]
                    ],
                }
                for place, one in enumerate(periods)
            ],
        }
