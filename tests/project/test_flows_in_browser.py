"""What people do on their first days, through the browser in Korean: the newcomer, operations, a rep on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from bokgi.apps.access.first_run import CODE
from bokgi.apps.access.models import User
from bokgi.apps.data import selectors, services
from bokgi.apps.data.models import Correction, Upload, Work
from tests import homes
from tests.apps.data.conftest import HEADER, ROWS, deals_file, done, imported
from tests.project.test_in_browser import address
from tests.ui.browser import (
    WIDTHS,
    at,
    browser,
    chromium,
    complaints,
    enter,
    faults,
    fill,
    fits,
    press,
    press_words,
    text,
    until,
    waiting,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]
DAY = date(2026, 11, 24)
ACTIVITIES = (
    "활동 ID,기회 ID,담당자,활동일시,활동 유형,제목",
    "A-1,D-1,최유나,2026-11-23 10:00,통화,범위 확인",
    "A-2,D-3,이서연,2026-09-29 15:00,미팅,계약 조건 협의",
)


@pytest.fixture
def empty_home(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home that nobody has set up yet; its day lies a day after the exports."""
    settings.HOME = tmp_path / "home"
    (settings.HOME / "keys").mkdir(parents=True)
    (settings.HOME / "keys" / CODE).write_text("the-code", encoding="utf-8")
    monkeypatch.setenv("BOKGI_TODAY", DAY.isoformat())
    return tmp_path / "home"


@pytest.fixture(params=WIDTHS)
def screen(request: pytest.FixtureRequest) -> Iterator[Chrome]:
    """Open a browser as wide as a desk, and one as narrow as a hand."""
    with browser(request.param) as driver:
        yield driver


_NOTES_PROGRESS: Final = """
    const words = document.querySelector("[data-progress-words]");
    new MutationObserver(() => (sessionStorage.progress = words.textContent)).observe(words, {childList: true});
"""


def exported(folder: Path, name: str, *lines: str) -> str:
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def work(driver: Chrome, then: str) -> None:
    """Do what waits, as the worker does beside the server; the page finds out by itself."""
    services.work_do(Work.objects.latest("pk").pk)
    until(driver, then)
    assert fits(driver)


def upload(driver: Chrome, server: LiveServer, *paths: str) -> None:
    driver.get(address(server, "/data/upload/"))
    driver.execute_script(_NOTES_PROGRESS)
    driver.find_element(By.ID, "files").send_keys("\n".join(paths))
    waiting(driver).until(lambda seen: not seen.current_url.endswith("/data/upload/"))
    # Both sizes, and no more than all of it: what a person sees while a large file goes up.
    assert re.fullmatch(r"[\d.]+ [KM]B / [\d.]+ [KM]B", driver.execute_script("return sessionStorage.progress"))


def leaves_at_once(window: Chrome) -> bool:
    """Tell whether the tab would close without a question."""
    ask = "const leaving = new Event('beforeunload', {cancelable: true}); window.dispatchEvent(leaving);"
    return not window.execute_script(f"{ask} return leaving.defaultPrevented;")


@pytest.mark.usefixtures("home")
def test_who_closes_the_tab_while_files_are_on_their_way_is_asked(
    users: dict[str, User], tmp_path: Path, live_server: LiveServer, window: Chrome
) -> None:
    enter(window, live_server, users["admin"])
    window.get(f"{live_server.url}/data/upload/")
    assert leaves_at_once(window)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}
    window.execute_cdp_cmd("Network.enable", {})
    window.execute_cdp_cmd("Network.emulateNetworkConditions", slow)
    path = tmp_path / "deals.csv"
    path.write_bytes(b"x" * 4_000_000)
    window.find_element(By.ID, "files").send_keys(str(path))
    waiting(window).until(lambda seen: not leaves_at_once(seen))
    # The button stays where it is while the words beside it grow.
    stop = window.find_element(By.CSS_SELECTOR, "[data-stop]")
    before = stop.location
    longer = "document.querySelector('[data-progress-words]').textContent = '203.8 MB / 203.8 MB'"
    window.execute_script(longer)
    assert stop.location == before
    press(window, "[data-stop]")
    waiting(window).until(leaves_at_once)
    # What was stopped left nothing behind, and the same file can be chosen once more.
    assert not Upload.objects.exists()
    assert window.find_element(By.ID, "files").get_attribute("value") == ""


