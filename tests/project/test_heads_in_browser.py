"""The heads of long tables in a real browser: in sight while the page goes by, wide and narrow, not moved on paper."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from bokgi.apps.access.models import User
from tests.ui.browser import WIDTHS, browser, chromium, enter, faults, fits, waiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]
PAGES = ("/deals/", "/funnel/change/", "/kpi/")
LOW = 280
"""A window in which a table of few rows is a long one."""
FRAMES = "const frames = [...document.querySelectorAll('main .table-wrap')].filter(one => one.checkVisibility());"
PASSED = f"""
{FRAMES}
const frame = frames[arguments[0]];
scrollTo({{top: scrollY + frame.getBoundingClientRect().top + frame.offsetHeight * 0.4, behavior: "instant"}});
"""
STANDS = f"""
{FRAMES}
const frame = frames[arguments[0]], head = frame.querySelector("thead th").getBoundingClientRect();
return [frame.getBoundingClientRect().top, head.top, frame.getBoundingClientRect().bottom - head.bottom];
"""
ROW = """
const row = document.activeElement, head = row.closest("table").tHead.getBoundingClientRect();
const top = row.getBoundingClientRect().top;
return [row.tagName, head.top, top - head.bottom, innerHeight - top];
"""


def low(driver: Chrome, width: int) -> None:
    """Make the window so low that tables go beyond it."""
    size = {"width": width, "height": LOW, "deviceScaleFactor": 1, "mobile": width < WIDTHS[0]}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def heads(driver: Chrome) -> list[float]:
    """Scroll past the beginning of each table and say where its head stands then."""
    found = []
    for place in range(driver.execute_script(f"{FRAMES} return frames.length")):
        driver.execute_script(PASSED, place)
        driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        frame, head, left = driver.execute_script(STANDS, place)
        if frame < 0 < left:
            found.append(round(head))
    return found


def known(driver: Chrome) -> None:
    """Wait until every frame knows whether its table has room."""
    waiting(driver).until(
        lambda seen: seen.execute_script(
            f"{FRAMES} return frames.length && frames.every(one => one.matches('.is-roomy, .is-over'))"
        )
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_head_of_a_long_table_stays_in_sight(width: int, users: dict[str, User], live_server: LiveServer) -> None:
    with browser(width) as driver:
        enter(driver, live_server, users["leader"])
        for theme in ("light", "dark"):
            users["leader"].theme = theme
            users["leader"].save()
            for page in PAGES:
                low(driver, width)
                driver.get(f"{live_server.url}{page}")
                known(driver)
                found = heads(driver)
                assert set(found) == {0}, (page, found)
                assert fits(driver), page
                assert faults(driver) == [], page


@pytest.mark.parametrize("width", WIDTHS)
def test_a_row_that_has_the_focus_is_not_below_the_head(
    width: int, users: dict[str, User], live_server: LiveServer
) -> None:
    with browser(width) as driver:
        enter(driver, live_server, users["leader"])
        low(driver, width)
        driver.get(f"{live_server.url}/deals/")
        known(driver)
        driver.execute_script("document.querySelector('[data-table]').focus()")
        ActionChains(driver).send_keys(Keys.ARROW_DOWN, Keys.END, *[Keys.ARROW_UP] * 9).perform()
        driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        name, head, below, within = driver.execute_script(ROW)
        assert (name, round(head)) == ("TR", 0)
        assert below >= 0
        assert within > 0


def test_on_paper_a_head_stands_where_its_table_begins(
    users: dict[str, User], live_server: LiveServer, phone: Chrome
) -> None:
    enter(phone, live_server, users["leader"])
    low(phone, WIDTHS[-1])
    phone.get(f"{live_server.url}/deals/")
    known(phone)
    assert heads(phone)
    phone.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    frame, head, _ = phone.execute_script(STANDS, 0)
    assert frame < 0
    assert head == pytest.approx(frame, abs=1)
