"""How old the data are: it stands on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bokgi.domain.errors import NotFoundError
from bokgi.facts.lake import Lake, ledger_files
from bokgi.facts.schema.definitions import DEFINITIONS

STALE_DAYS: Final = 7
"""From how many days on the age is a warning."""

_SET_ON_SCREEN: Final = {table.name for table in DEFINITIONS} | {"memberships"}
"""Sources of what is entered in the editors."""


@dataclass(frozen=True)
class DataAge:
    """The day of the newest export, and how many days ago that is; a day in the future is today.

    Where nothing was ever exported it is the day of the newest entry on screen. A correction makes no export newer.
    """

    exported_on: date
    days: int

    @property
    def stale(self) -> bool:
        """Tell whether a page should warn."""
        return self.days > STALE_DAYS


def data_age(home: Path, *, today: date, zone: str) -> DataAge | None:
    """Give the age of the data; null before the first import."""
    exported_on = _newest(home, ledger_files(home), zone)
    return None if exported_on is None else DataAge(exported_on, max((today - exported_on).days, 0))


@lru_cache(maxsize=8)
def _newest(home: Path, seen: tuple[str, ...], zone: str) -> date | None:
    """Read the ledger once for each of its versions (`seen` are the files of its log)."""
    del seen
    try:
        imports = Lake.open(home).imports()
    except NotFoundError:
        return None
    # What somebody set (a target, a team) is no news of the CRM.
    news = [one for one in imports if one.committed and one.source not in _SET_ON_SCREEN]
    moments = {kind: [one.effective_at for one in news if one.kind == kind] for kind in ("file", "entered")}
    newest = max(moments["file"] or moments["entered"], default=None)
    return None if newest is None else newest.astimezone(ZoneInfo(zone)).date()
