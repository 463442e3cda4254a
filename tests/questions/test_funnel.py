"""The funnel as a question: four modes by schema, split by person and attribute, thin stages said to be so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from benchmarks.simulator import Organisation, World, simulate
from bokgi.domain.errors import UsageError
from bokgi.facts.model import Facts
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.funnel import MODES, _surely_below, ask_funnel
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world
from tests.cast import CAST, facts_of

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "funnel.schema.json").read_text(encoding="utf-8")
)
AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give a small organisation."""
    return facts_of_world(simulate(Organisation(seed=4, reps=6, deals=800)))


def asked(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    found = ask_funnel(facts, as_of=AS_OF, **options)
    jsonschema.validate(found, SCHEMA)
    json.dumps(found)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_names_its_question_and_keeps_its_schema(facts: Facts, mode: str) -> None:
    found = asked(facts, mode=mode)
    assert found["mode"] == mode
    assert [stage["stage"] for stage in found["stages"]][:3] == ["discovery", "solution_fit", "proposal"]
    assert spoken(found, "en")["said"][0]["text"].endswith("?")
    assert all(0 < stage["conversion"]["estimate"] < 1 for stage in found["stages"] if stage["conversion"])
    open_stages = found["stages"][:3]
    assert all((stage["time"] is None) == (stage["time_reason"] is not None) for stage in open_stages)


def with_rivals(world: World) -> Facts:
    """Give facts in which a third of the lost deals say to whom they were lost."""
    deals = world.tables["deals"]
    told = [
        [*attributes, ("Lost to", f"Rival {number % 3}")] if outcome == "lost" and number % 3 else attributes
        for number, (outcome, attributes) in enumerate(
            zip(deals["outcome"].to_pylist(), deals["attributes"].to_pylist(), strict=True)
        )
    ]
    place = deals.column_names.index("attributes")
    column = pa.array(told, deals.schema.field("attributes").type)
    named = deals.set_column(place, deals.schema.field("attributes"), column)
    return facts_of_world(replace(world, tables={**world.tables, "deals": named}))


def test_by_a_column_filled_in_after_the_outcome_there_are_counts_and_no_conversions() -> None:
    facts = with_rivals(simulate(Organisation(seed=4, reps=6, deals=800)))
    found = asked(facts, by=["Lost to"])
    assert {stage["groups"]["Lost to"] for stage in found["stages"]} >= {"Rival 1", "Rival 2"}
    assert {stage["conversion"] for stage in found["stages"]} == {None}
    assert {stage["reason"] for stage in found["stages"] if stage["entered"]} == {"filled_in_late"}
    assert [one["factor"] for one in found["refusals"]] == ["Lost to"]
    assert spoken(found, "en")["said"][1]["text"].startswith("No conversion by Lost to is shown: it is filled in")
    assert spoken(found, "ko")["said"][1]["text"].startswith("Lost to")
    kept = find_bottlenecks(facts, as_of=AS_OF, by=["stage", "Lost to"])
    assert kept["left_out"] == ["Lost to"]
    assert asked(facts, by=["source"])["refusals"] == []


@pytest.mark.parametrize("lost", [0, 2])
def test_where_all_moved_on_lost_deals_are_asked_for_only_where_there_are_none(lost: int) -> None:
    stages = ["pipeline | stage | label | stage_order | kind", "default | talk | Talk | 1 | open"]
    stages += [
        "default | offer | Offer | 2 | open",
        "default | won | Won | 3 | won",
        "default | lost | Lost | 4 | lost",
    ]
    deals, events = ["deal_id | owner_id | stage | outcome | closed_on"], ["deal_id | stage | entered_on"]
    for n in range(12):
        is_lost = n < lost
        deals.append(
            f"d{n} | kim | {'lost' if is_lost else 'offer'} | {'lost' if is_lost else 'open'} | "
            f"{'2025-11-20' if is_lost else ''}"
        )
        events += [f"d{n} | talk | 2025-11-03", f"d{n} | offer | 2025-11-10"]
    tables = CAST | {"stages": "\n".join(stages), "deals": "\n".join(deals), "stage_events": "\n".join(events)}
    found = asked(facts_of(None, **tables))
    assert found["stages"][0]["conversion"]["estimate"] == 1.0
    told = spoken(found, "en")["said"][1]["text"]
    assert told.startswith("Wherever enough deals" if lost else "Every deal that left a stage moved on. Import")


@pytest.mark.parametrize(
    ("moved", "text", "second"),
    [
        ((10, 38), "Fewest move on from 발굴: 25% (40 deals, 90% interval ", None),
        ((20, 12), "Fewest move on from 발굴: 50% (40 deals, 90% interval ", "제안 may have as few: 60% (20 "),
        ((20, None), "From 발굴 50% move on (40 deals, 90% interval ", None),
    ],
)
def test_the_stage_from_which_fewest_move_on_is_named_with_its_figures_and_one_that_chance_may_put_in_its_place(
    moved: tuple[int, int | None], text: str, second: str | None
) -> None:
    first, then = moved
    deals = ["deal_id | owner_id | stage | outcome | closed_on"]
    events = ["deal_id | stage | entered_on"]
    for n in range(40):
        deals.append(f"d{n} | kim | lost | lost | 2025-11-20" if n >= first else f"d{n} | kim | won | won | 2025-11-20")
        events.append(f"d{n} | prospecting | 2025-11-03")
    # Others stand in the second stage alone, so that the two rest on different deals.
    for n in range(0 if then is None else 20 if then == 12 else 40):
        won = n < (then or 0)
        deals.append(f"e{n} | kim | {'won' if won else 'lost'} | {'won' if won else 'lost'} | 2025-11-20")
        events.append(f"e{n} | proposal | 2025-11-03")
    tables = CAST | {"deals": "\n".join(deals), "stage_events": "\n".join(events)}
    english = [sentence["text"] for sentence in spoken(asked(facts_of(None, **tables)), "en")["said"]][1:]
    assert english[0].startswith(text)
    assert len(english) == (1 if second is None else 2)
    assert second is None or english[1].startswith(second)


def test_what_is_undecided_may_turn_two_stages_around() -> None:
    low = {"estimate": 0.30, "low": 0.25, "high": 0.35, "undecided": 0.0}
    high = {"estimate": 0.60, "low": 0.55, "high": 0.65, "undecided": 0.0}
    assert _surely_below(low, high)
    assert not _surely_below(low | {"undecided": 0.3}, high)


def test_data_that_end_before_the_period_say_when(facts: Facts) -> None:
    found = ask_funnel(facts, as_of=date(2030, 1, 31))
    told = spoken(found, "en")["said"][1]["text"]
    assert told.startswith("No deal entered a stage in this time. The last one did on Dec ")


def test_entries_of_the_cohort_are_those_of_a_plain_count(facts: Facts) -> None:
    found = asked(facts, start=date(2025, 3, 1), end=date(2025, 6, 1))
    events = facts.stage_events.to_pyarrow().to_pylist()
    first: dict[str, date] = {}
    for event in events:
        if event["stage"] == "discovery":
            day = min(first.get(event["deal_id"], date.max), event["entered_on"])
            first[event["deal_id"]] = day
    counted = sum(date(2025, 3, 1) <= day < date(2025, 6, 1) for day in first.values())
    assert found["stages"][0]["entered"] == counted
    assert found["stages"][0]["counts"]["entered"] == counted


def test_it_splits_by_person_and_attribute(facts: Facts) -> None:
    people = asked(facts, by=["person"])["stages"]
    assert {stage["groups"]["person"] for stage in people} == {f"p{number:03d}" for number in range(6)}
    assert {stage["groups"]["territory"] for stage in asked(facts, by=["territory"])["stages"]} >= {"t00", "t01"}


def test_split_by_pipeline_it_names_that_of_each_stage_and_counts_the_same(facts: Facts) -> None:
    plain, split = (asked(facts, by=by)["stages"] for by in ([], ["pipeline"]))
    assert [stage["groups"] for stage in split] == [{"pipeline": stage["pipeline"]} for stage in plain]
    assert [stage["counts"] for stage in split] == [stage["counts"] for stage in plain]
    both = asked(facts, by=["pipeline", "person"])
    assert both["by"] == ["person", "pipeline"]
    assert {tuple(stage["groups"]) for stage in both["stages"]} == {("person", "pipeline")}


def test_thin_stages_have_no_conversion_and_say_why() -> None:
    deals = """
        deal_id | owner_id | stage    | created_on | amount | currency
        d1      | lee      | proposal | 2025-11-03 | 100    | KRW
    """
    events = """
        deal_id | stage       | entered_on
        d1      | prospecting | 2025-11-03
        d1      | proposal    | 2025-11-10
    """
    found = asked(facts_of(None, **CAST, deals=deals, stage_events=events))
    assert {stage["reason"] for stage in found["stages"]} == {"too_few"}
    assert {stage["conversion"] for stage in found["stages"]} == {None}
    assert {(stage["time"], stage["time_reason"]) for stage in found["stages"]} == {(None, "too_few")}
    assert len(found["caveats"]) == 2
    assert [stage["entered"] for stage in found["stages"]] == [1, 1]

    first = "\n        d1 | proposal | 2025-11-10 | snapshot"
    first = f"deal_id | stage | entered_on | origin{first}"
    for created, entered in (("2025-11-03", 1), ("2023-11-03", 0)):
        told = deals.replace("2025-11-03", created)
        found = asked(facts_of(None, **CAST, deals=told, stage_events=first))
        assert [stage["entered"] for stage in found["stages"]] == [entered]
    assert spoken(found, "en")["caveats"][0]["text"].startswith("1 deal was found in its stage by the first export")
    assert spoken(found, "ko")["caveats"][0]["text"].startswith("기회 1건은 처음 가져온 파일에서 이미")


def test_ended_deals_that_passed_no_known_stage_are_counted_aloud_where_no_conversion_can_be_shown() -> None:
    deals = """
        deal_id | owner_id | stage    | created_on | outcome | closed_on
        d1      | lee      | proposal | 2025-11-03 | open    |
        d2      | lee      | won      | 2025-11-03 | won     | 2025-12-01
        d3      | lee      | lost     | 2025-11-03 | lost    | 2025-12-02
        d4      | lee      | lost     | 2025-11-03 | lost    | 2025-12-03
        d5      | lee      | lost     | 2024-11-03 | lost    | 2024-12-03
    """
    events = """
        deal_id | stage    | entered_on
        d1      | proposal | 2025-11-03
        d2      | proposal | 2025-11-10
    """
    found = asked(facts_of(None, **CAST, deals=deals, stage_events=events))
    told = [one["text"] for one in spoken(found, "en")["would_change"]]
    assert told[0] == "Of 3 deals that ended in this time, 2 have no stage on record from before."
    assert "every week" in told[1]
    assert spoken(asked(facts_of(None, **CAST, deals=deals)), "ko")["would_change"][0]["text"].startswith("이 기간에")


def test_an_unknown_mode_is_refused(facts: Facts) -> None:
    with pytest.raises(UsageError, match="--mode"):
        ask_funnel(facts, as_of=AS_OF, mode="mood")


def test_deals_without_a_stage_stand_in_none_and_are_counted_aloud() -> None:
    deals = """
        deal_id | owner_id | stage    | created_on | outcome | observed_on
        d1      | lee      | proposal | 2025-11-03 | open    | 2025-11-03
        d2      | lee      |          | 2025-11-03 | open    | 2025-11-03
        d3      | lee      | unheard  | 2025-11-03 | open    | 2025-11-03
    """
    facts = facts_of(deals=deals, stages=CAST["stages"])
    found = asked(facts, mode="snapshot")
    assert [(stage["stage"], stage["counts"]["deals"]) for stage in found["stages"]] == [
        ("proposal", 1),
        ("unheard", 1),
    ]
    assert spoken(found, "en")["caveats"][0]["text"] == "1 open deal stands in no stage; the source does not say one."
