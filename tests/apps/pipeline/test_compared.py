"""The page on which two periods are compared: the command's figures, any two periods, faults in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from bokgi.questions.answers import Answers
from bokgi.questions.funnel_compared import compare_funnel
from tests.homes import TODAY

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")


def test_it_shows_what_the_command_answers_and_begins_with_13_weeks(as_role: AsRole, home: Path) -> None:
    end = TODAY + timedelta(days=1)
    start = end - timedelta(days=91)
    answer = Answers(home).ask(
        compare_funnel,
        as_of=TODAY,
        start=start,
        end=end,
        past_start=start - timedelta(days=91),
        past_end=start,
        mode="stage_entry_cohort",
        team=None,
    )
    page = unescape(as_role("leader").get("/funnel/compare/").content.decode())
    assert f'value="{start - timedelta(days=91)}"' in page
    for stage in answer["stages"]:
        assert stage["label"] in page
        for one in (stage["conversion"]["now"], stage["conversion"]["before"]):
            assert one is None or f"n\u00a0{one['n']}" in page
    assert "A difference says that something changed, not why." in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-05-01&to=2026-06-30&past_from=2026-06-01&past_to=2026-06-10", "share days"),
        ("mode=snapshot", "cannot be compared"),
    ],
)
def test_what_cannot_be_compared_is_said_above_the_form(as_role: AsRole, query: str, words: str) -> None:
    answer = as_role("leader").get(f"/funnel/compare/?{query}")
    assert answer.status_code == 200
    assert words in unescape(answer.content.decode())


@pytest.mark.parametrize("query", ["from=x", "from=2026-05-02&to=2026-05-01", "from=0001-01-01&to=0001-02-01"])
def test_days_that_are_none_are_refused(as_role: AsRole, query: str) -> None:
    assert as_role("leader").get(f"/funnel/compare/?{query}").status_code == 400


@pytest.mark.parametrize("role", ["rep", "viewer"])
def test_others_see_the_sum_and_no_names(as_role: AsRole, role: str) -> None:
    page = as_role(role).get("/funnel/compare/").content.decode()
    assert "A difference says" in page
