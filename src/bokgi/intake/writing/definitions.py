"""Definitions that files bring: stages, targets, standards of action, exchange rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from bokgi.facts.schema import TABLES
from bokgi.intake.judging.periods import PERIOD_PARTS
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import Entity, StageDefinition
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import Reference, compared
from bokgi.intake.writing.yields import Yield

SETUP = -1
"""Place of rows that no file's row stands for."""


def stages(bench: Workbench, readings: Sequence[Reading], held: Held) -> Yield | None:
    """Give the stages of the mappings' ladders. A stage that the lake knows keeps what somebody set for it."""
    found: dict[tuple[str, str], StageDefinition] = {}
    for reading in readings:
        for stage in reading.mapping.stages:
            there = found.get((stage.pipeline, stage.stage))
            if there is None or (there.origin == "inferred" and stage.origin != "inferred"):
                found[stage.pipeline, stage.stage] = stage
    if not found:
        return None
    inferred = _known_stages(bench, held)
    chosen = [stage for key, stage in found.items() if stage.origin != "inferred" or key not in inferred]
    rows = [
        {
            "_row": number,
            "pipeline": stage.pipeline,
            "stage": stage.stage,
            "label": stage.label,
            "stage_order": stage.stage_order,
            "kind": stage.kind.value,
            "probability": stage.probability,
            "exit_criterion": stage.exit_criterion,
            "journey_stage": stage.journey_stage,
            "expected_days": stage.expected_days,
            "origin": stage.origin,
            "valid_from": None,
            "valid_to": None,
        }
        for number, stage in enumerate(chosen)
    ]
    schema = TABLES["stages"].arrow()
    table = pa.Table.from_pylist(
        rows,
        schema=pa.schema([pa.field("_row", pa.int64()), *schema][:1] + [f for f in schema if f.name != "import_no"]),
    )
    bench.connection.register("stages_arrow", table)
    bench.run("CREATE TEMP TABLE stages_said AS FROM stages_arrow")
    bench.connection.unregister("stages_arrow")
    names = [field.name for field in schema if field.name != "import_no"]
    set_by_hand = frozenset({"probability", "exit_criterion", "journey_stage", "expected_days", "valid_to"})
    return Yield("stages", SETUP, "FROM stages_said", {name: name for name in names}, sticky=set_by_hand)


def _known_stages(bench: Workbench, held: Held) -> set[tuple[str, str]]:
    """Give the stages that the lake has; what a mapping only infers does not change them."""
    if "stages" not in held.now:
        return set()
    return set(bench.rows(f"SELECT DISTINCT pipeline, stage FROM {held.now['stages']}"))


def told_stages(reading: Reading) -> str:
    """Give the query for rows of a file of stages or pipelines whose stage is among those said: `_row, stage_row`."""
    if reading.entity is Entity.PIPELINES:
        names = [reading.sql(field) for field in ("pipelines.pipeline", "pipelines.label")]
        same = f"s.pipeline IN ({', '.join(f'k.{name}' if not name.startswith('NULL') else name for name in names)})"
    else:
        names = [reading.sql(field) for field in ("stages.stage", "stages.label")]
        same = f"s.stage IN ({', '.join(f'k.{name}' if not name.startswith('NULL') else name for name in names)})"
    return f"SELECT k._row, s._row AS stage_row FROM {reading.kept} AS k JOIN stages_said AS s ON {same}"


def yields(readings: Sequence[Reading], references: Sequence[Reference]) -> Iterator[Yield]:
    """Give targets, standards and rates."""
    for reading in readings:
        if reading.entity is Entity.TARGETS:
            yield _targets(reading, references)
        elif reading.entity is Entity.STANDARDS:
            yield _standards(reading)
        elif reading.entity is Entity.RATES:
            said = {
                "currency": reading.sql("rates.currency"),
                "month": reading.sql("rates.month", "start"),
                "rate": reading.sql("rates.rate"),
            }
            yield Yield("rates", reading.place, f"FROM {reading.kept}", said, repeating=True)


