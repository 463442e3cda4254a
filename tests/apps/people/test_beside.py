"""A person beside colleagues: nobody is named, and nobody is left over as the only one it can be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.test import Client

from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.people.beside import Beside, beside
from bokgi.apps.people.comparison import Lineup
from bokgi.apps.pipeline.selectors import Screen
from bokgi.questions.asked import Json
from bokgi.ui.format import percent
from bokgi.ui.speaker import Speaker
from tests.homes import PEOPLE, SELLERS

AsRole = Callable[[str], Client]


def row(person_id: str, adjusted: float, *, component: int = 1) -> Json:
    return {
        "person_id": person_id,
        "name": f"name of {person_id}",
        "n": 40,
        "raw": adjusted + 0.05,
        "expected": 0.4,
        "adjusted": adjusted,
        "low": adjusted - 0.1,
        "high": adjusted + 0.1,
        "verdict": "cannot_tell",
        "component": component,
    }


DAY = date(2026, 11, 24)


def screen_of(viewer: Viewer, *, on: date = DAY, is_past: bool = False) -> Screen:
    speaker = Speaker("en", on, "KRW")
    screen: Any = SimpleNamespace(
        viewer=viewer, speaker=speaker, say=speaker.text, lang="en", as_of=on, is_past=is_past
    )
    return cast("Screen", screen)


def answer_of(people: list[Json]) -> Json:
    return {"people": people, "level": 0.9, "heterogeneity": {"detectable": False}, "said": []}


def drawn(viewer: Viewer, people: list[Json], *, on: date = DAY, is_past: bool = False) -> Beside:
    return beside(screen_of(viewer, on=on, is_past=is_past), answer_of(people), people[0])


def circles(found: Beside) -> int:
    return sum(str(one.mark).count("<circle") for one in found.peers)


REP = Viewer(Role.REP, "lee")
TEAM = [row(name, 0.3 + place / 50) for place, name in enumerate(("lee", "park", "choi", "seo"))]


def test_colleagues_stand_beside_a_person_without_name_or_order() -> None:
    found = drawn(REP, TEAM)
    assert circles(found) == 4
    text = " ".join(f"{one.label} {one.sub} {one.value} {one.range} {one.mark}" for one in found.peers)
    assert "name of lee" in text
    assert not any(name in text for name in ("park", "choi", "seo"))
    assert "3 colleagues, adjusted from 32% to 36%" in text
    assert found.axis.reference is not None
    assert found.axis.reference[0] == pytest.approx(0.33)
    assert found.axis.reference[1] == "average 33%"


def test_what_is_drawn_of_a_colleague_who_is_not_to_be_known_tells_no_more_than_two_percent() -> None:
    def marks_of(viewer: Viewer, shift: float) -> str:
        others = [row(name, at + shift) for name, at in (("park", 0.34), ("choi", 0.4), ("seo", 0.46))]
        found = drawn(viewer, [TEAM[0], *others])
        return " ".join(f"{one.label} {one.sub} {one.mark}" for one in found.peers) + str(found.axis)

    assert marks_of(REP, 0.0) == marks_of(REP, 0.004) != marks_of(REP, 0.02)
    assert "drawn to the nearest 2%" in marks_of(REP, 0.0)
    leader = Viewer(Role.LEADER)
    assert marks_of(leader, 0.0) != marks_of(leader, 0.004)
    assert "drawn to" not in marks_of(leader, 0.0)


def test_a_colleague_who_is_not_to_be_known_cannot_be_followed_from_day_to_day() -> None:
    team = [TEAM[0], *(row(f"p{place}", 0.3 + place / 50) for place in range(12))]
    for viewer, before in ((REP, 0), (Viewer(Role.LEADER), 13)):
        assert circles(drawn(viewer, team, on=date(2026, 11, 20), is_past=True)) == before
    # On the next day they stand in another order; on one day always in the same.
    today, again, tomorrow = (str(drawn(REP, team, on=day).peers) for day in (DAY, DAY, date(2026, 11, 25)))
    assert today == again != tomorrow


def test_what_is_left_over_of_very_few_is_not_drawn() -> None:
    for people in (TEAM[:3], [*TEAM[:3], row("seo", 0.36, component=2)]):
        found = drawn(REP, people)
        assert found.peers == []
        assert found.axis.reference is None
    # A manager knows two of them already: the third would be known, too.
    assert drawn(Viewer(Role.MANAGER, "lee", frozenset({"park", "choi"})), TEAM).peers == []
    assert circles(drawn(Viewer(Role.LEADER), TEAM[:3])) == 3


def test_where_colleagues_are_not_shown_the_axis_does_not_tell_of_them() -> None:
    far = [*TEAM[:2], row("choi", 0.9)]
    assert drawn(REP, far).axis.high < 0.7 < drawn(Viewer(Role.LEADER), far).axis.high


def test_of_very_many_colleagues_some_are_drawn_and_it_says_so() -> None:
    found = drawn(Viewer(Role.LEADER), [row(f"p{place}", 0.3 + place / 500) for place in range(80)])
    assert circles(found) == 61
    assert found.peers[1].sub == "drawn by lot from 79"


def test_all_rows_lie_on_one_axis_with_the_persons_figures() -> None:
    found = drawn(REP, TEAM)
    assert [one.value for one in found.readings] == [percent(0.35), percent(0.4), percent(0.3)]
    places = [re.findall(r'cx="([\d.]+)%"', str(one.mark)) for one in found.readings]
    assert [float(at) for [at] in places] == pytest.approx(
        [4 + 92 * (value - found.axis.low) / (found.axis.high - found.axis.low) for value in (0.35, 0.4, 0.3)], abs=0.1
    )
    assert [words for _at, words in found.axis.ticks] == ["20%", "25%", "30%", "35%", "40%", "45%"]


@pytest.mark.usefixtures("home", "english")
def test_the_page_of_a_person_shows_colleagues_and_none_by_name(as_role: AsRole) -> None:
    shown = as_role("rep").get("/people/lee/").content.decode()
    assert "Beside colleagues" in shown
    assert "4 colleagues" in shown
    assert not any(PEOPLE[person] in shown for person in SELLERS if person != "lee")


def test_the_list_draws_adjusted_rates_beside_their_average_not_beside_what_own_deals_let_expect() -> None:
    people = [row("lee", 0.30) | {"expected": 0.9}, row("park", 0.34), row("choi", 0.38), row("seo", 0.5, component=2)]
    lineup = Lineup(screen_of(Viewer(Role.LEADER)), answer_of(people), people)
    drawn_as = [str(lineup.mark(one)) for one in people]
    ticks = [re.findall(r'class="ref-s" d="M([\d.]+) ', one) for one in drawn_as]
    assert ticks[0] == ticks[1] == ticks[2]
    [dot] = re.findall(r'cx="([\d.]+)"', drawn_as[1])
    assert float(ticks[0][0]) == pytest.approx(float(dot), abs=0.05)
    assert "30%, interval 20% to 40%, average 34%" in drawn_as[0]
    # Alone in a component: nobody to compare with.
    assert ticks[3] == []
    assert lineup.legend() == (("tick", "average of the people who can be compared"),)


def test_no_average_stands_beside_somebody_where_it_would_tell_of_very_few() -> None:
    lineup = Lineup(screen_of(REP), answer_of(TEAM[:3]), TEAM[:1])
    assert "average" not in str(lineup.mark(TEAM[0]))
    assert lineup.legend() == ()
