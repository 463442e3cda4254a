"""Addresses of the forecast."""

from __future__ import annotations

from django.urls import path

from bokgi.apps.forecast import views

urlpatterns = [
    path("", views.forecast_index, name="index"),
    path("submissions/", views.submissions, name="submissions"),
    path("submit/", views.submit, name="submit"),
    path("backtest/", views.backtest, name="backtest"),
]
