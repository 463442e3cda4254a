"""Django's settings, from the environment and the home. See `bokgi.project.environment` for what can be set."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from bokgi.facts.engine import memory_given
from bokgi.project import environment

PACKAGE = Path(__file__).resolve().parent.parent
HOME = environment.home()

# ---------------------------------------------------------------- who may reach it

DEBUG = False
SECRET_KEY = environment.secret_key(HOME, os.environ.get("BOKGI_SECRET_KEY", ""))
NOTES_KEY = os.environ.get("BOKGI_NOTES_KEY", "")
"""Secrets of the private notes, the newest first; without them the home keeps one in `keys/notes-key`."""
ADDRESS = urlsplit(os.environ.get("BOKGI_ADDRESS", ""))
ENCRYPTED = ADDRESS.scheme == "https"
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = [*LOOPBACK, *([ADDRESS.hostname] if ADDRESS.hostname else [])]
CSRF_TRUSTED_ORIGINS = [f"{ADDRESS.scheme}://{ADDRESS.netloc}"] if ADDRESS.netloc else []
DEMO = environment.is_sample(HOME) and not ADDRESS.netloc and os.environ.get("BOKGI_DEMO") != "0"
"""Whether visitors of this machine may take a demo role; never where others can reach the server."""

# ---------------------------------------------------------------- what it is made of

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "bokgi.apps.jobs.apps.JobsConfig",
    "bokgi.apps.access.apps.AccessConfig",
    "bokgi.apps.data.apps.DataConfig",
    "bokgi.apps.forecast.apps.ForecastConfig",
    "bokgi.apps.reviews.apps.ReviewsConfig",
    "bokgi.apps.coaching.apps.CoachingConfig",
    "bokgi.apps.evaluation.apps.EvaluationConfig",
    "bokgi.project.apps.ProjectConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks_db",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "bokgi.project.static_files.HeldFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "bokgi.project.middleware.speaks",
    "bokgi.project.middleware.SafeHeaders",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "bokgi.project.middleware.SeenSessions",
    "bokgi.project.middleware.FaultPages",
    "bokgi.project.middleware.DeclaredAccess",
    "bokgi.project.middleware.TextsWithoutNul",
]
ROOT_URLCONF = "bokgi.project.urls"
WSGI_APPLICATION = "bokgi.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE / "ui" / "templates", PACKAGE / "project" / "templates", *PACKAGE.glob("apps/*/templates")],
        "OPTIONS": {
            "environment": "bokgi.project.templating.environment",
            "context_processors": ["bokgi.project.templating.page_context"],
        },
    }
]
DATABASES = {"default": environment.database(HOME, os.environ.get("BOKGI_DATABASE", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "mail", "facts", "beforehand"]}
}

# ---------------------------------------------------------------- files of the page

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "ui" / "static", PACKAGE / "project" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_USE_FINDERS = True
# Addresses of our files carry a hash of their content (`templating.static`).
WHITENOISE_MAX_AGE = 7 * 24 * 3600

# ---------------------------------------------------------------- languages and time

USE_I18N = True
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "bokgi-language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = "Asia/Seoul"

# ---------------------------------------------------------------- sign-in

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 24 * 3600

ACCOUNT_ADAPTER = "bokgi.apps.access.signing_in.AccountAdapter"
MFA_ADAPTER = "bokgi.apps.access.signing_in.MFAAdapter"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ADDRESS.netloc else 0
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Whoever has an account got it by an invitation sent to the address, or made the organisation.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_FORMS = {
    "login": "bokgi.apps.access.signing_in.LoginForm",
    "reauthenticate": "bokgi.apps.access.signing_in.ConfirmForm",
    "change_password": "bokgi.apps.access.signing_in.ChangePasswordForm",
    "set_password": "bokgi.apps.access.signing_in.SetPasswordForm",
    "reset_password": "bokgi.apps.access.signing_in.ResetPasswordForm",
    "reset_password_from_key": "bokgi.apps.access.signing_in.ResetPasswordKeyForm",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key", "reset_password": "20/m/ip,5/15m/key"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "bokgi.apps.access.codes.SecondStepForm",
    "reauthenticate": "bokgi.apps.access.codes.ConfirmForm",
    "activate_totp": "bokgi.apps.access.codes.AppForm",
    "add_webauthn": "bokgi.apps.access.passkeys.AddForm",
    "edit_webauthn": "bokgi.apps.access.passkeys.NameForm",
    "authenticate_webauthn": "bokgi.apps.access.passkeys.SecondStepForm",
    "login_webauthn": "bokgi.apps.access.passkeys.LoginForm",
    "reauthenticate_webauthn": "bokgi.apps.access.passkeys.ConfirmForm",
}
MFA_TOTP_ISSUER = "Bokgi"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Browsers allow passkeys on http://localhost; anywhere else an encrypted address is needed.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ENCRYPTED
USERSESSIONS_TRACK_ACTIVITY = True

# ---------------------------------------------------------------- cookies and headers

SESSION_COOKIE_NAME = "bokgi-session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENCRYPTED
CSRF_COOKIE_NAME = "bokgi-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = ENCRYPTED
CSRF_USE_SESSIONS = False
CSRF_FAILURE_VIEW = "bokgi.project.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENCRYPTED else 0
SECURE_SSL_REDIRECT = False
X_FRAME_OPTIONS = "DENY"
if ENCRYPTED:
    # The encryption ends at a proxy in front; it sets this header and takes it away from what comes in.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# Who gives more files than an upload takes (`data.rules.MOST_FILES`) is told so; beyond this nothing is read at all.
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# ---------------------------------------------------------------- what goes wrong

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"output": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": ["output"], "level": "ERROR", "propagate": False},
        "bokgi": {"handlers": ["output"], "level": "WARNING", "propagate": False},
        # It would tell of every request that waits for a thread, which is nothing to act on.
        "waitress.queue": {"level": "ERROR"},
    },
}

# ---------------------------------------------------------------- the engine of the figures

ENGINE_MEMORY = memory_given()

# ---------------------------------------------------------------- how long things are kept

KEEP_DAYS = environment.keep_days(os.environ.get("BOKGI_KEEP_DAYS", ""))

# ---------------------------------------------------------------- mail

globals().update(environment.mail(HOME, os.environ.get("BOKGI_MAIL", "")))
DEFAULT_FROM_EMAIL = os.environ.get("BOKGI_MAIL_FROM") or f"bokgi@{ADDRESS.hostname or 'localhost'}"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
