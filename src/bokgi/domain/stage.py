"""Stages and outcomes: the words for where a deal stands and how it ended."""

from __future__ import annotations

from enum import StrEnum


class StageKind(StrEnum):
    """What being in a stage means. Only `open` stages form the funnel; the others end it."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    NO_DECISION = "no_decision"


class Outcome(StrEnum):
    """How a deal stands: `removed` left the pipeline (a complete file no longer has it) and is never a loss."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    NO_DECISION = "no_decision"
    REMOVED = "removed"


class Origin(StrEnum):
    """Where a piece of history comes from; estimates of time treat `snapshot` as known only to an interval."""

    RECORDED = "recorded"
    COLUMN = "column"
    SNAPSHOT = "snapshot"
    ENTERED = "entered"
