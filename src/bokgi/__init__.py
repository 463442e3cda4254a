"""Bokgi (복기): replay last week's sales moves, find the one that decided it, learn.

The analyses are here for use as a library, too; each loads when it is asked for (`docs/reference/library.md`).

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
    from bokgi.analysis.comparison.conditions import conditions, leaks
    from bokgi.analysis.concentration import concentration, gini, people_time, resilience
    from bokgi.analysis.content_effect import content_effect, deal_weeks, first_exposures
    from bokgi.analysis.deal_traits import deal_traits
    from bokgi.analysis.decomposition import person_gap, target_gap, won_change
    from bokgi.analysis.forecast import backtest, forecast
    from bokgi.analysis.funnel import FunnelMode, funnel
    from bokgi.analysis.progressions import progressions
    from bokgi.analysis.stage_conversion import stage_conversion
    from bokgi.analysis.time_in_stage import time_in_stage
    from bokgi.analysis.visits import visits
    from bokgi.analysis.win_loss import loss_reasons, win_loss
    from bokgi.domain.period import Period
    from bokgi.facts.read import open_facts

__version__ = "0.1.0"

__all__ = [
    "FunnelMode",
    "Period",
    "backtest",
    "bottlenecks",
    "changes",
    "compare_people",
    "concentration",
    "conditions",
    "content_effect",
    "deal_traits",
    "deal_weeks",
    "first_exposures",
    "forecast",
    "funnel",
    "gini",
    "leaks",
    "loss_reasons",
    "open_facts",
    "people_time",
    "person_gap",
    "progressions",
    "resilience",
    "stage_conversion",
    "target_gap",
    "time_in_stage",
    "visits",
    "weekly_counts",
    "win_loss",
    "won_change",
]

_HOMES: Final = {
    "FunnelMode": "analysis.funnel",
    "Period": "domain.period",
    "backtest": "analysis.forecast",
    "bottlenecks": "analysis.bottleneck",
    "changes": "analysis.change_detection",
    "compare_people": "analysis.comparison",
    "concentration": "analysis.concentration",
    "conditions": "analysis.comparison.conditions",
    "content_effect": "analysis.content_effect",
    "deal_traits": "analysis.deal_traits",
    "deal_weeks": "analysis.content_effect",
    "first_exposures": "analysis.content_effect",
    "forecast": "analysis.forecast",
    "funnel": "analysis.funnel",
    "gini": "analysis.concentration",
    "leaks": "analysis.comparison.conditions",
    "loss_reasons": "analysis.win_loss",
    "open_facts": "facts.read",
    "people_time": "analysis.concentration",
    "person_gap": "analysis.decomposition",
    "progressions": "analysis.progressions",
    "resilience": "analysis.concentration",
    "stage_conversion": "analysis.stage_conversion",
    "target_gap": "analysis.decomposition",
    "time_in_stage": "analysis.time_in_stage",
    "visits": "analysis.visits",
    "weekly_counts": "analysis.change_detection",
    "win_loss": "analysis.win_loss",
    "won_change": "analysis.decomposition",
}


def __getattr__(name: str) -> object:
    """Load an analysis when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"bokgi.{_HOMES[name]}"), name)
