"""Submitting a number and setting a target in a real browser, on a desk and on a phone: flows, axe, console."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from bokgi.apps.access.models import User
from bokgi.apps.forecast.models import Submission
from bokgi.questions.answers import Answers
from tests.conftest import PASSWORD
from tests.project.test_in_browser import address
from tests.ui.browser import WIDTHS, at, browser, chromium, complaints, faults, fill, fits, press, text, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(params=WIDTHS)
def window(request: pytest.FixtureRequest) -> Iterator[Chrome]:
    with browser(request.param) as driver:
        yield driver


def sign_in(driver: Chrome, server: LiveServer, user: User, path: str) -> None:
    driver.get(address(server, f"/account/sign-in/?next={path}"))
    fill(driver, login=user.email, password=PASSWORD)
    press(driver, "form button.btn-primary")
    at(driver, path)


@pytest.mark.usefixtures("home")
def test_a_rep_submits_a_number(users: dict[str, User], live_server: LiveServer, window: Chrome) -> None:
    sign_in(window, live_server, users["rep"], "/forecast/")
    assert "모델" in text(window)
    assert fits(window)
    assert faults(window) == []
    press(window, "header a.btn-primary")
    at(window, "/forecast/submit/")
    assert fits(window)
    assert faults(window) == []
    fill(window, amount="2억 6,000만", commit="3억")
    press(window, "form.form button.btn-primary")
    until(window, "커밋이 제출 금액보다 큽니다", ".errors")
    fill(window, amount="2억 6,000만", commit="2억", note="둘은 이달")
    press(window, "form.form button.btn-primary")
    until(window, "제출했습니다")
    (one,) = Submission.objects.all()
    assert (one.amount, one.commit, one.subject_id) == (Decimal(260_000_000), Decimal(200_000_000), "lee")
    window.get(address(live_server, "/forecast/submissions/"))
    assert "둘은 이달" in text(window)
    assert fits(window)
    assert faults(window) == []
    assert [line for line in complaints(window) if "422" not in line] == []


def test_a_leader_sets_a_target_after_seeing_what_it_does(
    users: dict[str, User], own_home: Path, live_server: LiveServer, window: Chrome
) -> None:
    sign_in(window, live_server, users["leader"], "/settings/definitions/targets/")
    assert faults(window) == []
    press(window, "header a.btn-primary")
    at(window, "/settings/definitions/targets/change/")
    assert fits(window)
    Select(window.find_element(By.NAME, "subject")).select_by_visible_text("1팀")
    Select(window.find_element(By.NAME, "metric")).select_by_value("won_amount")
    fill(window, period="2026-Q4", amount="12억")
    press(window, "button[value=look]")
    window.find_element(By.CSS_SELECTOR, "button[value=save]")
    until(window, "12억")
    assert fits(window)
    assert faults(window) == []
    press(window, "button[value=save]")
    until(window, "저장했습니다")
    rows = Answers(own_home).facts().targets.to_pyarrow().to_pylist()
    assert [row["amount"] for row in rows if row["subject_id"] == "1팀"] == [Decimal(1_200_000_000)]
    for page in ("/team/", "/kpi/", "/settings/definitions/calendar/"):
        window.get(address(live_server, page))
        assert fits(window), page
        assert faults(window) == [], page
    assert complaints(window) == []
