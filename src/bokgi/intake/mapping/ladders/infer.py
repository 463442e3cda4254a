"""Infer a ladder: kinds by flags or words, order by probability, numbers, order of entry or common names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.domain.stage import StageKind
from bokgi.intake.mapping.headers import key
from bokgi.intake.mapping.ladders.evidence import StageEvidence
from bokgi.intake.mapping.ladders.words import known, number_of
from bokgi.intake.mapping.model import StageDefinition, StageFoundBy
from bokgi.intake.mapping.preset import PresetStage

_PURE: Final = 0.001
_ENOUGH_KNOWN: Final = 0.5
_ENDS: Final = (StageKind.WON, StageKind.LOST, StageKind.NO_DECISION)


@dataclass(frozen=True)
class Ladder:
    """The stages of every pipeline, and the pipelines whose order nothing decides."""

    stages: tuple[StageDefinition, ...]
    unordered: tuple[str, ...]


def infer(evidence: Sequence[StageEvidence], preset: Sequence[PresetStage] = ()) -> Ladder:
    """Order the stages of each pipeline and say what each means.

    >>> found = [StageEvidence("default", stage, 5) for stage in ("Won", "Proposal", "Lead")]
    >>> [(stage.stage, stage.kind.value) for stage in infer(found).stages]
    [('Lead', 'open'), ('Proposal', 'open'), ('Won', 'won')]
    """
    by_pipeline: dict[str, list[StageEvidence]] = defaultdict(list)
    for part in evidence:
        by_pipeline[part.pipeline].append(part)
    stages: list[StageDefinition] = []
    unordered = []
    for pipeline, parts in by_pipeline.items():
        ladder = _by_preset(pipeline, parts, preset)
        if ladder is None:
            ladder, decided = _by_data(pipeline, parts)
            if not decided:
                unordered.append(pipeline)
        stages += ladder
    return Ladder(tuple(stages), tuple(unordered))


def _by_preset(
    pipeline: str, parts: Sequence[StageEvidence], preset: Sequence[PresetStage]
) -> list[StageDefinition] | None:
    """Take the ladder with which the CRM comes, where most of the stages are its own."""
    place = {key(name): i for i, step in enumerate(preset) for name in (step.stage, step.label)}
    mine = {key(part.stage): part for part in parts}
    if not parts or sum(1 for name in mine if name in place) <= _ENOUGH_KNOWN * len(parts):
        return None
    if any(name not in place for name in mine):
        return _with_strangers(pipeline, parts, preset)
    found = []
    for order, step in enumerate(preset, start=1):
        part = mine.get(key(step.stage)) or mine.get(key(step.label))
        stage = part.stage if part else _spelling(step, parts)
        chance = step.probability if part is None or part.probability is None else part.probability
        found.append(_definition(pipeline, stage, order, step.kind, StageFoundBy.PRESET, chance, label=step.label))
    return found


def _spelling(step: PresetStage, parts: Sequence[StageEvidence]) -> str:
    """Write a stage that no deal stands in as the others are written: by id or by label."""
    return step.stage if any(part.stage == part.stage.casefold() for part in parts) else step.label


def _with_strangers(
    pipeline: str, parts: Sequence[StageEvidence], preset: Sequence[PresetStage]
) -> list[StageDefinition] | None:
    """Place stages that the company added among the CRM's own, by probability; null where they have none."""
    own = {key(name): step for step in preset for name in (step.stage, step.label)}
    chances = {part.stage: _chance(part, own.get(key(part.stage))) for part in parts}
    if any(chance is None for chance in chances.values()):
        return None
    pure = _pure(parts)
    kinds = {part.stage: step.kind if (step := own.get(key(part.stage))) else _kind(part, pure)[0] for part in parts}
    rank = {key(step.stage): i for i, step in enumerate(preset)} | {key(step.label): i for i, step in enumerate(preset)}
    ordered = sorted(
        parts,
        key=lambda part: (
            _end(kinds[part.stage]),
            chances[part.stage] or 0.0,
            rank.get(key(part.stage), len(rank)),
            part.stage,
        ),
    )
    return [
        _definition(pipeline, part.stage, order, kinds[part.stage], StageFoundBy.PRESET, chances[part.stage])
        for order, part in enumerate(ordered, start=1)
    ]


