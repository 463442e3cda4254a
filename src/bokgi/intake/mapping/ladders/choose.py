"""The ladder of one import: from the CRM's own list where there is one, else inferred, with what to ask and to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bokgi.domain.findings import Finding, Severity
from bokgi.domain.labels import OUTCOMES
from bokgi.domain.messages import N_, Message, chained
from bokgi.domain.stage import StageKind
from bokgi.intake.mapping.ladders.evidence import DEFAULT_PIPELINE, MOST_STAGES, StageEvidence
from bokgi.intake.mapping.ladders.given import fitted
from bokgi.intake.mapping.ladders.infer import infer
from bokgi.intake.mapping.model import FileMapping, Hints, Option, Question, StageDefinition, StageFoundBy
from bokgi.intake.mapping.preset import PresetStage

_SHOWN: Final = 8
NONE: Final = "none"
_FOUND_BY: Final = {
    StageFoundBy.HAND: N_("told by hand"),
    StageFoundBy.SAVED: N_("saved mapping"),
    StageFoundBy.HELD: N_("your stages"),
    StageFoundBy.METADATA: N_("the CRM’s list of stages"),
    StageFoundBy.PRESET: N_("preset"),
    StageFoundBy.COLUMNS: N_("columns with dates of stages"),
    StageFoundBy.PROBABILITY: N_("probabilities"),
    StageFoundBy.NUMBERS: N_("numbers in the names"),
    StageFoundBy.HISTORY: N_("the order in which deals passed them"),
    StageFoundBy.WORDS: N_("common names of stages"),
    StageFoundBy.NOTHING: N_("a guess"),
}


@dataclass(frozen=True)
class Chosen:
    """The stages of an import, which of them are inferred, and what files write for them where it is not their key."""

    stages: tuple[StageDefinition, ...] = ()
    stage_values: dict[str, str] = field(default_factory=dict)
    pipeline_values: dict[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()
    inferred: tuple[StageDefinition, ...] = ()
    pipeline: str | None = None
    """Pipeline of deals whose file names none."""


def choose(
    evidence: Sequence[StageEvidence],
    given: Sequence[StageDefinition],
    pipeline_labels: dict[str, str],
    preset: Sequence[PresetStage],
    hints: Hints,
    file: str,
) -> Chosen:
    """Choose the ladder for the stages that the deals and histories of an import write."""
    if len(evidence) > MOST_STAGES:
        values: dict[str, object] = {"file": file, "n": MOST_STAGES}
        text = N_("{file} has more than {n} different {n:stage|stages}; the column of stages is not one.")
        return Chosen(findings=(Finding("stages_too_many", Severity.ERROR, Message(text, values), values=values),))
    if not given:
        return inferred(evidence, preset, hints, file)
    ladder = fitted(given, evidence, pipeline_labels)
    if ladder.covers:
        return Chosen(ladder.stages, dict(ladder.stage_values), dict(ladder.pipeline_values))
    known = {stage.stage for stage in ladder.stages} | set(ladder.stage_values)
    strangers = [part for part in evidence if part.stage not in known]
    rest = inferred(strangers, preset, hints, file)
    values = {"file": file, "stages": ", ".join(part.stage for part in strangers[:_SHOWN])}
    text = N_("The list of stages does not have most stages of {file}: {stages}. Their order and kind are inferred.")
    finding = Finding("stages_not_in_list", Severity.WARNING, Message(text, values), len(strangers), values=values)
    return Chosen(
        (*ladder.stages, *rest.stages),
        dict(ladder.stage_values),
        dict(ladder.pipeline_values),
        rest.questions,
        (finding, *rest.findings),
        rest.inferred,
    )


def inferred(evidence: Sequence[StageEvidence], preset: Sequence[PresetStage], hints: Hints, file: str) -> Chosen:
    """Infer the ladder from what the files say, and ask for the order where nothing decides it."""
    ladder = infer(evidence, preset)
    stages = ladder.stages
    questions = []
    for pipeline in ladder.unordered:
        question = _which_order(file, pipeline, [stage for stage in stages if stage.pipeline == pipeline])
        answer = hints.answers.get(question.key)
        if answer is None:
            questions.append(question)
        else:
            stages = _reordered(stages, pipeline, [part.strip() for part in answer.split("|")])
    return Chosen(stages, questions=tuple(questions), inferred=stages)


def said(of: Sequence[StageDefinition], stages: Sequence[StageDefinition], file: str) -> list[Finding]:
    """Say of the stages that were inferred what they are taken for, after all that somebody answered."""
    names = {(stage.pipeline, stage.stage) for stage in of}
    stages = [stage for stage in stages if (stage.pipeline, stage.stage) in names]
    if not stages:
        return []
    values: dict[str, object] = {
        "file": file,
        "stages": _in_order(stages),
        "found_by": chained(
            (Message(_FOUND_BY[one]) for one in dict.fromkeys(stage.found_by for stage in stages)),
            N_("{first}, {then}"),
        ),
    }
    text = N_("The order and kind of the stages of {file} are inferred (by {found_by}): {stages}.")
    found = [Finding("stages_inferred", Severity.INFO, Message(text, values), len(stages), values=values)]
    guessed = [stage for stage in stages if stage.found_by is StageFoundBy.NOTHING]
    if guessed:
        text = N_(
            "Nothing in {file} says in which order deals pass {stages}: they are taken as open stages in this order. "
            "Say otherwise in the mapping (stages) before the import, or after it under Definitions, Stages."
        )
        values = {"file": file, "stages": _in_order(guessed)}
        found.append(Finding("stages_guessed", Severity.WARNING, Message(text, values), len(guessed), values=values))
    if not any(stage.kind is StageKind.WON for stage in stages):
        text = N_("No stage of {file} says that a deal was won.")
        found.append(Finding("stages_without_won", Severity.INFO, Message(text, {"file": file}), values={"file": file}))
    return found


def _in_order(stages: Sequence[StageDefinition]) -> Message | str:
    """Tell the stages in their order, each pipeline's apart."""
    apart = [
        (pipeline, _one_behind_another([stage for stage in stages if stage.pipeline == pipeline]))
        for pipeline in dict.fromkeys(stage.pipeline for stage in stages)
    ]
    if len(apart) == 1:
        return apart[0][1]
    told = [
        Message(N_("{pipeline}: {stages}"), {"pipeline": pipeline, "stages": listed})
        for pipeline, listed in apart[:_SHOWN]
    ]
    return chained([*told, *(["…"] if len(apart) > _SHOWN else [])], N_("{first}; {then}"))


