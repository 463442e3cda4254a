"""What follows from how past ranges held: chance, ranges that were too narrow or too wide, and by how much."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ibis.expr.types import Table

from benchmarks.simulator import Organisation, simulate
from bokgi.analysis import forecast as analysis
from bokgi.analysis.forecast import Backtest, Forecast
from bokgi.analysis.forecast.backtesting import Scores
from bokgi.analysis.forecast.result import OriginResult
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions import backtest, forecast
from bokgi.questions.backtest import _concluded
from bokgi.ui.format import number
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world

AS_OF = date(2025, 11, 20)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """A small organisation of two years."""
    return facts_of_world(simulate(Organisation(seed=4, reps=6, deals=1_200)))


def times_as_wide(times: float) -> Callable[..., Backtest]:
    """Try the forecast as it is, with each range so many times as wide."""

    def analysed(deals: Table, visits: Table, **how: Any) -> Backtest:  # noqa: ANN401 - handed on
        found = analysis.backtest(deals, visits, **how)
        origins = tuple(
            replace(one, low=one.mean - times * (one.mean - one.low), high=one.mean + times * (one.high - one.mean))
            for one in found.origins
        )
        share = sum(one.low <= one.came <= one.high for one in origins) / len(origins)
        scores = {**found.scores, "forecast": replace(found.scores["forecast"], coverage80=share)}
        return replace(found, origins=origins, scores=scores)

    return analysed


def said(found: dict[str, Any], lang: str = "en") -> str:
    told = spoken(found, lang)
    return " ".join(part["text"] for part in (*told["said"], *told["caveats"]))


def test_what_is_left_of_a_quarter_overlaps_only_as_far_as_it_is_longer_than_a_month(facts: Facts) -> None:
    assert "overlap" not in said(forecast.ask_forecast(facts, as_of=AS_OF, period=Period.parse("2025-Q4")))


def test_it_is_said_from_where_past_periods_are_seen(facts: Facts) -> None:
    now = said(forecast.ask_forecast(facts, as_of=AS_OF, period=Period.parse("2025-Q4")))
    assert re.search(r"Tried on \d+ past periods, seen with as many days left as now, ", now)
    assert "past periods, seen from the day before, the range held" in said(backtest.ask_backtest(facts, as_of=AS_OF))


def test_ranges_that_chance_explains_are_called_neither(facts: Facts) -> None:
    found = said(backtest.ask_backtest(facts, as_of=AS_OF, period="quarter"))
    assert "chance is unlikely" not in found
    assert "13 periods overlap and tell as much as 5 apart. Of so few a right range holds 40–100%" in found


@pytest.mark.parametrize("period", ["month", "quarter"])
def test_ranges_that_were_too_narrow_are_said_to_be_and_by_how_much(
    facts: Facts, monkeypatch: pytest.MonkeyPatch, period: str
) -> None:
    monkeypatch.setattr(backtest, "analysed", times_as_wide(0.05))
    found = backtest.ask_backtest(facts, as_of=AS_OF, period=period)
    (concluded,) = [part for part in found["said"] if "times" in part["values"]]
    times = concluded["values"]["times"]
    assert f"the ranges were too narrow. {number(times)} times as wide they would have held 80%" in said(found)
    assert f"{number(times)}배로 넓었다면 80%가 그 안에 들었습니다" in said(found, "ko")
    rows = [[float(one[name]["amount"]) for name in ("mean", "low", "high", "came")] for one in found["origins"]]

    def held(width: float) -> float:
        inside = [mean - width * (mean - low) <= came <= mean + width * (high - mean) for mean, low, high, came in rows]
        return sum(inside) / len(inside)

    assert held(times * 0.99) < 0.8 <= held(times * 1.001)


def test_ranges_that_barely_missed_are_not_said_to_need_once_their_width() -> None:
    came = (11.0,) * 4 + (12.05,) * 6
    origins = tuple(OriginResult(AS_OF, AS_OF, AS_OF, 10.0, 8.0, 12.0, one, 1.0, 1.0, {}, {}) for one in came)
    found = Backtest(AS_OF, 1, None, origins, {"forecast": Scores(10, 1.0, 0.1, 0.4, 0.0)})
    (concluded,) = _concluded(found)
    assert concluded.text("en") == "So few by chance is unlikely: the ranges were too narrow."


def test_ranges_that_were_too_wide_are_said_to_be(facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "analysed", times_as_wide(50.0))
    assert "the ranges were wider than they had to be" in said(backtest.ask_backtest(facts, as_of=AS_OF))


@pytest.mark.parametrize(
    ("coverage", "scale", "text"),
    [
        (0.36, 1.44, "This one is therefore 1.4 times as wide as it would be by itself"),
        (0.36, 0.9, "take this one as too narrow, too"),
        (0.36, 1.04, "take this one as too narrow, too"),
        (0.64, 1.2, None),
    ],
)
def test_a_forecast_says_what_it_learnt_from_past_ranges(
    facts: Facts, monkeypatch: pytest.MonkeyPatch, coverage: float, scale: float, text: str | None
) -> None:
    def analysed(deals: Table, visits: Table, **how: Any) -> Forecast:  # noqa: ANN401 - handed on
        found = analysis.forecast(deals, visits, **how)
        return replace(found, calibration=replace(found.calibration, n=14, coverage80=coverage, scale=scale))

    monkeypatch.setattr(forecast, "analysed", analysed)
    found = said(forecast.ask_forecast(facts, as_of=AS_OF, period=Period.parse("2026-Q1")))
    assert "14 periods overlap and tell as much as 5 apart" in found
    assert (text is None) == ("Past ranges were" not in found)
    assert text is None or text in found
