"""Roles, people seen, and aggregates that reveal nobody."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.apps.access.permissions import Role, Viewer, managed_by, may_read_private, shown_groups, shown_parts

PEOPLE = ("choi", "jung", "kim", "lee", "park", "seo")


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [
        (Viewer(Role.ADMIN), set(PEOPLE)),
        (Viewer(Role.LEADER, "kim"), set(PEOPLE)),
        (Viewer(Role.MANAGER, "kim", frozenset({"lee", "park"})), {"kim", "lee", "park"}),
        (Viewer(Role.REP, "lee"), {"lee"}),
        # A rep who has people below in the CRM is a rep all the same.
        (Viewer(Role.REP, "lee", frozenset({"park"})), {"lee"}),
        (Viewer(Role.REP), set()),
        (Viewer(Role.VIEWER), set()),
    ],
)
def test_who_sees_whom(viewer: Viewer, seen: set[str]) -> None:
    assert set(viewer.people_seen(PEOPLE)) == seen


def test_a_row_of_nobody_is_not_one_s_own() -> None:
    assert not Viewer(Role.REP, "").sees_person("")
    assert not Viewer(Role.VIEWER, "").sees_person("")


def test_everybody_below_is_managed_and_a_ring_ends() -> None:
    pairs = [("lee", "kim"), ("park", "kim"), ("seo", "park"), ("kim", "seo"), ("choi", None)]
    assert managed_by("kim", pairs) == {"lee", "park", "seo"}
    assert managed_by("", [("lee", ""), ("park", None)]) == frozenset()


@pytest.mark.parametrize("role", list(Role))
def test_a_private_note_is_a_matter_of_two_people_not_of_roles(role: Role) -> None:
    del role
    assert may_read_private(1, (1, 2))
    assert not may_read_private(9, (1, 2))


def test_two_people_are_no_group() -> None:
    rep = Viewer(Role.REP, "lee")
    assert shown_groups({"pair": ["park", "choi"], "own": ["lee"], "with me": ["lee", "park"]}, rep) == {"own"}


def test_who_sees_everybody_has_nothing_withheld() -> None:
    groups = {"pair": ["park", "choi"], "one": ["seo"]}
    assert shown_groups(groups, Viewer(Role.LEADER)) == {"pair", "one"}


def test_a_difference_that_leaves_one_is_withheld() -> None:
    groups = {"all": ["choi", "kim", "park", "seo"], "but one": ["choi", "kim", "park"]}
    assert shown_groups(groups, Viewer(Role.VIEWER)) == {"all"}
    # What is left are seo and lee, and lee is who looks.
    groups = {"all": ["choi", "kim", "park", "seo", "lee"], "but two": ["choi", "kim", "park"]}
    assert shown_groups(groups, Viewer(Role.REP, "lee")) == {"all"}
    assert shown_groups(groups, Viewer(Role.VIEWER)) == {"all", "but two"}


def test_a_difference_in_several_steps_is_withheld() -> None:
    # all − a − b leaves seo, though no two of them do.
    groups = {
        "all": ["p1", "p2", "p3", "p4", "p5", "p6", "seo"],
        "a": ["p1", "p2", "p3"],
        "b": ["p4", "p5", "p6"],
    }
    assert shown_groups(groups, Viewer(Role.VIEWER)) == {"all", "a"}


def reveals(groups: dict[str, list[str]], shown: frozenset[str], viewer: Viewer) -> list[str]:
    """Find by ranks who can be computed: the slow obvious twin."""
    rows = [[float(person in groups[key]) for person in PEOPLE] for key in sorted(shown)]
    rows += [[float(person == own) for person in PEOPLE] for own in PEOPLE if viewer.sees_person(own)]
    if not rows:
        return []
    known = np.linalg.matrix_rank(np.array(rows))
    return [
        person
        for place, person in enumerate(PEOPLE)
        if not viewer.sees_person(person)
        and np.linalg.matrix_rank(np.array([*rows, list(np.eye(len(PEOPLE))[place])])) == known
    ]


@given(
    st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1), min_size=1),
    st.sampled_from([Viewer(Role.REP, "lee"), Viewer(Role.VIEWER), Viewer(Role.MANAGER, "kim", frozenset({"lee"}))]),
)
def test_nobody_can_be_computed_and_nothing_is_withheld_without_need(
    groups: dict[str, list[str]], viewer: Viewer
) -> None:
    shown = shown_groups(groups, viewer)
    assert reveals(groups, shown, viewer) == []
    for key in set(groups) - shown:
        unseen = [person for person in groups[key] if not viewer.sees_person(person)]
        assert unseen
        assert len(groups[key]) < 3 or reveals(groups, shown | {key}, viewer)


def test_what_is_left_of_a_sum_reveals_nobody_either() -> None:
    viewer = Viewer(Role.VIEWER)
    team = ["park", "choi", "kim"]
    # What seo alone has is not hidden by leaving it out: the sum less the others is it.
    assert shown_parts({"won": ["seo"], "new": team, "lost": [*team, "jung"]}, viewer) == frozenset({"lost"})
    # Two small parts hide each other where together they are of enough people.
    assert shown_parts({"won": ["seo"], "new": team, "lost": ["jung", "lee"]}, viewer) == frozenset({"new"})
    assert shown_parts({"won": ["seo"], "lost": ["seo", "lee"]}, viewer) is None
    assert shown_parts({"won": ["seo"], "new": team}, viewer) == frozenset()
    assert shown_parts({}, viewer) == frozenset()
    assert shown_parts({"won": ["seo"]}, Viewer(Role.LEADER)) == frozenset({"won"})
    # What may not be shown for another reason is told with the rest.
    assert shown_parts({"new": team, "lost": team, "won": team}, viewer, ["new", "won"]) == frozenset({"new", "won"})
    # To who is one of three, the rest of them are two; to who is one of two, it is the other.
    rep = Viewer(Role.REP, "lee")
    assert shown_parts({"won": ["lee", "park", "choi"]}, rep) == frozenset({"won"})
    assert shown_parts({"won": ["lee", "park"]}, rep) is None


def test_who_went_to_another_team_is_one_person_with_two_shares() -> None:
    viewer = Viewer(Role.VIEWER)
    first, second = [("kim", "1"), ("lee", "1"), ("choi", "1")], [("seo", "2"), ("nam", "2"), ("choi", "2")]
    # What choi did in one team is not what choi did in the other: the teams do not give choi away.
    assert shown_groups({"all": [*first, *second], "1": first, "2": second}, viewer) == {"all", "1", "2"}
    assert shown_groups({"1": [("kim", "1"), ("choi", "1"), ("choi", "2")]}, viewer) == frozenset()
    # Both shares together are choi's figure all the same.
    groups = {"all": [*second, ("choi", "1"), ("kim", "2")], "2": [("seo", "2"), ("nam", "2"), ("kim", "2")]}
    assert shown_groups(groups, viewer) == {"all"}


def test_one_s_own_team_is_not_the_one_that_is_withheld() -> None:
    groups = {"all": ["choi", "kim", "park", "lee", "jung", "seo", "x"], "own": ["lee", "kim", "park"]}
    groups["other"] = ["choi", "jung", "seo"]
    # What all teams leave of everybody is x.
    assert shown_groups(groups, Viewer(Role.REP, "lee"), first=["own"]) == {"all", "own"}
    assert shown_groups(groups, Viewer(Role.REP, "lee")) == {"all", "other"}
