"""What was typed when the session had ended stands in its own form again, and in no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of

from bokgi.ui.templating import STATIC
from tests.ui.browser import browser, chromium, served, waiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium and its driver"),
]
KINDS = ("agenda", "note", "own_note")
FORM = """<form method="post" action="/write/"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">
<input type="hidden" name="kind" value="{kind}"><textarea name="words"></textarea></form>"""
PLAIN = '<form method="post" action="/say/"><input name="words"></form>'


def page(folder: Path, name: str, body: str, about: str) -> None:
    script = '<script src="kept.js" defer></script>'
    (folder / name).write_text(f"<!doctype html><meta charset=utf-8>{script}<body {about}>{body}", encoding="utf-8")


def test_of_forms_that_send_to_one_address_it_stands_in_the_one_that_was_sent(tmp_path: Path) -> None:
    (tmp_path / "kept.js").write_bytes((STATIC / "bokgi" / "kept.js").read_bytes())
    forms = "".join(FORM.format(kind=kind, token=f"of-{kind}") for kind in KINDS)
    page(tmp_path, "talk.html", forms + 2 * PLAIN, 'data-user="7" data-returned="x"')
    page(tmp_path, "sign-in.html", "", "data-lost")
    with served(tmp_path) as site, browser() as window:

        def lost(send: str, form: int, back: str = "talk.html") -> list[str]:
            window.get(f"{site}/talk.html")
            window.execute_script(
                "const form = document.forms[arguments[0]]; form.elements.words.value = 'secret';" + send, form
            )
            window.get(f"{site}/sign-in.html")
            window.get(f"{site}/{back}")
            fields = window.find_elements(By.NAME, "words")
            return [str(field.get_attribute("value")) for field in fields]

        sent = "form.dispatchEvent(new Event('submit', { bubbles: true }));"
        assert lost(sent, 2) == ["", "", "secret", "", ""]
        # htmx sends by itself, and is told that nobody is signed in.
        refused = """const detail = { elt: form, successful: false, xhr: { status: 401 } };
            form.dispatchEvent(new CustomEvent('htmx:afterRequest', { bubbles: true, detail }));"""
        assert lost(refused, 1) == ["", "secret", "", "", ""]
        # Which of two it was cannot be told, and another page is another thing.
        assert lost(sent, 3) == [""] * 5
        assert lost(sent, 2, "talk.html?row=2") == [""] * 5


def test_what_stands_in_other_forms_when_one_is_sent_stands_there_when_the_page_comes_back(tmp_path: Path) -> None:
    (tmp_path / "kept.js").write_bytes((STATIC / "bokgi" / "kept.js").read_bytes())
    forms = "".join(FORM.format(kind=kind, token=f"of-{kind}") for kind in KINDS)
    page(tmp_path, "talk.html", forms, 'data-user="7" data-returned="x"')
    page(tmp_path, "other.html", forms, 'data-user="8"')
    with served(tmp_path) as site, browser() as window:

        def sent(back: str) -> list[str]:
            window.get(f"{site}/talk.html")
            before = window.find_element(By.TAG_NAME, "html")
            window.execute_script(
                """const [agenda, note] = document.forms;
                agenda.elements.words.value = "agenda"; note.elements.words.value = "draft";
                agenda.dispatchEvent(new Event("submit", { bubbles: true })); location.href = arguments[0];""",
                back,
            )
            waiting(window).until(staleness_of(before))
            waiting(window).until(lambda seen: seen.execute_script("return document.readyState") == "complete")
            fields = window.find_elements(By.NAME, "words")
            return [str(field.get_attribute("value")) for field in fields]

        assert sent("talk.html") == ["", "draft", ""]
        # It stands there once; who sits down after somebody has nothing of it.
        window.get(f"{site}/talk.html")
        assert [field.get_attribute("value") for field in window.find_elements(By.NAME, "words")] == ["", "", ""]
        assert sent("other.html") == ["", "", ""]
        assert window.execute_script("return sessionStorage.getItem('bokgi-beside')") is None
