"""A hand without a mouse: the tab key leads from one thing to the next, and the focus is never lost."""

from __future__ import annotations

from datetime import date
from typing import Final

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.keys import Keys

from tests.ui.browser import waiting

_FARTHEST: Final = 150
"""So many steps of the tab key lead past everything of a page."""
_HERE: Final = """
    const here = document.activeElement;
    const around = [here, ...document.querySelectorAll("label:focus-within, [data-drop]:focus-within")];
    // The button within a field of a day is the browser's own, and so is the line around it.
    const marked = here === document.body || here.matches("[type=date], [type=datetime-local]") || around.some(one => {
        const style = getComputedStyle(one);
        return style.outlineStyle !== "none" || style.boxShadow !== "none";
    });
    const found = here.matches(arguments[0]) && here.textContent.includes(arguments[1]);
    return [found, marked, here.outerHTML.slice(0, 200)];
"""


def key(driver: Chrome, *keys: str) -> None:
    ActionChains(driver).send_keys(*keys).perform()


def reach(driver: Chrome, selector: str, words: str = "") -> None:
    """Go on by the tab key to something; all that is passed shows that the focus is on it."""
    for _ in range(_FARTHEST):
        key(driver, Keys.TAB)
        found, marked, told = driver.execute_script(_HERE, selector, words)
        assert marked, f"nothing shows the focus on {told}"
        if found:
            return
    raise AssertionError(f"the tab key does not lead to {selector} {words} of {driver.current_url}")


def focused(driver: Chrome) -> str:
    """Give the markup of what has the focus; of the page's body where nothing has it."""
    return str(driver.execute_script("return document.activeElement.outerHTML.slice(0, 200)"))


def announced(driver: Chrome) -> str:
    """Give what was said last to who does not see the page."""
    return str(driver.execute_script("return document.getElementById('announced').textContent"))


def stays(driver: Chrome, within: str = "body") -> None:
    """Check that something within a part of the page has the focus and can be seen, after the page was drawn anew."""
    script = """
        const here = document.activeElement, part = document.querySelector(arguments[0]);
        return here !== document.body && part?.contains(here) && here.checkVisibility();
    """
    assert driver.execute_script(script, within), f"the focus is at {focused(driver)}, not within {within}"


def opened(driver: Chrome, dialog: str) -> None:
    """Check that a dialog took the focus, gives it back on Escape, and open it again."""
    opener = driver.switch_to.active_element
    key(driver, Keys.ENTER)
    waiting(driver).until(lambda seen: seen.find_element("css selector", dialog).get_attribute("open"))
    stays(driver, dialog)
    key(driver, Keys.ESCAPE)
    waiting(driver).until(lambda seen: not seen.find_element("css selector", dialog).get_attribute("open"))
    assert driver.switch_to.active_element == opener
    key(driver, Keys.ENTER)
    waiting(driver).until(lambda seen: seen.find_element("css selector", dialog).get_attribute("open"))


def type_day(driver: Chrome, day: date) -> None:
    """Type a day into a field of a day that has the focus, in the order of the browser's language."""
    parts = driver.execute_script(
        "return new Intl.DateTimeFormat(navigator.language).formatToParts().map((one) => one.type)"
    )
    typed = {"year": f"{day:%Y}{Keys.ARROW_RIGHT}", "month": f"{day:%m}", "day": f"{day:%d}"}
    key(driver, "".join(typed[part] for part in parts if part in typed))