def _targets(reading: Reading, references: Sequence[Reference]) -> Yield:
    """Give targets: of a person where one is named, else of a team, else of the organisation."""
    person = next((r for r in references if r.reading is reading and r.name == "targets.person"), None)
    subject = reading.sql("targets.subject", rows="r")
    named = "NULL::VARCHAR" if person is None else person.key
    if reading.says("targets.subject"):
        named = f"coalesce({named}, (SELECT n.key FROM named AS n WHERE n.name = {compared(subject)}))"
    team = f"coalesce({reading.sql('targets.team', rows='r')}, {subject})"
    rows = f"""SELECT r.*, {named} AS person_id, {team} AS team FROM {_each_target(reading)} AS r
        {"" if person is None else person.join()}"""
    kind = "CASE WHEN person_id IS NOT NULL THEN 'person' WHEN team IS NOT NULL THEN 'team' ELSE 'organisation' END"
    if reading.says("targets.subject_kind"):
        said_kind = reading.sql("targets.subject_kind")
        kind = f"CASE WHEN {said_kind} IN ('organisation', 'team', 'person') THEN {said_kind} ELSE {kind} END"
    amount = reading.sql("targets.amount")
    sign = reading.sql("targets.amount", "currency") if reading.says("targets.amount") else "NULL::VARCHAR"
    if reading.mapping.target_columns:
        start, end, amount, sign = (f'"target{part}"' for part in (".start", ".end", "", ".currency"))
    elif reading.says("targets.period"):
        start, end = (reading.sql("targets.period", part) for part in ("start", "end"))
    elif not reading.says("targets.period_start"):
        start, end = (f"coalesce({', '.join(reading.sql(n, part) for n in PERIOD_PARTS)})" for part in ("start", "end"))
    else:
        start = reading.sql("targets.period_start")
        last = reading.sql("targets.last_day")
        end = f"coalesce({reading.sql('targets.period_end')}, {last} + 1, {start} + INTERVAL 1 MONTH)::DATE"
    metric = (
        f"coalesce({reading.sql('targets.metric')}, 'won_amount')" if reading.says("targets.metric") else "'won_amount'"
    )
    currency = f"coalesce({sign}, {literal(reading.mapping.currency or reading.currency)})"
    if reading.says("targets.currency"):
        currency = f"coalesce({reading.sql('targets.currency')}, {currency})"
    source = reading.sql("targets.lead_source")
    said = {
        "subject_kind": kind,
        "subject_id": "coalesce(person_id, team, 'all')",
        "metric": metric,
        "period_start": start,
        "period_end": end,
        "lead_source": f"coalesce({source}, 'all')" if reading.says("targets.lead_source") else "'all'",
        "amount": amount,
        "currency": f"CASE WHEN {metric} LIKE '%amount%' THEN {currency} END",
    }
    return Yield("targets", reading.place, rows, said, repeating=True)


def _each_target(reading: Reading) -> str:
    """Name the relation of targets: the kept rows, or each with each of its periods that has a target."""
    if not reading.mapping.target_columns:
        return reading.kept
    parts = [
        f"""SELECT *, "target.{n}" AS "target", "target.{n}.currency" AS "target.currency",
                "target.{n}.start" AS "target.start", "target.{n}.end" AS "target.end"
            FROM {reading.kept} WHERE "target.{n}" IS NOT NULL"""
        for n in range(len(reading.mapping.target_columns))
    ]
    return f"({' UNION ALL '.join(parts)})"


def _standards(reading: Reading) -> Yield:
    said = {"metric": reading.sql("standards.metric"), "amount": reading.sql("standards.amount")}
    for name, default in (("role", "all"), ("stage", "all"), ("per", "week")):
        text = reading.sql(f"standards.{name}")
        said[name] = f"coalesce({text}, {literal(default)})" if reading.says(f"standards.{name}") else literal(default)
    said["valid_from"] = reading.sql("standards.valid_from")
    if reading.says("standards.valid_to"):
        # A file that does not say how long does not open again what ended on screen.
        said["valid_to"] = reading.sql("standards.valid_to")
    return Yield("standards", reading.place, f"FROM {reading.kept}", said, repeating=True)
