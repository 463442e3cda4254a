"""The story of a deal: what is planned stands apart from what happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from bokgi.facts.lake import Lake
from bokgi.intake.entering import enter
from tests.cast import rows_of
from tests.homes import TODAY, copied

ROWS = f"""
    activity_id | kind    | deal_id | happened_on                   | outcome | automatic
    a-held      | meeting | lee-0   | {TODAY - timedelta(days=9)}   | held    | false
    a-missed    | call    | lee-0   | {TODAY - timedelta(days=3)}   | planned | false
    a-today     | call    | lee-0   | {TODAY}                       | planned | false
    a-far       | meeting | lee-0   | {TODAY + timedelta(days=30)}  | planned | false
    a-near      | meeting | lee-0   | {TODAY + timedelta(days=6)}   | planned | false
"""


@pytest.fixture
def planned_home(written_home: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the home of the tests and plan something with a deal."""
    home = copied(written_home, tmp_path / "home")
    settings.HOME = home
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    table = rows_of("activities", ROWS).drop_columns(["import_no"])
    enter(Lake.open(home), {"activities": table}, by="tests", at=datetime(2026, 11, 24, 8, tzinfo=UTC))
    return home


def parts(client: Client) -> dict[str, list[str]]:
    """Give the days of each timeline of the page, by its title."""
    answer = client.get("/deals/lee-0/")
    assert answer.status_code == 200
    shown = unescape(answer.content.decode())
    found = re.findall(r"<h2[^>]*>([^<]+)</h2>(?:(?!<h2).)*?(<ol class=\"tl\">.*?</ol>)", shown, re.DOTALL)
    return {title: re.findall(r'datetime="([\d-]+)"', entries) for title, entries in found}


@pytest.mark.usefixtures("english", "planned_home")
def test_what_is_planned_stands_apart_the_soonest_first(as_role: Callable[[str], Client]) -> None:
    found = parts(as_role("leader"))
    ahead = [TODAY, TODAY + timedelta(days=6), TODAY + timedelta(days=30)]
    assert found["What is planned"] == [day.isoformat() for day in ahead]
    happened = found["What happened"]
    assert (TODAY - timedelta(days=3)).isoformat() in happened
    assert (TODAY - timedelta(days=9)).isoformat() in happened
    assert max(happened) < TODAY.isoformat()
    page = unescape(as_role("leader").get("/deals/lee-0/").content.decode())
    assert page.count("planned; nothing says that it took place") == 1
