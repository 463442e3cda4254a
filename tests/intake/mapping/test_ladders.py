"""Ladders: which stages there are, in which order, which end a deal; given before inferred, asked before guessed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.domain.stage import StageKind
from bokgi.intake.mapping.ladders.choose import said
from bokgi.intake.mapping.ladders.evidence import StageEvidence
from bokgi.intake.mapping.ladders.infer import infer
from bokgi.intake.mapping.ladders.order import in_order
from bokgi.intake.mapping.ladders.words import known, number_of
from bokgi.intake.mapping.model import Entity, FileMapping, Hints, StageDefinition, StageFoundBy
from bokgi.intake.mapping.preset import preset_named
from tests.intake.mapping.small_files import Bench, codes, table


def evidence(stage: str, **more: float) -> StageEvidence:
    """Write the evidence on one stage of the default pipeline."""
    return StageEvidence("default", stage, 10, **more)


def shown(stages: tuple[StageDefinition, ...]) -> list[tuple[int, str, str]]:
    """Give place, stage and kind."""
    return [(stage.stage_order, stage.stage, stage.kind.value) for stage in stages]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Closed Won", StageKind.WON),
        ("closedlost", StageKind.LOST),
        ("수주", StageKind.WON),
        ("계약 완료", StageKind.WON),
        ("실주", StageKind.LOST),
        ("보류·무결정", StageKind.NO_DECISION),
        ("No decision", StageKind.NO_DECISION),
        ("6. Closed Won", StageKind.WON),
        ("제안", StageKind.OPEN),
    ],
)
def test_common_names_say_what_a_stage_means(label: str, kind: StageKind) -> None:
    found = known(label)
    assert found is not None
    assert found[0] is kind


def test_a_number_in_front_is_a_place_and_one_inside_is_not() -> None:
    assert number_of("1 - Lead Outreach") == 1
    assert number_of("02. Proposal") == 2
    assert number_of("[3] 제안") == 3
    assert number_of("T06 Check") is None
    assert number_of("2026 plan") is None


def test_flags_say_which_unusual_stage_won() -> None:
    found = infer(
        [
            evidence("Champagne", won=1.0, closed=1.0, probability=1.0),
            evidence("Tears", won=0.0, closed=1.0, probability=0.0),
            evidence("Chat", won=0.0, closed=0.0, probability=0.2),
            evidence("Paper", won=0.0, closed=0.0, probability=0.6),
        ]
    )
    assert shown(found.stages) == [
        (1, "Chat", "open"),
        (2, "Paper", "open"),
        (3, "Champagne", "won"),
        (4, "Tears", "lost"),
    ]
    assert [stage.found_by for stage in found.stages] == [
        StageFoundBy.PROBABILITY,
        StageFoundBy.PROBABILITY,
        StageFoundBy.COLUMNS,
        StageFoundBy.COLUMNS,
    ]
    assert found.unordered == ()


def test_flags_that_do_not_follow_from_the_stage_say_nothing() -> None:
    found = infer([evidence("Chat", won=1.0, closed=1.0), evidence("Paper", won=0.4, closed=0.8)])
    assert {stage.kind for stage in found.stages} == {StageKind.OPEN}


def test_numbers_go_before_probability_and_probability_before_history() -> None:
    by_number = infer([evidence("2 - B", probability=0.1), evidence("1 - A", probability=0.9)])
    assert [stage.stage for stage in by_number.stages] == ["1 - A", "2 - B"]
    by_chance = infer([evidence("B", probability=0.1, place=2.0), evidence("A", probability=0.9, place=1.0)])
    assert [stage.stage for stage in by_chance.stages] == ["B", "A"]
    by_history = infer([evidence("B", place=2.0), evidence("A", place=1.0)])
    assert [(stage.stage, stage.found_by) for stage in by_history.stages] == [
        ("A", StageFoundBy.HISTORY),
        ("B", StageFoundBy.HISTORY),
    ]


def test_stages_of_one_probability_stand_in_their_usual_order() -> None:
    found = infer([evidence("Qualification", probability=0.1), evidence("Prospecting", probability=0.1)])
    assert [stage.stage for stage in found.stages] == ["Prospecting", "Qualification"]


def test_an_order_that_nothing_decides_is_said_to_be_unknown() -> None:
    found = infer([evidence("Zebra"), evidence("Apple"), evidence("Won")])
    assert found.unordered == ("default",)
    assert [stage.found_by for stage in found.stages] == [
        StageFoundBy.NOTHING,
        StageFoundBy.NOTHING,
        StageFoundBy.WORDS,
    ]


def test_a_crm_ladder_is_taken_whole_where_the_stages_are_its_own() -> None:
    ladder = preset_named("salesforce").ladder
    found = infer([evidence("Closed Won"), evidence("Qualification")], ladder)
    assert len(found.stages) == len(ladder)
    assert found.stages[-1].kind is StageKind.LOST
    assert {stage.origin for stage in found.stages} == {"inferred"}


def test_a_stage_that_the_company_added_stands_by_its_probability() -> None:
    found = infer(
        [
            evidence("Qualification", probability=0.1),
            evidence("Security Check", probability=0.55),
            evidence("Closed Won"),
        ],
        preset_named("salesforce").ladder,
    )
    assert shown(found.stages) == [
        (1, "Qualification", "open"),
        (2, "Security Check", "open"),
        (3, "Closed Won", "won"),
    ]


def test_a_ladder_of_another_crm_is_not_forced_upon_strangers() -> None:
    found = infer([evidence("Chat"), evidence("Paper"), evidence("Closed Won")], preset_named("salesforce").ladder)
    assert {stage.stage for stage in found.stages} == {"Chat", "Paper", "Closed Won"}


def test_pipelines_have_ladders_of_their_own() -> None:
    found = infer(
        [StageEvidence("New", "Lead", 3), StageEvidence("Old", "Proposal", 3), StageEvidence("Old", "Won", 3)]
    )
    assert [(stage.pipeline, stage.stage_order, stage.stage) for stage in found.stages] == [
        ("New", 1, "Lead"),
        ("Old", 1, "Proposal"),
        ("Old", 2, "Won"),
    ]


def _deals(*rows: tuple[str, ...], headers: tuple[str, ...] = ("deal id", "pipeline", "stage")) -> str:
    return table(headers, *rows)


LIST = table(
    (
        "pipeline_id",
        "stage_id",
        "label",
        "display_order",
        "probability",
        "closed_won",
        "is_closed",
        "_fivetran_deleted",
    ),
    ("p1", "s1", "Talk", "0", "0.2", "FALSE", "FALSE", "FALSE"),
    ("p1", "s2", "Offer", "1", "0.6", "FALSE", "FALSE", "FALSE"),
    ("p1", "s3", "Yes", "2", "1.0", "TRUE", "TRUE", "FALSE"),
    ("p1", "s4", "No", "3", "0.0", "FALSE", "FALSE", "FALSE"),
    ("p1", "s9", "Old", "9", "0.1", "FALSE", "FALSE", "TRUE"),
    ("p2", "t1", "Yes", "0", "0.5", "FALSE", "FALSE", "FALSE"),
)


def test_the_list_of_the_crm_decides_and_ids_stay(bench: Bench) -> None:
    deals = _deals(
        ("D1", "p1", "s1"), ("D2", "p1", "s4"), headers=("deal_id", "deal_pipeline_id", "deal_pipeline_stage_id")
    )
    deal_mapping, list_mapping = bench.map({"deal.csv": deals, "deal_pipeline_stage.csv": LIST}).mappings
    assert list_mapping.entity is Entity.STAGES
    assert [
        (stage.pipeline, *row) for stage, row in zip(deal_mapping.stages, shown(deal_mapping.stages), strict=True)
    ] == [
        ("p1", 1, "s1", "open"),
        ("p1", 2, "s2", "open"),
        ("p1", 3, "s3", "won"),
        ("p1", 4, "s4", "lost"),
        ("p2", 1, "t1", "open"),
    ]
    assert {stage.origin for stage in deal_mapping.stages} == {"given"}
    assert deal_mapping.stages == list_mapping.stages


def test_labels_stand_for_the_ids_of_the_list_unless_two_stages_share_one(bench: Bench) -> None:
    deals = _deals(("D1", "Sales", "Talk"), ("D2", "Sales", "Offer"), ("D3", "Sales", "Yes"))
    pipelines = table(("pipeline_id", "label", "display_order"), ("p1", "Sales", "0"), ("p2", "Service", "1"))
    mapping = bench.map({"deals.csv": deals, "stages.csv": LIST, "pipelines.csv": pipelines}).mappings[0]
    assert mapping.values["deals.stage"] == {"Talk": "s1", "Offer": "s2"}
    assert mapping.values["deals.pipeline"] == {"Sales": "p1"}


def test_a_list_that_knows_few_of_the_stages_is_completed_aloud(bench: Bench) -> None:
    deals = _deals(("D1", "p1", "Lead"), ("D2", "p1", "Proposal"), ("D3", "p1", "Won"))
    detection = bench.map({"deals.csv": deals, "stages.csv": LIST})
    assert "stages_not_in_list" in codes(detection)
    inferred = [stage.stage for stage in detection.mappings[0].stages if stage.origin == "inferred"]
    assert inferred == ["Lead", "Proposal", "Won"]


def test_a_list_without_pipelines_holds_for_every_pipeline(bench: Bench) -> None:
    listed = table(
        ("순서", "단계", "구분", "확률"),
        ("1", "상담", "진행", "20%"),
        ("2", "수주", "수주", "100%"),
        ("3", "실주", "실주", "0%"),
    )
    deals = table(
        ("영업기회번호", "파이프라인", "영업단계", "예상매출"), ("1", "신규", "상담", "1"), ("2", "기존", "수주", "2")
    )
    mapping = bench.map({"영업기회.csv": deals, "단계.csv": listed}).mappings[0]
    assert [(stage.pipeline, stage.stage, stage.kind.value, stage.probability) for stage in mapping.stages] == [
        (pipeline, *rest)
        for pipeline in ("기존", "신규")
        for rest in (("상담", "open", 0.2), ("수주", "won", 1.0), ("실주", "lost", 0.0))
    ]


def test_a_list_alone_brings_its_stages(bench: Bench) -> None:
    mapping = bench.map({"stages.csv": LIST}).mappings[0]
    assert len(mapping.stages) == 5


def test_an_unclear_order_is_asked_for_and_the_answer_kept(bench: Bench) -> None:
    deals = _deals(("D1", "A", "Zebra"), ("D2", "A", "Apple"), ("D3", "A", "Won"))
    detection = bench.map({"deals.csv": deals})
    (question,) = (question for question in detection.questions if question.code == "stage_order_unclear")
    assert question.suggestion == "Apple|Zebra"
    told = Hints(answers={question.key: "Zebra | Apple"})
    answered = bench.map({"deals.csv": deals}, hints=told)
    assert not answered.questions
    assert [(stage.stage, stage.found_by) for stage in answered.mappings[0].stages] == [
        ("Zebra", StageFoundBy.HAND),
        ("Apple", StageFoundBy.HAND),
        ("Won", StageFoundBy.WORDS),
    ]


def test_which_stage_is_won_must_be_answered_where_deals_close_and_nothing_says_how(bench: Bench) -> None:
    headers = ("deal id", "stage", "closed date")
    deals = _deals(("D1", "1 Talk", ""), ("D2", "2 Party", "2026-01-05"), headers=headers)
    detection = bench.map({"deals.csv": deals}, among=())
    (question,) = detection.open_questions
    assert question.code == "stage_won_unclear"
    assert [option.answer for option in question.options] == ["1 Talk", "2 Party", "none"]
    answered = bench.map({"deals.csv": deals}, among=(), hints=Hints(answers={question.key: "2 Party"}))
    assert answered.open_questions == ()
    assert [stage.kind.value for stage in answered.mappings[0].stages] == ["open", "won"]
    assert "stages_without_won" not in codes(answered)
    none = bench.map({"deals.csv": deals}, among=(), hints=Hints(answers={question.key: "none"}))
    assert none.open_questions == ()
    assert "stages_without_won" in codes(none)


def test_a_column_of_hundreds_of_texts_is_no_stage(bench: Bench) -> None:
    deals = _deals(*((f"D{number}", "A", f"text {number}") for number in range(400)))
    detection = bench.map({"deals.csv": deals})
    assert "stages_too_many" in codes(detection)
    assert detection.mappings[0].stages == ()


def test_history_orders_stages_that_have_no_usual_name(bench: Bench) -> None:
    log = table(
        ("deal id", "stage", "entered at"),
        *(
            (f"D{deal}", stage, f"2026-01-0{day} 10:00:00")
            for deal in range(3)
            for day, stage in enumerate(("Zebra", "Mole", "Apple"), start=1)
        ),
    )
    mapping: FileMapping = bench.map({"stage_history.csv": log}).mappings[0]
    assert [(stage.stage, stage.found_by) for stage in mapping.stages] == [
        ("Zebra", StageFoundBy.HISTORY),
        ("Mole", StageFoundBy.HISTORY),
        ("Apple", StageFoundBy.HISTORY),
    ]


def _entries(paths: dict[tuple[str, ...], int]) -> str:
    """Write the stage history of so many deals on each path, a stage a day."""
    deals = [path for path, n in paths.items() for _each in range(n)]
    rows = [(f"D{n}", s, f"2026-01-0{day} 10:00:00") for n, path in enumerate(deals) for day, s in enumerate(path, 1)]
    return table(("deal id", "stage", "entered at"), *rows)


def test_an_order_is_that_in_which_deals_pass_stages_not_how_many_they_had_passed(bench: Bench) -> None:
    # Who skips a stage is at the next one early: Apple is the second stage of most, and always after Mole.
    log = _entries({("Zebra", "Emu", "Mole", "Apple"): 12, ("Zebra", "Apple"): 30, ("Zebra", "Emu", "Zebra"): 4})
    stages = bench.map({"stage_history.csv": log}).mappings[0].stages
    assert [stage.stage for stage in stages] == ["Zebra", "Emu", "Mole", "Apple"]


def test_stages_that_no_deal_passed_both_have_no_order(bench: Bench) -> None:
    stages = bench.map({"stage_history.csv": _entries({("Zebra",): 9, ("Apple",): 30})}).mappings[0].stages
    assert {stage.found_by for stage in stages} == {StageFoundBy.NOTHING}


@pytest.mark.parametrize("seed", range(25))
def test_no_order_contradicts_fewer_deals(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - made-up histories
    stages = list("abcdef")
    way = rng.sample(stages, len(stages))
    ahead: Counter[tuple[str, str]] = Counter()
    for _deal in range(30):
        path = [stage for stage in way if rng.random() < 0.6]
        if len(path) > 1 and rng.random() < 0.3:
            path.insert(0, path.pop())
        ahead.update(combinations(path, 2))

    def against(order: Sequence[str]) -> int:
        return sum(ahead[later, earlier] for earlier, later in combinations(order, 2))

    assert against(in_order(stages, ahead)) == min(map(against, permutations(stages)))


def moved_one_by_one(stages: Sequence[str], ahead: Mapping[tuple[str, str], int]) -> list[str]:
    """Order stages as `in_order` says it, every move counted anew."""
    ordered = list(stages)
    while True:
        most, better = 0, None
        for place, stage in enumerate(ordered):
            for way in (range(place - 1, -1, -1), range(place + 1, len(ordered))):
                gain = 0
                for to in way:
                    spared = ahead.get((stage, ordered[to]), 0) - ahead.get((ordered[to], stage), 0)
                    gain += spared if to < place else -spared
                    if gain > most:
                        most, better = gain, (place, to)
        if better is None:
            return ordered
        ordered.insert(better[1], ordered.pop(better[0]))


@given(st.lists(st.integers(0, 4), min_size=64, max_size=64), st.integers(0, 8))
def test_the_order_is_that_of_the_best_single_moves(deals: list[int], n: int) -> None:
    stages = "abcdefgh"[:n]
    ahead = dict(zip(((a, b) for a in stages for b in stages), deals, strict=False))
    assert in_order(stages, ahead) == moved_one_by_one(stages, ahead)


def test_three_hundred_stages_in_any_order_cost_no_wait() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    stages = [f"stage {number}" for number in range(300)]
    ahead = {(a, b): chance.randrange(9) for a in stages for b in stages if a != b}
    begun = process_time()
    ordered = in_order(stages, ahead)
    assert process_time() - begun < 2
    assert sorted(ordered) == sorted(stages)


def test_stages_of_several_pipelines_are_told_apart() -> None:
    stages = (
        StageDefinition("new", "Talk", "Talk", 1, StageKind.OPEN, "inferred", StageFoundBy.HISTORY),
        StageDefinition("new", "Won", "Won", 2, StageKind.WON, "inferred", StageFoundBy.HISTORY),
        StageDefinition("renewal", "Won", "Won", 1, StageKind.WON, "inferred", StageFoundBy.HISTORY),
    )
    assert "new: Talk → Won (Won); renewal: Won (Won)." in said(stages, stages, "deals.csv")[0].message.text("en")
    assert ": Talk → Won (Won)." in said(stages[:2], stages, "deals.csv")[0].message.text("en")