def _chance(part: StageEvidence, step: PresetStage | None) -> float | None:
    if part.probability is not None:
        return part.probability
    return step.probability if step else None


def _by_data(pipeline: str, parts: Sequence[StageEvidence]) -> tuple[list[StageDefinition], bool]:
    pure = _pure(parts)
    kinds = {part.stage: _kind(part, pure) for part in parts}
    open_parts = [part for part in parts if kinds[part.stage][0] is StageKind.OPEN]
    ends = [part for part in parts if kinds[part.stage][0] is not StageKind.OPEN]
    ordered, found_by = _ordered(open_parts)
    ends.sort(key=lambda part: (_end(kinds[part.stage][0]), part.stage))
    stages = [
        _definition(pipeline, part.stage, order, StageKind.OPEN, found_by, part.probability)
        for order, part in enumerate(ordered, start=1)
    ]
    for order, part in enumerate(ends, start=len(ordered) + 1):
        kind, by = kinds[part.stage]
        stages.append(_definition(pipeline, part.stage, order, kind, by, part.probability))
    return stages, found_by is not StageFoundBy.NOTHING


def _pure(parts: Sequence[StageEvidence]) -> bool:
    """Tell whether "won" follows from the stage: in every stage all deals are won, or none."""
    return all(part.won is None or part.won <= _PURE or part.won >= 1 - _PURE for part in parts)


def _kind(part: StageEvidence, pure: bool) -> tuple[StageKind, StageFoundBy]:  # noqa: FBT001 - one truth of the parts
    """Say what being in a stage means: by its name where that is a common one, else by the flags of its deals."""
    word = known(part.stage)
    if word:
        return word[0], StageFoundBy.WORDS
    if pure and part.won is not None and part.won >= 1 - _PURE:
        return StageKind.WON, StageFoundBy.COLUMNS
    if pure and part.won is not None and part.closed is not None and part.closed >= 1 - _PURE:
        return StageKind.LOST, StageFoundBy.COLUMNS
    told = part.closed is not None and part.closed <= _PURE
    return StageKind.OPEN, StageFoundBy.COLUMNS if told else StageFoundBy.NOTHING


def _ordered(parts: Sequence[StageEvidence]) -> tuple[list[StageEvidence], StageFoundBy]:
    """Order open stages by the first kind of evidence that all of them have and that tells them apart."""
    tests: Iterable[tuple[StageFoundBy, Callable[[StageEvidence], float | None]]] = (
        (StageFoundBy.NUMBERS, lambda part: number_of(part.stage)),
        (StageFoundBy.PROBABILITY, lambda part: part.probability),
        (StageFoundBy.HISTORY, lambda part: part.place),
        (StageFoundBy.WORDS, lambda part: word[1] if (word := known(part.stage)) else None),
    )
    if len(parts) <= 1:
        return list(parts), StageFoundBy.WORDS
    for found_by, evidence in tests:
        told = [value for part in parts if (value := evidence(part)) is not None]
        if len(told) == len(parts) and _tells_apart(parts, told, found_by):
            ranked = sorted(parts, key=lambda part: (evidence(part) or 0.0, _usual(part), -part.rows, part.stage))
            return ranked, found_by
    return sorted(parts, key=lambda part: (_usual(part), -part.rows, part.stage)), StageFoundBy.NOTHING


def _tells_apart(parts: Sequence[StageEvidence], told: Sequence[float], found_by: StageFoundBy) -> bool:
    """Tell whether the values order the stages; equals are told apart by their usual place, in a history by chance."""
    if found_by is StageFoundBy.HISTORY:
        return len(set(told)) > 1
    return len({(value, _usual(part)) for value, part in zip(told, parts, strict=True)}) == len(parts)


def _usual(part: StageEvidence) -> int:
    word = known(part.stage)
    return word[1] if word else 1_000


def _end(kind: StageKind) -> int:
    return _ENDS.index(kind) + 1 if kind in _ENDS else 0


def _definition(
    pipeline: str,
    stage: str,
    order: int,
    kind: StageKind,
    found_by: StageFoundBy,
    probability: float | None,
    *,
    label: str | None = None,
) -> StageDefinition:
    return StageDefinition(
        pipeline=pipeline,
        stage=stage,
        label=label or stage,
        stage_order=order,
        kind=kind,
        origin="inferred",
        found_by=found_by,
        probability=probability,
    )
