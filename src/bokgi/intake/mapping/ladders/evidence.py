"""What the data say about stages: counts, flags, probabilities and the order of entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.ladders.order import in_order
from bokgi.intake.mapping.model import FileMapping
from bokgi.intake.sql import literal

DEFAULT_PIPELINE: Final = "default"
MOST_STAGES: Final = 300
"""With more different texts than this a column holds no stages."""
_MOST_EVENTS: Final = 1_000_000
_TRUE: Final = ("true", "1", "yes", "y", "t", "1.0", "예", "o", "완료")


@dataclass(frozen=True)
class StageEvidence:
    """One stage of one pipeline: rows, the share that is won and closed (null: no such flag), probability, place.

    `probability` is 0 to 1, null where the rows of the stage differ. `place` is its place in the order that
    fits best in which deals came to the stages of a pipeline; equal where no deal came to two of them.
    """

    pipeline: str
    stage: str
    rows: int
    won: float | None = None
    closed: float | None = None
    probability: float | None = None
    place: float | None = None


def text_of(staged: StagedFile, mapping: FileMapping, field: str) -> str | None:
    """Give the SQL of the text that feeds a field, without blanks and null values; null where nothing feeds it.

    The words of lines of totals in that column ("Subtotal") are no value either.
    """
    column = mapping.of(field)
    if column is None:
        return None
    text = f"trim({staged.column(column.column).sql})"
    totals = mapping.total_rows.get(column.column, ())
    nulls = ", ".join(literal(value) for value in ("", *mapping.null_values, *totals))
    return f"CASE WHEN {text} IN ({nulls}) THEN NULL ELSE {text} END"


def of_deals(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping
) -> tuple[StageEvidence, ...]:
    """Count the stages of a deals file with their flags and probabilities; none where the file has no stages."""
    stage = text_of(staged, mapping, "deals.stage")
    if stage is None:
        return ()
    pipeline = text_of(staged, mapping, "deals.pipeline") or "NULL"
    won = _flag(text_of(staged, mapping, "deals.is_won"))
    closed = _flag(text_of(staged, mapping, "deals.is_closed"))
    probability = _share(text_of(staged, mapping, "deals.probability"))
    rows = connection.execute(
        f"""SELECT coalesce({pipeline}, ?), {stage} AS stage, count(*), avg({won}), avg({closed}),
                   CASE WHEN min({probability}) = max({probability}) AND count({probability}) = count(*)
                        THEN min({probability}) END
            FROM {staged.relation} GROUP BY ALL HAVING stage IS NOT NULL ORDER BY ALL LIMIT {MOST_STAGES + 1}""",
        [DEFAULT_PIPELINE],
    ).fetchall()
    return tuple(
        StageEvidence(name, label, n, share_won, share_closed, None if chance is None else _fraction(chance, rows))
        for name, label, n, share_won, share_closed, chance in rows
    )


def of_history(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, moment: str | None
) -> tuple[StageEvidence, ...]:
    """Count the stages of a stage history, and find the order in which deals came to them (`order.in_order`).

    `moment` is the SQL of the moment of entry, null where it cannot be sorted; then no place is given.
    """
    stage, deal = (text_of(staged, mapping, f"stage_history.{what}") for what in ("stage", "deal_id"))
    if stage is None or deal is None:
        return ()
    pipeline = text_of(staged, mapping, "stage_history.pipeline") or "NULL"
    at = moment or "NULL::VARCHAR"
    firsts = f"""WITH entries AS (
                SELECT coalesce({pipeline}, ?) AS pipeline, {stage} AS stage, {deal} AS deal, {at} AS entered, _row
                FROM (SELECT * FROM {staged.relation} LIMIT {_MOST_EVENTS})
            ), firsts AS (
                SELECT pipeline, stage, deal, count(*) AS n, min(entered) AS entered, min(_row) AS seen
                FROM entries WHERE stage IS NOT NULL GROUP BY ALL
            ), ranked AS (
                SELECT *, rank() OVER (PARTITION BY deal ORDER BY entered, seen) AS place FROM firsts
            )"""
    rows = connection.execute(
        f"""{firsts}
            SELECT pipeline, stage, sum(n)::BIGINT, CASE WHEN count(entered) > 0 THEN avg(place) END
            FROM ranked GROUP BY ALL ORDER BY ALL LIMIT {MOST_STAGES + 1}""",
        [DEFAULT_PIPELINE],
    ).fetchall()
    if moment is None or len(rows) > MOST_STAGES:
        return tuple(StageEvidence(name, label, n) for name, label, n, __ in rows)
    ahead: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for name, earlier, later, n in connection.execute(
        f"""{firsts}
            SELECT a.pipeline, a.stage, b.stage, count(*) FROM ranked AS a JOIN ranked AS b
            ON a.pipeline = b.pipeline AND a.deal = b.deal AND a.place < b.place GROUP BY ALL""",
        [DEFAULT_PIPELINE],
    ).fetchall():
        ahead[name][earlier, later] = n
    places = {name: _places([row for row in rows if row[0] == name], ahead[name]) for name in {row[0] for row in rows}}
    return tuple(StageEvidence(name, label, n, place=places[name].get(label)) for name, label, n, __ in rows)


def _places(
    rows: Sequence[tuple[str, str, int, float | None]], ahead: Mapping[tuple[str, str], int]
) -> dict[str, float]:
    """Place each stage entered at a known moment; stages that no deal tells apart by their mean rank."""
    ranks = {label: rank for _name, label, _n, rank in rows if rank is not None}
    if not ahead:
        return dict.fromkeys(ranks, 1.0)
    ordered = in_order(sorted(ranks, key=lambda label: (ranks[label], label)), ahead)
    return {label: float(place) for place, label in enumerate(ordered, start=1)}


def joined(deals: Sequence[StageEvidence], history: Sequence[StageEvidence]) -> tuple[StageEvidence, ...]:
    """Put what deals and history say of one stage together.

    A history without pipelines speaks of every pipeline in which the deals know the stage.
    """
    places = {(part.pipeline, part.stage): part for part in history}
    pipelines = {part.stage: part.pipeline for part in deals}
    found = {(part.pipeline, part.stage): part for part in deals}
    for (pipeline, stage), part in places.items():
        if pipeline == DEFAULT_PIPELINE and stage in pipelines:
            continue
        found.setdefault((pipeline, stage), part)
    return tuple(
        StageEvidence(
            part.pipeline,
            part.stage,
            part.rows,
            part.won,
            part.closed,
            part.probability,
            seen.place if (seen := _seen(places, part)) else None,
        )
        for part in found.values()
    )


def _seen(places: dict[tuple[str, str], StageEvidence], part: StageEvidence) -> StageEvidence | None:
    return places.get((part.pipeline, part.stage)) or places.get((DEFAULT_PIPELINE, part.stage))


def _flag(text: str | None) -> str:
    if text is None:
        return "NULL::DOUBLE"
    return f"CASE WHEN {text} IS NULL THEN NULL WHEN lower({text}) IN ({_listed(_TRUE)}) THEN 1.0 ELSE 0.0 END"


def _share(text: str | None) -> str:
    return "NULL::DOUBLE" if text is None else f"TRY_CAST(rtrim({text}, '% ') AS DOUBLE)"


def _fraction(chance: float, rows: Sequence[Sequence[object]]) -> float:
    """Read 40 as 0.4 where any stage of the file has more than 1."""
    most = max((float(str(row[-1])) for row in rows if row[-1] is not None), default=0.0)
    return chance / 100 if most > 1 else chance


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(literal(text) for text in texts)
