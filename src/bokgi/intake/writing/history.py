"""What happened to deals: entries into stages and changes of fields, as the source recorded them.

A stage history that also repeats the amount, the close date or the owner of the time gives their changes as well, and
an entry only where the stage is another one than before. A pure log of entries gives each of its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.facts.schema import TABLES
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.outcome import DEFAULT_PIPELINE
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.sql_types import canonical
from bokgi.intake.mapping.model import Entity
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import Reference
from bokgi.intake.writing.yields import Yield

TRACKED: Final = {
    "amount": ("stage_history.amount",),
    "expected_close_on": ("stage_history.expected_close",),
    "probability": ("stage_history.probability",),
    "forecast_category": ("stage_history.forecast_category",),
    "owner_id": ("stage_history.owner_id", "stage_history.owner_name", "stage_history.owner_email"),
}
"""Column of deals → fields of a stage history that repeat it."""

_EVENT: Final = ("deal_id", "seq", "pipeline", "stage", "entered_at", "entered_on", "by_id", "source_event_id")
_CHANGE: Final = ("deal_id", "field", "seq", "old", "new", "changed_at", "changed_on", "by_id", "source_event_id")


@dataclass(frozen=True)
class Pipelines:
    """Where a stage history finds the pipeline it does not say: in the deals of the import, then of the lake."""

    deals: Sequence[str]
    """Queries `deal_id, pipeline` of the deals files."""
    held: Held
    ladder: Ladder


def stage_history(
    bench: Workbench, reading: Reading, references: Sequence[Reference], pipelines: Pipelines
) -> Iterator[Yield]:
    """Give the entries into stages of a stage history, and the changes of fields that it repeats."""
    people = {reference.name: reference for reference in references if reference.reading is reading}
    tracked = [column for column, fields in TRACKED.items() if reading.says(*fields)]
    table = f"history_{reading.place}"
    _arrange(bench, reading, people, tracked, table, pipelines)
    moved = "stage IS NOT NULL" + (" AND stage IS DISTINCT FROM stage_before" if tracked else "")
    said = {name: name for name in _EVENT} | {"origin": "'recorded'"}
    event_id = "source_event_id" if reading.says("stage_history.event_id") else None
    rows = f"""SELECT *, row_number() OVER (PARTITION BY deal_id, entered_on, entered_at ORDER BY place_in_order) AS seq
        FROM {table} WHERE {moved} AND NOT held"""
    yield Yield("stage_events", reading.place, rows, said=said, event_id=event_id)
    for column in tracked:
        rows = f"""SELECT _row, 0 AS _part, deal_id, {literal(column)} AS field, entered_at AS changed_at, entered_on AS changed_on,
                by_id, source_event_id, {column}_before AS old, {column} AS new,
                row_number() OVER (PARTITION BY deal_id, entered_on, entered_at ORDER BY place_in_order) AS seq
            FROM {table} WHERE {column} IS DISTINCT FROM {column}_before AND NOT held"""
        said = {name: name for name in _CHANGE} | {"origin": "'recorded'"}
        yield Yield("deal_changes", reading.place, rows, said=said)


def _text(column: str, reading: Reading) -> str:
    """Give the canonical text of a tracked column."""
    return canonical(reading.sql(TRACKED[column][0], rows="r"), TABLES["deals"].column(column).type)


def _arrange(
    bench: Workbench,
    reading: Reading,
    people: dict[str, Reference],
    tracked: Sequence[str],
    table: str,
    pipelines: Pipelines,
) -> None:
    """Put a deal's rows in order and set beside each what held before it: table `history_<place>`."""
    by, owner = people.get("stage_history.by"), people.get("stage_history.owner")
    joins = " ".join(reference.join() for reference in (by, owner) if reference is not None)
    values = {column: _text(column, reading) for column in tracked if column != "owner_id"}
    if "owner_id" in tracked:
        values["owner_id"] = "NULL::VARCHAR" if owner is None else owner.key
    said = "".join(f", {text} AS {column}" for column, text in values.items())
    at, on = (reading.sql("stage_history.entered", part, "r") for part in ("at", "on"))
    deal = reading.sql("stage_history.deal_id", rows="r")
    pipeline_join, pipeline = _pipeline(reading, pipelines, deal)
    order = "entered_on, entered_at NULLS FIRST, _row" + (
        " DESC" if _runs_backwards(bench, reading, deal, at, on) else ""
    )
    mine = f"""SELECT r._row, 0 AS _part, false AS held, {deal} AS deal_id, {reading.sql("stage_history.stage", rows="r")} AS stage,
            {pipeline} AS pipeline, {at} AS entered_at, {on} AS entered_on, {"NULL::VARCHAR" if by is None else by.key} AS by_id,
            {reading.sql("stage_history.event_id", rows="r")} AS source_event_id {said}
        FROM {reading.kept} AS r {joins} {pipeline_join}"""
    context = _held_before(reading, tracked, pipelines.held) if tracked else None
    both = mine if context is None else f"SELECT * FROM ({mine}) UNION ALL BY NAME SELECT * FROM ({context})"
    before = "".join(
        f", last_value({column} IGNORE NULLS) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS {column}_before"
        if context is not None
        else f", lag({column}) OVER w AS {column}_before"
        for column in ("stage", *tracked)
    )
    bench.run(
        f"""CREATE TEMP TABLE {table} AS
            SELECT *, row_number() OVER w AS place_in_order {before} FROM ({both})
            WINDOW w AS (PARTITION BY deal_id ORDER BY held DESC, {order})"""
        if context is None
        else f"""CREATE TEMP TABLE {table} AS
            SELECT *, row_number() OVER w AS place_in_order {before} FROM ({both})
            WINDOW w AS (PARTITION BY deal_id ORDER BY {order.replace("entered_at NULLS FIRST", "entered_at NULLS FIRST, held DESC")})"""
    )


