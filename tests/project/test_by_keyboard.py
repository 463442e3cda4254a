"""What people do without a mouse, in Korean: from nothing to the first figures, and from a figure to a deal's story."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.keys import Keys

from bokgi.apps.access.first_run import CODE
from bokgi.apps.access.models import User
from bokgi.apps.data import services
from bokgi.apps.data.models import Work
from tests import homes
from tests.apps.data.conftest import HEADER, ROWS, deals_file
from tests.ui.browser import at, chromium, complaints, enter, text, until, waiting
from tests.ui.keyboard import announced, focused, key, opened, reach, stays

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def own_home(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home that may be written into, with the facts of the tests, on their day."""
    settings.HOME = homes.write_home(tmp_path / "home")
    monkeypatch.setenv("BOKGI_TODAY", homes.TODAY.isoformat())
    return tmp_path / "home"


def queued_beyond(before: int) -> Callable[[Chrome], bool]:
    """Tell whether there is more work than before."""
    return lambda _driver: Work.objects.count() > before


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


@pytest.mark.usefixtures("home")
def test_the_search_is_one_key_away_and_a_lone_letter_does_nothing(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    enter(window, live_server, users["leader"])
    window.get(f"{live_server.url}/today/")
    key(window, Keys.TAB)
    assert "skip" in focused(window)
    key(window, Keys.ENTER)
    stays(window, "#main")
    key(window, "/jkasdfx")
    assert window.current_url.split("#")[0].endswith("/today/")
    ActionChains(window).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
    at(window, "/search/")
    waiting(window).until(lambda _: 'id="words"' in focused(window))
    key(window, homes.deal_name("lee", 12)[:4])
    until(window, homes.deal_name("lee", 12), "#hits")
    stays(window, "#words")
    composing = "new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, isComposing: true })"
    window.execute_script(f"document.activeElement.dispatchEvent({composing})")
    stays(window, "#words")
    key(window, Keys.ARROW_DOWN)
    assert 'href="/deals/lee-12/"' in focused(window)
    key(window, Keys.ARROW_UP)
    stays(window, "#words")
    reach(window, "#hits a", homes.deal_name("lee", 12))
    key(window, Keys.ENTER)
    at(window, "/deals/lee-12/")
    window.get(f"{live_server.url}/deals/")
    reach(window, ".listing input[type=search]")
    before = text(window, "[data-range]")
    key(window, homes.deal_name("lee", 12))
    waiting(window).until(lambda seen: text(seen, "[data-range]") != before)
    stays(window, ".listing input[type=search]")
    waiting(window).until(lambda seen: announced(seen) == text(seen, "[data-range]"))
    assert complaints(window) == []


def test_a_deal_is_corrected_and_the_correction_taken_back(
    own_home: Path, users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    del own_home
    enter(window, live_server, users["rep"])
    window.get(f"{live_server.url}/deals/lee-12/")
    reach(window, "a[href*='edit=amount']")
    key(window, Keys.ENTER)
    waiting(window).until(lambda seen: "edit=amount" in seen.current_url)
    reach(window, "#edit [name=amount]")
    # What stands in a field is marked when the tab key comes to it.
    key(window, "77000000", Keys.ENTER)
    until(window, "7,700만원")
    assert "edit=" not in window.current_url
    reach(window, "form[action*='/take-back/'] button")
    key(window, Keys.ENTER)
    waiting(window).until(lambda seen: "7,700만원" not in text(seen))
    assert complaints(window) == []


def test_a_mapping_is_changed_and_the_import_undone(
    own_home: Path, users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    del own_home
    rows = [row for row in ROWS if "협의 중" not in row]
    upload = services.upload_create(files=[deals_file(*rows)], by=users["admin"])
    services.work_do(Work.objects.latest("pk").pk)
    enter(window, live_server, users["admin"])
    window.get(f"{live_server.url}/data/upload/{upload.pk}/")
    reach(window, "[name=column-0-2]")
    # By its first letters a choice is found.
    key(window, "열 이름 그대로")
    reach(window, "button", "매핑 저장")
    key(window, Keys.ENTER)
    waiting(window).until(lambda _: Work.objects.count() == 2)
    worked(window, "예상금액(원)")
    upload.refresh_from_db()
    assert [header for _file, header, _field in upload.hints["columns"]] == ["고객사"]
    for words, after in (("미리 보기", "아직 아무것도 바뀌지 않았습니다"), ("가져오기", "반영되었습니다")):
        before = Work.objects.count()
        reach(window, "button", words)
        key(window, Keys.ENTER)
        waiting(window).until(queued_beyond(before))
        worked(window, after)
    reach(window, "main a[href^='/data/imports/']")
    key(window, Keys.ENTER)
    at(window, "/data/imports/")
    reach(window, "[data-opens=undo]")
    opened(window, "#undo")
    reach(window, "#undo .btn-danger")
    key(window, Keys.ENTER)
    until(window, "되돌린 가져오기입니다")
    assert complaints(window) == []
