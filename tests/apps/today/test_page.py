"""Today: each part for whom it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.reviews.services import planning
from bokgi.apps.today.news import since
from bokgi.questions.answers import Answers
from bokgi.questions.pipeline import tell_pipeline_change
from tests.homes import SELLERS, TODAY

AsRole = Callable[[str], Client]


@pytest.fixture(autouse=True)
def late(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look two months later: every close date that was expected has passed."""
    del home
    monkeypatch.setenv("BOKGI_TODAY", "2027-01-31")


def page(client: Client) -> str:
    answer = client.get("/today/")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_a_leader_sees_the_deals_to_see_to_of_everybody(as_role: AsRole) -> None:
    shown = page(as_role("leader"))
    assert len([person for person in SELLERS if f"/deals/{person}-" in shown]) > 1
    assert "챙길 기회" in shown


def test_a_rep_sees_own_deals_and_own_result(as_role: AsRole) -> None:
    shown = page(as_role("rep"))
    assert {person for person in SELLERS if f"/deals/{person}-" in shown} == {"lee"}
    assert "/people/lee/" in shown


def test_each_is_reminded_of_the_review_to_prepare_for(as_role: AsRole, users: dict[str, User]) -> None:
    leader = users["leader"]
    meeting = planning.meeting_plan(team="", on=date(2027, 2, 1), at=time(10), minutes=60, by=leader)
    for role in ("leader", "rep"):
        assert f"/reviews/{meeting.pk}/" in page(as_role(role))
    assert f"/reviews/{meeting.pk}/" not in page(as_role("viewer"))


def test_an_executive_sees_no_rows(as_role: AsRole) -> None:
    assert "/deals/" not in page(as_role("viewer"))


def test_home_leads_to_today(as_role: AsRole) -> None:
    answer = as_role("leader").get("/")
    assert answer.status_code == 302
    assert answer["Location"] == "/today/"


def test_what_happened_to_deals_since_the_last_working_day_is_told_to_whom_it_belongs(
    as_role: AsRole, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The fourteenth deal of everybody was won nineteen days before: on a Thursday.
    on = TODAY - timedelta(days=18)
    monkeypatch.setenv("BOKGI_TODAY", on.isoformat())
    told = Answers(home).ask(tell_pipeline_change, as_of=on, start=on - timedelta(days=1))
    won = {deal["deal_id"] for deal in told["deals"]["won"]}
    assert won == {f"{person}-13" for person in SELLERS}
    leader, rep = page(as_role("leader")), page(as_role("rep"))
    assert "11월\u00a05일부터 바뀐 것" in leader
    # Most amounts of the day before were never seen: that they are there now is no news.
    assert told["reason"] == "amounts_unknown"
    assert told["deals"]["amount_filled"]
    assert "금액 채움" not in leader
    assert {key for key in won if f"/deals/{key}/" in leader} == won
    assert {key for key in won if f"/deals/{key}/" in rep} == {"lee-13"}
    assert "부터 바뀐 것" not in page(as_role("viewer"))


@pytest.mark.usefixtures("home", "users")
def test_a_week_begins_with_what_happened_on_its_last_working_day() -> None:
    assert since(date(2026, 11, 23)) == since(date(2026, 11, 22)) == since(date(2026, 11, 21)) == date(2026, 11, 20)
    assert since(date(2026, 12, 28)) == date(2026, 12, 24), "Friday is Christmas"
