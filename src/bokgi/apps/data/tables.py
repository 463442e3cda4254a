"""Tables of data to take along: how columns were read, and the rows that wait in quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.http import HttpResponse

from bokgi.apps.data import labels
from bokgi.domain.messages import N_, Message
from bokgi.intake.mapping.describe import ENTITY_LABELS, describe
from bokgi.intake.mapping.model import FileMapping
from bokgi.intake.quarantine import RefusedRow
from bokgi.ui.export import TYPES, Value, as_csv, as_xlsx

Lines = tuple[list[str], list[list[Value]]]
"""Header and rows."""

_SURE_PLACES: Final = 2


def mapping_lines(mappings: Iterable[FileMapping], lang: str) -> Lines:
    """Give one row for each column of each file: what it is taken for, by what that was found, how it is read.

    Values of the files are not in it, except samples that are no person's.
    """
    heads = (
        N_("File"),
        N_("What a row is"),
        N_("Column"),
        N_("Field"),
        N_("Meaning here"),
        N_("Found by"),
        N_("How sure, 0 to 1"),
        N_("Read as"),
        N_("Samples"),
    )
    rows: list[list[Value]] = [
        [
            mapping.file,
            Message(ENTITY_LABELS[mapping.entity]).text(lang),
            column.column,
            column.field,
            column.label,
            column.found_by_label,
            round(column.confidence, _SURE_PLACES),
            column.format,
            ", ".join(column.samples),
        ]
        for mapping in mappings
        for column in describe(mapping, lang)
    ]
    return [Message(head).text(lang) for head in heads], rows


def quarantine_lines(refused: Sequence[RefusedRow], lang: str) -> Lines:
    """Give the refused rows as they stood, one column for each header of their files, with what was found in front."""
    heads = (N_("Import"), N_("File"), N_("Row"), N_("What was found"), N_("Found in the columns"))
    headers = list(dict.fromkeys(header for row in refused for header in row.cells))
    rows: list[list[Value]] = []
    for row in refused:
        found = dict.fromkeys(Message(labels.REASONS.get(code, code)).text(lang) for code in row.codes)
        places = dict.fromkeys(str(finding["column"]) for finding in row.findings if finding.get("column"))
        where: list[Value] = [row.place.import_no, row.place.file, row.place.row, ", ".join(found), ", ".join(places)]
        rows.append(where + [row.cells.get(header) for header in headers])
    return [*(Message(head).text(lang) for head in heads), *headers], rows


def taken_along(name: str, title: str, lines: Lines, kind: str) -> HttpResponse:
    """Give lines as a file of a kind of `ui.export.TYPES`, to be kept under a name."""
    made = as_csv(*lines) if kind == "csv" else as_xlsx(title, *lines)
    attached = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(made, content_type=TYPES[kind], headers=attached)
