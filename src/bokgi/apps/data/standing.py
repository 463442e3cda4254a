"""Which corrections stand: those on which neither the CRM nor another correction has spoken since, by the facts.

Nothing of it is stored. An import on which the CRM agreed may be undone, and then the correction stands again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from ibis import _

from bokgi.apps.access.asking import answers
from bokgi.apps.data.models import Correction, CorrectionState
from bokgi.domain.errors import NotFoundError
from bokgi.facts.lake import Lake

OPEN: Final = (CorrectionState.PENDING, CorrectionState.WRITTEN)
_VERSIONS: Final = 4


@dataclass(frozen=True)
class Spoken:
    """What the facts say last of a corrected field: a correction of that moment, or (`at` null) a file.

    `old` and `new` are the values before and after it.
    """

    at: datetime | None
    old: str | None
    new: str | None


Last = Mapping[tuple[str, str], Spoken]
"""Deal and field → what was said last, of every field that was ever corrected."""


def last_spoken() -> Last:
    """Give what the facts say last of each corrected field; of a deal that is gone nothing."""
    try:
        return _last_spoken(settings.HOME, answers().version())
    except NotFoundError:
        return {}


@lru_cache(maxsize=_VERSIONS)
def _last_spoken(home: Path, version: int) -> Last:
    facts = answers().facts()
    imports = {one.import_no: one for one in Lake.open(home).imports(version)}
    spoken = facts.deal_changes.filter(_.origin == "entered").semi_join(facts.deals, "deal_id")
    rows = spoken.select("deal_id", "field", "old", "new", "changed_at", "seq", "import_no").to_pyarrow().to_pylist()
    rows.sort(key=lambda row: (imports[row["import_no"]].place, row["seq"]))
    by_hand = {number for number, one in imports.items() if one.kind == "entered"}
    return {
        (row["deal_id"], row["field"]): Spoken(
            row["changed_at"] if row["import_no"] in by_hand else None, row["old"], row["new"]
        )
        for row in rows
    }


def stands(one: Correction, last: Last) -> bool:
    """Tell whether a correction counts and the CRM has not spoken: it waits, or it was said last.

    One that brought the CRM's own value back has nothing to wait for.
    """
    if one.state == CorrectionState.PENDING:
        return True
    said = last.get((one.deal_id, one.field))
    return one.state == CorrectionState.WRITTEN and said is not None and said.at == one.at and one.value != one.seen


def standing(deal_ids: Iterable[str] | None = None) -> Sequence[Correction]:
    """List the corrections that stand, of some deals or (null) of all, the newest first."""
    found = Correction.objects.filter(state__in=OPEN).select_related("by")
    if deal_ids is not None:
        found = found.filter(deal_id__in=list(deal_ids))
    listed = list(found)
    if not listed:
        return []
    last = last_spoken()
    return [one for one in listed if stands(one, last)]
