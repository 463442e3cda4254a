"""One cast for all tests, and facts written as small text tables.

Kim Seoyeon manages the team; Lee Junho sells in a rich territory, Park Minseo in a poor one; Choi Hana is new and has
no history; Jung Wooseok has left. Their keys are `kim`, `lee`, `park`, `choi`, `jung`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

import pyarrow as pa

from benchmarks.in_memory import in_memory
from bokgi.facts.model import Facts
from bokgi.facts.schema import FACT_TABLES, STATE_COLUMNS, TABLES, Column
from bokgi.facts.settings import Settings

NAMES: Final = {"kim": "김서연", "lee": "이준호", "park": "박민서", "choi": "최하나", "jung": "정우석"}

CAST: Final = {
    "people": """
        person_id | source
        kim       | crm
        lee       | crm
        park      | crm
        choi      | crm
        jung      | crm
    """,
    "memberships": """
        person_id | team | role    | manager_id | share | started_on | left_on    | valid_from
        kim       | 1팀  | manager |            | 1     | 2020-03-02 |            | 2020-03-02
        lee       | 1팀  | AE      | kim        | 1     | 2021-01-04 |            | 2021-01-04
        park      | 1팀  | AE      | kim        | 1     | 2021-01-04 |            | 2021-01-04
        choi      | 1팀  | AE      | kim        | 1     | 2026-10-05 |            | 2026-10-05
        jung      | 1팀  | AE      | kim        | 1     | 2021-01-04 | 2026-07-01 | 2021-01-04
    """,
    "identities": """
        kind   | key  | source | source_key | name   | email
        person | kim  | crm    | kim        | 김서연 | seoyeon.kim@example.com
        person | lee  | crm    | lee        | 이준호 | junho.lee@example.com
        person | park | crm    | park       | 박민서 | minseo.park@example.com
        person | choi | crm    | choi       | 최하나 | hana.choi@example.com
        person | jung | crm    | jung       | 정우석 | wooseok.jung@example.com
    """,
    "stages": """
        pipeline | stage       | label  | stage_order | kind        | probability
        default  | prospecting | 발굴   | 1           | open        | 0.1
        default  | qualified   | 검증   | 2           | open        | 0.3
        default  | proposal    | 제안   | 3           | open        | 0.5
        default  | negotiation | 협상   | 4           | open        | 0.8
        default  | won         | 수주   | 5           | won         | 1
        default  | lost        | 실주   | 6           | lost        | 0
        default  | no_decision | 무결정 | 7           | no_decision | 0
    """,
}
"""The team and its funnel; hand any of them to `facts_of` as it is, or write your own."""

_DEFAULTS: Final[dict[str, object]] = {
    "import_no": 1,
    "pipeline": "default",
    "outcome": "open",
    "known_at_creation": ",",
    "origin": "recorded",
    "source": "crm",
    "automatic": False,
    "seq": 1,
    "share": 1.0,
    "lead_source": "all",
    "metric": "won_amount",
    "subject_kind": "organisation",
    "subject_id": "all",
    "role": "all",
    "stage": "all",
    "per": "week",
    "kind": "meeting",
    "field": "amount",
    "file": "deals.csv",
    "findings": "[]",
    "raw": "{}",
    "how": "dismissed",
    "as_in": 1,
    "quarantined_by": 1,
}


def rows_of(table: str, text: str, extra: tuple[Column, ...] = ()) -> pa.Table:
    """Turn a small text table (header, then rows, columns parted by `|`) into Arrow rows of a fact table.

    An empty cell is null. A column that is left out is null, or has the plain default of its table (pipeline `default`,
    outcome `open`, origin `recorded`, `import_no` 1 …). A map is written `key=value; key=value`.

    >>> rows_of(
    ...     "rates",
    ...     '''
    ...     currency | month      | rate
    ...     USD      | 2026-11-01 | 1400
    ... ''',
    ... ).to_pylist()
    [{'import_no': 1, 'currency': 'USD', 'month': datetime.date(2026, 11, 1), 'rate': Decimal('1400.000000')}]
    """
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines() if line.strip()]
    header, body = (lines[0], lines[1:]) if lines else ([], [])
    columns = {column.name: column for column in (*TABLES[table].columns, *extra)}
    unknown = set(header) - set(columns)
    if unknown:
        message = f"{table} has no columns {sorted(unknown)}"
        raise ValueError(message)
    arrays = []
    for name, column in columns.items():
        if name in header:
            place = header.index(name)
            values = [_value(row[place] if place < len(row) else "", column.type) for row in body]
        elif name.endswith("_on") and name[:-3] + "_at" in header:
            place = header.index(name[:-3] + "_at")
            values = [date.fromisoformat(row[place][:10]) if row[place] else None for row in body]
        else:
            default = _default(table, column)
            values = [default] * len(body)
        arrays.append(pa.array(values, column.arrow().type))
    return pa.Table.from_arrays(arrays, schema=pa.schema([column.arrow() for column in columns.values()]))


def facts_of(settings: Mapping[str, str] | None = None, **tables: str) -> Facts:
    """Turn small text tables into `Facts` on DuckDB; tables that are not given are empty.

    The columns that the state adds (`observed_on`, `first_seen_on`, `last_seen_on`) may be given; left out, they are
    2026-11-23.

    >>> facts_of(
    ...     deals='''
    ...     deal_id | owner_id | amount
    ...     d1      | lee      | 100
    ... '''
    ... ).deals.select("deal_id", "amount", "outcome").to_pyarrow().to_pylist()
    [{'deal_id': 'd1', 'amount': Decimal('100.00'), 'outcome': 'open'}]
    """
    unknown = set(tables) - set(FACT_TABLES)
    if unknown:
        message = f"no tables {sorted(unknown)}"
        raise ValueError(message)
    arrow = {
        name: rows_of(name, tables.get(name, ""), STATE_COLUMNS.get(name, ()))
        for name in FACT_TABLES
        if name != "settings"
    }
    named = {
        name: int(value) if name in {"untouched_days", "minimum_n", "year_starts"} else value
        for name, value in (settings or {}).items()
    }
    return in_memory(arrow, Settings(**named))  # type: ignore[arg-type] # values by name, see above


_READERS: Final[dict[str, Callable[[str], object]]] = {
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": date.fromisoformat,
    "instant": lambda text: datetime.fromisoformat(text.replace(" ", "T")).replace(tzinfo=UTC),
    "amount": Decimal,
    "rate": Decimal,
    "map": lambda text: [tuple(part.strip() for part in pair.split("=", 1)) for pair in text.split(";")],
    "string": str,
}


def _value(text: str, kind: str) -> object:
    return None if text == "" else _READERS[kind](text)


def _default(table: str, column: Column) -> object:
    if column.name in {"observed_on", "first_seen_on", "last_seen_on"}:
        return date(2026, 11, 23)
    if column.name == "unknown_then":
        return ","
    if column.nullable:
        return None
    if table == "stages" and column.name == "origin":
        return "given"
    return _DEFAULTS.get(column.name)
