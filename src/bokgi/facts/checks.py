"""Integrity of the lake: what `bokgi doctor` looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.facts import delta
from bokgi.facts.compaction import dead
from bokgi.facts.engine import connect, parquet, quoted
from bokgi.facts.lake import Lake
from bokgi.facts.schema import FACT_TABLES, SCHEMA_VERSION, TABLES, UNREAD, Grain

EXAMPLES: Final = 3


@dataclass(frozen=True)
class Link:
    """A column of one table that names a row of another."""

    table: str
    column: str
    to: str
    key: str
    where: str = "true"


LINKS: Final = (
    Link("deals", "account_id", "accounts", "account_id"),
    Link("deals", "owner_id", "people", "person_id"),
    Link("deals", "lead_id", "leads", "lead_id"),
    Link("stage_events", "deal_id", "deals", "deal_id"),
    Link("stage_events", "by_id", "people", "person_id"),
    Link("deal_changes", "deal_id", "deals", "deal_id"),
    Link("deal_contacts", "deal_id", "deals", "deal_id"),
    Link("deal_contacts", "contact_id", "contacts", "contact_id"),
    Link("deal_people", "deal_id", "deals", "deal_id"),
    Link("deal_people", "person_id", "people", "person_id"),
    Link("sightings", "deal_id", "deals", "deal_id", f"as_in <> {UNREAD}"),
    Link("leads", "owner_id", "people", "person_id"),
    Link("leads", "converted_deal_id", "deals", "deal_id"),
    Link("activities", "deal_id", "deals", "deal_id"),
    Link("activities", "account_id", "accounts", "account_id"),
    Link("activity_people", "activity_id", "activities", "activity_id"),
    Link("activity_people", "person_id", "people", "person_id"),
    Link("memberships", "person_id", "people", "person_id"),
    Link("memberships", "manager_id", "people", "person_id"),
    Link("contacts", "account_id", "accounts", "account_id"),
    Link("content_events", "content_id", "content", "content_id"),
    Link("content_events", "deal_id", "deals", "deal_id"),
    Link("responses", "deal_id", "deals", "deal_id"),
)


def check(lake: Lake) -> list[Finding]:
    """Look for what should not be: an empty list means that the lake is sound.

    - `rows_missing` (error): a committed import has more or fewer rows in a table than the ledger says;
    - `file_missing` (error): a table names a file that is gone or cannot be read;
    - `keys_repeated` (error): the current state has a key twice;
    - `links_broken` (warning): rows name something that no table holds;
    - `imports_died` (info): imports that ended without a commit and left files; compaction removes them;
    - `schema_newer` (error): the lake was written by a newer version of this software.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     check(Lake.open(Path(home), create=True))
    []
    """
    newer = [one for one in lake.imports() if one.schema_version > SCHEMA_VERSION]
    if newer:
        message = Message(
            N_("The lake was written by a newer version (schema {schema}, this one knows {known})."),
            {"schema": max(one.schema_version for one in newer), "known": SCHEMA_VERSION},
        )
        return [Finding("schema_newer", Severity.ERROR, message, len(newer))]
    gone = _files(lake)
    if gone:
        return gone
    found = [*_rows(lake), *_dead(lake)]
    with connect() as connection:
        for name, paths in lake.state().items():
            connection.execute(f"CREATE VIEW {quoted(name)} AS FROM {parquet(paths)}")
        found += _keys(connection)
        found += [finding for link in LINKS for finding in _link(connection, link)]
    return found


def _examples(file: str, values: Sequence[object]) -> tuple[Example, ...]:
    return tuple(Example(file=file, value=str(value)) for value in values[:EXAMPLES])


def _files(lake: Lake) -> list[Finding]:
    findings = []
    for name in TABLES:
        gone = [path.name for path in delta.unreadable(lake.files(name))]
        if gone:
            message = Message(
                N_("{n} {n:file|files} of the table {table} {n:is|are} gone or cannot be read."),
                {"n": len(gone), "table": name},
            )
            findings.append(Finding("file_missing", Severity.ERROR, message, len(gone), _examples(name, gone)))
    return findings


def _rows(lake: Lake) -> list[Finding]:
    """Compare the rows of each committed import with what the ledger says."""
    said = {
        (one.import_no, table): rows for one in lake.imports() if one.committed for table, rows in one.tables.items()
    }
    there: dict[tuple[int, str], int] = {}
    with connect() as connection:
        for name in FACT_TABLES:
            files = lake.files(name)
            there |= {(file.first_import, name): 0 for file in files if file.single}
            for file in files:
                if file.single:
                    there[file.first_import, name] += file.rows
            mixed = [file.path for file in files if not file.single]
            if mixed:
                query = f"SELECT import_no, count(*) FROM {parquet(mixed)} GROUP BY ALL"
                for number, rows in connection.execute(query).fetchall():
                    there[number, name] = there.get((number, name), 0) + rows
    findings = []
    committed = {one.import_no for one in lake.imports() if one.committed}
    for number, name in sorted({*said, *(key for key in there if key[0] in committed)}):
        expected, found = said.get((number, name), 0), there.get((number, name), 0)
        if expected != found:
            message = Message(
                N_("Import {import_no} should have {expected} {expected:row|rows} in {table}, but has {found}."),
                {"import_no": number, "expected": expected, "table": name, "found": found},
            )
            findings.append(Finding("rows_missing", Severity.ERROR, message, abs(expected - found)))
    return findings


def _dead(lake: Lake) -> list[Finding]:
    ended = dead(lake)
    left = sorted(
        {
            number
            for name in FACT_TABLES
            for path in lake.table_folder(name).glob("*.parquet")
            if (number := _number(path)) in ended
        }
    )
    if not left:
        return []
    message = Message(
        N_("{n} {n:import|imports} ended without a commit and left files; nobody sees them."), {"n": len(left)}
    )
    return [Finding("imports_died", Severity.INFO, message, len(left), _examples("imports", left))]


def _number(path: Path) -> int:
    number = path.name.split("-", 1)[0]
    return int(number) if number.isdigit() else 0


def _keys(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    findings = []
    for name in FACT_TABLES:
        table = TABLES[name]
        if table.grain is Grain.EVENT and name not in {"content_events", "responses"}:
            continue
        key = ", ".join(quoted(column) for column in table.key)
        rows = connection.execute(
            f"""SELECT concat_ws(' ', {key}), count(*) OVER () FROM {quoted(name)} GROUP BY {key} HAVING count(*) > 1
                ORDER BY {key} LIMIT {EXAMPLES}"""
        ).fetchall()
        if rows:
            message = Message(
                N_("{n} {n:key|keys} of {table} {n:stands|stand} there more than once."),
                {"n": rows[0][1], "table": name},
            )
            examples = _examples(name, [row[0] for row in rows])
            findings.append(Finding("keys_repeated", Severity.ERROR, message, rows[0][1], examples))
    return findings


def _link(connection: duckdb.DuckDBPyConnection, link: Link) -> list[Finding]:
    column, key = quoted(link.column), quoted(link.key)
    rows = connection.execute(
        f"""SELECT {column}, sum(count(*)) OVER () FROM {quoted(link.table)} AS t
            ANTI JOIN {quoted(link.to)} AS o ON o.{key} = t.{column}
            WHERE {column} IS NOT NULL AND {link.where} GROUP BY {column} ORDER BY {column} LIMIT {EXAMPLES}"""
    ).fetchall()
    if not rows:
        return []
    message = Message(
        N_("{n} {n:row|rows} of {table} {n:names|name} in {column} what {to} does not hold."),
        {"n": int(rows[0][1]), "table": link.table, "column": link.column, "to": link.to},
    )
    examples = _examples(f"{link.table}.{link.column}", [row[0] for row in rows])
    return [Finding("links_broken", Severity.WARNING, message, int(rows[0][1]), examples)]
