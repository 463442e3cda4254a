"""Fit the stages that an import writes into the ladder that the home has: nothing is inferred beside it unasked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bokgi.domain.messages import N_, Message
from bokgi.intake.mapping.headers import key
from bokgi.intake.mapping.ladders.choose import Chosen, inferred
from bokgi.intake.mapping.ladders.evidence import DEFAULT_PIPELINE, StageEvidence
from bokgi.intake.mapping.model import Hints, Option, Question, StageDefinition
from bokgi.intake.mapping.preset import PresetStage

NEW: Final = "new"
REFUSE: Final = "refuse"
_EACH: Final = 8
"""Up to so many unknown stages are asked about one by one."""


def fit(
    evidence: Sequence[StageEvidence],
    known: Sequence[StageDefinition],
    preset: Sequence[PresetStage],
    hints: Hints,
    file: str,
) -> Chosen:
    """Say which stage of the home each text of an import is, whatever its case, spaces and signs.

    A file that names no pipeline is of the only one, or of the only one that has all its stages; otherwise it is asked.
    A stage that the home does not have is refused unless somebody says which it is, or that it is new; where no stage
    fits, that has to be answered first. A pipeline that the home does not have brings its own stages, and it is asked
    whether it is one of those that are there.

    >>> from bokgi.domain.stage import StageKind
    >>> from bokgi.intake.mapping.model import StageFoundBy
    >>> offer = StageDefinition("new", "Offer made", "Offer made", 1, StageKind.OPEN, "given", StageFoundBy.HAND)
    >>> found = fit([StageEvidence("default", "OFFER  MADE", 3)], [offer], (), Hints(), "deals.csv")
    >>> found.pipeline, found.stage_values
    ('new', {'OFFER  MADE': 'Offer made'})
    """
    ladders: dict[str, list[StageDefinition]] = defaultdict(list)
    for stage in known:
        ladders[stage.pipeline].append(stage)
    spelled = _spellings((pipeline, pipeline) for pipeline in ladders)
    pipelines = {
        part.pipeline: spelled[key(part.pipeline)]
        for part in evidence
        if part.pipeline not in ladders and key(part.pipeline) in spelled
    }
    only = None
    if {part.pipeline for part in evidence} == {DEFAULT_PIPELINE} and DEFAULT_PIPELINE not in ladders:
        only, asked = _only_pipeline(evidence, ladders, hints, file)
        if asked is not None:
            return Chosen(questions=(asked,))
    strange = {part.pipeline for part in evidence} - ladders.keys() - pipelines.keys() if only is None else set()
    answered, refused, asked_of = _which_pipelines(strange, evidence, ladders, hints, file)
    pipelines |= answered
    placed = [
        replace(part, pipeline=only or pipelines.get(part.pipeline, part.pipeline))
        for part in evidence
        if part.pipeline not in refused
    ]
    meant: dict[str, set[str]] = defaultdict(set)
    strangers = []
    for part in placed:
        found = _stage(part.stage, ladders.get(part.pipeline, ()))
        if found is not None:
            meant[part.stage].add(found)
        elif part.pipeline in ladders:
            strangers.append(part)
    values, added, questions = _told(strangers, ladders, hints, file, some_fit=bool(meant))
    values |= {text: next(iter(ids)) for text, ids in meant.items() if len(ids) == 1 and ids != {text}}
    rest = inferred([*added, *(part for part in placed if part.pipeline not in ladders)], preset, hints, file)
    stages = _behind(rest.stages, ladders, added)
    return Chosen(stages, values, pipelines, (*asked_of, *questions, *rest.questions), rest.findings, stages, only)


def _spellings(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give what each spelling means, where it means one thing."""
    meant: dict[str, set[str]] = defaultdict(set)
    for text, meaning in pairs:
        meant[key(text)].add(meaning)
    return {text: next(iter(found)) for text, found in meant.items() if text and len(found) == 1}


def _stage(text: str, ladder: Sequence[StageDefinition]) -> str | None:
    if any(stage.stage == text for stage in ladder):
        return text
    return _spellings((name, stage.stage) for stage in ladder for name in (stage.stage, stage.label)).get(key(text))


def _only_pipeline(
    evidence: Sequence[StageEvidence], ladders: Mapping[str, Sequence[StageDefinition]], hints: Hints, file: str
) -> tuple[str | None, Question | None]:
    """Give the pipeline of a file that names none, or what to ask."""
    question = Question(
        key=f"{file}:pipeline",
        code="pipeline_unclear",
        file=file,
        columns=(),
        message=Message(N_("Of which pipeline are the deals of {file}?"), {"file": file}),
        options=tuple(Option(name, Message(N_("the pipeline {pipeline}"), {"pipeline": name})) for name in ladders),
    )
    answer = hints.answers.get(question.key)
    if answer in ladders:
        return answer, None
    fits = [name for name, ladder in ladders.items() if all(_stage(part.stage, ladder) for part in evidence)]
    for names in (list(ladders), fits):
        if len(names) == 1:
            return names[0], None
    return None, question


