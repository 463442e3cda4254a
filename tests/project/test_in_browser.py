"""Signing in and the frame in a real browser: a passkey of a virtual device, accessibility, a clean console."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions

from bokgi.apps.access.models import AuditEntry, User
from tests.conftest import PASSWORD
from tests.ui.browser import at, chromium, complaints, faults, fill, press, text, turn, waiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
    pytest.mark.django_db(transaction=True),
]


def address(server: LiveServer, path: str) -> str:
    # Browsers know passkeys on localhost, not on 127.0.0.1.
    return f"{server.url}{path}".replace("127.0.0.1", "localhost")


def test_a_passkey_is_added_and_opens_the_account_without_a_password(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    device = VirtualAuthenticatorOptions(
        transport=VirtualAuthenticatorOptions.Transport.INTERNAL,
        has_resident_key=True,
        has_user_verification=True,
        is_user_verified=True,
    )
    window.add_virtual_authenticator(device)
    window.get(address(live_server, "/account/sign-in/?next=/account/security/"))
    fill(window, login=users["rep"].email, password=PASSWORD)
    press(window, "form button.btn-primary")
    at(window, "/account/security/")
    window.get(address(live_server, "/account/security/passkeys/add/"))
    fill(window, password=PASSWORD)
    press(window, "form button.btn-primary")
    at(window, "/account/security/passkeys/add/")
    fill(window, name="laptop")
    press(window, "[name=passwordless]")
    press(window, "#passkey-add")
    at(window, "/account/security/codes/")
    assert len(window.get_credentials()) == 1

    window.delete_all_cookies()
    window.get(address(live_server, "/account/sign-in/"))
    press(window, "#passkey-login")
    assert users["rep"].name in text(window, "nav .me")
    assert AuditEntry.objects.filter(action="webauthn_added").exists()

    # Somebody copied the key before: what it counts is behind.
    (copied,) = window.get_credentials()
    window.delete_all_cookies()
    window.remove_all_credentials()
    window.add_credential(Credential.from_dict(copied.to_dict() | {"signCount": 0}))
    window.get(address(live_server, "/account/sign-in/"))
    press(window, "#passkey-login")
    waiting(window).until(lambda _: AuditEntry.objects.filter(action="passkey_copied").exists())
    at(window, "/account/sign-in/")
    window.get(address(live_server, "/settings/"))
    at(window, "/account/sign-in/")

    window.remove_all_credentials()
    window.get(address(live_server, "/account/sign-in/"))
    press(window, "#passkey-login")
    waiting(window).until(lambda seen: seen.find_element(By.ID, "passkey-failed").is_displayed())


def test_the_pages_of_the_frame_are_accessible_in_both_themes(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    window.get(address(live_server, "/account/sign-in/?next=/settings/"))
    assert faults(window) == []
    fill(window, login=users["admin"].email, password=PASSWORD)
    press(window, "form button.btn-primary")
    at(window, "/settings/")
    for theme in ("light", "dark"):
        window.get(address(live_server, "/settings/"))
        turn(window, f"button[name=theme][value={theme}]")
        for page in ("/settings/", "/settings/users/", "/settings/queue/", "/account/security/", "/nowhere/"):
            window.get(address(live_server, page))
            assert window.execute_script("return document.documentElement.dataset.theme") == theme
            assert faults(window) == [], page
    assert [line for line in complaints(window) if "404" not in line] == []


def focused(window: Chrome) -> tuple[str, bool]:
    """Tell the name or the class of what has the focus, and whether it stands within the window."""
    name, seen = window.execute_script(
        "const found = document.activeElement, box = found.getBoundingClientRect();"
        "return [found.name || found.className, box.top >= 0 && box.bottom <= innerHeight];"
    )
    return str(name), bool(seen)


def test_a_form_that_was_refused_shows_what_is_wrong_first(
    users: dict[str, User], live_server: LiveServer, window: Chrome
) -> None:
    window.set_window_size(500, 420)
    window.get(address(live_server, "/account/sign-in/?next=/settings/users/"))
    # Nothing was sent yet: the page begins at its top.
    assert focused(window)[0] == "entrance"
    fill(window, login=users["admin"].email, password=PASSWORD[1:])
    press(window, "form button.btn-primary")
    waiting(window).until(lambda seen: focused(seen) == ("errors", True))
    fill(window, login=users["admin"].email, password=PASSWORD)
    press(window, "form button.btn-primary")
    at(window, "/settings/users/")

    # Without a summary it is the first field that needs another look, far below the top.
    window.execute_script("for (const form of document.forms) form.noValidate = true;")
    fill(window, name="정하늘", email="no address")
    press(window, "main form button.btn-primary")
    waiting(window).until(lambda seen: focused(seen) == ("email", True))
    assert window.execute_script("return scrollY") > 0
    assert window.switch_to.active_element.get_attribute("aria-invalid") == "true"
    described = window.switch_to.active_element.get_attribute("aria-describedby")
    assert window.find_element(By.ID, str(described).rsplit(" ", maxsplit=1)[-1]).text
