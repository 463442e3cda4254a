"""A Chromium to look at pages with, and a small server of files under a strict content security policy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from axe_selenium_python import Axe
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

from bokgi.apps.access.models import User

WIDTHS = (1440, 390)
WAIT = 120
"""Seconds for which a page may not yet show what it will; nothing waits for as long where all is well."""
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
CUT = """
// What is only read aloud is one pixel wide.
const drawn = (one) => one.checkVisibility({visibilityProperty: true}) && one.clientWidth > 1;
const seen = (one) => drawn(one) && !one.closest(".vh, svg, select");
const cut = [...document.querySelectorAll("body *")].filter((one) => {
  if (!seen(one) || ![...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim())) return false;
  const style = getComputedStyle(one);
  return style.overflowX === "hidden" && style.display !== "inline" && one.scrollWidth > one.clientWidth + 1;
});
// The window of a phone grows with what is too wide; the page in it does not.
const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
const told = cut.map((one) => `cut: ${one.textContent.trim().slice(0, 40)}`);
return wide > 0 ? [`${wide} px too wide`, ...told] : told;
"""
"""What is cut off or wider than its window, in words: a script that gives a list."""

FAINT = r"""
const paint = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
const known = new Map();
// The colours of a page are written in many ways; a canvas reads them all.
const rgba = (written) => {
  if (!known.has(written)) {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = written;
    paint.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = paint.getImageData(0, 0, 1, 1).data;
    known.set(written, [red, green, blue, alpha / 255]);
  }
  return known.get(written);
};
const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
const light = (colour) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
const ground = (one) => {
  const layers = [];
  for (let at = one; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), rgba("Canvas"));
};
const faint = (one, theme) => {
  const style = getComputedStyle(one), below = ground(one);
  const opacity = (at) => (at ? getComputedStyle(at).opacity * opacity(at.parentElement) : 1);
  const colour = rgba(style.color);
  const seen = over([...colour.slice(0, 3), colour[3] * opacity(one)], below);
  const [dark, bright] = [light(seen), light(below)].sort((a, b) => a - b);
  const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  const ratio = (bright + 0.05) / (dark + 0.05);
  const told = `${theme} ${ratio.toFixed(2)}: ${one.className} ${one.textContent.trim().slice(0, 40)}`;
  return ratio < (large ? 3 : 4.5) ? [told] : [];
};
const texts = [...document.querySelectorAll("body *")].filter((one) =>
  [...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim())
  && one.checkVisibility({visibilityProperty: true}) && one.clientWidth !== 1
  // What cannot be used now need not be read, and a drawing has its table.
  && !one.closest(".vh, svg, :disabled, [aria-disabled=true]"));
const root = document.documentElement, before = root.dataset.theme;
const found = ["light", "dark"].flatMap((theme) => {
  root.dataset.theme = theme;
  getComputedStyle(root).color;
  for (const change of document.getAnimations()) if (change instanceof CSSTransition) change.finish();
  return texts.flatMap((one) => faint(one, theme));
});
if (before) root.dataset.theme = before; else delete root.dataset.theme;
return found;
"""
"""Texts that are hard to tell from what is behind them, in both themes: a script that gives a list."""


def chromium() -> str | None:
    """Find Chromium; null where it or its driver is not installed."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    return found if shutil.which("chromedriver") else None


class Window(webdriver.Chrome):
    """A window in which one element may be asked for before its page has come; many are as many as there are now."""

    def find_element(self, by: Any = By.ID, value: str | None = None) -> WebElement:  # noqa: ANN401 - as the library's
        """Wait for an element and give it."""
        seen = super().find_element
        return waiting(self).until(lambda _driver: seen(by, value))


@contextmanager
def browser(width: int = 1440) -> Iterator[webdriver.Chrome]:
    """Open a window of a width; narrow ones are phones with fingers."""
    options = Options()
    options.binary_location = chromium() or ""
    for flag in (*_FLAGS, f"--window-size={width},1000"):
        options.add_argument(flag)
    if width < 500:
        metrics = {"width": width, "height": 844, "pixelRatio": 1}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Window(options=options, service=Service(shutil.which("chromedriver") or ""))
    try:
        yield driver
    finally:
        driver.quit()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the library
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def waiting(driver: webdriver.Chrome) -> WebDriverWait[webdriver.Chrome]:
    """Wait with patience: another page may come, or an element be taken away, while one looks."""
    moving = [WebDriverException]
    return WebDriverWait(driver, WAIT, poll_frequency=0.1, ignored_exceptions=moving)


