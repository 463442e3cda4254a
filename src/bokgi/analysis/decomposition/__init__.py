"""Exact decompositions: of the change of won amount between periods, of the gap to a target, of two people."""

from __future__ import annotations

from bokgi.analysis.decomposition.changes import Decomposition, Part, target_gap, won_change
from bokgi.analysis.decomposition.people import person_gap

__all__ = ["Decomposition", "Part", "person_gap", "target_gap", "won_change"]
