"""A file of many deals begins at once, so that the browser shows a download while it is made."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from django.test import Client

from bokgi.apps.pipeline import deal_list
from bokgi.apps.pipeline.selectors import Screen
from bokgi.questions.asked import Json
from bokgi.ui.listing import Listing
from tests.homes import DEALS_EACH, SELLERS

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_large_file_begins_before_it_is_made(as_role: AsRole, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    address, made = f"/deals/?outcome=all&export={kind}", list[Listing]()
    small = as_role("leader").get(address)
    monkeypatch.setattr("bokgi.apps.pipeline.views._AT_ONCE", 10)
    listed = deal_list.whole

    def whole_list(screen: Screen, listing: Listing) -> Json:
        made.append(listing)
        return listed(screen, listing)

    monkeypatch.setattr(deal_list, "whole", whole_list)
    large = as_role("leader").get(address)
    parts = iter(large.streaming_content)  # type: ignore[attr-defined]  # of one that streams
    first = next(parts)
    assert first == {"csv": b"\xef\xbb\xbf", "xlsx": b"PK"}[kind]
    assert not made
    whole = first + b"".join(parts)
    assert len(made) == 1
    assert large["Content-Disposition"] == small["Content-Disposition"]
    if kind == "csv":
        assert whole == small.content
    else:
        (sheet,) = openpyxl.load_workbook(io.BytesIO(whole)).worksheets
        assert sheet.max_row == len(SELLERS) * DEALS_EACH + 1
