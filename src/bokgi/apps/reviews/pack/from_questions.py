"""What the review says that other screens ask, too: forecast, why more or less was won, on whom it hangs, content."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from bokgi.apps.reviews.pack.scope import Scope
from bokgi.domain.period import Period
from bokgi.questions.answers import ask_of
from bokgi.questions.asked import Json
from bokgi.questions.concentration import ask_concentration
from bokgi.questions.content_effect import ask_content_effect
from bokgi.questions.decompose import decompose
from bokgi.questions.forecast import ask_forecast

_CHANGE: Final = (
    *("before", "after", "whole", "low", "high", "by_chance", "level", "parts", "close_dates_known", "reason"),
    *("said", "caveats"),
)
_CONCENTRATION: Final = (
    *("period", "level", "people", "n", "top_person", "top_share", "top_share_luck_band", "gini", "luck_band"),
    *("rate_gini", "reason", "resilience", "said", "caveats"),
)
_CONTENT: Final = ("level", "n_deals", "reason", "control", "items", "said", "caveats")


def answered(scope: Scope, period: Period, *, target: bool) -> dict[str, Any]:
    """Give the answers about a period, with the keys of the review; null for a team that never had a deal.

    `won_change`: against the period before it; `target_gap`: null without a target; `content`: of all teams, for what
    an item does hangs on more deals than one team has. `won_by_day`: up to each day of the period with a win.
    """
    ask = partial(ask_of, scope.read)
    content = _of(ask(ask_content_effect, as_of=scope.as_of), _CONTENT)
    if scope.team is not None and not scope.deals.count().to_pyarrow().as_py():
        nothing = dict.fromkeys(("forecast", "won_change", "target_gap", "concentration"))
        return {**nothing, "won_by_day": [], "content": content}
    of_team = {"as_of": scope.as_of, "team": scope.team}
    forecast = ask(ask_forecast, period=period, **of_team)
    return {
        "forecast": _forecast(forecast),
        "won_by_day": forecast["won_by_day"],
        "won_change": _of(ask(decompose, period=period, **of_team), _CHANGE),
        "target_gap": _of(ask(decompose, period=period, to_target=True, **of_team), _CHANGE) if target else None,
        "concentration": _of(ask(ask_concentration, **of_team), _CONCENTRATION),
        "content": content,
    }


def _of(found: Json, keys: tuple[str, ...]) -> Json:
    return {key: found[key] for key in keys}


def _forecast(found: Json) -> Json | None:
    """Give what is expected of the period, with its range and its parts; null where nothing may be said."""
    if found["mean"] is None:
        return None
    target = found["target"]
    return {
        "mean": found["mean"],
        "low": found["quantiles"]["0.10"],
        "high": found["quantiles"]["0.90"],
        "level": found["level"],
        "quantiles": found["quantiles"],
        "target": None if target is None else target["amount"],
        "probability": None if target is None else target["probability"],
        "won_so_far": found["won_so_far"],
        "won_so_far_n": found["won_so_far_n"],
        "open": found["open"],
        "new": found["new"],
        "reason": found["reason"],
        "said": found["said"],
        "caveats": found["caveats"],
    }
