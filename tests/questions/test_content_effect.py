"""Effect of content as a question: schema, sentences in both languages, lots, nothing to tell."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator.content import ARM, FIRST_WEEK, RANDOMISED, Journeys, content_facts
from bokgi.domain.errors import NotFoundError
from bokgi.facts.model import Facts
from bokgi.questions.content_effect import ask_content_effect
from bokgi.ui.spoken import spoken
from tests.cast import facts_of

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "content-effect.schema.json").read_text(encoding="utf-8")
)
WORLD = Journeys(seed=12, deals=1_500, randomised=0.5)
AS_OF = FIRST_WEEK + timedelta(weeks=WORLD.weeks, days=-1)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give deals that were shown content."""
    return facts_of_tables(content_facts(WORLD))


def asked(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    found = ask_content_effect(facts, as_of=AS_OF, **options)
    jsonschema.validate(found, SCHEMA)
    json.dumps(found)
    return found


def test_items_are_graded_and_told_in_both_languages(facts: Facts) -> None:
    found = asked(facts, randomised={RANDOMISED: ARM})
    grades = {item["content_id"]: item["grade"] for item in found["items"]}
    assert grades[RANDOMISED] == "A"
    assert set(grades) == {"helps", "hurts", "null", RANDOMISED}
    for item in found["items"]:
        assert (item["effect"] is not None) == (item["grade"] in {"A", "B"})
        assert (item["association"] is not None) == (item["grade"] == "C")
    english, korean = (spoken(found, lang)["said"][0]["text"] for lang in ("en", "ko"))
    assert "more often a week (95% interval " in english
    assert "자주" in korean


def test_what_cannot_be_asked_is_said(facts: Facts) -> None:
    with pytest.raises(NotFoundError, match="nothing_like_it"):
        ask_content_effect(facts, as_of=AS_OF, randomised={"nothing_like_it": ARM})
    with pytest.raises(NotFoundError, match="not two"):
        ask_content_effect(facts, as_of=AS_OF, randomised={"null": "mood"})


def test_without_content_there_is_nothing_to_tell() -> None:
    found = asked(facts_of())
    assert found["reason"] == "no_content"
    assert "nothing to tell" in spoken(found, "en")["said"][0]["text"]
