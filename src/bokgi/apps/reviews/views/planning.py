"""Pages before a meeting: which there are, the weekly series, one meeting with agenda, focus and who has prepared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access.asking import today
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given, organisation_of
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.reviews import rules, selectors
from bokgi.apps.reviews.models import Commitment, Meeting, MeetingSeries, MeetingState, Verdict
from bokgi.apps.reviews.services import planning
from bokgi.apps.reviews.services.locking import BEFORE
from bokgi.apps.reviews.views.frame import (
    LEADS,
    MEETS,
    Frame,
    clock_time,
    fault_status,
    frame_of,
    led,
    number,
    told,
)
from bokgi.domain.errors import BokgiError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_date
from bokgi.ui import format as written
from bokgi.ui.blocks import Badge
from bokgi.ui.format import weekday_name

STATES: Final = {
    MeetingState.SCHEDULED: (N_("scheduled"), ""),
    MeetingState.PREPARING: (N_("being prepared"), "accent"),
    MeetingState.LIVE: (N_("going on"), "good"),
    MeetingState.CLOSED: (N_("closed"), ""),
    MeetingState.CANCELLED: (N_("called off"), ""),
}


@may(*MEETS)
@require_GET
def index(request: PageRequest) -> HttpResponse:
    """Show the meetings to come, those that were held, and the weekly series."""
    screen = screen_of(request)
    ahead = [Frame(screen, one) for one in selectors.meetings_ahead(request.user, screen.viewer)]
    past = [Frame(screen, one) for one in selectors.meetings_past(request.user, screen.viewer)]
    teams = teams_led(screen)
    shown = {
        "screen": screen,
        "ahead": ahead,
        "past": past,
        "badge": lambda meeting: badge(screen, meeting),
        "moved": lambda meeting: moved(screen, meeting),
        "prepared": prepared,
        "became": lambda meeting: became(screen, meeting.agreed),
        "day": lambda on: screen.speaker.day(on.isoformat()),
        "teams": teams,
        "leads": bool(teams),
        "series": [one for one in selectors.series_now() if one.team in teams],
        "series_when": lambda one: f"{weekday_name(one.weekday, screen.lang)} {one.at:%H:%M}",
        "weekdays": [(day, weekday_name(day, screen.lang)) for day in _weekdays(screen)],
        "forms": rules.FORMS,
        "leaders": leaders(),
        "once_on": planning.next_day(screen.as_of).isoformat(),
    }
    return render(request, "reviews/index.html", shown)


OUTCOMES: Final = {
    Verdict.KEPT: N_("{n} kept"),
    Verdict.NOT_KEPT: N_("{n} not kept"),
    Verdict.CANNOT_TELL: N_("{n} the data cannot judge"),
    "": N_("{n} waiting"),
}


def became(screen: Screen, agreed: Sequence[Commitment]) -> str:
    """Say how much was agreed in a meeting, and what became of it by the facts."""
    if not agreed:
        return screen.say(N_("Nothing agreed"))
    counts = Counter(one.verdict for one in agreed)
    found = [screen.say(text, n=counts[verdict]) for verdict, text in OUTCOMES.items() if counts[verdict]]
    return " · ".join([screen.say(N_("{n} {n:commitment|commitments}"), n=len(agreed)), *found])


def _weekdays(screen: Screen) -> list[int]:
    company = organisation_of(screen.request)
    return rules.weekdays_worked(planning.working_days(), screen.as_of, company.week_starts if company else 1)


def teams_led(screen: Screen) -> dict[str, str]:
    """Give the teams whose meetings a person may plan: key and name; the empty key is everybody."""
    role = screen.viewer.role
    if role not in {Role.ADMIN, Role.LEADER, Role.MANAGER}:
        return {}
    try:
        teams = screen.teams
    except NotFoundError:
        return {}
    if role is Role.MANAGER:
        return {team: team for team, people in teams.items() if people & screen.viewer.managed}
    return {**{team: team for team in teams}, "": screen.say(N_("Everybody"))}


def leaders() -> list[User]:
    """List who can lead a meeting."""
    return list(User.objects.filter(is_active=True, role__in=[role.value for role in LEADS]).order_by("name", "pk"))


def badge(screen: Screen, meeting: Meeting) -> Badge:
    """Say in a word where a meeting stands."""
    word, tone = STATES[MeetingState(meeting.state)]
    return Badge(screen.say(word), tone)  # type: ignore[arg-type]  # of the table above


def moved(screen: Screen, meeting: Meeting) -> str:
    """Say that a meeting does not take place on the day of its series, and why where it is a holiday."""
    if meeting.on == meeting.planned_on or meeting.series_id is None:
        return ""
    values: dict[str, object] = {"day": meeting.planned_on}
    holiday = planning.holiday_name(meeting.planned_on, screen.lang)
    if holiday:
        return screen.say(N_("moved: {day} is {holiday}"), **values, holiday=holiday)
    return screen.say(N_("moved from {day}"), **values)


def prepared(meeting: Meeting) -> tuple[int, int]:
    """Count who has prepared, of those who sell and can sign in."""
    asked = [one for one in meeting.participants.all() if one.user_id is not None and one.person_id]
    done = [one for one in asked if getattr(one, "preparation", None) is not None and one.preparation.prepared_at]
    return len(done), len(asked)


@may(*LEADS)
@require_POST
def series_set(request: PageRequest) -> HttpResponse:
    """Let a team meet every week."""
    screen = screen_of(request)
    given = request.POST
    back = reverse("reviews:index")
    try:
        team = given.get("team", "")
        _refuse_team(screen, team)
        planning.series_set(
            team=team,
            weekday=number(given.get("weekday"), N_("The weekday")),
            at=clock_time(given.get("at")),
            minutes=number(given.get("minutes"), N_("The length")),
            led_by=_leader(given.get("led_by", "")),
            by=request.user,
            today=today(request),
        )
    except BokgiError as error:
        return told(request, error, back)
    messages.success(request, screen.say(N_("The team meets every week from now on.")))
    return HttpResponseRedirect(back)


@may(*LEADS)
@require_POST
def series_end(request: PageRequest, series_id: int) -> HttpResponse:
    """End a weekly series."""
    screen = screen_of(request)
    found = MeetingSeries.objects.filter(pk=series_id, ended_at=None).first()
    if found is None or found.team not in teams_led(screen):
        raise NotFoundError("series_unknown", Message(N_("There is no such weekly meeting.")))
    planning.series_end(series=found, by=request.user)
    return HttpResponseRedirect(reverse("reviews:index"))


@may(*LEADS)
@require_POST
def plan(request: PageRequest) -> HttpResponse:
    """Plan one meeting beside the series."""
    screen, given = screen_of(request), request.POST
    try:
        team = given.get("team", "")
        _refuse_team(screen, team)
        on = read_date(given.get("on", ""))
        planning.refuse_day(on, today=today(request))
        made = planning.meeting_plan(
            team=team,
            on=on,
            at=clock_time(given.get("at")),
            minutes=number(given.get("minutes"), N_("The length")),
            by=request.user,
        )
    except BokgiError as error:
        return told(request, error, reverse("reviews:index"))
    return HttpResponseRedirect(reverse("reviews:meeting", kwargs={"meeting_id": made.pk}))


def _leader(text: str) -> User | None:
    """Read who is to lead; empty is who plans. Raises `UsageError` for somebody who cannot lead a meeting."""
    if not text:
        return None
    found = next((one for one in leaders() if str(one.pk) == text), None)
    if found is None:
        raise UsageError("leader_unknown", Message(N_("Choose who leads from the list.")))
    return found


def _refuse_team(screen: Screen, team: str) -> None:
    if team not in teams_led(screen):
        raise NotFoundError("team_unknown", Message(N_("There is no team “{team}”."), {"team": team}))


@may(*MEETS)
@require_GET
def meeting(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Show one meeting before it begins; one that goes on or is over has a page of its own."""
    frame = frame_of(request, meeting_id)
    if frame.meeting.state in {MeetingState.LIVE, MeetingState.CLOSED}:
        name = "live" if frame.meeting.state == MeetingState.LIVE else "past"
        return HttpResponseRedirect(reverse(f"reviews:{name}", kwargs={"meeting_id": meeting_id}))
    return _page(frame)


