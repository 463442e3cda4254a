"""Files that come into a home with stages: they are fitted into its ladder, and nothing is guessed beside it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bokgi.domain.stage import StageKind
from bokgi.facts.lake import Lake
from bokgi.intake.importing import ImportResult, import_files
from bokgi.intake.mapping.ladders.choose import Chosen
from bokgi.intake.mapping.ladders.evidence import StageEvidence
from bokgi.intake.mapping.ladders.existing import fit
from bokgi.intake.mapping.model import Hints, StageDefinition, StageFoundBy
from bokgi.intake.plan import ImportPlan, PlanOptions, plan_import
from tests.intake.homes import AT, LADDER, Company, deals_mapping

KOREAN = tuple(
    StageDefinition("영업", stage, stage, order, kind, "given", StageFoundBy.HAND)
    for order, (stage, kind) in enumerate((("제안 발송", StageKind.OPEN), ("수주", StageKind.WON)), start=1)
)
FIRST = """id | name | account | owner | stage | amount | created | closed | region
D1 | a | Acme | Kim | Talk | 5 | 2026-01-05 | |"""


def planned(company: Company, text: str, answers: Mapping[str, str] | None = None) -> ImportPlan:
    path = company.folder / "few.csv"
    path.write_text(text, encoding="utf-8")
    options = PlanOptions(exported_at=AT, hints=Hints(answers=answers or {}))
    return plan_import([path], lake=Lake(company.home), options=options)


def imported(company: Company, text: str, answers: Mapping[str, str] | None = None) -> ImportResult:
    with planned(company, text, answers) as plan:
        return import_files(company.lake, plan, by="test", at=AT)


def few(*stages: str) -> str:
    rows = [f"T{n},deal {n},{stage},{n}000000,2026-03-0{n},Lee" for n, stage in enumerate(stages, start=1)]
    return "\n".join(["Deal ID,Deal name,Stage,Amount,Created,Owner", *rows]) + "\n"


def test_a_stage_is_the_same_in_another_case_with_other_spaces(company: Company) -> None:
    company.load(FIRST)
    ladder = company.rows("stages")
    result = imported(company, few("TALK", " offer ", "Won"))
    assert (result.accepted, result.quarantined) == (3, 0)
    assert company.rows("deals", "deal_id, stage, outcome", "deal_id LIKE 'T%'") == [
        ("T1", "Talk", "open"),
        ("T2", "Offer", "open"),
        ("T3", "Won", "won"),
    ]
    assert company.rows("stages") == ladder


def test_a_file_without_pipelines_is_of_the_only_one_and_a_name_may_be_decomposed(company: Company) -> None:
    company.load(FIRST.replace("Talk", "수주"), deals_mapping(stages=KOREAN, constants={"deals.pipeline": "영업"}))
    result = imported(company, few(unicodedata.normalize("NFD", "제안 발송"), "제안발송", "수주"))
    assert (result.accepted, result.quarantined) == (3, 0)
    assert company.rows("deals", "pipeline, stage", "deal_id LIKE 'T%'") == [
        ("영업", "수주"),
        ("영업", "제안 발송"),
        ("영업", "제안 발송"),
    ]
    assert len(company.rows("stages")) == len(KOREAN)


def test_rows_of_an_unknown_stage_wait_and_no_stage_is_guessed(company: Company) -> None:
    company.load(FIRST)
    with planned(company, few("Talk", "Demo")) as plan:
        (question,) = plan.questions
        assert (question.key, question.suggestion) == ("few.csv:stage:Demo", "refuse")
        assert {"Talk", "Offer", "new", "refuse"} <= {option.answer for option in question.options}
    result = imported(company, few("Talk", "Demo"))
    assert (result.accepted, result.quarantined) == (1, 1)
    assert {finding.code for finding in result.findings} >= {"stage_unknown"}
    assert len(company.rows("stages")) == len(LADDER)


@pytest.mark.parametrize(("answer", "stage", "stages"), [("Offer", "Offer", 4), ("new", "Demo", 5)])
def test_a_person_says_which_stage_it_is(company: Company, answer: str, stage: str, stages: int) -> None:
    company.load(FIRST)
    result = imported(company, few("Talk", "Demo"), {"few.csv:stage:Demo": answer})
    assert (result.accepted, result.quarantined) == (2, 0)
    assert company.rows("deals", "stage", "deal_id = 'T2'") == [stage]
    assert len(company.rows("stages")) == stages
    if answer == "new":
        assert company.rows("stages", "stage", f"stage_order > {len(LADDER)}") == ["Demo"]


def test_where_no_stage_fits_nothing_is_written_before_somebody_answers(company: Company) -> None:
    company.load(FIRST)
    with planned(company, few("Demo", "Pilot")) as plan:
        assert [question.key for question in plan.open_questions] == ["few.csv:stage:Demo", "few.csv:stage:Pilot"]
    many = few(*(f"Step {n}" for n in range(1, 10)))
    with planned(company, many) as plan:
        assert [question.key for question in plan.open_questions] == ["few.csv:stages"]
    assert imported(company, many, {"few.csv:stages": "refuse"}).quarantined == 9


def test_a_saved_mapping_fits_stages_into_the_ladder_too(company: Company) -> None:
    company.load(FIRST)
    imported(company, few("Talk", "Offer"))
    later = imported(company, few("Talk", "OFFER", "won"))
    assert (later.accepted, later.quarantined, later.known) == (1, 0, 2)


def test_the_pipeline_is_asked_where_several_could_be_meant() -> None:
    two = [replace(stage, pipeline=name) for name in ("new", "renewal") for stage in LADDER]
    asked = fit([StageEvidence("default", "Talk", 3)], two, (), Hints(), "few.csv")
    (question,) = asked.questions
    assert (question.key, question.suggestion) == ("few.csv:pipeline", None)
    told = fit([StageEvidence("default", "talk", 3)], two, (), Hints(answers={question.key: "renewal"}), "few.csv")
    assert (told.pipeline, told.stage_values, told.questions) == ("renewal", {"talk": "Talk"}, ())
    # Only one of them has the stage.
    alone = fit(
        [StageEvidence("default", "Pilot", 3)],
        [*two, replace(LADDER[0], pipeline="pilots", stage="Pilot")],
        (),
        Hints(),
        "few.csv",
    )
    assert alone.pipeline == "pilots"


def test_a_new_pipeline_brings_its_own_stages_and_a_known_one_may_be_spelled_otherwise() -> None:
    seen = [
        StageEvidence("Default", "TALK", 3),
        StageEvidence("Partners", "Lead", 3),
        StageEvidence("Partners", "Won", 2),
    ]
    found = fit(seen, LADDER, (), Hints(), "few.csv")
    assert (found.pipeline_values, found.stage_values) == ({"Default": "default"}, {"TALK": "Talk"})
    assert [(stage.pipeline, stage.stage, stage.stage_order) for stage in found.stages] == [
        ("Partners", "Lead", 1),
        ("Partners", "Won", 2),
    ]
    (question,) = found.questions
    assert (question.key, question.suggestion) == ("few.csv:pipeline:Partners", "new")
    assert [option.answer for option in question.options] == ["new", "default", "refuse"]

    def told(answer: str) -> Chosen:
        return fit(seen, LADDER, (), Hints(answers={question.key: answer}), "few.csv")

    assert (told("new").stages, told("new").questions) == (found.stages, ())
    same = told("default")
    assert (same.pipeline_values["Partners"], same.stages) == ("default", ())
    assert [one.key for one in same.questions] == ["few.csv:stage:Lead"]
    assert (told("refuse").stages, told("refuse").questions) == ((), ())


@pytest.mark.parametrize(("answer", "counts"), [(None, (3, 0)), ("refuse", (1, 2))])
def test_a_new_pipeline_says_which_of_its_stages_are_a_guess_before_anything_is_written(
    company: Company, answer: str | None, counts: tuple[int, int]
) -> None:
    company.load(FIRST)
    text = """Deal ID,Deal name,Pipeline,Stage,Amount,Created,Owner
