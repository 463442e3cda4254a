"""Working time and the calendar of the two years."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bokgi.domain.period import Period
from bokgi.sample.draws import Draws
from bokgi.sample.timeline import DAY_SECONDS, WORK_SECONDS, Timeline, first_day

LINE = Timeline(date(2026, 11, 23))
MOMENTS = st.integers(0, LINE.now - 1)


@given(st.dates(date(2022, 1, 1), date(2038, 12, 31)))
def test_the_day_after_two_years_is_the_same_day(today: date) -> None:
    start = first_day(today)
    assert (today.year - start.year, start.month, start.day) in {
        (2, (start).month, start.day),
        (1, 1, 1),
        (2, 3, 1),
    }
    assert 729 <= (today - start).days <= 730


@given(MOMENTS, MOMENTS)
def test_moments_are_ordered_like_civil_time_and_lie_in_working_hours(one: int, other: int) -> None:
    seconds = LINE.seconds(np.array([one, other], dtype=np.int64))
    assert (one < other) == (seconds[0] < seconds[1])
    hours = seconds % DAY_SECONDS / 3_600
    assert ((hours >= 9) & (hours < 18) & ((hours < 12) | (hours >= 13))).all()


@given(MOMENTS)
def test_a_moment_is_written_on_its_own_day(moment: int) -> None:
    moments = np.array([moment], dtype=np.int64)
    day = LINE.date_of(int(LINE.day_of(moments)[0]))
    assert day.weekday() < 5
    assert LINE.second_texts(LINE.seconds(moments))[0].startswith(f"{day.isoformat()} ")
    shifted = LINE.second_texts(LINE.seconds(moments), between="T", zone="Z", shift_hours=9)[0]
    assert shifted[10] == "T"
    assert shifted.endswith("Z")


@given(st.integers(0, LINE.n_weeks - 1))
def test_moments_of_a_week_stay_in_it(week: int) -> None:
    if LINE.week_count[week] == 0:
        assert LINE.work_share[week] == 0
        return
    drawn = LINE.moments_in_week(Draws(1, 1), week, 50)
    days = LINE.day_of(drawn)
    assert days.min() >= LINE.monday(week)
    assert days.max() < LINE.monday(week) + 7
    assert LINE.week_of(LINE.date_of(int(days[0]))) == week


@given(st.integers(-1_000, 1_000))
def test_quarters_and_months_end_where_they_do(day: int) -> None:
    on = LINE.date_of(day)
    days = np.array([day], dtype=np.int64)
    assert LINE.date_of(int(LINE.quarter_end(days)[0])) == Period.quarter_of(on).last
    assert LINE.date_of(int(LINE.month_end(days)[0])) == Period.month_of(on).last


def test_seollal_and_chuseok_leave_fewer_working_days() -> None:
    seollal, chuseok, usual = (
        int(LINE.week_count[LINE.week_of(day)]) for day in (date(2026, 2, 17), date(2026, 9, 24), date(2026, 9, 10))
    )
    assert (seollal, chuseok, usual) == (2, 3, 5)


def test_the_first_moment_on_or_after_a_day_opens_that_working_day() -> None:
    saturday = (date(2026, 11, 21) - LINE.start).days
    moment = LINE.start_of_day(saturday)
    assert moment % WORK_SECONDS == 0
    assert LINE.date_of(int(LINE.day_of(np.array([moment]))[0])) == date(2026, 11, 23)
