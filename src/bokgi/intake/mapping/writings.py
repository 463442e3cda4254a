"""The ways in which one column writes its dates or amounts, counted in the engine over the whole column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import duckdb

from bokgi.intake.files.staged import StagedFile
from bokgi.intake.sql import literal
from bokgi.intake.values.amounts import AmountFormat
from bokgi.intake.values.moment_shapes import EPOCH_MILLISECONDS, EPOCH_SECONDS, EXCEL, readings
from bokgi.intake.values.moments import MomentFormat, has_time, moment
from bokgi.intake.values.reading import query
from bokgi.intake.values.scalars import ProbabilityScale
from bokgi.intake.values.text import is_blank, trimmed

_MOST_SHAPES: Final = 300
_MIDNIGHT: Final = r"[T ]0?0:00(:00([.,]0+)?)?$"
_PLACES: Final = re.compile(r"%([mdyY])")
_EXAMPLE: Final = datetime(2026, 11, 23, 14, 5, 33, tzinfo=UTC)
_ZONE: Final = "UTC"


@dataclass(frozen=True)
class DateWriting:
    """How a column writes dates: patterns of one meaning, and those that depend on the order of day and month.

    `orders`: the orders (`mdy`, `dmy`, `ymd`) in which the whole column reads equally well; one where it is decided,
    none where nothing depends on it.
    """

    plain: tuple[str, ...]
    by_order: tuple[tuple[str, tuple[str, ...]], ...]
    orders: tuple[str, ...]
    day_only: bool

    def format(self, order: str | None) -> str:
        """Write the format, taking the order given where the column does not decide it."""
        chosen = order if order in self.orders else next(iter(self.orders), None)
        ordered = next((patterns for name, patterns in self.by_order if name == chosen), ())
        patterns = tuple(dict.fromkeys((*ordered, *self.plain)))
        timed = any(has_time(pattern) for pattern in patterns)
        return MomentFormat(patterns or ("%Y-%m-%d",), day_only=self.day_only and timed).text


def order_of(pattern: str) -> str:
    """Give the order in which a pattern names day, month and year.

    >>> order_of("%d/%m/%Y %H:%M"), order_of("%y.%m.%d")
    ('dmy', 'ymd')
    """
    return "".join(place.lower() for place in _PLACES.findall(pattern))[:3]


def date_writing(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, sql: str, null_values: Sequence[str] = ()
) -> DateWriting:
    """Find how the texts of an expression over a staged file write dates."""
    texts = _texts(staged, sql, null_values)
    shape = "translate(text, '0123456789', '9999999999')"
    counts = connection.execute(
        f"SELECT {shape} AS shape, count(*) FROM {texts} GROUP BY shape ORDER BY 2 DESC, 1 LIMIT {_MOST_SHAPES}"
    ).fetchall()
    plain: list[str] = []
    by_order: dict[str, dict[str, None]] = {}
    for text, _ in counts:
        found = readings(text)
        if found is None:
            continue
        if not found.open:
            plain += found.patterns
        for pattern in found.patterns if found.open else ():
            by_order.setdefault(order_of(pattern), {})[pattern] = None
    patterns = tuple((order, tuple(names)) for order, names in by_order.items())
    orders = _orders(connection, texts, tuple(dict.fromkeys(plain)), patterns)
    return DateWriting(tuple(dict.fromkeys(plain)), patterns, orders, _day_only(connection, texts))


def _texts(staged: StagedFile, sql: str, null_values: Sequence[str]) -> str:
    nulls = ", ".join(literal(text) for text in ("", *null_values))
    text = trimmed(sql)
    return f"(SELECT {text} AS text FROM {staged.relation} WHERE NOT {is_blank(sql)} AND {text} NOT IN ({nulls}))"


def _orders(
    connection: duckdb.DuckDBPyConnection,
    texts: str,
    plain: tuple[str, ...],
    patterns: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[str, ...]:
    """Give the orders in which fewest texts cannot be read; one of them where they give the same dates."""
    if not patterns:
        return ()
    read = {
        order: moment("text", MomentFormat((*names, *plain)), name=order, file_zone=_ZONE, organisation_zone=_ZONE)
        for order, names in patterns
    }
    counts = ", ".join(f"count(*) FILTER ({order}_malformed)" for order in read)
    first = next(iter(read))
    same = ", ".join(f"bool_and({order}_on IS NOT DISTINCT FROM {first}_on)" for order in read)
    row = connection.execute(f"SELECT {counts}, {same} FROM ({query(texts, read)})").fetchall()[0]
    malformed = dict(zip(read, row, strict=False))
    least = min(malformed.values())
    best = [order for order in read if malformed[order] == least]
    alike = dict(zip(read, row[len(read) :], strict=True))
    return (best[0],) if all(alike[order] for order in best) and best[0] == first else tuple(best)


def _day_only(connection: duckdb.DuckDBPyConnection, texts: str) -> bool:
    """Tell whether every time of day is midnight, so that the times mean nothing."""
    timed, other = connection.execute(
        f"""SELECT count(*) FILTER (contains(text, ':')),
                   count(*) FILTER (contains(text, ':') AND NOT regexp_matches(text, '{_MIDNIGHT}')) FROM {texts}"""
    ).fetchall()[0]
    return bool(timed) and not other


def amount_writing(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, sql: str, null_values: Sequence[str] = ()
) -> AmountFormat:
    """Find which mark separates decimals: the one that stands before one or two digits, or after thousands."""
    texts = _texts(staged, sql, null_values)
    point, comma, dotted = connection.execute(
        rf"""SELECT count(*) FILTER (regexp_matches(text, '\d\.\d\d?(\D|$)') OR regexp_matches(text, ',\d{{3}}\.')),
                    count(*) FILTER (regexp_matches(text, '\d,\d\d?(\D|$)') OR regexp_matches(text, '\.\d{{3}},')),
                    count(*) FILTER (regexp_matches(text, '\.\d{{3}}\.\d{{3}}'))
             FROM {texts}"""
    ).fetchall()[0]
    return AmountFormat("," if comma + dotted > point else ".")


def probability_writing(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, sql: str, null_values: Sequence[str] = ()
) -> ProbabilityScale:
    """Tell whether probabilities are counted to 1 or to 100: to 100 where any number without % is above 1."""
    texts = _texts(staged, sql, null_values)
    most = connection.execute(f"SELECT max(TRY_CAST(text AS DOUBLE)) FROM {texts}").fetchall()[0][0]
    return ProbabilityScale.HUNDRED if most is not None and most > 1 else ProbabilityScale.ONE


def example_of(text: str) -> str:
    """Write 23 November 2026, 14:05:33, as a format would.

    >>> example_of("%Y. %m. %d. | excel")
    '2026. 11. 23.'
    """
    pattern = MomentFormat.of(text).patterns[0]
    special = {EXCEL: "46349.59", EPOCH_SECONDS: "1795442733", EPOCH_MILLISECONDS: "1795442733000"}
    if pattern in special:
        return special[pattern]
    return _EXAMPLE.strftime(pattern.replace("%n", "000000000").replace("%f", "000000"))
