"""Reads of submissions, and what a page about the forecast needs to know: the period, whose it is, the model's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from bokgi.analysis.forecast.forecasting import LONGEST_DAYS
from bokgi.apps.access.permissions import LEADING, Role
from bokgi.apps.forecast.models import Submission
from bokgi.apps.forecast.rules import WHOLE, Subject, Way, may_submit
from bokgi.apps.pipeline.few_winners import months_of
from bokgi.apps.pipeline.selectors import WHOLE as EVERYBODY
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.forecast import period_of
from bokgi.ui.speaker import amount_of

ORGANISATION: Final = Subject("organisation", WHOLE)
_LONGEST_SUBJECT: Final = 200


def asked_period(screen: Screen) -> Period:
    """Read the period from the address; the current quarter without one. Raises `UsageError` for what is none."""
    return readable_period(screen, screen.request.GET.get("period"))


def readable_period(screen: Screen, text: str | None) -> Period:
    """Read a period that can be forecast; raises `UsageError` for what is none, or ends too far ahead.

    So it does for one that is not made of whole months where sums over people are all that this person sees: a day's
    sum is a deal, and so is the difference of two spans that differ by a day.
    """
    found = period_of(text or None, screen.as_of) or screen.quarter
    if screen.sums_only and not months_of(found):
        raise UsageError(
            "period_not_of_months",
            Message(N_("Sums over several people are shown by month, so that none of them is a single deal.")),
            Message(N_("Ask for a month or a quarter.")),
        )
    if (found.end - screen.as_of).days > LONGEST_DAYS:
        raise UsageError(
            "period_too_long",
            Message(
                N_("The period ends more than {days} {days:day|days} after {on}."),
                {"days": LONGEST_DAYS, "on": screen.as_of},
            ),
            Message(N_("Ask for a month or a quarter.")),
        )
    return found


def offered_periods(screen: Screen) -> list[Period]:
    """Give the periods that a page offers: this and the next month, this and the next quarter, and those before."""
    month, quarter = Period.month_of(screen.as_of), screen.quarter
    return [
        quarter,
        Period.quarter_of(quarter.end, screen.year_starts),
        Period.quarter_of(quarter.start - timedelta(days=1), screen.year_starts),
        month,
        Period.month_of(month.end),
        month.before(),
    ]


def subject_of(screen: Screen) -> Subject:
    """Give whose the page is: the person's, else the team's, else the organisation's."""
    if screen.person is not None:
        return Subject("person", screen.person)
    return ORGANISATION if screen.team is None else Subject("team", screen.team)


def scope_of(screen: Screen) -> dict[str, str | None]:
    """Give the parameters of a question that is narrowed to what the page looks at."""
    return {"team": screen.team, "pipeline": screen.pipeline, "person": screen.person}


def own_subject(screen: Screen) -> Subject:
    """Give for whom the person who looks submits first: what the page shows where that may be, else the own number."""
    shown = subject_of(screen)
    if may_submit(screen.viewer, shown, members_of(screen, shown)) is Way.OWN or not screen.viewer.person_id:
        return shown
    return Subject("person", screen.viewer.person_id)


def members_of(screen: Screen, subject: Subject) -> frozenset[str]:
    """Give the people of a subject as of the day."""
    if subject.kind == "person":
        return frozenset({subject.id})
    if subject.kind == "team":
        return screen.teams.get(subject.id, frozenset())
    return frozenset(row["person_id"] for row in screen.roster)


def sellers_of(screen: Screen, subject: Subject) -> frozenset[str]:
    """Give the people of a subject who sell: who manages others and has no target of an own stays out elsewhere."""
    managers = {row["manager_id"] for row in screen.roster if row["manager_id"]}
    return members_of(screen, subject) - managers


def way_of(screen: Screen, subject: Subject) -> Way | None:
    """Say how the person who looks may submit for a subject; null: not at all."""
    return may_submit(screen.viewer, subject, members_of(screen, subject))


def may_see(screen: Screen, subject: Subject) -> bool:
    """Say whether the person who looks may see what was submitted for a subject."""
    if subject.kind == "person":
        return screen.viewer.sees_person(subject.id)
    return (EVERYBODY if subject.kind == "organisation" else subject.id) in screen.shown


def note_of(screen: Screen, one: Submission) -> str:
    """Give the note where it may be read: that of a team's number, in which people stand, by who leads or wrote it."""
    own = one.by_id == screen.request.user.pk or screen.viewer.role in LEADING
    return one.note if one.subject_kind == "person" or own else ""


def sees_all(screen: Screen, subject: Subject) -> bool:
    """Say whether each person of a subject is one whose rows may be seen: only then their numbers are added up."""
    if screen.viewer.role in {Role.ADMIN, Role.LEADER}:
        return True
    members = members_of(screen, subject)
    return bool(members) and all(screen.viewer.sees_person(person) for person in members)


def subject_name(screen: Screen, subject: Subject) -> str:
    """Name a subject; `NotFoundError` (`subject_unknown`) for one that is not there or not to be seen."""
    if may_see(screen, subject) and len(subject.id) <= _LONGEST_SUBJECT:
        if subject == ORGANISATION:
            return screen.say(N_("Everybody"))
        if subject.kind == "team" and subject.id in screen.teams:
            return subject.id
        if subject.kind == "person" and subject.id in screen.people:
            return screen.people[subject.id]
    raise NotFoundError("subject_unknown", Message(N_("There is nobody to submit for under this address.")))


def submitted(period: Period) -> dict[Subject, list[Submission]]:
    """Give everything submitted for a period by subject, the newest first: the first counts."""
    found: dict[Subject, list[Submission]] = {}
    rows = Submission.objects.filter(period_start=period.start, period_end=period.end).select_related("by")
    for one in rows:
        found.setdefault(Subject(one.subject_kind, one.subject_id), []).append(one)
    return found


def history(subject: Subject | None = None) -> list[Submission]:
    """List everything submitted, or for one subject, the newest first."""
    rows = Submission.objects.select_related("by")
    if subject is not None:
        rows = rows.filter(subject_kind=subject.kind, subject_id=subject.id)
    return list(rows)


@dataclass(frozen=True)
class ModelWord:
    """What the model expects, with the ends of its 80 % range."""

    mean: Decimal
    low: Decimal
    high: Decimal


def model_word(answer: Json | None, subject: Subject) -> ModelWord | None:
    """Read from the forecast of everybody what the model expects of a subject; null where it says nothing."""
    if answer is None or answer["mean"] is None:
        return None
    if subject == ORGANISATION:
        quantiles = answer["quantiles"]
        if not {"0.10", "0.90"} <= set(quantiles):
            return None
        found = {"mean": answer["mean"], "low": quantiles["0.10"], "high": quantiles["0.90"]}
    else:
        rows, column = (answer["people"], "person_id") if subject.kind == "person" else (answer["teams"], "team")
        row = next((row for row in rows if row[column] == subject.id), None)
        if row is None:
            return None
        found = row
    mean, low, high = (amount_of(found[name]) for name in ("mean", "low", "high"))
    if mean is None or low is None or high is None:
        return None
    return ModelWord(mean, low, high)
