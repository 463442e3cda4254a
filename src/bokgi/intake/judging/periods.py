"""Months, quarters and years as files write them, read as their first day and the first day after."""

from __future__ import annotations

from typing import Final

from bokgi.intake.mapping.contents import MONTH_NAMES
from bokgi.intake.mapping.fields import Kind
from bokgi.intake.mapping.model import WHOLE
from bokgi.intake.values.moment_shapes import MONTHS
from bokgi.intake.values.reading import Reading
from bokgi.intake.values.text import is_blank, trimmed

PERIOD_PARTS: Final = {"targets.month": Kind.MONTH, "targets.quarter": Kind.QUARTER}
"""Fields that name a part of the year which stands in a column of its own, the shorter part first."""
_YEAR: Final = "^((?:19|20)[0-9][0-9]) ?(?:년도?)?$"
_FISCAL: Final = r"fy ?[\x27’-]?((?:20)?[0-9][0-9])|((?:20)?[0-9][0-9]) ?(?:년 ?)?회계 ?[연년]도"
_QUARTER: Final = "^(?:q ?([1-4])|0?([1-4]) ?(?:q|(?:/4|사)? ?분기)?)$"
_MONTH: Final = "^(0?[1-9]|1[0-2]) ?월?$"
_NAMED: Final = rf"^({MONTH_NAMES})\.?$"
_HALF: Final = "(?:^|[^a-z])h ?([12])(?:[^0-9]|$)|(?:^|[^0-9])([12]) ?(?:h(?:[^a-z]|$)|반기)"
_QUARTERS: Final = "q ?([1-4])|([1-4]) ?q|([1-4]) ?(?:/ ?4 ?|사 ?)?분기"
_SPAN: Final = (
    "[~∼〜]|[상전][^가-힣a-z0-9]*[하후]반기|[1-4] ?/ ?[1-3] ?분기"
    "|(?:^|[^0-9])[1-4] ?(?:[-,·ㆍ&+]|및|과|와) ?[1-4] ?분기"
)
"""Several parts of a year in one: `상/하반기`, `1·2분기`, `1~2월`; a quarter of four (`1/4분기`) is one."""
_MENTIONED: Final = (_QUARTERS, "[상전하후]반기|h ?[12]|[12] ?h|[12] ?반기", MONTH_NAMES, "(?:19|20)[0-9][0-9]")
_UNREADABLE: Final = "no period"


def within_year(year: str, part: str, kind: Kind) -> str:
    """Give the SQL of one text for `period` from the SQL of two: a year, and a quarter or month of it.

    Read are years as `2026`, `2026년`, `FY26`, `2026회계연도`; quarters as `1`, `Q1`, `1분기`; months as `3`, `03`,
    `3월`, `Mar`. Null where a cell is empty or says so (`N/A`), or the year cannot be read (as its column tells);
    a part that cannot be read stays unreadable.

    >>> import duckdb
    >>> asked = (("'2026년'", "'3월'", Kind.MONTH), ("'FY26'", "'1'", Kind.QUARTER), ("'2026'", "'12'", Kind.QUARTER))
    >>> duckdb.sql(f"SELECT {', '.join(within_year(*one) for one in asked)}").fetchall()
    [('2026-3', 'FY2026-Q1', 'no period')]
    """
    text = f"lower({trimmed(part)})"
    whole = _year_of(year)
    if kind is Kind.QUARTER:
        found = f"regexp_extract({text}, '{_QUARTER}', ['a', 'b'])"
        said = f"{whole} || '-Q' || nullif({found}.a || {found}.b, '')"
    else:
        number, name = f"regexp_extract({text}, '{_MONTH}', 1)", f"regexp_extract({text}, '{_NAMED}', 1)"
        said = f"coalesce({whole} || '-' || nullif({number}, ''), nullif({name}, '') || ' ' || {whole})"
    return f"CASE WHEN NOT {is_blank(part)} AND {whole} IS NOT NULL THEN coalesce({said}, '{_UNREADABLE}') END"


