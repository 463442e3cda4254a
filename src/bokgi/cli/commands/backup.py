"""bokgi backup, bokgi restore: a home as one file, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bokgi.cli.commands.importing import who
from bokgi.cli.confirming import confirmed
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_, Message


@command("backup", N_("Write the whole home into one file; keys stay out of it."), order=82)
def backup(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar=N_("FILE"), help=N_("File to write, such as bokgi.tar.gz."))],
    *,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help=N_("Take the keys along; who has the file can read private notes then."))
    ] = False,
) -> Answer:
    """Write it."""
    from bokgi.project.backup import back_up

    with session.progress() as show:
        show(session.text(Message(N_("backing up"))), None)
        made = back_up(session.home, file, at=datetime.now(UTC), keys=with_keys)

    def screen(shown: Session) -> None:
        shown.say(
            N_("{file} holds the home: {n} {n:file|files}, {size} MB."),
            file=str(file),
            n=made.files,
            size=made.size >> 20,
        )
        if not made.database:
            shown.say(N_("There is no database in the home; one on PostgreSQL is backed up with pg_dump."))
        if not with_keys:
            shown.say(
                N_("The keys are not in it. Keep home/keys in another safe place: without them private notes are lost.")
            )

    data = {
        "file": str(file),
        "version": made.version,
        "files": made.files,
        "size": made.size,
        "database": made.database,
    }
    return Answer(data, screen)


@command("restore", N_("Put the home back as a back-up holds it."), order=83)
def restore(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar=N_("FILE"), help=N_("File that bokgi backup wrote."))],
    *,
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do not ask."))] = False,
) -> Answer:
    """Ask where a home is there, put it back."""
    from bokgi.project import backup as backups

    if session.home.exists():
        confirmed(
            session,
            Message(N_("Put another home in the place of {home}? It is kept beside it."), {"home": str(session.home)}),
            yes=yes,
        )
    with session.progress() as show:
        show(session.text(Message(N_("restoring"))), None)
        done = backups.restore(session.home, file, at=datetime.now(UTC), by=who())

    def screen(shown: Session) -> None:
        shown.say(N_("The home is back, at version {version}."), version=done.version)
        if done.erased_again is None:
            shown.say(
                N_("The home that stood there is damaged: who was erased since the back-up has to be erased again.")
            )
        elif done.erased_again:
            shown.say(
                N_("{n} {n:person who was|people who were} erased since {n:is|are} erased again."), n=done.erased_again
            )
        if done.before is not None:
            shown.say(N_("What stood there is in {folder}; delete it when all is well."), folder=str(done.before))

    data = {
        "version": done.version,
        "erased_again": done.erased_again,
        "before": None if done.before is None else str(done.before),
    }
    return Answer(data, screen)
