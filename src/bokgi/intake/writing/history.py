"""What happened to deals: entries into stages and changes of fields, as the source recorded them.

A stage history that also repeats the amount, the close date or the owner of the time gives their changes as well, and
an entry only where the stage is another one than before. A pure log of entries gives each of its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.facts.schema import TABLES, TRACKED_COLUMNS
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.sql_types import canonical
from bokgi.intake.judging.typed import HISTORY_COLUMNS
from bokgi.intake.mapping.ladders.evidence import DEFAULT_PIPELINE
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
        rows = f"""SELECT _row, 0 AS _part, deal_id, {literal(column)} AS field, entered_at AS changed_at,
                entered_on AS changed_on, by_id, source_event_id, {column}_before AS old, {column} AS new,
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
    direction = "DESC" if _runs_backwards(bench, reading, deal, at, on) else "ASC"
    rows = f"""SELECT r._row, 0 AS _part, false AS held, {deal} AS deal_id,
            {reading.sql("stage_history.stage", rows="r")} AS stage, {pipeline} AS pipeline,
            {at} AS entered_at, {on} AS entered_on, {"NULL::VARCHAR" if by is None else by.key} AS by_id,
            {reading.sql("stage_history.event_id", rows="r")} AS source_event_id {said}
        FROM {reading.kept} AS r {joins} {pipeline_join}"""
    for before in _held_before(reading, tracked, pipelines.held) if tracked else ():
        rows = f"SELECT * FROM ({rows}) UNION ALL BY NAME SELECT * FROM ({before})"
    previous = "".join(f", lag({column}) OVER w AS {column}_before" for column in ("stage", *tracked))
    bench.run(
        f"""CREATE TEMP TABLE {table} AS
            SELECT *, row_number() OVER w AS place_in_order {previous} FROM ({rows})
            WINDOW w AS (
                PARTITION BY deal_id ORDER BY held DESC, entered_on, entered_at NULLS FIRST, _row {direction}
            )"""
    )


def _held_before(reading: Reading, tracked: Sequence[str], held: Held) -> Iterator[str]:
    """Give what the lake knew before the file's first row of each deal, so that a partial file finds its 'before'."""
    if "stage_events" not in held.now and "deal_changes" not in held.now:
        return
    first = f"""SELECT {reading.sql("stage_history.deal_id")} AS deal_id,
            min({reading.sql("stage_history.entered", "on")}) AS begins
        FROM {reading.kept} GROUP BY ALL"""
    parts = []
    if "stage_events" in held.now:
        parts.append(
            f"""SELECT e.deal_id, 'stage' AS field, e.stage AS new, e.entered_on AS day, e.entered_at AS instant, e.seq
                FROM {held.now["stage_events"]} AS e WHERE e.origin = 'recorded'"""
        )
    if "deal_changes" in held.now:
        parts.append(
            f"""SELECT e.deal_id, e.field, e.new, e.changed_on, e.changed_at, e.seq
                FROM {held.now["deal_changes"]} AS e WHERE e.origin = 'recorded'"""
        )
    last = ", ".join(
        f"""arg_max({{'v': e.new}}, (e.day, coalesce(e.instant, '-infinity'::TIMESTAMPTZ), e.seq))
            FILTER (e.field = {literal(column)}).v AS {column}"""
        for column in ("stage", *tracked)
    )
    yield f"""SELECT 0::BIGINT AS _row, 0 AS _part, true AS held, e.deal_id, {last}
        FROM ({" UNION ALL ".join(parts)}) AS e JOIN ({first}) AS f ON e.deal_id = f.deal_id AND e.day < f.begins
        GROUP BY e.deal_id"""


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
    """Give the join and the SQL of an entry's pipeline.

    It is the one said, else the deal's, else the only one that has the stage, else the default.
    """
    parts, join = [], ""
    if reading.says("stage_history.pipeline"):
        parts.append(reading.sql("stage_history.pipeline", rows="r"))
    if len({rung.pipeline for rung in pipelines.ladder.rungs}) > 1:
        join, of_deal = _of_deal(pipelines, deal)
        parts += [of_deal] if join else []
    owners: dict[str, set[str]] = {}
    for rung in pipelines.ladder.rungs:
        owners.setdefault(rung.stage, set()).add(rung.pipeline)
    only = {stage: min(found) for stage, found in owners.items() if len(found) == 1}
    if set(only.values()) - {DEFAULT_PIPELINE}:
        branches = " ".join(f"WHEN {literal(stage)} THEN {literal(pipeline)}" for stage, pipeline in only.items())
        parts.append(f"CASE {reading.sql('stage_history.stage', rows='r')} {branches} END")
    parts.append(literal(DEFAULT_PIPELINE))
    return join, f"coalesce({', '.join(parts)})"


