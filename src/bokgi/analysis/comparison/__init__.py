"""Fair comparison of people: the result of each against what was to be expected of the hand that was dealt."""

from __future__ import annotations

from bokgi.analysis.comparison.people import Comparison, PersonResult, compare_people

__all__ = ["Comparison", "PersonResult", "compare_people"]
