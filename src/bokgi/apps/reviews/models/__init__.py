"""What is kept of the weekly review."""

from __future__ import annotations

from bokgi.apps.reviews.models.meeting import (
    PARTS,
    AgendaPart,
    Commitment,
    DiscussedDeal,
    Effect,
    Meeting,
    MeetingSeries,
    MeetingState,
    Note,
    NoteKind,
    OwnWord,
    Part,
    Participant,
    Preparation,
    Snapshot,
    Verdict,
    WinLossAnswer,
)

__all__ = [
    "PARTS",
    "AgendaPart",
    "Commitment",
    "DiscussedDeal",
    "Effect",
    "Meeting",
    "MeetingSeries",
    "MeetingState",
    "Note",
    "NoteKind",
    "OwnWord",
    "Part",
    "Participant",
    "Preparation",
    "Snapshot",
    "Verdict",
    "WinLossAnswer",
]
