"""Addresses of the funnel, of deals and of search."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.pipeline import deal_views, views

funnel_addresses: list[URLPattern] = [
    path("", views.funnel_index, name="index"),
    path("compare/", views.funnel_compare, name="compare"),
    path("change/", views.pipeline_change, name="change"),
    path("win-loss/", views.wins_and_losses, name="win_loss"),
]
deal_addresses: list[URLPattern] = [
    path("", views.deals_index, name="index"),
    path("new/", deal_views.enter, name="new"),
    path("new/amount/", deal_views.amount_read, name="amount"),
    path("<path:deal_id>/correct/", deal_views.correct, name="correct"),
    path("<path:deal_id>/close/", deal_views.close, name="close"),
    path("<path:deal_id>/take-back/", deal_views.take_back, name="take_back"),
    path("<path:deal_id>/", deal_views.deal, name="deal"),
]
search_addresses: list[URLPattern] = [path("", views.search, name="index")]
