"""Bokgi (복기): replay last week's sales moves, find the one that decided it, learn.

The analyses are here for use as a library, too; each loads when it is asked for.

>>> import bokgi
>>> import numpy as np
>>> float(bokgi.gini(np.array([4.0, 0.0, 0.0, 0.0])))
0.75
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bokgi.analysis.bottleneck import bottlenecks
    from bokgi.analysis.change_detection import changes, weekly_counts
    from bokgi.analysis.comparison import compare_people
    from bokgi.analysis.concentration import concentration, gini, people_time, resilience
    from bokgi.analysis.content_effect import content_effect, deal_weeks, first_exposures
    from bokgi.analysis.decomposition import person_gap, target_gap, won_change
    from bokgi.analysis.forecast import backtest, forecast
    from bokgi.analysis.funnel import funnel
    from bokgi.analysis.progressions import progressions
    from bokgi.analysis.stage_conversion import stage_conversion
    from bokgi.analysis.time_in_stage import time_in_stage
    from bokgi.analysis.visits import visits

__version__ = "0.1.0"

__all__ = [
    "backtest",
    "bottlenecks",
    "changes",
    "compare_people",
    "concentration",
    "content_effect",
    "deal_weeks",
    "first_exposures",
    "forecast",
    "funnel",
    "gini",
    "people_time",
    "person_gap",
    "progressions",
    "resilience",
    "stage_conversion",
    "target_gap",
    "time_in_stage",
    "visits",
    "weekly_counts",
    "won_change",
]

_HOMES: Final = {
    "backtest": "forecast",
    "bottlenecks": "bottleneck",
    "changes": "change_detection",
    "compare_people": "comparison",
    "concentration": "concentration",
    "content_effect": "content_effect",
    "deal_weeks": "content_effect",
    "first_exposures": "content_effect",
    "forecast": "forecast",
    "funnel": "funnel",
    "gini": "concentration",
    "people_time": "concentration",
    "person_gap": "decomposition",
    "progressions": "progressions",
    "resilience": "concentration",
    "stage_conversion": "stage_conversion",
    "target_gap": "decomposition",
    "time_in_stage": "time_in_stage",
    "visits": "visits",
    "weekly_counts": "change_detection",
    "won_change": "decomposition",
}


def __getattr__(name: str) -> object:
    """Load an analysis when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"bokgi.analysis.{_HOMES[name]}"), name)
