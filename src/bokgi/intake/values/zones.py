"""From the clock on a wall to an instant and back, as SQL that needs no session setting.

DuckDB's own rules (ICU, part of its wheel) know every zone. Korea's clock has not moved since 1988: for zones like
that the difference is a constant for all later moments, and adding it is forty times cheaper.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.intake.sql import literal

_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 2038
_MONTHS: Final = 12
_MICROSECONDS: Final = 1_000_000


@cache
def zone(name: str) -> ZoneInfo:
    """Find a time zone by its IANA name.

    >>> zone("Asia/Seoul").key
    'Asia/Seoul'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = Message(N_("There is no time zone {name}."), {"name": name})
        raise UsageError(
            "time_zone_unknown", message, Message(N_("Write it like Asia/Seoul or Europe/Berlin."))
        ) from None


@cache
def constant_since(name: str) -> tuple[int, int] | None:
    """Give (year, seconds east of UTC) from which year on a zone's clock has not moved; null when it still does.

    >>> constant_since("Asia/Seoul"), constant_since("America/New_York"), constant_since("UTC")
    ((1990, 32400), None, (1971, 0))
    """
    there = zone(name)
    moments = [
        datetime(year, month, 1, tzinfo=UTC)
        for year in range(_FIRST_YEAR, _LAST_YEAR)
        for month in range(1, _MONTHS + 1)
    ]
    offsets = [moment.astimezone(there).utcoffset() or timedelta() for moment in moments]
    last = offsets[-1]
    moved = max((moment.year for moment, offset in zip(moments, offsets, strict=True) if offset != last), default=0)
    if moved >= _LAST_YEAR - 2:
        return None
    # One year more than needed, so that no edge of a last change lies within.
    return (max(moved + 2, _FIRST_YEAR), int(last.total_seconds()))


def instant(local: str, name: str) -> str:
    """Write the instant (TIMESTAMPTZ) of a TIMESTAMP read off a clock in the zone `name`.

    A time that the clock skips in spring counts as that much later; one that it shows twice in autumn is the first.

    >>> import duckdb
    >>> nine = instant("TIMESTAMP '2026-11-23 09:00'", "Asia/Seoul")
    >>> duckdb.sql(f"SELECT {nine} = TIMESTAMPTZ '2026-11-23 00:00+00'").fetchall()
    [(True,)]
    """
    by_rules = f"({local} AT TIME ZONE {literal(zone(name).key)})"
    constant = constant_since(name)
    if constant is None:
        return by_rules
    year, seconds = constant
    by_sum = f"make_timestamptz(epoch_us({local}) - {seconds * _MICROSECONDS})"
    return f"CASE WHEN {local} >= TIMESTAMP '{year}-01-01' THEN {by_sum} ELSE {by_rules} END"


def civil_date(at: str, name: str) -> str:
    """Write the date that a calendar in the zone `name` shows at an instant.

    >>> import duckdb
    >>> midnight = civil_date("TIMESTAMPTZ '2026-11-22 15:00+00'", "Asia/Seoul")
    >>> duckdb.sql(f"SELECT {midnight}").fetchall()
    [(datetime.date(2026, 11, 23),)]
    """
    by_rules = f"({at} AT TIME ZONE {literal(zone(name).key)})::DATE"
    constant = constant_since(name)
    if constant is None:
        return by_rules
    year, seconds = constant
    by_sum = f"make_timestamp(epoch_us({at}) + {seconds * _MICROSECONDS})::DATE"
    since = (datetime(year, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days * 86_400 - seconds
    return f"CASE WHEN epoch_us({at}) >= {since * _MICROSECONDS} THEN {by_sum} ELSE {by_rules} END"
