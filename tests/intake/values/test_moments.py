"""Dates and times are read as they were meant, and what gives none is malformed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.domain.errors import MappingError, UsageError
from bokgi.intake.values import MomentFormat, ValueKind, read
from bokgi.intake.values.moment_shapes import readings
from bokgi.intake.values.zones import civil_date, instant
from tests.intake.values.reader import SEOUL, moments
from tests.intake.values.referee import date_by_order, moment_by

NEW_YORK = "America/New_York"
PATTERNS = (
    "%Y-%m-%d",
    "%Y. %m. %d.",
    "%Y.%m.%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y년 %m월 %d일",
    "%Y%m%d",
    "%m/%d/%y %I:%M %p",
    "%Y-%m-%d %p %I:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%d %b %Y",
)
ANYTIME = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))  # noqa: DTZ001 - a clock without a zone is meant


@pytest.mark.parametrize(
    ("text", "form", "on", "at"),
    [
        ("2026-11-23", "%Y-%m-%d", "2026-11-23", None),
        ("2026. 11. 23.", "%Y. %m. %d.", "2026-11-23", None),
        ("2026.11.23", "%Y.%m.%d", "2026-11-23", None),
        ("2026년 11월 23일", "%Y년 %m월 %d일", "2026-11-23", None),
        ("2026. 11. 23. (월)", "%Y. %m. %d. (%a)", "2026-11-23", None),
        ("20261123", "%Y%m%d", "2026-11-23", None),
        ("23/11/2026", "%d/%m/%Y", "2026-11-23", None),
        ("02/23/26 08:55 PM", "%m/%d/%y %I:%M %p", "2026-02-23", "2026-02-23T11:55:00"),
        ("2026-11-23 오후 3:05", "%Y-%m-%d %p %I:%M", "2026-11-23", "2026-11-23T06:05:00"),
        ("2026-11-23 오전 12:05", "%Y-%m-%d %p %I:%M", "2026-11-23", "2026-11-22T15:05:00"),
        ("2011-10-11 13:45:40.276000+02:00", "%Y-%m-%d %H:%M:%S.%f%z", "2011-10-11", "2011-10-11T11:45:40.276000"),
        ("2020-03-02 21:00:33.301", "%Y-%m-%d %H:%M:%S.%f", "2020-03-02", "2020-03-02T12:00:33.301000"),
        ("2023-07-06 18:18:20 UTC", "%Y-%m-%d %H:%M:%S UTC", "2023-07-07", "2023-07-06T18:18:20"),
        ("2023-07-06T18:18:20Z", "%Y-%m-%dT%H:%M:%SZ", "2023-07-07", "2023-07-06T18:18:20"),
        ("2015-11-20 10:59:00.000000018", "%Y-%m-%d %H:%M:%S.%n", "2015-11-20", "2015-11-20T01:59:00"),
        ("1700000000000", "epoch_ms", "2023-11-15", "2023-11-14T22:13:20"),
        ("1700000000", "epoch_s", "2023-11-15", "2023-11-14T22:13:20"),
        ("45000", "excel", "2023-03-15", None),
        ("45000.5", "excel", "2023-03-15", "2023-03-15T03:00:00"),
        ("9999-12-31", "%Y-%m-%d", "9999-12-31", None),
        ("2023-09-06 00:00:00", "day %Y-%m-%d %H:%M:%S", "2023-09-06", None),
    ],
)
def test_a_text_in_its_format_is_read(text: str, form: str, on: str, at: str | None) -> None:
    ((got_at, got_on, malformed),) = moments([text], form)
    assert got_on == date.fromisoformat(on)
    assert got_at == (None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert not malformed


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2026-02-30", "%Y-%m-%d"),
        ("11/23/26", "%m/%d/%Y"),
        ("2026112", "%Y%m%d"),
        ("infinity", "%Y-%m-%d"),
        ("epoch", "%Y-%m-%d"),
        ("2026-11-23 10:00:00 PM", "%Y-%m-%d %H:%M:%S"),
        ("12026-11-23", "%Y-%m-%d"),
        ("soon", "%Y-%m-%d"),
        ("epoch", "%Y-%m-%d %H:%M:%S%z"),
        ("-infinity", "%d/%m/%Y"),
        ("60", "excel"),
        ("2026-11-23 25:00", "%Y-%m-%d %H:%M"),
        ("170000000000", "epoch_ms"),
    ],
)
def test_what_is_no_date_is_malformed_and_never_guessed(text: str, form: str) -> None:
    assert moments([text], form) == [(None, None, True)]


def test_nothing_is_not_malformed() -> None:
    assert moments([None, "", "  ", "-", "N/A", "미정", "　"], "%Y-%m-%d") == [(None, None, False)] * 7


def test_other_ways_of_writing_with_one_meaning_are_read_too() -> None:
    texts = ["23/11/2026", "2026-11-23", "2026. 11. 23.", " 2026-11-23T10:00:00Z", "2026-11-23T10:00:00+09:00"]
    got = moments(texts, "%d/%m/%Y")
    assert [on for _, on, _ in got] == [date(2026, 11, 23)] * 5
    assert [at.isoformat() if at else None for at, _, _ in got[3:]] == [
        "2026-11-23T10:00:00+00:00",
        "2026-11-23T01:00:00+00:00",
    ]


def test_a_date_stays_its_date_between_zones_and_a_time_moves() -> None:
    texts = ["2026-11-23", "2026-11-23 20:00"]
    got = moments(texts, "%Y-%m-%d | %Y-%m-%d %H:%M", file_zone=NEW_YORK)
    assert got == [
        (None, date(2026, 11, 23), False),
        (datetime(2026, 11, 24, 1, tzinfo=UTC), date(2026, 11, 24), False),
    ]
    assert moments(["45000"], "excel", file_zone=NEW_YORK)[0][1] == date(2023, 3, 15)


@settings(max_examples=12)
@given(st.lists(st.tuples(ANYTIME, st.sampled_from(PATTERNS)), min_size=1, max_size=30))
def test_whatever_is_written_by_a_pattern_is_read_as_the_twin_reads_it(made: list[tuple[datetime, str]]) -> None:
    for pattern in {pattern for _, pattern in made}:
        texts = [moment.strftime(pattern) for moment, chosen in made if chosen == pattern]
        expected = [moment_by(text, pattern) for text in texts]
        got = moments(texts, pattern)
        assert [on for _, on, _ in got] == [moment.date() if moment else None for moment in expected]
        if "%H" in pattern or "%I" in pattern:
            there = [m.replace(tzinfo=ZoneInfo(SEOUL)).astimezone(UTC) if m else None for m in expected]
            assert [at for at, _, _ in got] == there


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1990, 2060)), min_size=1, max_size=30))
def test_impossible_days_are_malformed_in_either_order(parts: list[tuple[int, int, int]]) -> None:
    texts = [f"{a}/{b}/{year}" for a, b, year in parts]
    for order, pattern in (("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y")):
        expected = [date_by_order(text, order) for text in texts]
        assert [(on, bad) for _, on, bad in moments(texts, pattern)] == [(on, on is None) for on in expected]


@settings(max_examples=8)
@given(st.lists(st.datetimes(datetime(1980, 1, 1), datetime(2037, 1, 1)), min_size=1, max_size=30))  # noqa: DTZ001 - as above
def test_instants_agree_with_the_zone_database(clocks: list[datetime]) -> None:
    for name in (SEOUL, NEW_YORK, "Europe/Berlin", "Asia/Kolkata", "UTC"):
        zone = ZoneInfo(name)
        # Times that the clock skips have no instant of their own.
        real = [c for c in clocks if c.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == c]
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'Pacific/Auckland'")
            at = instant("c", name)
            sql = f"SELECT epoch_us({at}), {civil_date(at, name)} FROM (SELECT unnest($c) AS c)"
            got = connection.execute(sql, {"c": real}).fetchall() if real else []
        for clock, (micros, day) in zip(real, got, strict=True):
            instants = {clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
            assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros) in instants
            assert day == clock.date()


@pytest.mark.parametrize(
    ("shape", "patterns"),
    [
        ("9999-99-99", ("%Y-%m-%d",)),
        ("9999. 9. 99.", ("%Y. %m. %d.",)),
        ("99/9/9999 99:99", ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M")),
        ("99.99.99", ("%m.%d.%y", "%d.%m.%y", "%y.%m.%d")),
        ("99년 9월 9일", ("%y년 %m월 %d일",)),
        ("9999-99-99T99:99:99.999Z", ("%Y-%m-%dT%H:%M:%S.%fZ",)),
        ("9999-99-99 99:99:99.999999999", ("%Y-%m-%d %H:%M:%S.%n",)),
        ("9999년 9월 9일 오후 9시 99분", ("%Y년 %m월 %d일 %p %I시 %M분",)),
        ("Mon, 99 Nov 9999 99:99:99 +9999", ("%a, %d %b %Y %H:%M:%S %z",)),
        ("November 9, 9999", ("%B %d, %Y",)),
        ("99999.99", ("excel",)),
        ("9999-99-99 (월)", ("%Y-%m-%d (%a)",)),
    ],
)
def test_shapes_have_their_readings(shape: str, patterns: tuple[str, ...]) -> None:
    found = readings(shape)
    assert found is not None
    assert (found.patterns, found.open) == (patterns, len(patterns) > 1)


@pytest.mark.parametrize("shape", ["", "제안", "9.9", "9999", "999-9999-9999", "99:99"])
def test_other_shapes_are_no_dates(shape: str) -> None:
    assert readings(shape) is None


def test_formats_survive_the_mapping_file() -> None:
    for text in ("%Y-%m-%d", "day %Y-%m-%d %H:%M:%S", "%d/%m/%Y | excel"):
        assert MomentFormat.of(text).text == text


def test_unknown_zones_and_formats_are_said() -> None:
    with pytest.raises(UsageError) as zone:
        instant("c", "Asia/Atlantis")
    assert zone.value.code == "time_zone_unknown"
    with pytest.raises(MappingError) as form:
        read("t", ValueKind.AMOUNT, "nonsense", name="x", file_zone=SEOUL, organisation_zone=SEOUL)
    assert form.value.code == "format_unknown"
