"""What may stand behind a low or falling result of one person: five causes, each with its evidence."""

from __future__ import annotations

from bokgi.analysis.causes.colleagues import Against, against_colleagues
from bokgi.analysis.causes.reading import CAUSES, Cause, Reading, Signal, State, causes

__all__ = ["CAUSES", "Against", "Cause", "Reading", "Signal", "State", "against_colleagues", "causes"]
