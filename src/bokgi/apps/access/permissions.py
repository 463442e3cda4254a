"""Who may see what: pure rules on roles, without the web and without the database.

They filter results, not inputs: an analysis reads everybody's rows, and what is shown of its result depends on who
looks. Private notes are no matter of roles: only the two people they belong to see them, not even an admin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
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
SMALLEST_GROUP: Final = 3
"""Fewer people than this are not summed up for who may not see each of them."""


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


def managed_by(person_id: str, managers: Iterable[tuple[str, str | None]]) -> frozenset[str]:
    """Give everybody below one person: whose manager it is, and theirs. `managers` are pairs (person, manager).

    >>> sorted(managed_by("kim", [("lee", "kim"), ("park", "lee"), ("kim", "park"), ("choi", None)]))
    ['lee', 'park']
    """
    below: dict[str, set[str]] = {}
    for person, manager in managers:
        if manager:
            below.setdefault(manager, set()).add(person)
    found: set[str] = set()
    waiting = [person_id] if person_id else []
    while waiting:
        more = below.get(waiting.pop(), set()) - found - {person_id}
        found |= more
        waiting += more
    return frozenset(found)


def may_read_private(person: int, parties: Iterable[int]) -> bool:
    """Say whether a private note is one's own to read: it belongs to its two people, whatever the role.

    >>> may_read_private(3, (3, 7)), may_read_private(1, (3, 7))
    (True, False)
    """
    return person in set(parties)


Share = str | tuple[str, str | None]
"""A person's rows, or those of a person's rows that count in one team, where people have been in several."""


def _whose(share: Share) -> str:
    return share if isinstance(share, str) else share[0]


def shown_groups(groups: Mapping[str, Iterable[Share]], viewer: Viewer, *, first: Iterable[str] = ()) -> frozenset[str]:
    """Choose the aggregates that may be shown together: none over fewer than three people, none that reveals one.

    `groups`: key of an aggregate → the people whose rows it sums up; who counts in several teams that are apart is
    given with the team, so that what counts in one of them is not taken for what counts in the other. A group whose
    people are all seen one by one anyway is always shown. Of the others those named `first` come first, then larger
    ones, and a group is withheld when with it somebody's figure could be computed as a difference of what is shown,
    however many steps that takes, from what the viewer sees of own people, too. (A linear combination of the groups
    that leaves one person is that person's figure.)

    >>> rep = Viewer(Role.REP, "lee")
    >>> sorted(shown_groups({"all": ["lee", "park", "choi", "kim"], "south": ["lee", "park", "choi"]}, rep))
    ['all']
    >>> sorted(shown_groups({"all": ["lee", "park", "choi", "kim"], "pair": ["lee", "park"]}, rep))
    ['all']
    """
    members = {key: frozenset(people) for key, people in groups.items()}
    sizes = {key: len({*map(_whose, people)}) for key, people in members.items()}
    hidden = {key: frozenset(p for p in people if not viewer.sees_person(_whose(p))) for key, people in members.items()}
    shown = {key for key, others in hidden.items() if not others}
    revealed = _Span()
    before = {*first}
    for key in sorted(members, key=lambda key: (key not in before, -sizes[key], key)):
        if key not in shown and sizes[key] >= SMALLEST_GROUP and revealed.grows_safely(hidden[key]):
            shown.add(key)
    return frozenset(shown)


def shown_parts(
    parts: Mapping[str, Iterable[str]], viewer: Viewer, safe: Iterable[str] | None = None
) -> frozenset[str] | None:
    """Choose which parts of a shown sum may be shown beside it; the others are told as one. Null: not even the sum.

    `parts`: key → the people whose rows the part sums up; `safe`: the keys that may be shown at all (null: those that
    may be shown alone, see `shown_groups`). What is left when the shown parts are taken away is a sum of the others:
    while it would reveal somebody, the smallest of the shown parts joins it.

    >>> rep = Viewer(Role.REP, "lee")
    >>> many = {"won": ["park", "choi", "kim"], "new": ["park", "choi", "kim", "lee"]}
    >>> sorted(shown_parts(many | {"lost": ["seo"]}, rep)), shown_parts({"lost": ["seo"], "won": ["lee"]}, rep)
    (['new'], None)
    """
    people = {key: frozenset(found) for key, found in parts.items()}
    allowed = {key for key in people if shown_groups({key: people[key]}, viewer)}
    shown = allowed if safe is None else allowed & {*safe}

    def rest_is_safe() -> bool:
        rest = frozenset[str]().union(*(people[key] for key in people.keys() - shown))
        return bool(shown_groups({"": rest}, viewer))

    for key in sorted(shown, key=lambda key: (len(people[key]), key)):
        if rest_is_safe():
            break
        shown = shown - {key}
    return frozenset(shown) if rest_is_safe() else None


class _Span:
    """What can be computed from sums over groups of people: their linear span, in reduced row echelon form."""

    def __init__(self) -> None:
        self._rows: list[dict[Share, Fraction]] = []

    def grows_safely(self, people: frozenset[Share]) -> bool:
        """Take a group in, unless then the figure of a single person is in the span."""
        row: dict[Share, Fraction] = dict.fromkeys(people, Fraction(1))
        for known in self._rows:
            row = _minus(row, known, row.get(next(iter(known)), Fraction(0)))
        if not row:
            return True
        pivot = min(row, key=str)
        row = {pivot: Fraction(1), **{name: value / row[pivot] for name, value in row.items() if name != pivot}}
        grown = [_minus(known, row, known.get(pivot, Fraction(0))) for known in self._rows]
        grown.append(row)
        # In this form a single person is in the span exactly when a row says so; teams that are apart share no entry.
        if any(len({*map(_whose, known)}) == 1 for known in grown):
            return False
        self._rows = grown
        return True


def _minus(row: dict[Share, Fraction], other: dict[Share, Fraction], times: Fraction) -> dict[Share, Fraction]:
    """Subtract a multiple; zeros are left out, and the pivot of a row stays its first entry."""
    if not times:
        return row
    names = {**row, **other}
    result = {name: row.get(name, Fraction(0)) - times * other.get(name, Fraction(0)) for name in names}
    return {name: value for name, value in result.items() if value}
