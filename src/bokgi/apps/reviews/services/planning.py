"""Planning meetings: the weekly series of a team, its next meeting, who takes part, the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from bokgi.apps.access import asking
from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.access.selectors import organisation, time_zone
from bokgi.apps.access.services import audit
from bokgi.apps.reviews import rules
from bokgi.apps.reviews.models import AgendaPart, Meeting, MeetingSeries, MeetingState, Part, Participant
from bokgi.apps.reviews.services.locking import BEFORE, OPEN, conflict, held, touched, typed
from bokgi.apps.reviews.telling.services import moved_tell, reminders_forget
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.questions.asked import Json
from bokgi.questions.roster import ask_roster
from bokgi.questions.working_calendar import ask_working_calendar

MINUTES: Final = (5, 180)
MOST_PARTS: Final = 12
_GIVEN_UP: Final = timedelta(days=6)
_FURTHEST: Final = timedelta(days=366)
_FOCUS: Final = 4000
"""Letters of a focus."""


@transaction.atomic
def series_set(
    *, team: str, weekday: int, at: time, minutes: int, by: User, today: date, led_by: User | None = None
) -> MeetingSeries:
    """Let a team meet every week from now on; what was set before ends, and its next meeting goes.

    Raises `UsageError` for a weekday or a length that is none.
    """
    _refuse_length(minutes)
    if weekday not in range(1, 8):
        raise UsageError("weekday_unknown", Message(N_("There is no such weekday.")))
    for earlier in MeetingSeries.objects.select_for_update().filter(team=team, ended_at=None):
        _end(earlier)
    made = MeetingSeries.objects.create(team=team, weekday=weekday, at=at, minutes=minutes, led_by=led_by or by)
    audit(by=by, action="meeting_series_set", subject=f"series {made.pk}", details={"weekday": weekday})
    _plan(made, today)
    for one in made.meetings.all():
        _advance(one.pk, today)
    return made


@transaction.atomic
def series_end(*, series: MeetingSeries, by: User) -> None:
    """End a series; a meeting that nobody has opened goes with it."""
    _end(series)
    audit(by=by, action="meeting_series_end", subject=f"series {series.pk}")


def _end(series: MeetingSeries) -> None:
    series.ended_at = timezone.now()
    series.save(update_fields=["ended_at"])
    series.meetings.filter(state__in=BEFORE).update(state=MeetingState.CANCELLED)


@transaction.atomic
def meeting_plan(
    *, team: str, on: date, at: time, minutes: int, by: User, led_by: User | None = None, week: str = ""
) -> Meeting:
    """Plan one meeting beside the series, on just that day. `week` is the week it looks at, else the usual one."""
    _refuse_length(minutes)
    planned = Meeting(team=team, planned_on=on, on=on, at=at, minutes=minutes, led_by=led_by or by)
    made = _made(planned, [], week=week)
    audit(by=by, action="meeting_plan", subject=f"meeting {made.pk}")
    return made


@transaction.atomic
def meeting_move(*, meeting_id: int, on: date, at: time, by: User) -> None:
    """Let a meeting take place on another day or at another time; who knew of the old one hears of the new one."""
    found = held(meeting_id, BEFORE)
    moved = (found.on, found.at) != (on, at)
    if moved:
        reminders_forget(meeting=found)
    _placed(found, on, at)
    found.placed_by_hand = True
    found.save()
    touched(found)
    if moved:
        moved_tell(meeting=found, by=by, at=timezone.now())
    audit(by=by, action="meeting_move", subject=f"meeting {found.pk}", details={"on": on.isoformat()})


@transaction.atomic
def meeting_cancel(*, meeting_id: int, by: User) -> None:
    """Call a meeting off."""
    found = held(meeting_id, BEFORE)
    found.state = MeetingState.CANCELLED
    found.save(update_fields=["state"])
    touched(found)
    audit(by=by, action="meeting_cancel", subject=f"meeting {found.pk}")


def meetings_advance(*, today: date) -> None:
    """Bring all meetings up to the day: plan the next of each series, begin preparations, follow zone and calendar.

    A meeting of a series leaves a day that became a holiday, and comes back to its own when that is none any more,
    unless somebody chose its day. One that nobody opened within a week counts as called off.
    """
    for series in MeetingSeries.objects.filter(ended_at=None):
        with transaction.atomic():
            _plan(series, today)
    for one in Meeting.objects.filter(state__in=BEFORE):
        with transaction.atomic():
            _advance(one.pk, today)


def _advance(meeting_id: int, today: date) -> None:
    found = Meeting.objects.select_for_update().filter(pk=meeting_id, state__in=BEFORE).first()
    if found is None:
        return
    before = _kept(found)
    if found.on >= today:
        _follow_calendar(found, today)
    found.starts_at = datetime.combine(found.on, found.at, time_zone())
    if today - found.on > _GIVEN_UP:
        found.state = MeetingState.CANCELLED
    elif today >= found.prepare_from:
        found.state = MeetingState.PREPARING
    if before != _kept(found):
        found.save()
        touched(found)
    participants_fill(meeting=found, on=max(today, found.on))


def _kept(meeting: Meeting) -> tuple[object, ...]:
    return meeting.on, meeting.starts_at, meeting.state, meeting.prepare_from, meeting.prepared_by


def _follow_calendar(meeting: Meeting, today: date) -> None:
    """Take a meeting that is still to come to where the calendar wants it now, with the days of its preparation."""
    working = working_days()
    on = rules.meeting_day(meeting.planned_on, working)
    if meeting.series_id is None or meeting.placed_by_hand or on == meeting.on or on < today:
        meeting.prepare_from, meeting.prepared_by = _preparation(meeting.on, working)
        return
    reminders_forget(meeting=meeting)
    _placed(meeting, on, meeting.at)
    meeting.save()
    moved_tell(meeting=meeting, by=None, at=timezone.now())


def _plan(series: MeetingSeries, today: date) -> None:
    """Plan the next meeting of a series, unless it is there; behind one that was held early or called off another."""
    working = working_days()
    ahead = (series.weekday - today.isoweekday()) % 7
    for weeks in range(-1, 3):
        planned = today + timedelta(days=ahead + 7 * weeks)
        on = rules.meeting_day(planned, working)
        if on < today or on < timezone.localtime(series.created_at).date():
            continue
        there = Meeting.objects.filter(series=series, planned_on=planned).first()
        if there is None:
            made = Meeting(series=series, team=series.team, planned_on=planned, on=on, at=series.at)
            made.minutes, made.led_by = series.minutes, series.led_by
            _made(made, series.agenda)
        if there is None or there.state in OPEN:
            return


def _made(made: Meeting, agenda: Sequence[dict[str, Any]], *, week: str = "") -> Meeting:
    """Keep a new meeting with its agenda and its participants."""
    _dated(made)
    made.week = week or made.week
    made.save()
    AgendaPart.objects.bulk_create(
        AgendaPart(meeting=made, position=place, **part)
        for place, part in enumerate(agenda or rules.usual_agenda(made.minutes))
    )
    participants_fill(meeting=made, on=made.on)
    return made


def _dated(meeting: Meeting) -> None:
    meeting.starts_at = datetime.combine(meeting.on, meeting.at, time_zone())
    meeting.week = rules.reviewed_week(meeting.on).iso_week
    meeting.prepare_from, meeting.prepared_by = _preparation(meeting.on, working_days())


def _preparation(on: date, working: rules.Working) -> tuple[date, date]:
    """Give the first day and the last of preparing a meeting on a day."""
    return rules.days_before(on, rules.DAYS_AHEAD, working), rules.days_before(on, 1, working)


def _placed(meeting: Meeting, on: date, at: time) -> None:
    """Put a meeting on a day and a time; its preparation begins anew."""
    meeting.on, meeting.at = on, at
    _dated(meeting)
    meeting.state = MeetingState.SCHEDULED


def participants_fill(*, meeting: Meeting, on: date) -> None:
    """Let take part who is in the team on a day and who leads; who has left and prepared nothing goes."""
    people = {row["person_id"] for row in _roster(on) if not meeting.team or row["team"] == meeting.team}
    users = {user.person_id: user for user in User.objects.filter(person_id__in=people, is_active=True)}
    there = {one.person_id: one for one in meeting.participants.all() if one.person_id}
    for person in sorted(people):
        user = users.get(person)
        if person not in there:
            leads = user is not None and user.pk == meeting.led_by_id
            Participant.objects.create(meeting=meeting, person_id=person, user=user, leads=leads)
        elif user is not None and there[person].user_id != user.pk:
            Participant.objects.filter(pk=there[person].pk).update(user=user)
    if people:
        gone = meeting.participants.exclude(person_id="").exclude(person_id__in=people)
        gone.filter(preparation=None, notes=None, commitments=None, seen_at=None).delete()
    if meeting.led_by_id and not meeting.participants.filter(user_id=meeting.led_by_id).exists():
        Participant.objects.create(meeting=meeting, user_id=meeting.led_by_id, leads=True)


def _roster(on: date) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = answers().ask(ask_roster, as_of=on)["people"]
    except NotFoundError:
        return []
    return found


# ---------------------------------------------------------------- the agenda


@transaction.atomic
def focus_set(*, meeting_id: int, focus: str, seen: str, by: User) -> None:
    """Say what this meeting is above all about. `seen` is what stood there when it was changed.

    Raises `ConflictError` (`changed_meanwhile`) where somebody else wrote meanwhile.
    """
    found = held(meeting_id)
    if found.focus not in (typed(seen, _FOCUS), typed(focus, _FOCUS)):
        raise conflict(N_("the focus"))
    found.focus = typed(focus, _FOCUS)
    found.save(update_fields=["focus"])
    touched(found)
    audit(by=by, action="meeting_focus", subject=f"meeting {found.pk}")


@transaction.atomic
def part_change(
    *, meeting_id: int, part_id: int, minutes: int, title: str, version: int, by: User, keep: bool = False
) -> None:
    """Change the time or the title of a part; with `keep` the series has it from now on, too.

    Raises `ConflictError` (`changed_meanwhile`) where somebody else changed the part since `version`.
    """
    _refuse_part(minutes)
    found = held(meeting_id)
    changed = found.parts.filter(pk=part_id, version=version).update(
        minutes=minutes, title=typed(title, 80), version=version + 1
    )
    if not changed:
        raise conflict(N_("this part of the agenda"))
    _agenda_changed(found, by, keep=keep)


@transaction.atomic
def part_add(*, meeting_id: int, title: str, minutes: int, by: User, keep: bool = False) -> AgendaPart:
    """Add a part of the team's own before the last one. Raises `UsageError` without a title or with too many parts."""
    _refuse_part(minutes)
    found = held(meeting_id)
    parts = list(found.parts.all())
    if not title.strip():
        raise UsageError("title_missing", Message(N_("A part of your own needs a title.")))
    if len(parts) >= MOST_PARTS:
        raise UsageError("too_many_parts", Message(N_("An agenda has at most {n} parts."), {"n": MOST_PARTS}))
    made = AgendaPart.objects.create(meeting=found, position=0, part=Part.OWN, title=typed(title, 80), minutes=minutes)
    _ordered([*parts[:-1], made, *parts[-1:]])
    _agenda_changed(found, by, keep=keep)
    return made


