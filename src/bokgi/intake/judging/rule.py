"""What a rule is, and what rules look at besides the row.

A rule is an SQL condition over the typed view of a file. `error` keeps the row out, `warning` lets it in and says so.
A condition that is null does not hold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bokgi.domain.findings import Severity
from bokgi.intake.judging.ladder import Ladder


@dataclass(frozen=True)
class Bench:
    """What rules look at besides the row: the ladder, the day of the export, whether all people are known."""

    ladder: Ladder
    exported_on: date
    people_complete: bool = False
    """Everybody is listed: whoever is not does not exist."""
    people_listed: bool = False
    """There is a list of people at all: table `listed_people`."""
    deals_listed: bool = False
    """There are deals to refer to: table `listed_deals`."""
    shared_names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Names that several people have → who these are."""


@dataclass(frozen=True)
class Rule:
    """One rule as it applies to one file: what is looked for, in which column, and what it means."""

    code: str
    severity: Severity
    field: str
    condition: str
    msgid: str
    column: str | None = None
    """Header of the column, where it is not the first that feeds the field."""
    meant: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Text of a cell → what it may mean."""
