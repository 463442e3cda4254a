"""Back and forward in a real browser: a filter that htmx drew comes back as it was, and nothing is sent twice."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from bokgi.apps.access.models import User
from bokgi.apps.forecast.models import Submission
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
