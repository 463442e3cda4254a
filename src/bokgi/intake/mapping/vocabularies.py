"""What the values of a category mean: the source's words and ours, labels behind ids, and units in a header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

import duckdb

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.fields import FIELDS, Kind
from bokgi.intake.mapping.headers import key, value_words, without_brackets
from bokgi.intake.mapping.ladders.evidence import text_of
from bokgi.intake.mapping.model import FileMapping
from bokgi.intake.mapping.preset import Labels, Preset

MOST_VALUES: Final = 500
_MOST_LABELS: Final = 5_000
_SHOWN: Final = 5
_OPEN: Final = frozenset(
    {
        "deals.type",
        "deal_history.field",
        "targets.metric",
        "targets.lead_source",
        "standards.metric",
        "standards.role",
        "standards.stage",
        "activities.outcome",
    }
)
"""Fields whose vocabulary is ours only in part: another value stands for itself, and that is no finding."""
_WORD: Final = re.compile(r"[A-Za-z]+|[가-힣]+")


def meanings(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, preset: Preset | None
) -> tuple[dict[str, dict[str, str]], list[Finding]]:
    """Give, for every category with a vocabulary, the source's values that mean one of our words.

    Values that a closed vocabulary does not have are findings.
    """
    found: dict[str, dict[str, str]] = {}
    findings = []
    for name in dict.fromkeys(column.field for column in mapping.columns):
        field = FIELDS.get(name)
        own = preset.values.get(name, {}) if preset else {}
        if field is None or field.kind is not Kind.CATEGORY or not (value_words(name) or own):
            continue
        counts = _counts(connection, staged, mapping, name)
        words = {text: ours for text in counts if (ours := _ours(name, text, own)) is not None}
        if changed := {text: ours for text, ours in words.items() if text != ours}:
            found[name] = changed
        unknown = {text: n for text, n in counts.items() if text not in words}
        if unknown and name not in _OPEN and value_words(name):
            findings.append(_unknown(mapping, name, unknown))
    return found, findings


def _counts(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, field: str
) -> dict[str, int]:
    text = text_of(staged, mapping, field)
    rows = connection.execute(
        f"""SELECT {text} AS text, count(*) FROM {staged.relation} GROUP BY text HAVING text IS NOT NULL
            ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}"""
    ).fetchall()
    return dict(rows)


def _ours(field: str, text: str, own: Mapping[str, str]) -> str | None:
    if text in own:
        return own[text]
    words = value_words(field)
    return words.get(key(text)) or words.get(key(without_brackets(text)))


def _unknown(mapping: FileMapping, field: str, unknown: Mapping[str, int]) -> Finding:
    column = mapping.of(field)
    header = column.column if column else ""
    values: dict[str, object] = {
        "n": sum(unknown.values()),
        "file": mapping.file,
        "column": header,
        "values": ", ".join(list(unknown)[:_SHOWN]),
        "known": ", ".join(dict.fromkeys(value_words(field).values())),
    }
    text = N_(
        "{n} {n:row|rows} of {file} {n:has|have} a “{column}” whose meaning is not known: {values}. Known are: {known}."
    )
    examples = tuple(Example(mapping.file, None, header, value) for value in list(unknown)[:_SHOWN])
    count = sum(unknown.values())
    return Finding("value_unknown", Severity.WARNING, Message(text, values), count, examples, values)


def labels(connection: duckdb.DuckDBPyConnection, staged: StagedFile, marks: Labels) -> dict[str, str]:
    """Read a list of ids and labels."""
    columns = {key(column.name): column.sql for column in staged.columns}
    pair = f"trim({columns[key(marks.id)]}), trim({columns[key(marks.label)]})"
    rows = connection.execute(f"SELECT {pair} FROM {staged.relation} ORDER BY 1 LIMIT {_MOST_LABELS}").fetchall()
    return {name: label for name, label in rows if name and label}


def said_in_header(headers: Iterable[str]) -> dict[str, str]:
    """Give what the header of an amount says beside the amount: with or without VAT, per month or per year.

    >>> said_in_header(["계약금액(VAT 별도)", "ARR"])
    {'deals.vat': 'excluded', 'deals.amount_kind': 'annual'}
    """
    found: dict[str, str] = {}
    for header in headers:
        tokens = _WORD.findall(header)
        pairs = [" ".join(pair) for pair in pairwise(tokens)]
        if "vat" in {key(token) for token in tokens} or "부가세" in header:
            for text in (*pairs, *tokens):
                if ours := value_words("deals.vat").get(key(text)):
                    found.setdefault("deals.vat", ours)
        for text in tokens:
            if len(text) > 1 and (ours := value_words("deals.amount_kind").get(key(text))):
                found.setdefault("deals.amount_kind", ours)
    return found