T1,a,default,Talk,1,2026-03-01,Lee
T2,b,Renewals,Tea,1,2026-03-02,Lee
T3,c,Renewals,Toast,1,2026-03-02,Lee
"""
    answers = {} if answer is None else {"few.csv:pipeline:Renewals": answer}
    with planned(company, text, answers) as plan:
        said = [one.message.text("ko") for one in plan.findings if one.code == "stages_guessed"]
    assert [text.partition("않아")[0] for text in said] == (
        ["few.csv에는 기회가 Tea → Toast 단계를 어떤 순서로 지나는지 적혀 있지 "] if answer is None else []
    )
    result = imported(company, text, answers)
    assert (result.accepted, result.quarantined) == counts


def test_rows_of_a_refused_pipeline_wait_also_where_their_stages_are_called_as_ours(company: Company) -> None:
    company.load(FIRST)
    text = """Deal ID,Deal name,Pipeline,Stage,Amount,Created,Owner
T1,a,Renewals,Talk,1,2026-03-01,Lee
T2,b,Renewals,Talk,1,2026-03-02,Lee
"""
    result = imported(company, text, {"few.csv:pipeline:Renewals": "refuse"})
    assert (result.accepted, result.quarantined) == (0, 2)
    assert imported(company, text.replace("Renewals", "default")).accepted == 2


def test_a_home_without_stages_gives_none(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text(few("Talk", "Won"), encoding="utf-8")
    with plan_import([path], lake=Lake.open(tmp_path / "home", create=True)) as plan:
        assert len(plan.files[0].mapping.stages) == 2