def test_a_newcomer_comes_from_nothing_to_the_first_review(
    empty_home: Path, tmp_path: Path, live_server: LiveServer, screen: Chrome
) -> None:
    screen.get(address(live_server, "/account/start/?code=the-code"))
    assert faults(screen) == []
    fill(screen, **{"company-name": "한빛소프트", "admin-name": "정하늘", "admin-email": "haneul@team.example"})
    fill(screen, **{"admin-password": "river-and-stone-7"})
    Select(screen.find_element(By.NAME, "company-language")).select_by_value("ko")
    press(screen, "form button.btn-primary")
    at(screen, "/data/upload/")
    assert not (empty_home / "keys" / CODE).exists()
    assert not screen.find_elements(By.CSS_SELECTOR, ".asof")

    screen.get(address(live_server, "/today/"))
    assert "CRM에서 내보낸 파일을 올리면" in text(screen)
    assert faults(screen) == []

    deals = exported(tmp_path, "영업기회_20261123.csv", HEADER, *(row for row in ROWS if "협의 중" not in row))
    upload(screen, live_server, deals, exported(tmp_path, "활동_20261123.csv", *ACTIVITIES))
    work(screen, "예상금액(원)")
    assert faults(screen) == []
    press_words(screen, "미리 보기")
    work(screen, "아직 아무것도 바뀌지 않았습니다")
    press_words(screen, "가져오기")
    work(screen, "수치 보기")
    screen.get(address(live_server, "/reviews/pack/"))
    assert "기회 3건" in text(screen)
    assert "CRM에서 내보낸 파일을 올리면" not in text(screen)

    # The next export of the same kind is recognised by the mapping that was checked on screen.
    later = exported(tmp_path, "영업기회_20261130.csv", HEADER, ROWS[0].replace("D-1", "D-9"))
    upload(screen, live_server, later)
    work(screen, "저장한 매핑")
    assert complaints(screen) == []


@pytest.mark.usefixtures("empty_home")
def test_operations_mends_a_refused_row_and_takes_an_import_back(
    users: dict[str, User], live_server: LiveServer, screen: Chrome
) -> None:
    given = services.upload_create(files=[deals_file(*ROWS, ROWS[1].replace("D-2", "D-5"))], by=users["admin"])
    done(given.works.get())
    imported(given, users["admin"])
    enter(screen, live_server, users["admin"])
    screen.get(f"{live_server.url}/data/quarantine/")
    assert "2행 대기" in text(screen)
    press_words(screen, "고치기")
    assert faults(screen) == []
    fill(screen, **{"cell-4": "아직 협의 중"})
    press_words(screen, "이 행 받기")
    until(screen, "아직 받을 수 없습니다")
    fill(screen, **{"cell-4": "1억 5,000만"})
    press_words(screen, "이 행 받기")
    until(screen, "1행 대기")
    assert selectors.quarantine_count() == 1

    screen.get(f"{live_server.url}/data/imports/1/")
    press_words(screen, "격리된 행 다시 판정")
    work(screen, "1개 행은 그대로 격리되어 있습니다")

    press_words(screen, "되돌리기")
    dialog = screen.find_element(By.ID, "undo")
    dialog.find_element(By.NAME, "reason").send_keys("옛 파일이었습니다")
    assert faults(screen) == []
    dialog.find_element(By.CSS_SELECTOR, ".btn-danger").click()
    work(screen, "되돌린 가져오기입니다")
    assert "옛 파일이었습니다" in text(screen)
    assert selectors.quarantine_count() == 0
    assert [line for line in complaints(screen) if "422" not in line] == []


@pytest.fixture
def own_home(written_home: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the home of the cast, so that it can be written into; some days later close dates have passed."""
    settings.HOME = homes.copied(written_home, tmp_path / "home")
    monkeypatch.setenv("BOKGI_TODAY", (homes.TODAY + timedelta(days=10)).isoformat())
    return tmp_path / "home"


@pytest.mark.usefixtures("own_home")
def test_a_rep_corrects_an_amount_on_the_phone(users: dict[str, User], live_server: LiveServer, phone: Chrome) -> None:
    enter(phone, live_server, users["rep"])
    phone.get(f"{live_server.url}/today/")
    until(phone, "챙길 기회")
    title = text(phone, "main a[href^='/deals/lee-']")
    press(phone, "main a[href^='/deals/lee-']")
    until(phone, "알려진 것")
    assert phone.find_element(By.TAG_NAME, "h1").text.startswith(title)
    press(phone, "main a[href='?edit=amount#edit']")
    until(phone, "고치기")
    assert faults(phone) == []
    fill(phone, amount="2억 5천만", reason="계약서")
    press_words(phone, "저장")
    until(phone, "1분 안에 반영")
    assert "2억 5,000만" in text(phone)
    kept = Correction.objects.get()
    assert (kept.field, kept.by) == ("amount", users["rep"])
    assert fits(phone)

    phone.find_element(By.CSS_SELECTOR, "main a[href='?edit=expected_close_on#edit']").click()
    until(phone, "고치기")
    day = phone.find_element(By.CSS_SELECTOR, "input[type=date][name=expected_close_on]")
    phone.execute_script("arguments[0].value = '2026-12-29'", day)
    press_words(phone, "저장")
    until(phone, "12월 29일")
    assert set(Correction.objects.values_list("field", flat=True)) == {"amount", "expected_close_on"}
    phone.get(f"{live_server.url}/data/corrections/")
    assert title in text(phone)
    assert "2억 5,000만원" in text(phone)
    assert complaints(phone) == []
