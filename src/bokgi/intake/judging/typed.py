"""The typed view of a file: for each field its value in the type of facts, and whether its text cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from bokgi.intake.judging import outcome
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.periods import PERIOD_PARTS, of_year, period, whole_year, within_year
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.fields import Kind
from bokgi.intake.mapping.model import STAGE_ENTERED, Entity
from bokgi.intake.mapping.titles import WITHOUT_TITLE, without_title
from bokgi.intake.sql import identifier, literal
from bokgi.intake.values import reading as values
from bokgi.intake.values import typed
from bokgi.intake.values.currencies import CODES, SIGNS
from bokgi.intake.values.salesforce_ids import SALESFORCE_ID, completed
from bokgi.intake.values.typed import ValueKind
from bokgi.intake.workbench import Workbench

MATERIALISED_ROWS: Final = 200_000
_USUAL: Final = 4
"""Currencies that are recognised at a glance: KRW, USD, EUR, JPY."""

HISTORY_COLUMNS: Final = {
    "amount": ValueKind.AMOUNT,
    "expected_close_on": ValueKind.MOMENT,
    "closed_on": ValueKind.MOMENT,
    "created_on": ValueKind.MOMENT,
    "assigned_on": ValueKind.MOMENT,
    "next_step_on": ValueKind.MOMENT,
    "probability": ValueKind.PROBABILITY,
}
"""Columns of deals whose values in a history of fields are more than text, and how they are read."""

_OWNER_PARTS: Final = {
    "id": "regexp_full_match({text}, '[0-9]+|[A-Za-z0-9]{{15}}(...)?') AND regexp_matches({text}, '[0-9]')",
    "email": "contains({text}, '@')",
}
_VALUE_KINDS: Final = {
    Kind.MOMENT: ValueKind.MOMENT,
    Kind.DATE: ValueKind.MOMENT,
    Kind.AMOUNT: ValueKind.AMOUNT,
    Kind.NUMBER: ValueKind.NUMBER,
    Kind.INTEGER: ValueKind.INTEGER,
    Kind.PROBABILITY: ValueKind.PROBABILITY,
    Kind.BOOLEAN: ValueKind.BOOLEAN,
}
_PEOPLE_NAMES: Final = {
    "people.name": ("people.first_name", "people.last_name"),
    "contacts.name": ("contacts.first_name", "contacts.last_name"),
}


@dataclass(frozen=True)
class _Column:
    """One typed column in the making: its text, how the text is read, and the names its results get."""

    text: tuple[str, str]
    reading: values.Reading
    names: dict[str, str]
    header: str | None = None
    """Header of the one column whose text says it all."""


ID_FIELDS: Final[dict[Entity, tuple[str, ...]]] = {
    Entity.DEALS: ("deals.deal_id",),
    Entity.ACCOUNTS: ("accounts.account_id", "accounts.name"),
    Entity.PEOPLE: ("people.person_id",),
    Entity.CONTACTS: ("contacts.contact_id",),
    Entity.LEADS: ("leads.lead_id",),
    Entity.ACTIVITIES: ("activities.activity_id",),
    Entity.CONTENT: ("content.content_id",),
    Entity.CONTENT_EVENTS: ("content_events.event_id",),
    Entity.RESPONSES: ("responses.response_id",),
}
"""Entity → fields of which the first that the file says names the row."""


def id_field(reading: Reading) -> str | None:
    """Give the field that names a file's rows; null where none does."""
    return next((name for name in ID_FIELDS.get(reading.entity, ()) if reading.says(name)), None)


