"""Changes as a question: schema, sentences in both languages, one team, the day of the export, thin data."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator.weeks import FIRST_WEEK, Weeks, week_facts
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.facts.model import Facts
from bokgi.questions.changes import ask_changes
from bokgi.ui.spoken import spoken
from tests.cast import facts_of

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "changes.schema.json").read_text(encoding="utf-8")
)
WORLD = Weeks(seed=8, teams=2, people=5, weeks=50, change=0.4, change_at=40)
AS_OF = FIRST_WEEK + timedelta(weeks=50, days=-1)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give two teams, in each of which the first person's activities fall to 40 %."""
    return facts_of_tables(week_facts(WORLD))


def asked(facts: Facts, as_of: date = AS_OF, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    found = ask_changes(facts, as_of=as_of, **options)
    jsonschema.validate(found, SCHEMA)
    json.dumps(found)
    return found


def test_falling_activities_are_told_in_both_languages(facts: Facts) -> None:
    found = asked(facts, weeks=10)
    fell = {alert["subject_id"] for alert in found["alerts"] if alert["direction"] == "down"}
    assert {"t000p0", "t001p0"} <= fell
    first = next(alert for alert in found["alerts"] if alert["subject_id"] == "t000p0")
    assert abs((date.fromisoformat(first["since"]) - FIRST_WEEK).days // 7 - 40) <= 1
    english, korean = (spoken(found, lang)["said"][0]["text"] for lang in ("en", "ko"))
    assert "fewer" in english
    assert "줄었습니다" in korean


def test_one_team_and_the_last_weeks_only(facts: Facts) -> None:
    found = asked(facts, weeks=10, team="t001")
    assert {alert["team"] for alert in found["alerts"]} == {"t001"}
    whole, of_team = asked(facts, weeks=10), {one["subject_id"] for one in found["series"]}
    assert of_team == {"t001", *(f"t001p{place}" for place in range(5))}
    assert found["n"] == sum(one["watched"] for one in whole["series"] if one["subject_id"] in of_team) < whole["n"]
    assert asked(facts, weeks=1)["alerts"] == []
    with pytest.raises(NotFoundError, match="no team"):
        asked(facts, team="nosuch")


def test_weeks_after_the_export_are_not_judged(facts: Facts) -> None:
    exported = pa.scalar(AS_OF, pa.date32())
    tables = week_facts(WORLD)
    for name in ("deals", "activities"):
        rows = tables[name]
        tables[name] = rows.append_column("observed_on", pa.repeat(exported, rows.num_rows))
    late = facts_of_tables(tables)
    found = asked(late, AS_OF + timedelta(weeks=6), weeks=16)
    assert found["last_week"] == (AS_OF - timedelta(days=6)).isoformat()
    assert found["alerts"] == asked(facts, weeks=10)["alerts"]


def test_thin_data_are_said_to_be_thin() -> None:
    assert asked(facts_of())["reason"] == "no_rows"
    young = week_facts(Weeks(seed=1, teams=1, people=2, weeks=8))
    found = asked(facts_of_tables(young), FIRST_WEEK + timedelta(weeks=8))
    assert found["reason"] == "too_few_weeks"
    assert "12 weeks" in spoken(found, "en")["said"][0]["text"]


def test_what_cannot_be_asked_is_said(facts: Facts) -> None:
    with pytest.raises(UsageError, match="--false-alarms"):
        ask_changes(facts, as_of=AS_OF, false_alarms=5)
    with pytest.raises(UsageError, match="one week"):
        ask_changes(facts, as_of=AS_OF, weeks=0)
