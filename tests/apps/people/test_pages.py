"""Pages of people: figures of the command, and only of whom one may see."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from bokgi.apps.people import comparison
from bokgi.questions.answers import Answers
from bokgi.questions.compare import compare
from bokgi.questions.person import ask_won_by_month
from bokgi.ui.format import percent
from bokgi.ui.speaker import Speaker
from tests.homes import PEOPLE, SELLERS, TODAY

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return unescape(answer.content.decode())


def test_a_season_is_told_by_its_months() -> None:
    speaker = Speaker("ko", TODAY, "KRW")
    screen: Any = SimpleNamespace(say=speaker.text, speaker=speaker, lang="ko")
    told = {"share": 0.28, "share_of_all": 0.39, "effect": 0.06}
    levels = (
        {"factor": "season", "level": "Q3"},
        {"factor": "segment", "level": "Q3"},
        {"factor": "type", "level": None},
    )
    row = {"conditions": [told | level for level in levels]}
    names = ["계절(7~9월 생성)", "세그먼트(Q3)", "기회 유형(모름)"]
    for name, words in zip(names, comparison.conditions(screen, row), strict=True):
        assert words.startswith(f"{name}: 이 사람 기회의 28%")
    table = comparison.conditions_table(screen, row)
    assert table is not None
    assert table.rows[0][0].text == "계절: 7~9월 생성"
    # A sentence begins large, but a column of the source is called as it is there.
    english = Speaker("en", TODAY, "KRW")
    screen = SimpleNamespace(say=english.text, speaker=english, lang="en")
    named = comparison.conditions(screen, {"conditions": [told | levels[2], told | {"factor": "iPaaS", "level": "a"}]})
    assert [words.split(" (")[0] for words in named] == ["Deal type", "iPaaS"]


def test_people_stand_by_name_beside_what_was_to_be_expected(as_role: AsRole, home: Path) -> None:
    shown = page(as_role("leader"), "/people/")
    answer = Answers(home).ask(compare, as_of=TODAY)
    assert {row["person_id"] for row in answer["people"]} == set(SELLERS)
    for row in answer["people"]:
        for figure in ("raw", "expected", "adjusted"):
            assert percent(row[figure]) in shown
    places = [shown.index(name) for name in sorted(PEOPLE[person] for person in SELLERS)]
    assert places == sorted(places)


def test_people_have_what_they_won_by_month_as_a_drawing_with_its_numbers(as_role: AsRole, home: Path) -> None:
    won = {row["person_id"]: row["won"] for row in Answers(home).ask(ask_won_by_month, as_of=TODAY)["people"]}
    shown = page(as_role("leader"), "/people/")
    for person in SELLERS:
        told = ", ".join(map(str, won[person]))
        assert f'aria-label="deals won by month, the oldest first: {told}"' in shown
    # A rep sees the own row, and nothing of what others won.
    own = page(as_role("rep"), "/people/")
    assert own.count("deals won by month, the oldest first:") == 1


def test_people_are_found_cut_to_columns_and_taken_along_but_never_put_in_an_order_by_result(as_role: AsRole) -> None:
    client = as_role("leader")
    fewer = page(client, f"/people/?find={PEOPLE['lee']}&columns=won")
    assert "/people/lee/" in fewer
    assert "/people/seo/" not in fewer
    assert 'scope="col" class="num">Raw<' not in fewer
    assert ">Won, 12 months<" in fewer
    plain, asked = page(client, "/people/"), page(client, "/people/?sort=-adjusted")
    places = [re.findall(r'href="/people/(\w+)/"', shown) for shown in (plain, asked)]
    assert places[0] == places[1]
    assert "sort=-person" in page(client, "/people/?sort=person")
    file = client.get(f"/people/?find={PEOPLE['lee']}&export=csv").content.decode("utf-8-sig").splitlines()
    assert file[0].startswith("Person,n,Raw,Expected,Adjusted,")
    assert [line.split(",")[0] for line in file[1:]] == [PEOPLE["lee"]]
    taken = as_role("rep").get("/people/?export=csv").content.decode("utf-8-sig")
    assert PEOPLE["seo"] not in taken


def test_where_nobody_can_be_told_apart_nobody_has_a_colour(as_role: AsRole, home: Path) -> None:
    assert not Answers(home).ask(compare, as_of=TODAY)["heterogeneity"]["detectable"]
    shown = page(as_role("leader"), "/people/")
    assert "badge is-good" not in shown
    assert "badge is-bad" not in shown
    assert shown.count("cannot tell") >= len(SELLERS)


def test_a_person_has_a_page_with_the_year_and_the_open_deals(as_role: AsRole) -> None:
    shown = page(as_role("rep"), "/people/lee/")
    assert PEOPLE["lee"] in shown
    assert "Nov\u00a02026" in shown
    # A month has one name, below a drawing, too.
    assert "Nov\u00a02026</text>" in shown
    assert re.search(r">20\d\d-\d\d<", shown) is None
    assert "/deals/lee-0/" in shown


def test_a_colleague_is_as_unknown_as_nobody(as_role: AsRole) -> None:
    assert as_role("rep").get("/people/seo/").status_code == as_role("rep").get("/people/nobody/").status_code == 404
    assert as_role("leader").get("/people/nobody/").status_code == 404
    assert as_role("viewer").get("/people/").status_code == 403
