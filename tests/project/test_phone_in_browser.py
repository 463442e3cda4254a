"""Every address on a phone, in both languages: no page wider than its window, no text cut off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from bokgi.apps.access.models import User
from bokgi.domain.messages import LANGUAGES
from tests.project.addresses import pages
from tests.ui.browser import CUT, WIDTHS, browser, chromium, enter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]
ROLES = ("admin", "leader", "rep")
SPOILED = """
const wide = document.createElement("div"), cut = document.createElement("p"), sheet = new CSSStyleSheet();
wide.id = "wide"; cut.id = "cut"; cut.textContent = "Spoiled"; document.body.append(wide, cut);
sheet.replaceSync("#wide { width: 900px; height: 1px } #cut { width: 20px; overflow: hidden; white-space: nowrap }");
document.adoptedStyleSheets = [sheet];
"""


def opened(client: Client) -> list[str]:
    """List the addresses that are pages for this person."""
    found = []
    for page in pages():
        for address in page.addresses:
            answer = client.get(address)
            if answer.status_code == 200 and b"<main" in answer.content:
                found.append(address)
    return found


def test_no_page_is_wider_than_a_phone_and_nothing_is_cut_off(
    home_with_key: Path, users: dict[str, User], as_role: Callable[[str], Client], live_server: LiveServer
) -> None:
    del home_with_key
    found, looked = [], set()
    with browser(WIDTHS[-1]) as window:
        for role in ROLES:
            addresses = [one for one in opened(as_role(role)) if one not in looked or one == "/today/"]
            looked |= set(addresses)
            enter(window, live_server, users[role])
            for lang in LANGUAGES:
                users[role].language = lang
                users[role].save()
                for address in addresses:
                    window.get(f"{live_server.url}{address}")
                    faults = window.execute_script(CUT)
                    found += [f"{role} {lang} {address}: {fault}" for fault in faults]
        # That the script sees such faults where there are some.
        window.execute_script(SPOILED)
        assert window.execute_script(CUT) == ["510 px too wide", "cut: Spoiled"]
    assert len(looked) > 40
    assert not found, "\n".join(found)
