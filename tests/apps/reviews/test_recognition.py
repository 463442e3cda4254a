"""Thanks and improvements: once, for others, to the team; no ranking unless somebody decided so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.reviews import recognition
from bokgi.apps.reviews.models import Recognition
from bokgi.domain.errors import NotFoundError, UsageError
from tests.homes import PEOPLE, TODAY

AsRole = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home", "english")]
AT = datetime(2026, 11, 24, tzinfo=UTC)


def page(client: Client) -> str:
    answer = client.get("/reviews/thanks/")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def thank(
    users: dict[str, User], person: str = "park", team: str = "1팀", text: str = "제안서를 함께 고쳐 주었다"
) -> Recognition:
    return recognition.recognition_give(
        key=uuid4(), person_id=person, text=text, by=users["leader"], on=TODAY, at=AT, team=team
    )


def test_thanks_are_kept_once_and_stand_for_the_team(users: dict[str, User], as_role: AsRole) -> None:
    client, key = as_role("rep"), str(uuid4())
    given = {"key": key, "name": PEOPLE["park"], "text": "현장에 함께 가 주었다"}
    for _ in range(2):
        assert client.post("/reviews/thanks/", given).status_code == 302
    assert Recognition.objects.count() == 1
    for role in ("rep", "manager", "leader"):
        shown = page(as_role(role))
        assert "현장에 함께 가 주었다" in shown
        assert PEOPLE["park"] in shown
    assert as_role("viewer").get("/reviews/thanks/").status_code == 403
    del users


def test_another_teams_thanks_are_not_for_a_rep(users: dict[str, User], as_role: AsRole) -> None:
    thank(users, "seo", "2팀", "서울 출장을 대신 갔다")
    assert "서울 출장" not in page(as_role("rep"))
    assert "서울 출장" in page(as_role("leader"))
    assert as_role("rep").post("/reviews/thanks/", {"person": "seo", "text": "x"}).status_code == 422


def test_nobody_thanks_oneself_and_words_are_ones_own_to_take_back(users: dict[str, User]) -> None:
    with pytest.raises(UsageError):
        recognition.recognition_give(key=uuid4(), person_id="lee", text="나", by=users["rep"], on=TODAY, at=AT)
    with pytest.raises(UsageError):
        thank(users, text="  ")
    made = thank(users)
    with pytest.raises(NotFoundError):
        recognition.recognition_withdraw(recognition_id=made.pk, by=users["rep"], at=AT)
    recognition.recognition_withdraw(recognition_id=made.pk, by=users["leader"], at=AT)
    assert recognition.recognitions(None, since=TODAY) == []


def test_an_improvement_is_said_only_as_long_as_the_data_carry_it(as_role: AsRole) -> None:
    given = {"person": "park", "series": "person:park:meeting|2026-11-02"}
    answer = as_role("leader").post("/reviews/thanks/", given)
    assert answer.status_code == 422
    assert Recognition.objects.count() == 0


def test_only_rises_of_people_beyond_chance_are_proposed() -> None:
    def alert(kind: str, direction: str, week: str) -> dict[str, str]:
        return {"subject_kind": kind, "direction": direction, "week": week}

    rows = [
        alert("person", "up", "2026-11-16"),
        alert("person", "down", "2026-11-16"),
        alert("team", "up", "2026-11-16"),
        alert("person", "up", "2026-01-05"),
    ]
    assert recognition.improvements({"alerts": rows}, since=date(2026, 11, 20)) == [rows[0]]


def test_nobody_is_ranked_in_public_unless_the_organisation_turns_it_on(as_role: AsRole) -> None:
    assert not recognition.public_ranking()
    assert "Nobody is ranked in public" in page(as_role("leader"))
    assert "Adjusted win rate of everybody" not in page(as_role("leader"))
    assert as_role("rep").post("/reviews/thanks/ranking/", {"shown": "yes"}).status_code == 403
    assert as_role("manager").post("/reviews/thanks/ranking/", {"shown": "yes"}).status_code == 403
    assert as_role("leader").post("/reviews/thanks/ranking/", {"shown": "yes"}).status_code == 302
    assert recognition.public_ranking()
    # In the home of the tests everybody wins alike: with nothing to tell apart there is no order to show.
    assert "Adjusted win rate of everybody" not in page(as_role("rep"))
    as_role("leader").post("/reviews/thanks/ranking/", {"shown": "no"})
    assert not recognition.public_ranking()
