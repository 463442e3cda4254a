"""How the dates and amounts of each column are written, and what to ask where the column does not tell.

The order of day and month is decided on the whole column, then by the other dates of the file, then asked. A unit in a
header (`예상매출(만원)`) belongs to the format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from bokgi.intake.mapping.titles import WITHOUT_TITLE, is_name_of_ours, told
from bokgi.intake.mapping.writings import KINDS, detected, example_of, order_of, pattern_in_doubt
from bokgi.intake.sql import literal
from bokgi.intake.values import AmountFormat, Detected, MomentFormat, ProbabilityScale, ValueKind, Wanted, unit_of
from bokgi.intake.values.salesforce_ids import SALESFORCE_ID

_DATED: Final = frozenset({Kind.MOMENT, Kind.DATE})
_HANGUL: Final = re.compile(r"[가-힣]")
_UNIT_TITLE: Final = re.compile(r"단위|unit", re.IGNORECASE)
_SALESFORCE: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_SHORT_ID: Final = 15
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
_MOST_FIELDS: Final = 500
_TYPED: Final = {
    "amount": ValueKind.AMOUNT,
    "probability": ValueKind.PROBABILITY,
    "expected_close_on": ValueKind.MOMENT,
    "next_step_on": ValueKind.MOMENT,
    "assigned_on": ValueKind.MOMENT,
}
"""Columns of deals whose values in a history of fields have a format."""


@dataclass(frozen=True)
class Formatted:
    """A mapping whose columns have formats, with what to ask and to say."""

    mapping: FileMapping
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()


def formatted(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, hints: Hints
) -> Formatted:
    """Find how dates, amounts and numbers are written; a format that the saved mapping names stays."""
    wanted = {
        column.column: (staged.column(column.column).sql, Wanted(KINDS[kind], _header(staged, column)))
        for column in mapping.columns
        if column.format is None and (kind := _kind(column)) in KINDS and staged.column(column.column).filled
    }
    found = detected(connection, staged, wanted)
    columns, questions = [], []
    findings: list[Finding] = []
    dates = {header: one for header, one in found.items() if one.kind is ValueKind.MOMENT and one.ambiguous}
    order = _which_order(mapping, dates)
    for column in mapping.columns:
        if _short_ids(staged, mapping, column):
            columns.append(replace(column, format=SALESFORCE_ID))
            continue
        # Titles that a saved mapping leaves out may tell two people apart by now.
        if column.format in {None, WITHOUT_TITLE} and is_name_of_ours(field_of(column.field)):
            form_of_names, said_of_names = told(connection, staged, column, entity=mapping.entity)
            columns.append(replace(column, format=form_of_names))
            findings += said_of_names
            continue
        one = found.get(column.column)
        if one is None or column.format is not None or KINDS.get(_kind(column) or Kind.TEXT) is not one.kind:
            columns.append(column)
            continue
        form, asked = _chosen(staged, mapping, column, one, hints, order)
        columns.append(replace(column, format=form or None))
        questions += asked
    if dates and hints.answers.get(order.key) not in {option.answer for option in order.options}:
        questions.insert(0, order)
    history = _of_history(connection, staged, mapping) or mapping.history_formats
    once = {question.key: question for question in reversed(questions)}
    whole = replace(mapping, columns=tuple(columns), history_formats=history)
    return Formatted(whole, tuple(reversed(once.values())), tuple(findings))


def _kind(column: ColumnMapping) -> Kind | None:
    field = field_of(column.field)
    return field.kind if field else None


def _short_ids(staged: StagedFile, mapping: FileMapping, column: ColumnMapping) -> bool:
    """Tell whether a column holds ids of Salesforce with 15 characters, as its reports write them."""
    texts = said(staged.column(column.column), mapping.null_values)
    return (
        mapping.preset == "salesforce"
        and column.format is None
        and _kind(column) is Kind.ID
        and any(len(text) == _SHORT_ID for text in texts)
        and all(_SALESFORCE.fullmatch(text) for text in texts)
    )


def _header(staged: StagedFile, column: ColumnMapping) -> str:
    """Give the text that names the unit: the header, or a line above the table that says nothing else."""
    if unit_of(column.column).said:
        return column.column
    return next((title for title in staged.titles if _UNIT_TITLE.search(title)), column.column)


def _chosen(
    staged: StagedFile, mapping: FileMapping, column: ColumnMapping, one: Detected, hints: Hints, order: Question
) -> tuple[str, list[Question]]:
    """Give a column's format after what the person answered, and what is still to be asked about it."""
    if one.kind is ValueKind.MOMENT:
        answer = hints.answers.get(order.key)
        fitting = [form for form in (one.format, *one.alternatives) if order_of(form) == answer]
        return (fitting or [one.format])[0], []
    if one.kind is not ValueKind.AMOUNT:
        return one.format, []
    form, questions = one.format, []
    if one.ambiguous:
        question = _which_mark(mapping, column, one)
        answer = hints.answers.get(question.key)
        form = answer if answer in {one.format, *one.alternatives} else form
        questions += [] if answer == form else [question]
    if not unit_of(_header(staged, column)).said and all(
        _unit_doubtful(staged, mapping, one) for one in _alike(staged, mapping, column)
    ):
        question = _which_unit(mapping, column)
        answer = hints.answers.get(question.key)
        if answer in _UNITS:
            form = replace(AmountFormat.of(form), multiplier=int(answer)).text
        else:
            questions.append(question)
    return form, questions


