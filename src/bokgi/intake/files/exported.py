"""When a file was exported: read from its name, the lines above its header, or the properties of a workbook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from bokgi.intake.files.staged import ExportedAt, Place

_MOMENT: Final = re.compile(
    r"""
    (?<!\d)
    (?P<year>20\d\d)(?P<sep>[-._/년]?)\s?(?P<month>0[1-9]|1[0-2]|(?<=[-._/년\s])[1-9])
    (?(sep)[-._/월]?)\s?(?P<day>0[1-9]|[12]\d|3[01]|(?<=[-._/월\s])[1-9])(?!\d(?!\d{3}))일?
    (?:[T_\s.-]{0,3}(?:\([월화수목금토일]\)\s*)?(?P<half>오전|오후|AM|PM)?\s?
       (?P<hour>[01]?\d|2[0-3])(?P<colon>[:시h_.-]?)\s?(?P<minute>[0-5]\d)(?:[:분m_.-]?\s?(?P<second>[0-5]\d))?(?!\d)
       \s?(?P<half_after>AM|PM)?
    )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS: Final = re.compile(
    r"export|download|as of|generated|created|printed|run (?:at|on|date)|report date|"
    r"기준|내보|다운로드|추출|출력|작성|생성|조회",
    re.IGNORECASE,
)
_NOON: Final = 12


def found_in(text: str, place: Place) -> ExportedAt | None:
    """Find the last date in a text, with its time where there is one.

    >>> found_in("영업기회_20261123_1530.csv", Place.FILE_NAME).moment
    datetime.datetime(2026, 11, 23, 15, 30)
    >>> found_in("deals-2026-11-23.xlsx", Place.FILE_NAME).has_time
    False
    >>> found_in("report 4711.csv", Place.FILE_NAME)
    """
    best = None
    for match in _MOMENT.finditer(text):
        moment = _moment(match)
        if moment is not None:
            best = ExportedAt(moment, match["hour"] is not None, place, match.group().strip())
    return best


def exported_at(stem: str, titles: Sequence[str]) -> ExportedAt | None:
    """Find when a file was exported: a title that speaks of it, then the name.

    A title with a date but no word such as "exported" or "기준" may be a period, and counts for nothing.
    """
    for title in titles:
        if _WORDS.search(title) and (found := found_in(title, Place.TITLE)):
            return found
    for label, value in pairwise(titles):
        if _WORDS.search(label) and (found := found_in(value, Place.TITLE)):
            return found
    return found_in(stem, Place.FILE_NAME)


def _moment(match: re.Match[str]) -> datetime | None:
    hour = int(match["hour"] or 0)
    half = (match["half"] or match["half_after"] or "").upper()
    if half in ("오후", "PM") and hour < _NOON:
        hour += _NOON
    elif half in ("오전", "AM") and hour == _NOON:
        hour = 0
    try:
        return datetime(  # noqa: DTZ001 - the zone of the exporter is asked for elsewhere
            int(match["year"]),
            int(match["month"]),
            int(match["day"]),
            hour,
            int(match["minute"] or 0),
            int(match["second"] or 0),
        )
    except ValueError:
        return None