def _one_behind_another(stages: Sequence[StageDefinition]) -> Message | str:
    told: list[Message | str] = [
        stage.label
        if stage.kind is StageKind.OPEN
        else Message(N_("{stage} ({kind})"), {"stage": stage.label, "kind": Message(OUTCOMES[stage.kind.value])})
        for stage in stages[:_SHOWN]
    ]
    if len(stages) > _SHOWN:
        told.append("…")
    return chained(told, N_("{first} → {then}"))


def _which_order(file: str, pipeline: str, stages: Sequence[StageDefinition]) -> Question:
    names = [stage.stage for stage in stages if stage.kind is StageKind.OPEN]
    order = "|".join(names)
    return Question(
        key=f"{file}:stage_order:{pipeline}",
        code="stage_order_unclear",
        file=file,
        columns=(),
        message=Message(
            N_("In which order do deals pass the stages {stages}?")
            if pipeline == DEFAULT_PIPELINE
            else N_("In which order do deals of the pipeline {pipeline} pass the stages {stages}?"),
            {"pipeline": pipeline, "stages": ", ".join(names)},
        ),
        options=(Option(order, Message(N_("the order written, the stages separated by |"))),),
        suggestion=order,
    )


def _reordered(stages: Sequence[StageDefinition], pipeline: str, order: Sequence[str]) -> tuple[StageDefinition, ...]:
    """Put the open stages of a pipeline into the order that somebody gave; those not named come behind."""
    mine = [stage for stage in stages if stage.pipeline == pipeline]
    rank = {name: place for place, name in enumerate(order)}
    placed = sorted(
        mine,
        key=lambda stage: (stage.kind is not StageKind.OPEN, rank.get(stage.stage, len(rank)), stage.stage_order),
    )
    numbered = [
        replace(
            stage, stage_order=place, found_by=StageFoundBy.HAND if stage.kind is StageKind.OPEN else stage.found_by
        )
        for place, stage in enumerate(placed, start=1)
    ]
    return (*(stage for stage in stages if stage.pipeline != pipeline), *numbered)


def which_won(file: str, mapping: FileMapping, stages: Sequence[StageDefinition], hints: Hints) -> Chosen:
    """Ask which stage means won, where deals have a date of closing and nothing says how they ended.

    An answer makes the named stage the won one.
    """
    silent = not any(mapping.of(f"deals.{name}") for name in ("outcome", "is_won", "is_closed", "won", "lost"))
    if not silent or mapping.of("deals.closed") is None or any(stage.kind is StageKind.WON for stage in stages):
        return Chosen(tuple(stages))
    names = list(dict.fromkeys(stage.stage for stage in stages))
    question = Question(
        key=f"{file}:stage_won",
        code="stage_won_unclear",
        file=file,
        columns=(),
        message=Message(N_("Which stage of {file} means that a deal was won?"), {"file": file}),
        options=(
            *(Option(name, Message(N_("the stage {stage}"), {"stage": name})) for name in names),
            Option(NONE, Message(N_("none of them"))),
        ),
    )
    answer = hints.answers.get(question.key)
    if answer is None:
        return Chosen(tuple(stages), questions=(question,) if names else ())
    return Chosen(
        tuple(
            replace(stage, kind=StageKind.WON, found_by=StageFoundBy.HAND) if stage.stage == answer else stage
            for stage in stages
        )
    )
