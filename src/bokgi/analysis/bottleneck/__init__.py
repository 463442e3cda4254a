"""Bottlenecks: the stage and the unit in which the funnel stops beyond chance, and what that costs a month."""

from __future__ import annotations

from bokgi.analysis.bottleneck.counts import PAST, STAGE
from bokgi.analysis.bottleneck.flags import Bottlenecks, Unit, bottlenecks
from bokgi.analysis.bottleneck.gains import Gain, GainInDeals

__all__ = ["PAST", "STAGE", "Bottlenecks", "Gain", "GainInDeals", "Unit", "bottlenecks"]
