"""Corrections that people entered, and what becomes of them when the CRM speaks again.

A correction is a row of `deal_changes` of origin `entered`: the value the CRM showed (`old`) and the value that is
right (`new`). It holds while the CRM goes on showing that same value. When the CRM shows another one, the CRM wins and
the correction is closed by a second row of that origin, from the import that closed it: from the entered value to the
CRM's, the same value where the CRM agreed.

Who takes part in a deal is corrected in the same way, under the field `contact:<contact_id>`: the value is the role in
the decision, empty text where none is said, null where the contact takes no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from bokgi.facts.schema import CONTACT, TABLES
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
ENTERED_CONTACT: Final = "entered-"
"""How keys of contacts begin that somebody entered on screen."""
TAKES_PART: Final = {"involved": "NULL::BOOLEAN"}
"""What a pair deal × contact of a file says beside its keys, also of somebody who had left the deal before."""
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
    """Collect the corrections in force: table `corrections` (`deal_id, field, seen, entered`); gives their fields.

    For a late file those that were in force at the moment of its export: nothing entered later is dated back.
    """
    if not held.entered or "deal_changes" not in held.then or "deals" not in held.then:
        return ()
    numbers = ", ".join(str(number) for number in held.entered)
    places = ", ".join(f"({number}, {place})" for number, place in held.places.items())
    bench.run(
        f"""CREATE TEMP TABLE corrections AS
            SELECT deal_id, field, old AS seen, new AS entered FROM (
                SELECT deal_id, field, old, new, import_no FROM {held.then["deal_changes"]}
                JOIN (VALUES {places}) AS spoken(number, place) ON spoken.number = import_no
                WHERE origin = 'entered'
                QUALIFY row_number() OVER (PARTITION BY deal_id, field ORDER BY place DESC, seq DESC) = 1
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
                {_day(exported_on)} AS changed_on
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
            {_day(exported_on)} AS changed_on
        FROM (SELECT _row, deal_id, {_digest(words.said["text"])} AS now FROM ({words.rows})) AS q
        JOIN corrections AS k ON k.deal_id = q.deal_id AND k.field = {literal(NEXT_STEP)}
        WHERE q.now IS DISTINCT FROM k.seen"""
    return [_closed(words, rows)]


def of_contacts(fields: tuple[str, ...]) -> bool:
    """Tell whether any correction in force is about who takes part in a deal."""
    return any(field.startswith(CONTACT) for field in fields)


def pairs_kept(pairs: Yield, exported_on: date) -> list[Yield]:
    """Let what was entered of a contact's part stand where the file shows what was corrected; close it elsewhere.

    A file without roles says that somebody takes part, and nothing of the role. An empty role says nothing against the
    role that was entered of somebody whom the CRM did not show before.
    """
    role = pairs.said.get("role")
    unchanged = "k_seen IS NOT NULL OR k_entered IS NOT NULL"
    if role is not None:
        unchanged = "k_role = k_seen OR (k_seen IS NULL AND k_role = '' AND k_entered IS NOT NULL)"
    agreed = "coalesce(k_seen IS NULL AND k_entered = '', false)"
    rows = f"""
        SELECT *, k_there AND NOT {agreed} AND coalesce({unchanged}, false) AS k_stands FROM (
            SELECT q.*, k.deal_id IS NOT NULL AS k_there, k.seen AS k_seen, k.entered AS k_entered,
                coalesce({role or "NULL"}, '') AS k_role
            FROM ({pairs.rows}) AS q LEFT JOIN corrections AS k ON k.deal_id = ({pairs.said["deal_id"]})
                AND k.field = {literal(CONTACT)} || ({pairs.said["contact_id"]}))"""
    said = {**pairs.said, "involved": "CASE WHEN k_stands AND k_entered IS NULL THEN false END"}
    if role is not None:
        said["role"] = f"CASE WHEN k_stands THEN nullif(k_entered, '') ELSE {role} END"
    closed = f"""
        SELECT _row, 0 AS _part, ({pairs.said["deal_id"]}) AS deal_id,
            {literal(CONTACT)} || ({pairs.said["contact_id"]}) AS field, k_entered AS old,
            CASE WHEN {agreed} THEN '' ELSE k_role END AS new, {_day(exported_on)} AS changed_on
        FROM ({rows}) WHERE k_there AND NOT k_stands AND ({pairs.where})
        QUALIFY row_number() OVER (PARTITION BY 3, 4 ORDER BY _row) = 1"""
    return [replace(pairs, rows=rows, said=said), _closed(pairs, closed)]


def pairs_left_out(pairs: Yield, exported_on: date) -> Yield:
    """Give the rows that close corrections by which somebody takes no part, where the file lists a deal's others only.

    For files that list all who take part; a deals file that names one contact says nothing about the others.
    """
    deal, contact = f"({pairs.said['deal_id']})", f"({pairs.said['contact_id']})"
    rows = f"""
        SELECT min(q._row) AS _row, 0 AS _part, k.deal_id, k.field, NULL AS old, NULL AS new,
            {_day(exported_on)} AS changed_on
        FROM (SELECT _row, {deal} AS deal_id, {contact} AS contact_id FROM ({pairs.rows}) WHERE {pairs.where}) AS q
        JOIN corrections AS k ON k.deal_id = q.deal_id AND starts_with(k.field, {literal(CONTACT)})
        WHERE k.entered IS NULL AND k.seen IS NOT NULL
        GROUP BY k.deal_id, k.field HAVING count(*) FILTER ({literal(CONTACT)} || q.contact_id = k.field) = 0"""
    return _closed(pairs, rows)


def entered_contacts_met(bench: Workbench, found: Sequence[Yield], held: Held, exported_on: date) -> list[Yield]:
    """Let contacts that somebody entered give way to those of the same name whom the CRM now shows at the deal.

    The pair may come with this import or the name, the other with an earlier one. The correction is closed by the role
    that the CRM shows; the entered contact takes part no longer.
    """
    pairs, names = [], []
    for one in found:
        if one.table == "deal_contacts":
            pair = f"{one.said['deal_id']}, {one.said['contact_id']}, {one.said.get('role', 'NULL')}"
            pairs.append(f"SELECT {one.place}, _row, {pair} FROM ({one.rows}) WHERE {one.where}")
        elif one.table == "identities" and one.said.get("kind") == "'contact'" and "name" in one.said:
            name = f"{one.said['key']}, {one.said['name']}"
            names.append(f"SELECT {one.place}, _row, {name} FROM ({one.rows}) WHERE {one.where}")
    if not (pairs or names) or "identities" not in held.now:
        return []
    if "deal_contacts" in held.now:
        pairs.append(f"SELECT NULL, NULL, deal_id, contact_id, role FROM {held.now['deal_contacts']}")
    names.append(f"SELECT NULL, NULL, key, name FROM {held.now['identities']} WHERE kind = 'contact'")
    bench.run(
        f"""CREATE TEMP TABLE contacts_met AS
            WITH pairs(place, _row, deal_id, contact_id, role) AS ({" UNION ALL ".join(pairs)}),
                names(place, _row, contact_id, name) AS ({" UNION ALL ".join(names)}),
                entered AS (
                    SELECT k.deal_id, k.field, k.entered, n.name FROM corrections AS k
                    JOIN names AS n ON n.place IS NULL AND k.field = {literal(CONTACT)} || n.contact_id
                    WHERE starts_with(n.contact_id, {literal(ENTERED_CONTACT)}) AND k.entered IS NOT NULL)
            SELECT coalesce(p.place, n.place) AS place, coalesce(p._row, n._row) AS _row, e.deal_id, e.field, e.entered,
                CASE WHEN e.entered = '' THEN '' ELSE coalesce(p.role, '') END AS shown
            FROM entered AS e JOIN pairs AS p ON p.deal_id = e.deal_id
            JOIN names AS n ON n.contact_id = p.contact_id AND {_folded("n.name")} = {_folded("e.name")}
            WHERE NOT starts_with(p.contact_id, {literal(ENTERED_CONTACT)})
                AND (p.place IS NOT NULL OR n.place IS NOT NULL)
            QUALIFY row_number() OVER (PARTITION BY e.deal_id, e.field
                ORDER BY p.place NULLS LAST, p._row, n.place NULLS LAST, n._row) = 1"""
    )
    given = []
    for (place,) in bench.rows("SELECT DISTINCT place FROM contacts_met ORDER BY 1"):
        here = f"FROM contacts_met WHERE place = {place}"
        out = Yield(
            "deal_contacts",
            place,
            here,
            said={
                "deal_id": "deal_id",
                "contact_id": f"substr(field, {len(CONTACT) + 1})",
                "involved": "false",
            },
        )
        closed = f"""SELECT _row, 0 AS _part, deal_id, field, entered AS old, shown AS new,
            {_day(exported_on)} AS changed_on {here}"""
        given += [out, _closed(out, closed)]
    return given


def _folded(name: str) -> str:
    # As `domain.names.folded`.
    return f"lower(regexp_replace(nfc_normalize({name}), '\\s+', '', 'g'))"


def _day(on: date) -> str:
    return f"DATE {literal(on.isoformat())}"


def _closed(found: Yield, rows: str) -> Yield:
    said = {name: identifier(name) for name in ("deal_id", "field", "old", "new", "changed_on")}
    return Yield("deal_changes", found.place, rows, said={**said, "seq": "1", "origin": "'entered'"})
