"""The one content of the weekly review; text, Markdown, HTML, PDF and JSON are renderings of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from bokgi.apps.reviews.pack import bottleneck, care, execution, feedback, learning, progress
from bokgi.apps.reviews.pack.change import change
from bokgi.apps.reviews.pack.from_questions import answered
from bokgi.apps.reviews.pack.of_day import of_day, standing_at
from bokgi.apps.reviews.pack.scope import Row, Scope, refuse_week_ahead, scope
from bokgi.apps.reviews.pack.what_changed import what_changed
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts

SCHEMA_VERSION: Final = 1

__all__ = ["SCHEMA_VERSION", "review_pack"]


def review_pack(facts: Facts, *, period: Period, as_of: date, team: str | None = None) -> dict[str, Any]:
    """What the team needs on the table in this week's review.

    Reads all facts of a lake version, not yet cut to a day. Gives the content of the review as JSON, the same for every
    language; `docs/reference/review.schema.json` describes each key. Sentences are messages with values
    (`domain.sentences`).

    Counts how: everything as it had happened by the end of `as_of`, and the pipeline also as of the day before the
    period; what is not known of that day is null and counted. A deal is its owner's of that day, and its team's; with
    `team` only that team's deals and activities count. Amounts in the organisation's currency; unknown ones count in
    numbers and stay out of sums.

    Small numbers: a rate or a comparison has its interval and `n`, or is null with a reason below the organisation's
    `minimum_n`. Raises `NotFoundError` for a team that does not exist, `UsageError` (`week_ahead`) for a week that
    begins after `as_of`. Do not use it to rank people: a week is short, and nobody's deals are like anybody else's.
    """
    refuse_week_ahead(period, as_of)
    with scope(facts, period=period, as_of=as_of, team=team) as here:
        return _pack(here)


def _pack(here: Scope) -> dict[str, Any]:
    goal_period, targets = progress.goal(here)
    with answered(here, goal_period, target=bool(targets)) as answers:
        return _told(here, goal_period, targets, answers)


def _told(
    here: Scope, goal_period: Period, targets: Sequence[Row], answers: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    period = here.period
    open_deals = cache(lambda: care.open_deals(here))
    found = of_day(here, open_deals)
    told_stages = found["stages"]
    by_person = {row["owner_id"]: row for row in found["lacking"]}
    people, sums = execution.execution(here, told_stages, by_person, care.all_counts(by_person))
    searched = bottleneck.search(here, found["searched"])
    flags = bottleneck.found_json(searched, told_stages, here)
    bottleneck.judged(told_stages, flags)
    standing = standing_at(here, flags, told_stages, open_deals)["standing"]
    points = feedback.feedback(here, people, found["heaviest"], by_person)
    changed = what_changed(here)
    lessons = learning.learning(here, told_stages)
    pipeline_change = change(here)
    goal = progress.progress(goal_period, targets, told_stages, sums["usual"])
    goal["improved"] += progress.rose(changed)
    found_beside = answers()
    goal["forecast"] = found_beside.pop("forecast")
    goal["won_by_day"] = progress.from_first_day(found_beside.pop("won_by_day"), here, goal_period)
    said = {
        "execution": execution.said(sums, people),
        "bottleneck": bottleneck.said(searched, flags, standing, told_stages),
        "feedback": feedback.said(points),
        "learning": learning.said(sums["this_week"], here),
        "motivation": progress.said(goal),
    }
    listed = [deal for stage in standing for deal in stage["deals"]]
    listed += [deal for person in points for point in person["points"] for deal in point["deals"]]
    care.named(here, [*listed, *lessons["won"], *lessons["lost"]])
    return {
        "schema_version": SCHEMA_VERSION,
        "week": period.iso_week,
        "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
        "as_of": here.as_of.isoformat(),
        "team": here.team,
        "organisation": here.facts.settings.organisation,
        "currency": here.currency,
        "lake_version": here.read.version,
        "minimum_n": here.facts.settings.minimum_n,
        "untouched_days": here.facts.settings.untouched_days,
        "said": {part: [encoded(message) for message in messages] for part, messages in said.items()},
        "data": found["data"],
        "execution": people,
        "execution_total": sums,
        "changes": changed,
        "pipeline_change": pipeline_change,
        "window": found["window"],
        "stages": told_stages,
        "bottlenecks": flags,
        "standing": standing,
        "feedback": points,
        "learning": lessons,
        "progress": goal,
        **found_beside,
    }
