"""Rows put to the rules: which are refused and why, and what is worth knowing about the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.judging import repeats
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.rules import Rule
from bokgi.intake.judging.typed import MATERIALISED_ROWS
from bokgi.intake.sql import identifier, literal
from bokgi.intake.workbench import Workbench

EXAMPLES: Final = 5
_MOST_RULES: Final = 63


@dataclass(frozen=True)
class Judged:
    """What judging a file gave: rows read, refused and identical to an earlier row; what was found.

    The tables and views it leaves: `refused_<place>` (`_row, findings` as JSON text) and the view `kept_<place>`.
    """

    read: int
    refused: int
    repeated: int
    left_out: int
    findings: tuple[Finding, ...]


def judge(bench: Workbench, reading: Reading, rules: Sequence[Rule]) -> Judged:
    """Put the rows of one file to the rules; `repeats.find` came before."""
    sets = [rules[at : at + _MOST_RULES] for at in range(0, len(rules), _MOST_RULES)]
    found: list[Finding] = []
    for number, part in enumerate(sets):
        found += _mark(bench, reading, part, f"marks_{reading.place}_{number}")
    found += _repeated(bench, reading)
    _refuse(bench, reading, sets)
    refused = bench.number(f"SELECT count(*) FROM refused_{reading.place}")
    repeated = bench.number(
        f"SELECT count(*) FROM repeats WHERE place = {reading.place} AND same AND {_not_refused(reading)}"
    )
    _keep(bench, reading, refused, repeated)
    left_out = 0
    if reading.mapping.total_rows:
        left_out = bench.number(f"SELECT count(*) FROM {reading.staged.relation} WHERE {reading.no_record()}")
        if left_out:
            message = Message(N_("{n} lines of totals are no records and were left out."), {"n": left_out})
            found.append(Finding("totals_left_out", Severity.INFO, message, left_out, (Example(reading.label),)))
    rejected = reading.staged.rejected
    return Judged(reading.staged.read - left_out, refused + rejected, repeated, left_out, tuple(found))


def _not_refused(reading: Reading) -> str:
    return f"_row NOT IN (SELECT _row FROM refused_{reading.place})"


def _mark(bench: Workbench, reading: Reading, rules: Sequence[Rule], table: str) -> list[Finding]:
    """Note for each row which rules hold, as bits of a number, in one pass over the columns that rules look at."""
    if not rules:
        bench.run(f"CREATE TEMP TABLE {table} AS SELECT 0::BIGINT AS _row, 0::UBIGINT AS mask WHERE false")
        return []
    mask = " | ".join(
        f"(CASE WHEN {rule.condition} THEN {1 << bit} ELSE 0 END)::UBIGINT" for bit, rule in enumerate(rules)
    )
    bench.run(
        f"""CREATE TEMP TABLE {table} AS
            SELECT _row, mask FROM (SELECT _row, {mask} AS mask FROM {reading.typed} WHERE {repeats.current(reading)})
            WHERE mask <> 0"""
    )
    counts = ", ".join(
        f"count(*) FILTER (mask & {1 << bit} <> 0), min(_row, {EXAMPLES}) FILTER (mask & {1 << bit} <> 0)"
        for bit in range(len(rules))
    )
    counted = bench.rows(f"SELECT {counts} FROM {table}")[0]
    held = [(rule, counted[2 * bit], counted[2 * bit + 1]) for bit, rule in enumerate(rules) if counted[2 * bit]]
    values = _values(bench, reading, [(_header(reading, rule), rows) for rule, _, rows in held])
    return [_finding(reading, rule, count, rows, values) for rule, count, rows in held]


def _values(
    bench: Workbench, reading: Reading, wanted: Sequence[tuple[str | None, Sequence[int]]]
) -> dict[tuple[str, int], str]:
    """Fetch the text of a few cells, by header and row."""
    headers = list(dict.fromkeys(header for header, _ in wanted if header is not None))
    rows = sorted({row for _, numbers in wanted for row in numbers})
    if not headers or not rows:
        return {}
    columns = ", ".join(reading.raw(header) for header in headers)
    listed = ", ".join(str(row) for row in rows)
    found = bench.rows(f"SELECT _row, {columns} FROM {reading.staged.relation} WHERE _row IN ({listed})")
    return {
        (header, row[0]): text
        for row in found
        for header, text in zip(headers, row[1:], strict=True)
        if text is not None
    }


def _finding(
    reading: Reading, rule: Rule, count: int, rows: Sequence[int], values: dict[tuple[str, int], str]
) -> Finding:
    header = _header(reading, rule)
    examples = tuple(
        Example(reading.label, row, header, None if header is None else values.get((header, row)))
        for row in sorted(rows)
    )
    message = Message(rule.msgid, {"n": count, "column": header or rule.field})
    return Finding(rule.code, rule.severity, message, count, examples)


def _header(reading: Reading, rule: Rule) -> str | None:
    return rule.column or reading.header(rule.field)


def _repeated(bench: Workbench, reading: Reading) -> list[Finding]:
    header = None
    field = repeats.id_field(reading)
    if field is not None:
        header = reading.header(field)
    rows = bench.rows(
        f"""SELECT same, count(*), min(_row, {EXAMPLES}), min_by(id, _row, {EXAMPLES})
            FROM repeats WHERE place = {reading.place} GROUP BY same ORDER BY same"""
    )
    texts = {
        True: ("row_repeated", Severity.INFO, N_("{n} rows repeat an earlier row word for word; they count once.")),
        False: (
            "id_repeated",
            Severity.ERROR,
            N_("{n} rows share their id with another row that says something else."),
        ),
    }
    findings = []
    for same, count, numbers, ids in rows:
        code, severity, text = texts[same]
        examples = tuple(Example(reading.label, row, header, value) for row, value in zip(numbers, ids, strict=True))
        findings.append(Finding(code, severity, Message(text, {"n": count}), count, examples))
    return findings


def _refuse(bench: Workbench, reading: Reading, sets: Sequence[Sequence[Rule]]) -> None:
    """Collect refused rows with what was found in each: table `refused_<place>` (`_row`, `findings`)."""
    place = reading.place
    parts = []
    for number, rules in enumerate(sets):
        errors = sum(1 << bit for bit, rule in enumerate(rules) if rule.severity is Severity.ERROR)
        if not errors:
            continue
        listed = ", ".join(
            f"CASE WHEN m.mask & {1 << bit} <> 0 THEN {_note(reading, rule)} END"
            for bit, rule in enumerate(rules)
            if rule.severity is Severity.ERROR
        )
        parts.append(
            f"""SELECT m._row, {number} AS part, list_filter([{listed}], lambda f: f IS NOT NULL) AS found
                FROM {reading.typed} AS t JOIN (FROM marks_{place}_{number} WHERE mask & {errors} <> 0) AS m
                ON t._row = m._row"""
        )
    field = repeats.id_field(reading)
    if field is not None:
        header = reading.header(field) or field
        note = f"{{'code': 'id_repeated', 'column': {literal(header)}, 'value': id}}"
        last = len(sets)
        parts.append(f"SELECT _row, {last} AS part, [{note}] AS found FROM repeats WHERE place = {place} AND NOT same")
    if not parts:
        bench.run(f"CREATE TEMP TABLE refused_{place} AS SELECT 0::BIGINT AS _row, '' AS findings WHERE false")
        return
    bench.run(
        f"""CREATE TEMP TABLE refused_{place} AS
            SELECT _row, to_json(flatten(list(found ORDER BY part)))::VARCHAR AS findings
            FROM ({" UNION ALL ".join(parts)}) GROUP BY _row"""
    )


def _note(reading: Reading, rule: Rule) -> str:
    header = _header(reading, rule)
    value = "NULL::VARCHAR" if header is None else f"t.{reading.raw(header)}"
    return f"{{'code': {literal(rule.code)}, 'column': {literal(header or rule.field)}, 'value': {value}}}"


def _keep(bench: Workbench, reading: Reading, refused: int, repeated: int) -> None:
    """Define the view of the rows that are neither refused, nor repeated, nor an old version of their record."""
    parts = [repeats.current(reading)]
    if refused:
        parts.append(_not_refused(reading))
    if repeated:
        parts.append(f"_row NOT IN (SELECT _row FROM repeats WHERE place = {reading.place} AND same)")
    if reading.says("row.deleted") and reading.entity.value != "deals":
        parts.append(f"NOT coalesce({reading.sql('row.deleted')}, false)")
    what = "TEMP TABLE" if reading.staged.rows <= MATERIALISED_ROWS and len(parts) > 1 else "VIEW"
    bench.run(f"CREATE {what} {identifier(reading.kept)} AS SELECT * FROM {reading.typed} WHERE {' AND '.join(parts)}")
