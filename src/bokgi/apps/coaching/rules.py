"""Who may do what with the papers of two people: pure rules, without the web and without the database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from bokgi.apps.access.permissions import Role, Viewer

COACHES: Final = frozenset({Role.LEADER, Role.MANAGER})
CHECK_WEEKS: Final = (4, 8)
MOST_BEHAVIOURS: Final = 2
LONGEST: Final = 4_000
"""Characters of one text."""
LEAST_OTHERS: Final = 3
"""Plans of fewer other people than this are not summed up for who may not read them."""


def may_coach(coach: Viewer, member: str) -> bool:
    """Say whether somebody may begin or go on with 1:1s with a person: a leader with everybody, a manager with theirs.

    >>> lead, manager = Viewer(Role.LEADER), Viewer(Role.MANAGER, "kim", frozenset({"lee"}))
    >>> (
    ...     may_coach(lead, "lee"),
    ...     may_coach(manager, "lee"),
    ...     may_coach(manager, "seo"),
    ...     may_coach(Viewer(Role.ADMIN), "lee"),
    ... )
    (True, True, False, False)
    """
    return coach.role in COACHES and bool(member) and member != coach.person_id and coach.sees_person(member)


def check_due_on(begun_on: date, weeks: int) -> date:
    """Give the first day on which so many whole weeks have passed.

    >>> check_due_on(date(2026, 11, 2), 4)
    datetime.date(2026, 11, 30)
    """
    return begun_on + timedelta(weeks=weeks)


def checks_due(begun_on: date, made: frozenset[int], on: date) -> tuple[int, ...]:
    """Give the checks whose weeks have passed and that were not made.

    >>> checks_due(date(2026, 9, 7), frozenset({4}), date(2026, 11, 24))
    (8,)
    """
    return tuple(weeks for weeks in CHECK_WEEKS if weeks not in made and check_due_on(begun_on, weeks) <= on)


def ledger_shows_others(others: int) -> bool:
    """Say whether plans of people whose plans one may not read may be summed up: of nobody, or of enough people.

    >>> [ledger_shows_others(people) for people in (0, 1, 2, 3)]
    [True, False, False, True]
    """
    return others == 0 or others >= LEAST_OTHERS
