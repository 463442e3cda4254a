"""The calendar of working days, and choices of weekdays: weeks begin as the organisation chose."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from bokgi.apps.access.models import Organisation, User
from bokgi.facts.lake import Lake
from bokgi.intake.entering import enter
from bokgi.intake.writing.home import days as home_days

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("own_home", "english")
CALENDAR = "/settings/definitions/calendar/"


@pytest.fixture
def with_calendar(own_home: Path) -> None:
    """Give the home the calendar of Korea, and a Saturday on which the company works."""
    found = home_days(date(2026, 1, 1), date(2028, 1, 1), "KR", "en").to_pylist()
    changed = [row | {"working": row["working"] or row["day"] == date(2026, 12, 5)} for row in found]
    table = home_days(date(2026, 1, 1), date(2028, 1, 1), "KR", "en").from_pylist(
        changed, schema=home_days(date(2026, 1, 1), date(2026, 1, 2), "KR", "en").schema
    )
    enter(Lake.open(own_home), {"calendar": table}, by="tests", at=datetime(2026, 11, 24, 8, tzinfo=UTC))


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def heads(shown: str) -> list[str]:
    return re.findall(r'<th scope="col" abbr="(\w+)"', shown)[:7]


def first_week(shown: str) -> list[str]:
    body = re.search(r"<tbody>\s*<tr>(.*?)</tr>", shown[shown.index('class="month"') :], re.DOTALL)
    assert body is not None
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", body[1])]


@pytest.mark.usefixtures("with_calendar")
def test_weeks_begin_as_the_organisation_chose(as_role: AsRole) -> None:
    leader = as_role("leader")
    # November 2026 begins on a Sunday.
    monday = page(leader, CALENDAR)
    assert heads(monday)[0] == "Monday"
    assert first_week(monday) == ["", "", "", "", "", "", "1"]
    assert "run from Monday to Sunday" not in monday
    Organisation.objects.update(week_starts=7)
    sunday = page(leader, CALENDAR)
    assert heads(sunday) == ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    assert first_week(sunday)[0] == "1"
    assert first_week(sunday)[6].startswith("7")
    assert "Weeks of figures run from Monday to Sunday." in sunday


@pytest.mark.usefixtures("with_calendar")
def test_a_day_opens_its_change_for_who_may_edit(as_role: AsRole) -> None:
    shown = page(as_role("leader"), f"{CALENDAR}?month=2026-12")
    assert re.findall(r"<caption>([^<]+)</caption>", shown)[:3] == ["Dec\u00a02026", "Jan\u00a02027", "Feb\u00a02027"]
    link = re.search(r'href="([^"]+)" aria-label="Dec\s25, ([^"]+)"', shown)
    assert link is not None
    assert "Christmas" in link[2]
    assert 'value="2026-12-25"' in page(as_role("leader"), link[1])
    usual = re.search(r'href="([^"]+)" aria-label="Dec\s24, a working day"', shown)
    assert usual is not None
    form = page(as_role("leader"), usual[1])
    assert 'value="2026-12-24"' in form
    assert '<option value="no" selected>' in form
    assert 'href="/settings/definitions/calendar/change' not in page(as_role("rep"), CALENDAR)
    assert 'class="month"' in page(as_role("rep"), CALENDAR)


@pytest.mark.usefixtures("with_calendar")
def test_holidays_are_named_in_the_language_of_who_reads(as_role: AsRole, users: dict[str, User]) -> None:
    address = f"{CALENDAR}?month=2026-12&find=2026"
    client = as_role("rep")
    assert page(client, address).count("Christmas Day") >= 2
    User.objects.filter(pk=users["rep"].pk).update(language="ko")
    shown = page(client, address)
    assert "Christmas Day" not in shown
    assert shown.count("기독탄신일") >= 2


@pytest.mark.usefixtures("with_calendar")
@pytest.mark.parametrize("asked", ["2026-13", "x", "0001-01", "9999-12", "2026-11-01"])
def test_a_month_that_is_none_is_this_month(as_role: AsRole, asked: str) -> None:
    shown = page(as_role("leader"), f"{CALENDAR}?month={asked}")
    assert re.findall(r"<caption>([^<]+)</caption>", shown)[0] == "Nov\u00a02026"


@pytest.mark.usefixtures("with_calendar")
def test_weekdays_of_a_weekly_meeting_are_those_worked_in_the_order_of_the_week(as_role: AsRole) -> None:
    def choices() -> list[str]:
        select = re.search(r'<select class="in" id="weekday".*?</select>', page(as_role("leader"), "/reviews/"))
        assert select is not None
        return re.findall(r"<option[^>]*>(\w+)</option>", select[0])

    # The one Saturday on which the company works is none for a meeting of every week.
    assert choices() == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    Organisation.objects.update(week_starts=3)
    assert choices() == ["Wednesday", "Thursday", "Friday", "Monday", "Tuesday"]
