"""How a review looks: text, Markdown, HTML, PDF, JSON of the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bokgi.apps.reviews.rendering.document import document
from bokgi.apps.reviews.rendering.html import html
from bokgi.apps.reviews.rendering.markdown import markdown
from bokgi.apps.reviews.rendering.pdf import pdf
from bokgi.apps.reviews.rendering.text import renderable, text
from bokgi.ui.spoken import spoken

FORMATS: Final = ("text", "json", "html", "pdf", "md")

__all__ = ["FORMATS", "document", "html", "markdown", "pdf", "renderable", "rendered", "text"]


def rendered(review: Mapping[str, Any], form: str, lang: str) -> bytes:
    """Write a review in one of `FORMATS`; text is UTF-8."""
    if form == "json":
        return (json.dumps(spoken(review, lang), ensure_ascii=False, indent=2) + "\n").encode()
    doc = document(review, lang)
    if form == "pdf":
        return pdf(doc)
    writers = {"text": text, "html": html, "md": markdown}
    return writers[form](doc).encode()
