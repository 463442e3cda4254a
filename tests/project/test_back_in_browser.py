"""Back and forward in a real browser, and a session that ended: what was typed stays, and nothing is sent twice."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from bokgi.apps.access.models import User
from bokgi.apps.forecast.models import Submission
from tests.conftest import PASSWORD
from tests.homes import deal_name
from tests.ui.browser import at, chromium, complaints, enter, fill, text, turn, until, waiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]
FOUND, OTHER = deal_name("lee", 0), deal_name("park", 13)


def found(window: Chrome) -> bool:
    shown = text(window)
    field = window.find_element(By.CSS_SELECTOR, "main input[name=find]")
    return FOUND in shown and OTHER not in shown and field.get_attribute("value") == FOUND


def test_a_filter_is_there_again_after_back_and_gone_after_going_back_behind_it(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    enter(window, live_server, users["leader"])
    window.get(f"{live_server.url}/deals/?outcome=all")
    until(window, OTHER)
    window.find_element(By.CSS_SELECTOR, "main input[name=find]").send_keys(FOUND)
    waiting(window).until(found)
    turn(window, f"//main//a[contains(., '{FOUND}')]", By.XPATH)
    at(window, "/deals/lee-0/")
    window.back()
    waiting(window).until(found)
    window.forward()
    at(window, "/deals/lee-0/")
    window.back()
    waiting(window).until(found)
    window.back()
    until(window, OTHER)
    assert window.find_element(By.CSS_SELECTOR, "main input[name=find]").get_attribute("value") == ""
    assert complaints(window) == []


def test_what_was_sent_is_not_sent_again_by_back_forward_or_reload(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    enter(window, live_server, users["rep"])
    window.get(f"{live_server.url}/forecast/submit/")
    fill(window, amount="2억", commit="1억")
    turn(window, "form.form button.btn-primary")
    until(window, "제출했습니다")
    after = window.current_url
    window.back()
    at(window, "/forecast/submit/")
    window.forward()
    waiting(window).until(lambda seen: seen.current_url == after)
    window.refresh()
    waiting(window).until(lambda seen: seen.find_element(By.TAG_NAME, "h1"))
    assert Submission.objects.count() == 1


def test_what_was_typed_when_the_session_had_ended_stands_in_the_form_again_for_who_typed_it(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    def lost() -> None:
        enter(window, live_server, users["rep"])
        window.get(f"{live_server.url}/forecast/submit/")
        fill(window, amount="2억", commit="1억")
        Session.objects.all().delete()
        turn(window, "form.form button.btn-primary")
        at(window, "/account/sign-in/")

    def sign_in(who: str) -> None:
        fill(window, login=users[who].email, password=PASSWORD)
        turn(window, "form button.btn-primary")
        at(window, "/forecast/submit/")

    def typed() -> list[str | None]:
        return [window.find_element(By.NAME, name).get_attribute("value") for name in ("amount", "commit")]

    lost()
    sign_in("rep")
    until(window, "입력하신 내용을 되살렸습니다")
    assert typed() == ["2억", "1억"]
    turn(window, "form.form button.btn-primary")
    until(window, "제출했습니다")
    window.get(f"{live_server.url}/forecast/submit/")
    assert typed() == ["", ""]
    assert Submission.objects.count() == 1
    # Somebody else at the same screen finds nothing of it.
    lost()
    sign_in("manager")
    assert typed() == ["", ""]
    assert window.execute_script("return sessionStorage.getItem('bokgi-sent')") is None


def test_what_was_typed_stands_in_the_form_again_for_who_comes_back_because_the_server_was_away(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    enter(window, live_server, users["rep"])
    window.get(f"{live_server.url}/forecast/submit/")
    fill(window, amount="2억", commit="1억")
    window.execute_cdp_cmd("Network.enable", {})
    there = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    window.execute_cdp_cmd("Network.emulateNetworkConditions", {**there, "offline": True})
    turn(window, "form.form button.btn-primary")
    assert not window.find_elements(By.NAME, "amount")
    window.execute_cdp_cmd("Network.emulateNetworkConditions", {**there, "offline": False})
    window.get(f"{live_server.url}/forecast/submit/")
    assert [window.find_element(By.NAME, name).get_attribute("value") for name in ("amount", "commit")] == [
        "2억",
        "1억",
    ]
    turn(window, "form.form button.btn-primary")
    until(window, "제출했습니다")
    # What has arrived stands in no form any more, also for who goes back.
    window.back()
    at(window, "/forecast/submit/")
    assert window.execute_script("return sessionStorage.getItem('bokgi-sent')") is None
    assert Submission.objects.count() == 1