def _held_before(reading: Reading, tracked: Sequence[str], held: Held) -> str | None:
    """Give what the lake recorded before the file's first row of each deal, so that a partial file finds its 'before'."""
    parts = []
    first = f"""SELECT {reading.sql("stage_history.deal_id")} AS deal_id, min({reading.sql("stage_history.entered", "on")}) AS begins
        FROM {reading.kept} GROUP BY ALL"""
    nulls = "".join(f", NULL::VARCHAR AS {column}" for column in tracked)
    if "stage_events" in held.now:
        parts.append(
            f"""SELECT 0::BIGINT AS _row, true AS held, e.deal_id, e.stage, e.entered_at, e.entered_on {nulls}
                FROM {held.now["stage_events"]} AS e JOIN ({first}) AS f ON e.deal_id = f.deal_id AND e.entered_on < f.begins
                WHERE e.origin = 'recorded'"""
        )
    if "deal_changes" in held.now:
        values = "".join(f", CASE WHEN e.field = {literal(column)} THEN e.new END AS {column}" for column in tracked)
        parts.append(
            f"""SELECT 0::BIGINT AS _row, true AS held, e.deal_id, NULL::VARCHAR AS stage, e.changed_at AS entered_at,
                    e.changed_on AS entered_on {values}
                FROM {held.now["deal_changes"]} AS e JOIN ({first}) AS f ON e.deal_id = f.deal_id AND e.changed_on < f.begins
                WHERE e.origin = 'recorded'"""
        )
    return " UNION ALL BY NAME ".join(parts) if parts else None


def _runs_backwards(bench: Workbench, reading: Reading, deal: str, at: str, on: str) -> bool:
    """Tell whether the file lists a deal's newest row first; it matters where rows share day and instant."""
    rows = bench.rows(
        f"""SELECT sum(CASE WHEN later > earlier THEN 1 WHEN later < earlier THEN -1 ELSE 0 END) FROM (
                SELECT coalesce({at}, {on}::TIMESTAMPTZ) AS later,
                    lag(coalesce({at}, {on}::TIMESTAMPTZ)) OVER (PARTITION BY {deal} ORDER BY r._row) AS earlier
                FROM {reading.kept} AS r)"""
    )
    return (rows[0][0] or 0) < 0


def _pipeline(reading: Reading, pipelines: Pipelines, deal: str) -> tuple[str, str]:
    """Give the join and the SQL of an entry's pipeline: said, the deal's, the only one that has the stage, the default."""
    parts, join = [], ""
    if reading.says("stage_history.pipeline"):
        parts.append(reading.sql("stage_history.pipeline", rows="r"))
    sources = list(pipelines.deals)
    if "deals" in pipelines.held.now:
        sources.append(f"SELECT deal_id, pipeline FROM {pipelines.held.now['deals']}")
    names = {rung.pipeline for rung in pipelines.ladder.rungs}
    if sources and len(names) > 1:
        ranked = " UNION ALL ".join(f"SELECT *, {rank} AS rank FROM ({query})" for rank, query in enumerate(sources))
        join = f"LEFT JOIN (SELECT deal_id, min_by(pipeline, rank) AS pipeline FROM ({ranked}) GROUP BY deal_id) AS p ON p.deal_id = {deal}"
        parts.append("p.pipeline")
    owners: dict[str, set[str]] = {}
    for rung in pipelines.ladder.rungs:
        owners.setdefault(rung.stage, set()).add(rung.pipeline)
    only = {stage: found.copy().pop() for stage, found in owners.items() if len(found) == 1}
    if only and set(only.values()) != {DEFAULT_PIPELINE}:
        branches = " ".join(f"WHEN {literal(stage)} THEN {literal(pipeline)}" for stage, pipeline in only.items())
        parts.append(f"CASE {reading.sql('stage_history.stage', rows='r')} {branches} END")
    parts.append(literal(DEFAULT_PIPELINE))
    return join, f"coalesce({', '.join(parts)})"


