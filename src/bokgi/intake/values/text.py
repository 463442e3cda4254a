"""Text as a person reads it, and which texts mean "nothing here"."""

from __future__ import annotations

import re
from typing import Final

from bokgi.intake.sql import literal
from bokgi.intake.values.reading import Reading

NULL_WORDS: Final = (
    "", "-", "--", "—", "–", ".", "?", "n/a", "na", "#n/a", "n.a.", "null", "(null)", "none", "nil", "nan", "nat",
    "tbd", "tba", "없음", "미정", "해당없음", "해당 없음", "미입력", "(blank)", "(비어 있음)",
)  # fmt: skip
"""Texts that mean "empty" where a date, an amount or a number is expected; in lower case."""

_WIDE: Final = "\u00a0\u3000\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\t\r\x0b\x0c"
_INVISIBLE: Final = "\ufeff\u200b\u200c\u200d\u2060"
_SPACE: Final = rf"\s{_WIDE}{_INVISIBLE}"


def trimmed(sql: str) -> str:
    """Write a text without spaces of any width at its ends."""
    return f"trim({sql}, {literal(' ' + chr(10) + _WIDE + _INVISIBLE)})"


def is_blank(sql: str) -> str:
    """Write the condition that a cell holds no value where a typed value is expected.

    >>> import duckdb
    >>> duckdb.sql(f"SELECT {is_blank('t')} FROM (VALUES ('　'), ('N/A'), ('미정'), ('0')) AS v(t)").fetchall()
    [(True,), (True,), (True,), (False,)]
    """
    # A pattern, not IN: DuckDB turns a long IN into a join that looks at every row, wanted or not.
    words = "|".join(re.escape(word) for word in NULL_WORDS)
    return f"({sql} IS NULL OR regexp_full_match({sql}, {literal(f'(?i)[{_SPACE}]*({words})[{_SPACE}]*')}))"


def is_unread(sql: str, *values: str) -> str:
    """Write the condition that a text is there and gave none of the values.

    A CASE, not AND: DuckDB would compute every part of an AND for every row, and the look for blanks costs most.

    >>> import duckdb
    >>> duckdb.sql(
    ...     f"SELECT {is_unread('t', 'n')} FROM (VALUES ('x', NULL), ('', NULL), ('1', 1)) AS v(t, n)"
    ... ).fetchall()
    [(True,), (False,), (False,)]
    """
    read = " OR ".join(f"({value}) IS NOT NULL" for value in values)
    return f"(CASE WHEN {sql} IS NULL OR {read} THEN false ELSE NOT {is_blank(sql)} END)"


def text(sql: str) -> Reading:
    """Read a column as cleaned text; a text is never malformed."""
    return Reading((), {"value": cleaned(sql), "malformed": "false"})


def cleaned(sql: str) -> str:
    r"""Write a text cleaned for keeping: composed Hangul, no invisible characters, null when nothing is left.

    Spaces of other widths become plain ones, those at the ends go; line breaks inside stay. Excel's ways of forcing
    text (`="001"`, a leading apostrophe before a number or a sign) and its `_x000D_` are undone. Most cells need none
    of it, and pay for a look only.

    >>> import duckdb
    >>> rows = [" 한빛　전자 ", '="001"', "'007", "it's", "a_x000D_" + chr(10) + "b", "  "]
    >>> query = f"SELECT {cleaned('t')} FROM (SELECT unnest($rows) AS t)"
    >>> [text for (text,) in duckdb.execute(query, {"rows": rows}).fetchall()]
    ['한빛 전자', '001', '007', "it's", 'a\nb', None]
    """
    plain = (
        f"regexp_full_match({sql}, '[!-~가-힣]+( [!-~가-힣]+)*') AND left({sql}, 1) NOT IN ('=', chr(39))"
        f" AND NOT contains({sql}, '_x000D_')"
    )
    whole = f"replace(replace(replace({sql}, '_x000D_', ''), chr(13) || chr(10), chr(10)), chr(0), '')"
    whole = f"""regexp_replace({whole}, '^\\s*="((?:[^"]|"")*)"\\s*$', '\\1')"""
    whole = f"regexp_replace({whole}, '^\\s*\\x27([-+=@0-9])', '\\1')"
    whole = f"translate({whole}, {literal(_WIDE + _INVISIBLE)}, {literal(' ' * len(_WIDE))})"
    whole = f"nullif(trim(nfc_normalize({whole}), ' ' || chr(10)), '')"
    return f"CASE WHEN {sql} IS NULL OR ({plain}) THEN {sql} ELSE {whole} END"
