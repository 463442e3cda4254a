"""What a file's columns are: the frozen mapping that detection gives and judging reads.

A mapping never holds values of people: samples are shown on screen and left out of the saved text (`toml.write`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from bokgi.domain.findings import Finding
from bokgi.domain.messages import Message
from bokgi.domain.stage import StageKind

ATTRIBUTES: Final = "attributes"
"""Field of a column that is kept under its header in `attributes`."""
LEAVE_OUT: Final = "leave_out"
"""Field of a column that is not taken: it looks personal, or repeats another."""
STAGE_ENTERED: Final = "stage_entered:"
"""Prefix of a field: the moment at which the deal entered the stage named after it."""
STAGE_LEFT: Final = "stage_left:"
"""Prefix of a field: the moment at which the deal left the stage named after it; a check, never a fact of its own."""
TARGET_OF: Final = "target_of:"
"""Prefix of a field: the target of the period named after it, as `2026-01`, `FY2026-Q1`, `2026-H1` or `2026`; `01`,
`Q1`, `H1` and `year` are of the file's or the row's year, with `+` of the year after it."""
WHOLE: Final = "year"
"""Name of the whole year that the file or the row names, as a part behind `TARGET_OF`."""


class Entity(StrEnum):
    """What a row of a file is. `ignore`: the rows are not taken."""

    DEALS = "deals"
    ACCOUNTS = "accounts"
    PEOPLE = "people"
    CONTACTS = "contacts"
    DEAL_CONTACTS = "deal_contacts"
    LEADS = "leads"
    STAGE_HISTORY = "stage_history"
    DEAL_HISTORY = "deal_history"
    ACTIVITIES = "activities"
    CONTENT = "content"
    CONTENT_EVENTS = "content_events"
    RESPONSES = "responses"
    STAGES = "stages"
    PIPELINES = "pipelines"
    TARGETS = "targets"
    STANDARDS = "standards"
    TEAMS = "teams"
    RATES = "rates"
    LINKS = "links"
    """Pairs of ids that complete rows of other files of the same import (activity × deal, deal × account)."""
    IGNORE = "ignore"


class FoundBy(StrEnum):
    """What a piece of a mapping was found by, the strongest first."""

    HAND = "hand"
    SAVED = "saved"
    PRESET = "preset"
    NAME = "name"
    VALUES = "values"
    NOTHING = "nothing"
    """Nothing says what the column is: it is kept under its header, or not taken."""


class StageFoundBy(StrEnum):
    """What a stage's place and kind were found by, the strongest first."""

    HAND = "hand"
    SAVED = "saved"
    HELD = "held"
    """The home has it."""
    METADATA = "metadata"
    PRESET = "preset"
    COLUMNS = "columns"
    PROBABILITY = "probability"
    NUMBERS = "numbers"
    HISTORY = "history"
    WORDS = "words"
    NOTHING = "nothing"


SURE: Final = 0.8
"""From this confidence on nobody needs to look."""


def is_sure(confidence: float, found_by: str) -> bool:
    """Tell whether what was found needs no look by a person: it is sure, or a person said it.

    >>> is_sure(0.7, FoundBy.PRESET), is_sure(0.7, FoundBy.HAND)
    (False, True)
    """
    return confidence >= SURE or found_by in {FoundBy.HAND, FoundBy.SAVED}


@dataclass(frozen=True)
class ColumnMapping:
    """One column of the file and the field it feeds.

    `format` is a key of `intake.values` (null: text as it stands). `pipeline` narrows `stage_entered:` and
    `stage_left:` to one pipeline. A column that feeds two fields stands twice.

    >>> ColumnMapping("close_date", "deals.closed", FoundBy.PRESET, 1.0).field
    'deals.closed'
    """

    column: str
    field: str
    found_by: FoundBy
    confidence: float
    format: str | None = None
    samples: tuple[str, ...] = ()
    pipeline: str | None = None

    @property
    def stage(self) -> str | None:
        """Stage named by `stage_entered:` or `stage_left:`, else null."""
        prefix, colon, stage = self.field.partition(":")
        return stage if colon and f"{prefix}:" in {STAGE_ENTERED, STAGE_LEFT} else None

    @property
    def period(self) -> str | None:
        """Period named by `target_of:`, else null."""
        return self.field.removeprefix(TARGET_OF) if self.field.startswith(TARGET_OF) else None

    @property
    def without_year(self) -> bool:
        """Tell whether the period is part of a year that stands elsewhere."""
        return self.period is not None and "20" not in self.period

    def as_saved(self) -> ColumnMapping:
        """Give the column as it is read back from a saved mapping."""
        return replace(self, found_by=FoundBy.SAVED, confidence=1.0, samples=())


@dataclass(frozen=True)
class StageDefinition:
    """One stage of one pipeline as it goes into the table `stages`.

    `origin` is `given` (metadata of the CRM, a saved mapping, a hand) or `inferred`; `found_by` says how.
    """

    pipeline: str
    stage: str
    label: str
    stage_order: int
    kind: StageKind
    origin: str
    found_by: StageFoundBy
    probability: float | None = None
    journey_stage: str | None = None
    exit_criterion: str | None = None
    expected_days: int | None = None

    def as_saved(self) -> StageDefinition:
        """Give the stage as it is read back: the origin stays, who found it is the saved mapping."""
        return replace(self, found_by=StageFoundBy.SAVED)


