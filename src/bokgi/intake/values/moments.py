"""Dates and times: the ways they are written, and the SQL that reads them.

A moment becomes two columns: `at`, the UTC instant (null when the text gives a date only), and `on`, the date in the
organisation's zone. A text is read by the patterns of its format, tried in their order; what none of them fits is tried
against ways of writing that have one meaning only (year first), and is malformed otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bokgi.intake.sql import identifier, literal
from bokgi.intake.values.moment_shapes import EPOCH_MILLISECONDS, EPOCH_SECONDS, EXCEL
from bokgi.intake.values.reading import Reading
from bokgi.intake.values.text import is_unread, trimmed
from bokgi.intake.values.zones import civil_date, instant

_SPECIAL: Final = frozenset({EXCEL, EPOCH_SECONDS, EPOCH_MILLISECONDS})
_DAY: Final = "day "
_BETWEEN: Final = " | "
_HOUR: Final = re.compile(r"%[HI]")
_UTC: Final = re.compile(r" ?(?:Z|UTC|GMT)$")
_WEEKDAY: Final = re.compile(r" (?:\(%a\)|%A)")
_WEEKDAY_TEXT: Final = r"\s*(\([월화수목금토일]\)|[월화수목금토일]요일)"
_DIGITS: Final = {"%Y%m%d%H%M%S": 14, "%Y%m%d%H%M": 12, "%Y%m%d": 8, "%y%m%d": 6}
_YEARS: Final = "BETWEEN TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
_ONE_MEANING: Final = (
    "%Y-%m-%d", "%Y. %m. %d.", "%Y.%m.%d", "%Y/%m/%d", "%Y년 %m월 %d일", "%Y. %m. %d", "%Y.%m.%d.",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f",
    "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y. %m. %d. %p %I:%M", "%Y-%m-%d %p %I:%M", "%Y. %m. %d. %H:%M",
)  # fmt: skip
_ONE_MEANING_UTC: Final = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S UTC")
_ONE_MEANING_OFFSET: Final = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")
_ON_CLOCKS: Final = frozenset({"clock", "utc", "serial"})
_FIRST_SERIAL: Final = 61
_LAST_SERIAL: Final = 2_958_465


@dataclass(frozen=True)
class MomentFormat:
    """Ways of writing a moment, the commonest first.

    A pattern is one of strptime (a `%p` before the hour also reads 오전 and 오후), or `excel` (serial days since 1900),
    `epoch_s`, `epoch_ms`. `day_only` says that the times are midnight throughout and mean nothing.

    >>> MomentFormat.of("day %Y-%m-%d %H:%M:%S").day_only
    True
    >>> MomentFormat(("%d/%m/%Y", "excel")).text
    '%d/%m/%Y | excel'
    """

    patterns: tuple[str, ...]
    day_only: bool = False

    @classmethod
    def of(cls, text: str) -> MomentFormat:
        """Read a format as it stands in a mapping."""
        day_only = text.startswith(_DAY)
        return cls(tuple(text.removeprefix(_DAY).split(_BETWEEN)), day_only)

    @property
    def text(self) -> str:
        """Write the format for a mapping."""
        return (_DAY if self.day_only else "") + _BETWEEN.join(self.patterns)


def has_time(pattern: str) -> bool:
    """Tell whether a pattern of strptime holds a time of day.

    >>> has_time("%Y. %m. %d. %p %I:%M"), has_time("%d/%m/%Y")
    (True, False)
    """
    return _HOUR.search(pattern) is not None


def moment(sql: str, form: MomentFormat, *, name: str, file_zone: str, organisation_zone: str) -> Reading:
    """Read the text column `sql` (a quoted identifier) as moments: `at` (TIMESTAMPTZ), `on` (DATE), `malformed`.

    Times without an offset are those of a clock in `file_zone`. Years are 1000 to 9999: 9999-12-31 is read, whatever it
    may mean. `name` begins the names of helper columns.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> zone = "Asia/Seoul"
    >>> read = moment("t", MomentFormat(("%d/%m/%Y",)), name="closed", file_zone=zone, organisation_zone=zone)
    >>> texts = "(SELECT unnest(['23/11/2026', '2026. 11. 3.', '11/23/2026', '-']) AS t)"
    >>> [(str(on), malformed) for _, on, malformed in duckdb.sql(query(texts, {"closed": read})).fetchall()]
    [('2026-11-23', False), ('2026-11-03', False), ('None', True), ('None', False)]
    """
    parsed = _parsed(sql, form)
    raw = {kind: identifier(f"{name}__{kind}") for kind in parsed}
    seen = {kind: identifier(f"{name}__{kind}_seen") for kind in parsed if kind in _ON_CLOCKS}
    found = {**raw, **seen}
    missed, clock, late, at = (identifier(f"{name}__{step}") for step in ("missed", "late_clock", "late_instant", "at"))
    text = trimmed(sql)
    late_instants = (
        f"coalesce({_as_instant(_strptime(text, _ONE_MEANING_UTC))}, {_strptime(text, _ONE_MEANING_OFFSET)})"
    )
    unread = f"{missed} AND {clock} IS NULL AND {_has_digit(sql)}"
    steps = (
        {f"{name}__{kind}": expression for kind, expression in parsed.items()},
        {f"{name}__{kind}_seen": _within(raw[kind], sql) for kind in seen},
        {f"{name}__missed": is_unread(sql, *found.values())},
        {f"{name}__late_clock": f"CASE WHEN {missed} THEN {_within(_late_clock(sql, text), sql)} END"},
        {f"{name}__late_instant": f"CASE WHEN {unread} THEN {late_instants} END"},
        {f"{name}__at": _at(sql, form, found, clock=clock, late=late, missed=missed, file_zone=file_zone)},
    )
    days = [f"({found[kind]})::DATE" for kind in ("clock", "serial") if kind in found]
    if form.day_only and "utc" in found:
        days.append(f"({found['utc']})::DATE")
    there = civil_date(at, organisation_zone)
    day = _coalesce([*days, f"({clock})::DATE"])
    on = f"coalesce({day}, {there})" if file_zone == organisation_zone else f"coalesce({there}, {day})"
    results = {
        "at": "NULL::TIMESTAMPTZ" if form.day_only else at,
        "on": on,
        "malformed": f"({missed} AND {clock} IS NULL AND {late} IS NULL)",
    }
    return Reading(steps, results)


def _parsed(sql: str, form: MomentFormat) -> dict[str, str]:
    """Write what the patterns of a format give: `clock`, `serial` and `utc` as TIMESTAMP, the others as instants."""
    known = [p for p in form.patterns if p not in _SPECIAL]
    groups = {
        "clock": tuple(p for p in known if not p.endswith("%z") and not _UTC.search(p)),
        "utc": tuple(p for p in known if _UTC.search(p)),
        "offset": tuple(p for p in known if p.endswith("%z")),
    }
    parsed = {kind: _strptime(sql, patterns) for kind, patterns in groups.items() if patterns}
    if "offset" in parsed:
        parsed["offset"] = f"CASE WHEN {_has_digit(sql)} THEN {parsed['offset']} END"
    parsed |= {p: _epoch(sql, p) for p in form.patterns if p in (EPOCH_MILLISECONDS, EPOCH_SECONDS)}
    if EXCEL in form.patterns:
        parsed["serial"] = _serial(sql)
    return parsed


def _at(
    sql: str, form: MomentFormat, found: dict[str, str], *, clock: str, late: str, missed: str, file_zone: str
) -> str:
    """Write the instant; null where the text shows a date only."""
    written: list[str] = []
    if "clock" in found and not form.day_only:
        timed = [has_time(p) for p in form.patterns if p not in _SPECIAL]
        shown = found["clock"] if all(timed) else f"CASE WHEN {_shows_time(sql)} THEN {found['clock']} END"
        if any(timed):
            written.append(instant(shown, file_zone))
    if "serial" in found:
        written.append(instant(f"CASE WHEN {_serial_has_time(sql)} THEN {found['serial']} END", file_zone))
    if "utc" in found and not form.day_only:
        written.append(_as_instant(found["utc"]))
    written += [column for kind, column in found.items() if kind not in _ON_CLOCKS]
    shown = f"CASE WHEN {clock} IS NOT NULL AND {_shows_time(sql)} THEN {clock} END"
    return f"CASE WHEN {missed} THEN coalesce({instant(shown, file_zone)}, {late}) ELSE {_coalesce(written)} END"


def reading_of_pattern(sql: str, pattern: str) -> str:
    """Write what one pattern of strptime reads from a text (TIMESTAMP, the offset dropped); null where it does not fit.

    >>> import duckdb
    >>> sql = reading_of_pattern("t", "%d/%m/%Y")
    >>> duckdb.sql(f"SELECT {sql} FROM (SELECT '23/11/26' AS t)").fetchall()
    [(None,)]
    """
    return _within(_strptime(sql, (pattern,)), sql)


def _late_clock(sql: str, text: str) -> str:
    days = tuple(p for p in _ONE_MEANING if not has_time(p))
    times = tuple(p for p in _ONE_MEANING if has_time(p))
    return f"CASE WHEN {_shows_time(sql)} THEN {_strptime(text, times)} ELSE {_strptime(text, days)} END"


def _coalesce(expressions: list[str]) -> str:
    if not expressions:
        return "NULL::TIMESTAMPTZ"
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _strptime(sql: str, patterns: tuple[str, ...]) -> str:
    """Write try_strptime; patterns of digits alone ask for exactly as many, for %m and %d would also take one."""
    text, chosen = sql, list(patterns)
    if any(_WEEKDAY.search(p) for p in patterns):
        text = f"regexp_replace({text}, {literal(_WEEKDAY_TEXT)}, '')"
        chosen = [_WEEKDAY.sub("", p) for p in chosen]
    if any("%p" in p for p in patterns):
        text = f"replace(replace({text}, '오전', 'AM'), '오후', 'PM')"
    chosen = [*dict.fromkeys(chosen)]
    if any("%y" in p for p in chosen):
        # Where short years are, %Y would read them as those of antiquity.
        chosen.sort(key=lambda p: "%Y" in p)
    formats = literal(chosen[0]) if len(chosen) == 1 else f"[{', '.join(map(literal, chosen))}]"
    parsed = f"try_strptime({text}, {formats})"
    if any("%n" in p for p in patterns):
        # With nanoseconds DuckDB answers in a type of its own.
        parsed = f"try_cast({parsed} AS TIMESTAMP)"
    lengths = [_DIGITS[p] for p in patterns if p in _DIGITS]
    if not lengths:
        return parsed
    right = f"length({sql}) IN ({', '.join(map(str, lengths))})"
    if len(lengths) < len(patterns):
        right = f"({right} OR NOT regexp_full_match({sql}, '[0-9]*'))"
    return f"CASE WHEN {right} THEN {parsed} END"


def _within(local: str, sql: str) -> str:
    """Refuse years that %Y read from two digits or from more than four, and the words that DuckDB takes for a date.

    try_strptime reads "epoch" and "infinity" as 1900-01-01 whatever the pattern.
    """
    doubtful = f"{local} = TIMESTAMP '1900-01-01'"
    return (
        f"CASE WHEN {doubtful} THEN CASE WHEN {_has_digit(sql)} THEN {local} END WHEN {local} {_YEARS} THEN {local} END"
    )


def _has_digit(sql: str) -> str:
    return f"regexp_matches({sql}, '[0-9]')"


def _shows_time(sql: str) -> str:
    """Write the condition that a text goes on after its date."""
    return f"regexp_matches({sql}, '[:시]|^[0-9]{{12,14}}$')"


def _as_instant(utc: str) -> str:
    return f"make_timestamptz(epoch_us({utc}))"


def _serial(sql: str) -> str:
    """Write the clock's reading of serial days; the fraction of a day is rounded to the second."""
    days = f"try_cast({sql} AS DOUBLE)"
    inside = f"{days} BETWEEN {_FIRST_SERIAL} AND {_LAST_SERIAL}"
    return f"CASE WHEN {inside} THEN TIMESTAMP '1899-12-30' + to_seconds(round({days} * 86400)::BIGINT) END"


def _serial_has_time(sql: str) -> str:
    return f"try_cast({sql} AS DOUBLE) <> floor(try_cast({sql} AS DOUBLE))"


def _epoch(sql: str, unit: str) -> str:
    factor, digits = (1_000, 13) if unit == EPOCH_MILLISECONDS else (1_000_000, 10)
    return f"CASE WHEN length({sql}) = {digits} THEN make_timestamptz(try_cast({sql} AS BIGINT) * {factor}) END"
