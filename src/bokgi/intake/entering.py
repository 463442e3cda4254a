"""Facts entered by hand: definitions, deals of a team without a CRM, corrections, links between identities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.facts.engine import parquet
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.schema import CONTACT, TABLES, Grain
from bokgi.facts.undo import CORRECTIONS
from bokgi.intake.attempt import ATTEMPTS
from bokgi.intake.judging.known import Comparison
from bokgi.intake.judging.sql_types import SQL_TYPES
from bokgi.intake.sql import identifier
from bokgi.intake.workbench import Workbench, after_commit, told_apart
from bokgi.intake.writing.corrections import CORRECTABLE, NEXT_STEP, digest
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.home import Home, calendar
from bokgi.intake.writing.yields import Yield

ENTERABLE: Final = tuple(
    name
    for name, table in TABLES.items()
    if table.grain in {Grain.STATE, Grain.DEFINITION} or name in {"stage_events", "deal_changes", "responses"}
)
"""Tables that a person may enter rows of."""


_Work = Callable[[Writing], "Entered"]


@dataclass(frozen=True)
class Entered:
    """What entering did. `import_no` is null when everything was there already."""

    import_no: int | None
    version: int
    tables: Mapping[str, int]


@dataclass(frozen=True)
class Correction:
    """One corrected field of a deal: the value the CRM shows, the value that is right, who says so and when.

    Values are canonical text (ISO date, plain decimal, person_id), of the field `next_step` its words; null is an empty
    field. Of the field `contact:<contact_id>` it is the role in the decision, empty text where none is said, null where
    the contact takes no part in the deal.
    """

    deal_id: str
    field: str
    seen: str | None
    value: str | None
    at: datetime
    by_id: str | None = None


def enter(lake: Lake, rows: Mapping[str, pa.Table], *, by: str, at: datetime, source: str = "entered") -> Entered:
    """Write rows that somebody typed as an import of kind `entered`.

    `rows`: table → rows with columns of the schema (without `import_no`; columns that are left out keep what the lake
    holds for the key, or are empty). Rows that the lake holds already are not written again. Raises `UsageError` for a
    table that cannot be entered, an unknown column, a missing value or the same key twice.
    """
    for name, table in rows.items():
        _check(name, table)
    return _retried(lake, lambda writing: _entered(lake, writing, rows, by=by, at=at, source=source))


def link_people(lake: Lake, person_id: str, same_as: str, *, by: str, at: datetime) -> Entered:
    """Say that two identities are one person: everything of `person_id` counts as `same_as`.

    Raises `NotFoundError` (`person_unknown`) for an identity that does not exist, and `UsageError`
    (`person_linked_to_self`) for a link to itself.
    """
    if person_id == same_as:
        raise UsageError(
            "person_linked_to_self", Message(N_("{person} cannot be linked to itself."), {"person": person_id})
        )
    with Workbench() as bench:
        held = Held.of(lake, None)
        for person in (person_id, same_as):
            if "people" not in held.now or not bench.rows(
                f"SELECT 1 FROM {held.now['people']} WHERE person_id = ?", [person]
            ):
                raise NotFoundError("person_unknown", Message(N_("There is no person {person}."), {"person": person}))
    return enter(lake, {"person_links": pa.table({"person_id": [person_id], "same_as": [same_as]})}, by=by, at=at)


def correct(lake: Lake, corrections: Sequence[Correction], *, by: str, at: datetime) -> Entered:
    """Write corrections of deals as one import: from now on the entered values count.

    They hold until the CRM shows another value than the one seen. Raises `NotFoundError` (`deal_unknown`,
    `contact_unknown`) for a deal or a contact that does not exist and `UsageError` for a column that cannot be
    corrected or a value of the wrong type.
    """
    for correction in corrections:
        if correction.field not in {*CORRECTABLE, NEXT_STEP} and not correction.field.startswith(CONTACT):
            raise UsageError(
                "field_not_correctable",
                Message(N_("{field} of a deal cannot be corrected."), {"field": correction.field}),
                Message(N_("These can: {fields}."), {"fields": ", ".join((*CORRECTABLE, NEXT_STEP))}),
            )
    return _retried(lake, lambda writing: _corrected(lake, writing, corrections, by=by, at=at))


def _retried(lake: Lake, work: _Work) -> Entered:
    for number in range(ATTEMPTS):
        try:
            with told_apart(), lake.begin() as writing:
                entered = work(writing)
        except ConflictError as error:
            if error.code != "ledger_moved" or number == ATTEMPTS - 1:
                raise
        else:
            with after_commit(writing.import_no, "change"):
                lake.state(entered.version)
            return entered
    raise AssertionError


def _check(name: str, table: pa.Table) -> None:
    if name not in ENTERABLE:
        raise UsageError(
            "table_not_enterable",
            Message(N_("Rows of {table} cannot be entered."), {"table": name}),
            Message(N_("These can: {tables}."), {"tables": ", ".join(ENTERABLE)}),
        )
    known = {column.name for column in TABLES[name].own_columns}
    unknown = [column for column in table.column_names if column not in known]
    missing = [column for column in TABLES[name].key if column not in table.column_names]
    if unknown or missing:
        raise UsageError(
            "column_unknown" if unknown else "column_missing",
            Message(
                N_("{table} has no column {column}.") if unknown else N_("A row of {table} needs {column}."),
                {"table": name, "column": (unknown or missing)[0]},
            ),
        )


def _entered(
    lake: Lake, writing: Writing, rows: Mapping[str, pa.Table], *, by: str, at: datetime, source: str
) -> Entered:
    with Workbench() as bench:
        held = Held.of(lake, at)
        home = Home.of(bench, held, currency=None, time_zone=None, language="ko")
        comparison = Comparison(bench, held.now)
        for name, table in rows.items():
            made = _yield(bench, name, table)
            fresh = comparison.fresh(made)
            _write(bench, writing, name, fresh.query)
        if not writing.tables:
            return Entered(None, writing.version, {})
        if home.new and "settings" not in rows:
            writing.write("settings", home.settings())
        days = calendar(bench, home, held, (at.year, at.year)) if "deals" in rows else None
        if days is not None:
            writing.write("calendar", days)
    entry = Entry(kind="entered", source=source, by=by, at=at)
    return Entered(writing.import_no, writing.commit(entry), dict(writing.tables))


def _yield(bench: Workbench, name: str, table: pa.Table) -> Yield:
    """Give entered rows as a yield; refuse a value that is missing or of another type, and a key that stands twice."""
    schema = TABLES[name]
    columns = ", ".join(
        f"{identifier(column)}::{SQL_TYPES[schema.column(column).type]} AS {identifier(column)}"
        for column in table.column_names
    )
    bench.connection.register(f"{name}_arrow", table)
    try:
        bench.run(
            f"""CREATE TEMP TABLE entered_{name} AS
                SELECT row_number() OVER () AS _row, 0 AS _part, {columns} FROM {name}_arrow"""
        )
    except (duckdb.ConversionException, duckdb.BinderException) as error:
        raise UsageError(
            "value_unreadable",
            Message(N_("A value for {table} cannot be used: {problem}."), {"table": name, "problem": str(error)}),
        ) from error
    finally:
        bench.connection.unregister(f"{name}_arrow")
    keys = ", ".join(identifier(column) for column in schema.key)
    twice = bench.rows(f"SELECT {keys} FROM entered_{name} GROUP BY ALL HAVING count(*) > 1 LIMIT 1")
    if twice:
        text = ", ".join("–" if part is None else str(part) for part in twice[0])
        raise UsageError("key_twice", Message(N_("{table}: {key} stands there twice."), {"table": name, "key": text}))
    said = {column: identifier(column) for column in table.column_names}
    otherwise = _defaults(name, said)
    return Yield(name, 0, f"FROM entered_{name}", said, otherwise)


_DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "deals": {"pipeline": "'default'", "outcome": "'open'", "known_at_creation": "','"},
    "people": {"source": "'entered'", "automatic": "false"},
    "identities": {"source": "'entered'"},
    "memberships": {"share": "1"},
    "stages": {"origin": "'given'"},
    "stage_events": {"origin": "'entered'", "seq": "1", "pipeline": "'default'"},
    "deal_changes": {"origin": "'entered'", "seq": "1"},
    "activities": {"automatic": "false"},
    "targets": {"lead_source": "'all'"},
    "standards": {"role": "'all'", "stage": "'all'"},
}


def _defaults(name: str, said: Mapping[str, str]) -> dict[str, str]:
    return {column: text for column, text in _DEFAULTS.get(name, {}).items() if column not in said}


def _write(bench: Workbench, writing: Writing, name: str, query: str) -> None:
    columns = ", ".join(identifier(column.name) for column in TABLES[name].own_columns)
    required = " OR ".join(f"{identifier(c.name)} IS NULL" for c in TABLES[name].own_columns if not c.nullable)
    empty = bench.rows(f"SELECT * FROM ({query}) WHERE {required} LIMIT 1") if required else []
    if empty:
        missing = [c.name for c, value in zip(TABLES[name].own_columns, empty[0][1:], strict=True) if value is None]
        column = next(c for c in missing if not TABLES[name].column(c).nullable)
        raise UsageError(
            "column_missing", Message(N_("A row of {table} needs {column}."), {"table": name, "column": column})
        )
    path = writing.path(name)
    bench.copy(f"SELECT {writing.import_no}::BIGINT AS import_no, {columns} FROM ({query})", path)
    writing.write(name, path)


def _corrected(lake: Lake, writing: Writing, corrections: Sequence[Correction], *, by: str, at: datetime) -> Entered:
    with Workbench() as bench:
        held = Held.of(lake, at)
        home = Home.of(bench, held, currency=None, time_zone=None, language="ko")
        zone = ZoneInfo(home.time_zone)
        _refuse_unknown(bench, held, corrections)
        bench.connection.register("corrections_arrow", _changes(_without_words(corrections), zone))
        bench.run("CREATE TEMP TABLE entered_changes AS SELECT * FROM corrections_arrow")
        bench.connection.unregister("corrections_arrow")
        _write_corrected(bench, writing, held, held.now)
        words = {one.deal_id: one.value for one in corrections if one.field == NEXT_STEP}
        if words:
            steps = pa.table({"key": list(words), "text": pa.array(words.values(), pa.string())})
            bench.connection.register("steps_arrow", steps)
            _write(bench, writing, "texts", "SELECT 0::BIGINT AS _row, 'next_step' AS kind, key, text FROM steps_arrow")
    entry = Entry(kind="entered", source=CORRECTIONS, by=by, at=at)
    return Entered(writing.import_no, writing.commit(entry), dict(writing.tables))


def correct_again(there: Lake, old: Import, writing: Writing) -> Entry:
    """Write the corrections of an import again, with deals and contacts as they are `there`; gives the entry.

    An undo does so, and a late file: what the import copied of a deal is no longer what stood there. A correction of a
    deal that is gone stays, so that it holds when a file shows the deal again.
    """
    with Workbench() as bench:
        held = Held.of(there, old.at)
        bench.run(f"CREATE TEMP TABLE entered_changes AS {_written_by(there, 'deal_changes', old)}")
        _write_corrected(bench, writing, held, held.then)
        if "texts" in old.tables:
            _write(bench, writing, "texts", f"SELECT 0::BIGINT AS _row, * FROM ({_written_by(there, 'texts', old)})")
    return Entry(kind=old.kind, source=old.source, by=old.by, at=old.at)


def _written_by(lake: Lake, name: str, old: Import) -> str:
    files = [file.path for file in lake.files(name)]
    return f"SELECT * EXCLUDE (import_no) FROM {parquet(files)} WHERE import_no = {old.import_no}"


def _write_corrected(bench: Workbench, writing: Writing, held: Held, stood: Mapping[str, str]) -> None:
    """Write the rows of `entered_changes`, and deals and pairs as they are with them; `stood`: as they were before."""
    said = {column.name: identifier(column.name) for column in TABLES["deal_changes"].own_columns}
    rows = "SELECT row_number() OVER () AS _row, 0 AS _part, * FROM entered_changes"
    comparison = Comparison(bench, held.now)
    _write(bench, writing, "deal_changes", comparison.fresh(Yield("deal_changes", 0, rows, said)).query)
    fields = [field for (field,) in bench.rows("SELECT DISTINCT field FROM entered_changes ORDER BY 1")]
    if "deals" in stood:
        _write(bench, writing, "deals", _corrected_deals(stood["deals"], fields))
    if "contacts" in stood and any(field.startswith(CONTACT) for field in fields):
        there = f"SELECT contact_id FROM {stood['contacts']}"
        _write(bench, writing, "deal_contacts", f"FROM ({_CORRECTED_PAIRS}) WHERE contact_id IN ({there})")


def _without_words(corrections: Sequence[Correction]) -> list[Correction]:
    """Give corrections whose values are no free text: of the next step whether there is one, and digests of its words.

    Words stand in `texts` alone, where an erasure finds them.
    """
    found = []
    for one in corrections:
        if one.field == NEXT_STEP:
            seen, value = (str(words is not None).lower() for words in (one.seen, one.value))
            found.append(replace(one, field="has_next_step", seen=seen, value=value))
            found.append(replace(one, seen=digest(one.seen), value=digest(one.value)))
        else:
            found.append(one)
    return found


def _refuse_unknown(bench: Workbench, held: Held, corrections: Sequence[Correction]) -> None:
    deals = {one.deal_id for one in corrections}
    contacts = {one.field.removeprefix(CONTACT) for one in corrections if one.field.startswith(CONTACT)}
    for deal_id in _missing(bench, held, "deals", "deal_id", deals):
        raise NotFoundError("deal_unknown", Message(N_("There is no deal {deal_id}."), {"deal_id": deal_id}))
    for contact in _missing(bench, held, "contacts", "contact_id", contacts):
        raise NotFoundError("contact_unknown", Message(N_("There is no contact {contact}."), {"contact": contact}))


def _missing(bench: Workbench, held: Held, table: str, key: str, wanted: set[str]) -> list[str]:
    there: set[str] = set()
    if table in held.now and wanted:
        found = bench.rows(f"SELECT {key} FROM {held.now[table]} WHERE {key} IN (SELECT unnest(?))", [sorted(wanted)])
        there = {known for (known,) in found}
    return sorted(wanted - there)


_CORRECTED_PAIRS: Final = f"""
    SELECT 0::BIGINT AS _row, deal_id, substr(field, {len(CONTACT) + 1}) AS contact_id, nullif(new, '') AS role,
        CASE WHEN new IS NULL THEN false END AS involved
    FROM entered_changes WHERE starts_with(field, '{CONTACT}')
    QUALIFY row_number() OVER (PARTITION BY deal_id, field ORDER BY seq DESC) = 1"""
"""The pairs deal × contact as they are with the corrections; the last one of a pair counts."""


def _changes(corrections: Sequence[Correction], zone: ZoneInfo) -> pa.Table:
    names = [column.name for column in TABLES["deal_changes"].own_columns]
    rows = [
        {
            "deal_id": correction.deal_id,
            "field": correction.field,
            "seq": number,
            "old": correction.seen,
            "new": correction.value,
            "changed_at": correction.at.astimezone(UTC),
            "changed_on": correction.at.astimezone(zone).date(),
            "by_id": correction.by_id,
            "origin": "entered",
        }
        for number, correction in enumerate(corrections, start=1)
    ]
    schema = pa.schema([TABLES["deal_changes"].column(name).arrow() for name in names])
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema=schema)


def _corrected_deals(stood: str, fields: Sequence[str]) -> str:
    """Give the query for the deals as they are with the corrections; the last correction of a field counts."""
    columns = []
    for column in TABLES["deals"].own_columns:
        name = identifier(column.name)
        if column.name in fields:
            kind = SQL_TYPES[column.type]
            last = f"""(SELECT arg_max({{'v': c.new}}, c.seq).v FROM entered_changes AS c
                WHERE c.deal_id = d.deal_id AND c.field = '{column.name}')"""
            entered = f"EXISTS (FROM entered_changes AS c WHERE c.deal_id = d.deal_id AND c.field = '{column.name}')"
            columns.append(f"CASE WHEN {entered} THEN {last}::{kind} ELSE d.{name} END AS {name}")
        else:
            columns.append(f"d.{name}")
    return f"""SELECT 0::BIGINT AS _row, {", ".join(columns)} FROM {stood} AS d
        WHERE d.deal_id IN (SELECT deal_id FROM entered_changes WHERE NOT starts_with(field, '{CONTACT}'))"""