def _page(frame: Frame, fault: BokgiError | None = None) -> HttpResponse:
    """Show a meeting before it begins; with a fault also what was typed, beside what is kept now."""
    found, request = frame.meeting, frame.screen.request
    parts = list(found.parts.all())
    shown = {
        "screen": frame.screen,
        "frame": frame,
        "meeting": found,
        "parts": parts,
        "total": sum(part.minutes for part in parts),
        "seats": selectors.seats(found, frame.names) if frame.leads else [],
        "prepared": prepared(found),
        "badge": badge(frame.screen, found),
        "moved": moved(frame.screen, found),
        "called_off": found.state == MeetingState.CANCELLED,
        "prepared_by": written.day(found.prepared_by, frame.screen.lang),
        "opens": request.GET.get("opens") == "1" and frame.leads,
        "fault": fault,
        "typed": request.POST if fault else {},
    }
    return render(request, "reviews/meeting.html", shown, status=200 if fault is None else fault_status(fault))


def _act(act: Callable[[Frame, Any], None]) -> Callable[..., HttpResponseBase]:
    """Make a view of something that who runs a meeting does to it, and go back to the meeting.

    What could not be kept, for instance because somebody else changed the same just now, is given back to its writer.
    """

    @may(*LEADS)
    @require_POST
    def view(request: PageRequest, meeting_id: int) -> HttpResponse:
        frame = led(request, meeting_id)
        back = reverse("reviews:meeting", kwargs={"meeting_id": meeting_id})
        try:
            act(frame, request.POST)
        except BokgiError as error:
            now = led(request, meeting_id)
            return _page(now, error) if now.meeting.state in BEFORE else told(request, error, back)
        return HttpResponseRedirect(back)

    view.__doc__ = act.__doc__
    return view


