"""Addresses of sign-in; allauth finds them by these names."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import URLPattern, URLResolver, path, re_path

from bokgi.apps.access import people_views, session_views, views
from bokgi.apps.access.passkeys import SecondStep
from bokgi.apps.access.permissions import EVERYBODY
from bokgi.apps.access.permitting import anyone, may

mine = may(*EVERYBODY)

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", anyone(account.login), name="account_login"),
    path("sign-in/second-step/", anyone(SecondStep.as_view()), name="mfa_authenticate"),
    path("sign-in/passkey/", anyone(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("sign-out/", anyone(account.logout), name="account_logout"),
    path("sign-up/", anyone(account.signup), name="account_signup"),
    path("inactive/", anyone(account.account_inactive), name="account_inactive"),
    path("invitation/<str:token>/", people_views.invitation, name="invitation"),
    path("start/", views.start, name="start"),
    path("demo/", views.demo, name="demo"),
    path("demo/<slug:role>/", views.demo, name="demo_role"),
    path("language/", views.language, name="language"),
    path("theme/", views.theme, name="theme"),
    # The password: forgotten, changed, set for the first time.
    path("password/reset/", anyone(account.password_reset), name="account_reset_password"),
    path("password/reset/sent/", anyone(account.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        anyone(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/saved/",
        anyone(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("password/change/", mine(account.password_change), name="account_change_password"),
    path("password/set/", mine(account.password_set), name="account_set_password"),
    # The second step and the devices.
    path("security/", mine(second_step.index), name="mfa_index"),
    path("security/confirm/", mine(account.reauthenticate), name="account_reauthenticate"),
    path("security/confirm/code/", mine(second_step.reauthenticate), name="mfa_reauthenticate"),
    path("security/confirm/passkey/", mine(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("security/app/on/", mine(totp.activate_totp), name="mfa_activate_totp"),
    path("security/app/off/", mine(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("security/codes/", mine(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("security/codes/new/", mine(recovery_codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("security/codes/file/", mine(recovery_codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("security/passkeys/", mine(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("security/passkeys/add/", mine(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("security/passkeys/<int:pk>/name/", mine(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("security/passkeys/<int:pk>/remove/", mine(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("security/sessions/", session_views.sessions, name="usersessions_list"),
    path("security/sessions/<int:session_id>/end/", session_views.session_end, name="session_end"),
]
