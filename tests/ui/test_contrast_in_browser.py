"""What is told of texts that are hard to read, however their colours are written."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome

from tests.ui.browser import chromium, faint

PAGE = """data:text/html,
<style>
  :root { color-scheme: light } [data-theme=dark] { color-scheme: dark }
  body { background: light-dark(oklch(1 0 0), oklch(0.2 0 0)) }
  .both { color: light-dark(oklch(0.3 0 0), oklch(0.9 0 0)) }
  .dark { color: oklch(0.35 0 0) }
  .half { color: oklch(0.35 0 0); background: oklch(0.95 0 0); opacity: 0.4 }
  .large { color: light-dark(oklch(0.62 0 0), oklch(0.9 0 0)); font-size: 24px }
</style>
<p class=both>Read <span class=dark>in light only</span></p><p class=half>pale</p><p class=large>large</p>
<button class=dark disabled>not now</button>"""


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver")
def test_a_text_that_is_hard_to_read_is_found_in_its_theme(window: Chrome) -> None:
    window.get(PAGE.replace("\n", " "))
    found = [text.split(": ") for text in faint(window)]
    assert [(ratio.split()[0], words) for ratio, words in found] == [
        ("light", "half pale"),
        ("dark", "dark in light only"),
        ("dark", "half pale"),
    ]
