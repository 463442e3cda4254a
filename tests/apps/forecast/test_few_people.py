"""What few people have of a forecast, in its categories and in its change, is told as one to who may not see them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.homes import TODAY, add, older_deals

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")
AMOUNT = 77_000_000


@pytest.fixture
def committed(home: Path, written_home: Path, tmp_path: Path, settings: Settings) -> None:
    """Let pages read facts with a year of older deals, and a new deal of seo, the only one in commit."""
    del home
    settings.HOME = tmp_path / "home"
    shutil.copytree(written_home, settings.HOME)
    new = "deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | forecast_category\n"
    new += f"seo-new | seo | proposal | open | {AMOUNT} | {TODAY - timedelta(days=3)} | {TODAY} | commit"
    add(settings.HOME, {"deals": older_deals()})
    add(
        settings.HOME,
        {
            "deals": new,
            "stage_events": f"deal_id | stage | entered_on | seq\nseo-new | proposal | {TODAY - timedelta(days=3)} | 1",
        },
    )


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return unescape(answer.content.decode())


@pytest.mark.usefixtures("committed")
def test_what_one_person_has_in_a_category_or_a_part_of_the_change_is_not_told_apart(as_role: AsRole) -> None:
    for role, hides in (("leader", False), ("viewer", True), ("rep", True)):
        shown = page(as_role(role), "/forecast/")
        assert "Since last week" in shown
        for words in ("In commit", "Won and commit<small>", "Came in"):
            assert (words not in shown) is hides, (role, words)
        assert ("What few people have" in shown) is hides, role
        assert ("most was" not in shown and "most came" not in shown) is hides, role
    today = page(as_role("viewer"), "/today/")
    assert "Won and commit" not in today
    assert "the forecast rose by" in today or "the forecast fell by" in today
    assert "most came from" not in today
    assert "most was lost to" not in today
    assert "Won and commit" in page(as_role("leader"), "/today/")


@pytest.mark.usefixtures("committed")
def test_a_person_reads_own_parts_and_a_manager_those_of_the_team(as_role: AsRole) -> None:
    assert "What few people have" not in page(as_role("rep"), "/forecast/?person=lee")
    assert "What few people have" not in page(as_role("manager"), "/forecast/?team=1팀")
