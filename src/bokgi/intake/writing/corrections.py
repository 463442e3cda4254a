"""Corrections that people entered, and what becomes of them when the CRM speaks again.

A correction is a row of `deal_changes` of origin `entered`: the value the CRM showed (`old`) and the value that is
right (`new`). It holds while the CRM goes on showing that same value. When the CRM shows another one, the CRM wins and
the correction is closed by a second row of that origin, from the import that closed it: from the entered value to the
CRM's, the same value where the CRM agreed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from typing import Final

from bokgi.facts.schema import TABLES
from bokgi.intake.judging.sql_types import SQL_TYPES, canonical
from bokgi.intake.sql import identifier, literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.yields import Yield

CORRECTABLE: Final = (
    "account_id",
    "owner_id",
    "pipeline",
    "stage",
    "type",
    "product",
    "source",
    "lead_grade",
    "amount",
    "currency",
    "expected_close_on",
    "closed_on",
    "outcome",
    "lost_reason",
    "forecast_category",
    "probability",
    "next_step_on",
)
"""Columns of deals that a person may correct."""
NEXT_STEP: Final = "next_step"
"""The words of the next step may be corrected, too; `deal_changes` holds their digests, `texts` holds them."""
_DIGITS: Final = 16


def digest(words: str | None) -> str | None:
    """Give what stands for words of a next step in `deal_changes`; null for none.

    >>> digest("견적 보내기"), digest(None)
    ('509e388b9ca54377', None)
    """
    return None if words is None else hashlib.sha256(words.encode()).hexdigest()[:_DIGITS]


def _digest(sql: str) -> str:
    return f"left(sha256({sql}), {_DIGITS})"


def prepare(bench: Workbench, held: Held) -> tuple[str, ...]:
    """Collect the corrections in force: table `corrections` (`deal_id, field, seen, entered`); gives their fields."""
    if "deal_changes" not in held.then or "deals" not in held.then:
        return ()
    numbers = ", ".join(str(number) for number in held.entered) or "NULL"
    bench.run(
        f"""CREATE TEMP TABLE corrections AS
            SELECT deal_id, field, old AS seen, new AS entered FROM (
                SELECT deal_id, field, old, new, import_no FROM {held.then["deal_changes"]} WHERE origin = 'entered'
                QUALIFY row_number() OVER (PARTITION BY deal_id, field ORDER BY import_no DESC, seq DESC) = 1
            ) WHERE import_no IN ({numbers})"""
    )
    return tuple(field for (field,) in bench.rows("SELECT DISTINCT field FROM corrections ORDER BY 1"))


def overlaid(deals: Yield, fields: tuple[str, ...]) -> Yield:
    """Let corrections in force stand where the file shows the value that was corrected."""
    said = dict(deals.said)
    joins = []
    columns = []
    for number, field in enumerate(field for field in fields if field in said):
        alias = f"k{number}"
        named = TABLES["deals"].column(field).type
        kind = SQL_TYPES[named]
        joins.append(
            f"LEFT JOIN corrections AS {alias} ON {alias}.deal_id = q.deal_id AND {alias}.field = {literal(field)}"
        )
        columns += [
            f"{alias}.deal_id IS NOT NULL AS corrected_{number}",
            f"{canonical(f'{alias}.seen', named)} AS seen_{number}",
            f"{alias}.entered::{kind} AS entered_{number}",
        ]
        stands = f"corrected_{number} AND {canonical(said[field], named)} IS NOT DISTINCT FROM seen_{number}"
        said[field] = f"CASE WHEN {stands} THEN entered_{number} ELSE ({said[field]})::{kind} END"
    if not joins:
        return deals
    return replace(
        deals, said=said, rows=f"SELECT q.*, {', '.join(columns)} FROM ({deals.rows}) AS q {' '.join(joins)}"
    )


def closing(deals: Yield, fields: tuple[str, ...], exported_on: date) -> list[Yield]:
    """Give the rows that close corrections of which the file now shows another value than the one corrected."""
    found = []
    for field in fields:
        if field not in deals.said:
            continue
        named = TABLES["deals"].column(field).type
        now = canonical(deals.said[field], named)
        rows = f"""
            SELECT q._row, 0 AS _part, q.deal_id, {literal(field)} AS field, k.entered AS old, q.now AS new,
                DATE {literal(exported_on.isoformat())} AS changed_on
            FROM (SELECT _row, deal_id, {now} AS now FROM ({deals.rows})) AS q
            JOIN corrections AS k ON k.deal_id = q.deal_id AND k.field = {literal(field)}
            WHERE q.now IS DISTINCT FROM {canonical("k.seen", named)}"""
        found.append(_closed(deals, rows))
    return found


def words_kept(words: Yield, fields: tuple[str, ...]) -> Yield:
    """Let the words of a next step that somebody entered stand where the file shows those that were corrected."""
    if NEXT_STEP not in fields:
        return words
    seen = f"""SELECT deal_id || chr(31) || coalesce(seen, '') FROM corrections WHERE field = {literal(NEXT_STEP)}"""
    shown = f"deal_id || chr(31) || coalesce({_digest(words.said['text'])}, '')"
    return replace(words, where=f"({words.where}) AND {shown} NOT IN ({seen})")


def words_closing(words: Yield, fields: tuple[str, ...], exported_on: date) -> list[Yield]:
    """Give the rows that close corrections of a next step of which the file now shows other words."""
    if NEXT_STEP not in fields:
        return []
    rows = f"""
        SELECT q._row, 0 AS _part, q.deal_id, {literal(NEXT_STEP)} AS field, k.entered AS old, q.now AS new,
            DATE {literal(exported_on.isoformat())} AS changed_on
        FROM (SELECT _row, deal_id, {_digest(words.said["text"])} AS now FROM ({words.rows})) AS q
        JOIN corrections AS k ON k.deal_id = q.deal_id AND k.field = {literal(NEXT_STEP)}
        WHERE q.now IS DISTINCT FROM k.seen"""
    return [_closed(words, rows)]


def _closed(found: Yield, rows: str) -> Yield:
    said = {name: identifier(name) for name in ("deal_id", "field", "old", "new", "changed_on")}
    return Yield("deal_changes", found.place, rows, said={**said, "seq": "1", "origin": "'entered'"})
