"""How commands reach what people write to each other: the application's database beside the facts of a home."""

from __future__ import annotations

import os
from pathlib import Path

from bokgi.cli.session import Session
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message


def has_database(home: Path) -> bool:
    """Tell whether a home has a database: its own file, or the server that `BOKGI_DATABASE` names."""
    return (home / "db.sqlite3").exists() or bool(os.environ.get("BOKGI_DATABASE"))


def open_database(session: Session) -> None:
    """Make the models ready, brought up to date. Raises `NotFoundError` (`database_missing`) where there is none."""
    if not has_database(session.home):
        raise NotFoundError(
            "database_missing",
            Message(N_("The web application was never opened in this home.")),
            Message(N_("bokgi serve starts it; reviews and evaluations are held in it.")),
        )
    from bokgi.project import processes

    processes.set_up(session.home)
    processes.migrate()
