"""What of an import is new, and what is already known: each yield compared with what the lake holds.

State and definition rows are known when they equal the row of their key that holds at the moment of the export; columns
that the file does not have say nothing. Event rows are known by the source's id, and without one by their content and
its number of occurrences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bokgi.facts.schema import Column
from bokgi.intake.judging.sql_types import SQL_TYPES
from bokgi.intake.sql import identifier, literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.yields import Yield

_NOT_CONTENT = frozenset({"seq", "pipeline", "not_before_on", "not_after_on"})
_SAME_IN_EVERY_ROW: Final = re.compile("'(?:[^']|'')*'")


@dataclass(frozen=True)
class Fresh:
    """The new rows of a yield.

    `query` gives `_row` and the table's columns but `import_no`. `compared` is the table that holds `_row` and `fresh`
    for every row of the yield (and `key`, `as_in` of state rows); null: every row is new.
    """

    source: Yield
    query: str
    compared: str | None

    @property
    def rows(self) -> str:
        """Give the query for the numbers of the file's rows that yield something new."""
        if self.compared is None:
            return f"SELECT _row FROM ({self.source.rows}) WHERE {self.source.where}"
        return f"SELECT _row FROM {self.compared} WHERE fresh"


class Comparison:
    """Compares yields with the lake. `states`: table → relation with the rows it holds; missing: it holds none."""

    def __init__(self, bench: Workbench, states: Mapping[str, str]) -> None:
        self._bench = bench
        self._states = states
        self._count = 0

    def fresh(self, found: Yield) -> Fresh:
        """Find the new rows of a yield."""
        state = self._states.get(found.table)
        if found.is_event:
            return self._fresh_events(found, state)
        if state is None:
            alone = _alone(found)
            return Fresh(alone, _all_columns(alone, compared=False), None)
        return self._fresh_state(found, state)

    def _name(self) -> str:
        self._count += 1
        return f"compared_{self._count}"

    def _fresh_state(self, found: Yield, state: str) -> Fresh:
        key = found.schema.key
        name = self._name()
        joined = f"({_candidate(found)}) AS c LEFT JOIN {state} AS s ON {_same(key, 'c', 's')}"
        absent = "false" if found.table == "texts" else "s.import_no IS NULL"
        changed = " OR ".join([absent, *(_differs(found, column) for column in _compared(found))])
        keys = ", ".join(f"c.{identifier(column)}" for column in key)
        self._bench.run(
            f"""CREATE TEMP TABLE {name} AS
                SELECT c._row, {keys}, s.import_no AS as_in, ({changed}) AS fresh FROM {joined}"""
        )
        columns = ", ".join(f"{_merged(found, column)} AS {identifier(column.name)}" for column in _own(found))
        query = f"""
            SELECT c._row, {columns} FROM ({_candidate(found)}) AS c
            SEMI JOIN (FROM {name} WHERE fresh) AS n ON c._row = n._row AND {_same(key, "c", "n")}
            LEFT JOIN {state} AS s ON {_same(key, "c", "s")}
        """
        return Fresh(found, query, name)

    def _fresh_events(self, found: Yield, state: str | None) -> Fresh:
        columns = ", ".join(identifier(column.name) for column in _own(found))
        if state is None and found.event_id is None:
            return Fresh(found, f"SELECT _row, {columns} FROM ({_all_columns(found, compared=False)})", None)
        name = self._name()
        content = [column.name for column in _own(found) if column.name not in _NOT_CONTENT]
        listed = ", ".join(identifier(column) for column in content)
        held = "" if state is None else f"SELECT {listed}, count(*) AS n FROM {state} GROUP BY ALL"
        if state is None:
            held = f"SELECT {listed}, 0 AS n FROM ({_all_columns(found)}) WHERE false"
        by_id = "false"
        if found.event_id is not None:
            event_id = identifier(found.event_id)
            ids = (
                "SELECT NULL::VARCHAR WHERE false"
                if state is None
                else f"SELECT {event_id} FROM {state} WHERE {event_id} IS NOT NULL"
            )
            by_id = f"c.{event_id} IS NOT NULL"
            known_by_id = f"c.{event_id} IN ({ids}) OR c.same_id > 1"
        else:
            event_id, known_by_id = "NULL", "false"
        self._bench.run(
            f"""
            CREATE TEMP TABLE {name} AS
            SELECT c._row, c._part,
                CASE WHEN {by_id} THEN NOT ({known_by_id}) ELSE c.occurrence > coalesce(h.n, 0) END AS fresh
            FROM (
                SELECT *, row_number() OVER (PARTITION BY {listed} ORDER BY _row, _part) AS occurrence,
                    row_number() OVER (PARTITION BY {event_id} ORDER BY _row, _part) AS same_id
                FROM ({_all_columns(found)})
            ) AS c
            LEFT JOIN ({held}) AS h ON {_same(content, "c", "h")}
            """
        )
        query = f"""
            SELECT c._row, {columns} FROM ({_all_columns(found)}) AS c
            SEMI JOIN (FROM {name} WHERE fresh) AS n ON c._row = n._row AND c._part = n._part
        """
        return Fresh(found, query, name)


