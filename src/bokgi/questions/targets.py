"""The target of a period, the organisation's, a team's or a person's, and the part that should be there by now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import ibis
from ibis import _

from bokgi.analysis.progress import ALL, Subject, targets_for
from bokgi.domain.period import Period
from bokgi.questions.asked import Asked


@dataclass(frozen=True)
class Target:
    """A target and the part of it that the days passed ask for; both null where there is none for the period."""

    period: Period
    target: Decimal | None
    expected: Decimal | None


def target_of(
    here: Asked, period: Period, team: str | None, *, person: str | None = None, given: Decimal | None = None
) -> Target:
    """Find the won amount to reach in a period: the organisation's, a team's, or of whatever team a person's.

    `given` counts before what is recorded. Without a target of its own the organisation's is the sum of its teams'. The
    part that is expected goes by working days passed, by civil days where no calendar is known.
    """
    target = given if given is not None else _recorded(here, period, team, person)
    if target is None:
        return Target(period, None, None)
    return Target(period, target, (target * _passed(here, period)).quantize(Decimal("0.01")))


def counts_elsewhere(here: Asked, period: Period, *, team: str | None, person: str | None) -> bool:
    """Tell whether deals of another team than the one that is asked for count towards the person's target, too."""
    if person is None or team is None:
        return False
    there = here.facts.memberships.filter(
        _.person_id == person,
        _.team.notnull() & (_.team != team),
        _.valid_from.isnull() | (_.valid_from < ibis.literal(period.end)),
        _.valid_to.isnull() | (_.valid_to > ibis.literal(period.start)),
    )
    return bool(there.count().to_pyarrow().as_py())


def _recorded(here: Asked, period: Period, team: str | None, person: str | None) -> Decimal | None:
    goals = here.facts.targets.filter(_.currency.isnull() | (_.currency == here.facts.settings.currency))

    def found(subject: Subject) -> dict[str, Decimal]:
        rows = targets_for(goals, period=period, subject=subject)
        rows = rows.filter((_.lead_source == ALL) & _.target.notnull()).order_by("subject_id")
        return {row["subject_id"]: row["target"] for row in rows.to_pyarrow().to_pylist()}

    if person is not None:
        return found(Subject.PERSON).get(person)
    if team is not None:
        return found(Subject.TEAM).get(team)
    whole = found(Subject.ORGANISATION)
    if whole:
        return next(iter(whole.values()))
    teams = found(Subject.TEAM)
    return sum(teams.values(), Decimal(0)) if teams else None


def _passed(here: Asked, period: Period) -> Decimal:
    """Share of the period's working days that have passed by the end of the day."""
    inside = (_.day >= period.start) & (_.day < period.end) & _.working
    counted = here.facts.calendar.filter(inside).agg(all=_.count(), passed=(_.day <= here.as_of).sum())
    row = counted.to_pyarrow().to_pylist()[0]
    if row["all"]:
        return Decimal(row["passed"] or 0) / Decimal(row["all"])
    days = min(max((here.as_of - period.start).days + 1, 0), period.days)
    return Decimal(days) / Decimal(max(period.days, 1))
