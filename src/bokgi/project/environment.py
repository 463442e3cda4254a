"""What the environment sets: the home, the database, the public address, the mail server, keys.

Each variable is documented in `docs/reference/settings.md`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bokgi.domain.errors import SetupError
from bokgi.domain.messages import N_, Message
from bokgi.domain.retention import RETENTION_DAYS

VARIABLES: Final = (
    "BOKGI_HOME",
    "BOKGI_DATABASE",
    "BOKGI_ADDRESS",
    "BOKGI_SECRET_KEY",
    "BOKGI_NOTES_KEY",
    "BOKGI_MAIL",
    "BOKGI_MAIL_FROM",
    "BOKGI_KEEP_DAYS",
    "BOKGI_MEMORY",
)
SAMPLE_MARK: Final = "sample.json"
_POSTGRES: Final = {"postgres", "postgresql"}
_MAIL_PORTS: Final = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder that holds everything of one organisation."""
    return Path(environ.get("BOKGI_HOME") or "bokgi-home").absolute()


def database(folder: Path, given: str = "") -> dict[str, Any]:
    """Give Django's settings of the database: SQLite in the home, or the PostgreSQL of an address.

    >>> database(Path("/srv/bokgi"), "postgresql://sales:secret@db/bokgi")["HOST"]
    'db'
    """
    if not given:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "db.sqlite3",
            "OPTIONS": {
                # A writer takes its lock when it begins, so that nobody finds out in the middle that it cannot have it.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = _address("BOKGI_DATABASE", given, _POSTGRES, "postgresql://user:password@host:5432/bokgi")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def mail(folder: Path, given: str = "") -> dict[str, Any]:
    """Give Django's mail settings: the server of an address, or files in the home where none is given.

    `smtp://` speaks in the clear, `smtp+tls://` starts TLS, `smtps://` is TLS from the start.

    >>> mail(Path("/srv/bokgi"), "smtp+tls://me:secret@mail.example.com")["EMAIL_PORT"]
    587
    """
    if not given:
        backend = "django.core.mail.backends.filebased.EmailBackend"
        return {"EMAIL_BACKEND": backend, "EMAIL_FILE_PATH": folder / "mail"}
    parts = _address("BOKGI_MAIL", given, set(_MAIL_PORTS), "smtp+tls://user:password@host:587")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or _MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


def _address(variable: str, given: str, schemes: set[str], example: str) -> SplitResult:
    parts = urlsplit(given)
    if parts.scheme not in schemes or not (parts.hostname or parse_qs(parts.query).get("host")):
        raise SetupError(
            "setting_unreadable",
            Message(N_("{variable} is no address that can be used."), {"variable": variable}),
            Message(N_("Write it like this: {example}"), {"example": example}),
        )
    return parts


def keep_days(given: str = "") -> int:
    """Give for how many days source files, refused rows and undone imports are kept.

    >>> keep_days("30"), keep_days()
    (30, 90)
    """
    if not given:
        return RETENTION_DAYS
    if not given.isdecimal() or int(given) == 0:
        raise SetupError(
            "setting_unreadable",
            Message(N_("{variable} is no number of days."), {"variable": "BOKGI_KEEP_DAYS"}),
            Message(N_("Write it like this: {example}"), {"example": str(RETENTION_DAYS)}),
        )
    return int(given)


def secret_key(folder: Path, given: str = "") -> str:
    """Give the key that signs cookies and links; kept in `keys/` of the home, made when there is none.

    Without a home (a check of types, a build) the key lives as long as the process.
    """
    if given:
        return given
    if not folder.is_dir():
        return secrets.token_urlsafe(50)
    return kept_secret(folder, "secret-key")


def kept_secret(folder: Path, name: str) -> str:
    """Give a secret of the home, readable by its owner only; made once, also when two processes start at once."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, fresh = keys / name, keys / f"{name}.{os.getpid()}"
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            # A link is made by one only, and what it names is complete.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="utf-8").strip()


def is_sample(folder: Path) -> bool:
    """Say whether `bokgi sample` made this home: only there anybody may take a demo role."""
    return (folder / SAMPLE_MARK).is_file()
