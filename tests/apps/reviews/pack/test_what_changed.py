"""What changed, in the review: told in the week in which it became clear and the three after, each once."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator.weeks import FIRST_WEEK, Weeks, week_facts
from bokgi.apps.reviews.pack import review_pack
from bokgi.apps.reviews.rendering import rendered
from bokgi.domain.period import Period
from bokgi.facts.model import Facts

SCHEMA = json.loads((Path(__file__).parents[4] / "docs/reference/review.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give two teams, in each of which the first person's activities fall to 40 % in the forty-first week."""
    return facts_of_tables(week_facts(Weeks(seed=8, teams=2, people=5, weeks=50, change=0.4, change_at=40)))


def reviewed(facts: Facts, week: int, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    period = Period.week_of(FIRST_WEEK + timedelta(weeks=week))
    found = review_pack(facts, period=period, as_of=period.last, **options)
    jsonschema.validate(found, SCHEMA)
    return found


def test_a_fall_is_told_when_it_is_clear_and_not_before(facts: Facts) -> None:
    before = reviewed(facts, 39)
    assert not [found for found in before["changes"] if found["subject_id"] == "t000p0"]
    after = reviewed(facts, 46, team="t000")
    told = [found for found in after["changes"] if found["subject_id"] == "t000p0"]
    assert {found["direction"] for found in told} == {"down"}
    assert {found["team"] for found in after["changes"]} == {"t000"}
    # One week alone never makes a change: like a flag, it has held for two weeks or more when it is told.
    for found in after["changes"]:
        assert date.fromisoformat(found["week"]) - date.fromisoformat(found["since"]) >= timedelta(weeks=1)
    for form in ("text", "html"):
        assert ": fewer " in " ".join(rendered(after, form, "en").decode().split())
    assert "줄었습니다" in rendered(after, "md", "ko").decode()


def test_kinds_are_not_told_beside_the_whole(facts: Facts) -> None:
    told = {(found["subject_id"], found["metric"], found["direction"]) for found in reviewed(facts, 47)["changes"]}
    for subject, metric, direction in told:
        if metric in {"meeting", "call", "email"}:
            assert (subject, "activities", direction) not in told
