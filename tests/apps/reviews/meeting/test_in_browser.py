"""The 25-minute meeting in real browsers, in Korean: prepare, run it with several screens, lose the network, close."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from bokgi.apps.access.models import User
from bokgi.apps.reviews.models import Commitment, Meeting, Note, Preparation
from tests.conftest import PASSWORD
from tests.ui.browser import browser, chromium, complaints, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]
WAIT = 40
WHO = ("leader", "rep", "park", "choi")


@pytest.fixture
def windows(team: dict[str, User], live_server: LiveServer) -> Iterator[dict[str, Chrome]]:
    """Open a window for the leader and one for each of three reps, all signed in."""
    User.objects.update(language="ko")
    with ExitStack() as open_windows:
        found = {}
        for who in WHO:
            driver = open_windows.enter_context(browser())
            driver.get(f"{live_server.url}/account/sign-in/?next=/reviews/")
            driver.find_element(By.NAME, "login").send_keys(team[who].email)
            driver.find_element(By.NAME, "password").send_keys(PASSWORD)
            press(driver, "form button.btn-primary")
            until(driver, "주간 리뷰")
            found[who] = driver
        yield found


def press(driver: Chrome, selector: str) -> None:
    driver.find_element(By.CSS_SELECTOR, selector).click()


def until(driver: Chrome, text: str) -> None:
    WebDriverWait(driver, WAIT).until(lambda seen: text in seen.find_element(By.TAG_NAME, "body").text, text)


def write(driver: Chrome, text: str) -> None:
    field = driver.find_element(By.ID, "note-text")
    field.clear()
    field.send_keys(text)
    press(driver, 'form[data-draft="note"] .btn:not([data-amend-stop])')


def faults(driver: Chrome) -> list[str]:
    return [found for found in violations(driver) if not found.startswith("color-contrast")]


def test_a_meeting_from_its_planning_to_its_closing(windows: dict[str, Chrome], live_server: LiveServer) -> None:
    leader, rep = windows["leader"], windows["rep"]
    meeting = planned_and_prepared(windows, live_server)
    opened(meeting, windows, live_server)
    reworded_by_two(windows)
    written_without_network(leader, rep)
    promised_and_closed(leader, rep)
    # A browser writes down each answer from 400 on: 410 says that the meeting is over, and is meant.
    lines = [line for who in ("leader", "park", "choi") for line in complaints(windows[who])]
    assert [line for line in lines if "favicon" not in line and "410" not in line] == []


def planned_and_prepared(windows: dict[str, Chrome], live_server: LiveServer) -> Meeting:
    leader = windows["leader"]
    Select(leader.find_element(By.ID, "once-team")).select_by_value("1팀")
    Select(leader.find_element(By.ID, "once-minutes")).select_by_value("25")
    leader.find_element(By.CSS_SELECTOR, 'form[action="/reviews/plan/"] .btn').click()
    until(leader, "준비 상황")
    meeting = Meeting.objects.get()
    for who in ("rep", "park"):
        window = windows[who]
        window.get(f"{live_server.url}/reviews/{meeting.pk}/prepare/")
        assert faults(window) == []
        window.find_element(By.ID, "won-what_decided").send_keys("현장을 먼저 만났다")
        window.find_element(By.ID, "help_wanted").send_keys("본부장 소개")
        press(window, 'button[value="done"]')
        until(window, "준비를 마쳤습니다")
    assert Preparation.objects.exclude(prepared_at=None).count() == 2
    leader.refresh()
    until(leader, "4명 중 2명")
    assert faults(leader) == []
    return meeting


def opened(meeting: Meeting, windows: dict[str, Chrome], live_server: LiveServer) -> None:
    leader = windows["leader"]
    press(leader, f'form[action="/reviews/{meeting.pk}/open/"] .btn')
    until(leader, "실행 점검, 남은 시간")
    for who in ("rep", "park", "choi"):
        windows[who].get(f"{live_server.url}/reviews/{meeting.pk}/live/")
        until(windows[who], "실행 점검, 남은 시간")
    press(leader, ".after-agenda .btn-primary")
    for window in windows.values():
        until(window, "병목 탐색, 남은 시간")
    assert faults(leader) == []
    assert faults(windows["rep"]) == []


def reworded_by_two(windows: dict[str, Chrome]) -> None:
    leader, rep = windows["leader"], windows["rep"]
    write(rep, "견적 전에 현장을 만납니다")
    until(leader, "견적 전에 현장을 만납니다")
    for window in (leader, rep):
        until(window, "고쳐 쓰기")
        press(window, "[data-amend]")
    for window, text in ((leader, "리더가 고친 글"), (rep, "담당자가 고친 글")):
        write(window, text)
    for window in (leader, rep, windows["choi"]):
        until(window, "리더가 고친 글")
        until(window, "담당자가 고친 글")
    until(windows["choi"], "두 사람이 동시에 고쳐 썼습니다")


def written_without_network(leader: Chrome, rep: Chrome) -> None:
    rep.set_network_conditions(offline=True, latency=0, download_throughput=0, upload_throughput=0)
    write(rep, "연결이 끊긴 동안 쓴 글")
    until(rep, "연결이 끊겼습니다")
    until(rep, "연결이 끊긴 동안 쓴 글 (아직 보내지 못함)")
    write(leader, "그동안 리더가 쓴 글")
    until(leader, "그동안 리더가 쓴 글")
    assert not Note.objects.filter(text="연결이 끊긴 동안 쓴 글").exists()
    rep.delete_network_conditions()
    for window in (rep, leader):
        until(window, "연결이 끊긴 동안 쓴 글")
        until(window, "그동안 리더가 쓴 글")
    WebDriverWait(rep, WAIT).until(lambda seen: "아직 보내지 못함" not in seen.find_element(By.TAG_NAME, "body").text)
    assert Note.objects.filter(text="연결이 끊긴 동안 쓴 글").count() == 1


def promised_and_closed(leader: Chrome, rep: Chrome) -> None:
    rep.find_element(By.ID, "what").send_keys("심사본부장과 검증 기준 합의")
    Select(rep.find_element(By.ID, "deal_id")).select_by_index(1)
    Select(rep.find_element(By.ID, "metric")).select_by_value("moved")
    press(rep, 'form[data-draft="commitment"] .btn-primary')
    until(leader, "심사본부장과 검증 기준 합의")
    made = Commitment.objects.get()
    assert (made.person_id, made.metric, bool(made.deal_id)) == ("lee", "moved", True)

    press(leader, '[data-opens="close-meeting"]')
    press(leader, "#close-meeting .btn-primary")
    for window in (leader, rep):
        WebDriverWait(window, WAIT).until(lambda seen: seen.current_url.endswith("/past/"))
        until(window, "심사본부장과 검증 기준 합의")
        until(window, "연결이 끊긴 동안 쓴 글")
        until(window, "그 뒤 들어온 데이터가 없습니다")
    assert faults(leader) == []
