"""Who may see what: pure rules on roles, without the web and without the database.

They filter results, not inputs: an analysis reads everybody's rows, and what is shown of its result depends on who
looks. Private notes are no matter of roles: only the two people they belong to see them, not even an admin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a user is to the organisation."""

    ADMIN = "admin"
    LEADER = "leader"
    MANAGER = "manager"
    REP = "rep"
    VIEWER = "viewer"


EVERYBODY: Final = frozenset(Role)
LEADING: Final = frozenset({Role.ADMIN, Role.LEADER, Role.MANAGER})
SELLING: Final = frozenset({Role.LEADER, Role.MANAGER, Role.REP})
DATA_KEEPERS: Final = frozenset({Role.ADMIN})


@dataclass(frozen=True)
class Viewer:
    """Who looks: a role, the person in the facts (empty for none), the people whose manager this person is."""

    role: Role
    person_id: str = ""
    managed: frozenset[str] = frozenset()

    def sees_person(self, person_id: str) -> bool:
        """Say whether rows and figures of one person may be shown.

        >>> (
        ...     Viewer(Role.REP, "lee").sees_person("park"),
        ...     Viewer(Role.MANAGER, "kim", frozenset({"lee"})).sees_person("lee"),
        ... )
        (False, True)
        """
        if self.role in {Role.ADMIN, Role.LEADER}:
            return True
        if self.person_id and person_id == self.person_id:
            return True
        return self.role is Role.MANAGER and person_id in self.managed

    def people_seen(self, people: Iterable[str]) -> list[str]:
        """Keep the people whose rows may be shown."""
        return [person for person in people if self.sees_person(person)]
