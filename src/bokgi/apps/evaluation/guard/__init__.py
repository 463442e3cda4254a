"""The guard against the five mistakes: reads a draft beside the facts and says what to look at again."""

from __future__ import annotations

from bokgi.apps.evaluation.guard.draft import (
    EVIDENCE_LABELS,
    MISTAKE_LABELS,
    Draft,
    Evidence,
    EvidenceKind,
    Finding,
    Mistake,
    Standing,
)
from bokgi.apps.evaluation.guard.mistakes import findings
from bokgi.apps.evaluation.guard.phrasing import Phrase, phrases

__all__ = [
    "EVIDENCE_LABELS",
    "MISTAKE_LABELS",
    "Draft",
    "Evidence",
    "EvidenceKind",
    "Finding",
    "Mistake",
    "Phrase",
    "Standing",
    "findings",
    "phrases",
]
