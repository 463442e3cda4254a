"""Bottlenecks as a question: schema, sentences, money, views left out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.simulator import Defect, Organisation, simulate
from bokgi.cli.commands.bottlenecks import _where
from bokgi.cli.session import Session
from bokgi.domain.errors import RefusalError
from bokgi.facts.model import Facts
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.ui.format import number
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world
from tests.cast import CAST, facts_of

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "bottlenecks.schema.json").read_text(encoding="utf-8")
)
AS_OF = date(2025, 12, 31)


def asked(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    found = find_bottlenecks(facts, as_of=AS_OF, **options)
    jsonschema.validate(found, SCHEMA)
    json.dumps(found)
    return found


def test_a_defect_is_said_with_what_it_costs() -> None:
    organisation = Organisation(
        seed=3, reps=10, deals=5_000, person_sd=0, territory_sd=0, defects=(Defect(2, -2.0, person=4),)
    )
    found = asked(facts_of_world(simulate(organisation)))
    first = found["units"][0]
    assert (first["by"], first["stage"], first["unit"], first["flagged"]) == ("person", "proposal", "p004", True)
    assert Decimal(first["gain"]["low"]) > 0
    english, korean = (spoken(found, lang) for lang in ("en", "ko"))
    assert english["said"][0]["text"].startswith("p004: ")
    assert "more a month would be won" in english["said"][1]["text"]
    assert english["said"][2]["text"] == f"It rests on {first['n']} deals that left the stage."
    assert korean["said"][0]["text"] != english["said"][0]["text"]


def test_without_amounts_a_defect_is_said_in_deals() -> None:
    organisation = Organisation(
        seed=3, reps=10, deals=5_000, person_sd=0, territory_sd=0, defects=(Defect(2, -2.0, person=4),)
    )
    world = simulate(organisation)
    deals = world.tables["deals"]
    nothing = pa.nulls(deals.num_rows, deals.schema.field("amount").type)
    bare = deals.set_column(deals.column_names.index("amount"), "amount", nothing)
    facts = facts_of_world(replace(world, tables={**world.tables, "deals": bare}))
    found = asked(facts)
    first = found["units"][0]
    assert (first["unit"], first["flagged"], first["gain"], first["gain_reason"]) == (
        "p004",
        True,
        None,
        "amounts_unknown",
    )
    assert 0 < first["gain_in_deals"]["low"] < first["gain_in_deals"]["n"]
    said = {lang: [part["text"] for part in spoken(found, lang)["said"]] for lang in ("en", "ko")}
    told = number(round(first["gain_in_deals"]["n"], 1))
    assert said["en"][1].startswith(f"At that level, {told} deals more a month would be won (90% interval ")
    assert said["ko"][1].startswith(f"그 수준이면 한 달에 {told}건을 더 수주할 수 있습니다(90% 구간 ")
    assert "No deal has an amount, so the gain is told in deals" in spoken(found, "en")["caveats"][0]["text"]
    least = asked(facts, min_gain=Decimal(1_000_000))
    assert {unit["reason"] for unit in least["units"] if unit["unit"] == "p004"} >= {"amounts_unknown"}
    assert "none that came there has an amount" in spoken(least, "en")["said"][0]["text"]


def test_noise_is_said_to_be_chance() -> None:
    found = asked(facts_of_world(simulate(Organisation(seed=2, reps=8, deals=1_000).plain())))
    assert not any(unit["flagged"] for unit in found["units"])
    assert spoken(found, "en")["said"][0]["text"] == (
        "No stage differs from what could be expected by more than chance "
        "(looked at: all deals together, team, segment, lead source, person)."
    )


def test_views_without_difference_are_left_out() -> None:
    found = asked(
        facts_of_world(simulate(Organisation(seed=2, reps=8, deals=400).plain())), by=["stage", "product", "person"]
    )
    assert found["left_out"] == ["product"]
    with pytest.raises(RefusalError, match="no condition mood"):
        find_bottlenecks(facts_of(None, **CAST), as_of=AS_OF, by=["mood"])


def test_by_pipeline_every_stage_is_looked_at_as_a_whole() -> None:
    facts = facts_of_world(simulate(Organisation(seed=2, reps=8, deals=400).plain()))
    stage, pipeline = (asked(facts, by=by) for by in (["stage", "stage:past"], ["pipeline", "stage", "pipeline:past"]))
    assert stage["units"]
    assert pipeline == stage


def test_an_empty_home_has_too_few_deals() -> None:
    found = asked(facts_of(None, **CAST))
    assert found["units"] == []
    assert spoken(found, "en")["said"][0]["text"].startswith("There are too few deals")


def test_where_the_history_ended_long_ago_it_says_when() -> None:
    deals = "deal_id | owner_id | stage | created_on\nd1 | lee | proposal | 2017-01-02"
    events = "deal_id | stage | entered_on\nd1 | proposal | 2017-01-09"
    found = asked(facts_of(None, **CAST, deals=deals, stage_events=events))
    assert spoken(found, "en")["said"][0]["text"].endswith("The last one did on Jan 9, 2017: ask as of that day.")


def test_that_none_stopped_at_one_stage_is_not_said_of_all() -> None:
    world = simulate(Organisation(seed=3, reps=3, deals=110))
    deals = world.tables["deals"]
    grades = [
        "A" if (outcome == "won") == (n % 6 > 0) else "B" for n, outcome in enumerate(deals["outcome"].to_pylist())
    ]
    graded = deals.set_column(deals.column_names.index("lead_grade"), "lead_grade", pa.array(grades))
    found = asked(facts_of_world(replace(world, tables={**world.tables, "deals": graded})), by=["lead_grade"])
    units = found["units"]
    assert {unit["z"] for unit in units} == {None}
    assert "none_stopped" in {unit["reason"] for unit in units}
    assert min(unit["conversion"] for unit in units) < 1.0
    assert spoken(found, "en")["said"][0]["text"].startswith("There are too few deals")


@pytest.mark.parametrize(("lang", "words"), [("en", "all deals together"), ("ko", "전체")])
def test_a_stage_that_is_held_against_its_past_is_of_all_deals(tmp_path: Path, lang: str, words: str) -> None:
    session = Session(lang=lang, format="text", home=tmp_path)
    assert _where(session, {"by": "stage", "name": "Talk"}) == words
    assert _where(session, {"by": "person", "name": "Kim"}) == "Kim"


def test_people_who_stand_on_won_deals_only_are_no_view() -> None:
    world = simulate(Organisation(seed=3, reps=6, deals=900))
    deals = world.tables["deals"]
    # Few deals are open, so that what they lack proves nothing; that no lost deal has an owner does.
    ended = deals.filter(pc.not_equal(deals["outcome"], "open"))
    owner = pc.if_else(pc.equal(ended["outcome"], "won"), ended["owner_id"], None)
    won_only = ended.set_column(ended.column_names.index("owner_id"), ended.schema.field("owner_id"), owner)
    found = asked(facts_of_world(replace(world, tables={**world.tables, "deals": won_only})), by=["stage", "person"])
    assert found["left_out"] == ["person"]
    assert [(one["code"], one["factor"]) for one in found["refusals"]] == [("factor_known_after_outcome", "owner_id")]
    assert "person" not in spoken(found, "en")["said"][0]["text"]
