"""How a review looks: text, Markdown, HTML, PDF, JSON of the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bokgi.apps.reviews.rendering.document import document
from bokgi.apps.reviews.rendering.html import html
from bokgi.apps.reviews.rendering.markdown import markdown
from bokgi.apps.reviews.rendering.pdf import pdf
from bokgi.apps.reviews.rendering.text import renderable, text
from bokgi.domain.sentences import decoded
from bokgi.ui.format import plain, shower

FORMATS: Final = ("text", "json", "html", "pdf", "md")

__all__ = ["FORMATS", "document", "html", "markdown", "pdf", "renderable", "rendered", "spoken", "text"]


def rendered(review: Mapping[str, Any], form: str, lang: str) -> bytes:
    """Write a review in one of `FORMATS`; text is UTF-8."""
    if form == "json":
        return (json.dumps(spoken(review, lang), ensure_ascii=False, indent=2) + "\n").encode()
    doc = document(review, lang)
    if form == "pdf":
        return pdf(doc)
    writers = {"text": text, "html": html, "md": markdown}
    return writers[form](doc).encode()


def spoken(review: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Give the content with each sentence also as `text` in a language; everything else stays as it is."""
    show = shower(date.fromisoformat(review["as_of"]))

    def walk(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, list):
            return [walk(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "message" in value and "values" in value:
            return {"text": plain(decoded(value).text(lang, show)), **value}
        return {name: walk(part) for name, part in value.items()}

    found: dict[str, Any] = walk(review)
    return found
