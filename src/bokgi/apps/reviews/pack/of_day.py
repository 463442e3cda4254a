"""What the review says that hangs on its day and team, and not on its week: packs of several weeks share the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis.expr.types as ir

from bokgi.apps.reviews.pack import bottleneck, care, feedback
from bokgi.apps.reviews.pack.data import data
from bokgi.apps.reviews.pack.scope import Row, Scope
from bokgi.apps.reviews.pack.stages import stages, window_json, windows
from bokgi.questions.answers import answer_of


def of_day(here: Scope, open_deals: Callable[[], ir.Table]) -> dict[str, Any]:
    """Tell of the data, the stages, the search for a bottleneck and what the open deals lack.

    `open_deals` gives `care.open_deals`. Gives `data{}`, `window`, `stages[]`, `searched{}` (`bottleneck.ask`),
    `lacking[]` (`care.counts`) and `heaviest[]` (`feedback.heaviest`).
    """

    def told() -> dict[str, Any]:
        spans = windows(here)
        return {
            "data": data(here),
            "window": window_json(spans),
            "stages": stages(here, spans),
            "searched": bottleneck.ask(here),
            "lacking": care.counts(open_deals()),
            "heaviest": feedback.heaviest(here, open_deals()),
        }

    return answer_of(here.read, of_day, {"as_of": here.as_of, "team": here.team}, told)


def standing_at(
    here: Scope, flags: Sequence[Mapping[str, Any]], stages: Sequence[Row], open_deals: Callable[[], ir.Table]
) -> dict[str, Any]:
    """Give `standing[]`, `bottleneck.standing` for the flags of the review; packs with the same flags share it."""
    flagged = [(flag["pipeline"], flag["stage"], flag["team"]) for flag in flags]
    asked = {"as_of": here.as_of, "team": here.team, "flagged": flagged}

    def told() -> dict[str, Any]:
        return {"standing": bottleneck.standing(flagged, stages, open_deals(), here)}

    return answer_of(here.read, standing_at, asked, told)
