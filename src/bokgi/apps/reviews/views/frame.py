"""What every page of a meeting needs: the meeting that may be opened, who looks, what people are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Final

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from bokgi.apps.access.permissions import Role
from bokgi.apps.access.requests import PageRequest, say_refused
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.reviews import rules, selectors
from bokgi.apps.reviews.models import AgendaPart, Meeting, Part, Participant
from bokgi.apps.reviews.record import when
from bokgi.apps.reviews.tasks import pack_awaited
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.messages import N_, Message

MEETS: Final = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)
"""Who meets; each opens the meetings one takes part in or runs."""
LEADS: Final = (Role.ADMIN, Role.LEADER, Role.MANAGER)


@dataclass(frozen=True)
class Frame:
    """One request about one meeting."""

    screen: Screen
    meeting: Meeting

    @cached_property
    def names(self) -> dict[str, str]:
        """Give everybody's name by person."""
        return selectors.names()

    @cached_property
    def seat(self) -> Participant | None:
        """The place of who looks; null for who runs the meeting without taking part."""
        return selectors.own_seat(self.meeting, self.screen.request.user)

    @cached_property
    def leads(self) -> bool:
        """Tell whether who looks runs the meeting."""
        return rules.may_lead(self.meeting, self.screen.request.user, self.screen.viewer)

    @property
    def team(self) -> str:
        """Name the team."""
        return self.meeting.team or self.screen.say(N_("Everybody"))

    def called(self, participant: Participant | None) -> str:
        """Name a participant."""
        return "–" if participant is None else selectors.called(participant, self.names)

    def title(self, part: AgendaPart) -> str:
        """Name a part of the agenda."""
        return part.title or self.screen.say(rules.TITLES.get(Part(part.part), N_("Of our own")))

    @property
    def when(self) -> str:
        """Say when the meeting takes place: day, weekday, time."""
        return when(self.meeting.on, self.meeting.at, self.screen.lang)


def frame_of(request: PageRequest, meeting_id: int) -> Frame:
    """Open a meeting for who asks. Raises `NotFoundError` for a meeting that is not there for this person."""
    screen = screen_of(request)
    return Frame(screen, selectors.meeting_of(meeting_id, request.user, screen.viewer))


def led(request: PageRequest, meeting_id: int) -> Frame:
    """Open a meeting for who runs it. Raises `NotFoundError` for everybody else."""
    screen = screen_of(request)
    return Frame(screen, selectors.meeting_led(meeting_id, request.user, screen.viewer))


_STATUS: Final = {"usage": 422, "not_found": 404, "conflict": 409}


def fault_status(error: BokgiError) -> int:
    """Give the HTTP status with which a page says that something was not done."""
    return _STATUS.get(error.family, 400)


def waited(request: PageRequest) -> int:
    """Say how often a page has asked for a pack already."""
    asked = (request.POST or request.GET).get("waited", "0")
    return int(asked[:_DIGITS]) if asked.isdecimal() else 0


def still_waits(request: PageRequest, *, week: str, as_of: date, team: str) -> bool:
    """Tell whether a page has to wait for a pack, and have it made meanwhile; the page asks again (`waiting`).

    After a hundred seconds nothing waits any more: then who asks makes the pack, as without a worker.
    """
    return not pack_awaited(week=week, as_of=as_of, team=team) and waited(request) < _MOST_WAITS


_MOST_WAITS: Final = 50
_DIGITS: Final = 4
"""More say the same, and Python reads no number of thousands of them."""


def waiting(request: PageRequest, *, post: bool = False) -> HttpResponse:
    """Say that the figures are being put together, and ask for the same address again."""
    shown = {"address": request.path + _query(request), "waited": waited(request), "post": post}
    return render(request, "reviews/waits.html", shown)


def shown_anew(request: PageRequest) -> HttpResponse:
    """Have the page come that waited; who waited in vain makes what it needs, and does not wait anew."""
    in_vain = waited(request) >= _MOST_WAITS
    return HttpResponse(headers={"HX-Redirect": request.get_full_path()} if in_vain else {"HX-Refresh": "true"})


def _query(request: PageRequest) -> str:
    left = request.GET.copy()
    left.pop("waited", None)
    return f"?{left.urlencode()}" if left else ""


def told(request: PageRequest, error: BokgiError, to: str) -> HttpResponse:
    """Go back to a page and say there what went wrong; a form of a part of the page stays as it was filled in."""
    say_refused(request, error)
    if request.htmx:
        answer = render(request, "said.html")
        answer["HX-Reswap"] = "none"
        return answer
    return HttpResponseRedirect(to)


def number(text: str | None, what: str) -> int:
    """Read a whole number of a form. Raises `UsageError` for what is none."""
    try:
        return int(text or "")
    except ValueError as error:
        raise UsageError("number_unreadable", Message(N_("{what} needs a number."), {"what": Message(what)})) from error


def clock_time(text: str | None) -> time:
    """Read a time of a form, as 10:00. Raises `UsageError` for what is none."""
    try:
        return time.fromisoformat(text or "")
    except ValueError as error:
        raise UsageError("time_unreadable", Message(N_("“{text}” is no time."), {"text": text or ""})) from error
