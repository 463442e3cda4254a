"""Months, quarters and years as files write them, read as their first day and the first day after."""

from __future__ import annotations

from typing import Final

from bokgi.intake.mapping.contents import MONTH_NAMES
from bokgi.intake.mapping.fields import Kind
from bokgi.intake.values.reading import Reading
from bokgi.intake.values.text import is_blank, trimmed

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


PERIOD_PARTS: Final = {"targets.month": Kind.MONTH, "targets.quarter": Kind.QUARTER}
"""Fields that name a part of the year which stands in a column of its own, the shorter part first."""
_YEAR: Final = "^((?:19|20)[0-9][0-9]) ?(?:년도?)?$"
_QUARTER: Final = "^(?:q ?([1-4])|0?([1-4]) ?(?:q|(?:/4|사)? ?분기)?)$"
_MONTH: Final = "^(0?[1-9]|1[0-2]) ?월?$"
_NAMED: Final = rf"^({MONTH_NAMES})\.?$"
_UNREADABLE: Final = "no period"


def within_year(year: str, part: str, kind: Kind) -> str:
    """Give the SQL of one text for `period` from the SQL of two: a year, and a quarter or month of it.

    Read are years as `2026`, `2026년`; quarters as `1`, `Q1`, `1분기`; months as `3`, `03`, `3월`, `Mar`. Null where a
    cell is empty or the year cannot be read (which its own column tells); a part that cannot be read stays unreadable,
    and so does a word for "empty" such as `N/A`, without which the row has no period.

    >>> import duckdb
    >>> asked = (("'2026년'", "'3월'", Kind.MONTH), ("'2026'", "'1'", Kind.QUARTER), ("'2026'", "'12'", Kind.QUARTER))
    >>> duckdb.sql(f"SELECT {', '.join(within_year(*one) for one in asked)}").fetchall()
    [('2026-3', '2026-Q1', 'no period')]
    """
    text = f"lower({trimmed(part)})"
    whole = f"nullif(regexp_extract({trimmed(year)}, '{_YEAR}', 1), '')"
    if kind is Kind.QUARTER:
        found = f"regexp_extract({text}, '{_QUARTER}', ['a', 'b'])"
        said = f"{whole} || '-Q' || nullif({found}.a || {found}.b, '')"
    else:
        number, name = f"regexp_extract({text}, '{_MONTH}', 1)", f"regexp_extract({text}, '{_NAMED}', 1)"
        said = f"coalesce({whole} || '-' || nullif({number}, ''), nullif({name}, '') || ' ' || {whole})"
    told = f"{part} IS NOT NULL AND {year} IS NOT NULL AND ({whole} IS NOT NULL OR {is_blank(year)})"
    return f"CASE WHEN {told} THEN coalesce({said}, '{_UNREADABLE}') END"


def whole_year(sql: str) -> Reading:
    """Read the text column `sql` as years as in `within_year`: result `malformed`, true for any other text.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['2026년도', 'N/A', '2026-03', '26']) AS t)"
    >>> [row[0] for row in duckdb.sql(query(texts, {"y": whole_year("t")})).fetchall()]
    [False, False, True, True]
    """
    return Reading((), {"malformed": f"(NOT regexp_matches({trimmed(sql)}, '{_YEAR}') AND NOT {is_blank(sql)})"})


def period(sql: str, *, name: str) -> Reading:
    """Read the text column `sql` as periods: results `start` and `end` (DATE), `malformed`.

    Read are `2026-11`, `2026.11`, `202611`, `2026년 11월`, `Nov 2026`, `2026-11-01` (its month), `2026-Q4`, `Q4 2026`,
    `2026년 4분기`, `2026`, `2026년도`.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['2026년 11월', '2026-Q4', 'Nov 2026', '2026', 'soon']) AS t)"
    >>> [str(row[0]) for row in duckdb.sql(query(texts, {"p": period("t", name="p")})).fetchall()]
    ['2026-11-01', '2026-10-01', '2026-11-01', '2026-01-01', 'None']
    """
    text = f'"{name}__period"'
    year, named = f"regexp_extract({text}, '(19|20)[0-9][0-9]')", f"regexp_extract({text}, '[a-z]{{3}}')"
    quarter = f"regexp_extract({text}, '(?:q([1-4])|([1-4])q|([1-4]) ?분기)', ['a', 'b', 'c'])"
    number = f"regexp_extract({text}, '^(?:(?:19|20)[0-9][0-9])[-./년 ]*([01]?[0-9])(?:월|[-./ ].*|)$', 1)"
    listed = ", ".join(f"'{month}'" for month in _MONTHS)
    month = f"list_position([{listed}], {named})"
    steps = (
        {f"{name}__period": f"lower({trimmed(sql)})"},
        {
            f"{name}__year": f"try_cast(nullif({year}, '') AS INTEGER)",
            f"{name}__quarter": f"try_cast(nullif({quarter}.a || {quarter}.b || {quarter}.c, '') AS INTEGER)",
            f"{name}__month": f"coalesce(try_cast(nullif({number}, '') AS INTEGER), {month})",
            f"{name}__whole": f"regexp_full_match({text}, '(19|20)[0-9][0-9] ?(년도?)?')",
        },
    )
    y, q, m, whole = (f'"{name}__{part}"' for part in ("year", "quarter", "month", "whole"))
    start = f"""CASE WHEN {y} IS NULL THEN NULL
        WHEN {q} IS NOT NULL THEN make_date({y}, 3 * {q} - 2, 1)
        WHEN {m} BETWEEN 1 AND 12 THEN make_date({y}, {m}, 1)
        WHEN {whole} THEN make_date({y}, 1, 1) END"""
    months = f"CASE WHEN {q} IS NOT NULL THEN 3 WHEN {m} BETWEEN 1 AND 12 THEN 1 ELSE 12 END"
    return Reading(
        steps,
        {
            "start": start,
            "end": f"(({start}) + to_months({months}))::DATE",
            "malformed": f"(({start}) IS NULL AND NOT {is_blank(sql)})",
        },
    )
