"""Which ways of writing a date or time a text may follow, told from its shape.

The shape of a text is the text with every digit written as 9. A shape such as 99/99/9999 has several readings; which
one holds is decided on the whole column elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

EXCEL: Final = "excel"
EPOCH_SECONDS: Final = "epoch_s"
EPOCH_MILLISECONDS: Final = "epoch_ms"

_BARE: Final = {
    "9" * 8: ("%Y%m%d",),
    "9" * 14: ("%Y%m%d%H%M%S",),
    "9" * 12: ("%Y%m%d%H%M",),
    "9" * 6: ("%y%m%d",),
    "9" * 13: (EPOCH_MILLISECONDS,),
    "9" * 10: (EPOCH_SECONDS,),
}
_SERIAL: Final = re.compile(r"9{5}(?:\.9*)?")
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""The first letters of the months in English."""
_MONTHS: Final = "|".join(MONTHS)
_FULL_MONTHS: Final = "january|february|march|april|may|june|july|august|september|october|november|december"
_TIME: Final = r"""
    (?:(?P<gap>T|,?[ ]+|:(?=99:))
       (?:(?P<half>오전|오후|[ap]m)[ ]*)?
       (?P<hour>9{1,2})(?P<colon>:|시[ ]*)(?P<minute>99?)(?P<minutes>분?)
       (?:(?P<colon2>:|(?<=분)[ ]*)(?P<second>99?)(?P<seconds>초?)(?P<fraction>[.,]9{1,9})?)?
       (?:(?P<gap2>[ ]*)(?P<half2>[ap]m|오전|오후))?
       (?P<zone>[ ]*[+-]99:?(?:99)?|[ ]*(?:Z|UTC|GMT))?
    )?
"""
_WEEKDAY: Final = r"(?P<weekday>[ ]*\([월화수목금토일]\)|[ ]*[월화수목금토일]요일)?"
_YEAR_FIRST: Final = re.compile(
    rf"""(?P<year>9{{4}})(?P<sep>[-/.]|[.][ ]+|년[ ]*)(?P<month>9{{1,2}})(?P<sep2>[-/.]|[.][ ]+|월[ ]*)
         (?P<day>9{{1,2}})(?P<end>일|[.]?){_WEEKDAY}{_TIME}""",
    re.VERBOSE | re.IGNORECASE,
)
_YEAR_UNSURE: Final = re.compile(
    rf"""(?P<first>9{{1,2}})(?P<sep>[-/.]|[.][ ]+)(?P<second_part>9{{1,2}})(?P<sep2>[-/.]|[.][ ]+)
         (?P<year>9{{4}}|9{{2}})(?P<end>[.]?){_WEEKDAY}{_TIME}""",
    re.VERBOSE | re.IGNORECASE,
)
_SHORT_KOREAN: Final = re.compile(
    rf"""(?P<year>9{{2}})(?P<sep>년[ ]*)(?P<month>9{{1,2}})(?P<sep2>월[ ]*)(?P<day>9{{1,2}})(?P<end>일?)
         {_WEEKDAY}{_TIME}""",
    re.VERBOSE | re.IGNORECASE,
)
_SHORT_FIRST: Final = re.compile(
    rf"""(?P<year>9{{2}})(?P<sep>[-/.]|[.][ ]+)(?P<month>9{{1,2}})(?P<sep2>[-/.]|[.][ ]+)(?P<day>9)(?P<end>[.]?)
         {_WEEKDAY}{_TIME}""",
    re.VERBOSE | re.IGNORECASE,
)
"""A day of one digit is last: no year has one."""
_NAMED: Final = re.compile(
    rf"""(?:(?P<day_name>mon|tue|wed|thu|fri|sat|sun),[ ])?
         (?:(?P<day>9{{1,2}})(?P<sep>[- ])(?P<name>{_FULL_MONTHS}|{_MONTHS})(?P<sep2>[- ]|,[ ])(?P<year>9{{4}}|9{{2}})
           |(?P<name2>{_FULL_MONTHS}|{_MONTHS})(?P<dot>[.]?[ ])(?P<day2>9{{1,2}})(?P<sep3>,?[ ])(?P<year2>9{{4}}))
         (?P<weekday>)?{_TIME}""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Readings:
    """The patterns that a shape may follow; more than one where the order of day, month and year is open."""

    patterns: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Tell whether there is more than one reading."""
        return len(self.patterns) > 1


@cache
def readings(shape: str) -> Readings | None:
    """List the readings of a shape; null when it is no date.

    >>> readings("9999. 99. 9. 오후 9:99").patterns
    ('%Y. %m. %d. %p %I:%M',)
    >>> readings("99/99/99 99:99 PM").patterns
    ('%m/%d/%y %I:%M %p', '%d/%m/%y %I:%M %p', '%y/%m/%d %I:%M %p')
    >>> readings("99-99-9").patterns
    ('%y-%m-%d',)
    >>> readings("제안")
    """
    shape = shape.strip()
    if shape in _BARE:
        return Readings(_BARE[shape])
    if _SERIAL.fullmatch(shape):
        return Readings((EXCEL,))
    if match := next(filter(None, (one.fullmatch(shape) for one in (_YEAR_FIRST, _SHORT_KOREAN, _SHORT_FIRST))), None):
        year = "%Y" if len(match["year"]) == len("9999") else "%y"
        date = f"{year}{_plain(match['sep'])}%m{_plain(match['sep2'])}%d{match['end']}"
        return Readings((date + _rest(match),))
    if match := _YEAR_UNSURE.fullmatch(shape):
        return Readings(_orders(match))
    match = _NAMED.fullmatch(shape)
    return None if match is None else Readings((_named(match),))


def _orders(match: re.Match[str]) -> tuple[str, ...]:
    """Give the patterns of a date whose year is last, or of two digits and anywhere."""
    sep, sep2, rest = _plain(match["sep"]), _plain(match["sep2"]), match["end"] + _rest(match)
    if len(match["year"]) == len("9999"):
        return (f"%m{sep}%d{sep2}%Y{rest}", f"%d{sep}%m{sep2}%Y{rest}")
    orders = (f"%m{sep}%d{sep2}%y", f"%d{sep}%m{sep2}%y", f"%y{sep}%m{sep2}%d")
    return tuple(order + rest for order in orders)


def _plain(separator: str) -> str:
    """Write a separator once with at most one space; a space in a pattern stands for any number of them."""
    return " ".join(separator.split(" ")) if separator.strip() == separator else separator.rstrip() + " "


def _named(match: re.Match[str]) -> str:
    lead = "%a, " if match["day_name"] else ""
    if match["day"]:
        month = "%b" if len(match["name"]) == len("jan") else "%B"
        year = "%Y" if len(match["year"]) == len("9999") else "%y"
        return f"{lead}%d{match['sep']}{month}{match['sep2']}{year}{_rest(match)}"
    month = "%b" if len(match["name2"]) == len("jan") else "%B"
    return f"{lead}{month}{match['dot']}%d{match['sep3']}%Y{_rest(match)}"


def _rest(match: re.Match[str]) -> str:
    """Write the pattern of the weekday and the time."""
    weekday = ""
    if match["weekday"]:
        weekday = " (%a)" if "(" in match["weekday"] else " %A"
    if not match["hour"]:
        return weekday
    gap = match["gap"] if not match["gap"].isspace() else " "
    half = match["half"] or match["half2"]
    hour = "%I" if half else "%H"
    time = f"{hour}{_plain(match['colon'])}%M{match['minutes']}"
    if match["second"]:
        time += f"{_plain(match['colon2']) if match['colon2'].strip() else ' '}%S{match['seconds']}"
        if fraction := match["fraction"]:
            time += fraction[0] + ("%f" if len(fraction) <= len(".999999") else "%n")
    if match["half"]:
        time = f"%p {time}"
    elif match["half2"]:
        time = f"{time}{' ' if match['gap2'] else ''}%p"
    if zone := match["zone"]:
        space = " " if zone.startswith(" ") else ""
        time += space + (zone.strip() if zone.strip()[0].isalpha() else "%z")
    return f"{weekday}{gap}{time}"
