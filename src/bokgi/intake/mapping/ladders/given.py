"""Read a ladder from the CRM's own list of stages, and fit it to what the deals write: ids or labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from bokgi.domain.stage import StageKind
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.headers import key, value_words
from bokgi.intake.mapping.ladders.evidence import DEFAULT_PIPELINE, StageEvidence, text_of
from bokgi.intake.mapping.ladders.words import known
from bokgi.intake.mapping.model import FileMapping, StageDefinition, StageFoundBy

_MOST: Final = 5_000
_TRUE: Final = frozenset({"true", "1", "yes", "y", "t", "예", "o"})
_PERCENT: Final = 100.0
_FIELDS: Final = (
    "pipeline",
    "stage",
    "label",
    "order",
    "kind",
    "probability",
    "is_won",
    "is_closed",
    "exit_criterion",
    "journey_stage",
    "expected_days",
)


@dataclass(frozen=True)
class GivenLadder:
    """The stages of the list, and what deals write for a stage or pipeline where it is not the list's key."""

    stages: tuple[StageDefinition, ...]
    stage_values: Mapping[str, str]
    pipeline_values: Mapping[str, str]
    covers: bool
    """Most of the stages that the deals write stand in the list."""


def read(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping
) -> tuple[StageDefinition, ...]:
    """Read the list of stages; rows that the source deleted are left out."""
    texts = {field: text_of(staged, mapping, f"stages.{field}") or "NULL" for field in _FIELDS}
    deleted = text_of(staged, mapping, "row.deleted") or "NULL"
    listed = ", ".join(f"{text} AS {field}" for field, text in texts.items())
    rows = connection.execute(
        f"SELECT {listed}, {deleted} AS gone, _row FROM {staged.relation} ORDER BY _row LIMIT {_MOST}"
    ).fetchall()
    found = [dict(zip((*_FIELDS, "gone"), row, strict=False)) for row in rows]
    kept = [_named(row) for row in found if (row["stage"] or row["label"]) and not _is(row["gone"])]
    by_pipeline: dict[str, list[dict[str, str | None]]] = defaultdict(list)
    for row in kept:
        by_pipeline[row["pipeline"] or DEFAULT_PIPELINE].append(row)
    percent = any((_number(row["probability"]) or 0.0) > 1 for row in kept)
    kinds = mapping.values.get("stages.kind", {})
    return tuple(
        stage
        for pipeline, rows_of in by_pipeline.items()
        for stage in _ladder(pipeline, rows_of, kinds, percent=percent)
    )


def _named(row: dict[str, str | None]) -> dict[str, str | None]:
    """Let a stage without a label be read by its id, and the other way round."""
    return row | {"stage": row["stage"] or row["label"], "label": row["label"] or row["stage"]}


def _ladder(
    pipeline: str, rows: Sequence[Mapping[str, str | None]], kinds: Mapping[str, str], *, percent: bool
) -> list[StageDefinition]:
    chances = [_probability(row["probability"], percent=percent) for row in rows]
    won_at = max(
        (place for row in rows if _is(row["is_won"]) and (place := _number(row["order"])) is not None), default=None
    )
    placed = sorted(
        zip(rows, chances, strict=True),
        key=lambda pair: (_number(pair[0]["order"]) is None, _number(pair[0]["order"]) or 0.0),
    )
    return [
        StageDefinition(
            pipeline=pipeline,
            stage=row["stage"] or "",
            label=row["label"] or "",
            stage_order=order,
            kind=_kind(row, kinds, chance, won_at),
            origin="given",
            found_by=StageFoundBy.METADATA,
            probability=chance,
            journey_stage=_journey(row["journey_stage"]),
            exit_criterion=row["exit_criterion"],
            expected_days=int(days) if (days := _number(row["expected_days"])) is not None else None,
        )
        for order, (row, chance) in enumerate(placed, start=1)
    ]


def _kind(
    row: Mapping[str, str | None], kinds: Mapping[str, str], chance: float | None, won_at: float | None
) -> StageKind:
    """Say what a stage is: by its kind, its flags, its name; behind the won stage with no chance left it is lost."""
    word = row["kind"] or ""
    said = kinds.get(word) or value_words("stages.kind").get(key(word))
    if said:
        return StageKind(said)
    common = known(row["label"] or "")
    if _is(row["is_won"]):
        return StageKind.WON
    if _is(row["is_closed"]):
        return StageKind.NO_DECISION if common and common[0] is StageKind.NO_DECISION else StageKind.LOST
    if common and row["is_closed"] is None and row["is_won"] is None:
        return common[0]
    place = _number(row["order"])
    behind = won_at is not None and place is not None and place > won_at
    return StageKind.LOST if behind and chance == 0.0 else StageKind.OPEN


def fitted(
    stages: Sequence[StageDefinition], evidence: Sequence[StageEvidence], pipeline_labels: Mapping[str, str]
) -> GivenLadder:
    """Say which stage of the list each text of the deals is.

    `pipeline_labels`: id of a pipeline → label. A text that is a stage's id stands for itself; a text that is the
    label of one stage only becomes its id, so that a renamed label stays the same stage.
    """
    ids = {stage.stage for stage in stages}
    by_label: dict[str, set[str]] = defaultdict(set)
    for stage in stages:
        by_label[key(stage.label)].add(stage.stage)
    texts = {part.stage for part in evidence}
    values = {
        text: next(iter(found))
        for text in texts
        if text not in ids and len(found := by_label.get(key(text), set())) == 1
    }
    covered = sum(1 for text in texts if text in ids or text in values)
    pipelines = {stage.pipeline for stage in stages}
    return GivenLadder(
        tuple(_spread(stages, evidence)),
        values,
        _pipeline_values(evidence, pipelines, pipeline_labels),
        covers=not texts or covered * 2 >= len(texts),
    )


def _pipeline_values(
    evidence: Sequence[StageEvidence], pipelines: set[str], labels: Mapping[str, str]
) -> dict[str, str]:
    counts = Counter(labels.values())
    ids = {label: pipeline for pipeline, label in labels.items() if pipeline in pipelines and counts[label] == 1}
    return {
        part.pipeline: ids[part.pipeline]
        for part in evidence
        if part.pipeline not in pipelines and part.pipeline in ids
    }


def _spread(stages: Sequence[StageDefinition], evidence: Sequence[StageEvidence]) -> list[StageDefinition]:
    """Give a list without pipelines to every pipeline of the deals."""
    if {stage.pipeline for stage in stages} != {DEFAULT_PIPELINE}:
        return list(stages)
    pipelines = list(dict.fromkeys(part.pipeline for part in evidence)) or [DEFAULT_PIPELINE]
    return [replace(stage, pipeline=pipeline) for pipeline in pipelines for stage in stages]


def _journey(text: str | None) -> str | None:
    return value_words("content.journey_stage").get(key(text), text) if text else None


def _is(text: str | None) -> bool:
    return text is not None and key(text) in _TRUE


def _number(text: str | None) -> float | None:
    try:
        return float(text.rstrip("% 일")) if text else None
    except ValueError:
        return None


def _probability(text: str | None, *, percent: bool) -> float | None:
    chance = _number(text)
    return None if chance is None else chance / _PERCENT if percent else chance
