"""Which format a column follows: told from the shapes in a sample, and where that leaves a choice, from every row.

Whether 02/03/2026 is in February or in March, and whether 1.234 is more than a thousand, is decided on the whole
column. Where the column allows both, the other columns of the file are asked, and then the person: `alternatives`
lists what else fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import duckdb

from bokgi.intake.sql import identifier, literal
from bokgi.intake.values.amounts import AmountFormat
from bokgi.intake.values.currencies import unit_of
from bokgi.intake.values.moment_shapes import readings
from bokgi.intake.values.moments import MomentFormat, has_time, reading_of_pattern
from bokgi.intake.values.reading import query
from bokgi.intake.values.scalars import ProbabilityScale
from bokgi.intake.values.text import is_blank
from bokgi.intake.values.typed import ValueKind, read

_MOST_SHAPES: Final = 200
_LONGEST_SHAPE: Final = 48
_SAMPLE: Final = "bokgi_sample"
_CONTRADICTION: Final = 0.02
_DOUBT: Final = 0.5
_FROM_FILE: Final = 0.8
_RARE: Final = 0.005


class DecidedBy(StrEnum):
    """What a format was decided by."""

    SHAPE = "shape"
    WHOLE_COLUMN = "whole_column"
    SAME_FILE = "same_file"
    CONVENTION = "convention"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Wanted:
    """What a column is to be read as, and its header, which may name a unit."""

    kind: ValueKind
    header: str = ""


@dataclass(frozen=True)
class Detected:
    """A format with its evidence.

    `format` is its text for a mapping. Of `filled` cells in the sample that hold something, `fitting` can be read.
    `confidence` runs from 0 to 1; with `alternatives` the format is a guess, and a person should choose.
    """

    kind: ValueKind
    format: str
    confidence: float
    filled: int
    fitting: int
    decided_by: DecidedBy
    alternatives: tuple[str, ...] = ()

    @property
    def ambiguous(self) -> bool:
        """Tell whether other formats fit as well."""
        return bool(self.alternatives)


@dataclass(frozen=True)
class _Choice:
    """A format being decided: the patterns that hold, and the sets of which one holds."""

    fixed: tuple[str, ...]
    open: tuple[tuple[str, ...], ...]


def detect_formats(
    connection: duckdb.DuckDBPyConnection, relation: str, sample: str, wanted: Mapping[str, Wanted]
) -> dict[str, Detected]:
    """Detect the formats of columns in one scan of the sample and at most one of the whole relation.

    `relation` and `sample` are queries in parentheses (`StagedFile.relation`, `.sample`); `wanted` maps their columns.

    >>> connection = duckdb.connect()
    >>> texts = "(SELECT unnest(['02/03/2026', '02/23/2026']) AS c1, unnest(['1.234,5', '12']) AS c2)"
    >>> wanted = {"c1": Wanted(ValueKind.MOMENT), "c2": Wanted(ValueKind.AMOUNT, "매출(만원)")}
    >>> found = detect_formats(connection, texts, texts, wanted)
    >>> found["c1"].format, found["c1"].decided_by.value, found["c2"].format
    ('%m/%d/%Y', 'whole_column', '1.234,56 × 10000 KRW')
    """
    if not wanted:
        return {}
    cursor = connection.cursor()
    try:
        fields = ", ".join(map(identifier, wanted))
        cursor.register(_SAMPLE, cursor.sql(f"SELECT {fields} FROM {sample}").to_arrow_table())
        choices = {field: _choice(cursor, field) for field, one in wanted.items() if one.kind is ValueKind.MOMENT}
        counts = _counted(cursor, relation, wanted, choices)
        found = {}
        for field, one in wanted.items():
            if one.kind is ValueKind.MOMENT:
                found[field] = _moment(field, choices[field], counts)
            elif one.kind in (ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.INTEGER):
                found[field] = _amount(field, one, counts)
            elif one.kind is ValueKind.PROBABILITY:
                found[field] = _probability(field, counts)
            else:
                found[field] = Detected(one.kind, "", 1.0, 0, 0, DecidedBy.SHAPE)
        return _fitted(cursor, _agreed(found))
    finally:
        cursor.close()


def _choice(cursor: duckdb.DuckDBPyConnection, field: str) -> _Choice:
    """Read the shapes of a column's sample, the commonest first."""
    column = identifier(field)
    shapes = cursor.execute(
        f"""SELECT regexp_replace(left(trim({column}), {_LONGEST_SHAPE}), '[0-9]', '9', 'g') AS shape, count(*) AS n
            FROM {_SAMPLE} WHERE NOT {is_blank(column)} GROUP BY shape ORDER BY n DESC, shape LIMIT {_MOST_SHAPES}"""
    ).fetchall()
    total = sum(n for _, n in shapes)
    weights: dict[tuple[str, ...], int] = {}
    for shape, n in shapes:
        found = readings(shape)
        if found is not None:
            weights[found.patterns] = weights.get(found.patterns, 0) + n
    kept = sorted((p for p, n in weights.items() if n > total * _RARE), key=lambda p: -weights[p])
    return _Choice(tuple(p[0] for p in kept if len(p) == 1), tuple(p for p in kept if len(p) > 1))


