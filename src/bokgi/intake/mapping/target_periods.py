"""Files of targets with a column for each period: which columns are targets, of which month, quarter, half or year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from bokgi.domain.findings import Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedColumn, StagedFile
from bokgi.intake.mapping.contents import fit, said
from bokgi.intake.mapping.fields import FIELDS, field_named
from bokgi.intake.mapping.headers import key, named, value_words, without_brackets
from bokgi.intake.mapping.model import (
    LEAVE_OUT,
    TARGET_OF,
    WHOLE,
    ColumnMapping,
    FileMapping,
    FoundBy,
    Hints,
    Option,
    Question,
)
from bokgi.intake.mapping.period_headers import NamedPeriod, period_of, says_a_year, with_october, year_in
from bokgi.intake.values.text import NULL_WORDS

YEAR: Final = "targets.year"
SUBJECTS: Final = (
    "targets.person_id",
    "targets.person_name",
    "targets.person_email",
    "targets.team",
    "targets.subject",
)
_WHOLE: Final = ("targets.period", "targets.period_start")
_PARTS: Final = ("targets.month", "targets.quarter")
_OF_ROWS: Final = frozenset({*_WHOLE, *_PARTS})
_KINDS: Final = frozenset({"targets.subject_kind", "targets.measure"})
_NOT_BESIDE: Final = frozenset({"targets.amount", *_WHOLE, *_PARTS, "targets.period_end", "targets.last_day"})
"""Fields that no column has beside columns for periods: "목표" is their sum there."""

_TOTAL: Final = re.compile(
    r"(?i)합\s?계|총\s?계|누\s?계|소\s?계|^계$|[연년]\s?간|[상하]반기|total|annual|full.?year|\bytd\b|\bsum\b|\b(?:[12]h|h[12])\b"
)
_TARGET: Final = re.compile(r"(?i)목표|(?<![a-z])(?:target|quota|goal)")
_PLANS: Final = frozenset(map(key, ("계획", "plan", "수주계획", "매출계획")))
_VAGUE: Final = frozenset(map(key, ("amount", "value")))
_YEAR_ENDS: Final = frozenset({("12", "01"), ("Q4", "Q1"), ("H2", "H1")})
_SEVERAL: Final = 2
_QUARTER: Final = 3
_HALF: Final = 0.5
_BY_HEADER: Final = 0.9
_BY_VALUES: Final = 0.6
_SHOWN: Final = 12
_ANSWER: Final = re.compile(r"20\d\d|FY20\d\d")


@dataclass(frozen=True)
class Periods:
    """The columns of a file that hold targets: header → what `TARGET_OF` names; those that sum up or say other things.

    `said`: their headers say themselves that they are targets.
    """

    columns: dict[str, str]
    others: tuple[str, ...]
    said: bool


def _says_target(words: str) -> bool:
    """Tell whether the words beside a period say that it is a target."""
    return words in _PLANS or (words not in _VAGUE and any(field == "targets.amount" for field, _ in named(words)))


def says_targets(staged: StagedFile) -> bool:
    """Tell whether a file's name, its sheet's, a line above its table, a header or rows say that it holds targets."""
    texts = (staged.path.stem, staged.sheet or "", *staged.titles, *(column.name for column in staged.columns))
    words = {word for word, ours in value_words("targets.measure").items() if ours == "target"}
    rows = any(key(text) in words for column in staged.columns for text in column.samples)
    return rows or any(_TARGET.search(unicodedata.normalize("NFC", text)) for text in texts)


def periods(staged: StagedFile) -> Periods | None:
    """Find the columns for periods in a file; null where there are none, or which is which is unclear.

    Of columns with words beside the period only those count that say target; of a period beside shorter ones within it
    none, nor of a bare year beside anything shorter. One column alone may be anything, but for one that says so, or a
    year in a file that does. Months that go on after December are of the next year. Where rows say which period they
    are of, a half or a year beside is the sum of several rows.
    """
    found = with_october([name for column in staged.columns if (name := period_of(column.name)) is not None])
    if _in_rows(staged):
        found = [name for name in found if len(name.months) <= _QUARTER]
    plain = [name for name in found if not name.words]
    told = [name for name in found if _says_target(name.words)]
    if told and all(any(name.within(whole) for name in plain) and len(whole.months) > _QUARTER for whole in told):
        told = []
    chosen = told or [name for name in plain if name.part != WHOLE or all(other.part == WHOLE for other in plain)]
    alone = len(chosen) < _SEVERAL and not told
    if not chosen or (alone and not (chosen[0].part == WHOLE and says_targets(staged))) or not _amounts(staged, chosen):
        return None
    parts = [name for name in chosen if not any(other.within(name) for other in chosen)]
    if len({(name.year, name.part) for name in parts}) < len(parts):
        return None
    columns = dict(_fields(parts))
    others = [c.name for c in staged.columns if c.name not in columns and _is_other(c, found)]
    return Periods(columns, tuple(others), bool(told))


def _in_rows(staged: StagedFile) -> bool:
    """Tell whether a column says of each row which month or quarter it is of; one of years says less."""
    return any(
        any((fit(column, FIELDS[field]) or 0) >= _HALF for field, _ in named(column.name) if field in _OF_ROWS)
        and (fit(column, FIELDS[YEAR]) or 0) < _HALF
        for column in staged.columns
    )


def _amounts(staged: StagedFile, chosen: Sequence[NamedPeriod]) -> bool:
    """Tell whether most of what stands in the columns are amounts."""
    amount = field_named("targets.amount")
    shares = [share for name in chosen if (share := fit(staged.column(name.header), amount, NULL_WORDS)) is not None]
    return bool(shares) and sum(shares) * _SEVERAL > len(shares)


def _is_other(column: StagedColumn, found: Sequence[NamedPeriod]) -> bool:
    """Tell whether a column sums targets up, or says something else of a period."""
    text = without_brackets(unicodedata.normalize("NFKC", column.name))
    return any(name.header == column.name for name in found) or says_a_year(text) or _TOTAL.search(text) is not None


def _fields(parts: Sequence[NamedPeriod]) -> Iterator[tuple[str, str]]:
    """Give header and what `TARGET_OF` names: `2026-01`, `2026`, `Q1`, and `+01` for January of the year after."""
    after = _turn([name.part for name in parts]) if all(name.year is None for name in parts) else len(parts)
    for place, name in enumerate(parts):
        if name.year is not None:
            yield name.header, name.year if name.part == WHOLE else f"{name.year}-{name.part}"
        else:
            yield name.header, f"{'+' if place >= after else ''}{name.part}"


def _turn(parts: Sequence[str]) -> int:
    """Give the place of the first part after the end of a year; behind all where none is."""
    return next((place for place, ends in enumerate(pairwise(parts), 1) if ends in _YEAR_ENDS), len(parts))


def with_periods(staged: StagedFile, mapping: FileMapping) -> tuple[FileMapping, list[Finding]]:
    """Let the columns for periods be targets, and say which columns are left out; what a hand said or saved stays.

    Of a saved mapping the order of the columns tells anew which of them are of the next year.
    """
    found = periods(staged)
    if found is None:
        told = _turned(mapping)
        return told, _after_december(staged, told)
    columns = [_column(column, found) for column in mapping.columns]
    if not any(column.field in SUBJECTS for column in columns):
        place = next((i for i, column in enumerate(columns) if _names_somebody(staged, column, found)), None)
        if place is not None:
            columns[place] = replace(
                columns[place], field="targets.subject", found_by=FoundBy.VALUES, confidence=_BY_VALUES
            )
    before = {column.column: column.field for column in mapping.columns}
    out = [
        column.column
        for column in columns
        if column.field == LEAVE_OUT
        and column.found_by is not FoundBy.SAVED
        and (column.column in found.others or before[column.column] != LEAVE_OUT)
    ]
    told = _turned(replace(mapping, columns=tuple(columns)))
    return told, [*_left_out(staged, out), *_after_december(staged, told)]


def _turned(mapping: FileMapping) -> FileMapping:
    """Let columns that follow the end of a year be of the next one, where all of them name none."""
    columns = mapping.target_columns
    if not all(column.without_year for column in columns):
        return mapping
    later = {column.column for column in columns[_turn([str(column.period) for column in columns]) :]}
    return replace(
        mapping,
        columns=tuple(
            replace(column, field=f"{TARGET_OF}+{column.period}", found_by=FoundBy.NAME, confidence=_BY_HEADER)
            if column.column in later and column.found_by is FoundBy.SAVED and not str(column.period).startswith("+")
            else column
            for column in mapping.columns
        ),
    )


def lasting(mapping: FileMapping) -> FileMapping:
    """Give what of a mapping holds for the next file, too: not its year, nor which columns are of the year after."""
    columns = (
        replace(column, field=column.field.replace(f"{TARGET_OF}+", TARGET_OF))
        if column.found_by is FoundBy.NAME
        else column
        for column in mapping.columns
    )
    constants = {name: text for name, text in mapping.constants.items() if name != YEAR}
    return replace(mapping, columns=tuple(columns), constants=constants)


def of_import(mapping: FileMapping, own: FileMapping) -> FileMapping:
    """Give a saved mapping the year that an import found for its file, and which columns are of the year after."""
    later = {column.column for column in own.target_columns if str(column.period).startswith("+")}
    columns = (
        replace(column, field=f"{TARGET_OF}+{column.period}")
        if column.column in later and column.without_year and not str(column.period).startswith("+")
        else column
        for column in mapping.columns
    )
    year = {YEAR: own.constants[YEAR]} if YEAR in own.constants else {}
    return replace(mapping, columns=tuple(columns), constants={**year, **mapping.constants})


def _column(column: ColumnMapping, found: Periods) -> ColumnMapping:
    if column.found_by in {FoundBy.HAND, FoundBy.SAVED}:
        return column
    if part := found.columns.get(column.column):
        return replace(column, field=f"{TARGET_OF}{part}", found_by=FoundBy.NAME, confidence=_BY_HEADER)
    if column.column in found.others or column.field in _NOT_BESIDE:
        return replace(column, field=LEAVE_OUT)
    return column


def _names_somebody(staged: StagedFile, column: ColumnMapping, found: Periods) -> bool:
    """Tell whether a column without a meaning holds names: of teams or people, whose targets these are."""
    texts = said(staged.column(column.column))
    if column.column in {*found.columns, *found.others} or not texts:
        return False
    nothing = column.field == LEAVE_OUT and column.found_by is FoundBy.NOTHING
    no_word = column.field in _KINDS and not any(key(text) in value_words(column.field) for text in texts)
    return (nothing or no_word) and fit(staged.column(column.column), FIELDS["targets.subject"]) == 1.0


def _after_december(staged: StagedFile, mapping: FileMapping) -> list[Finding]:
    """Say which columns are taken as those of the next year: as text, October comes before January, too."""
    first = next((c for c in mapping.target_columns if (c.period or "").startswith("+")), None)
    if first is None or first.found_by is not FoundBy.NAME:
        return []
    values: dict[str, object] = {"file": staged.name, "column": first.column}
    text = N_("In {file} the columns from “{column}” on follow the end of a year: they are taken as those of the next.")
    return [Finding("target_columns_of_next_year", Severity.INFO, Message(text, values), values=values)]


def _left_out(staged: StagedFile, columns: Sequence[str]) -> list[Finding]:
    if not columns:
        return []
    listed = ", ".join(columns[:_SHOWN]) + (" …" if len(columns) > _SHOWN else "")
    values: dict[str, object] = {"n": len(columns), "file": staged.name, "columns": listed}
    text = N_(
        "{n} {n:column|columns} of {file} {n:is a sum or no target and was|are sums or no targets and were} left out: "
        "{columns}."
    )
    return [Finding("target_columns_left_out", Severity.INFO, Message(text, values), len(columns), values=values)]


def with_year(
    staged: StagedFile, mapping: FileMapping, hints: Hints
) -> tuple[FileMapping, list[Question], list[Finding]]:
    """Find the year of periods that name none: in the file's name, its sheet's, above its table; or ask.

    A year that stands in a column, or that a saved mapping gives, is that.
    """
    parts = mapping.target_columns
    bare = any(column.without_year for column in parts)
    alone = not parts and any(mapping.of(name) for name in _PARTS) and not any(mapping.of(name) for name in _WHOLE)
    if not (bare or alone) or mapping.of(YEAR) or YEAR in mapping.constants:
        return mapping, [], []
    question = _question(
        staged, [column.column for column in mapping.columns if column.period or column.field in _PARTS]
    )
    answer = hints.answers.get(question.key, "")
    if _ANSWER.fullmatch(answer):
        return replace(mapping, constants={**mapping.constants, YEAR: answer}), [], []
    for text in (staged.sheet or "", *staged.titles, staged.path.stem):
        if year := year_in(text):
            values: dict[str, object] = {"file": staged.name, "year": year, "text": text}
            message = Message(N_("The targets of {file} are taken as those of {year}, as “{text}” says."), values)
            finding = Finding("target_year_found", Severity.INFO, message, values=values)
            return replace(mapping, constants={**mapping.constants, YEAR: year}), [], [finding]
    return mapping, [question], []


def _question(staged: StagedFile, columns: Sequence[str]) -> Question:
    year = staged.modified_at.year
    return Question(
        key=f"{staged.name}:year",
        code="target_year_unclear",
        file=staged.name,
        columns=tuple(columns),
        message=Message(N_("Of which year are the targets in {file}?"), {"file": staged.name}),
        options=tuple(
            Option(answer, Message(text, {"year": answer[-4:]}))
            for fiscal, text in (("", N_("the year {year}")), ("FY", N_("the fiscal year that begins in {year}")))
            for answer in (f"{fiscal}{year + by}" for by in (-1, 0, 1))
        ),
    )
