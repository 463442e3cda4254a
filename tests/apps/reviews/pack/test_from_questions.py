"""What the review takes from the questions that commands and screens ask: the same figures, whose parts add up."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import jsonschema
import pyarrow as pa
import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator import Organisation, simulate
from benchmarks.simulator.content import Journeys, content_facts
from benchmarks.simulator.tables import table
from bokgi.analysis.bottleneck import Bottlenecks, bottlenecks
from bokgi.apps.reviews.pack import bottleneck, care, from_questions, learning, review_pack
from bokgi.apps.reviews.pack.scope import Row, Scope
from bokgi.apps.reviews.rendering import document, rendered
from bokgi.apps.reviews.rendering.blocks import Document, Verdict
from bokgi.domain.period import Period
from bokgi.facts.erasure import erase
from bokgi.facts.lake import Lake
from bokgi.facts.model import Facts
from bokgi.questions.answers import Answers, Question
from bokgi.questions.concentration import ask_concentration
from bokgi.questions.content_effect import ask_content_effect
from bokgi.questions.decompose import decompose
from bokgi.questions.forecast import ask_forecast
from bokgi.ui.blocks import Table
from tests import homes
from tests.facts.test_erasure import searched

AS_OF = date(2025, 11, 23)
QUARTER = Period.parse("2025-Q4")
TARGET = Decimal(20_000_000_000)
SCHEMA = json.loads((Path(__file__).parents[4] / "docs/reference/review.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def facts() -> Facts:
    goal = {"subject_kind": ["organisation"], "subject_id": ["all"], "lead_source": ["all"], "metric": ["won_amount"]}
    goal |= {"period_start": pa.array([QUARTER.start]), "period_end": pa.array([QUARTER.end]), "currency": ["KRW"]}
    goal |= {"amount": pa.array([TARGET], pa.decimal128(18, 2))}
    world = simulate(Organisation(seed=4, reps=6, deals=900))
    return facts_of_tables(world.tables | {"targets": table("targets", goal)})


@pytest.fixture(scope="module")
def review(facts: Facts) -> dict[str, Any]:
    found = review_pack(facts, period=Period.week_of(AS_OF), as_of=AS_OF)
    jsonschema.validate(found, SCHEMA)
    return found


def amount(money: dict[str, str]) -> Decimal:
    return Decimal(money["amount"])


def tables(found: Document, part: str) -> dict[str, Table]:
    section = next(section for section in found.sections if section.key == part)
    return {block.caption: block for block in section.blocks if isinstance(block, Table)}


def test_won_so_far_and_both_parts_are_what_the_forecast_expects(facts: Facts, review: dict[str, Any]) -> None:
    found = review["progress"]["forecast"]
    assert amount(found["won_so_far"]) + sum(amount(found[part]["mean"]) for part in ("open", "new")) == amount(
        found["mean"]
    )
    assert amount(found["low"]) < amount(found["mean"]) < amount(found["high"])
    assert amount(found["target"]) == TARGET
    asked = ask_forecast(facts, as_of=AS_OF, period=QUARTER)
    assert {key: found[key] for key in ("mean", "open", "new", "won_so_far")} == {
        key: asked[key] for key in ("mean", "open", "new", "won_so_far")
    }


def test_the_parts_of_the_change_and_of_the_gap_add_up(facts: Facts, review: dict[str, Any]) -> None:
    change, gap = review["won_change"], review["target_gap"]
    for found in (change, gap):
        assert sum(amount(part["amount"]) for part in found["parts"]) == amount(found["whole"])
    assert gap["parts"][1:] == change["parts"]
    assert amount(change["whole"]) == amount(change["after"]["won"]) - amount(change["before"]["won"])
    assert change["parts"] == decompose(facts, as_of=AS_OF, period=QUARTER)["parts"]


def test_what_stands_below_the_parts_leads_from_one_sum_to_the_other(review: dict[str, Any]) -> None:
    (shown,) = [
        found for caption, found in tables(document(review, "en"), "motivation").items() if "against" in caption
    ]
    numbers = [Decimal(row[1].text.replace(",", "").replace("−", "-")) for row in shown.foot]
    assert len(numbers) == 3
    assert abs(numbers[0] + numbers[1] - numbers[2]) <= Decimal("0.2")  # each is rounded to 0.1


def test_whom_results_hang_on_stands_beside_luck(facts: Facts, review: dict[str, Any]) -> None:
    found = review["concentration"]
    assert found["top_share"] == ask_concentration(facts, as_of=AS_OF)["top_share"]
    (shown,) = [
        block
        for section in document(review, "ko").sections
        for block in section.blocks
        if isinstance(block, Verdict) and "한 사람" in block.title
    ]
    assert shown.badge is not None
    assert (shown.badge.tone == "warn") == found["top_share_luck_band"]["more_than_luck"]


@pytest.mark.parametrize("form", ["text", "md", "html", "pdf"])
def test_each_form_shows_them_in_both_languages(review: dict[str, Any], form: str) -> None:
    for lang in ("ko", "en"):
        made = rendered(review, form, lang)
        if form != "pdf":
            assert ("2025년 4분기 예측" if lang == "ko" else "Forecast of Q4 2025") in made.decode().replace(
                "\xa0", " "
            )


def test_a_pack_and_what_it_quotes_are_kept_as_screens_and_commands_ask_for_them(tmp_path: Path) -> None:
    home, week = homes.write_home(tmp_path), Period.week_of(homes.TODAY)
    asked = {"as_of": homes.TODAY, "team": None}
    made = Answers(home).ask(review_pack, period=week, **asked)
    assert Answers(home).kept(review_pack, period=week, as_of=homes.TODAY) == made
    # Of the day before only the few deals that were not closed are rebuilt, for this pack alone.
    eve = week.start - timedelta(days=1)
    assert not list(home.rglob(f"*-{eve}-*.parquet"))
    quarter = Period(*(date.fromisoformat(made["progress"]["period"][edge]) for edge in ("start", "end")))
    quoted: list[tuple[Question, dict[str, Any]]] = [
        (ask_forecast, {"period": quarter}),
        (decompose, {"period": quarter}),
        (ask_concentration, {}),
    ]
    assert None not in [Answers(home).kept(question, **more, **asked) for question, more in quoted]
    assert Answers(home).kept(ask_content_effect, as_of=homes.TODAY) is not None
    assert [one["files"] for one in made["data"]["imports"]] == [
        [file["name"] for file in json.loads(one.files)] for one in Lake.open(home).imports() if one.kind != "setup"
    ]
    assert any("answers" in place for place in searched(home, homes.PEOPLE["lee"]))
    erase(Lake.open(home), "person", "lee", by="tests", at=datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert Answers(home).kept(review_pack, period=week, **asked) is None
    assert searched(home, homes.PEOPLE["lee"]) == []


def test_answers_are_worked_out_beside_the_rest_and_their_errors_come_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, week = homes.write_home(tmp_path), Period.week_of(homes.TODAY)
    told, learnt = threading.Event(), learning.learning

    def last_part(here: Scope, stages: Sequence[Row]) -> dict[str, Any]:
        told.set()
        return learnt(here, stages)

    def forecast(facts: Facts, *, as_of: date, period: Period, team: str | None = None) -> dict[str, Any]:
        if not told.wait(60):
            message = "the rest of the review waits for the forecast"
            raise TimeoutError(message)
        message = f"no forecast of {period} for {team} on {as_of} from {facts.version}"
        raise ValueError(message)

    monkeypatch.setattr(learning, "learning", last_part)
    monkeypatch.setattr(from_questions, "ask_forecast", forecast)
    with pytest.raises(ValueError, match="no forecast of"):
        Answers(home).ask(review_pack, period=week, as_of=homes.TODAY)
    assert Answers(home).kept(review_pack, period=week, as_of=homes.TODAY) is None


def test_packs_of_several_weeks_share_what_hangs_on_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, week = homes.write_home(tmp_path), Period.week_of(homes.TODAY)
    made = Answers(home).ask(review_pack, period=week, as_of=homes.TODAY)
    days = []

    def searched_for(*given: Any, as_of: date, **options: Any) -> Bottlenecks:  # noqa: ANN401 - as the analysis
        days.append(as_of)
        return bottlenecks(*given, as_of=as_of, **options)

    listed, given = [], care.open_deals

    def open_deals(here: Scope) -> ir.Table:
        listed.append(here.as_of)
        return given(here)

    monkeypatch.setattr(bottleneck, "bottlenecks", searched_for)
    monkeypatch.setattr(care, "open_deals", open_deals)
    before = Answers(home).ask(review_pack, period=week.previous(), as_of=homes.TODAY)
    assert homes.TODAY not in days
    assert not listed
    assert before["window"] == made["window"]
    assert [stage["conversion"] for stage in before["stages"]] == [stage["conversion"] for stage in made["stages"]]

    alone = Answers(homes.write_home(tmp_path / "other")).ask(review_pack, period=week.previous(), as_of=homes.TODAY)
    assert homes.TODAY in days
    assert listed == [homes.TODAY]
    assert alone == before


def test_content_that_helps_stands_in_the_learning_part() -> None:
    world = Journeys(seed=11, deals=2_000, effects=(("case", 0.8), ("paper", 0.0)))
    found = review_pack(facts_of_tables(content_facts(world)), period=Period.week("2025-W26"), as_of=date(2025, 6, 29))
    jsonschema.validate(found, SCHEMA)
    assert {item["content_id"]: item["verdict"] for item in found["content"]["items"]}["case"] == "helps"
    shown = next(iter(tables(document(found, "en"), "learning").values()))
    assert [row[0].text for row in shown.rows] == ["case", "paper"]
    assert shown.rows[0][4].badge is not None
    assert shown.rows[0][4].badge.text == "↑ helps"


def test_with_hardly_any_deals_the_parts_say_so() -> None:
    few = facts_of_tables(simulate(Organisation(seed=1, reps=2, deals=12)).tables)
    found = review_pack(few, period=Period.week_of(AS_OF), as_of=AS_OF)
    jsonschema.validate(found, SCHEMA)
    assert found["concentration"]["top_share"] is None
    assert "too few" in rendered(found, "text", "en").decode()
    assert found["content"]["items"] == []
    assert all(part["by_chance"] is not False for part in found["won_change"]["parts"])