def _counted(
    cursor: duckdb.DuckDBPyConnection,
    relation: str,
    wanted: Mapping[str, Wanted],
    choices: Mapping[str, _Choice],
) -> dict[str, Any]:
    """Count over every row what the choices depend on."""
    asked: dict[str, str] = {}
    for field, one in wanted.items():
        column = identifier(field)
        if one.kind is ValueKind.MOMENT:
            asked |= _ask_moment(field, column, choices[field])
        elif one.kind in (ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.INTEGER):
            asked |= _ask_marks(field, column)
        elif one.kind is ValueKind.PROBABILITY:
            number = f"try_cast(replace(trim({column}, ' %％'), ',', '.') AS DOUBLE)"
            bare = f"NOT regexp_matches({column}, '[%％]')"
            asked[f"{field} most"] = f"max({number}) FILTER (WHERE {bare})"
            asked[f"{field} parts"] = f"count(*) FILTER (WHERE {bare} AND {number} <> floor({number}))"
    if not asked:
        return {}
    selected = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in asked.items())
    values = cursor.execute(f"SELECT {selected} FROM {relation}").fetchall()[0]
    return dict(zip(asked, values, strict=True))


def _ask_moment(field: str, column: str, choice: _Choice) -> dict[str, str]:
    asked: dict[str, str] = {}
    for number, patterns in enumerate(choice.open):
        parsed = [reading_of_pattern(column, p) for p in patterns]
        for pattern, sql in zip(patterns, parsed, strict=True):
            asked[f"{field} {pattern}"] = f"count({sql})"
        asked[f"{field} any {number}"] = f"count(coalesce({', '.join(parsed)}))"
    timed = [p for p in choice.fixed if has_time(p) and not p.endswith("%z")]
    if timed and len(timed) == len(choice.fixed) and not choice.open:
        clock = " OR ".join(
            f"(date_trunc('day', {sql}) <> {sql} AND year({sql}) < 9999)"
            for sql in (reading_of_pattern(column, p) for p in timed)
        )
        asked[f"{field} timed"] = f"count(*) FILTER (WHERE {clock})"
    return asked


def _moment(field: str, choice: _Choice, counts: Mapping[str, Any]) -> Detected:
    patterns = list(choice.fixed)
    decided, alternatives, confidence = DecidedBy.SHAPE, [], 1.0
    written = {_order(p) for p in choice.fixed if "%d" in p}
    for number, options in enumerate(choice.open):
        fitting = {p: counts[f"{field} {p}"] for p in options}
        either = counts[f"{field} any {number}"]
        ranked = sorted(options, key=lambda p: -fitting[p])
        best, tied = ranked[0], [p for p in ranked[1:] if fitting[p] == fitting[ranked[0]]]
        alike = [p for p in (best, *tied) if {_order(p)} == written]
        if tied and alike:
            # Beside "2026.12.20" in its column "26.11.05" begins with the year, too.
            best, tied = alike[0], []
        contradicted = either - fitting[best] > either * _CONTRADICTION
        patterns.append(best)
        decided = DecidedBy.WHOLE_COLUMN
        if tied or contradicted:
            others = tied or [p for p in ranked[1:] if fitting[p]]
            alternatives += [_replaced(choice, best, other) for other in others]
            confidence = _DOUBT
    if not patterns:
        return Detected(ValueKind.MOMENT, "", 0.0, 0, 0, DecidedBy.NOTHING)
    day_only = counts.get(f"{field} timed") == 0
    form = MomentFormat(tuple(dict.fromkeys(patterns)), day_only)
    return Detected(ValueKind.MOMENT, form.text, confidence, 0, 0, decided, tuple(dict.fromkeys(alternatives)))


def _replaced(choice: _Choice, best: str, other: str) -> str:
    """Write the format with another order in every open set of patterns."""
    order = _order(other)
    patterns = [*choice.fixed]
    for options in choice.open:
        same = [p for p in options if _order(p) == order]
        patterns.append(other if best in options else (same or [options[0]])[0])
    return MomentFormat(tuple(patterns)).text


def _order(pattern: str) -> str:
    """Name the order of day, month and year in a pattern.

    >>> _order("%d/%m/%Y %H:%M")
    'dmy'
    """
    places = {"d": pattern.find("%d"), "m": pattern.find("%m"), "y": pattern.lower().find("%y")}
    return "".join(sorted(places, key=lambda part: places[part]))


