"""The rules of the five mistakes. Each reads a draft and gives what it finds; none changes anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from bokgi.apps.evaluation.criteria import MIDDLE, WHOLE
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS
from bokgi.apps.evaluation.guard.draft import Draft, Finding, Mistake, Standing
from bokgi.apps.evaluation.guard.phrasing import phrases
from bokgi.apps.evaluation.rules import effective_weights
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message

LAST_PART: Final = 6
"""The last sixth of a period; more than half of the result there outweighs the period."""
_FEWEST_WON: Final = 2
_FEWEST_DATED: Final = 3
_LATE_EVIDENCE: Final = 2 / 3
_RAW_APART: Final = 0.02
_RATIO_APART: Final = 0.03
_SAME_WORDS: Final = 3
_SHORTEST_TALK: Final = 15


def _judged(draft: Draft) -> Iterator[tuple[str, int]]:
    """Give the parts about results that are rated away from the middle, with how far."""
    for key in draft.results:
        rating = draft.ratings.get(key)
        if rating is not None and rating != MIDDLE:
            yield key, rating - MIDDLE


def _name(draft: Draft, key: str) -> Message:
    part = draft.criteria.part(key)
    return Message(part.name if part is not None else key)


def no_qualitative_evidence(draft: Draft) -> Iterator[Finding]:
    """Find rated parts that rest on figures only, or on nothing."""
    for part in draft.criteria.parts:
        if draft.ratings.get(part.key) is None or part.key in draft.results:
            continue
        here = [one for one in draft.evidence if one.part == part.key]
        if not any(one.tells_a_situation for one in here):
            yield Finding(
                "no_qualitative_evidence",
                Mistake.NUMBERS_ONLY,
                Message(
                    N_("{part}: nothing that somebody saw or said stands behind it."), {"part": Message(part.name)}
                ),
                Message(N_("{n} pieces of evidence, none of which tells a situation."), {"n": len(here)})
                if here
                else Message(N_("Nothing is written down.")),
                Message(N_("Add a situation: what happened on which day, what the person did, with what effect.")),
                part.key,
            )


def copied_evidence(draft: Draft) -> Iterator[Finding]:
    """Find the same words behind many parts."""
    parts: dict[str, set[str]] = {}
    for one in draft.evidence:
        parts.setdefault(" ".join(one.text.split()).casefold(), set()).add(one.part)
    for words, where in parts.items():
        if words and len(where) >= _SAME_WORDS:
            yield Finding(
                "copied_evidence",
                Mistake.NUMBERS_ONLY,
                Message(N_("The same words stand behind {n} parts."), {"n": len(where)}),
                Message(N_("“{words}”"), {"words": words[:120]}),
                Message(N_("Give each part a situation of its own, or leave the part out.")),
            )
            return


def results_alone(draft: Draft) -> Iterator[Finding]:
    """Find a draft that rates results and nothing else."""
    rated = [key for key, rating in draft.ratings.items() if rating is not None]
    if rated and set(rated) <= set(draft.results):
        yield Finding(
            "results_alone",
            Mistake.NUMBERS_ONLY,
            Message(N_("Only results are rated.")),
            Message(N_("{n} of {all} parts are rated."), {"n": len(rated), "all": len(draft.criteria.parts)}),
            Message(N_("Rate what else the criteria hold, each with something that somebody saw or said.")),
        )


def results_weigh_too_much(draft: Draft) -> Iterator[Finding]:
    """Find criteria in which results weigh more than the limit, or come to do so because other parts are left out."""
    weight, limit = draft.criteria.results_weight, draft.criteria.most_results
    rated = frozenset(key for key, rating in draft.ratings.items() if rating is not None)
    shares = effective_weights(draft.criteria, rated) or {}
    left_over = sum((shares[key] for key in draft.results if key in shares), Fraction(0)) * WHOLE
    weight = max(weight, math.ceil(left_over))
    if weight > limit:
        yield Finding(
            "results_weigh_too_much",
            Mistake.NUMBERS_ONLY,
            Message(N_("Results decide more than was agreed.")),
            Message(N_("Weight {weight}%, limit {limit}%."), {"weight": weight, "limit": limit}),
            Message(N_("Lower the weight of results, with notice to everybody.")),
        )


def follows_raw(draft: Draft) -> Iterator[Finding]:
    """Find a judgement that goes with the raw result where the adjusted one goes the other way."""
    facts = draft.standing
    if facts is None or facts.raw is None or facts.everybody is None or facts.ratio is None:
        return
    for key, away in _judged(draft):
        raw_says, adjusted_says = facts.raw - facts.everybody, facts.ratio - 1.0
        clear = abs(raw_says) >= _RAW_APART and abs(adjusted_says) >= _RATIO_APART
        if clear and away * raw_says > 0 > away * adjusted_says:
            yield Finding(
                "follows_raw",
                Mistake.ONE_YARDSTICK,
                Message(N_("{part}: the rating follows the raw result."), {"part": _name(draft, key)}),
                Message(
                    N_("Raw {raw} beside {all} of everybody, but {ratio} of what the same hand let expect."),
                    {"raw": Rate(facts.raw), "all": Rate(facts.everybody), "ratio": Rate(facts.ratio)},
                ),
                Message(N_("Rate the result beside what was to be expected, or write down why the raw one counts.")),
                key,
            )


def different_roles(draft: Draft) -> Iterator[Finding]:
    """Find people of different roles who are held to one number."""
    others = draft.compared_roles - {draft.criteria.role}
    if others:
        yield Finding(
            "different_roles",
            Mistake.ONE_YARDSTICK,
            Message(N_("People in different roles are held to the same criteria.")),
            Message(
                N_("Criteria of {role}, used for {others}, too."),
                {
                    "role": Message(ROLE_LABELS.get(draft.criteria.role, draft.criteria.role)),
                    "others": ", ".join(sorted(others)),
                },
            ),
            Message(N_("Give each role criteria of its own.")),
        )


def unequal_start(draft: Draft) -> Iterator[Finding]:
    """Find somebody who is new, changed team, or was alone in a territory, and is judged like everybody else."""
    facts = draft.standing
    if facts is None:
        return
    for key, away in _judged(draft):
        reasons = (
            ("still_new", facts.still_new and away < 0, N_("The person is still new: fewer than 180 days here.")),
            (
                "alone_in_territory",
                facts.alone_in_territory,
                N_("Nobody else worked this territory: person and territory cannot be told apart."),
            ),
            ("changed_team", facts.changed_team and away < 0, N_("The person changed team in the period.")),
        )
        for code, holds, text in reasons:
            if holds:
                yield Finding(
                    code,
                    Mistake.ONE_YARDSTICK,
                    Message(
                        N_("{part}: the rating holds unequal conditions to one number."), {"part": _name(draft, key)}
                    ),
                    Message(text),
                    Message(
                        N_("Rate what the person could influence, or leave the part out; the others then weigh more.")
                    ),
                    key,
                )


def too_few_cases(draft: Draft) -> Iterator[Finding]:
    """Find a verdict about results from too few cases."""
    facts, least = draft.standing, draft.criteria.limits.fewest_cases
    if facts is not None and facts.n < least:
        for key, _away in _judged(draft):
            yield Finding(
                "too_few_cases",
                Mistake.LUCK_FOR_SKILL,
                Message(N_("{part}: too few cases for a verdict."), {"part": _name(draft, key)}),
                Message(
                    N_("{n} ended deals; at least {least} are needed."),
                    {"n": facts.n, "least": least},
                ),
                Message(N_("Rate it as agreed or leave the part out; the others then weigh more.")),
                key,
            )


def chance_explains(draft: Draft) -> Iterator[Finding]:
    """Find a verdict about results that chance alone explains, or that the data contradict."""
    facts, least = draft.standing, draft.criteria.limits.fewest_cases
    if facts is None or facts.ratio is None or facts.low is None or facts.high is None or facts.n < least:
        return
    for key, away in _judged(draft):
        agrees = facts.verdict == ("above" if away > 0 else "below")
        if not agrees:
            yield Finding(
                "chance_explains",
                Mistake.LUCK_FOR_SKILL,
                Message(N_("{part}: the data do not show such a difference."), {"part": _name(draft, key)}),
                _told(facts, facts.ratio, facts.low, facts.high),
                Message(N_("Rate it as agreed, or name what the data do not hold.")),
                key,
            )


def _told(facts: Standing, ratio: float, low: float, high: float) -> Message:
    return Message(
        N_("{ratio} of what was to be expected, interval {ends}, {n} ended deals."),
        {"ratio": Rate(ratio), "ends": Between(Rate(low), Rate(high)), "n": facts.n},
    )


def one_deal(draft: Draft) -> Iterator[Finding]:
    """Find a good rating that rests on one deal."""
    facts, most = draft.standing, draft.criteria.limits.one_deal / WHOLE
    if facts is None or facts.largest_share is None or facts.won < _FEWEST_WON or facts.largest_share < most:
        return
    for key, away in _judged(draft):
        if away > 0:
            yield Finding(
                "one_deal",
                Mistake.LUCK_FOR_SKILL,
                Message(N_("{part}: one deal carries the result."), {"part": _name(draft, key)}),
                Message(
                    N_("The largest of {won} won deals is {share} of the amount."),
                    {"won": facts.won, "share": Rate(facts.largest_share)},
                ),
                Message(N_("Look at the result without this deal, too, and say what the person did for it.")),
                key,
            )


def last_weeks(draft: Draft) -> Iterator[Finding]:
    """Find a period that is judged by its end: the result, or the evidence."""
    facts, most = draft.standing, draft.criteria.limits.last_weeks / WHOLE
    if facts is not None and facts.last_share is not None and facts.won > _FEWEST_WON:
        for key, away in _judged(draft):
            if (away > 0 and facts.last_share >= most) or (away < 0 and facts.last_share == 0):
                yield Finding(
                    "last_weeks",
                    Mistake.LUCK_FOR_SKILL,
                    Message(N_("{part}: the last weeks outweigh the period."), {"part": _name(draft, key)}),
                    Message(
                        N_("{share} of the won amount came in the last sixth of the period."),
                        {"share": Rate(facts.last_share)},
                    ),
                    Message(N_("Look at the period month by month.")),
                    key,
                )
    begins = draft.period_end - (draft.period_end - draft.period_start) / LAST_PART
    dated = [one.seen_on for one in draft.evidence if one.seen_on is not None]
    late = sum(day >= begins for day in dated)
    if len(dated) >= _FEWEST_DATED and late > _LATE_EVIDENCE * len(dated):
        yield Finding(
            "late_evidence",
            Mistake.LUCK_FOR_SKILL,
            Message(N_("Most of the evidence is from the last weeks.")),
            Message(N_("{late} of {n} pieces are from the last sixth of the period."), {"late": late, "n": len(dated)}),
            Message(N_("Add what happened in the months before.")),
        )


def criteria_unknown(draft: Draft) -> Iterator[Finding]:
    """Find criteria that were not known before the period, or were changed in it."""
    if draft.published_on is None or draft.published_on > draft.period_start:
        yield Finding(
            "published_late",
            Mistake.CRITERIA_UNKNOWN,
            Message(N_("The criteria were not published before the period began.")),
            Message(N_("Published {on}, period from {start}."), {"on": draft.published_on, "start": draft.period_start})
            if draft.published_on is not None
            else Message(N_("Not published.")),
            Message(N_("Judge only what people knew; write down what that changes.")),
        )
    if draft.acknowledged_on is None:
        yield Finding(
            "not_acknowledged",
            Mistake.CRITERIA_UNKNOWN,
            Message(N_("The person has not acknowledged the criteria.")),
            Message(N_("No acknowledgement of the version in force.")),
            Message(N_("Ask the person to read and acknowledge them.")),
        )
    if draft.changed_on is not None and draft.changed_on > draft.period_start:
        yield Finding(
            "changed_midway",
            Mistake.CRITERIA_UNKNOWN,
            Message(
                N_("The criteria were changed in the middle of the period.")
                if draft.changed_on < draft.period_end
                else N_("The criteria were changed when the period was over.")
            ),
            Message(N_("Changed {on}; both versions are kept."), {"on": draft.changed_on}),
            Message(N_("Say what the change means for this person, and judge the time before by the old version.")),
        )
    for key in sorted(draft.ratings):
        if draft.ratings[key] is not None and draft.criteria.part(key) is None:
            yield Finding(
                "part_not_in_criteria",
                Mistake.CRITERIA_UNKNOWN,
                Message(N_("{part} is rated but does not stand in the criteria."), {"part": key}),
                Message(N_("The version in force has other parts.")),
                Message(N_("Take the rating away, or publish a new version of the criteria.")),
                key,
            )


def no_dialogue(draft: Draft) -> Iterator[Finding]:
    """Find what is missing between the two people. Before closing, conversation, evidence and plan are asked for."""
    missing = (
        (
            "no_self_evaluation",
            draft.self_on is None,
            N_("There is no self evaluation."),
            N_("Ask the person for it; wait, or write down why it cannot be had."),
        ),
        (
            "no_conversation",
            draft.closing and draft.talked_on is None,
            N_("No conversation was held."),
            N_("Hold it and write down the day and what was said."),
        ),
        (
            "conversation_empty",
            draft.closing and draft.talked_on is not None and len(draft.talk_text.strip()) < _SHORTEST_TALK,
            N_("A conversation was held, but it is not written down what was said."),
            N_("Write down what both said, the person's view, too."),
        ),
        (
            "evidence_not_shown",
            draft.closing and draft.shown_on is None,
            N_("The person has not opened the evidence."),
            N_("Open the form together in the conversation."),
        ),
        (
            "no_growth_plan",
            draft.closing and not draft.has_plan,
            N_("There is no growth plan."),
            N_("Agree on a plan in coaching: one or two behaviours that the person can change, and a measure."),
        ),
        (
            "not_signed",
            draft.closing and draft.lacks_signature,
            N_("The person has not signed."),
            N_("Wait for the signature; when its day is over, write down why it cannot be had."),
        ),
    )
    for code, holds, text, resolve in missing:
        if holds:
            yield Finding(
                code, Mistake.NO_DIALOGUE, Message(text), Message(N_("Nothing is written down.")), Message(resolve)
            )
    for key in {**draft.texts, **draft.also_said}:
        found = [*phrases(draft.texts.get(key, "")), *phrases(draft.also_said.get(key, ""))]
        judging = [phrase.words for phrase in found if phrase.about == "person"]
        absolute = [phrase.words for phrase in found if phrase.about == "absolute"]
        if judging:
            yield Finding(
                "judges_the_person",
                Mistake.NO_DIALOGUE,
                Message(N_("The text judges the person, not what the person did.")),
                Message(N_("“{words}”"), {"words": "”, “".join(dict.fromkeys(judging))}),
                Message(N_("Write what the person did in which situation, and what came of it.")),
                key,
                " ".join(sorted(set(judging))),
            )
        elif absolute:
            yield Finding(
                "no_situation",
                Mistake.NO_DIALOGUE,
                Message(N_("The text speaks of always and never.")),
                Message(N_("“{words}”"), {"words": "”, “".join(dict.fromkeys(absolute))}),
                Message(N_("Name how often, of how many, and when.")),
                key,
            )


RULES: Final[tuple[Callable[[Draft], Iterator[Finding]], ...]] = (
    no_qualitative_evidence,
    copied_evidence,
    results_alone,
    results_weigh_too_much,
    follows_raw,
    different_roles,
    unequal_start,
    too_few_cases,
    chance_explains,
    one_deal,
    last_weeks,
    criteria_unknown,
    no_dialogue,
)


def findings(draft: Draft) -> list[Finding]:
    """Read a draft for the five mistakes, in their order.

    Each finding has its evidence and what would resolve it. It does not say that the verdict is wrong: a finding may be
    overruled with a reason that the person and the next level read.
    """
    order = list(Mistake)
    return sorted((one for rule in RULES for one in rule(draft)), key=lambda one: order.index(one.mistake))
