"""Keys of deals: the source's id, and where there is none a surrogate that the same deal finds again.

A deal without an id is recognised by its natural key: name, account, owner and whatever else the mapping names. The
second deal with the same natural key in a file is the second deal with it in the lake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.judging.readings import Reading
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held

_FALLBACK: Final = ("deals.name", "deals.account_name", "deals.owner_name", "deals.created", "deals.product")

_ID: Final = "deals.deal_id"
_SHOWN: Final = 5
_IN_LAKE: Final = {
    "deals.name": "lower(trim(t.text))",
    "deals.account": "d.account_id",
    "deals.owner": "d.owner_id",
    "deals.created": "d.created_on::VARCHAR",
    "deals.assigned": "d.assigned_on::VARCHAR",
    "deals.expected_close": "d.expected_close_on::VARCHAR",
    "deals.product": "d.product",
    "deals.type": "d.type",
    "deals.source": "d.source",
    "deals.pipeline": "d.pipeline",
    "deals.lead_id": "d.lead_id",
}
"""Part of a natural key → where the lake has it (deals d, deal names t)."""


@dataclass(frozen=True)
class DealKeys:
    """How rows of a deals file get their key: a join (may be empty) and the SQL of the key; what is said of them."""

    join: str
    key: str
    findings: tuple[Finding, ...] = ()


def keys(
    bench: Workbench, reading: Reading, held: Held, *, import_no: int, account: tuple[str, str], owner: tuple[str, str]
) -> DealKeys:
    """Give each kept row of a deals file its deal.

    `account` and `owner` are the join and the SQL of the row's account and owner.
    """
    by_id = reading.sql("deals.deal_id", rows="r")
    if reading.says("deals.deal_id") and not bench.number(
        f"SELECT count(*) FROM {reading.kept_values} WHERE {reading.sql('deals.deal_id')} IS NULL"
    ):
        return DealKeys("", by_id)
    table = f"deal_ids_{reading.place}"
    _find(bench, reading, held, table, import_no, account, owner)
    join = f"LEFT JOIN {table} AS k ON k._row = r._row"
    return DealKeys(join, f"coalesce({by_id}, k.deal_id)", _alike(bench, reading, table))


def _alike(bench: Workbench, reading: Reading, table: str) -> tuple[Finding, ...]:
    """Say which rows nothing tells apart from an earlier one: lines of one deal, or as many deals."""
    ((n, rows),) = bench.rows(f"SELECT count(*), min(_row, {_SHOWN}) FROM {table} WHERE nth > 1")
    header = reading.header("deals.name")
    if not n or header is None:
        return ()
    columns = [found for name in _fields(reading) if (found := reading.header(name)) is not None and name != _ID]
    values: dict[str, object] = {"n": n, "columns": ", ".join(columns)}
    text = N_(
        "{n} {n:row has|rows have} no id and the same {columns} as another row; each counts as a deal. If they are "
        "lines of one deal, put them into one row."
    )
    places = tuple(Example(reading.label, row, header) for row in rows)
    return (Finding("deals_alike", Severity.WARNING, Message(text, values), n, places),)


def _fields(reading: Reading) -> Sequence[str]:
    """List the fields of the natural key."""
    named = reading.mapping.keys
    return [*named, *_FALLBACK] if set(named) <= {_ID} else named


def _parts(reading: Reading) -> list[str]:
    """List the parts of the natural key, without those that the lake does not have."""
    parts = []
    for field in _fields(reading):
        part = field
        for reference in ("deals.account", "deals.owner"):
            if field.startswith(f"{reference}_"):
                part = reference
        if part in _IN_LAKE and reading.says(field):
            parts.append(part)
    return list(dict.fromkeys(parts))


def _find(
    bench: Workbench,
    reading: Reading,
    held: Held,
    table: str,
    import_no: int,
    account: tuple[str, str],
    owner: tuple[str, str],
) -> None:
    parts = _parts(reading)
    said = []
    for part in parts:
        if part == "deals.name":
            said.append(f"lower(trim({reading.sql(part, rows='r')}))")
        elif part == "deals.account":
            said.append(account[1])
        elif part == "deals.owner":
            said.append(owner[1])
        elif part == "deals.created":
            said.append(f"{reading.sql(part, 'on', rows='r')}::VARCHAR")
        else:
            said.append(f"{reading.sql(part, rows='r')}::VARCHAR")
    missing = "true"
    if reading.says("deals.deal_id"):
        missing = f"{reading.sql('deals.deal_id', rows='r')} IS NULL"
    bench.run(
        f"""
        CREATE TEMP TABLE {table} AS
        WITH mine AS (
            SELECT r._row, {_joined(said)} AS natural_key,
                row_number() OVER (PARTITION BY {_joined(said)} ORDER BY r._row) AS nth
            FROM {reading.kept} AS r {account[0]} {owner[0]} WHERE {missing}
        ), theirs AS ({_in_lake(held, parts)}), matched AS (
            SELECT m._row, m.nth, t.deal_id FROM mine AS m
            LEFT JOIN theirs AS t ON m.natural_key = t.natural_key AND m.nth = t.nth
        )
        SELECT _row, nth, coalesce(deal_id, 'd{import_no}-' ||
            (row_number() OVER (PARTITION BY deal_id IS NULL ORDER BY _row) + {_taken(bench, reading)})) AS deal_id
        FROM matched
        """
    )


def _taken(bench: Workbench, reading: Reading) -> int:
    """Count the surrogates that earlier files of the import may have taken."""
    tables = bench.rows(
        "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'deal\\_ids\\_%' ESCAPE '\\' AND table_name <> ?",
        [f"deal_ids_{reading.place}"],
    )
    return sum(bench.number(f"SELECT count(*) FROM {name}") for (name,) in tables)


def _joined(parts: list[str]) -> str:
    return "concat_ws(chr(31), " + ", ".join(f"coalesce({part}, '')" for part in parts) + ")" if parts else "''"


def _in_lake(held: Held, parts: list[str]) -> str:
    """Give the surrogates that were ever given, by natural key and its number of occurrence; those shown go first."""
    if "deals" not in held.ever:
        return "SELECT NULL::VARCHAR AS deal_id, NULL::VARCHAR AS natural_key, 0::BIGINT AS nth WHERE false"
    texts = held.ever.get(
        "texts", "(SELECT NULL::VARCHAR AS kind, NULL::VARCHAR AS key, NULL::VARCHAR AS text WHERE false)"
    )
    natural_key = _joined([_IN_LAKE[part] for part in parts])
    surrogate = "regexp_full_match(d.deal_id, 'd[0-9]+-[0-9]+')"
    number = "split_part(substr(deal_id, 2), '-', {})::BIGINT"
    hidden = f"deal_id NOT IN (SELECT deal_id FROM {held.now['deals']})" if "deals" in held.now else "true"
    return f"""
        SELECT deal_id, natural_key,
            row_number() OVER (
                PARTITION BY natural_key ORDER BY {hidden}, {number.format(1)}, {number.format(2)}
            ) AS nth
        FROM (SELECT DISTINCT d.deal_id, {natural_key} AS natural_key FROM {held.ever["deals"]} AS d
              LEFT JOIN {texts} AS t ON t.kind = 'deal_name' AND t.key = d.deal_id WHERE {surrogate})
    """
