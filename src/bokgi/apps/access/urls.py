"""Addresses of sign-in; allauth finds them by these names."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, path

from bokgi.apps.access import views
from bokgi.apps.access.permitting import anyone

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", anyone(account.login), name="account_login"),
    path("sign-out/", anyone(account.logout), name="account_logout"),
    path("sign-up/", anyone(account.signup), name="account_signup"),
    path("inactive/", anyone(account.account_inactive), name="account_inactive"),
    path("demo/", views.demo, name="demo"),
    path("demo/<slug:role>/", views.demo, name="demo_role"),
    path("language/", views.language, name="language"),
    path("theme/", views.theme, name="theme"),
]
