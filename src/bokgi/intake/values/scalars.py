"""Numbers, whole numbers, probabilities, durations, yes and no: how they are written, and the SQL that reads them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bokgi.intake.sql import identifier, literal, one_of
from bokgi.intake.values.amounts import AmountFormat, number_text
from bokgi.intake.values.reading import Reading
from bokgi.intake.values.text import is_unread, trimmed

YES: Final = (
    "true", "t", "yes", "y", "1", "1.0", "on", "예", "네", "유", "있음", "참", "사용", "o", "○", "◯", "ㅇ",
    "v", "✓", "✔", "☑", "√",
)  # fmt: skip
"""Texts that say yes, in lower case."""

NO: Final = (
    "false", "f", "no", "n", "0", "0.0", "off", "아니오", "아니요", "무", "거짓", "미사용", "x", "×", "✕", "✗", "☐",
)  # fmt: skip
"""Texts that say no, in lower case. `없음` means "nothing here" elsewhere, and no here."""

_NO_HERE: Final = (*NO, "없음")
_WHOLE: Final = "BIGINT"
_NUMBER: Final = "DOUBLE"
_MOST_SECONDS: Final = 10**12


class ProbabilityScale(StrEnum):
    """How probabilities of a column are counted: from 0 to 1, or from 0 to 100. A cell with % is always of 100."""

    ONE = "0-1"
    HUNDRED = "0-100"


def boolean(sql: str) -> Reading:
    """Read yes and no: `value` BOOLEAN.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['Y', '아니오', 'O', '1.0', '아마', '']) AS t)"
    >>> duckdb.sql(query(texts, {"won": boolean("t")})).fetchall()
    [(True, False), (False, False), (True, False), (True, False), (None, True), (None, False)]
    """

    def says(words: tuple[str, ...]) -> str:
        return one_of(f"lower({trimmed(sql)})", words)

    value = f"CASE WHEN {sql} IS NULL THEN NULL WHEN {says(YES)} THEN true WHEN {says(_NO_HERE)} THEN false END"
    return Reading((), {"value": value, "malformed": is_unread(sql, value)})


def number(sql: str, form: AmountFormat, *, name: str) -> Reading:
    """Read numbers that are no money: `value` DOUBLE. A % is taken off, nothing is divided."""
    parsed = _decimal(sql, form)
    return _one(name, sql, parsed, identifier(f"{name}__number"))


def integer(sql: str, form: AmountFormat, *, name: str) -> Reading:
    """Read whole numbers: `value` BIGINT. `84.0` is 84; a number with a fraction is malformed.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['84.0', '1,200명', '2.5', 'many']) AS t)"
    >>> duckdb.sql(query(texts, {"n": integer("t", AmountFormat(), name="n")})).fetchall()
    [(84, False), (1200, False), (None, True), (None, True)]
    """
    parsed = identifier(f"{name}__number")
    value = f"CASE WHEN {parsed} = floor({parsed}) AND abs({parsed}) < 1e15 THEN {parsed}::{_WHOLE} END"
    return _one(name, sql, _decimal(sql, form), value)


def probability(sql: str, scale: ProbabilityScale, *, name: str) -> Reading:
    """Read probabilities: `value` DOUBLE from 0 to 1; outside of that is malformed.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['10', '10%', '0.5', '120']) AS t)"
    >>> duckdb.sql(query(texts, {"p": probability("t", ProbabilityScale.HUNDRED, name="p")})).fetchall()
    [(0.1, False), (0.1, False), (0.005, False), (None, True)]
    """
    parsed = identifier(f"{name}__number")
    percent = f"{parsed} / 100"
    share = (
        percent
        if scale is ProbabilityScale.HUNDRED
        else f"CASE WHEN {sql} LIKE '%\\%%' ESCAPE '\\' OR {sql} LIKE '%％%' THEN {percent} ELSE {parsed} END"
    )
    value = f"CASE WHEN ({share}) BETWEEN 0 AND 1 THEN {share} END"
    return _one(name, sql, _decimal(sql, AmountFormat()), value)


def duration(sql: str, *, name: str) -> Reading:
    """Read durations: `value` DOUBLE in seconds. Read are seconds, `H:MM`, `H:MM:SS`, `1시간 30분`, `2d 3h`, `90 min`.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['90', '1:30:00', '0:45', '1시간 30분', '2일', '1d 2h']) AS t)"
    >>> [seconds for seconds, _ in duckdb.sql(query(texts, {"d": duration("t", name="d")})).fetchall()]
    [90.0, 5400.0, 2700.0, 5400.0, 172800.0, 93600.0]
    """
    plain = f"try_cast({sql} AS {_NUMBER})"
    clock = r"^\s*([0-9]{1,6}):([0-5]?[0-9])(?::([0-5]?[0-9](?:\.[0-9]+)?))?\s*$"
    amount = r"([0-9]+(?:\.[0-9]+)?)\s*"
    words = (
        rf"^\s*(?:{amount}(?:일|d|days?))?\s*(?:{amount}(?:시간|h|hrs?|hours?))?"
        rf"\s*(?:{amount}(?:분|m|mins?|minutes?))?\s*(?:{amount}(?:초|s|secs?|seconds?))?\s*$"
    )
    steps = (
        {f"{name}__plain": plain},
        {
            f"{name}__clock": f"CASE WHEN {identifier(f'{name}__plain')} IS NULL AND contains({sql}, ':')"
            f" THEN regexp_extract({sql}, {literal(clock)}, ['h', 'm', 's']) END",
            f"{name}__words": f"CASE WHEN {identifier(f'{name}__plain')} IS NULL AND NOT contains({sql}, ':')"
            f" THEN regexp_extract(lower({sql}), {literal(words)}, ['d', 'h', 'm', 's']) END",
        },
    )

    def part(column: str, group: str, seconds: int) -> str:
        return f"coalesce(try_cast(nullif({identifier(f'{name}__{column}')}.{group}, '') AS {_NUMBER}), 0) * {seconds}"

    by_clock = " + ".join(part("clock", group, n) for group, n in (("h", 3600), ("m", 60), ("s", 1)))
    by_words = " + ".join(part("words", group, n) for group, n in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)))
    said = " || ".join(f"{identifier(f'{name}__words')}.{group}" for group in ("d", "h", "m", "s"))
    value = (
        f"coalesce(CASE WHEN {identifier(f'{name}__plain')} BETWEEN 0 AND {_MOST_SECONDS}"
        f" THEN {identifier(f'{name}__plain')} END,"
        f" CASE WHEN {identifier(f'{name}__clock')}.m <> '' THEN {by_clock} END,"
        f" CASE WHEN {said} <> '' THEN {by_words} END)"
    )
    return Reading(steps, {"value": value, "malformed": is_unread(sql, value)})


def _decimal(sql: str, form: AmountFormat) -> str:
    """Read a number with thousands marks; a % and a Korean word for what is counted (명, 건, 개, 회) are taken off."""
    plain = f"CASE WHEN NOT contains({sql}, ',') THEN try_cast(rtrim({sql}, '%') AS {_NUMBER}) END"
    bare = f"trim({trimmed(sql)}, ' %％명건개회')"
    fits, digits = number_text(bare, form)
    parsed = f"coalesce({plain}, CASE WHEN {fits} THEN try_cast({digits} AS {_NUMBER}) END)"
    if form.decimal_mark == ",":
        parsed = f"CASE WHEN {fits} THEN try_cast({digits} AS {_NUMBER}) END"
    return f"CASE WHEN isfinite({parsed}) THEN {parsed} END"


def _one(name: str, sql: str, parsed: str, value: str) -> Reading:
    return Reading(
        ({f"{name}__number": parsed},),
        {"value": value, "malformed": is_unread(sql, value)},
    )
