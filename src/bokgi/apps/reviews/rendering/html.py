"""A review as one HTML file that opens anywhere: styles and drawings inside, no script; light, dark and on paper."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment
from markupsafe import Markup

from bokgi.apps.reviews.rendering.blocks import Document
from bokgi.ui import charts
from bokgi.ui.templating import environment
from bokgi.ui.theme import hex_stylesheet, stylesheet

_HERE: Final = Path(__file__).parent


@cache
def _environment(lang: str) -> Environment:
    return environment(lang, _HERE, _HERE.parent / "templates", chart=charts.inline)


def html(doc: Document) -> str:
    """Write the page."""
    sheet = sheet_of_a_file()
    page = _environment(doc.lang).get_template("review.html.jinja")
    return page.render(doc=doc, sheet=Markup(sheet)) + "\n"  # noqa: S704 - our own style sheets


def sheet_of_a_file() -> str:
    """Give the style sheet that a review as a file carries with it."""
    own = (_HERE.parent / "static" / "reviews" / "review.css").read_text(encoding="utf-8")
    return "\n".join((hex_stylesheet(), stylesheet("components.css"), own))