def _of_deal(pipelines: Pipelines, deal: str) -> tuple[str, str]:
    """Give the join and the SQL of the pipeline that a deal is in; no join where no deal says."""
    sources = list(pipelines.deals)
    if "deals" in pipelines.held.now:
        sources.append(f"SELECT deal_id, pipeline FROM {pipelines.held.now['deals']}")
    if not sources:
        return "", "NULL::VARCHAR"
    ranked = " UNION ALL ".join(f"SELECT *, {rank} AS rank FROM ({query})" for rank, query in enumerate(sources))
    grouped = f"SELECT deal_id, min_by(pipeline, rank) AS pipeline FROM ({ranked}) GROUP BY deal_id"
    return f"LEFT JOIN ({grouped}) AS p ON p.deal_id = {deal}", "p.pipeline"


def deal_history(
    bench: Workbench, reading: Reading, references: Sequence[Reference], pipelines: Pipelines
) -> Iterator[Yield]:
    """Give the changes of fields of a field history; changes of the stage are entries into stages.

    Old and new values are brought into the form of facts: plain decimals, ISO dates, keys of people. Of a next step
    only whether there is one (a new wording is a change from true to true): free text stands in `texts` alone.
    """
    yield _recorded(reading)
    table = f"changes_{reading.place}"
    bench.run(f"CREATE TEMP TABLE {table} AS {_changes(reading, references)}")
    at, on = (reading.sql("deal_history.changed", part, "r") for part in ("at", "on"))
    backwards = _runs_backwards(bench, reading, reading.sql("deal_history.deal_id", rows="r"), at, on)
    direction = "DESC" if backwards else "ASC"
    numbered = f"""SELECT *, row_number() OVER (
            PARTITION BY deal_id, field, changed_on, changed_at ORDER BY _row {direction}
        ) AS seq FROM {table}"""
    event_id = "source_event_id" if reading.says("deal_history.event_id") else None
    said = {name: name for name in _CHANGE} | {"origin": "'recorded'"}
    rows = f"SELECT * FROM ({numbered}) WHERE field <> 'stage'"
    yield Yield("deal_changes", reading.place, rows, said=said, event_id=event_id)
    join, pipeline = _of_deal(pipelines, "c.deal_id")
    rows = f"""SELECT c._row, c._part, c.deal_id, coalesce({pipeline}, {literal(DEFAULT_PIPELINE)}) AS pipeline,
            c.new AS stage, c.changed_at AS entered_at, c.changed_on AS entered_on, c.by_id, c.source_event_id, c.seq
        FROM ({numbered}) AS c {join} WHERE c.field = 'stage' AND c.new IS NOT NULL"""
    said = {name: name for name in _EVENT} | {"origin": "'recorded'"}
    yield Yield("stage_events", reading.place, rows, said=said, event_id=event_id)


def _recorded(reading: Reading) -> Yield:
    """Say of which columns the file holds every change, and of which it does not."""
    complete = f"field IN ({', '.join(literal(column) for column in ('', *reading.mapping.fully_recorded))})"
    rows = f"""SELECT min(r._row) AS _row, {reading.sql("deal_history.field", rows="r")} AS field
        FROM {reading.kept} AS r GROUP BY ALL
        HAVING field IN ({", ".join(literal(column) for column in TRACKED_COLUMNS)})"""
    said = {"source": literal(reading.mapping.source), "field": "field", "complete": complete}
    return Yield("recorded_fields", reading.place, rows, said=said)


def _changes(reading: Reading, references: Sequence[Reference]) -> str:
    """Give the rows of a field history with their values in the form of facts.

    A value that cannot be read stays as it is written; an owner is always a key, never a name.
    """
    mine = {reference.name: reference for reference in references if reference.reading is reading}
    by, old, new = (mine.get(f"deal_history.{name}") for name in ("by", "old_owner", "new_owner"))
    joins = " ".join(reference.join() for reference in (by, old, new) if reference is not None)
    field = reading.sql("deal_history.field", rows="r")
    before = _canonical(reading, field, "old", old)
    after = _canonical(reading, field, "new", new)
    return f"""SELECT r._row, 0 AS _part, {reading.sql("deal_history.deal_id", rows="r")} AS deal_id, {field} AS field,
            {before} AS old, {after} AS new, {reading.sql("deal_history.changed", "at", "r")} AS changed_at,
            {reading.sql("deal_history.changed", "on", "r")} AS changed_on,
            {"NULL::VARCHAR" if by is None else by.key} AS by_id,
            {reading.sql("deal_history.event_id", rows="r")} AS source_event_id
        FROM {reading.kept} AS r {joins}"""


def _canonical(reading: Reading, field: str, which: str, owner: Reference | None) -> str:
    """Give the SQL of a value, whose kind depends on the field that changed, in the form of facts."""
    text = reading.sql(f"deal_history.{which}", rows="r")
    key = "NULL::VARCHAR" if owner is None else owner.key
    written = f"CASE WHEN {text} IS NULL THEN 'false' ELSE 'true' END"
    branches = [f"WHEN 'owner_id' THEN {key}", f"WHEN 'has_next_step' THEN {written}"]
    if reading.says(f"deal_history.{which}"):
        for column in HISTORY_COLUMNS:
            value = canonical(f'r."deal_history.{which}.{column}"', TABLES["deals"].column(column).type)
            branches.append(f"WHEN {literal(column)} THEN coalesce({value}, {text})")
    return f"CASE {field} {' '.join(branches)} ELSE {text} END"
