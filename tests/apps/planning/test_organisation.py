"""The settings of the organisation: what a change does is shown, it holds from today on, past figures stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from bokgi.apps.access.models import Organisation
from bokgi.facts.lake import Lake
from bokgi.intake.entering import enter
from bokgi.intake.writing.home import days
from bokgi.questions.answers import Answers
from tests.homes import TODAY

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("own_home", "english")
GIVEN = {
    "name": "시험 회사",
    "language": "ko",
    "time_zone": "Asia/Seoul",
    "currency": "KRW",
    "money_unit": "short",
    "fiscal_year_starts": "1",
    "week_starts": "1",
    "country": "KR",
    "untouched_days": "10",
    "minimum_n": "10",
}


def post(client: Client, step: str, **changes: str) -> tuple[int, str]:
    answer = client.post("/settings/organisation/", {**GIVEN, "step": step, **changes})
    return answer.status_code, unescape(answer.content.decode())


def test_limits_hold_from_today_on(as_role: AsRole, own_home: Path) -> None:
    admin = as_role("admin")
    imports = len(Lake.open(own_home).imports())
    status, shown = post(admin, "look", untouched_days="15", minimum_n="20")
    assert (status, len(Lake.open(own_home).imports())) == (200, imports)
    assert "count a deal as untouched" in shown
    assert post(admin, "save", untouched_days="15", minimum_n="20")[0] == 302
    settings = Answers(own_home).facts().settings
    now, before = settings.on(TODAY), settings.on(date(2026, 11, 23))
    assert (now.untouched_days, now.minimum_n) == (15, 20)
    assert (before.untouched_days, before.minimum_n) == (10, 10)
    assert post(admin, "save", untouched_days="12", minimum_n="20")[0] == 302
    assert Answers(own_home).facts().settings.on(TODAY).untouched_days == 12


def test_another_country_brings_its_holidays_for_the_days_to_come(as_role: AsRole, own_home: Path) -> None:
    calendar = days(date(2026, 1, 1), date(2028, 1, 1), "KR", "ko")
    enter(Lake.open(own_home), {"calendar": calendar}, by="tests", at=datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert post(as_role("admin"), "save", country="US", name="New name")[0] == 302
    found = {row["day"]: row for row in Answers(own_home).facts().calendar.to_pyarrow().to_pylist()}
    assert not found[date(2026, 10, 9)]["working"]
    assert found[date(2027, 10, 9)]["holiday"] is None
    assert not found[date(2026, 11, 26)]["working"]
    ordered = [found[day] for day in sorted(found)]
    assert ordered[-1]["working_days"] == sum(row["working"] for row in ordered)
    company = Organisation.objects.get()
    assert (company.country, company.name) == ("US", "New name")
    assert Answers(own_home).facts().settings.on(TODAY).organisation == "New name"


@pytest.mark.parametrize("changes", [{"minimum_n": "1"}, {"currency": "ZZZ"}, {"time_zone": "Moon/Sea"}, {"name": ""}])
def test_what_is_no_setting_is_refused(as_role: AsRole, own_home: Path, changes: dict[str, str]) -> None:
    imports = len(Lake.open(own_home).imports())
    status, _ = post(as_role("admin"), "save", **changes)
    assert (status, len(Lake.open(own_home).imports())) == (200, imports)
    assert Organisation.objects.get().currency == "KRW"


def test_only_administrators_change_it(as_role: AsRole) -> None:
    assert as_role("leader").get("/settings/organisation/").status_code == 403
    assert "Definitions" in unescape(as_role("rep").get("/settings/").content.decode())
