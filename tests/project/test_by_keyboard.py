"""What people do without a mouse, in Korean: from nothing to the first figures, and from a figure to a deal's story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from bokgi.apps.access.first_run import CODE
from bokgi.apps.access.models import User
from bokgi.apps.data import services
from bokgi.apps.data.models import Work
from tests.apps.data.conftest import HEADER, ROWS
from tests.ui.browser import at, browser, chromium, complaints, enter, text, until, waiting
from tests.ui.keyboard import key, reach

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def window() -> Iterator[Chrome]:
    with browser() as driver:
        yield driver


def worked(driver: Chrome, then: str) -> None:
    """Do what waits, as the worker does; the page finds out by itself."""
    services.work_do(Work.objects.latest("pk").pk)
    until(driver, then)


def test_a_newcomer_comes_to_the_first_figures(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, live_server: LiveServer, window: Chrome
) -> None:
    settings.HOME = tmp_path / "home"
    (settings.HOME / "keys").mkdir(parents=True)
    (settings.HOME / "keys" / CODE).write_text("the-code", encoding="utf-8")
    monkeypatch.setenv("BOKGI_TODAY", "2026-11-24")
    window.get(f"{live_server.url}/account/start/?code=the-code")
    for name, written in (
        ("company-name", "한빛소프트"),
        ("company-language", Keys.HOME),
        ("admin-name", "정하늘"),
        ("admin-email", "haneul@team.example"),
        ("admin-password", "river-and-stone-7"),
    ):
        reach(window, f"[name={name}]")
        key(window, written)
    key(window, Keys.ENTER)
    at(window, "/data/upload/")

    deals = tmp_path / "영업기회_20261123.csv"
    deals.write_text("\n".join((HEADER, *(row for row in ROWS if "협의 중" not in row))), encoding="utf-8")
    reach(window, "[data-picks=files]")
    # The dialog in which a file is chosen is the system's.
    window.find_element("id", "files").send_keys(str(deals))
    waiting(window).until(lambda seen: not seen.current_url.endswith("/data/upload/"))
    worked(window, "예상금액(원)")
    reach(window, "button", "미리 보기")
    key(window, Keys.ENTER)
    until(window, "미리 보")
    worked(window, "아직 아무것도 바뀌지 않았습니다")
    reach(window, "button", "가져오기")
    key(window, Keys.ENTER)
    waiting(window).until(lambda _: Work.objects.latest("pk").kind == "import")
    worked(window, "수치 보기")
    reach(window, "a", "수치 보기")
    key(window, Keys.ENTER)
    waiting(window).until(lambda seen: "/data/" not in seen.current_url)
    assert complaints(window) == []


@pytest.mark.usefixtures("home")
def test_a_leader_comes_from_the_funnel_to_the_story_of_a_deal(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    enter(window, live_server, users["leader"])
    window.get(f"{live_server.url}/today/")
    reach(window, ".rail a[href='/funnel/']")
    key(window, Keys.ENTER)
    at(window, "/funnel/")
    reach(window, "main a[href*='figure=']")
    key(window, Keys.ENTER)
    waiting(window).until(lambda seen: "figure=" in seen.current_url)
    reach(window, "main tbody a[href^='/deals/']")
    title = window.switch_to.active_element.text
    key(window, Keys.ENTER)
    until(window, "있었던 일")
    assert title.split("\n")[0] in text(window, "h1")
    assert complaints(window) == []
