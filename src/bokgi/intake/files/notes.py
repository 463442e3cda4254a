"""Findings about a file as a whole."""

from __future__ import annotations

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile


def on_table(staged: StagedFile) -> tuple[Finding, ...]:
    """Say what holds for a text and for a sheet: no header, nothing below it, empty rows."""
    found = []
    file = {"file": staged.name}
    if staged.header_row == 0:
        message = Message(N_("{file} has no header; its columns are numbered."), file)
        found.append(Finding("header_missing", Severity.WARNING, message, 1, (Example(staged.name, 1),)))
    elif staged.read == 0:
        message = Message(N_("{file} has a header and no rows."), file)
        found.append(Finding("header_only", Severity.WARNING, message, 1, (Example(staged.name, staged.header_row),)))
    if staged.blank_rows:
        n = {"n": staged.blank_rows}
        message = Message(N_("{n} {n:row is empty and was|rows are empty and were} passed over."), n)
        found.append(Finding("rows_empty", Severity.INFO, message, staged.blank_rows, (Example(staged.name),)))
    return tuple(found)


def on_text(
    staged: StagedFile, *, truncated: bool, nuls: int, formulas: int, short_records: bool, careful: bool, footer: int
) -> tuple[Finding, ...]:
    """Say what holds for a delimited text."""
    place = (Example(staged.name),)
    found = list(on_table(staged))
    if truncated:
        message = Message(N_("{file} ends within a character; the end seems to be missing."), {"file": staged.name})
        found.append(Finding("text_truncated", Severity.WARNING, message, 1, place))
    if nuls:
        message = Message(N_("{n} NUL {n:character|characters} in {file}."), {"n": nuls, "file": staged.name})
        found.append(Finding("text_has_nul", Severity.WARNING, message, nuls, place))
    if formulas:
        found.append(formula_texts(staged.name, formulas))
    if short_records:
        message = Message(
            N_("Most records of {file} leave out their last cells; these count as empty."), {"file": staged.name}
        )
        found.append(Finding("cells_left_out", Severity.INFO, message, 1, place))
    if careful:
        message = Message(
            N_("Quotes or line ends of {file} are irregular; it was read record by record."), {"file": staged.name}
        )
        found.append(Finding("text_irregular", Severity.INFO, message, 1, place))
    if footer:
        n = {"n": footer, "file": staged.name}
        message = Message(N_("{n} {n:line|lines} below the table of {file} {n:is|are} no record and left out."), n)
        found.append(Finding("footer_left_out", Severity.INFO, message, footer, place))
    return tuple(found)


def formula_texts(file: str, n: int) -> Finding:
    """Say that cells of a text begin with an equals sign; they stay text."""
    message = Message(N_("{n} {n:cell begins with = and stays|cells begin with = and stay} text."), {"n": n})
    return Finding("formula_text", Severity.INFO, message, n, (Example(file),))