def _year_of(sql: str) -> str:
    """Give the SQL of a year as `2026` or `FY2026`; null for any other text."""
    plain, fiscal = trimmed(sql), f"regexp_extract(lower({trimmed(sql)}), '^(?:{_FISCAL})$', ['a', 'b'])"
    return f"""CASE WHEN regexp_matches({plain}, '{_YEAR}') THEN regexp_extract({plain}, '{_YEAR}', 1)
        WHEN {fiscal}.a || {fiscal}.b <> '' THEN 'FY20' || right({fiscal}.a || {fiscal}.b, 2) END"""


def of_year(year: str, part: str) -> str:
    """Give the SQL of one text for `period` from that of a year, and a part of it as `target_of:` names it.

    `01`, `Q1`, `H1` and `year` are parts of that year, `+01` of the next; `2026-01` and `2026` are themselves, whatever
    the year. Months that follow a December are of the calendar year after it, also in a fiscal year. Null where the
    year cannot be read.

    >>> import duckdb
    >>> asked = [of_year("'FY26'", part) for part in ("01", "+01", "+Q1", "2027-03", "H2", "year", "2027")]
    >>> duckdb.sql(f"SELECT {', '.join(asked)}").fetchall()
    [('FY2026-01', '2027-01', 'FY2027-Q1', '2027-03', 'FY2026-H2', 'FY2026', '2027')]
    """
    if "20" in part:
        return f"'{part}'"
    whole = _year_of(year)
    if part == WHOLE:
        return whole
    if part.startswith("+"):
        after = f"(right({whole}, 4)::INTEGER + 1)::VARCHAR"
        whole = f"replace({whole}, right({whole}, 4), {after})" if part[1] in "QH" else after
    return f"{whole} || '-{part.removeprefix('+')}'"


def whole_year(sql: str) -> Reading:
    """Read the text column `sql` as years as in `within_year`: result `malformed`, true for any other text.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['2026년도', 'FY26', '2026-03', '26']) AS t)"
    >>> [row[0] for row in duckdb.sql(query(texts, {"y": whole_year("t")})).fetchall()]
    [False, False, True, True]
    """
    return Reading((), {"malformed": f"({_year_of(sql)} IS NULL AND NOT {is_blank(sql)})"})


