"""Findings: what is wrong or worth knowing about data, as values and not as exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from bokgi.domain.messages import Message


class Severity(StrEnum):
    """How much a finding weighs: `info` is said, `warning` changes how a figure reads, `error` keeps the row out."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_WEIGHTS: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True)
class Example:
    """One place where a finding holds: file, row as a person counts it in a spreadsheet, column, value as written.

    `near` is what the value may have been meant to be, where one knows.
    """

    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    near: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the parts that are set."""
        parts = {"file": self.file, "row": self.row, "column": self.column, "value": self.value, "near": self.near}
        return {name: part for name, part in parts.items() if part is not None}


@dataclass(frozen=True)
class Finding:
    """A kind of problem with its count and a few examples.

    >>> from bokgi.domain.messages import N_
    >>> finding = Finding(
    ...     "amount_malformed", Severity.ERROR, Message(N_("{n} amounts cannot be read."), {"n": 2}), count=2
    ... )
    >>> finding.as_json("en")["message"]
    '2 amounts cannot be read.'
    """

    code: str
    severity: Severity
    message: Message
    count: int = 1
    examples: tuple[Example, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)

    def without_cells(self) -> Finding:
        """Give the finding with the places of its examples and not what stands there, which may name a person."""
        return replace(self, examples=tuple(replace(example, value=None, near=None) for example in self.examples))

    def as_json(self, lang: str) -> dict[str, Any]:
        """Give code, severity, count, message in `lang` and examples."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "count": self.count,
            "message": self.message.text(lang),
            "examples": [example.as_json() for example in self.examples],
        }


def weightiest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put findings in the order in which they are told: errors, warnings, what is only said; else as they come.

    >>> found = [Finding(f"f{n}", Severity(name), Message("?"), 1) for n, name in enumerate(("info", "error", "info"))]
    >>> [one.code for one in weightiest_first(found)]
    ['f1', 'f0', 'f2']
    """
    return tuple(sorted(findings, key=lambda one: _WEIGHTS[one.severity]))
