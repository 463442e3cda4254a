"""The weekly review is run without a mouse, in Korean: the focus is where one is, whatever is drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from bokgi.apps.access.models import User
from bokgi.apps.reviews.models import Commitment, Meeting, Note
from bokgi.apps.reviews.services import writing
from tests.apps.reviews.meeting.conftest import NOW, note, promise, seat
from tests.ui.browser import at, browser, chromium, complaints, enter, until, waiting
from tests.ui.keyboard import announced, focused, key, opened, reach, stays

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def window(meeting: Meeting, team: dict[str, User], live_server: LiveServer) -> Iterator[Chrome]:
    """Give the leader's window."""
    del meeting
    User.objects.update(language="ko")
    with browser() as driver:
        enter(driver, live_server, team["leader"])
        yield driver


def test_a_leader_runs_the_meeting(
    window: Chrome, meeting: Meeting, team: dict[str, User], live_server: LiveServer
) -> None:
    window.get(f"{live_server.url}/reviews/{meeting.pk}/")
    reach(window, f"form[action='/reviews/{meeting.pk}/open/'] button")
    key(window, Keys.ENTER)
    until(window, "실행 점검, 남은 시간")
    notes_written(window, meeting, team)
    promises_made(window, meeting, team)
    for title in ("병목 탐색", "피드백", "학습 공유", "동기 부여"):
        reach(window, ".after-agenda form:last-of-type button", title)
        key(window, Keys.ENTER)
        until(window, f"{title}, 남은 시간")
        stays(window, "[data-region=agenda]")
        waiting(window).until(hears(title))
        if title == "병목 탐색":
            deal_talked_about(window)
    reach(window, "[data-opens=close-meeting]")
    opened(window, "#close-meeting")
    reach(window, "#close-meeting .btn-primary")
    key(window, Keys.ENTER)
    at(window, f"/reviews/{meeting.pk}/past/")
    # A screen that asks between the closing and the next page is told that the meeting is over.
    assert [one for one in complaints(window) if "/live/state/ " not in one or "410 (Gone)" not in one] == []


def hears(words: str) -> Callable[[Chrome], bool]:
    """Tell whether a screen reader has been told something."""
    return lambda driver: words in announced(driver)


def notes_written(window: Chrome, meeting: Meeting, team: dict[str, User]) -> None:
    reach(window, "#note-text")
    key(window, "현장을 먼저 만납니다", Keys.TAB, Keys.ENTER)
    until(window, "현장을 먼저 만납니다", "ul[data-region=notes]")
    waiting(window).until(lambda seen: "남겼습니다" in announced(seen))
    stays(window, "form[data-draft=note]")
    reach(window, "[data-amend]")
    here = focused(window)
    # Somebody else writes meanwhile, and the list is drawn anew: one stays at the same note.
    writing.note_add(meeting_id=meeting.pk, new=note("그동안 쓴 글"), by=team["rep"], at=NOW)
    until(window, "그동안 쓴 글", "ul[data-region=notes]")
    assert focused(window) == here
    key(window, Keys.ENTER)
    stays(window, "#note-text")
    reach(window, "[data-amend-stop]")
    key(window, Keys.ENTER)
    stays(window, "#note-text")
    assert Note.objects.count() == 2


def promises_made(window: Chrome, meeting: Meeting, team: dict[str, User]) -> None:
    reach(window, "#what")
    key(window, "검증 기준을 합의")
    reach(window, "form[data-draft=commitment] .btn-primary")
    key(window, Keys.ENTER)
    until(window, "검증 기준을 합의", "[data-region=commitments]")
    stays(window, "form[data-draft=commitment]")
    new = promise(seat(meeting, team["rep"]), "견적을 보낸다")
    writing.commitment_add(meeting_id=meeting.pk, new=new, by=team["rep"], at=NOW)
    until(window, "견적을 보낸다", "[data-region=commitments]")
    for left in (1, 0):
        reach(window, "[data-region=commitments] button")
        key(window, Keys.ENTER)
        until(window, str(left), "[data-region=commitments] .n")
        stays(window, "[data-region=commitments]")
    assert set(Commitment.objects.values_list("withdrawn_at", flat=True)) != {None}


def deal_talked_about(window: Chrome) -> None:
    reach(window, "[data-region=main] form button", "이야기하기")
    key(window, Keys.ENTER)
    until(window, "이 기회는 여기까지", "[data-region=main]")
    stays(window, "[data-region=main]")
    assert window.switch_to.active_element.text == "이 기회는 여기까지"