def period(sql: str, *, name: str, year_starts: int = 1) -> Reading:
    """Read the text column `sql` as periods: results `start` and `end` (DATE), `malformed`.

    Read are `2026-11`, `2026.11`, `202611`, `2026년 11월`, `Nov 2026`, `2026-11-01` (its month), `2026-Q4`, `Q4 2026`,
    `2026년 4분기`, `2026 4/4분기`, `2026-H1`, `2026 상반기`, `2026`, `2026년도`, `2026 연간`; of a fiscal year, which
    begins in the month `year_starts` of the year that names it, `FY26`, `FY2026 Q1`, `2026회계연도 1분기`,
    `FY26 하반기`, `FY26 3월`. What names several of them, such as `2026 상/하반기` or `2026-01 ~ 2026-03`, cannot be
    read.

    >>> import duckdb
    >>> from bokgi.intake.values.reading import query
    >>> texts = "(SELECT unnest(['2026년 11월', '2026-Q4', '2026 H2 (하반기)', '2026', 'soon']) AS t)"
    >>> [str(row[0]) for row in duckdb.sql(query(texts, {"p": period("t", name="p")})).fetchall()]
    ['2026-11-01', '2026-10-01', '2026-07-01', '2026-01-01', 'None']
    >>> texts = "(SELECT unnest(['FY26', 'Q4 FY2026', '2026회계연도 3월', 'FY26 H2']) AS t)"
    >>> april = query(texts, {"p": period("t", name="p", year_starts=4)})
    >>> for start, end, _ in duckdb.sql(april).fetchall():
    ...     print(start, end)
    2026-04-01 2027-04-01
    2027-01-01 2027-04-01
    2027-03-01 2027-04-01
    2026-10-01 2027-04-01
    """
    text = f'"{name}__text"'
    fiscal = f"regexp_extract(lower({trimmed(sql)}), '{_FISCAL}', ['a', 'b'])"
    plain = f"regexp_replace({text}, '[(][^)]*[)]', ' ', 'g')"
    several = [f"len(list_distinct(regexp_extract_all({plain}, '{shape}'))) > 1" for shape in _MENTIONED]
    year, named = f"regexp_extract({text}, '(19|20)[0-9][0-9]')", f"regexp_extract({text}, '[a-z]{{3}}')"
    quarter = f"regexp_extract({text}, '{_QUARTERS}', ['a', 'b', 'c'])"
    number = f"regexp_extract({text}, '^(?:(?:19|20)[0-9][0-9])[-./년 ]*([01]?[0-9])(?:월|[-./ ].*|)$', 1)"
    half = f"regexp_extract({text}, '{_HALF}', ['a', 'b'])"
    said = " ".join(
        f"WHEN {text} SIMILAR TO '.*[{letters}]반기.*' THEN '{n}'" for n, letters in (("1", "상전"), ("2", "하후"))
    )
    listed = ", ".join(f"'{month}'" for month in MONTHS)
    month = f"list_position([{listed}], {named})"
    own = f"regexp_extract({text}, '^[-./ ]*([01]?[0-9])(?:월)?$', 1)"
    steps = (
        {
            f"{name}__text": f"trim(regexp_replace(lower({trimmed(sql)}), '{_FISCAL}', ' '))",
            f"{name}__fiscal": f"try_cast('20' || right(nullif({fiscal}.a || {fiscal}.b, ''), 2) AS INTEGER)",
        },
        {
            f"{name}__year": f"try_cast(nullif({year}, '') AS INTEGER)",
            f"{name}__quarter": f"try_cast(nullif({quarter}.a || {quarter}.b || {quarter}.c, '') AS INTEGER)",
            f"{name}__half": f"try_cast(coalesce(nullif({half}.a || {half}.b, ''), CASE {said} END) AS INTEGER)",
            f"{name}__month": f"coalesce(try_cast(nullif({number}, '') AS INTEGER), {month})",
            f"{name}__own": f"coalesce(try_cast(nullif({own}, '') AS INTEGER), {month})",
            f"{name}__whole": f"regexp_full_match({text}, '(19|20)[0-9][0-9] ?(년도?)? ?(연간)?')",
            f"{name}__several": f"{' OR '.join(several)} OR regexp_matches({plain}, '{_SPAN}')",
        },
    )
    parts = ("year", "quarter", "half", "month", "whole", "fiscal", "own", "several")
    y, q, h, m, whole, f, o, several_parts = (f'"{name}__{part}"' for part in parts)
    start = f"""CASE WHEN {several_parts} THEN NULL
        WHEN {f} IS NOT NULL AND {q} IS NOT NULL
            THEN (make_date({f}, {year_starts}, 1) + to_months(3 * {q} - 3))::DATE
        WHEN {f} IS NOT NULL AND {h} IS NOT NULL
            THEN (make_date({f}, {year_starts}, 1) + to_months(6 * {h} - 6))::DATE
        WHEN {f} IS NOT NULL AND {o} BETWEEN 1 AND 12
            THEN make_date({f} + CASE WHEN {o} < {year_starts} THEN 1 ELSE 0 END, {o}, 1)
        WHEN {f} IS NOT NULL AND {text} = '' THEN make_date({f}, {year_starts}, 1)
        WHEN {y} IS NULL OR {f} IS NOT NULL THEN NULL
        WHEN {q} IS NOT NULL THEN make_date({y}, 3 * {q} - 2, 1)
        WHEN {h} IS NOT NULL THEN make_date({y}, 6 * {h} - 5, 1)
        WHEN {m} BETWEEN 1 AND 12 THEN make_date({y}, {m}, 1)
        WHEN {whole} THEN make_date({y}, 1, 1) END"""
    months = f"""CASE WHEN {q} IS NOT NULL THEN 3 WHEN {h} IS NOT NULL THEN 6
        WHEN coalesce({m}, {o}) BETWEEN 1 AND 12 THEN 1 ELSE 12 END"""
    return Reading(
        steps,
        {
            "start": start,
            "end": f"(({start}) + to_months({months}))::DATE",
            "malformed": f"(({start}) IS NULL AND NOT {is_blank(sql)})",
        },
    )
