"""What content does for deals: the effect of having been shown an item on how soon a deal moves on."""

from __future__ import annotations

from bokgi.analysis.content_effect.deal_weeks import deal_weeks, first_exposures
from bokgi.analysis.content_effect.effects import ContentEffects, Interval, ItemEffect, content_effect

__all__ = ["ContentEffects", "Interval", "ItemEffect", "content_effect", "deal_weeks", "first_exposures"]
