"""Decisions about submissions as pure functions: who may submit for whom, what fits, which one counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from bokgi.apps.access.permissions import Role, Viewer
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period

WHOLE: Final = "all"
"""Key of the organisation as a subject, as in the targets."""
_TOO_LARGE: Final = 10**15
_LEADERS: Final = frozenset({Role.ADMIN, Role.LEADER})


class Way(StrEnum):
    """How somebody submits: the own number, or in the place of somebody else's."""

    OWN = "own"
    OVERRIDE = "override"


@dataclass(frozen=True, order=True)
class Subject:
    """Whose period it is: a person, a team or the organisation (`id` is `all`)."""

    kind: str
    id: str

    @property
    def key(self) -> str:
        """Write the subject as an address carries it.

        >>> Subject.read(Subject("team", "2팀").key)
        Subject(kind='team', id='2팀')
        """
        return f"{self.kind}:{self.id}"

    @classmethod
    def read(cls, text: str) -> Subject:
        """Read a subject; raises `UsageError` (`subject_unreadable`) for anything else."""
        kind, _, found = text.partition(":")
        if kind not in {"person", "team", "organisation"} or not found:
            raise UsageError("subject_unreadable", Message(N_("“{text}” is nobody to submit for."), {"text": text}))
        return cls(kind, found)


def may_submit(viewer: Viewer, subject: Subject, members: AbstractSet[str]) -> Way | None:
    """Say how somebody may submit for a subject; null: not at all. `members` are the people of the subject's team.

    Everybody who sells submits the own number. Who leads may put a number in the place of somebody else's, with a
    reason; a team's number is its manager's, the organisation's its leader's.

    >>> may_submit(Viewer(Role.REP, "lee"), Subject("person", "lee"), frozenset()).value
    'own'
    >>> may_submit(Viewer(Role.REP, "lee"), Subject("team", "1팀"), frozenset({"lee"})) is None
    True
    >>> may_submit(Viewer(Role.MANAGER, "kim", frozenset({"lee"})), Subject("person", "lee"), frozenset()).value
    'override'
    """
    if viewer.role is Role.VIEWER:
        return None
    if subject.kind == "person":
        if subject.id == viewer.person_id:
            return Way.OWN
        return Way.OVERRIDE if viewer.role is not Role.REP and viewer.sees_person(subject.id) else None
    if viewer.role in _LEADERS:
        return Way.OWN
    led = viewer.role is Role.MANAGER and subject.kind == "team"
    return Way.OWN if led and members and all(viewer.sees_person(person) for person in members) else None


@dataclass(frozen=True)
class Numbers:
    """What somebody submits: the number, its sure and its hopeful end (null: not given), a note, a reason."""

    amount: Decimal
    currency: str
    commit: Decimal | None = None
    best_case: Decimal | None = None
    note: str = ""
    reason: str = ""


def refuse_unfit(given: Numbers, *, way: Way, period: Period, on: date) -> None:
    """Raise `UsageError` for numbers that contradict each other, an unexplained override, a period that is over."""
    if on >= period.end:
        raise UsageError(
            "period_over",
            Message(N_("This period is over; what was submitted for it stays as it is.")),
            Message(N_("Choose the current period or a coming one.")),
        )
    if min(given.amount, given.commit or 0, given.best_case or 0) < 0:
        raise UsageError("amount_negative", Message(N_("An amount cannot be less than nothing.")))
    if max(given.amount, given.commit or 0, given.best_case or 0) >= _TOO_LARGE:
        raise UsageError("amount_too_large", Message(N_("This amount is too large to be one.")))
    if given.commit is not None and given.commit > given.amount:
        raise UsageError(
            "commit_above_number",
            Message(N_("Commit is more than the number you submit.")),
            Message(N_("Commit is what you stand for whatever happens; the number is what you expect.")),
        )
    if given.best_case is not None and given.best_case < given.amount:
        raise UsageError(
            "best_case_below_number",
            Message(N_("Best case is less than the number you submit.")),
            Message(N_("Best case is what comes when everything goes well.")),
        )
    if way is Way.OVERRIDE and not given.reason.strip():
        raise UsageError(
            "reason_missing",
            Message(N_("Say why you put another number in the place of this person's.")),
            Message(N_("The person reads it.")),
        )


class Dated(Protocol):
    """A submission, as far as it is decided about."""

    @property
    def on(self) -> date:
        """Civil day on which it was made."""


Found = TypeVar("Found", bound=Dated)


def early_day(period: Period) -> date:
    """Give the last day that counts as early: one third of the period has passed by its end.

    >>> early_day(Period.parse("2026-11")), early_day(Period.parse("2026-Q4"))
    (datetime.date(2026, 11, 10), datetime.date(2026, 10, 31))
    """
    return period.start + timedelta(days=-(-period.days // 3) - 1)


def stood_on(newest_first: Sequence[Found], day: date) -> Found | None:
    """Give the submission that counted at the end of a day."""
    return next((one for one in newest_first if one.on <= day), None)


def periods_over(periods: Iterable[Period], on: date) -> list[Period]:
    """Keep periods that have ended by the end of a day, the newest first."""
    return sorted({one for one in periods if one.end <= on + timedelta(days=1)}, reverse=True)
