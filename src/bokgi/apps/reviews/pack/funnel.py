"""What the review says of the funnel as of its day: the stages, and what the search for a bottleneck found."""

from __future__ import annotations

from typing import Any

from bokgi.apps.reviews.pack import bottleneck
from bokgi.apps.reviews.pack.scope import Scope
from bokgi.apps.reviews.pack.stages import stages, window_json, windows
from bokgi.questions.answers import answer_of


def funnel(here: Scope) -> dict[str, Any]:
    """Tell of the stages and of the bottleneck: `window`, `stages[]`, `searched{}` (`bottleneck.ask`).

    It hangs on the day and the team of the review and not on its week: packs of several weeks share the answer.
    """
    return answer_of(here.read, funnel, {"as_of": here.as_of, "team": here.team}, lambda: _told(here))


def _told(here: Scope) -> dict[str, Any]:
    spans = windows(here)
    return {"window": window_json(spans), "stages": stages(here, spans), "searched": bottleneck.ask(here)}
