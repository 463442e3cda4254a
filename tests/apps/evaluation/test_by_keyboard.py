"""A round without a mouse, in Korean: opened, told, written on both sides, handed in, talked over, signed."""

from __future__ import annotations

from datetime import date

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions

from bokgi.apps.access.models import User
from bokgi.apps.evaluation.models import Evaluation, Round
from tests.apps.evaluation.rounds import BEFORE, END, PARTS, START, Go
from tests.ui.browser import at, chromium, complaints, enter, until, waiting
from tests.ui.keyboard import key, reach, stays, type_day

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


def press(window: Chrome, words: str, then: str) -> None:
    reach(window, "main button", words)
    key(window, Keys.ENTER)
    until(window, then)


def begun(window: Chrome, address: str) -> Round:
    """Open a round for one rep and publish its criteria."""
    window.get(f"{address}/evaluation/")
    reach(window, "main a[href='/evaluation/rounds/new/']")
    key(window, Keys.ENTER)
    at(window, "/evaluation/rounds/new/")
    reach(window, "[name=name]")
    key(window, "3분기 평가")
    for name, day in (("start_on", START), ("end_on", END)):
        reach(window, f"[name={name}]")
        type_day(window, day)
    reach(window, "[name=role-lee]")
    key(window, Keys.HOME)
    press(window, "회차 만들기", "3분기 평가")
    found = Round.objects.get()
    assert (found.start_on, found.end_on) == (START, END)
    for version in found.versions.all():
        reach(window, "form[action*='/do/publish/'] button", "알리기")
        key(window, Keys.ENTER)
        version.refresh_from_db()
    return found


def deed(window: Chrome, name: str, words: str) -> None:
    """Press the button of a form, and wait for the page that comes."""
    page = window.find_element(By.TAG_NAME, "html")
    reach(window, f"form[action*='/do/{name}/'] button", words)
    key(window, Keys.ENTER)
    waiting(window).until(expected_conditions.staleness_of(page))


def signed(users: dict[str, User], server: LiveServer, window: Chrome, go: Go, form: Evaluation) -> None:
    """Hand the draft in, end the calibration, talk, answer, and sign on both sides."""
    path = f"{server.url}/evaluation/forms/{form.pk}/"
    window.get(f"{path}draft/")
    for part in PARTS:
        reach(window, f"[name=rating-{part}]")
        key(window, "3")
    press(window, "제출", "제출했습니다")
    go(date(2026, 10, 15))
    enter(window, server, users["leader"])
    window.get(f"{server.url}/evaluation/rounds/{form.round_id}/")
    deed(window, "calibrated", "조율 끝내기")
    enter(window, server, users["manager"])
    window.get(path)
    reach(window, "form[action*='/do/conversation/'] [name=text]")
    key(window, "협상 단계의 어려움을 함께 살폈습니다.")
    deed(window, "conversation", "남기기")
    enter(window, server, users["rep"])
    window.get(path)
    deed(window, "answer", "답하기")
    deed(window, "sign", "서명")
    enter(window, server, users["manager"])
    window.get(path)
    deed(window, "sign", "서명")
    form.refresh_from_db()
    assert form.ratings == dict.fromkeys(PARTS, 3)
    assert form.talk_text == "협상 단계의 어려움을 함께 살폈습니다."
    assert form.person_signed_at is not None
    assert form.manager_signed_at is not None


def test_a_round_from_its_opening_to_both_signatures(
    users: dict[str, User], live_server: LiveServer, window: Chrome, go: Go
) -> None:
    go(BEFORE)
    enter(window, live_server, users["leader"])
    found = begun(window, live_server.url)
    until(window, "3분기 평가")
    form = found.evaluations.get(person_id="lee")
    path = f"{live_server.url}/evaluation/forms/{form.pk}/"
    go(date(2026, 6, 25))
    enter(window, live_server, users["rep"])
    window.get(path)
    press(window, "기준을 읽었습니다", "3분기 평가")
    go(date(2026, 10, 5))
    window.get(f"{path}self/")
    reach(window, "[name=rating-execution]")
    key(window, "4")
    reach(window, "[name='text-']")
    key(window, "약속 12건 중 11건을 지켰습니다.")
    press(window, "제출", "제출했습니다")
    go(date(2026, 10, 12))
    enter(window, live_server, users["manager"])
    window.get(f"{path}draft/")
    reach(window, "[name=text-skill]")
    key(window, "책임감이 부족하다.")
    # The guard reads along; who writes goes on writing.
    until(window, "사람을 판단합니다", "#guard")
    stays(window, "[name=text-skill]")
    press(window, "저장", "저장했습니다")
    form.refresh_from_db()
    assert form.texts["skill"] == "책임감이 부족하다."
    assert form.self_ratings["execution"] == 4
    signed(users, live_server, window, go, form)
    # Who goes on to another page ends what the guard was reading; htmx tells both of it.
    ended = ("htmx:sendAbort", "htmx:afterRequest")
    assert [one for one in complaints(window) if not any(words in one for words in ended)] == []