def define(bench: Workbench, reading: Reading, ladder: Ladder) -> None:
    """Make `typed_<place>`: a table for a small file, so that it is read once, and a view for a large one.

    Of a view only the columns that a query uses cost anything. What judging has read from the texts of a large file is
    kept beside it (`read_once`), so that later queries do not read the texts again; they find the others in
    `told_<place>`. Where the texts of a column repeat, each different one is read once.
    """
    columns = list(_columns(reading))
    rows = f"SELECT * FROM {reading.staged.relation} WHERE NOT {reading.no_record()}"
    results: dict[str, str] = {}
    if is_large(reading):
        for number, column in enumerate(columns):
            if column.header is not None and reading.staged.column(column.header).repeats and column.reading.steps:
                rows, found = _read_apart(bench, reading, column, number, rows)
                results |= found
        told = [column for column in columns if not column.reading.steps]
        kept = set(read_columns(reading))
        plain = {name: sql for name, sql in _results(told).items() if name not in kept}
        bench.run(
            f"CREATE VIEW {_told(reading)} AS {_selected(reading, _source(reading.staged.relation, told), plain)}"
        )
    here = [column for column in columns if not set(column.names.values()) & results.keys()]
    query = _selected(reading, _source(f"({rows})", here), results | _results(here))
    what = "VIEW" if is_large(reading) else "TEMP TABLE"
    bench.run(f"CREATE {what} {reading.typed} AS {with_outcome(reading, ladder, query)}")


def with_outcome(reading: Reading, ladder: Ladder, query: str) -> str:
    """Add to the typed rows of a deals file what its stage and its other columns say of each row."""
    for derived in outcome.derived(reading, ladder) if reading.entity is Entity.DEALS else ():
        query = f"SELECT *, {', '.join(f'{text} AS {name}' for name, text in derived.items())} FROM ({query})"
    return query


def of_large(reading: Reading, values: str) -> str:
    """Give the query that joins the texts of a large file with what was read from them: `values`, by row number."""
    return f"SELECT t.*, v.* EXCLUDE (_row) FROM {_told(reading)} AS t JOIN {values} AS v ON t._row = v._row"


def texts_of_large(reading: Reading, kept: Sequence[str]) -> str:
    """Give the query for the texts of a large file's rows that fulfil all of some conditions on their number."""
    return f"FROM {_told(reading)} WHERE {' AND '.join([*kept, f'NOT {reading.no_record()}'])}"


def kept_with(reading: Reading, *columns: str) -> str:
    """Name the view of the kept rows that has these columns (`Reading.sql`) at the least cost."""
    return reading.kept if set(columns) & set(map(identifier, read_columns(reading))) else reading.kept_texts


def _told(reading: Reading) -> str:
    """Name the view of a large file with its texts and all that needs no reading."""
    return f"told_{reading.place}"


def _source(relation: str, columns: Sequence[_Column]) -> str:
    """Add the texts of columns and all steps of reading them to a relation, level by level."""
    texts = [f"{text} AS {identifier(name)}" for name, text in (column.text for column in columns)]
    source = f"SELECT {', '.join(['*', *texts])} FROM {relation}"
    for level in zip_longest(*(column.reading.steps for column in columns), fillvalue={}):
        helpers = [f"{text} AS {identifier(name)}" for step in level for name, text in step.items()]
        source = f"SELECT {', '.join(['*', *helpers])} FROM ({source})"
    return source


def _results(columns: Sequence[_Column]) -> dict[str, str]:
    """Give what columns are read as: name in the typed view → SQL."""
    return {
        column.names[result]: text
        for column in columns
        for result, text in column.reading.results.items()
        if result in column.names
    }


def _selected(reading: Reading, source: str, results: Mapping[str, str]) -> str:
    """Select the row number, the staged texts and results of a source."""
    raw = ["_row", *(column.sql for column in reading.staged.columns)]
    found = [f"{sql} AS {identifier(name)}" for name, sql in results.items()]
    return f"SELECT {', '.join([*raw, *found])} FROM ({source})"


