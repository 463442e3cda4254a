"""Deals of an event log that comes without a deals file: each case is a deal, described by its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.ladders.evidence import DEFAULT_PIPELINE
from bokgi.intake.sql import identifier, literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing import accounts
from bokgi.intake.writing.references import Reference
from bokgi.intake.writing.yields import Yield, attributes_of

_PLAIN: Final = ("type", "product", "source", "lead_id", "lead_grade", "lost_reason", "amount", "amount_kind", "vat")


def yields(bench: Workbench, reading: Reading, references: Sequence[Reference], ladder: Ladder) -> Iterator[Yield]:
    """Give the deals that a log's cases are.

    A deal was created with its first entry (unless a column says when), stands in the stage of its last one, and is
    closed when that stage closes. Other columns take the last text that is filled in. The deal is the matter of its
    last row, so that a longer log brings only its new rows.
    """
    owner = next((r for r in references if r.reading is reading and r.name == "deals.owner"), None)
    join, account = accounts.key(reading, "deals.account")
    at, on = (reading.sql("stage_history.entered", part, "r") for part in ("at", "on"))
    attributes = attributes_of(reading)
    columns = _described(reading)
    if owner is not None:
        columns["owner_id"] = owner.key
    if reading.says("deals.account_id", "deals.account_name"):
        columns["account_id"] = account
    texts = {f"attribute_{number}": f"r.{text}" for number, text in enumerate(attributes["attributes"].values())}
    picked = "".join(
        f", max_by({text}, moment) FILTER ({text} IS NOT NULL) AS {identifier(name)}"
        for name, text in {**columns, **texts}.items()
    )
    stage = reading.sql("stage_history.stage", rows="r")
    pipeline = reading.sql("stage_history.pipeline", rows="r")
    table = f"cases_{reading.place}"
    bench.run(
        f"""CREATE TEMP TABLE {table} AS
            SELECT {reading.sql("stage_history.deal_id", rows="r")} AS deal_id, max_by(r._row, moment) AS _row,
                max_by({stage}, moment) AS last_stage, min_by({at}, moment) AS first_at, min({on}) AS first_on,
                max_by({at}, moment) AS last_at, max({on}) AS last_on,
                coalesce(max_by({pipeline}, moment), {literal(DEFAULT_PIPELINE)}) AS pipeline {picked}
            FROM (SELECT *, ({on}, coalesce({at}, {on}::TIMESTAMPTZ), _row) AS moment FROM {reading.kept} AS r) AS r
            {"" if owner is None else owner.join()} {join} GROUP BY 1"""
    )
    kind = ladder.kind("last_stage", "pipeline")
    outcome = f"coalesce({'outcome, ' if 'outcome' in columns else ''}{kind}, 'open')"
    said = {"deal_id": "deal_id", "stage": "last_stage", "pipeline": "pipeline", "outcome": "ended"}
    said |= {name: identifier(name) for name in columns if name not in {"outcome", "deal_name"}}
    for part in ("at", "on"):
        said[f"created_{part}"] = _moment(f"created_{part}", f"first_{part}", "created_on", columns)
        closed = _moment(f"closed_{part}", f"last_{part}", "closed_on", columns)
        said[f"closed_{part}"] = f"CASE WHEN ended <> 'open' THEN {closed} END"
    if "amount" in columns:
        said["currency"] = (
            f"CASE WHEN amount IS NOT NULL THEN {literal(reading.mapping.currency or reading.currency)} END"
        )
    known = literal("," + "".join(f"{name}," for name in reading.mapping.known_at_creation))
    yield Yield(
        "deals",
        reading.place,
        f"SELECT *, {outcome} AS ended FROM {table}",
        said=said,
        otherwise={"known_at_creation": known},
        attributes={header: f"attribute_{number}" for number, header in enumerate(attributes["attributes"])},
        blank_headers=attributes["blank_headers"],
    )
    if "deal_name" in columns:
        said = {"kind": "'deal_name'", "key": "deal_id", "text": "deal_name"}
        yield Yield("texts", reading.place, f"FROM {table}", said)


def _described(reading: Reading) -> dict[str, str]:
    """Give the columns of a deal that the log's rows say."""
    columns = {name: reading.sql(f"deals.{name}", rows="r") for name in _PLAIN if reading.says(f"deals.{name}")}
    if reading.says("deals.outcome"):
        columns["outcome"] = reading.sql("deals.outcome", rows="r")
    if reading.says("deals.expected_close"):
        columns["expected_close_on"] = reading.sql("deals.expected_close", rows="r")
    if reading.says("deals.name"):
        columns["deal_name"] = reading.sql("deals.name", rows="r")
    for name in ("created", "closed"):
        if reading.says(f"deals.{name}"):
            columns |= {f"{name}_{part}": reading.sql(f"deals.{name}", part, "r") for part in ("at", "on")}
    return columns


def _moment(name: str, otherwise: str, day: str, columns: dict[str, str]) -> str:
    """Take a moment from its own column where that says a day, else from the log."""
    return f"CASE WHEN {day} IS NOT NULL THEN {name} ELSE {otherwise} END" if name in columns else otherwise
