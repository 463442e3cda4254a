"""How far work is: a small file for each piece of work, so that saying it costs the database nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings


@dataclass(frozen=True)
class Progress:
    """What is being done, and how much of how much; `of` is zero where that is not known."""

    step: str = ""
    done: int = 0
    of: int = 0


def work_folder() -> Path:
    """Give the folder of locks and progress, made where it is missing."""
    folder: Path = settings.HOME / "work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def progress_write(work_id: int, progress: Progress) -> None:
    """Write down how far work is; where the disk is full it is not said."""
    with suppress(OSError):
        folder = work_folder()
        with NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(asdict(progress), file)
        Path(file.name).replace(folder / f"{work_id}.progress")


def progress_read(work_id: int) -> Progress:
    """Read how far work is; nothing said yet is an empty progress."""
    try:
        return Progress(**json.loads((work_folder() / f"{work_id}.progress").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Progress()


def progress_forget(work_id: int) -> None:
    """Take the files of ended work away."""
    for ending in ("progress", "lock"):
        (work_folder() / f"{work_id}.{ending}").unlink(missing_ok=True)
