"""Telling that something changed: weekly counts of people and teams against what the weeks before let expect."""

from __future__ import annotations

from bokgi.analysis.change_detection.alerts import Alert, Changes, Series, changes
from bokgi.analysis.change_detection.weekly_counts import acted, weekly_counts

__all__ = ["Alert", "Changes", "Series", "acted", "changes", "weekly_counts"]
