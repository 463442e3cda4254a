"""When something is tried again and when it comes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.apps.jobs.rules import MAX_ATTEMPTS, is_tried_again, next_time, wait
from bokgi.domain.errors import ConflictError, InputError
from bokgi.domain.messages import Message

SEOUL = ZoneInfo("Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("* * * * *", SEOUL, "2026-11-24T00:00:30+00:00", "2026-11-24T00:01:00+00:00"),
        ("*/15 * * * *", SEOUL, "2026-11-24T00:15:00+00:00", "2026-11-24T00:30:00+00:00"),
        ("0 7 * * 1-5", SEOUL, "2026-11-24T00:00:00+00:00", "2026-11-24T22:00:00+00:00"),
        # Friday 09:00 in Seoul: the next working day is Monday.
        ("0 7 * * 1-5", SEOUL, "2026-11-27T00:00:00+00:00", "2026-11-29T22:00:00+00:00"),
        ("30 8 1 * *", SEOUL, "2026-11-24T00:00:00+00:00", "2026-11-30T23:30:00+00:00"),
        ("0 0 29 2 *", SEOUL, "2026-11-24T00:00:00+00:00", "2028-02-28T15:00:00+00:00"),
        # Sunday is 0 and 7.
        ("0 0 * * 0", SEOUL, "2026-11-24T00:00:00+00:00", "2026-11-28T15:00:00+00:00"),
        ("0 0 * * 7", SEOUL, "2026-11-24T00:00:00+00:00", "2026-11-28T15:00:00+00:00"),
        # Both day fields are limited: one of them is enough.
        ("0 0 1 * 5", SEOUL, "2026-11-24T00:00:00+00:00", "2026-11-26T15:00:00+00:00"),
        # 02:30 does not exist on that day and comes at 03:30; in autumn it comes at its first time only.
        ("30 2 * * *", BERLIN, "2026-03-28T12:00:00+00:00", "2026-03-29T01:30:00+00:00"),
        ("30 2 * * *", BERLIN, "2026-10-24T12:00:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("30 2 * * *", BERLIN, "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
    ],
)
def test_it_comes_on_the_clock_of_the_organisation(cron: str, zone: ZoneInfo, after: str, expected: str) -> None:
    assert next_time(cron, at(after), zone) == at(expected)


@pytest.mark.parametrize(
    "cron",
    ["* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "x * * * *", "5-1 * * * *", "*/0 * * * *", "0 0 31 2 *"],
)
def test_what_is_no_schedule_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        next_time(cron, datetime(2026, 11, 24, tzinfo=UTC), SEOUL)


@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - the zone comes next
)
def test_the_next_time_is_the_first_minute_that_fits(minute: int, hour: int, after: datetime) -> None:
    moment = after.replace(tzinfo=UTC)
    found = next_time(f"{minute} {hour} * * *", moment, SEOUL)
    assert timedelta(0) < found - moment <= timedelta(days=1)
    local = found.astimezone(SEOUL)
    assert (local.hour, local.minute, local.second) == (hour, minute, 0)


def test_it_waits_longer_each_time_and_gives_up() -> None:
    assert [wait(attempts) for attempts in (1, 2, 4)] == [timedelta(seconds=seconds) for seconds in (30, 60, 240)]
    assert is_tried_again(OSError(), 1)
    assert not is_tried_again(OSError(), MAX_ATTEMPTS)


def test_what_a_person_must_mend_is_not_tried_again() -> None:
    assert not is_tried_again(InputError("x", Message("x")), 1)
    assert not is_tried_again(SystemExit(), 1)
    assert is_tried_again(ConflictError("x", Message("x")), 1)
