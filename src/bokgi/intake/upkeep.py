"""Upkeep of a home: what is kept for a time only goes when the time is over, and small files become few."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bokgi.domain.retention import RETENTION_DAYS
from bokgi.facts.compaction import Compacted, compact
from bokgi.facts.lake import LOCK_SECONDS, Lake
from bokgi.intake import sources


@dataclass(frozen=True)
class Upkeep:
    """What went: numbers of the imports whose source files were deleted, and what became of the files of the facts."""

    sources: tuple[int, ...]
    facts: Compacted


def keep_up(lake: Lake, *, at: datetime, days: int = RETENTION_DAYS, wait: float = LOCK_SECONDS) -> Upkeep:
    """Delete source files, refused rows and rows of undone imports older than `days`; put small files together.

    No answer hangs on what goes, but for versions of the lake that saw an import undone since, and the later imports of
    one that is undone can be judged again only while their source files are there. Files that rows were taken out of
    stay on the disk for a week, for whoever reads them now.

    Raises `ConflictError` (`lake_busy`) when an import is still at work after `wait` seconds; nothing was done then.

    >>> from datetime import UTC
    >>> from tempfile import TemporaryDirectory
    >>> from pathlib import Path
    >>> with TemporaryDirectory() as home:
    ...     keep_up(Lake.open(Path(home), create=True), at=datetime(2026, 11, 23, tzinfo=UTC)).sources
    ()
    """
    facts = compact(lake, at=at, retention_days=days, wait=wait)
    return Upkeep(tuple(sources.purge(lake, at=at, days=days)), facts)
