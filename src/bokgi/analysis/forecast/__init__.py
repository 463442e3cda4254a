"""Forecast of what is won in a period, and how good such forecasts have been."""