def _agreed(found: dict[str, Detected]) -> dict[str, Detected]:
    """Let columns whose order is open follow the others of the file, where those agree."""
    orders = {
        _order(one.format)
        for one in found.values()
        if one.kind is ValueKind.MOMENT and one.decided_by is DecidedBy.WHOLE_COLUMN and not one.alternatives
    }
    if len(orders) != 1:
        return found
    (order,) = orders
    agreed = {}
    for field, one in found.items():
        options = [p for p in (one.format, *one.alternatives) if one.alternatives and _order(p) == order]
        if one.kind is ValueKind.MOMENT and len(options) == 1:
            agreed[field] = replace(
                one, format=options[0], alternatives=(), confidence=_FROM_FILE, decided_by=DecidedBy.SAME_FILE
            )
        else:
            agreed[field] = one
    return agreed


def _ask_marks(field: str, column: str) -> dict[str, str]:
    """Count the cells that only a decimal point, or only a decimal comma, explains, and those that either does."""
    cases = {
        "point": r"[0-9]\.[0-9]{1,2}([^0-9.,]|$)|[0-9]\.[0-9]{4,}|,[0-9]{3}[.,]|^-?0?\.[0-9]|^-?0\.[0-9]",
        "comma": r"[0-9],[0-9]{1,2}([^0-9.,]|$)|[0-9],[0-9]{4,}|\.[0-9]{3}[.,]|^-?0,[0-9]",
        "either point": r"^[^0-9]*[1-9][0-9]{0,2}\.[0-9]{3}[^0-9.,]*$",
        "either comma": r"^[^0-9]*[1-9][0-9]{0,2},[0-9]{3}[^0-9.,]*$",
    }
    # Korean sections (1억 2,345만) hold several numbers; thousands marks inside them are no evidence.
    plain = f"NOT regexp_matches({column}, '[조억만천]')"
    return {
        f"{field} {case}": f"count(*) FILTER (WHERE {plain} AND regexp_matches({column}, {literal(pattern)}))"
        for case, pattern in cases.items()
    }


def _amount(field: str, one: Wanted, counts: Mapping[str, Any]) -> Detected:
    point, comma = counts[f"{field} point"], counts[f"{field} comma"]
    either_point, either_comma = counts[f"{field} either point"], counts[f"{field} either comma"]
    decided, doubt = DecidedBy.WHOLE_COLUMN, False
    if point or comma:
        mark = "." if point >= comma else ","
        doubt = min(point, comma) > max(point, comma) * _CONTRADICTION
    elif either_point:
        # 1.234 alone: thousands or thousandths. Amounts have no thousandths, but the file should be asked.
        mark, doubt = ",", True
        if either_comma:
            mark = "."
    else:
        mark, decided = ".", DecidedBy.CONVENTION if either_comma else DecidedBy.SHAPE
    unit = unit_of(one.header) if one.kind is ValueKind.AMOUNT else unit_of("")
    form = AmountFormat(mark, unit.multiplier, unit.currency)
    other = replace(form, decimal_mark="," if mark == "." else ".")
    return Detected(one.kind, form.text, _DOUBT if doubt else 1.0, 0, 0, decided, (other.text,) if doubt else ())


def _probability(field: str, counts: Mapping[str, Any]) -> Detected:
    most, parts = counts[f"{field} most"], counts[f"{field} parts"]
    if most is None:
        return Detected(ValueKind.PROBABILITY, ProbabilityScale.ONE.value, 1.0, 0, 0, DecidedBy.SHAPE)
    scale = ProbabilityScale.HUNDRED if most > 1 else ProbabilityScale.ONE
    # Nothing but 0 and 1: certain either way to be of 1, for 1 % is nobody's guess.
    decided = DecidedBy.WHOLE_COLUMN if most > 1 or parts else DecidedBy.CONVENTION
    return Detected(ValueKind.PROBABILITY, scale.value, 1.0, 0, 0, decided)


def _fitted(cursor: duckdb.DuckDBPyConnection, found: Mapping[str, Detected]) -> dict[str, Detected]:
    """Count in the sample how many cells each format reads."""
    read_by = {
        field: read(identifier(field), one.kind, one.format, name=field, file_zone="UTC", organisation_zone="UTC")
        for field, one in found.items()
    }
    aggregates: list[str] = []
    for field in found:
        aggregates.append(f"count(*) FILTER (WHERE {identifier(f'{field} filled')})")
        aggregates.append(f"count(*) FILTER (WHERE {identifier(f'{field}_malformed')})")
    keep = [f"NOT {is_blank(identifier(field))} AS {identifier(f'{field} filled')}" for field in found]
    counted = cursor.execute(f"SELECT {', '.join(aggregates)} FROM ({query(_SAMPLE, read_by, keep)})").fetchall()[0]
    fitted = {}
    for place, (field, one) in enumerate(found.items()):
        filled, malformed = counted[2 * place], counted[2 * place + 1]
        share = (filled - malformed) / filled if filled else 0.0
        fitted[field] = replace(
            one, filled=filled, fitting=filled - malformed, confidence=round(one.confidence * share, 4)
        )
    return fitted
