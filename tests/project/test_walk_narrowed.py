"""The walk with what pages read from their address: teams, pipelines, people, other days, and these together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import ANYONE, permits
from bokgi.questions.answers import Answers
from bokgi.questions.backtest import MONTHS, ask_backtest
from tests.homes import DEALS_EACH, MARKS, SELLERS, TODAY, amount, older_deals, pipeline_of
from tests.project.addresses import pages
from tests.project.parameters import addresses, each_once, nonsense, recorded, unknown

AsRole = Callable[[str], Client]
_SUMS: Final = ("funnel:", "kpi:index", "forecast:index", "forecast:backtest", "deals:index", "today:index")
"""Pages of sums and of lists: here every value is tried, and more of them together."""
_OF_PEOPLE: Final = (*_SUMS, "forecast:submissions", "people:")
"""What is walked by who has own rows and people, too, as a sample: what they see beside these gives nobody away."""
SEEN = {"manager": {"lee", "park", "choi"}, "rep": {"lee"}, "viewer": set()}
"""Whom each user may see, or has led: of choi, who has gone, the manager knows the sums of that time."""


@pytest.fixture(scope="module")
def moving_home(home_of: Callable[..., Path]) -> Path:
    """Write facts with a pipeline in which seo alone sells, and with choi in another team since three weeks.

    Of a year of older deals a forecast is learnt; of what is open seo alone has something in commit.
    """
    due = "deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | forecast_category\n"
    due += f"seo-0 | seo | prospecting | open | {amount('seo', 0)} | {TODAY - timedelta(days=150)} | {TODAY} | commit"
    day = TODAY - timedelta(days=21)
    members = "person_id | team | role | manager_id | share | started_on | valid_from | valid_to"
    members += f"\nchoi | 1팀 | AE | kim | 1 | 2026-10-05 | 2026-10-05 | {day}"
    members += f"\nchoi | 2팀 | AE | han | 1 | 2026-10-05 | {day} |"
    return home_of(
        pipeline_of(["seo"]),
        {"deals": older_deals()},
        {"deals": due},
        {"memberships": members},
        known=("owner_id", "amount", "expected_close_on", "source"),
    )


@pytest.fixture
def walked(moving_home: Path, home: Path, settings: Settings, users: dict[str, User]) -> None:
    """Let everybody read these facts, in Korean, whose amounts have all digits that tell deals apart."""
    del home
    settings.HOME = moving_home
    for user in users.values():
        user.language = "ko"
        user.save()


def content(answer: HttpResponseBase) -> str:
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]  # one has the one, one the other
    return unescape(whole.decode("utf-8", errors="replace"))


def _marks(person: str) -> set[str]:
    """Give what tells of a person: rows and their amounts, and the sums of what is open, won and lost."""
    worth = [amount(person, number) for number in range(DEALS_EACH)]
    sums = [sum(worth[start::3]) for start in range(3)] + [sum(worth)]
    cells = {f">{value / 1e4:,.0f}<" for value in (*worth, *sums)}
    return MARKS[person] | cells | {str(value) for value in sums}


def _errors_of_own(home: Path, address: str, seen: set[str]) -> set[str]:
    """Give the amounts that the trial of one person holds, of whom the page is: an error may read like any amount."""
    asked = parse_qs(urlsplit(address).query)
    person, length, day = (asked.get(name, [""])[-1] for name in ("person", "length", "as_of"))
    if person not in seen:
        return set()
    scope = {"person": person, "team": None, "pipeline": asked.get("pipeline", [None])[-1]}
    period = length if length in MONTHS else "month"
    answer = Answers(home).ask(ask_backtest, as_of=date.fromisoformat(day) if day else TODAY, period=period, **scope)
    return {f">{float(amount) / 1e4:,.0f}<" for amount in re.findall(r'"amount": "(-?[\d.]+)"', json.dumps(answer))}


@pytest.mark.usefixtures("walked")
@pytest.mark.parametrize("role", sorted(SEEN))
def test_nothing_of_others_stands_in_a_page_however_it_is_narrowed(
    role: str, as_role: AsRole, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    client = as_role(role)
    others = {person: _marks(person) for person in SELLERS if person not in SEEN[role]}
    leaked: dict[str, list[str]] = {}
    opened: set[str] = set()
    new: set[str] = set()
    for page in pages():
        declared = permits(page.view)
        if declared == ANYONE or Role(role) not in (declared or ()):
            continue
        if role != "viewer" and not page.name.startswith(_OF_PEOPLE):
            continue
        for plain in page.addresses:
            with recorded(monkeypatch) as read:
                client.get(plain)
            new |= unknown(read)
            sums = page.name.startswith(_SUMS)
            tries = (8 if sums else 3) if role == "viewer" else 5
            for address in addresses(plain, read, tries=tries, each=sums and role == "viewer"):
                answer = client.get(address)
                assert answer.status_code < 500, address
                if answer.status_code == 200:
                    opened.add(address)
                asked = unquote_plus(address)
                text = content(answer)
                found = sorted(
                    mark for marks in others.values() for mark in marks if mark in text and mark not in asked
                )
                if found and page.name == "forecast:backtest":
                    found = sorted({*found} - _errors_of_own(settings.HOME, address, SEEN[role]))
                if found:
                    leaked[address] = found
    assert leaked == {}
    assert new == set()
    assert len(opened) > (100 if role == "viewer" else 20)


@pytest.mark.usefixtures("walked")
def test_whatever_is_asked_a_page_comes(as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leader gets a page for every value that the questions name; for nonsense one that says so.

    An admin reads what a leader does, and is asked where only an admin comes.
    """
    clients = {role: as_role(role) for role in ("leader", "admin")}
    broken: dict[str, int] = {}
    asked = 0
    for page in pages():
        declared, plain = permits(page.view), page.addresses[0]
        allowed = [role for role in clients if declared == ANYONE or Role(role) in (declared or ())]
        if not page.is_opened or not allowed:
            continue
        client = clients[allowed[0]]
        client.raise_request_exception = False
        with recorded(monkeypatch) as read:
            there = client.get(plain).status_code == 200
        if not there:
            continue
        for address in (*each_once(plain, read), *nonsense(plain, read, of=allowed[0])):
            answer = client.get(address)
            asked += 1
            if answer.status_code >= 500 or not _headed(answer):
                broken[address] = answer.status_code
    assert broken == {}
    assert asked > 200


def _headed(answer: HttpResponseBase) -> bool:
    """Tell whether a page has its heading; a file, a part of a page and a way elsewhere have none."""
    if not answer.get("Content-Type", "").startswith("text/html"):
        return True
    text = content(answer)
    return "<html" not in text or "<h1" in text
