"""Forecast of what is won in a period, and how good such forecasts have been."""

from __future__ import annotations

from bokgi.analysis.forecast.forecasting import backtest, forecast
from bokgi.analysis.forecast.history import Scope
from bokgi.analysis.forecast.result import Backtest, Forecast

__all__ = ["Backtest", "Forecast", "Scope", "backtest", "forecast"]
