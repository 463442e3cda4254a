"""Rows put to the rules: which are refused and why, and what is worth knowing about the others."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.judging import repeats, typed
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.rule import Rule
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


@dataclass(frozen=True)
class _Held:
    """A rule that holds for some rows: how many, and the first of them."""

    rule: Rule
    count: int
    rows: Sequence[int]


@dataclass(frozen=True)
class Marked:
    """The rows of one file with the rules that hold for them: `marks_<place>` has `_row` and `mask_<set>`."""

    reading: Reading
    sets: Sequence[Sequence[Rule]]
    held: Sequence[_Held]


def mark(bench: Workbench, reading: Reading, rules: Sequence[Rule]) -> Marked:
    """Put the rows of one file to the rules."""
    sets = [rules[at : at + _MOST_RULES] for at in range(0, len(rules), _MOST_RULES)]
    _mark(bench, reading, sets)
    held = [part for number, part_of in enumerate(sets) for part in _held(bench, reading, part_of, number)]
    return Marked(reading, sets, held)


def set_aside(bench: Workbench, marked: Marked) -> None:
    """Fetch the text of the few rows that are refused, shown or compared: table `set_aside_<place>`, as staged."""
    reading, place = marked.reading, marked.reading.place
    errors = [f"mask_{number} & {_errors(rules)} <> 0" for number, rules in enumerate(marked.sets) if _errors(rules)]
    wanted = [f"SELECT _row FROM same_id WHERE place = {place}", f"SELECT _row FROM decided_{place}"]
    if errors:
        wanted.append(f"SELECT _row FROM marks_{place} WHERE {' OR '.join(errors)}")
    shown = sorted({row for part in marked.held for row in part.rows})
    if shown:
        wanted.append(f"SELECT unnest({shown})")
    bench.run(f"CREATE TEMP TABLE set_aside_{place} AS {reading.staged.rows_at(' UNION '.join(wanted))}")


def judge(bench: Workbench, marked: Marked, ladder: Ladder) -> Judged:
    """Say which rows of a file are refused, and why; `mark`, `set_aside` and the comparison of repeats came before.

    A decided row is refused as it was.
    """
    reading = marked.reading
    found = [*_findings(bench, reading, marked.held), *_repeated(bench, reading)]
    _refuse(bench, reading, marked.sets)
    bench.run(f"DELETE FROM refused_{reading.place} WHERE _row IN (SELECT _row FROM decided_{reading.place})")
    bench.run(f"INSERT INTO refused_{reading.place} SELECT _row, findings FROM decided_{reading.place}")
    refused = bench.number(f"SELECT count(*) FROM refused_{reading.place}")
    repeated = bench.number(
        f"SELECT count(*) FROM repeats WHERE place = {reading.place} AND same AND {_not_refused(reading)}"
    )
    _keep(bench, reading, ladder, refused, repeated)
    left_out = 0
    if reading.mapping.total_rows or reading.says("targets.measure"):
        left_out = bench.number(f"SELECT count(*) FROM {reading.staged.relation} WHERE {reading.no_record()}")
        if left_out:
            text = N_(
                "{n} {n:line|lines} of totals or below the table {n:is no record and was|are no records and were} "
                "left out."
            )
            if reading.says("targets.measure"):
                text = N_(
                    "{n} {n:line|lines} of totals or of results {n:is no target and was|are no targets and were} "
                    "left out."
                )
            message = Message(text, {"n": left_out})
            found.append(Finding("totals_left_out", Severity.INFO, message, left_out, (Example(reading.label),)))
    rejected = reading.staged.rejected
    return Judged(reading.staged.read - left_out, refused + rejected, repeated, left_out, tuple(found))


def _not_refused(reading: Reading) -> str:
    return f"_row NOT IN (SELECT _row FROM refused_{reading.place})"


def _mark(bench: Workbench, reading: Reading, sets: Sequence[Sequence[Rule]]) -> None:
    """Note which rules hold for a row, as bits of a number for each set: `marks_<place>` with `_row`, `mask_<set>`.

    One pass over the columns that rules look at. Of a large file `values_<place>` keeps what was read in it.
    """
    masks = [
        " | ".join(
            f"(CASE WHEN {rule.condition} THEN {1 << bit} ELSE 0 END)::UBIGINT" for bit, rule in enumerate(rules)
        )
        for rules in sets
    ]
    listed = ["_row", *(f"{mask} AS mask_{number}" for number, mask in enumerate(masks))]
    rows = f"FROM {reading.typed} WHERE {repeats.current(reading)}"
    any_mark = " OR ".join(f"mask_{number} <> 0" for number in range(len(sets))) or "false"
    if typed.is_large(reading):
        values = ", ".join([*listed, *map(identifier, typed.read_columns(reading))])
        bench.run(f"CREATE TEMP TABLE {typed.read_once(reading)} AS SELECT {values} {rows}")
        names = ", ".join(["_row", *(f"mask_{number}" for number in range(len(sets)))])
        rows = f"SELECT {names} FROM {typed.read_once(reading)}"
    else:
        rows = f"SELECT {', '.join(listed)} {rows}"
    bench.run(f"CREATE TEMP TABLE marks_{reading.place} AS SELECT * FROM ({rows}) WHERE {any_mark}")


def _held(bench: Workbench, reading: Reading, rules: Sequence[Rule], number: int) -> list[_Held]:
    """Count for each rule of a set the rows for which it holds."""
    mask = f"mask_{number}"
    counts = ", ".join(
        f"count(*) FILTER ({mask} & {1 << bit} <> 0), min(_row, {EXAMPLES}) FILTER ({mask} & {1 << bit} <> 0)"
        for bit in range(len(rules))
    )
    counted = bench.rows(f"SELECT {counts} FROM marks_{reading.place} WHERE {mask} <> 0")[0]
    return [_Held(rule, counted[2 * bit], counted[2 * bit + 1]) for bit, rule in enumerate(rules) if counted[2 * bit]]


def _errors(rules: Sequence[Rule]) -> int:
    """Give the bits of the rules that keep a row out."""
    return sum(1 << bit for bit, rule in enumerate(rules) if rule.severity is Severity.ERROR)


def _findings(bench: Workbench, reading: Reading, held: Sequence[_Held]) -> list[Finding]:
    values = _values(bench, reading, [(_header(reading, part.rule), part.rows) for part in held])
    return [_finding(reading, part.rule, part.count, part.rows, values) for part in held]


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
    found = bench.rows(f"SELECT _row, {columns} FROM set_aside_{reading.place} WHERE _row IN ({listed})")
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
    texts = {row: None if header is None else values.get((header, row)) for row in sorted(rows)}
    examples = tuple(Example(reading.label, row, header, text, _meant(rule, text)) for row, text in texts.items())
    message = Message(rule.msgid, {"n": count, "column": header or rule.field})
    return Finding(rule.code, rule.severity, message, count, examples)


def _meant(rule: Rule, text: str | None) -> str | None:
    """Say what a cell may mean, in which a name may stand with a title."""
    plain = unicodedata.normalize("NFC", text or "")
    return next((meant for name, meant in rule.meant.items() if name in plain and meant), None)


def _header(reading: Reading, rule: Rule) -> str | None:
    return rule.column or reading.header(rule.field)


def _repeated(bench: Workbench, reading: Reading) -> list[Finding]:
    header = None
    field = typed.id_field(reading)
    if field is not None:
        header = reading.header(field)
    rows = bench.rows(
        f"""SELECT same, count(*), min(_row, {EXAMPLES}), min_by(id, _row, {EXAMPLES})
            FROM repeats WHERE place = {reading.place} GROUP BY same ORDER BY same"""
    )
    texts = {
        True: (
            "row_repeated",
            Severity.INFO,
            N_("{n} {n:row repeats|rows repeat} an earlier row word for word; {n:it counts|they count} once."),
        ),
        False: (
            "id_repeated",
            Severity.ERROR,
            N_("{n} {n:row shares its|rows share their} id with another row that says something else."),
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
        errors, mask = _errors(rules), f"mask_{number}"
        if not errors:
            continue
        listed = ", ".join(
            f"CASE WHEN m.{mask} & {1 << bit} <> 0 THEN {_note(reading, rule)} END"
            for bit, rule in enumerate(rules)
            if rule.severity is Severity.ERROR
        )
        parts.append(
            f"""SELECT m._row, {number} AS part, list_filter([{listed}], lambda f: f IS NOT NULL) AS found
                FROM set_aside_{place} AS t JOIN marks_{place} AS m ON t._row = m._row
                WHERE m.{mask} & {errors} <> 0"""
        )
    field = typed.id_field(reading)
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


def _keep(bench: Workbench, reading: Reading, ladder: Ladder, refused: int, repeated: int) -> None:
    """Define the view of the rows that are neither refused, nor repeated, nor an old version of their record.

    The values of a large file come from where judging kept them, its texts from the staged table.
    """
    by_number = []
    if refused:
        by_number.append(_not_refused(reading))
    if repeated:
        by_number.append(f"_row NOT IN (SELECT _row FROM repeats WHERE place = {reading.place} AND same)")
    by_value = []
    if reading.says("row.current"):
        by_value.append(repeats.current(reading))
    if reading.says("row.deleted") and reading.entity.value != "deals":
        by_value.append(f"NOT coalesce({reading.sql('row.deleted')}, false)")
    conditions = by_value + by_number
    kept = " AND ".join(conditions) or "true"
    if typed.is_large(reading):
        bench.run(f"CREATE VIEW {reading.kept_values} AS FROM {typed.read_once(reading)} WHERE {kept}")
        rows = typed.with_outcome(reading, ladder, typed.of_large(reading, reading.kept_values))
        bench.run(f"CREATE VIEW {reading.kept} AS {rows}")
        texts = f"FROM {reading.kept}" if by_value else typed.texts_of_large(reading, by_number)
        bench.run(f"CREATE VIEW {reading.kept_texts} AS {texts}")
    else:
        what = "TEMP TABLE" if conditions else "VIEW"
        bench.run(f"CREATE {what} {reading.kept} AS FROM {reading.typed} WHERE {kept}")
        for view in (reading.kept_values, reading.kept_texts):
            bench.run(f"CREATE VIEW {view} AS FROM {reading.kept}")
