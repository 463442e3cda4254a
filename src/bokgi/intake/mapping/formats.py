"""How the dates and amounts of each column are written, and what to ask where the column does not tell.

The order of day and month is decided on the whole column, then by the other dates of the file, then asked. A unit in a
header (`예상매출(만원)`) belongs to the format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from bokgi.domain.findings import Finding
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.contents import said
from bokgi.intake.mapping.fields import Field, Kind, field_of
from bokgi.intake.mapping.ladders.evidence import text_of
from bokgi.intake.mapping.model import ColumnMapping, FileMapping, Hints, Option, Question
from bokgi.intake.mapping.writings import DateWriting, amount_writing, date_writing, example_of, probability_writing
from bokgi.intake.sql import literal
from bokgi.intake.values.amounts import AmountFormat
from bokgi.intake.values.currencies import unit_of
from bokgi.intake.values.moments import MomentFormat

_DATED: Final = frozenset({Kind.MOMENT, Kind.DATE})
_HANGUL: Final = re.compile(r"[가-힣]")
_UNIT_TITLE: Final = re.compile(r"단위|unit", re.IGNORECASE)
_SMALL: Final = 1_000_000
_UNITS: Final = {
    "1": N_("won"),
    "1000": N_("thousand won"),
    "10000": N_("ten thousand won"),
    "100000000": N_("100 million won"),
}
_ORDERS: Final = {
    "mdy": N_("month first: {example}"),
    "dmy": N_("day first: {example}"),
    "ymd": N_("year first: {example}"),
}
_DATE_COLUMNS: Final = ("expected_close_on", "next_step_on", "assigned_on", "closed_on", "created_on")


@dataclass(frozen=True)
class Formatted:
    """A mapping whose columns have formats, with what to ask and to say."""

    mapping: FileMapping
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()


def formatted(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, hints: Hints
) -> Formatted:
    """Find how dates and amounts are written; a format that the saved mapping names stays."""
    dates = {
        column.column: date_writing(connection, staged, staged.column(column.column).sql, mapping.null_values)
        for column in mapping.columns
        if column.format is None and _kind(column) in _DATED and staged.column(column.column).filled
    }
    mapping, questions = _with_dates(mapping, dates, hints)
    mapping, asked = _with_amounts(connection, staged, mapping, hints)
    mapping = _with_numbers(connection, staged, mapping)
    mapping = replace(mapping, history_formats=_of_history(connection, staged, mapping) or mapping.history_formats)
    return Formatted(mapping, (*questions, *asked))


def _kind(column: ColumnMapping) -> Kind | None:
    field = field_of(column.field)
    return field.kind if field else None


def _with_dates(
    mapping: FileMapping, dates: dict[str, DateWriting], hints: Hints
) -> tuple[FileMapping, list[Question]]:
    decided = [writing.orders[0] for writing in dates.values() if len(writing.orders) == 1]
    usual = max(decided, key=decided.count) if decided else None
    unclear = {header: writing for header, writing in dates.items() if len(writing.orders) > 1}
    question = _which_order(mapping, unclear)
    answer = hints.answers.get(question.key)
    order = answer if answer in _ORDERS else usual
    columns = tuple(
        replace(column, format=dates[column.column].format(order))
        if column.column in dates and column.format is None and _kind(column) in _DATED
        else column
        for column in mapping.columns
    )
    asked = [question] if any(order not in writing.orders for writing in unclear.values()) else []
    return replace(mapping, columns=columns), asked


def _which_order(mapping: FileMapping, unclear: dict[str, DateWriting]) -> Question:
    writings = list(unclear.values())
    orders = [order for order in _ORDERS if any(order in writing.orders for writing in writings)]
    return Question(
        key=f"{mapping.file}:day_month",
        code="day_month_unclear",
        file=mapping.file,
        columns=tuple(unclear),
        message=Message(
            N_("Are the dates of {file} written with the day or the month first? No value of {columns} tells."),
            {"file": mapping.file, "columns": ", ".join(unclear)},
        ),
        options=tuple(
            Option(order, Message(_ORDERS[order], {"example": example_of(writings[0].format(order))}))
            for order in orders
        ),
    )


def _with_amounts(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, hints: Hints
) -> tuple[FileMapping, list[Question]]:
    columns: list[ColumnMapping] = []
    questions: list[Question] = []
    for column in mapping.columns:
        if column.format is not None or _kind(column) is not Kind.AMOUNT:
            columns.append(column)
            continue
        sql = staged.column(column.column).sql
        form = amount_writing(connection, staged, sql, mapping.null_values)
        unit = unit_of(column.column)
        title = next((unit_of(title) for title in staged.titles if _UNIT_TITLE.search(title)), unit)
        unit = unit if unit.said else title
        form = replace(form, multiplier=unit.multiplier, currency=unit.currency)
        if not unit.said and _unit_doubtful(staged, mapping, column):
            question = _which_unit(mapping, column)
            answer = hints.answers.get(question.key)
            if answer in _UNITS:
                form = replace(form, multiplier=int(answer))
            else:
                questions.append(question)
        columns.append(replace(column, format=form.text))
    return replace(mapping, columns=tuple(columns)), questions


def _with_numbers(connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping) -> FileMapping:
    """Find the decimal mark of numbers and the scale of probabilities."""
    columns = []
    for column in mapping.columns:
        kind, there = _kind(column), staged.column(column.column)
        if column.format is not None or not there.filled:
            columns.append(column)
        elif kind is Kind.PROBABILITY:
            scale = probability_writing(connection, staged, there.sql, mapping.null_values)
            columns.append(replace(column, format=scale.value))
        elif kind in {Kind.NUMBER, Kind.INTEGER}:
            form = amount_writing(connection, staged, there.sql, mapping.null_values)
            columns.append(replace(column, format=form.text))
        else:
            columns.append(column)
    return replace(mapping, columns=tuple(columns))


def _unit_doubtful(staged: StagedFile, mapping: FileMapping, column: ColumnMapping) -> bool:
    """Tell whether amounts in won are so small that they could be counted in ten thousands."""
    won = mapping.currency == "KRW" or (mapping.currency is None and _HANGUL.search(column.column) is not None)
    texts = [text.replace(",", "") for text in said(staged.column(column.column), mapping.null_values)]
    numbers = [float(text) for text in texts if text.replace(".", "", 1).isdigit()]
    return won and bool(numbers) and len(numbers) == len(texts) and 0 < max(numbers) < _SMALL


def _which_unit(mapping: FileMapping, column: ColumnMapping) -> Question:
    return Question(
        key=f"{mapping.file}:unit:{column.column}",
        code="amount_unit_unclear",
        file=mapping.file,
        columns=(column.column,),
        message=Message(
            N_("In which unit are the amounts in “{column}” of {file}, for example {samples}?"),
            {"column": column.column, "file": mapping.file, "samples": ", ".join(column.samples[:3])},
        ),
        options=tuple(Option(factor, Message(text)) for factor, text in _UNITS.items()),
        suggestion="1",
    )


def _of_history(connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping) -> dict[str, str]:
    """Give the formats in which a history of fields writes the values of each column of deals."""
    field, new = text_of(staged, mapping, "deal_history.field"), text_of(staged, mapping, "deal_history.new")
    if field is None or new is None:
        return {}
    found: dict[str, str] = {}
    words = mapping.values.get("deal_history.field", {})
    for text, ours in words.items():
        values = f"(CASE WHEN {field} = {literal(text)} THEN {new} END)"
        if ours == "amount":
            form = amount_writing(connection, staged, values, mapping.null_values)
            unit = unit_of(text)
            found[ours] = replace(form, multiplier=unit.multiplier, currency=unit.currency).text
        elif ours == "probability":
            found[ours] = probability_writing(connection, staged, values, mapping.null_values).value
        elif ours in _DATE_COLUMNS:
            writing = date_writing(connection, staged, values, mapping.null_values)
            found[ours] = writing.format(writing.orders[0] if writing.orders else None)
    return found


def sortable(staged: StagedFile, mapping: FileMapping) -> str | None:
    """Give the SQL of the moment of entry of a stage history, good enough for putting entries in order."""
    text, column = text_of(staged, mapping, "stage_history.entered"), mapping.of("stage_history.entered")
    if text is None or column is None:
        return None
    patterns = MomentFormat.of(column.format or "%Y-%m-%d").patterns
    written = [pattern for pattern in patterns if "%" in pattern]
    if len(written) < len(patterns):
        return f"TRY_CAST({text} AS DOUBLE)"
    listed = ", ".join(literal(pattern) for pattern in written)
    return f"try_strptime({text}, [{listed}])"


def in_words(field: Field, text: str) -> Message:
    """Say how a column is written.

    >>> from bokgi.intake.mapping.fields import FIELDS
    >>> in_words(FIELDS["deals.created"], "%d/%m/%Y").text("en")
    'like 23/11/2026'
    >>> in_words(FIELDS["deals.amount"], "1,234.56 × 10000 KRW").text("en")
    'like 1,234.56, times 10000 KRW'
    """
    if field.kind in _DATED:
        return Message(N_("like {example}"), {"example": example_of(text)})
    if field.kind is Kind.PROBABILITY:
        return Message(N_("from {scale}"), {"scale": text.replace("-", " – ")})
    if field.kind in {Kind.AMOUNT, Kind.NUMBER, Kind.INTEGER}:
        form = AmountFormat.of(text)
        example = AmountFormat(form.decimal_mark).text
        if form.multiplier == 1 and form.currency is None:
            return Message(N_("like {example}"), {"example": example})
        values = {"example": example, "n": form.multiplier, "currency": form.currency or ""}
        return Message(N_("like {example}, times {n} {currency}"), values)
    return Message(text)
