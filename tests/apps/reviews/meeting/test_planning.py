"""Planning: the weekly series, holidays, a change of zone, the agenda, who takes part."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from bokgi.analysis.hygiene import REASONS
from bokgi.apps.access.models import Organisation, User
from bokgi.apps.reviews import demo, rules
from bokgi.apps.reviews.models import Meeting, MeetingSeries, MeetingState, Part
from bokgi.apps.reviews.pack import order
from bokgi.apps.reviews.services import planning
from bokgi.domain.errors import ConflictError, UsageError

pytestmark = pytest.mark.django_db
MONDAY, THURSDAY = 1, 4


def weekly(team: dict[str, User], today: date, weekday: int) -> MeetingSeries:
    made = planning.series_set(team="1팀", weekday=weekday, at=time(10), minutes=60, by=team["leader"], today=today)
    # As if it had been set long ago: a series plans nothing for days before it was set.
    MeetingSeries.objects.filter(pk=made.pk).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    Meeting.objects.all().delete()
    planning.meetings_advance(today=today)
    return made


def only() -> Meeting:
    return Meeting.objects.exclude(state=MeetingState.CANCELLED).get()


def test_a_series_plans_its_next_meeting_once(team: dict[str, User]) -> None:
    weekly(team, date(2026, 11, 24), MONDAY)
    planning.meetings_advance(today=date(2026, 11, 24))
    found = only()
    assert (found.on, found.week, found.minutes) == (date(2026, 11, 30), "2026-W48", 60)
    assert found.starts_at == datetime(2026, 11, 30, 1, tzinfo=UTC)
    assert [part.part for part in found.parts.all()] == [
        "execution",
        "bottleneck",
        "feedback",
        "learning",
        "motivation",
    ]
    people = {(one.person_id, one.user_id is not None, one.leads) for one in found.participants.all()}
    assert people == {
        ("kim", True, False),
        ("lee", True, False),
        ("park", True, False),
        ("choi", True, False),
        ("", True, True),
    }


def test_preparation_begins_two_working_days_before_over_holidays_and_a_weekend(team: dict[str, User]) -> None:
    # Chuseok 2026: Thursday 24 to Saturday 26 September.
    weekly(team, date(2026, 9, 21), MONDAY)
    Meeting.objects.all().delete()
    planning.meetings_advance(today=date(2026, 9, 22))
    found = only()
    assert found.on == date(2026, 9, 28)
    assert (found.prepare_from, found.prepared_by) == (date(2026, 9, 22), date(2026, 9, 23))
    assert found.state == MeetingState.PREPARING


def test_a_meeting_on_a_holiday_moves_within_its_week_and_is_said(team: dict[str, User]) -> None:
    weekly(team, date(2026, 9, 21), THURSDAY)
    found = only()
    assert (found.planned_on, found.on) == (date(2026, 9, 24), date(2026, 9, 23))
    assert planning.holiday_name(found.planned_on, "ko") != ""
    planning.meetings_advance(today=date(2026, 9, 24))
    assert only_next(found).planned_on == date(2026, 10, 1)


def only_next(before: Meeting) -> Meeting:
    return Meeting.objects.exclude(pk=before.pk).get()


def test_a_change_of_zone_keeps_the_time_on_the_clock(team: dict[str, User]) -> None:
    weekly(team, date(2026, 11, 24), MONDAY)
    Organisation.objects.update(time_zone="Europe/Berlin")
    planning.meetings_advance(today=date(2026, 11, 25))
    found = only()
    assert found.starts_at == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert found.at == time(10)


def test_summer_time_does_not_move_a_meeting(team: dict[str, User]) -> None:
    Organisation.objects.update(time_zone="Europe/Berlin")
    weekly(team, date(2027, 3, 22), MONDAY)
    first = only().starts_at
    planning.meetings_advance(today=date(2027, 3, 23))
    later = Meeting.objects.order_by("-on")[0].starts_at
    assert (first.hour, later.hour) == (9, 8)
    assert later - first == timedelta(days=7, hours=-1)


def test_nobody_who_did_not_meet_for_a_week_is_waited_for(team: dict[str, User]) -> None:
    weekly(team, date(2026, 11, 24), MONDAY)
    missed = only()
    planning.meetings_advance(today=date(2026, 12, 8))
    missed.refresh_from_db()
    assert missed.state == MeetingState.CANCELLED


def test_after_a_meeting_that_was_called_off_comes_the_next(team: dict[str, User]) -> None:
    weekly(team, date(2026, 11, 24), MONDAY)
    planning.meeting_cancel(meeting_id=only().pk, by=team["leader"])
    planning.meetings_advance(today=date(2026, 11, 24))
    assert only().on == date(2026, 12, 7)


def test_another_series_of_a_team_takes_the_place_of_the_first(team: dict[str, User]) -> None:
    weekly(team, date(2026, 11, 24), MONDAY)
    planning.series_set(team="1팀", weekday=5, at=time(9), minutes=25, by=team["leader"], today=date(2099, 11, 24))
    assert MeetingSeries.objects.filter(ended_at=None).count() == 1
    assert only().minutes == 25


def test_a_length_and_a_weekday_that_are_none_are_refused(team: dict[str, User]) -> None:
    for weekday, minutes in ((0, 60), (8, 60), (1, 0), (1, 500)):
        with pytest.raises(UsageError):
            planning.series_set(
                team="1팀", weekday=weekday, at=time(10), minutes=minutes, by=team["leader"], today=date(2026, 11, 24)
            )


def test_the_agenda_is_edited_and_two_at_once_lose_nothing(meeting: Meeting, team: dict[str, User]) -> None:
    leader, first = team["leader"], meeting.parts.all()[0]
    assert [part.minutes for part in meeting.parts.all()] == [5, 8, 5, 4, 3]
    change: dict[str, Any] = {"meeting_id": meeting.pk, "part_id": first.pk, "title": "", "by": leader}
    planning.part_change(**change, minutes=7, version=1)
    with pytest.raises(ConflictError, match="Somebody changed"):
        planning.part_change(**change, minutes=9, version=1)
    planning.part_add(meeting_id=meeting.pk, title="경쟁사", minutes=6, by=leader)
    last = meeting.parts.last()
    assert last is not None
    planning.part_move(meeting_id=meeting.pk, part_id=last.pk, up=True, by=leader)
    named = [(part.part, part.title, part.minutes) for part in meeting.parts.all()]
    assert named == [
        ("execution", "", 7),
        ("bottleneck", "", 8),
        ("feedback", "", 5),
        ("learning", "", 4),
        ("motivation", "", 3),
        ("own", "경쟁사", 6),
    ]
    planning.part_remove(meeting_id=meeting.pk, part_id=last.pk, by=leader)
    assert Part.MOTIVATION not in {part.part for part in meeting.parts.all()}
    meeting.refresh_from_db()
    assert meeting.minutes == 30


def test_what_is_changed_for_every_week_comes_again(team: dict[str, User]) -> None:
    made = weekly(team, date(2026, 11, 24), MONDAY)
    found = only()
    part = found.parts.all()[1]
    planning.part_change(
        meeting_id=found.pk, part_id=part.pk, minutes=30, title="", version=1, by=team["leader"], keep=True
    )
    planning.meetings_advance(today=date(2026, 12, 1))
    later = Meeting.objects.get(series=made, planned_on=date(2026, 12, 7))
    assert [one.minutes for one in later.parts.all()] == [12, 30, 12, 12, 6]


def test_the_focus_of_two_leaders_at_once_is_not_overwritten(meeting: Meeting, team: dict[str, User]) -> None:
    planning.focus_set(meeting_id=meeting.pk, focus="제안 단계", seen="", by=team["leader"])
    with pytest.raises(ConflictError):
        planning.focus_set(meeting_id=meeting.pk, focus="검증 단계", seen="", by=team["manager"])
    meeting.refresh_from_db()
    assert meeting.focus == "제안 단계"


def test_deals_come_by_money_times_what_the_meeting_can_change() -> None:
    def deal(key: str, amount: str | None, reasons: list[str], days: int = 1) -> dict[str, Any]:
        worth = None if amount is None else {"amount": amount, "currency": "KRW"}
        return {"deal_id": key, "amount": worth, "reasons": reasons, "days_in_stage": days}

    deals = [
        deal("on its way", "500", []),
        deal("late only", "300", ["stage_overdue"]),
        deal("left alone", "200", ["untouched"]),
        deal("no amount", None, ["untouched"], days=90),
        deal("same money", "200", ["no_next_step"]),
    ]
    ordered = sorted(deals, key=order.talked_about_first)
    # 600 (300 × 2) and 600 (200 × 3) stand beside each other by days, then by key; 500 × 1 comes behind them.
    listed = ["late only", "left alone", "same money", "on its way", "no amount"]
    assert [one["deal_id"] for one in ordered] == listed
    # The pack asks the engine for the same order.
    reasons = {reason: pa.array([reason in one["reasons"] for one in deals]) for reason in REASONS}
    amounts = [None if one["amount"] is None else Decimal(one["amount"]["amount"]) for one in deals]
    told = {name: [one[name] for one in deals] for name in ("deal_id", "days_in_stage")}
    table = ibis.memtable(pa.table({**told, "amount": pa.array(amounts, pa.decimal128(18, 2)), **reasons}))
    found = table.mutate(weight=order.weight()).order_by(order.heaviest_first())
    assert found.to_pyarrow()["deal_id"].to_pylist() == listed


def test_a_day_off_that_is_set_on_screen_moves_the_meeting_and_its_preparation_and_back(
    team: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar: dict[str, Any] = {"first": "2026-01-01", "last": "2027-12-31", "days": {}}
    monkeypatch.setattr(planning, "_calendar", lambda: calendar)
    weekly(team, date(2026, 11, 24), MONDAY)
    found = only()
    Meeting.objects.update(reminded_at=datetime(2026, 11, 26, tzinfo=UTC))
    calendar["days"] = {"2026-11-30": {"working": False, "name": "창립기념일"}}
    planning.meetings_advance(today=date(2026, 11, 26))
    moved = only()
    assert (moved.pk, moved.on, moved.starts_at) == (found.pk, date(2026, 12, 1), datetime(2026, 12, 1, 1, tzinfo=UTC))
    assert (moved.prepare_from, moved.prepared_by) == (date(2026, 11, 26), date(2026, 11, 27))
    assert (moved.reminded_at, planning.holiday_name(moved.planned_on, "en")) == (None, "창립기념일")
    calendar["days"] = {"2026-11-27": {"working": False, "name": ""}}
    planning.meetings_advance(today=date(2026, 11, 26))
    assert (only().on, only().prepare_from) == (date(2026, 11, 30), date(2026, 11, 25))
    planning.meeting_move(meeting_id=found.pk, on=date(2026, 12, 3), at=time(10), by=team["leader"])
    planning.meetings_advance(today=date(2026, 11, 26))
    assert only().on == date(2026, 12, 3), "who chose the day knows better"


def test_a_sample_meeting_that_was_called_off_after_a_stop_is_held_by_another(
    team: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_TODAY", "2026-11-23")
    on, held = date(2026, 11, 16), []
    off = planning.meeting_plan(team="1팀", on=on, at=demo.AT, minutes=60, by=team["leader"])
    planning.meeting_cancel(meeting_id=off.pk, by=team["leader"])
    monkeypatch.setattr(demo, "demo_user", team.get)
    monkeypatch.setattr(demo, "_held", lambda meeting, *_given, **_told: held.append(meeting.pk))
    for _ in range(2):
        demo.demo_meeting_hold.func(weeks_ago=0)
    assert held == [only().pk, only().pk]


def test_one_working_saturday_makes_no_weekday_and_every_second_one_does() -> None:
    saturdays = [date(2026, 11, 28) + timedelta(weeks=number) for number in range(8)]

    def worked(*also: date) -> list[int]:
        country = rules.working_days("KR")
        return rules.weekdays_worked(lambda on: country(on) or on in also, date(2026, 11, 24), 1)

    assert worked(saturdays[0]) == [1, 2, 3, 4, 5]
    assert worked(*saturdays[:3]) == [1, 2, 3, 4, 5]
    assert worked(*saturdays[::2]) == [1, 2, 3, 4, 5, 6]