@transaction.atomic
def part_move(*, meeting_id: int, part_id: int, up: bool, by: User, keep: bool = False) -> None:
    """Move a part one place up or down."""
    found = held(meeting_id)
    parts = list(found.parts.all())
    place = next((place for place, part in enumerate(parts) if part.pk == part_id), None)
    if place is None:
        raise conflict(N_("this part of the agenda"))
    other = place - 1 if up else place + 1
    if 0 <= other < len(parts):
        parts[place], parts[other] = parts[other], parts[place]
        _ordered(parts)
        _agenda_changed(found, by, keep=keep)


@transaction.atomic
def part_remove(*, meeting_id: int, part_id: int, by: User, keep: bool = False) -> None:
    """Leave a part out. Raises `ConflictError` for one that is going on or was, and for the last one."""
    found = held(meeting_id)
    parts = list(found.parts.all())
    part = next((part for part in parts if part.pk == part_id), None)
    if part is None:
        return
    if part.spent or part.begun_at is not None or len(parts) == 1:
        raise ConflictError(
            "part_begun",
            Message(N_("A part that has begun stays in the agenda, and so does the last one.")),
            Message(N_("Give it less time, or go on to the next one.")),
        )
    part.delete()
    _ordered([one for one in parts if one.pk != part_id])
    _agenda_changed(found, by, keep=keep)


