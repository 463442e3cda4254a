"""Today: each part for whom it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.reviews.services import planning
from tests.homes import SELLERS

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
