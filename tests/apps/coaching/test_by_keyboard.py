"""A 1:1 without a mouse, in Korean: agreed, written, held."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.common.keys import Keys

from bokgi.apps.access.models import User
from bokgi.apps.coaching.models import OneOnOne, Pair
from tests.ui.browser import at, browser, chromium, complaints, enter, until
from tests.ui.keyboard import key, reach

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("home_with_key"),
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


def test_a_talk_is_planned_written_and_held(users: dict[str, User], live_server: LiveServer) -> None:
    with browser() as window:
        enter(window, live_server, users["manager"])
        window.get(f"{live_server.url}/coaching/")
        reach(window, "main button", "시작하기")
        key(window, Keys.ENTER)
        until(window, "이 날로 정하기")
        assert Pair.objects.count() == 1
        reach(window, "main button", "이 날로 정하기")
        key(window, Keys.ENTER)
        at(window, "/coaching/1-1/")
        for field, words in (
            ("#agenda-words", "첫 통화에서 다음 약속까지"),
            ("#note-words", "둘만 읽는 글"),
            ("#own_note-words", "나만 읽는 글"),
        ):
            reach(window, field)
            key(window, words, Keys.TAB, Keys.ENTER)
            until(window, words)
        for name, words in (
            ("situation", "화요일 데모"),
            ("behaviour", "먼저 물었습니다"),
            ("effect", "길게 말했습니다"),
        ):
            reach(window, f"[name={name}]")
            key(window, words)
        reach(window, "button", "피드백 남기기")
        key(window, Keys.ENTER)
        until(window, "길게 말했습니다")
        reach(window, "button", "진행함")
        key(window, Keys.ENTER)
        until(window, "진행함")
        assert OneOnOne.objects.get().closed_at is not None
        assert complaints(window) == []