def deal_history(
    bench: Workbench, reading: Reading, references: Sequence[Reference], pipelines: Pipelines
) -> Iterator[Yield]:
    """Give the changes of fields of a field history; changes of the stage are entries into stages.

    Old and new values are brought into the form of facts: plain decimals, ISO dates, keys of people.
    """
    by = next((r for r in references if r.reading is reading and r.name == "deal_history.by"), None)
    at, on = (reading.sql("deal_history.changed", part, "r") for part in ("at", "on"))
    field = reading.sql("deal_history.field", rows="r")
    table = f"changes_{reading.place}"
    old, new = (reading.sql(f"deal_history.{what}", rows="r") for what in ("old", "new"))
    deal = reading.sql("deal_history.deal_id", rows="r")
    bench.run(
        f"""CREATE TEMP TABLE {table} AS
            SELECT r._row, 0 AS _part, {deal} AS deal_id, {field} AS field, {_canonical(field, old)} AS old,
                {_canonical(field, new)} AS new, {at} AS changed_at, {on} AS changed_on,
                {"NULL::VARCHAR" if by is None else by.key} AS by_id, {reading.sql("deal_history.event_id", rows="r")} AS source_event_id
            FROM {reading.kept} AS r {"" if by is None else by.join()}"""
    )
    backwards = _runs_backwards(bench, reading, deal, at, on)
    direction = "DESC" if backwards else "ASC"
    numbered = f"""SELECT *, row_number() OVER (PARTITION BY deal_id, field, changed_on, changed_at ORDER BY _row {direction}) AS seq
        FROM {table}"""
    event_id = "source_event_id" if reading.says("deal_history.event_id") else None
    said = {name: name for name in _CHANGE} | {"origin": "'recorded'"}
    yield Yield(
        "deal_changes",
        reading.place,
        f"SELECT * FROM ({numbered}) WHERE field <> 'stage'",
        said=said,
        event_id=event_id,
    )
    pipeline = _entered_pipeline(pipelines)
    rows = f"""SELECT c._row, c._part, c.deal_id, {pipeline[1]} AS pipeline, c.new AS stage, c.changed_at AS entered_at,
            c.changed_on AS entered_on, c.by_id, c.source_event_id, c.seq
        FROM ({numbered}) AS c {pipeline[0]} WHERE c.field = 'stage' AND c.new IS NOT NULL"""
    said = {name: name for name in _EVENT} | {"origin": "'recorded'"}
    yield Yield("stage_events", reading.place, rows, said=said, event_id=event_id)


def _entered_pipeline(pipelines: Pipelines) -> tuple[str, str]:
    sources = list(pipelines.deals)
    if "deals" in pipelines.held.now:
        sources.append(f"SELECT deal_id, pipeline FROM {pipelines.held.now['deals']}")
    if not sources:
        return "", literal(DEFAULT_PIPELINE)
    ranked = " UNION ALL ".join(f"SELECT *, {rank} AS rank FROM ({query})" for rank, query in enumerate(sources))
    join = f"LEFT JOIN (SELECT deal_id, min_by(pipeline, rank) AS pipeline FROM ({ranked}) GROUP BY deal_id) AS p ON p.deal_id = c.deal_id"
    return join, f"coalesce(p.pipeline, {literal(DEFAULT_PIPELINE)})"


_DATES: Final = ("created_on", "closed_on", "expected_close_on", "assigned_on", "next_step_on")


def _canonical(field: str, text: str) -> str:
    """Bring the value of a field that differs from row to row into the form of facts, as far as it can be read."""
    dates = ", ".join(literal(name) for name in _DATES)
    number = f"try_cast(replace(replace({text}, ',', ''), '$', '') AS DECIMAL(18, 2))::VARCHAR"
    day = f"coalesce(try_cast(left({text}, 10) AS DATE), try_strptime({text}, ['%m/%d/%Y', '%Y/%m/%d', '%Y.%m.%d', '%Y. %m. %d.'])::DATE)::VARCHAR"
    person = f"(SELECT any_value(w.key) FROM refs_person AS w WHERE w.raw_id = {text} OR w.raw_name = {text} OR w.raw_email = {text})"
    return f"""CASE WHEN {field} = 'amount' THEN coalesce({number}, {text}) WHEN {field} IN ({dates}) THEN coalesce({day}, {text})
        WHEN {field} = 'owner_id' THEN coalesce({person}, {text}) ELSE {text} END"""


def is_history(reading: Reading) -> bool:
    """Tell whether a file records what happened to deals."""
    return reading.entity in {Entity.STAGE_HISTORY, Entity.DEAL_HISTORY}
