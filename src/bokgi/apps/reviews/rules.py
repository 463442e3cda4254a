"""Decisions of the meeting as pure functions: when it takes place, how long a part has, who may what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import holidays

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.reviews.models import PARTS, AgendaPart, Meeting, Part
from bokgi.apps.reviews.pack.order import LITTLE, MUCH, SOME
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.ui.format import week_order

FORMS: Final[Mapping[int, tuple[int, ...]]] = {60: (12, 18, 12, 12, 6), 25: (5, 8, 5, 4, 3)}
"""The long and the short form: minutes of the five parts in the order of the pack."""
DAYS_AHEAD: Final = 2
"""Working days before the meeting from which on everybody prepares."""
LOOKS_BACK: Final = timedelta(days=3)
"""From Thursday on the running week is looked at, before that the last one: a Monday meeting looks back."""
_WEEKS_AHEAD: Final = 8
"""Weeks in which a weekday shows whether people work on it."""

Working = Callable[[date], bool]


def working_days(country: str, own: Mapping[str, Any] | None = None) -> Working:
    """Give the test for working days: those of the organisation's calendar, beyond its reach those of the country.

    `own` is that calendar (`questions.working_calendar`). A country works from Monday to Friday without public
    holidays.

    >>> working = working_days("KR")
    >>> [working(date(2026, 9, day)) for day in (23, 24, 25, 28)]  # Chuseok: 24 to 26 September
    [True, False, False, True]
    >>> days = {"2026-09-23": {"working": False, "name": "창립기념일"}}  # and Chuseok is worked through
    >>> working = working_days("KR", {"first": "2026-01-01", "last": "2026-12-31", "days": days})
    >>> [working(date(2026, 9, day)) for day in (23, 24, 26)], working(date(2027, 1, 1))
    ([False, True, False], False)
    """
    public, kept = holidays.country_holidays(country), own or {"first": "", "last": "", "days": {}}

    def working(on: date) -> bool:
        of_week = on.isoweekday() <= 5  # noqa: PLR2004 - Friday
        day = on.isoformat()
        if kept["first"] <= day <= kept["last"]:
            return bool(kept["days"].get(day, {"working": of_week})["working"])
        return of_week and on not in public

    return working


def weekdays_worked(working: Working, today: date, first: int) -> list[int]:
    """List the days of the week on which people work in half of the eight weeks from a day on; 1 is Monday, 7 Sunday.

    They begin with `first`, the day with which the organisation's week begins. One working Saturday makes no weekday,
    and holidays take none away; every second Saturday does count.

    >>> weekdays_worked(working_days("KR"), date(2026, 11, 24), 7)
    [1, 2, 3, 4, 5]
    """
    ahead = [today + timedelta(days=number) for number in range(7 * _WEEKS_AHEAD)]
    worked = Counter(on.isoweekday() for on in ahead if working(on))
    return [one for one in week_order(first) if 2 * worked[one] >= _WEEKS_AHEAD]


def holiday_name(on: date, country: str, lang: str, own: Mapping[str, Any] | None = None) -> str:
    """Name a day on which nobody works, in a language that the country's calendar speaks; empty where it has no name.

    What the organisation itself calls a day (`own`, as of `working_days`) is in its own words.

    >>> holiday_name(date(2026, 12, 25), "KR", "ko"), holiday_name(date(2026, 12, 24), "KR", "ko")
    ('기독탄신일', '')
    """
    if working_days(country, own)(on):
        return ""
    spoken = holidays.country_holidays(country).supported_languages
    tongue = next((one for one in spoken if one.startswith(lang)), None)
    named = holidays.country_holidays(country, language=tongue).get(on)
    return str(named or (own or {"days": {}})["days"].get(on.isoformat(), {"name": ""})["name"])


def meeting_day(planned: date, working: Working) -> date:
    """Give the day on which a meeting takes place: the planned one, or where that is a holiday the next working day.

    It stays in its week: a Friday that is a holiday moves it to the working day before. Of a week without any working
    day it is the first working day after.

    >>> working = working_days("KR")
    >>> [meeting_day(date(2026, 9, day), working).isoformat() for day in (21, 24, 25)]
    ['2026-09-21', '2026-09-23', '2026-09-23']
    """
    week = Period.week_of(planned)
    later = [planned + timedelta(days=number) for number in range((week.end - planned).days)]
    earlier = [planned - timedelta(days=number) for number in range(1, (planned - week.start).days + 1)]
    found = next((on for on in (*later, *earlier) if working(on)), None)
    return found if found is not None else next_working_day(week.last, working)


def next_working_day(after: date, working: Working) -> date:
    """Give the first working day after a day."""
    on = after + timedelta(days=1)
    while not working(on):
        on += timedelta(days=1)
    return on


def days_before(on: date, number: int, working: Working) -> date:
    """Give the day that is a number of working days before another.

    >>> days_before(date(2026, 9, 28), 2, working_days("KR")).isoformat()  # over Chuseok and a weekend
    '2026-09-22'
    """
    for _ in range(number):
        on -= timedelta(days=1)
        while not working(on):
            on -= timedelta(days=1)
    return on


def reviewed_week(on: date) -> Period:
    """Give the week that a meeting on a day looks at.

    >>> reviewed_week(date(2026, 11, 23)).iso_week, reviewed_week(date(2026, 11, 27)).iso_week
    ('2026-W47', '2026-W48')
    """
    return Period.week_of(on - LOOKS_BACK)


def usual_agenda(minutes: int) -> list[dict[str, Any]]:
    """Give the agenda of a form; other lengths share the long one's time.

    >>> [part["minutes"] for part in usual_agenda(25)], sum(part["minutes"] for part in usual_agenda(45))
    ([5, 8, 5, 4, 3], 45)
    """
    given = FORMS.get(minutes)
    if given is None:
        shares = [max(1, round(part * minutes / 60)) for part in FORMS[60]]
        shares[1] += minutes - sum(shares)
        given = tuple(shares)
    return [{"part": part.value, "title": "", "minutes": length} for part, length in zip(PARTS, given, strict=True)]


# ---------------------------------------------------------------- who may what


def takes_part(meeting: Meeting, user: User) -> bool:
    """Say whether a user is among the participants."""
    return any(one.user_id == user.pk for one in meeting.participants.all())


def may_lead(meeting: Meeting, user: User, viewer: Viewer) -> bool:
    """Say whether a user runs a meeting: who leads it, leaders and administrators, the manager of its people.

    A manager runs the meeting of a team of which at least one person is managed, and no meeting of everybody.
    """
    if viewer.role in {Role.ADMIN, Role.LEADER} or meeting.led_by_id == user.pk:
        return True
    if viewer.role is not Role.MANAGER or not meeting.team:
        return False
    return any(one.person_id in viewer.managed for one in meeting.participants.all() if one.person_id)


def may_see(meeting: Meeting, user: User, viewer: Viewer) -> bool:
    """Say whether a user may open a meeting: who takes part in it or runs it."""
    return takes_part(meeting, user) or may_lead(meeting, user, viewer)


# ---------------------------------------------------------------- the clock


@dataclass(frozen=True)
class Clock:
    """How a part stands at a moment, in seconds: `spent` of `box`; `left` is negative when it is over time."""

    spent: int
    box: int
    running: bool

    @property
    def left(self) -> int:
        """Seconds that are left."""
        return self.box - self.spent


def clock(part: AgendaPart, now: datetime) -> Clock:
    """Read the clock of a part."""
    running = part.begun_at is not None
    since = 0 if part.begun_at is None else max(0, int((now - part.begun_at).total_seconds()))
    return Clock(part.spent + since, part.minutes * 60, running)


def still_to_come(parts: Sequence[AgendaPart]) -> int:
    """Give the seconds of the parts that nobody has begun."""
    return sum(part.minutes * 60 for part in parts if part.begun_at is None and not part.spent)


def ends_at(parts: Sequence[AgendaPart], now: datetime) -> datetime:
    """Say when the meeting ends if every part that is still to come takes its time."""
    running = sum(max(0, clock(part, now).left) for part in parts if part.begun_at is not None)
    return now + timedelta(seconds=running + still_to_come(parts))


# ---------------------------------------------------------------- words

CHANGE: Final = {
    MUCH: N_("the meeting can change much"),
    SOME: N_("the meeting can change some"),
    LITTLE: N_("the meeting can change little"),
}
"""What a meeting can change of a deal (`pack.order`)."""
TITLES: Final = {
    Part.EXECUTION: N_("Execution check"),
    Part.BOTTLENECK: N_("Bottleneck search"),
    Part.FEEDBACK: N_("Feedback"),
    Part.LEARNING: N_("Learning"),
    Part.MOTIVATION: N_("Motivation"),
}