def attributes(texts: Mapping[str, str]) -> str:
    r"""Give the SQL of a map of header → text.

    Built as a struct and cast, because a map made from two lists checks its keys row by row, which costs more than
    reading the file.

    >>> attributes({"Region": '"c4"'})
    '{\'Region\': "c4"}::MAP(VARCHAR, VARCHAR)'
    """
    if not texts:
        return "NULL::MAP(VARCHAR, VARCHAR)"
    return f"{_struct(texts)}::MAP(VARCHAR, VARCHAR)"


def _struct(texts: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{literal(header)}: {text}' for header, text in texts.items())}}}"


def _own(found: Yield) -> Sequence[Column]:
    return found.schema.own_columns


def _null(column: Column) -> str:
    return f"NULL::{SQL_TYPES[column.type]}"


def _value(found: Yield, column: Column) -> str:
    """Give the SQL of a column over the file's rows."""
    if column.name == "attributes":
        return attributes(found.attributes)
    text = found.said.get(column.name, found.otherwise.get(column.name))
    return _null(column) if text is None else f"({text})::{SQL_TYPES[column.type]}"


def _written(found: Yield, column: Column) -> str:
    """Give the SQL of a column that goes from the file's rows into Parquet, and is compared with nothing.

    A text that is the same in every row or one of few words, and the headers of attributes, are of a type that knows
    its texts: the writer then need not find out how many there are.
    """
    if column.name == "attributes" and found.attributes:
        return f"{_struct(found.attributes)}::MAP(ENUM({', '.join(map(literal, found.attributes))}), VARCHAR)"
    text = found.said.get(column.name, found.otherwise.get(column.name, ""))
    if column.name in found.words:
        kind = f"ENUM({', '.join(map(literal, found.words[column.name]))})"
        branches = " ".join(f"WHEN {literal(word)} THEN {literal(word)}::{kind}" for word in found.words[column.name])
        return f"CASE {text} {branches} ELSE ({text})::{kind} END"
    same = column.type == "string" and _SAME_IN_EVERY_ROW.fullmatch(text)
    return f"{text}::ENUM({text})" if same else _value(found, column)


def _all_columns(found: Yield, *, compared: bool = True) -> str:
    value = _value if compared else _written
    parts = ", ".join(f"{value(found, column)} AS {identifier(column.name)}" for column in _own(found))
    part = ", _part" if found.is_event else ""
    query = f"SELECT _row{part}, {parts} FROM ({found.rows}) WHERE {found.where}"
    if found.repeating:
        keys = ", ".join(identifier(column) for column in found.schema.key)
        query = f"SELECT * FROM ({query}) QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY _row) = 1"
    return query


def _alone(found: Yield) -> Yield:
    """Give what a yield says to a table without rows: an empty text says nothing."""
    if found.table != "texts":
        return found
    filled = found.filled or f"({found.said['text']}) IS NOT NULL"
    return replace(found, where=f"({found.where}) AND ({filled})")


def _candidate(found: Yield) -> str:
    return _all_columns(found)


def _compared(found: Yield) -> list[Column]:
    names = set(found.said) - set(found.schema.key)
    columns = [column for column in _own(found) if column.name in names]
    if found.attributes or found.blank_headers:
        columns.append(found.schema.column("attributes"))
    return columns


def _same(columns: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(
        f"{left}.{identifier(column)} IS NOT DISTINCT FROM {right}.{identifier(column)}" for column in columns
    )


def _differs(found: Yield, column: Column) -> str:
    name = identifier(column.name)
    if column.name == "attributes":
        single = " OR ".join(
            f"c.attributes[{literal(header)}] IS DISTINCT FROM s.attributes[{literal(header)}]"
            for header in (*found.attributes, *found.blank_headers)
        )
        return f"(c.attributes IS DISTINCT FROM s.attributes AND ({single}))"
    differs = f"c.{name} IS DISTINCT FROM s.{name}"
    if column.name == "known_at_creation":
        # Behind an empty name stands what a history shows (`facts.first_values`): no file says it, none contradicts it.
        differs += f" AND NOT coalesce(starts_with(s.{name}, c.{name} || ','), false)"
    return f"(c.{name} IS NOT NULL AND {differs})" if column.name in found.sticky else f"({differs})"


def _merged(found: Yield, column: Column) -> str:
    """Give the SQL of a column of a changed row: what the file says over what the lake holds."""
    name = identifier(column.name)
    if column.name in found.schema.key:
        return f"c.{name}"
    if column.name == "attributes":
        return _merged_attributes(found)
    if column.name in found.said:
        return f"coalesce(c.{name}, s.{name})" if column.name in found.sticky else f"c.{name}"
    if column.name in found.otherwise:
        return f"CASE WHEN s.import_no IS NULL THEN c.{name} ELSE s.{name} END"
    return f"s.{name}"


def _merged_attributes(found: Yield) -> str:
    headers = ", ".join(literal(header) for header in (*found.attributes, *found.blank_headers))
    if not headers:
        return "s.attributes"
    kept = f"list_filter(map_entries(s.attributes), lambda e: e.key NOT IN ({headers}))"
    both = (
        f"map_from_entries(list_concat(map_entries(c.attributes), {kept}))"
        if found.attributes
        else f"map_from_entries({kept})"
    )
    return f"CASE WHEN s.attributes IS NULL THEN c.attributes ELSE {both} END"