def enter(driver: webdriver.Chrome, server: LiveServer, user: User) -> None:
    """Sign in with a session that is there already."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    driver.get(f"{server.url}/health/")
    driver.delete_all_cookies()
    name = settings.SESSION_COOKIE_NAME
    driver.add_cookie({"name": name, "value": client.cookies[name].value, "path": "/"})


def text(driver: webdriver.Chrome, selector: str = "main") -> str:
    """Read what a part of the page says."""
    return waiting(driver).until(lambda seen: (seen.find_element(By.CSS_SELECTOR, selector).text,))[0]


def until(driver: webdriver.Chrome, words: str, selector: str = "body") -> None:
    """Wait until the page says something."""
    try:
        waiting(driver).until(lambda seen: words in text(seen, selector))
    except TimeoutException:
        raise AssertionError(f"no {words} at {driver.current_url}: {text(driver)}") from None


def at(driver: webdriver.Chrome, path: str) -> None:
    """Wait until the window is at an address of the site that begins so."""
    waiting(driver).until(lambda seen: f"/{seen.current_url.split('/', 3)[3]}".startswith(path))


def press(driver: webdriver.Chrome, selector: str, by: str = By.CSS_SELECTOR) -> None:
    """Click on something as soon as it can be clicked."""

    def clicked(seen: webdriver.Chrome) -> bool:
        seen.find_element(by, selector).click()
        return True

    waiting(driver).until(clicked, selector)


def _saying(words: str) -> str:
    return f"//main//*[self::a or self::button][contains(., '{words}')]"


def press_words(driver: webdriver.Chrome, words: str) -> None:
    """Click on the link or button that says something."""
    press(driver, _saying(words), By.XPATH)


def turn(driver: webdriver.Chrome, selector: str, by: str = By.CSS_SELECTOR) -> None:
    """Click on something that brings another page, and wait for it."""
    page = driver.find_element(By.TAG_NAME, "html")
    press(driver, selector, by)
    waiting(driver).until(expected_conditions.staleness_of(page), selector)


def turn_words(driver: webdriver.Chrome, words: str) -> None:
    """Click on the link or button that says something, and wait for the page that it brings."""
    turn(driver, _saying(words), By.XPATH)


def fill(driver: webdriver.Chrome, **given: str) -> None:
    """Write into fields by their names, instead of what stands there."""
    for name, words in given.items():
        field = driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(words)


def fits(driver: webdriver.Chrome) -> bool:
    """Say whether the page is no wider than its window."""
    # The window of a phone grows with what is too wide; the page in it does not.
    page = "document.documentElement"
    return bool(driver.execute_script(f"return {page}.scrollWidth <= {page}.clientWidth"))


def too_wide(driver: webdriver.Chrome, pages: Sequence[str]) -> list[str]:
    """Open pages on the width of a phone and list those that are wider, or have more than one primary button."""
    size = {"width": WIDTHS[-1], "height": 844, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    found = []
    for page in pages:
        driver.get(page)
        calls = driver.execute_script(
            "return [...document.querySelectorAll('main .btn-primary')].filter(one => one.offsetParent).length"
        )
        if not fits(driver) or calls > 1:
            found.append(page)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return found


def complaints(driver: webdriver.Chrome) -> list[str]:
    """List what the browser complained about, a missing icon aside: errors of scripts, the content security policy."""
    log: list[dict[str, Any]] = driver.get_log("browser")  # type: ignore[no-untyped-call]  # selenium leaves it out
    return [entry["message"] for entry in log if "favicon" not in entry["message"]]


def violations(driver: webdriver.Chrome) -> list[str]:
    """List what axe finds: each rule with the element."""
    axe = Axe(driver)
    axe.inject()
    # The old rule checkboxgroup takes boxes that choose rows of a table for one question with several answers.
    options = json.dumps({"rules": {"checkboxgroup": {"enabled": False}}})
    found = axe.run(options=options)["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def faults(driver: webdriver.Chrome) -> list[str]:
    """List what axe finds; it cannot read our colours (see `faint`), and its old rule knows no groups in lists."""
    return [found for found in violations(driver) if not found.startswith(("color-contrast", "dlitem"))]


def faint(driver: webdriver.Chrome) -> list[str]:
    """List the texts of a page whose contrast is less than WCAG AA asks, in the light and in the dark theme."""
    found: list[str] = driver.execute_script(FAINT)
    return found
