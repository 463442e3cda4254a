"""Concentration: do the results hang on one person more than luck explains, and what happens without that person."""

from __future__ import annotations

from bokgi.analysis.concentration.luck import BesideLuck, Concentration, concentration, gini
from bokgi.analysis.concentration.rates import Estimate
from bokgi.analysis.concentration.resilience import BARELY_ESTIMABLE, Resilience, resilience
from bokgi.analysis.concentration.won import TOO_FEW_PEOPLE, TOO_FEW_WINS, people_time

__all__ = [
    "BARELY_ESTIMABLE",
    "TOO_FEW_PEOPLE",
    "TOO_FEW_WINS",
    "BesideLuck",
    "Concentration",
    "Estimate",
    "Resilience",
    "concentration",
    "gini",
    "people_time",
    "resilience",
]