def _ordered(parts: Sequence[AgendaPart]) -> None:
    for place, part in enumerate(parts):
        if part.position != place:
            AgendaPart.objects.filter(pk=part.pk).update(position=place)


def _agenda_changed(meeting: Meeting, by: User, *, keep: bool) -> None:
    parts = list(meeting.parts.all())
    if meeting.state in BEFORE:
        Meeting.objects.filter(pk=meeting.pk).update(minutes=sum(part.minutes for part in parts))
    if keep and meeting.series_id is not None:
        agenda = [{"part": part.part, "title": part.title, "minutes": part.minutes} for part in parts]
        MeetingSeries.objects.filter(pk=meeting.series_id).update(
            agenda=agenda, minutes=sum(part.minutes for part in parts)
        )
    touched(meeting)
    audit(by=by, action="meeting_agenda", subject=f"meeting {meeting.pk}")


def _refuse_length(minutes: int) -> None:
    low, high = MINUTES
    if not low <= minutes <= high:
        raise UsageError(
            "length_unfit", Message(N_("A meeting lasts {low} to {high} minutes."), {"low": low, "high": high})
        )


def _refuse_part(minutes: int) -> None:
    if not 1 <= minutes <= MINUTES[1]:
        raise UsageError("minutes_unfit", Message(N_("A part has at least one minute.")))


def refuse_day(on: date, *, today: date) -> None:
    """Raise `UsageError` for a day on which nobody can meet any more, or so far ahead that it is a slip of the pen."""
    if on < today:
        raise UsageError("day_passed", Message(N_("{day} has passed; choose a day from today on."), {"day": on}))
    if on - today > _FURTHEST:
        raise UsageError("day_far", Message(N_("{day} is more than a year ahead."), {"day": on}))


def working_days() -> rules.Working:
    """Give the test for working days: of the organisation's calendar, or of its country."""
    return rules.working_days(_country(), _calendar())


def next_day(on: date) -> date:
    """Give a day, or where nobody works on it the next working day."""
    working = working_days()
    return on if working(on) else rules.next_working_day(on, working)


def holiday_name(on: date, lang: str) -> str:
    """Name the holiday of a day in the organisation's calendar or its country; empty where it is none."""
    return rules.holiday_name(on, _country(), lang, _calendar())


def _country() -> str:
    company = organisation()
    return company.country if company is not None else "KR"


def _calendar() -> Json | None:
    try:
        return answers().ask(ask_working_calendar, as_of=asking.today())
    except NotFoundError:
        return None
