"""What was agreed in meetings as JSON: the figures of the page, and a clear word where there are no meetings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from tests.apps.reviews.closed_meetings import agreed, discussed, meeting_held
from tests.cli.test_commands import asked
from tests.homes import TODAY
from tests.questions.schemas import fits

AsRole = Callable[[str], Client]
MEETING = date(2026, 10, 26)


@pytest.fixture
def there(home: Path, users: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the commands find the database of the tests."""
    monkeypatch.setenv("BOKGI_HOME", str(home))
    monkeypatch.setenv("BOKGI_DATABASE", "of the tests")
    meeting = meeting_held(users, MEETING)
    # lee-13 was won on 2026-11-05 (see tests.homes); lee-12 is open and never moves again.
    for _ in range(6):
        agreed(meeting, deal_id="lee-13", metric="won", due_on=date(2026, 11, 5))
        agreed(meeting, deal_id="lee-12", metric="won", said="partly")
    agreed(meeting, what="고객을 더 잘 듣기", due_on=TODAY)
    discussed(meeting, "lee-12", "lee-13")
    return home


@pytest.mark.usefixtures("english")
def test_commitments_are_those_of_the_page(there: Path, as_role: AsRole, capsys: pytest.CaptureFixture[str]) -> None:
    found = fits(asked(capsys, there, "commitments", "--team", "1팀"), "commitments")
    assert len(found["commitments"]) == 13
    whole = found["rates"]["whole"]
    assert (whole["kept"], whole["not_kept"], whole["judged"], whole["rate"]) == (6, 6, 12, 0.5)
    assert whole == found["rates"]["teams"]["1팀"] == found["rates"]["people"]["lee"]
    page = unescape(as_role("leader").get("/reviews/commitments/").content.decode())
    low, high = (f"{100 * whole[end]:.0f}%" for end in ("low", "high"))
    assert f"50% of what the data can judge was kept (n 12, 95% interval {low} to {high})" in page
    for one in found["commitments"]:
        for sentence in one["evidence"]:
            assert sentence["text"] in page.replace("\N{NO-BREAK SPACE}", " ")
    assert asked(capsys, there, "commitments", "--team", "2팀")["commitments"] == []


@pytest.mark.usefixtures("english")
def test_discussed_deals_are_those_of_the_page(
    there: Path, users: dict[str, User], as_role: AsRole, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of the past nobody knows in these facts whose an open deal was: of a meeting of everybody all are compared.
    discussed(meeting_held(users, date(2026, 10, 19), team=""), "lee-12", "park-12")
    found = fits(asked(capsys, there, "discussed-deals"), "discussed-deals")
    assert (found["meetings"], found["discussed"]["n"]) == (2, 2)
    page = unescape(as_role("leader").get("/reviews/commitments/").content.decode())
    assert found["said"][0]["text"] in page


def test_a_home_without_meetings_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("commitments", "discussed-deals"):
        assert asked(capsys, tmp_path, command, code=6)["error"]["code"] == "database_missing"
