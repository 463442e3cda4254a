"""The stages that the mappings and the lake know, as SQL: what being in a stage means, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bokgi.domain.stage import StageKind
from bokgi.intake.mapping.ladders.evidence import DEFAULT_PIPELINE
from bokgi.intake.mapping.model import StageDefinition
from bokgi.intake.sql import literal, one_of


@dataclass(frozen=True)
class Rung:
    """One stage of one pipeline."""

    pipeline: str
    stage: str
    stage_order: int
    kind: StageKind


@dataclass(frozen=True)
class Ladder:
    """All stages known. Empty: nothing is known, and nothing is unknown.

    >>> ladder = Ladder((Rung("default", "Talk", 1, StageKind.OPEN), Rung("default", "Won", 2, StageKind.WON)))
    >>> import duckdb
    >>> said = f"{ladder.kind('stage', 'pipeline')}, {ladder.unknown('stage', 'pipeline')}"
    >>> rows = "VALUES ('Won', 'default'), ('Dance', 'default'), (NULL, 'default'), ('Won', 'Renewals')"
    >>> duckdb.sql(f"SELECT {said} FROM ({rows}) AS v(stage, pipeline)").fetchall()
    [('won', False), (None, True), (None, None), ('won', True)]
    """

    rungs: tuple[Rung, ...]

    @classmethod
    def of(cls, *definitions: Iterable[StageDefinition | Rung]) -> Ladder:
        """Join lists of stages; the first definition of a stage counts."""
        found: dict[tuple[str, str], Rung] = {}
        for listed in definitions:
            for stage in listed:
                rung = Rung(stage.pipeline, stage.stage, stage.stage_order, stage.kind)
                found.setdefault((rung.pipeline, rung.stage), rung)
        return cls(tuple(found.values()))

    def __bool__(self) -> bool:
        """Tell whether any stage is known."""
        return bool(self.rungs)

    @property
    def _alike(self) -> bool:
        """Tell whether a stage of one name has one kind in every pipeline."""
        kinds: dict[str, StageKind] = {}
        return all(kinds.setdefault(rung.stage, rung.kind) is rung.kind for rung in self.rungs)

    def kind(self, stage: str, pipeline: str) -> str:
        """Give the SQL of a stage's kind; null where the ladder does not know it."""
        if not self.rungs:
            return "NULL::VARCHAR"
        alike = self._alike
        subject = stage if alike else _pair(stage, pipeline)
        branches = []
        for kind in (StageKind.WON, StageKind.LOST, StageKind.NO_DECISION, StageKind.OPEN):
            names = dict.fromkeys(
                rung.stage if alike else f"{rung.pipeline}\x1f{rung.stage}" for rung in self.rungs if rung.kind is kind
            )
            if names:
                branches.append(f"WHEN {one_of(subject, names)} THEN {literal(kind.value)}")
        return f"CASE {' '.join(branches)} END"

    def unknown(self, stage: str, pipeline: str) -> str:
        """Give the SQL condition for a stage that the ladder does not have; null for no stage at all."""
        if not self.rungs:
            return "false"
        there = {rung.pipeline for rung in self.rungs}
        if len(there) == 1:
            # A file that names no pipeline is of the only one.
            strange = f"{stage} IS NOT NULL AND NOT {one_of(pipeline, dict.fromkeys((*there, DEFAULT_PIPELINE)))}"
            return f"(NOT {one_of(stage, dict.fromkeys(rung.stage for rung in self.rungs))} OR ({strange}))"
        pairs = dict.fromkeys(f"{rung.pipeline}\x1f{rung.stage}" for rung in self.rungs)
        return f"NOT {one_of(_pair(stage, pipeline), pairs)}"

    def closing(self, pipeline: str | None, kind: StageKind) -> str | None:
        """Name the one stage of a kind in a pipeline (null: in any); null where there is none or several."""
        names = {rung.stage for rung in self.rungs if rung.kind is kind and pipeline in {None, rung.pipeline}}
        return names.pop() if len(names) == 1 else None

    def order_of(self, stage: str) -> int:
        """Give a stage's place in its funnel; behind all others where the ladder does not know it."""
        return min((rung.stage_order for rung in self.rungs if rung.stage == stage), default=1 << 30)

    def order(self, stage: str) -> str:
        """Give the SQL of a stage's place."""
        if not self.rungs:
            return "0"
        places: dict[str, int] = {}
        for rung in self.rungs:
            places.setdefault(rung.stage, rung.stage_order)
        branches = " ".join(f"WHEN {literal(name)} THEN {place}" for name, place in places.items())
        return f"CASE {stage} {branches} ELSE {1 << 30} END"


def _pair(stage: str, pipeline: str) -> str:
    return f"({pipeline} || chr(31) || {stage})"