def _which_pipelines(
    strange: Collection[str],
    evidence: Sequence[StageEvidence],
    ladders: Mapping[str, Sequence[StageDefinition]],
    hints: Hints,
    file: str,
) -> tuple[dict[str, str], set[str], list[Question]]:
    """Give which pipelines the unknown ones of a file are, which are refused, and what to ask; a new one is likely."""
    values: dict[str, str] = {}
    refused, questions = set(), []
    there = [Option(name, Message(N_("the pipeline {pipeline}"), {"pipeline": name})) for name in ladders]
    for name in sorted(strange)[:_EACH]:
        rows = sum(part.rows for part in evidence if part.pipeline == name)
        text = N_("Which pipeline is “{pipeline}” in {file} ({n} {n:row|rows})? Yours do not have it.")
        question = Question(
            key=f"{file}:pipeline:{name}",
            code="pipeline_not_known",
            file=file,
            columns=(),
            message=Message(text, {"pipeline": name, "file": file, "n": rows}),
            options=(
                Option(NEW, Message(N_("a new pipeline with stages of its own"))),
                *there,
                Option(REFUSE, Message(N_("its rows wait"))),
            ),
            suggestion=NEW,
        )
        answer = hints.answers.get(question.key)
        if answer is None:
            questions.append(question)
        elif answer in ladders:
            values[name] = answer
        elif answer == REFUSE:
            refused.add(name)
    return values, refused, questions


def _told(
    strangers: Sequence[StageEvidence],
    ladders: Mapping[str, Sequence[StageDefinition]],
    hints: Hints,
    file: str,
    *,
    some_fit: bool,
) -> tuple[dict[str, str], list[StageEvidence], list[Question]]:
    """Give what somebody said of stages that the home does not have: which they are, which are new, what to ask."""
    suggestion = REFUSE if some_fit else None
    if len(strangers) > _EACH:
        question = _which_of_all(file, strangers, suggestion)
        answer = hints.answers.get(question.key)
        return {}, list(strangers) if answer == NEW else [], [question] if answer is None else []
    values: dict[str, str] = {}
    added, questions = [], []
    for part in strangers:
        ladder = ladders[part.pipeline]
        question = _which(file, part, ladder, suggestion)
        answer = hints.answers.get(question.key)
        if answer is None:
            questions.append(question)
        elif any(stage.stage == answer for stage in ladder):
            values[part.stage] = answer
        elif answer == NEW:
            added.append(part)
    return values, added, questions


def _which(file: str, part: StageEvidence, ladder: Sequence[StageDefinition], suggestion: str | None) -> Question:
    values = {"file": file, "stage": part.stage, "n": part.rows}
    there = (Option(stage.stage, Message(N_("the stage {stage}"), {"stage": stage.label})) for stage in ladder)
    return Question(
        key=f"{file}:stage:{part.stage}",
        code="stage_not_known",
        file=file,
        columns=(),
        message=Message(
            N_("Which stage is “{stage}” in {file} ({n} {n:row|rows})? Your stages do not have it."), values
        ),
        options=(*there, Option(NEW, Message(N_("a new stage"))), Option(REFUSE, Message(N_("its rows wait")))),
        suggestion=suggestion,
    )


def _which_of_all(file: str, strangers: Sequence[StageEvidence], suggestion: str | None) -> Question:
    listed = ", ".join(part.stage for part in strangers[:_EACH]) + " …"
    values = {"file": file, "stages": listed, "n": len(strangers)}
    text = N_("{n} {n:stage|stages} of {file} {n:is|are} not among your stages: {stages}. {n:Is it|Are they} new?")
    return Question(
        key=f"{file}:stages",
        code="stages_not_known",
        file=file,
        columns=(),
        message=Message(text, values),
        options=(
            Option(NEW, Message(N_("new stages, beside those that are there"))),
            Option(REFUSE, Message(N_("no; their rows wait"))),
        ),
        suggestion=suggestion,
    )


def _behind(
    stages: Sequence[StageDefinition],
    ladders: Mapping[str, Sequence[StageDefinition]],
    added: Sequence[StageEvidence],
) -> tuple[StageDefinition, ...]:
    """Put new stages of a pipeline behind those that it has; a preset's other stages do not come with them."""
    new = {(part.pipeline, part.stage) for part in added}
    last = {pipeline: max(stage.stage_order for stage in ladder) for pipeline, ladder in ladders.items()}
    return tuple(
        replace(stage, stage_order=stage.stage_order + last.get(stage.pipeline, 0))
        for stage in stages
        if stage.pipeline not in ladders or (stage.pipeline, stage.stage) in new
    )
