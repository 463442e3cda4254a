"""A mapping as rows for a person: what each column is, what it was found by, how sure, how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bokgi.domain.messages import N_, Message
from bokgi.intake.mapping.fields import field_of
from bokgi.intake.mapping.formats import in_words
from bokgi.intake.mapping.model import LEAVE_OUT, STAGE_LEFT, WHOLE, ColumnMapping, Entity, FileMapping, FoundBy
from bokgi.intake.mapping.preset import presets

_SHOWN: Final = 3
_HALVES: Final = {"H1": N_("first half"), "H2": N_("second half")}
_MONTHS: Final = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)

ENTITY_LABELS: Final = {
    Entity.DEALS: N_("deals"),
    Entity.ACCOUNTS: N_("accounts"),
    Entity.PEOPLE: N_("people"),
    Entity.CONTACTS: N_("contacts"),
    Entity.DEAL_CONTACTS: N_("contacts of deals"),
    Entity.LEADS: N_("leads"),
    Entity.STAGE_HISTORY: N_("stage history"),
    Entity.DEAL_HISTORY: N_("history of deals"),
    Entity.ACTIVITIES: N_("activities"),
    Entity.CONTENT: N_("content"),
    Entity.CONTENT_EVENTS: N_("exposures to content"),
    Entity.RESPONSES: N_("responses of customers"),
    Entity.STAGES: N_("stages"),
    Entity.PIPELINES: N_("pipelines"),
    Entity.TARGETS: N_("targets"),
    Entity.STANDARDS: N_("standards of action"),
    Entity.TEAMS: N_("teams"),
    Entity.RATES: N_("exchange rates"),
    Entity.IGNORE: N_("not taken"),
    Entity.LINKS: N_("links between records"),
}
"""What a row of a file is, in words."""

FOUND_BY: Final = {
    FoundBy.HAND: Message(N_("told by hand")),
    FoundBy.SAVED: Message(N_("saved mapping")),
    FoundBy.PRESET: Message(N_("preset")),
    FoundBy.NAME: Message(N_("name of the column")),
    FoundBy.VALUES: Message(N_("values")),
    FoundBy.NOTHING: Message(N_("nothing")),
}


@dataclass(frozen=True)
class ColumnRow:
    """One column of a file as a person reads it. `confidence` is 0 to 1; `format` is empty for plain text."""

    file: str
    column: str
    field: str
    label: str
    found_by: str
    found_by_label: str
    confidence: float
    format: str
    samples: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Give the row for `mapping[]`; the samples only where they are no person's."""
        return {
            "file": self.file,
            "column": self.column,
            "field": self.field,
            "label": self.label,
            "found_by": self.found_by,
            "confidence": self.confidence,
            "format": self.format,
            "samples": list(self.samples),
        }


def describe(mapping: FileMapping, lang: str) -> tuple[ColumnRow, ...]:
    """Give one row for each column and the field it feeds, in the order of the file.

    Samples of personal fields and of columns that are left out are not shown.

    >>> column = ColumnMapping("Amount", "deals.amount", FoundBy.NAME, 0.95, samples=("1200",))
    >>> row = describe(FileMapping("deals.csv", Entity.DEALS, (column,), "crm"), "en")[0]
    >>> row.label, row.found_by_label, row.samples
    ('amount', 'name of the column', ('1200',))
    """
    return tuple(_row(mapping, column, lang) for column in mapping.columns)


def _row(mapping: FileMapping, column: ColumnMapping, lang: str) -> ColumnRow:
    field = field_of(column.field)
    hidden = column.field == LEAVE_OUT or field is None or field.personal
    return ColumnRow(
        file=mapping.file,
        column=column.column,
        field=column.field,
        label=field_label(column).text(lang),
        found_by=column.found_by.value,
        found_by_label=_found_by(mapping, column).text(lang),
        confidence=column.confidence,
        format=in_words(field, column.format).text(lang) if field and column.format else "",
        samples=() if hidden else column.samples[:_SHOWN],
    )


def _found_by(mapping: FileMapping, column: ColumnMapping) -> Message:
    crm = preset_label(mapping)
    if column.found_by is FoundBy.PRESET and crm is not None:
        return Message(N_("preset: {crm}"), {"crm": crm})
    return FOUND_BY[column.found_by]


def preset_label(mapping: FileMapping) -> str | None:
    """Give the name of the CRM whose preset a file was read by; null where none was, or none is there any more.

    >>> preset_label(FileMapping("deals.csv", Entity.DEALS, (), "crm", preset="hubspot"))
    'HubSpot'
    """
    return next((preset.label for preset in presets() if preset.name == mapping.preset), None)


def field_label(column: ColumnMapping) -> Message:
    """Name the field that a column feeds, with the stage where it is the moment of one, the period where a target.

    >>> field_label(ColumnMapping("제안일", "stage_entered:제안", FoundBy.NAME, 0.85)).text("en")
    'entered the stage 제안'
    """
    if column.stage is not None:
        text = N_("left the stage {stage}") if column.field.startswith(STAGE_LEFT) else N_("entered the stage {stage}")
        return Message(text, {"stage": column.stage})
    field = field_of(column.field)
    if column.period is not None and field is not None:
        return _target_of(column.period)
    return Message(column.field) if field is None else field.label


def _target_of(period: str) -> Message:
    """Name the target of a period as `target_of:` names it.

    >>> [_target_of(period).text("en") for period in ("01", "2026-12", "FY2026-Q1", "+02")]
    ['January target', 'December 2026 target', 'FY2026 Q1 target', 'February target of the next year']
    >>> [_target_of(period).text("ko") for period in ("01", "2026-12", "FY2026-Q1", "+02")]
    ['1월 목표', '2026년 12월 목표', '2026 회계연도 1분기 목표', '이듬해 2월 목표']
    >>> [_target_of(period).text("ko") for period in ("2026-H1", "FY2026", "year")]
    ['2026년 상반기 목표', '2026 회계연도 목표', '연간 목표']
    """
    year, _, part = period.rpartition("-")
    part = part.removeprefix("+")
    if period == WHOLE:
        return Message(N_("target of the year"))
    if part.startswith("FY"):
        return Message(N_("FY{year} target"), {"year": part.removeprefix("FY")})
    if len(part) == len("2026"):
        return Message(N_("{year} target"), {"year": part})
    if part.startswith("Q"):
        named = Message(N_("Q{number}"), {"number": part[1:]})
    else:
        named = Message(_HALVES[part] if part in _HALVES else _MONTHS[int(part) - 1])
    text = N_("{part} target")
    if period.startswith("+"):
        text = N_("{part} target of the next year")
    elif year.startswith("FY"):
        text = N_("FY{year} {part} target")
    elif year:
        text = N_("{part} {year} target")
    return Message(text, {"part": named, "year": year.removeprefix("FY")})
