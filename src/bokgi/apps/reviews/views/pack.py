"""The pack of a week as a page, and as a file to take along."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from markupsafe import Markup

from bokgi.apps.access.permitting import is_permitted, may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.data.views.refused import refused
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.apps.reviews import rules
from bokgi.apps.reviews.pack.scope import refuse_week_ahead
from bokgi.apps.reviews.record import page_of_pack, week_name
from bokgi.apps.reviews.rendering import rendered
from bokgi.apps.reviews.showing import pack_of
from bokgi.apps.reviews.views.frame import LEADS, shown_anew, still_waits, waiting
from bokgi.apps.reviews.views.planning import teams_led
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.ui.format import span

TYPES: Final = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8"}
_WEEKS: Final = 8


@may(*LEADS)
@require_GET
def pack(request: PageRequest) -> HttpResponse:
    """Show the review of a week with all its parts, or give it as a file (`form`)."""
    screen = screen_of(request)
    teams, team = teams_led(screen), request.GET.get("team")
    if team is None:
        team = "" if "" in teams else next(iter(teams), "")
    # Asked for first: where nothing was imported that is said, and no team is missed.
    if team not in {"", *screen.teams} or team not in teams:
        raise NotFoundError("team_unknown", Message(N_("There is no team “{team}”."), {"team": team}))
    usual = rules.reviewed_week(screen.as_of)
    period = Period.week(request.GET["week"]) if request.GET.get("week") else usual
    refuse_week_ahead(period, screen.as_of)
    # The usual week is shown as things stand today, as the meeting shows it; any other as it stood on its last day.
    as_of = screen.as_of if period == usual else min(screen.as_of, period.last)
    form = request.GET.get("form", "")
    waits = form not in TYPES and still_waits(request, week=period.iso_week, as_of=as_of, team=team)
    if request.htmx:
        return waiting(request) if waits else shown_anew(request)
    if form in TYPES:
        found = pack_of(week=period.iso_week, as_of=as_of, team=team)
        response = HttpResponse(rendered(found, form, screen.lang), content_type=TYPES[form])
        response["Content-Disposition"] = f'attachment; filename="review-{period.iso_week}.{form}"'
        return response
    page = None if waits else page_of_pack(week=period.iso_week, as_of=as_of, team=team, lang=screen.lang)
    mends = page is not None and page["quarantined"] and is_permitted(refused, request.user)
    weeks = [Period.week_of(usual.start - timedelta(weeks=back)) for back in range(_WEEKS)]
    shown = {
        "screen": screen,
        "page": page,
        # Drawn by our own templates, which escape what comes from the data.
        "strip": Markup("" if page is None else page["strip_mend" if mends else "strip"]),  # noqa: S704 - as said
        "body": Markup("" if page is None else page["body"]),  # noqa: S704 - as said
        "teams": teams,
        "team": team,
        "week": period.iso_week,
        "week_named": span(period, screen.lang),
        "weeks": [(one.iso_week, week_name(one, screen.lang)) for one in weeks],
    }
    return render(request, "reviews/pack.html", shown)
