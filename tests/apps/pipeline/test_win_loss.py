"""The page of wins and losses: each count opens its deals; amounts and reasons are for who may see all of these."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from bokgi.ui.format import WORD_JOINER
from tests.homes import SELLERS, TODAY

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")
PAGE = "/funnel/win-loss/"
TEAM = quote("1팀")
LOCKED = "Amounts, stages and reasons are shown to who may see all deals that are counted"
WRITTEN = "the champion left us"


@pytest.fixture(scope="module")
def written_with_reasons(home_of: Callable[..., Path]) -> Path:
    """Add losses with a reason, and one of lee's that park has had since the day after it was lost."""
    closed = TODAY - timedelta(days=5)
    rows = ["deal_id | owner_id | stage | outcome | amount | created_on | closed_on | lost_reason"]
    rows += [
        f"told-{number} | {SELLERS[number % 5]} | lost | lost | {9_000_001 + number} | {closed - timedelta(days=20)} "
        f"| {closed} | {WRITTEN if number % 2 else ''}"
        for number in range(11)
    ]
    changes = f"deal_id | field | changed_on | old | new\ntold-1 | owner_id | {TODAY} | lee | park"
    stood = [f"told-{number} | {closed - timedelta(days=9)} | proposal" for number in range(11) if number != 2]
    events = "\n".join(["deal_id | entered_on | stage", *stood])
    return home_of({"deals": "\n".join(rows), "deal_changes": changes, "stage_events": events})


@pytest.fixture
def reasons(written_with_reasons: Path, home: Path, settings: Settings) -> None:
    """Let pages read facts with reasons."""
    del home
    settings.HOME = written_with_reasons


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return unescape(answer.content.decode()).replace(WORD_JOINER, "")


def rows(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(address).content.decode("utf-8-sig"))))


@pytest.mark.usefixtures("reasons")
@pytest.mark.parametrize("asked", ["", f"?team={TEAM}&person=lee"])
def test_every_count_opens_as_many_deals(as_role: AsRole, asked: str) -> None:
    client = as_role("leader")
    links = re.findall(r'href="(/deals/[?][^"]+)"[^>]*>([0-9,]+)</a>', page(client, f"{PAGE}{asked}"))
    reasons = [link for link in links if "lost_reason" in link[0]]
    stages = [link for link in links if "ended_in" in link[0]]
    assert (len(links) > 9, len(reasons), len(stages) > 0) == (True, 2, True)
    chosen = [*links[: -len(stages) - 2 : 6], *stages, *reasons]
    opened = {address: (int(number), len(rows(client, f"{address}&export=csv"))) for address, number in chosen}
    assert {address: found for address, found in opened.items() if found[0] != found[1]} == {}


@pytest.mark.usefixtures("reasons")
def test_who_may_not_see_all_deals_sees_counts_without_amounts_and_reasons(as_role: AsRole) -> None:
    """A rep and an executive of everybody, a manager of everybody; the manager of the own team sees all of it."""
    for role in ("rep", "viewer", "manager"):
        client = as_role(role)
        shown = page(client, PAGE)
        assert (LOCKED in shown, WRITTEN in shown, "Won, ₩" in shown) == (True, False, False), role
        assert "Win rate, 95% interval" in shown
        assert ("Stood last in" in shown, "not causes" in shown) == (False, False)
        taken = rows(client, f"{PAGE}?weeks-export=csv")
        assert "Won amount" not in taken[0]
        assert client.get(f"{PAGE}?lost-export=csv")["Content-Type"].startswith("text/html")
    for role, asked in (("rep", "?person=lee"), ("manager", f"?team={TEAM}"), ("leader", "")):
        shown = page(as_role(role), f"{PAGE}{asked}")
        assert (LOCKED in shown, "Won, ₩" in shown, "Reasons of losses" in shown) == (False, True, True), role
    shown = page(as_role("leader"), PAGE)
    assert (WRITTEN in shown, "Stood last in" in shown, "not causes" in shown) == (True, True, True)


@pytest.mark.usefixtures("reasons")
def test_a_period_of_ones_own_is_kept_to_the_day_but_of_sums_to_whole_weeks(as_role: AsRole) -> None:
    """Days that differ by one would tell who sees sums only which deal ended on it."""
    monday = TODAY - timedelta(days=TODAY.weekday() + 7)
    asked = f"{PAGE}?from={monday + timedelta(days=1)}&to={monday + timedelta(days=8)}"
    for role, starts in (("leader", 1), ("rep", 0)):
        client = as_role(role)
        shown = page(client, asked)
        first = re.search(r'type="date" value="([^"]+)"[^>]*name="from"', shown) or pytest.fail("no form of the days")
        assert first[1] == (monday + timedelta(days=starts)).isoformat()
        assert ("Whole weeks are shown." in shown, "last 13 weeks" in shown) == (role == "rep", True)
        weeks = rows(client, f"{asked}&weeks-export=csv")
        assert [week["Weeks from"] for week in weeks] == [first[1], (monday + timedelta(days=7)).isoformat()]
    leader = as_role("leader")
    assert 'type="date"' not in page(leader, PAGE)
    assert leader.get(f"{PAGE}?from=1999-01-01").status_code == 400
    assert leader.get(f"{PAGE}?from={TODAY}&to={monday}").status_code == 400


@pytest.mark.usefixtures("reasons")
def test_the_tables_are_taken_along(as_role: AsRole) -> None:
    client = as_role("leader")
    weeks = rows(client, f"{PAGE}?weeks-export=csv")
    assert len(weeks) == 14
    assert {"Weeks from", "Won", "Lost", "No decision", "Won amount", "Win rate"} <= weeks[0].keys()
    lost = rows(client, f"{PAGE}?lost-export=csv")
    assert sum(int(row["Deals"]) for row in lost) == sum(int(week["Lost"]) for week in weeks)
    assert {row["Reason written down"] for row in lost} == {"No reason given", WRITTEN}


def test_a_day_before_anything_ended_is_said_to_be_empty(as_role: AsRole) -> None:
    shown = page(as_role("leader"), f"{PAGE}?as_of=2020-01-08")
    assert "no deal was won, lost or ended without a decision" in shown
    assert [words for words in ("Reasons of losses", "Wins and losses by week", "Too few") if words in shown] == []
    # Between two weeks a sum of a past day would show single deals to who sees sums only.
    assert "as of Sundays" in page(as_role("viewer"), f"{PAGE}?as_of={TODAY - timedelta(days=7)}")