def _read_apart(
    bench: Workbench, reading: Reading, column: _Column, number: int, rows: str
) -> tuple[str, dict[str, str]]:
    """Read each different text of a column once, and join what it says to rows; give them, and the names it has."""
    raw, table = reading.raw(column.header or ""), f"read_{reading.place}_{number}"
    found = _results([column])
    listed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in found.items())
    distinct = f"(SELECT DISTINCT {raw} FROM {reading.staged.relation})"
    bench.run(f"CREATE TEMP TABLE {table} AS SELECT {raw} AS text, {listed} FROM ({_source(distinct, [column])})")
    names = {name: identifier(name) for name in found}
    joined = ", ".join(f"{table}.{name}" for name in names.values())
    on = f"s.{raw} IS NOT DISTINCT FROM {table}.text"
    return f"SELECT s.*, {joined} FROM ({rows}) AS s LEFT JOIN {table} ON {on}", names


def is_large(reading: Reading) -> bool:
    """Tell whether a file is too large to be held as a table."""
    return reading.staged.rows > MATERIALISED_ROWS


def read_once(reading: Reading) -> str:
    """Name the relation that has `_row`, the id and the values of a file's rows without reading their texts again.

    It is the typed table of a small file, and what judging kept of a large one: `values_<place>`.
    """
    return f"values_{reading.place}" if is_large(reading) else reading.typed


def read_columns(reading: Reading) -> list[str]:
    """List the columns of the typed view that judging keeps of a large file: id, what is read, whether a row counts."""
    own = id_field(reading)
    names = [
        name
        for column in _columns(reading)
        if column.reading.steps
        for result, name in column.names.items()
        if result in column.reading.results and result != "malformed"
    ]
    about_the_row = [name for name in ("row.current", "row.deleted") if reading.says(name)]
    return [*([] if own is None or own in names else [own]), *about_the_row, *names]


def _columns(reading: Reading) -> Iterator[_Column]:
    for number, (name, field) in enumerate(reading.fields()):
        feeding = reading.columns_of(name)
        form = next((column.format for column in feeding if column.format is not None), None)
        text = _worded(reading, name, reading.said_text(name))
        if name in PERIOD_PARTS:
            text = within_year(_year(reading), text, PERIOD_PARTS[name])
            yield _column(reading, f"f{number}", name, Kind.PERIOD, text, form)
            continue
        alone = feeding[0].column if len(feeding) == 1 and name not in reading.mapping.constants else None
        yield replace(_column(reading, f"f{number}", name, field.kind, text, form), header=alone)
    for number, column in enumerate(reading.mapping.stage_columns(STAGE_ENTERED)):
        text = reading.filled(column.column)
        made = _read(reading, f"s{number}", ValueKind.MOMENT, column.format)
        names = {"at": f"entered.{number}.at", "on": f"entered.{number}.on", "malformed": f"bad:entered.{number}"}
        yield _Column((f"s{number}", text), made, names, column.column)
    yield from _targets(reading)
    for which in ("old", "new"):
        if reading.says(f"deal_history.{which}") and reading.says("deal_history.field"):
            yield from _changed_values(reading, which)
    for name, parts in _PEOPLE_NAMES.items():
        said = [reading.said_text(part) for part in parts if reading.says(part)]
        if said and not reading.says(name):
            text = f"nullif(concat_ws(' ', {', '.join(said)}), '')"
            yield _Column((name, text), values.Reading((), {"value": identifier(name)}), {"value": name})


def _targets(reading: Reading) -> Iterator[_Column]:
    """Read the columns that hold the target of a period each: `target.<number>`, `.currency`, `.start`, `.end`."""
    for number, column in enumerate(reading.mapping.target_columns):
        name, helper = f"target.{number}", f"t{number}"
        made = _read(reading, helper, ValueKind.AMOUNT, column.format)
        names = {"value": name, "currency": f"{name}.currency", "malformed": f"bad:{name}"}
        yield _Column((helper, reading.filled(column.column)), made, names)
        helper = f"p{number}"
        whole = period(identifier(helper), name=helper, year_starts=reading.year_starts)
        names = {part: f"{name}.{part}" for part in ("start", "end")}
        yield _Column((helper, of_year(_year(reading), column.period or "")), whole, names)


