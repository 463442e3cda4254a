"""A 1:1 and a plan in a real browser, in Korean: two people in windows of their own, accessible, a clean console."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from bokgi.apps.access.models import User
from bokgi.apps.coaching.models import OneOnOne, Pair, Plan, PlanState
from tests.ui.browser import chromium, complaints, enter, faults, fill, text, too_wide, turn, turn_words, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


def test_a_talk_and_a_plan_in_korean(users: dict[str, User], live_server: LiveServer, window: Chrome) -> None:
    enter(window, live_server, users["manager"])
    window.get(f"{live_server.url}/coaching/")
    assert text(window, "h1") == "코칭"
    turn_words(window, "시작하기")
    turn_words(window, "이 날로 정하기")
    until(window, "서로 이야기하고 싶은 것")
    fill(window, situation="화요일 데모", behaviour="먼저 물었습니다", effect="고객이 길게 설명했습니다")
    window.find_element(By.ID, "agenda-words").send_keys("첫 통화에서 다음 약속까지 가는 방법")
    # What stands in another form when one is sent is not lost.
    turn(window, "//form[.//textarea[@id='agenda-words']]//button", By.XPATH)
    turn_words(window, "피드백 남기기")
    until(window, "고객이 길게 설명했습니다")
    assert faults(window) == []
    talk, pair = OneOnOne.objects.get(), Pair.objects.get()
    window.get(f"{live_server.url}/coaching/pairs/{pair.pk}/plan/")
    fill(window, behaviour_1="첫 통화를 끝내기 전에 다음 날짜를 정한다")
    assert faults(window) == []
    turn_words(window, "제안하기")

    enter(window, live_server, users["rep"])
    window.get(f"{live_server.url}/coaching/")
    until(window, "내 동의 대기")
    window.get(f"{live_server.url}/coaching/1-1/{talk.pk}/")
    until(window, "첫 통화에서 다음 약속까지")
    plan = Plan.objects.get()
    window.get(f"{live_server.url}/coaching/plans/{plan.pk}/")
    turn_words(window, "동의하기")
    until(window, "진행 중")
    assert faults(window) == []
    plan.refresh_from_db()
    assert plan.state == PlanState.RUNNING
    enter(window, live_server, users["manager"])
    parts = ("", f"pairs/{pair.pk}/", f"pairs/{pair.pk}/plan/", f"1-1/{talk.pk}/", f"plans/{plan.pk}/", "ledger/")
    assert too_wide(window, [f"{live_server.url}/coaching/{part}" for part in (*parts, "causes/lee/")]) == []
    assert complaints(window) == []
