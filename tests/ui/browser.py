"""A Chromium to look at pages with, and a small server of files under a strict content security policy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from axe_selenium_python import Axe
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WIDTHS = (1440, 390)
WAIT = 40
"""Seconds for which a page may not yet say what it will."""
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


def chromium() -> str | None:
    """Find Chromium; null where it or its driver is not installed."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    return found if shutil.which("chromedriver") else None


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
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
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


def until(driver: webdriver.Chrome, words: str) -> None:
    """Wait until the page says something; another page may come while one looks."""

    def said(seen: webdriver.Chrome) -> bool:
        return words in seen.find_element(By.TAG_NAME, "body").text

    gone = [StaleElementReferenceException, NoSuchElementException]
    try:
        WebDriverWait(driver, WAIT, ignored_exceptions=gone).until(said)
    except TimeoutException:
        body = driver.find_element(By.TAG_NAME, "body").text
        raise AssertionError(f"no {words} at {driver.current_url}: {body}") from None


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