def _year(reading: Reading) -> str:
    """Give the SQL of the year of a row of targets."""
    return reading.said_text("targets.year") if reading.says("targets.year") else "NULL::VARCHAR"


def _changed_values(reading: Reading, which: str) -> Iterator[_Column]:
    """Read a value of a field history as each of the kinds that its field may ask for."""
    field = _worded(reading, "deal_history.field", reading.said_text("deal_history.field"))
    text = reading.said_text(f"deal_history.{which}")
    for number, (column, kind) in enumerate(HISTORY_COLUMNS.items()):
        helper = f"h{which}{number}"
        read = _read(reading, helper, kind, reading.mapping.history_formats.get(column))
        result = "on" if kind is ValueKind.MOMENT else "value"
        only = f"CASE WHEN {field} = {literal(column)} THEN {text} END"
        yield _Column((helper, only), read, {result: f"deal_history.{which}.{column}"})
    parts = {part: condition.format(text=text) for part, condition in _OWNER_PARTS.items()}
    parts["name"] = f"NOT ({' OR '.join(f'({condition})' for condition in parts.values())})"
    for part, condition in parts.items():
        helper = f"o{which}{part}"
        owner = f"CASE WHEN {field} = 'owner_id' AND {condition} THEN {text} END"
        name = f"deal_history.{which}_owner_{part}"
        yield _Column((helper, owner), values.Reading((), {"value": identifier(helper)}), {"value": name})


def _column(reading: Reading, helper: str, name: str, kind: Kind, text: str, form: str | None) -> _Column:
    column = identifier(helper)
    names = {"malformed": f"bad:{name}"} | {part: f"{name}.{part}" for part in ("at", "on", "start", "end", "currency")}
    names["on" if kind is Kind.DATE else "value"] = name
    if kind is Kind.CURRENCY:
        read = _currency(column)
    elif kind is Kind.PERIOD:
        read = period(column, name=helper, year_starts=reading.year_starts)
    elif kind is Kind.YEAR:
        read = whole_year(column)
    elif kind in _VALUE_KINDS:
        read = _read(reading, helper, _VALUE_KINDS[kind], form)
    elif form == SALESFORCE_ID:
        read = values.Reading((), {"value": completed(column)})
    elif form == WITHOUT_TITLE:
        read = values.Reading((), {"value": without_title(column)})
    else:
        read = values.Reading((), {"value": column})
    return _Column((helper, text), read, names)


def _read(reading: Reading, helper: str, kind: ValueKind, form: str | None) -> values.Reading:
    zone = reading.mapping.time_zone or reading.zone
    return typed.read(identifier(helper), kind, form or "", name=helper, file_zone=zone, organisation_zone=reading.zone)


def _currency(column: str) -> values.Reading:
    """Read a currency by its code, sign or name; the usual codes at a glance."""
    code = f"upper({column})"
    usual = " ".join(f"WHEN {literal(name)} THEN {literal(name)}" for name in CODES[:_USUAL])
    signs = " ".join(f"WHEN {literal(sign)} THEN {literal(name)}" for sign, name in SIGNS.items() if sign != name)
    is_code = f"regexp_full_match({code}, '[A-Z]{{3}}') AND {code} <> 'RMB'"
    value = f"CASE {column} {usual} ELSE CASE WHEN {is_code} THEN {code} ELSE CASE {code} {signs} END END END"
    return values.Reading((), {"value": value, "malformed": f"(({value}) IS NULL AND {column} IS NOT NULL)"})


def _worded(reading: Reading, name: str, text: str) -> str:
    """Put our word for the source's, where the mapping has one; an empty word means that the cell is empty."""
    words = reading.mapping.values.get(name)
    if not words:
        return text
    branches = " ".join(
        f"WHEN {literal(theirs)} THEN {literal(ours) if ours else 'NULL'}" for theirs, ours in words.items()
    )
    return f"CASE {text} {branches} ELSE {text} END"
