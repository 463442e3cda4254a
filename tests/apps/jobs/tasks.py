"""Tasks of the tests."""

from __future__ import annotations

import errno
import time
from pathlib import Path

from django_tasks import task

from bokgi.apps.jobs.services import AHEAD, BEFOREHAND, MAIL
from bokgi.domain.errors import InputError
from bokgi.domain.messages import Message

DONE: list[str] = []


@task()
def note(text: str) -> str:
    """Write something down."""
    DONE.append(text)
    return text


@task()
def fail_until(folder: str, times: int) -> None:
    """Fail some times, then go well."""
    path = Path(folder) / "tried"
    tried = len(path.read_text(encoding="utf-8")) if path.exists() else 0
    path.write_text("x" * (tried + 1), encoding="utf-8")
    if tried < times:
        raise OSError


@task()
def refuse() -> None:
    """Fail in a way that a person must mend."""
    raise InputError("file_missing", Message("There is no file."))


@task(queue_name=MAIL)
def tell(folder: str) -> None:
    """Go out beside whatever else is at work."""
    (Path(folder) / "told").touch()


@task(queue_name=BEFOREHAND, priority=AHEAD)
def ahead(folder: str) -> None:
    """Say that it began; the first time it takes for ever."""
    begun = Path(folder) / "begun"
    first = not begun.exists()
    begun.touch()
    if first:
        time.sleep(600)
    (Path(folder) / "ended").touch()


@task()
def fill_disk() -> None:
    """Fail because the disk is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


@task()
def quote(text: str) -> None:
    """Fail with a text that the error repeats."""
    raise ValueError(text)
