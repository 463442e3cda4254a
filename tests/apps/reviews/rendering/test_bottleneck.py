"""The table of stages: short enough for the screen of a meeting, and nothing of it is lost in plain text."""

from __future__ import annotations

from datetime import date

import pytest

from bokgi.apps.reviews.rendering.parts import bottleneck
from bokgi.domain.messages import Message
from bokgi.domain.sentences import encoded
from bokgi.ui.blocks import Table
from bokgi.ui.speaker import Speaker

_SHARE = {"estimate": 0.9, "low": 0.84, "high": 0.94, "level": 0.9, "n": 136}
_STAGE = {
    "key": "use",
    "label": "이용 점검",
    "exit_criterion": None,
    "entered": 119,
    "moved": 93,
    "still_open": 16,
    "ended": 10,
    "conversion": _SHARE,
    "before": None,
    "days": None,
    "verdict": None,
}


@pytest.mark.parametrize(
    ("lang", "head", "cell"),
    [("en", "Conversion, 90% interval", "84–94%, n 136"), ("ko", "전환율, 90% 구간", "84~94%, n 136")],
)
def test_the_level_of_the_intervals_stands_once_in_the_head(lang: str, head: str, cell: str) -> None:
    review = {
        "stages": [_STAGE, {**_STAGE, "key": "new", "conversion": None}],
        "window": {"start": "2026-06-01", "last": "2026-11-29", "note": encoded(Message("-"))},
        "bottlenecks": [],
        "standing": [],
        "pipeline_change": {"difference": None, "parts": [], "sentence": None},
        "said": {"bottleneck": []},
    }
    (table,) = bottleneck.section(review, Speaker(lang, date(2026, 11, 29), "KRW")).blocks
    assert isinstance(table, Table)
    place = [column.label for column in table.columns].index(head)
    assert [row[place].sub.replace("\N{NO-BREAK SPACE}", " ") for row in table.rows] == [cell, ""]
