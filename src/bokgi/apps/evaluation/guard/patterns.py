"""The guard over a whole round: how managers rate, and whether groups are rated differently beyond their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bokgi.analysis.rating_patterns import (
    FEWEST,
    adjusted_p,
    agreement,
    difference,
    follows_raw,
    share_in_the_middle,
)
from bokgi.apps.evaluation.criteria import MIDDLE
from bokgi.domain.measures import Between, Rate, Score
from bokgi.domain.messages import N_, Message

SURE: Final = 0.05
"""P-value, raised for having looked at everything, from which on a pattern is said to be there."""
ONE_IMPRESSION: Final = 0.7
ALL_IN_THE_MIDDLE: Final = 0.6
_FEWEST_TO_ADJUST: Final = 8
_NEAR_THE_MIDDLE: Final = 0.25


@dataclass(frozen=True)
class RatedForm:
    """One form of the round: who wrote it, its total and ratings, what the facts say, groups for the bias check."""

    manager: str
    total: float | None
    ratings: Mapping[str, int]
    results_rating: int | None = None
    raw: float | None = None
    ratio: float | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pattern:
    """One thing looked at: about a manager or a group, how many forms, what was found, whether it is beyond chance."""

    code: str
    about: str
    n: int
    found: Message
    is_flagged: bool
    resolve: Message | None = None


@dataclass(frozen=True)
class _Looked:
    """Something looked at whose flag waits for how often was looked."""

    pattern: Pattern
    p: float | None


def patterns(forms: Sequence[RatedForm]) -> list[Pattern]:
    """Look over the forms of a round.

    For each manager with at least five forms: do ratings follow the raw result more than the adjusted one, does one
    impression colour all parts, is the total higher or lower than the others' after the adjusted result, is everybody
    in the middle. For each attribute and group: is the total different after the adjusted result. Groups with fewer
    than three people on a side are not looked at at all. P-values are raised for how often was looked.
    """
    looked = [*_managers(forms), *_groups(forms)]
    tested = [one for one in looked if one.p is not None]
    raised = adjusted_p([one.p for one in tested if one.p is not None])
    sure = {id(one) for one, p in zip(tested, raised, strict=True) if p <= SURE}
    return [
        one.pattern
        if one.p is None
        else Pattern(
            one.pattern.code,
            one.pattern.about,
            one.pattern.n,
            one.pattern.found,
            id(one) in sure,
            one.pattern.resolve if id(one) in sure else None,
        )
        for one in looked
    ]


def _beyond(forms: Sequence[RatedForm]) -> dict[int, float]:
    """Give what is left of each total after the adjusted result, by place; the total where results say nothing."""
    totals = {place: form.total for place, form in enumerate(forms) if form.total is not None}
    known = [
        (place, form.ratio)
        for place, form in enumerate(forms)
        if form.ratio is not None and form.ratio > 0 and place in totals
    ]
    if len(known) < _FEWEST_TO_ADJUST:
        return totals
    places = [place for place, _ in known]
    x, y = np.log([ratio for _, ratio in known]), np.array([totals[place] for place in places])
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread > 0 else 0.0
    return totals | {
        place: float(total - slope * (at - x.mean())) for place, total, at in zip(places, y, x, strict=True)
    }


def _managers(forms: Sequence[RatedForm]) -> Iterator[_Looked]:
    beyond = _beyond(forms)
    for manager in sorted({form.manager for form in forms}):
        mine = [form for form in forms if form.manager == manager]
        yield from _follows(manager, mine)
        yield from _halo(manager, mine)
        totals = [form.total for form in mine if form.total is not None]
        middle = share_in_the_middle(
            [MIDDLE if abs(total - MIDDLE) <= _NEAR_THE_MIDDLE else total for total in totals], MIDDLE
        )
        if middle is not None:
            yield _Looked(
                Pattern(
                    "middle",
                    manager,
                    middle.n,
                    Message(
                        N_("{share} of {n} totals lie at the middle of the scale (interval {ends})."),
                        {
                            "share": Rate(middle.share),
                            "n": middle.n,
                            "ends": Between(Rate(middle.low), Rate(middle.high)),
                        },
                    ),
                    middle.low > ALL_IN_THE_MIDDLE,
                    Message(N_("Ask for each person what was different from the others.")),
                ),
                None,
            )
        here = [beyond[place] for place, form in enumerate(forms) if form.manager == manager and place in beyond]
        there = [beyond[place] for place, form in enumerate(forms) if form.manager != manager and place in beyond]
        gap = difference(here, there)
        if gap is not None:
            yield _Looked(
                Pattern(
                    "lenient" if gap.difference > 0 else "strict",
                    manager,
                    gap.n_first,
                    Message(
                        N_("{gap} points beside the other managers after the adjusted results (interval {ends})."),
                        {"gap": Score(gap.difference), "ends": Between(Score(gap.low), Score(gap.high))},
                    ),
                    is_flagged=False,
                    resolve=Message(N_("Compare anchors part by part with another manager’s forms.")),
                ),
                gap.p,
            )


def _follows(manager: str, mine: Sequence[RatedForm]) -> Iterator[_Looked]:
    known = [
        (form.results_rating, form.raw, form.ratio)
        for form in mine
        if form.results_rating is not None and form.raw is not None and form.ratio is not None
    ]
    found = follows_raw([one[0] for one in known], [one[1] for one in known], [one[2] for one in known])
    if found is not None:
        yield _Looked(
            Pattern(
                "follows_raw",
                manager,
                found.n_first,
                Message(
                    N_("Ratings of results: correlation {difference} higher with the raw than with the adjusted one.")
                    if found.difference > 0
                    else N_("Ratings of results go with the adjusted result at least as much as with the raw one."),
                    {"difference": Score(found.difference)},
                ),
                is_flagged=False,
                resolve=Message(N_("Rate results beside what was to be expected of the same hand.")),
            ),
            found.p,
        )


def _halo(manager: str, mine: Sequence[RatedForm]) -> Iterator[_Looked]:
    parts = sorted(set.intersection(*(set(form.ratings) for form in mine))) if mine else []
    found = agreement([[form.ratings[part] for part in parts] for form in mine]) if len(parts) >= FEWEST else None
    if found is not None:
        yield _Looked(
            Pattern(
                "halo",
                manager,
                found.people,
                Message(
                    N_("{share} of the spread is between people and not between their parts (interval {ends})."),
                    {
                        "share": Rate(max(found.share, 0.0)),
                        "ends": Between(Rate(max(found.low, 0.0)), Rate(found.high)),
                    },
                ),
                found.low > ONE_IMPRESSION,
                Message(N_("Rate one part for everybody, then the next part, with its own evidence.")),
            ),
            None,
        )


def _groups(forms: Sequence[RatedForm]) -> Iterator[_Looked]:
    beyond = _beyond(forms)
    for name in sorted({name for form in forms for name in form.groups}):
        values = {
            place: form.groups[name] for place, form in enumerate(forms) if name in form.groups and place in beyond
        }
        levels = sorted(set(values.values()))
        # Of two groups one difference says both.
        for level in levels[:1] if len(levels) == 2 else levels:  # noqa: PLR2004 - two groups
            gap = difference(
                [beyond[place] for place, value in values.items() if value == level],
                [beyond[place] for place, value in values.items() if value != level],
            )
            if gap is not None:
                yield _Looked(
                    Pattern(
                        f"group:{name}",
                        level,
                        gap.n_first + gap.n_second,
                        Message(
                            N_(
                                "{gap} points beside the others after the adjusted results "
                                "(interval {ends}, n {a} and {b})."
                            ),
                            {
                                "gap": Score(gap.difference),
                                "ends": Between(Score(gap.low), Score(gap.high)),
                                "a": gap.n_first,
                                "b": gap.n_second,
                            },
                        ),
                        is_flagged=False,
                        resolve=Message(N_("Read these forms beside each other before calibration ends.")),
                    ),
                    gap.p,
                )
