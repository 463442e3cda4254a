"""A review as one HTML file that opens anywhere: styles and drawings inside, no script; light, dark and on paper."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bokgi.apps.reviews.rendering.blocks import Document
from bokgi.domain.messages import N_, translate
from bokgi.ui import charts, marks
from bokgi.ui.theme import hex_stylesheet, stylesheet

_BEFORE_PARTICLE: Final = re.compile(r"([)%\]’”])(?=[가-힣])")
_PACKAGE: Final = "bokgi.apps.reviews.rendering"


def joined(text: str) -> Markup:
    """Keep a particle on the line of the bracket or percent sign before it; a browser would break there."""
    return Markup(_BEFORE_PARTICLE.sub("\\1&#8288;", str(escape(text))))  # noqa: S704 - escaped before


def swatch(mark: str) -> Markup:
    """Draw what a legend explains."""
    if mark == "tick":
        inside = '<path class="ref-s" d="M9 0V12"/>'
    else:
        paint = 'fill="url(#hatch)" class="edge-h"' if mark == "hatch" else f'class="{mark}"'
        inside = f'<rect {paint} x="0.5" y="0.5" width="17" height="11" rx="2"/>'
    return Markup(f'<svg width="18" height="12" viewBox="0 0 18 12" aria-hidden="true">{inside}</svg>')  # noqa: S704 - our own


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader(_PACKAGE, ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    found.globals |= {"joined": joined, "swatch": swatch, "hatch": marks.HATCH, "chart": charts.inline}
    return found


def html(doc: Document) -> str:
    """Write the page."""
    own = (files(_PACKAGE) / "review.css").read_text(encoding="utf-8")
    sheet = "\n".join((hex_stylesheet(), stylesheet("components.css"), own))
    words: dict[str, Any] = {
        "state": translate(N_("State of the data"), doc.lang),
        "figures": translate(N_("Key figures"), doc.lang),
        "agenda": translate(N_("Agenda"), doc.lang),
        "as_table": translate(N_("As a table"), doc.lang),
    }
    return _environment().get_template("review.html.jinja").render(doc=doc, sheet=Markup(sheet), words=words) + "\n"  # noqa: S704 - our own style sheets
