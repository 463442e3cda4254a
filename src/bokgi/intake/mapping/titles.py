"""Titles behind the names of our people ("김민수 과장"): left out, so that somebody stays one person when promoted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import duckdb

from bokgi.domain.findings import Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.fields import Field, Kind
from bokgi.intake.mapping.model import ColumnMapping, Entity
from bokgi.intake.mapping.writings import scanned
from bokgi.intake.sql import literal

WITHOUT_TITLE: Final = "without_title"
"""Format of a column of names whose titles are left out."""
_RANKS: Final = (
    "사원|주임|대리|과장|차장|부장|팀장|실장|본부장|지점장|센터장|그룹장|파트장|이사|상무|전무|부사장|사장|대표|대표이사"
    "|매니저|프로|선임|책임|수석|선임매니저|책임매니저|수석매니저|영업대표"
)
_TITLED: Final = f"^([가-힣]{{2,4}}) (?:{_RANKS})님?$|^([가-힣]{{3}})(?:{_RANKS})님?$|^([가-힣]{{2,4}})님$"
_PATTERN: Final = re.compile(_TITLED)
_MOST: Final = 5_000
_SHOWN: Final = 5


def without_title(sql: str) -> str:
    """Give the SQL of a name without the title behind it.

    A short name in one piece with a title stays, for it may be a name itself (이수석).

    >>> import duckdb
    >>> names = ("김민수 과장", "이지은대리님", "이수석", "김민수님", "Kim 과장")
    >>> duckdb.sql(f"SELECT {', '.join(without_title(literal(name)) for name in names)}").fetchall()
    [('김민수', '이지은', '이수석', '김민수', 'Kim 과장')]
    """
    return f"regexp_replace({sql}, {literal(_TITLED)}, '\\1\\2\\3')"


def is_name_of_ours(field: Field | None) -> bool:
    """Tell whether a field names one of our people."""
    if field is None or field.kind is not Kind.NAME:
        return False
    return field.refers is Entity.PEOPLE or field.name in {"people.name", "targets.subject"}


def several_titles(sql: str) -> str:
    """Give the SQL condition that the person named stands with another title in another row of the same rows.

    >>> import duckdb
    >>> names = "(SELECT unnest(['김민수 과장', '김민수대리님', '이지은 과장', '이지은과장', '이지은님']) AS name)"
    >>> judged = duckdb.sql(f"SELECT name, {several_titles('name')} AS several FROM {names}")
    >>> judged.filter("several").order("name").fetchall()
    [('김민수 과장', True), ('김민수대리님', True)]
    """
    text = f"nfc_normalize(trim({sql}))"
    plain = without_title(text)
    bare = f"regexp_replace(replace({text}, ' ', ''), '님$', '')"
    titled = f"CASE WHEN {text} <> {plain} THEN nullif({bare}, {plain}) END"
    return f"({titled} IS NOT NULL AND min({titled}) {(of := f'OVER (PARTITION BY {plain})')} <> max({titled}) {of})"


def told(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, column: ColumnMapping, *, entity: Entity
) -> tuple[str | None, list[Finding]]:
    """Give the format of a column of names, as it was where it has no titles, with what to say.

    Where one name stands with two titles there may be two people: all names stay as they are then, but for targets,
    of which such rows are refused (`several_titles`).
    """
    there = staged.column(column.column)
    if not any(_parts(text) for text in there.samples):
        return column.format, []
    distinct = f"SELECT DISTINCT trim({there.sql}) AS name FROM {scanned(staged)}"
    rows = connection.execute(f"{distinct} WHERE name IS NOT NULL ORDER BY 1 LIMIT {_MOST}").fetchall()
    titles: dict[str, set[str]] = defaultdict(set)
    for (text,) in rows:
        if (parts := _parts(text)) is not None:
            titles[parts[0]].add(parts[1])
    several = sorted({title for found in titles.values() if len(found - {""}) > 1 for title in found})
    if several and entity is Entity.TARGETS:
        return WITHOUT_TITLE, []
    if several:
        text = N_(
            "In “{column}” of {file} one name stands with different titles ({titles}): each counts as a person. Give "
            "people an id or an e-mail address to tell them apart."
        )
        return None, [_finding("names_with_titles", Severity.WARNING, text, staged, column, several)]
    if column.format == WITHOUT_TITLE:
        return WITHOUT_TITLE, []
    text = N_("In “{column}” of {file} titles behind names ({titles}) are left out: a promotion makes nobody new.")
    every = sorted({title for found in titles.values() for title in found})
    return WITHOUT_TITLE, [_finding("titles_left_out", Severity.INFO, text, staged, column, every)]


def _parts(text: str) -> tuple[str, str] | None:
    """Split a name from its title; null where there is none."""
    found = _PATTERN.match(text.strip())
    if found is None:
        return None
    name = next(part for part in found.groups() if part)
    return name, text.strip()[len(name) :].strip().removesuffix("님")


def _finding(
    code: str, severity: Severity, text: str, staged: StagedFile, column: ColumnMapping, titles: Iterable[str]
) -> Finding:
    listed = [title for title in titles if title] or ["님"]
    shown = ", ".join(listed[:_SHOWN]) + (" …" if len(listed) > _SHOWN else "")
    values: dict[str, object] = {"column": column.column, "file": staged.name, "titles": shown}
    return Finding(code, severity, Message(text, values), len(listed), values=values)
