"""From the content of a review to a document in one language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bokgi.apps.reviews.rendering.blocks import Document
from bokgi.apps.reviews.rendering.parts import bottleneck, execution, feedback, head, learning, motivation
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.ui import format as written
from bokgi.ui.speaker import Speaker

_PARTS: Final = (execution, bottleneck, feedback, learning, motivation)


def document(review: Mapping[str, Any], lang: str) -> Document:
    """Write a review (see `docs/reference/review.schema.json`) in Korean or English."""
    as_of = date.fromisoformat(review["as_of"])
    speaker = Speaker(lang, as_of, review["currency"])
    start, end = (date.fromisoformat(review["period"][edge]) for edge in ("start", "end"))
    period = Period(start, end)
    state, warnings = head.state(review, speaker)
    whose = [review["organisation"] or "", review["team"] or speaker.word(N_("all teams"))]
    name = written.week(period, lang) if period.days == 7 and start.weekday() == 0 else ""  # noqa: PLR2004 - days of a week
    scope = " · ".join(part for part in (*whose, name, written.span(period, lang)) if part)
    return Document(
        lang=lang,
        title=speaker.word(N_("Weekly review")),
        scope=scope,
        as_of=speaker.text(N_("As of {day}"), day=written.day(as_of, lang, year=True)),
        state=state,
        warnings=warnings,
        figures=head.figures(review, speaker),
        sections=[part.section(review, speaker) for part in _PARTS],
        foot=[
            speaker.word(
                N_("An interval stands with its level. With too few cases there is no value, only how many there are.")
            ),
            speaker.word(N_("Green and red stand only where an analysis told a difference from chance.")),
        ],
    )
