"""Sums of a team whose people came or went: of the days before and of what moved with them, nobody's alone is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import user_create
from tests.homes import TODAY, older_deals

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")
TEAM = quote("2팀")
KNOWN = ("owner_id", "amount", "expected_close_on")
TOO_FEW = "Sums over fewer than three people are not shown"


def moved(on: date) -> dict[str, str]:
    """Let choi go to the second team on a day; kim and han, who led only, sell since two weeks ago."""
    members = "person_id | team | role | manager_id | share | started_on | valid_from | valid_to"
    members += f"\nchoi | 1팀 | AE | kim | 1 | 2026-10-05 | 2026-10-05 | {on}"
    members += f"\nchoi | 2팀 | AE | han | 1 | 2026-10-05 | {on} |"
    deals = "deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | known_at_creation"
    for person in ("kim", "han"):
        stands = f"{TODAY - timedelta(days=14)} | {TODAY} | ,{','.join(KNOWN)},"
        deals += f"\n{person}-0 | {person} | proposal | open | 71000000 | {stands}"
    return {"memberships": members, "deals": deals}


@pytest.fixture
def since(reading: Callable[..., Path]) -> Callable[..., None]:
    """Let pages read facts in which choi changed teams so many days ago, and which say whose a deal was earlier."""

    def read(days: int, *more: Mapping[str, str]) -> None:
        reading(moved(TODAY - timedelta(days=days)), *more, known=KNOWN)

    return read


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return unescape(answer.content.decode())


def test_the_day_before_is_judged_by_who_was_there_then(as_role: AsRole, since: Callable[..., None]) -> None:
    since(20)
    for role, hides in (("viewer", True), ("rep", True), ("leader", False)):
        client = as_role(role)
        assert TOO_FEW not in page(client, f"/funnel/change/?team={TEAM}&weeks=1")
        # Four weeks ago two people sold there: their sum is no sum.
        assert (TOO_FEW in page(client, f"/funnel/change/?team={TEAM}&weeks=4")) is hides, role
        before = f"past_from={TODAY - timedelta(days=60)}&past_to={TODAY - timedelta(days=30)}"
        assert TOO_FEW not in page(client, f"/funnel/compare/?{before}")


def test_what_one_person_brought_along_is_not_shown(as_role: AsRole, since: Callable[..., None]) -> None:
    since(3)
    for team in (TEAM, quote("1팀")):
        for role, hides in (("viewer", True), ("rep", True), ("leader", False)):
            shown = page(as_role(role), f"/funnel/change/?team={team}&weeks=1")
            assert ("elsewhere" not in shown) is hides, (team, role)
            assert (TOO_FEW in shown) is hides, (team, role)


def test_who_led_somebody_then_reads_the_sums_of_that_time(
    as_role: AsRole, users: dict[str, User], since: Callable[..., None]
) -> None:
    since(3)
    # Of kim's team everybody was or is kim's.
    assert "Went elsewhere" in page(as_role("manager"), f"/funnel/change/?team={quote('1팀')}&weeks=1")
    lead = user_create(email="han@team.example", name="han", role=Role.MANAGER, person_id="han")
    lead.language = users["leader"].language
    lead.save()
    client = Client(headers={"accept-language": "en"})
    client.force_login(lead, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    # Whom han leads since then is known now; the sums of the first team are no business of han's.
    assert TOO_FEW not in page(client, f"/funnel/change/?team={TEAM}&weeks=1")


def test_a_part_of_few_people_is_told_with_others(as_role: AsRole, since: Callable[..., None]) -> None:
    since(3)
    # Of everybody nothing went elsewhere: in two weeks kim and han began to sell, each with one deal.
    shown, hidden = (page(as_role(role), "/funnel/change/?weeks=4") for role in ("leader", "viewer"))
    assert "New deals" in shown
    assert "New deals" not in hidden
    assert "71,000,000" not in hidden


def test_what_came_in_past_periods_is_judged_by_who_won_then(
    as_role: AsRole, since: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    since(20, {"deals": older_deals()})
    monkeypatch.setenv("BOKGI_TODAY", "2026-09-05")
    given = {"subject": "team:2팀", "period": "2026-09", "amount": "150,000,000"}
    assert as_role("leader").post("/forecast/submit/", given).status_code == 302
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    for role, hides in (("viewer", True), ("rep", True), ("leader", False)):
        client = as_role(role)
        shown = page(client, f"/forecast/submissions/?team={TEAM}")
        assert (TOO_FEW in shown) is hides, role
        assert ("Periods that are over" not in shown) is hides, role
        shown = page(client, f"/forecast/backtest/?team={TEAM}")
        assert ("past periods are left out" in shown) is hides, role
        assert ("How the methods did" not in shown) is hides, role
        # Nobody of the team won in July; of the other months it is told to who sees everybody.
        days = re.findall(r"\b[A-Z][a-z]{2}\s\d+\b", re.sub(r"<[^>]+>", " ", shown.rsplit("Seen from", 1)[1]))
        assert (len(days) == 1) is hides, (role, days)
        # A page that waited for its figures is filled here.
        assert 'id="answer"' in shown, role
        # Of everybody it is a sum of five.
        for address in ("/forecast/submissions/", "/forecast/backtest/"):
            assert TOO_FEW not in page(client, address), (role, address)
    # Who is refused is led to what may be seen.
    own = page(as_role("rep"), f"/forecast/submissions/?team={TEAM}")
    assert 'href="/forecast/submissions/?person=lee"' in own
    assert "My own figures" not in page(as_role("viewer"), f"/forecast/submissions/?team={TEAM}")
