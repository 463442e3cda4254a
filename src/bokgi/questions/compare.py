"""Compare people (or teams) fairly: the result of each beside what was to be expected of the hand that was dealt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.comparison import Comparison, compare_people
from bokgi.analysis.comparison.people import SURE, Pair, PersonResult
from bokgi.analysis.progressions import REACHED
from bokgi.domain.errors import NotFoundError, RefusalError, UsageError
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked, fair_factors, fair_territory, known_late
from bokgi.questions.explained import explained

BY: Final = {"person": "owner_id", "team": "team"}
WIN_RATE: Final = "win_rate"
VALUE: Final = "value"
STAGE: Final = "stage:"
FEW_TEAMS: Final = 8
"""Below so many teams little is known of how much teams differ at all."""


def compare(
    facts: Facts,
    *,
    as_of: date,
    by: str = "person",
    start: date | None = None,
    end: date | None = None,
    factors: Sequence[str] | None = None,
    territory: str | None = None,
    metric: str = WIN_RATE,
) -> Json:
    """Compare people or teams by win rate, value per opportunity, or conversion at one stage.

    Reads all facts of a lake version. Deals (or first visits to a stage) that ended from `start` up to but not
    including `end`; without them all that ended by `as_of`. `territory` is a column of deals or accounts or an
    attribute; without it the accounts' region where there are at least two. Filled in after the outcome it is left out
    and named, as factors are. A closed deal counts for who owned it on the day it closed.

    Gives `heterogeneity{p, detectable}`, `people[]`, `pairs[]`, `refusals[]`, `factors[]`, `said[]`, `caveats[]`; see
    `docs/reference/compare.schema.json`. A question that the data cannot answer has no people and says why in
    `refusals`. Raises `UsageError` for an unknown `by` or `metric`, `NotFoundError` for an unknown stage.
    """
    extra = [name for name in [*(factors or ()), *([territory] if territory else [])] if name]
    with asked(facts, as_of=as_of, attributes=extra, owner_then=True) as here:
        return compared(here, by=by, start=start, end=end, factors=factors, territory=territory, metric=metric)


def compared(
    here: Asked,
    *,
    by: str = "person",
    start: date | None = None,
    end: date | None = None,
    factors: Sequence[str] | None = None,
    territory: str | None = None,
    metric: str = WIN_RATE,
) -> Json:
    """Compare as `compare` does, from facts cut to their day already, each closed deal with its owner then."""
    if by not in BY:
        raise _unknown("--by", by, tuple(BY))
    cases = _cases(here, metric, start, end)
    used, refused = fair_factors(here, cases, factors)
    place, unfit = fair_territory(here, cases, territory)
    refused += [refusal for refusal in unfit if refusal not in refused]
    used = tuple(factor for factor in used if factor not in (place, BY[by]))
    answer: Json = {
        "as_of": here.as_of.isoformat(),
        "by": by,
        "metric": metric,
        "period": {"start": start and start.isoformat(), "end": end and end.isoformat()},
        "factors": list(used),
        "territory": place,
    }
    if metric.startswith(STAGE):
        told_late = known_late(here, [BY[by]])[1]
        if any(told["code"] == "known_after_closing" for told in told_late):
            said = [Message(N_("Who stood behind deals at this stage is known for closed deals only."))]
            return answer | _unanswered("known_after_closing", [*refused, *told_late], said)
    try:
        found = compare_people(cases, factors=used, territory=place, person=BY[by], with_value=metric == VALUE)
    except RefusalError as raised:
        refusal = _of_stage(raised) if metric.startswith(STAGE) else raised
        message = encoded(refusal.message)
        said = [refusal.message] if refusal.hint is None else [refusal.message, refusal.hint]
        return answer | _unanswered(refusal.code, [*refused, {"code": refusal.code, "message": message}], said)
    return answer | _told(here, found, by, metric, refused)


def _of_stage(refusal: RefusalError) -> RefusalError:
    """Say of a stage why there is nothing to compare: there deals move on, which is not yet to be won."""
    texts = {
        "only_won_cases": N_(
            "{people} of {all} {all:person|people} {people:has|have} only deals that moved on from this stage, so "
            "there is no conversion to compare."
        ),
        "no_won_cases": N_("None of the {n} {n:case|cases} moved on from this stage, so there is nothing to compare."),
    }
    if refusal.code not in texts:
        return refusal
    hint = Message(N_("Import the deals that were lost, too.")) if refusal.code == "only_won_cases" else refusal.hint
    return RefusalError(refusal.code, Message(texts[refusal.code], refusal.message.values), hint)


def _unanswered(reason: str, refused: list[Json], said: list[Message]) -> Json:
    return {
        "n": None,
        "level": None,
        "reason": reason,
        "heterogeneity": {"p": None, "detectable": None},
        "people": [],
        "pairs": [],
        "refusals": refused,
        **explained("comparison", said=said, caveats=[], would_change=[]),
    }


def _unknown(option: str, given: str, allowed: Sequence[str]) -> UsageError:
    return UsageError(
        "choice_unknown",
        Message(N_("{option} does not take “{given}”."), {"option": option, "given": given}),
        Message(N_("It takes: {allowed}"), {"allowed": ", ".join(allowed)}),
    )


def _cases(here: Asked, metric: str, start: date | None, end: date | None) -> ibis.Table:
    """Give one row per ended case with `won`, and the conditions of its deal."""
    if metric.startswith(STAGE):
        return _stage_cases(here, metric.removeprefix(STAGE), start, end)
    if metric not in (WIN_RATE, VALUE):
        raise _unknown("--metric", metric, (WIN_RATE, VALUE, f"{STAGE}NAME"))
    return _within(here.deals.filter(_.won.notnull()), "closed_on", start, end)


def _stage_cases(here: Asked, stage: str, start: date | None, end: date | None) -> ibis.Table:
    names = here.facts.stages.filter(_.kind == "open").select("stage", "label").distinct().to_pyarrow().to_pylist()
    stages = {row["label"]: row["stage"] for row in names} | {row["stage"]: row["stage"] for row in names}
    if stage not in stages:
        raise NotFoundError(
            "stage_unknown",
            Message(N_("There is no open stage “{stage}”."), {"stage": stage}),
            Message(N_("There are: {stages}."), {"stages": ", ".join(sorted({row["label"] for row in names}))}),
        )
    told = here.progressions().filter(
        (_.stage == stages[stage]) & ~_.end.isin(["open", "removed"]) & _.ended_on.notnull()
    )
    ended = told.select(of_deal="deal_id", ended_on="ended_on", reached=_.end == REACHED)
    joined = here.deals.drop("won").join(ended, here.deals.deal_id == ended.of_deal)
    return here.keep(_within(joined.mutate(won=_.reached), "ended_on", start, end))


def _within(cases: ibis.Table, column: str, start: date | None, end: date | None) -> ibis.Table:
    if start is not None:
        cases = cases.filter(cases[column] >= start)
    return cases if end is None else cases.filter(cases[column] < end)


def _told(here: Asked, found: Comparison, by: str, metric: str, refused: list[Json]) -> Json:
    separated = [
        {
            "code": "not_comparable",
            "message": encoded(
                Message(
                    N_("{groups} groups share no territory with each other; people are compared within theirs only."),
                    {"groups": len(found.separated)},
                )
            ),
        }
    ]
    return {
        "n": found.n,
        "level": found.level,
        "reason": None,
        "heterogeneity": {"p": found.heterogeneity_p, "detectable": found.detectable},
        "spread": {"estimate": found.person_sd[0], "low": found.person_sd[1], "high": found.person_sd[2]},
        "people": [_person(here, person, by, metric) for person in found.people],
        "pairs": [
            {
                "a": pair.a,
                "b": pair.b,
                "p_a_better": pair.p_a_better,
                "more_cases": pair.more_cases,
                "more_cases_reason": None if pair.more_cases is not None else _no_more_cases(pair),
            }
            for pair in found.pairs
        ],
        "refusals": [*refused, *(separated if found.separated else [])],
        **explained(
            "comparison",
            said=_said(found, by),
            caveats=[*_caveats(found, by), *(_of_value(found, here) if metric == VALUE else [])],
            would_change=_would_change(found),
        ),
    }


def _no_more_cases(pair: Pair) -> str:
    """Say why it is not told how many more cases would tell two apart."""
    return "too_close" if 1.0 - SURE < pair.p_a_better < SURE else "told_apart"


def _person(here: Asked, person: PersonResult, by: str, metric: str) -> Json:
    value = person.value
    return {
        "person_id": person.person_id,
        "name": here.name(person.person_id) if by == "person" else person.person_id,
        "n": person.n,
        "raw": person.raw,
        "expected": person.expected,
        "ratio": {"estimate": person.ratio, "low": person.ratio_low, "high": person.ratio_high},
        "adjusted": person.adjusted,
        "low": person.low,
        "high": person.high,
        "p_top_third": person.p_top_third,
        "p_above_average": person.p_above_average,
        "verdict": person.verdict,
        "component": person.component,
        "conditions": [
            {
                "factor": condition.factor,
                "level": condition.level,
                "share": condition.share,
                "share_of_all": condition.share_of_all,
                "effect": condition.effect,
            }
            for condition in person.conditions
        ],
        "value": None
        if value is None
        else {
            "estimate": here.money(value.amount),
            "low": here.money(value.low),
            "high": here.money(value.high),
            "amount_ratio": {
                "estimate": value.amount_ratio,
                "low": value.amount_ratio_low,
                "high": value.amount_ratio_high,
            },
        },
        "value_reason": None if value is not None else "too_few_amounts" if metric == VALUE else "not_asked",
    }


def _said(found: Comparison, by: str) -> list[Message]:
    """Say what was found in one sentence, of people or teams."""
    teams = by == "team"
    people = len(found.people)
    above = sum(person.verdict == "above" for person in found.people)
    below = sum(person.verdict == "below" for person in found.people)
    if not found.detectable:
        apart = (
            N_(
                "The data cannot tell the {people} teams apart: chance alone explains such differences "
                "({n} {n:case|cases})."
            )
            if teams
            else N_(
                "The data cannot tell the {people} people apart: chance alone explains such differences "
                "({n} {n:case|cases})."
            )
        )
        return [
            Message(apart, {"people": people, "n": found.n}),
            Message(N_("Read no order into the figures.")),
        ]
    rest = people - above - below
    text, all_told = (
        (
            N_(
                "With like cases, {above} of {people} teams would do better than the average and {below} less well; "
                "for the other {rest} the data cannot say."
            ),
            N_("With like cases, {above} of {people} teams would do better than the average and {below} less well."),
        )
        if teams
        else (
            N_(
                "With like cases, {above} of {people} would do better than the average and {below} less well; "
                "for the other {rest} the data cannot say."
            ),
            N_("With like cases, {above} of {people} would do better than the average and {below} less well."),
        )
    )
    text = text if rest else all_told
    return [Message(text, {"people": people, "above": above, "below": below, "rest": rest})]


def _would_change(found: Comparison) -> list[Message]:
    """Say what it would take to tell more people apart."""
    if not found.detectable:
        return [Message(N_("More ended cases, or longer periods, may show a difference."))]
    undecided = [pair.more_cases for pair in found.pairs if 1.0 - SURE < pair.p_a_better < SURE]
    within_reach = sorted(cases for cases in undecided if cases is not None)
    half = len(undecided) // 2
    if len(undecided) == 1 and within_reach:
        text = N_(
            "The one pair that cannot be told apart would take at least {n} more ended {n:case|cases} of the two."
        )
        return [Message(text, {"n": within_reach[0]})]
    if half < len(within_reach):
        return [
            Message(
                N_(
                    "Of the {pairs} pairs that cannot be told apart, half would take at least {n} more ended "
                    "{n:case|cases} of the two."
                ),
                {"pairs": len(undecided), "n": within_reach[half]},
            )
        ]
    if undecided:
        return [Message(N_("Most who cannot be told apart are so close that more cases would hardly do it."))]
    return [Message(N_("A verdict changes when new cases end differently from those so far."))]


def _of_value(found: Comparison, here: Asked) -> list[Message]:
    """Say why there is no value, what the verdict does not speak of, and which amounts do not count."""
    if any(person.value is not None for person in found.people):
        verdict = Message(N_("The verdict says how often deals are won; what they are worth is beside it, not in it."))
        return [*([verdict] if found.detectable else []), *here.unconverted()]
    return [Message(N_("Fewer than ten won deals have an amount: of value nothing can be said.")), *here.unconverted()]


def _caveats(found: Comparison, by: str) -> list[Message]:
    said = [] if by != "team" else [_of_teams(len(found.people))]
    said += [
        Message(
            N_("The true figure may lie anywhere in its interval ({level}): read no order into neighbours."),
            {"level": Rate(found.level)},
        ),
        Message(N_("What the data do not hold (health, help from others, luck with one deal) is not accounted for.")),
    ]
    if found.separated:
        said.append(
            Message(
                N_("Where a person alone worked a territory, the two cannot be told apart; no verdict is given there.")
            )
        )
    return said


def _of_teams(n: int) -> Message:
    """Say what the figure of a team is: that of those who are in it, and where teams are few, loosely known."""
    text = (
        N_(
            "A team's figure is that of the people in it, who may differ among themselves; and {n} "
            "{n:team is|teams are} few to tell by how much teams differ at all."
        )
        if n < FEW_TEAMS
        else N_("A team's figure is that of the people in it, who may differ among themselves.")
    )
    return Message(text, {"n": n})
