"""The pictures of the READMEs: Today of the sample company as its sales leader sees it, taken in Chromium.

`python3 run.py --port 8470` serves the sample company; then `python -m tests.project.photographs http://localhost:8470`.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from bokgi.domain.messages import LANGUAGES
from tests.ui.browser import browser

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT = 1440, 960


def picture(driver: Chrome, address: str, lang: str) -> bytes:
    """Take the first screen of Today in a language, light."""
    driver.get(f"{address}/account/demo/leader/")
    driver.get(f"{address}/settings/")
    for chosen in (f"button[name=language][value={lang}]", "button[name=theme][value=light]"):
        driver.find_element(By.CSS_SELECTOR, chosen).click()
    driver.get(f"{address}/today/")
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False},
    )
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 90})
    return base64.b64decode(taken["data"])


def main(address: str) -> None:
    """Write one picture for each language."""
    with browser(WIDTH) as driver:
        for lang in LANGUAGES:
            (IMAGES / f"today.{lang}.webp").write_bytes(picture(driver, address.rstrip("/"), lang))


if __name__ == "__main__":
    main(sys.argv[1])
