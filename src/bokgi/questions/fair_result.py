"""The fair result of each person in a period: raw, expected of the same hand, the ratio; with and without luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
import numpy as np
from ibis import _

from bokgi.analysis.comparison.amounts import amount_effects
from bokgi.analysis.comparison.people import DETECTABLE, SURE
from bokgi.analysis.credit import credited
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked, fair_factors
from bokgi.questions.compare import STAGE, VALUE, compared

RAMP_DAYS: Final = 180
LAST_PART: Final = 6
"""The last sixth of a period is looked at by itself."""
FEWEST_STAGE_CASES: Final = 10
_DRAWS: Final = 2_000
_TAIL: Final = 0.05


@dataclass(frozen=True)
class _AtStage:
    """The comparison at one stage: rows by person, and whether people can be told apart there among all stages."""

    stage: str
    label: str
    people: Mapping[str, Json]
    detectable: bool


def fair_results(facts: Facts, *, as_of: date, start: date, end: date) -> Json:
    """Tell how each person did from `start` up to but not including `end`, beside what was to be expected.

    Reads all facts of a lake version, cut to `as_of`. A closed deal counts for who owned it on the day it closed; its
    amount for who shared in it on that day. Gives for each person with a membership or a closed deal in the period
    `win_rate` (of `compare`: n, raw, expected, ratio with interval, adjusted, verdict, conditions; null where nothing
    ended), `value` (money per opportunity), `stages[]` (conversion of first visits that ended, from ten cases on),
    `speed` (days to win, beside like deals), `won` (credited amount, with and without the largest deal, share of the
    last sixth of the period), `memberships[]`, `still_new`, `changed_team`, `alone_in_territory`, `said[]`; and what is
    said of all of them together. See `docs/reference/fair-result.schema.json`. No order by result is given.
    """
    period = {"start": start.isoformat(), "end": end.isoformat()}
    with asked(facts, as_of=as_of, owner_then=True) as here:
        whole = compared(here, start=start, end=end, metric=VALUE)
        stages = _stages(here)
        speeds = _speeds(here, start, end)
        won = _won(here, Period(start, end))
        members = _memberships(here, start, end)
        by_stage = _by_stage(
            [(stage, label, compared(here, start=start, end=end, metric=f"{STAGE}{stage}")) for stage, label in stages]
        )
        rates = {row["person_id"]: row for row in whole["people"]}
        alone = _alone(whole)
        people = [
            _person(
                here,
                person_id,
                here.names.get(person_id),
                rates.get(person_id),
                by_stage,
                speeds.get(person_id),
                won.get(person_id),
                members.get(person_id, []),
                (start, end),
                alone=person_id in alone,
                detectable=bool(whole["heterogeneity"]["detectable"]),
            )
            for person_id in sorted({*rates, *won, *members})
        ]
    return {
        "as_of": as_of.isoformat(),
        "period": period,
        "n": whole["n"],
        "level": whole["level"],
        "reason": whole["reason"],
        "everybody": _everybody(whole),
        "heterogeneity": whole["heterogeneity"],
        "factors": whole["factors"],
        "territory": whole["territory"],
        "people": people,
        "pairs": whole["pairs"],
        "refusals": whole["refusals"],
        **{name: whole[name] for name in ("said", "caveats", "would_change", "method")},
    }


def _everybody(whole: Json) -> float | None:
    cases = sum(row["n"] for row in whole["people"])
    return sum(row["raw"] * row["n"] for row in whole["people"]) / cases if cases else None


def _alone(whole: Json) -> frozenset[str]:
    """Find people whom no shared territory connects with anybody."""
    if whole["territory"] is None:
        return frozenset()
    sizes: dict[int, list[str]] = {}
    for row in whole["people"]:
        sizes.setdefault(row["component"], []).append(row["person_id"])
    return frozenset(people[0] for people in sizes.values() if len(people) == 1 and len(sizes) > 1)


def _stages(here: Asked) -> list[tuple[str, str]]:
    rows = here.facts.stages.filter(_.kind == "open").group_by("stage").agg(place=_.stage_order.min())
    found = rows.order_by("place", "stage").to_pyarrow()["stage"].to_pylist()
    return [(stage, here.stage_label(stage)) for stage in found]


def _by_stage(found: Sequence[tuple[str, str, Json]]) -> list[_AtStage]:
    """Say at which stages people can be told apart: all are looked at, so each takes as much more as there are."""
    told = [(*one, one[2]["heterogeneity"]["p"]) for one in found if one[2]["people"]]
    return [
        _AtStage(stage, label, {row["person_id"]: row for row in answer["people"]}, p < DETECTABLE / len(told))
        for stage, label, answer, p in told
    ]


def _memberships(here: Asked, start: date, end: date) -> dict[str, list[Json]]:
    rows = here.facts.memberships.filter(
        _.valid_from.isnull() | (_.valid_from < ibis.literal(end)),
        _.valid_to.isnull() | (_.valid_to > ibis.literal(start)),
        _.left_on.isnull() | (_.left_on > ibis.literal(start)),
    )
    columns = ("person_id", "team", "role", "manager_id", "share", "valid_from", "valid_to", "started_on", "left_on")
    found: dict[str, list[Json]] = {}
    for row in rows.select(*columns).order_by("person_id", "valid_from", "team", "role").to_pyarrow().to_pylist():
        person_id = row.pop("person_id")
        days = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
        found.setdefault(person_id, []).append(days | {"share": float(row["share"])})
    return found


def _speeds(here: Asked, start: date, end: date) -> dict[str, Json]:
    """Give days from creation to winning by person, beside like deals; a ratio below one is faster."""
    deals = here.deals.filter(
        _.won.notnull(), _.closed_on >= start, _.closed_on < end, _.created_on.notnull(), _.owner_id.notnull()
    )
    # The day of creation counts as one, so that a deal won at once has a logarithm.
    cases = here.keep(deals.mutate(amount=_.closed_on.delta(_.created_on, unit="day") + 1))
    rows = (
        cases.filter(_.won & (_.amount > 0))
        .group_by("owner_id")
        .agg(n=_.count(), days=_.amount.median())
        .order_by("owner_id")
        .to_pyarrow()
        .to_pylist()
    )
    factors, _refused = fair_factors(here, cases, None)
    persons = [row["owner_id"] for row in rows]
    effects = amount_effects(
        cases, person="owner_id", persons=persons, success="won", factors=factors, draws=_DRAWS, seed=1
    )
    found = {}
    for place, row in enumerate(rows):
        told: Json = {"n": row["n"], "median_days": float(row["days"]) - 1.0, "ratio": None, "verdict": "cannot_tell"}
        if effects is not None:
            ratio = np.exp(effects.draws[:, place])
            low, high = np.quantile(ratio, [_TAIL, 1 - _TAIL])
            told["ratio"] = {"estimate": float(ratio.mean()), "low": float(low), "high": float(high)}
            # Everybody is looked at, so that a verdict must be as much surer as there are people.
            sure = 1.0 - (1.0 - SURE) / max(len(rows), 1)
            faster = float((ratio < 1.0).mean())
            told["verdict"] = "faster" if faster >= sure else "slower" if faster <= 1.0 - sure else "cannot_tell"
        found[row["owner_id"]] = told
    return found


def _won(here: Asked, period: Period) -> dict[str, Json]:
    """Give what each person won in the period by share of credit, the largest deal, and the last sixth."""
    begins = period.end - timedelta(days=(period.end - period.start).days // LAST_PART)
    closed = here.deals.filter((_.outcome == "won") & (_.closed_on >= period.start) & (_.closed_on < period.end))
    shares = credited(closed, here.facts.deal_people)
    deals = closed.select(of_deal="deal_id", amount="amount", closed_on="closed_on")
    rows = (
        shares.join(deals, shares.deal_id == deals.of_deal)
        .select("person_id", "deal_id", "share", "closed_on", credit=_.amount.cast("float64") * _.share)
        .order_by("person_id", _.credit.desc(nulls_first=False), "deal_id")
    )
    sums = rows.group_by("person_id").agg(
        deals=_.count(),
        split=(_.share < 1.0).sum(),
        amount=_.credit.sum(),
        unknown=_.credit.isnull().sum(),
        last=ibis.ifelse(_.closed_on >= begins, _.credit, 0.0).sum(),
    )
    largest = rows.mutate(
        place=ibis.row_number().over(
            ibis.window(group_by="person_id", order_by=[_.credit.desc(nulls_first=False), _.deal_id.asc()])
        )
    ).filter(_.place == 0)
    top = largest.select(top_person="person_id", top_deal="deal_id", top_credit="credit")
    told = sums.left_join(top, sums.person_id == top.top_person).order_by("person_id").to_pyarrow().to_pylist()
    return {row["person_id"]: _credit(here, row) for row in told}


def _credit(here: Asked, row: Mapping[str, Any]) -> Json:
    amount, top = row["amount"] or 0.0, row["top_credit"]
    told: Json = {
        "deals": row["deals"],
        "split": row["split"],
        "amount_unknown": row["unknown"],
        "amount": here.money(amount),
        "largest": None,
        "without_largest": None,
        "largest_share": None,
        "last_share": None,
    }
    if amount and top is not None:
        told |= {
            "largest": {"deal_id": row["top_deal"], "amount": here.money(top)},
            "without_largest": here.money(float(Decimal(str(amount)) - Decimal(str(top)))),
            "largest_share": min(top / amount, 1.0),
            "last_share": min((row["last"] or 0.0) / amount, 1.0),
        }
    return told


def _person(  # noqa: PLR0913, PLR0917 - the parts of one person's row
    here: Asked,
    person_id: str,
    name: str | None,
    rate: Json | None,
    by_stage: Sequence[_AtStage],
    speed: Json | None,
    won: Json | None,
    members: list[Json],
    period: tuple[date, date],
    *,
    alone: bool,
    detectable: bool,
) -> Json:
    start, end = period
    begun = [date.fromisoformat(one["started_on"]) for one in members if one["started_on"]]
    middle = start + (end - start) / 2
    still_new = bool(begun) and min(begun) + timedelta(days=RAMP_DAYS) > middle
    stages = []
    for at in by_stage:
        row = at.people.get(person_id)
        if row is not None and row["n"] >= FEWEST_STAGE_CASES:
            told = _rate(row, detectable=at.detectable)
            stages.append({"stage": at.stage, "label": at.label, "detectable": at.detectable, **told})
    win_rate = None if rate is None else _rate(rate, detectable=detectable)
    return {
        "person_id": person_id,
        "name": name,
        "memberships": members,
        "still_new": still_new,
        "changed_team": len({one["team"] for one in members if one["team"]}) > 1,
        "alone_in_territory": alone,
        "win_rate": win_rate,
        "value": None if rate is None else rate["value"],
        "stages": stages,
        "speed": speed,
        "won": won,
        "said": [encoded(message) for message in _said(here, win_rate, won, alone=alone, still_new=still_new)],
    }


def _rate(row: Json, *, detectable: bool) -> Json:
    kept = ("n", "raw", "expected", "ratio", "adjusted", "low", "high", "p_above_average", "p_top_third", "conditions")
    return {name: row[name] for name in kept} | {"verdict": row["verdict"] if detectable else "cannot_tell"}


def _said(here: Asked, rate: Json | None, won: Json | None, *, alone: bool, still_new: bool) -> list[Message]:
    if rate is None:
        said = [Message(N_("No deal ended in the period, so that there is no result to judge."))]
    else:
        values: dict[str, object] = {
            "n": rate["n"],
            "raw": Rate(rate["raw"]),
            "expected": Rate(rate["expected"]),
            "ratio": Rate(rate["ratio"]["estimate"]),
            "ends": Between(Rate(rate["ratio"]["low"]), Rate(rate["ratio"]["high"])),
            "p": Rate(max(rate["p_above_average"], 1.0 - rate["p_above_average"])),
        }
        verdicts = {
            "above": N_("{ratio} of what was to be expected of the same deals (interval {ends}): more, sure to {p}."),
            "below": N_("{ratio} of what was to be expected of the same deals (interval {ends}): less, sure to {p}."),
            "cannot_tell": N_(
                "{ratio} of what was to be expected of the same deals (interval {ends}): "
                "the data cannot tell it from 100%."
            ),
        }
        said = [
            Message(verdicts[rate["verdict"]], values),
            Message(N_("Of {n} ended {n:deal|deals} {raw} were won; {expected} was to be expected."), values),
        ]
    if alone:
        said.append(Message(N_("Nobody else worked this territory: person and territory cannot be told apart.")))
    if still_new:
        said.append(Message(N_("The person was still new for most of the period.")))
    if won is not None and won["largest"] is not None and won["deals"] > 1:
        said.append(
            Message(
                N_("Won {amount} in {n} {n:deal|deals}; without the largest one {without}."),
                {
                    "amount": _worth(here, won["amount"]),
                    "n": won["deals"],
                    "without": _worth(here, won["without_largest"]),
                },
            )
        )
    return said


def _worth(here: Asked, amount: Json) -> object:
    return here.worth(float(amount["amount"]))
