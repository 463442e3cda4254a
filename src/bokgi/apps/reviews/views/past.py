"""A past meeting: as it was seen, as a file, and why its figures are different today."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from markupsafe import Markup

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.reviews import selectors
from bokgi.apps.reviews.differing import causes, differences
from bokgi.apps.reviews.models import MeetingState, Snapshot
from bokgi.apps.reviews.showing import pack_of
from bokgi.apps.reviews.views.frame import MEETS, Frame, frame_of, still_waits, waiting
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.facts.lake import Lake


def _closed(request: PageRequest, meeting_id: int) -> tuple[Frame, Snapshot]:
    frame = frame_of(request, meeting_id)
    if frame.meeting.state != MeetingState.CLOSED:
        raise NotFoundError("meeting_not_closed", Message(N_("This meeting is not closed yet.")))
    return frame, frame.meeting.snapshot


@may(*MEETS)
@require_GET
def past(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Show a closed meeting exactly as it was seen; private notes only to their two people."""
    frame = frame_of(request, meeting_id)
    if frame.meeting.state != MeetingState.CLOSED:
        return HttpResponseRedirect(reverse("reviews:meeting", kwargs={"meeting_id": meeting_id}))
    private = [
        (note, frame.called(note.first.about), "–" if note.first.by is None else note.first.by.name)
        for note in selectors.notes_private(frame.meeting, request.user)
    ]
    shown = {
        "screen": frame.screen,
        "frame": frame,
        "meeting": frame.meeting,
        "page": Markup(frame.meeting.snapshot.pages[frame.screen.lang]),  # noqa: S704 - drawn by us, escaped then
        "private": private,
    }
    return render(request, "reviews/past.html", shown)


@may(*MEETS)
@require_GET
def today(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Say why the figures of a past meeting are different today."""
    frame, snapshot = _closed(request, meeting_id)
    lake = Lake.open(settings.HOME)
    reasons = causes(lake.imports(snapshot.lake_version), lake.imports(), snapshot)
    found: list[Message] = []
    fault: Message | None = None
    if reasons:
        asked = {"week": frame.meeting.week, "team": frame.meeting.team}
        try:
            if still_waits(request, as_of=snapshot.as_of, **asked):
                return waiting(request)
            now = pack_of(as_of=snapshot.as_of, **asked)
            found = differences(snapshot.pack, now)
        except NotFoundError as error:
            fault = error.message
    shown = {"reasons": reasons, "found": found, "fault": fault}
    return render(request, "reviews/today.html", shown)


@may(*MEETS)
@require_GET
def kept_file(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Give a closed meeting as one file, with the style sheet of that day."""
    frame, snapshot = _closed(request, meeting_id)
    lang = frame.screen.lang
    shown = {
        "lang": lang,
        "title": f"{frame.team} · {frame.when}",
        "sheet": Markup(snapshot.pages["sheet"]),  # noqa: S704 - our own style sheet of that day
        "page": Markup(snapshot.pages[lang]),  # noqa: S704 - drawn by us, escaped then
    }
    response = render(request, "reviews/kept_file.html", shown)
    response["Content-Disposition"] = f'attachment; filename="meeting-{frame.meeting.on.isoformat()}.html"'
    return response
