"""What the review says that other screens ask, too: forecast, why more or less was won, on whom it hangs, content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from bokgi.apps.reviews.pack.scope import Scope
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.answers import Question, answer_of
from bokgi.questions.asked import Json
from bokgi.questions.compare import compare
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
_COMPARISON: Final = ("n", "level", "reason", "heterogeneity", "said")
_CONTENT: Final = ("level", "n_deals", "reason", "control", "items", "said", "caveats")


@contextmanager
def answered(scope: Scope, period: Period, *, target: bool) -> Iterator[Callable[[], dict[str, Any]]]:
    """Work the answers about a period out beside the rest of the review, and give how to get at them.

    They have the keys of the review; null for a team that never had a deal. `won_change`: against the period before it;
    `target_gap`: null without a target; `content` and `comparison` (of people, nobody named): of all teams, for what an
    item does, and who is better or worse than usual, hangs on more deals than one team has. `won_by_day`: up to each
    day of the period with a win. An error of theirs is raised where they are got.
    """
    had_deals = scope.team is None or scope.deals.count().to_pyarrow().as_py() > 0
    if scope.read.keeping is None or not scope.read.as_read:
        yield lambda: _answered(lambda: scope.read, scope, period, target=target, had_deals=had_deals)
        return
    # Opened by whoever asks first, and not at all where every answer is kept.
    own = cache(scope.read.keeping.apart)
    beside = ThreadPoolExecutor(1)
    try:
        yield beside.submit(_answered, own, scope, period, target=target, had_deals=had_deals).result
    finally:
        # Who leaves by an error or Ctrl-C waits for nothing.
        beside.shutdown(wait=False)


def _answered(
    own: Callable[[], Facts], scope: Scope, period: Period, *, target: bool, had_deals: bool
) -> dict[str, Any]:
    """Ask in order; `own` gives the facts that may be read by the thread that asks."""

    def ask(question: Question, **parameters: Any) -> Json:  # noqa: ANN401 - whatever the question takes
        return answer_of(scope.read, question, parameters, lambda: question(own(), **parameters))

    content = _of(ask(ask_content_effect, as_of=scope.as_of), _CONTENT)
    if not had_deals:
        nothing = dict.fromkeys(("forecast", "won_change", "target_gap", "concentration", "comparison"))
        return {**nothing, "won_by_day": [], "content": content}
    of_team = {"as_of": scope.as_of, "team": scope.team}
    forecast = ask(ask_forecast, period=period, **of_team)
    return {
        "forecast": _forecast(forecast),
        "won_by_day": forecast["won_by_day"],
        "won_change": _of(ask(decompose, period=period, **of_team), _CHANGE),
        "target_gap": _of(ask(decompose, period=period, to_target=True, **of_team), _CHANGE) if target else None,
        "concentration": _of(ask(ask_concentration, **of_team), _CONCENTRATION),
        "comparison": _of(ask(compare, as_of=scope.as_of), _COMPARISON),
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
        "backtest": _backtest(found["calibration"]),
        "said": found["said"],
        "caveats": found["caveats"],
    }


def _backtest(past: Json) -> Json | None:
    """Give how such forecasts did in the past, with a sentence; null where none could be tried."""
    if past["crps_ratio"] is None:
        return None
    values = {"n": past["n"], "share": Rate(past["crps_ratio"])}
    text = N_(
        "Over {n} past {n:period|periods} it was off by {share} of what going on at the pace so far would have been."
    )
    kept = {name: past[name] for name in ("n", "since", "coverage80", "bias", "crps_ratio")}
    return {**kept, "sentence": encoded(Message(text, values))}