def _focus(frame: Frame, given: Any) -> None:  # noqa: ANN401 - a form as it is sent
    """Say what the meeting is above all about."""
    planning.focus_set(
        meeting_id=frame.meeting.pk,
        focus=given.get("focus", ""),
        seen=given.get("seen", ""),
        by=frame.screen.request.user,
    )


def _agenda(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Change the agenda: a part's time or title, its place, one more, one less."""
    key, by, keep = frame.meeting.pk, frame.screen.request.user, given.get("keep") == "on"
    minutes = N_("The time of a part")
    act, part_id = given.get("act", ""), key_given(given.get("part"))
    if act == "add":
        length = number(given.get("minutes"), minutes)
        planning.part_add(meeting_id=key, title=given.get("title", ""), minutes=length, by=by, keep=keep)
    elif act in {"up", "down"}:
        planning.part_move(meeting_id=key, part_id=part_id, up=act == "up", by=by, keep=keep)
    elif act == "remove":
        planning.part_remove(meeting_id=key, part_id=part_id, by=by, keep=keep)
    else:
        planning.part_change(
            meeting_id=key,
            part_id=part_id,
            minutes=number(given.get("minutes"), minutes),
            title=given.get("title", ""),
            version=number(given.get("version"), minutes),
            by=by,
            keep=keep,
        )


def _move(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Let the meeting take place at another time."""
    on, at = read_date(given.get("on", "")), clock_time(given.get("at"))
    planning.refuse_day(on, today=today(frame.screen.request))
    planning.meeting_move(meeting_id=frame.meeting.pk, on=on, at=at, by=frame.screen.request.user)


def _cancel(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Call the meeting off."""
    del given
    planning.meeting_cancel(meeting_id=frame.meeting.pk, by=frame.screen.request.user)


focus, agenda, move, cancel = _act(_focus), _act(_agenda), _act(_move), _act(_cancel)