def _which_order(mapping: FileMapping, unclear: Mapping[str, Detected]) -> Question:
    forms = {order_of(form): form for one in unclear.values() for form in (one.format, *one.alternatives)}
    return Question(
        key=f"{mapping.file}:day_month",
        code="day_month_unclear",
        file=mapping.file,
        columns=tuple(unclear),
        message=Message(
            N_("Are the dates of {file} written with the day or the month first? {columns} can be read either way."),
            {"file": mapping.file, "columns": ", ".join(unclear)},
        ),
        options=tuple(
            Option(order, Message(text, {"example": example_of(pattern_in_doubt(forms[order]))}))
            for order, text in _ORDERS.items()
            if order in forms
        ),
    )


def _which_mark(mapping: FileMapping, column: ColumnMapping, one: Detected) -> Question:
    return Question(
        key=f"{mapping.file}:mark:{column.column}",
        code="decimal_mark_unclear",
        file=mapping.file,
        columns=(column.column,),
        message=Message(
            N_(
                "Do the amounts in “{column}” of {file} have a decimal point or a decimal comma? For example {samples}."
            ),
            {"column": column.column, "file": mapping.file, "samples": ", ".join(column.samples[:3])},
        ),
        options=tuple(
            Option(form, Message(N_("like {example}"), {"example": form})) for form in (one.format, *one.alternatives)
        ),
        suggestion=one.format,
    )


def _alike(staged: StagedFile, mapping: FileMapping, column: ColumnMapping) -> tuple[ColumnMapping, ...]:
    """Give the columns that have their unit with a column: itself, or all that hold the target of a period."""
    if column.period is None:
        return (column,)
    return tuple(one for one in mapping.target_columns if staged.column(one.column).filled)


def _unit_doubtful(staged: StagedFile, mapping: FileMapping, column: ColumnMapping) -> bool:
    """Tell whether amounts in won are so small that they could be counted in ten thousands."""
    won = mapping.currency == "KRW" or (mapping.currency is None and _HANGUL.search(column.column) is not None)
    texts = [text.replace(",", "") for text in said(staged.column(column.column), mapping.null_values)]
    numbers = [float(text) for text in texts if text.replace(".", "", 1).isdigit()]
    return won and bool(numbers) and len(numbers) == len(texts) and 0 < max(numbers) < _SMALL


def _which_unit(mapping: FileMapping, column: ColumnMapping) -> Question:
    return Question(
        key=f"{mapping.file}:unit:{'targets' if column.period else column.column}",
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
    wanted: dict[str, tuple[str, Wanted]] = {}
    for text, ours in _named(mapping, connection, staged, field).items():
        kind = _TYPED.get(ours)
        if kind is not None:
            wanted.setdefault(ours, (f"CASE WHEN {field} = {literal(text)} THEN {new} END", Wanted(kind, text)))
    return {ours: one.format for ours, one in detected(connection, staged, wanted).items() if one.format}


def _named(
    mapping: FileMapping, connection: duckdb.DuckDBPyConnection, staged: StagedFile, field: str
) -> dict[str, str]:
    """Give the source's names of fields with ours; a name that is ours stands for itself."""
    words = mapping.values.get("deal_history.field", {})
    rows = connection.execute(
        f"SELECT DISTINCT {field} FROM {staged.relation} ORDER BY 1 LIMIT {_MOST_FIELDS}"
    ).fetchall()
    return {text: words.get(text, text) for (text,) in rows if text is not None}


def sortable(staged: StagedFile, mapping: FileMapping) -> str | None:
    """Give the SQL of the moment of entry of a stage history, good enough for putting entries in order."""
    text, column = text_of(staged, mapping, "stage_history.entered"), mapping.of("stage_history.entered")
    if text is None or column is None:
        return None
    patterns = MomentFormat.of(column.format or "%Y-%m-%d").patterns
    written = [pattern for pattern in patterns if "%" in pattern]
    if len(written) < len(patterns):
        return f"TRY_CAST({text} AS DOUBLE)"
    # Short years first: %Y would read them as those of antiquity.
    listed = ", ".join(literal(pattern) for pattern in sorted(written, key=lambda pattern: "%y" not in pattern))
    return f"try_strptime({text}, [{listed}])"


def in_words(field: Field, text: str) -> Message:
    """Say how a column is written.

    >>> from bokgi.intake.mapping.fields import FIELDS
    >>> in_words(FIELDS["deals.created"], "%d/%m/%Y").text("en")
    'like 23/11/2026'
    >>> in_words(FIELDS["deals.amount"], "1,234.56 × 10000 KRW").text("en")
    'like 1,234.56, times 10000 KRW'
    >>> in_words(FIELDS["deals.probability"], "0-1").text("ko")
    '0.25는 25%를 뜻함'
    """
    if field.kind in _DATED:
        return Message(N_("like {example}"), {"example": example_of(text)})
    if field.kind is Kind.PROBABILITY:
        return Message(N_("25 means 25%") if text == ProbabilityScale.HUNDRED.value else N_("0.25 means 25%"))
    if field.kind in {Kind.AMOUNT, Kind.NUMBER, Kind.INTEGER}:
        form = AmountFormat.of(text)
        example = AmountFormat(form.decimal_mark).text
        if form.multiplier == 1 and form.currency is None:
            return Message(N_("like {example}"), {"example": example})
        values = {"example": example, "n": form.multiplier, "currency": form.currency or ""}
        return Message(N_("like {example}, times {n} {currency}"), values)
    ours = {
        SALESFORCE_ID: N_("ids of 15 characters, completed to 18"),
        WITHOUT_TITLE: N_("names, without titles behind them"),
    }
    return Message(ours.get(text, text))
