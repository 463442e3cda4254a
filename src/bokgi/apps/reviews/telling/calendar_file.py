"""A calendar file (RFC 5545) of what was agreed and of the next meeting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

_WIDEST: Final = 75
"""Octets of a line."""


@dataclass(frozen=True)
class Entry:
    """One entry: a whole day (`on`), or a time of `minutes` from `starts_at` on. `key` stays the same when it changes.

    `version` grows with each change, so that a calendar replaces what it has.
    """

    key: str
    title: str
    text: str = ""
    on: date | None = None
    starts_at: datetime | None = None
    minutes: int = 0
    version: int = 0


def calendar_file(entries: Iterable[Entry], *, at: datetime, name: str) -> bytes:
    r"""Write a calendar that Outlook, Google, Apple and Naver read: UTC moments, whole days as dates.

    >>> text = calendar_file(
    ...     [Entry("c1", "견적, 다시; 보내기", on=date(2026, 11, 30))],
    ...     at=datetime(2026, 11, 24, tzinfo=UTC),
    ...     name="복기",
    ... ).decode()
    >>> (
    ...     "SUMMARY:견적\\, 다시\\; 보내기\r\n" in text,
    ...     "DTSTART;VALUE=DATE:20261130\r\nDTEND;VALUE=DATE:20261201\r\n" in text,
    ... )
    (True, True)
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Bokgi//Weekly review//EN", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{_text(name)}"]
    for entry in entries:
        lines += ["BEGIN:VEVENT", f"UID:{entry.key}@bokgi", f"DTSTAMP:{_moment(at)}", f"SEQUENCE:{entry.version}"]
        if entry.starts_at is not None:
            end = entry.starts_at + timedelta(minutes=entry.minutes)
            lines += [f"DTSTART:{_moment(entry.starts_at)}", f"DTEND:{_moment(end)}"]
        elif entry.on is not None:
            after = entry.on + timedelta(days=1)
            lines += [f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}", "TRANSP:TRANSPARENT"]
        lines.append(f"SUMMARY:{_text(entry.title)}")
        if entry.text:
            lines.append(f"DESCRIPTION:{_text(entry.text)}")
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    plain = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join("".join(sign for sign in line if sign >= " " or sign == "\t") for line in plain.splitlines())


def _folded(line: str) -> list[str]:
    """Break a line into parts of at most 75 octets, never inside a letter; each but the first begins with a space."""
    parts, current, size = [], "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _WIDEST:
            parts.append(current)
            current, size = " ", 1
        current += letter
        size += width
    return [*parts, current]