@dataclass(frozen=True)
class FileMapping:
    """What a file is and what its columns are.

    - `source`: name of the source system; ids of people are looked up within it.
    - `keys`: fields that together identify a row; without an id column the natural key (`deals.name`,
      `deals.account_name`, …). Empty: every row is its own.
    - `derived_deals`: a stage history without a deals file; each `stage_history.deal_id` is a deal, and `deals.*`
      fields in this mapping describe it.
    - `known_at_creation`: columns of `deals` that are known from creation on and never edited.
    - `fully_recorded`: in a history of fields, columns of `deals` of which it holds every change, of every deal, from
      its oldest entry on: what a deal held before its first change is then known.
    - `constants`: field → text that holds for every row.
    - `values`: field → the source's value → ours. A value that is not listed stands for itself.
      An empty text means "empty".
    - `null_values`: texts that mean "empty" besides the empty text.
    - `total_rows`: column → texts by which a line of totals is known; such a line is no record.
    - `history_formats`: in a history of fields, column of `deals` → format of its values before and after.
    - `one_table`: a row that reads like a header is a row like any other (`second_table`).
    """

    file: str
    entity: Entity
    columns: tuple[ColumnMapping, ...]
    source: str
    name: str = ""
    preset: str | None = None
    found_by: FoundBy = FoundBy.NAME
    confidence: float = 1.0
    keys: tuple[str, ...] = ()
    derived_deals: bool = False
    stages: tuple[StageDefinition, ...] = ()
    known_at_creation: tuple[str, ...] = ()
    fully_recorded: tuple[str, ...] = ()
    time_zone: str | None = None
    currency: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    null_values: tuple[str, ...] = ()
    total_rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history_formats: Mapping[str, str] = field(default_factory=dict)
    one_table: bool = False

    def of(self, name: str) -> ColumnMapping | None:
        """Give the column that feeds a field, or null.

        >>> column = ColumnMapping("Amount", "deals.amount", FoundBy.NAME, 0.9)
        >>> FileMapping("a.csv", Entity.DEALS, (column,), "file").of("deals.amount").column
        'Amount'
        """
        return next(self.all_of(name), None)

    def all_of(self, name: str) -> Iterator[ColumnMapping]:
        """Give every column that feeds a field (`attributes` and `leave_out` have many)."""
        return (column for column in self.columns if column.field == name)

    def stage_columns(self, prefix: str = STAGE_ENTERED) -> tuple[ColumnMapping, ...]:
        """Give the columns that hold the moment of entering (or leaving) a stage."""
        return tuple(column for column in self.columns if column.field.startswith(prefix))

    @property
    def target_columns(self) -> tuple[ColumnMapping, ...]:
        """Give the columns that hold the target of a period each."""
        return tuple(column for column in self.columns if column.period is not None)

    @property
    def headers(self) -> tuple[str, ...]:
        """Columns of the file, each once, in their order."""
        return tuple(dict.fromkeys(column.column for column in self.columns))

    def as_saved(self) -> FileMapping:
        """Give the mapping as it is read back from its TOML: no samples, everything found by the saved mapping."""
        return replace(
            self,
            columns=tuple(column.as_saved() for column in self.columns),
            stages=tuple(stage.as_saved() for stage in self.stages),
            found_by=FoundBy.SAVED,
            confidence=1.0,
        )


@dataclass(frozen=True)
class Option:
    """One answer to a question: the text to answer with, and what it means."""

    answer: str
    meaning: Message


@dataclass(frozen=True)
class Question:
    """What only a person can decide, asked before anything is written.

    `key` names the question from run to run (answer it through `Hints.answers`). `suggestion` is the answer that the
    mapping already follows; null: without an answer the file cannot be imported.
    """

    key: str
    code: str
    file: str
    columns: tuple[str, ...]
    message: Message
    options: tuple[Option, ...]
    suggestion: str | None = None

    def as_json(self, lang: str) -> dict[str, Any]:
        """Give the question with its options in `lang`."""
        return {
            "key": self.key,
            "code": self.code,
            "file": self.file,
            "columns": list(self.columns),
            "message": self.message.text(lang),
            "options": [{"answer": option.answer, "meaning": option.meaning.text(lang)} for option in self.options],
            "suggestion": self.suggestion,
        }


@dataclass(frozen=True)
class Hints:
    """What the person who imports already said.

    `entities`: file name → entity; `columns`: (file name, header) → field; `answers`: key of a question → answer;
    `ticked`: (file name, header) of personal columns to keep; `source`, `time_zone`, `currency` for every file.
    """

    entities: Mapping[str, Entity] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    ticked: frozenset[tuple[str, str]] = frozenset()
    source: str | None = None
    time_zone: str | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Detection:
    """What `detect.map_files` found: one mapping a file in the order given, what to ask, what is worth knowing."""

    mappings: tuple[FileMapping, ...]
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Questions that stop the import until somebody answers."""
        return tuple(question for question in self.questions if question.suggestion is None)
