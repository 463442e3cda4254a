"""The table of stages: short enough for the screen of a meeting, and nothing of it is lost in plain text."""

from __future__ import annotations

from datetime import date

import pytest

from bokgi.apps.pipeline.standing import standing_table
from bokgi.apps.reviews.rendering.parts import bottleneck
from bokgi.domain.messages import Message
from bokgi.domain.sentences import encoded
from bokgi.questions.asked import Json
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


@pytest.mark.parametrize(("lang", "cell"), [("en", ("$7", "no exchange rate")), ("ko", ("7달러", "환율 없음"))])
def test_a_deal_without_an_exchange_rate_stands_in_its_own_currency(lang: str, cell: tuple[str, str]) -> None:
    names = dict.fromkeys(("account", "name", "owner", "days_in_stage", "last_activity_on", "expected_close_on"))
    unrated = {"amount": None, "unconverted": {"amount": "7.00", "currency": "USD"}}
    nothing = {"amount": None, "unconverted": None}
    of_an_older_review = {"amount": {"amount": "5", "currency": "KRW"}}
    deals: list[Json] = [
        {"deal_id": "d", "notes": [], **names, **worth} for worth in (unrated, nothing, of_an_older_review)
    ]
    speaker = Speaker(lang, date(2026, 11, 29), "KRW")
    table = standing_table(speaker, deals, caption="-", median=None, late=None)
    assert [(row[2].text, row[2].sub) for row in table.rows] == [cell, ("–", ""), ("5", "")]


@pytest.mark.parametrize(("lang", "cell"), [("en", "at least 7 days"), ("ko", "7일 이상")])
def test_days_since_a_first_export_found_a_deal_there_are_at_least_so_many(lang: str, cell: str) -> None:
    names = dict.fromkeys(("account", "name", "owner", "amount", "last_activity_on", "expected_close_on"))
    deal: Json = {"deal_id": "d", "notes": [], "unconverted": None, "days_in_stage": 7, **names}
    deals = [deal | {"days_in_stage_at_least": found} for found in (True, False)]
    table = standing_table(Speaker(lang, date(2026, 11, 29), "KRW"), deals, caption="-", median=None, late=None)
    assert [row[3].text.replace("\N{NO-BREAK SPACE}", " ") for row in table.rows] == [cell, "7"]
