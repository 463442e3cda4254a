"""No text of a screen stands unmarked in a template; what a dialog says keeps off its edges."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.catalogue import SOURCE

JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
SPOKEN = re.compile(r"""\s(?:alt|title|placeholder|aria-label|aria-description)="([^"]*)\"""")
NOT_SHOWN = re.compile(r"<!--.*?-->|<(script|style|svg|code)\b.*?</\1>|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^>]*>", re.DOTALL)
WORD = re.compile(r"[A-Za-z]{2,}|[가-힣]+")
# Names of languages stand in their own language everywhere; keys of the keyboard are what they are.
NAMES = {"한국어", "English", "Ctrl", "Esc"}


def unmarked(template: str) -> list[str]:
    """List words that a reader would see and that no mark surrounds."""
    bare = NOT_SHOWN.sub(" ", JINJA.sub(" ", template))
    seen = [TAG.sub(" ", bare), *SPOKEN.findall(bare)]
    return [word for text in seen for word in WORD.findall(re.sub(r"&\w+;", " ", text)) if word not in NAMES]


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("templates/**/*.html")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_every_text_of_a_page_is_marked(path: Path) -> None:
    assert unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>{{ _('Weekly review') }}</p>", []),
        ("<p>Weekly {{ review }}</p>", ["Weekly"]),
        ('<img alt="Deals">', ["Deals"]),
        ('<a class="btn" href="/x" title="{{ _(\'Deals\') }}">{# why #}1</a>', []),
        ("<b>기회</b>", ["기회"]),
        ("<script>let x = 1;</script>", []),
    ],
)
def test_an_unmarked_text_is_found(template: str, found: list[str]) -> None:
    assert unmarked(template) == found


def test_what_a_dialog_says_keeps_off_its_edges() -> None:
    templates = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("templates/**/*.*") if path.is_file()]
    said = [
        text for one in templates for text in re.findall(r"call ui\.dialog\(.*?%\}(.*?)\{% endcall", one, re.DOTALL)
    ]
    assert said
    assert [text for text in said if 'class="body' not in text] == []
