"""A promise as the check of commitments reads it, and what the check finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from bokgi.domain.messages import Message

KEPT: Final = "kept"
NOT_KEPT: Final = "not_kept"
CANNOT_TELL: Final = "cannot_tell"


@dataclass(frozen=True)
class Promise:
    """What somebody promised in a meeting: on a deal, or for a figure of a stage or of the own work.

    `metric`: `moved`, `won`, `touched`, `next_step` of the deal (empty: any of them); `conversion`, `days_in_stage` of
    the stage; `meetings`, `new_deals` a week and `untouched` deals of the person. `amount`: by how much.
    """

    key: str
    person_id: str
    made_on: date
    made_at: datetime
    due_on: date
    deal_id: str = ""
    pipeline: str = ""
    stage: str = ""
    metric: str = ""
    rising: bool = True
    amount: float | None = None


@dataclass(frozen=True)
class Found:
    """What the facts say of one promise."""

    verdict: str
    reason: str | None = None
    fulfilled_on: date | None = None
    evidence: tuple[Message, ...] = ()
    figure: dict[str, Any] | None = None
