"""The first screen."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bokgi.apps.access.permissions import EVERYBODY
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.forecast.drawing import dots
from bokgi.apps.people import comparison
from bokgi.apps.pipeline import deal_list, funnel
from bokgi.apps.pipeline.selectors import WHOLE, Screen, screen_of
from bokgi.apps.reviews.keeping.selectors import commitments_of, still_open
from bokgi.apps.reviews.keeping.views import Line, lines
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.changes import ask_changes
from bokgi.questions.compare import compare
from bokgi.questions.deals import Where, list_deals
from bokgi.questions.forecast import ask_forecast
from bokgi.ui.blocks import Table

_SHOWN_DEALS = 10


@may(*EVERYBODY)
@require_GET
def today_index(request: PageRequest) -> HttpResponse:
    """Show what wants attention: the same page for everybody, each part for whom it is."""
    screen = screen_of(request)
    whole = screen.team is not None or WHOLE in screen.shown
    forecast = _forecast(screen) if whole else None
    searched = screen.ask(find_bottlenecks) if whole else None
    row, answer = None, None
    if screen.viewer.person_id:
        answer = screen.ask(compare)
        row = comparison.own(answer, screen.viewer.person_id)
    shown = {
        "screen": screen,
        "deals": _deals(screen),
        "forecast": forecast,
        "dots": None if forecast is None else dots(screen, forecast),
        "searched": searched,
        "found": None if searched is None else funnel.bottleneck(screen, searched),
        "alerts": _alerts(screen) if whole else [],
        "promises": _promises(screen),
        "row": row,
        "badge": None if row is None or answer is None else comparison.badge(screen, answer, row),
    }
    return render(request, "today/index.html", shown)


def _deals(screen: Screen) -> Table | None:
    """List the deals to see to first: one's own, or the team's for who leads it; null for who sees no rows."""
    if screen.owners == ():
        return None
    where = Where(owners=screen.owners, team=screen.team)
    found = screen.ask(list_deals, where=where, order="attention", limit=3 * _SHOWN_DEALS)
    wanting = [deal for deal in found["deals"] if deal["reasons"]][:_SHOWN_DEALS]
    return deal_list.short_table(screen, wanting, screen.say(N_("Deals to see to")))


def _promises(screen: Screen) -> list[Line]:
    """List what one agreed to and has not done yet, the nearest day first."""
    person = screen.viewer.person_id
    if not person:
        return []
    return lines(screen, still_open(commitments_of([person], as_of=screen.as_of), as_of=screen.as_of))


def _forecast(screen: Screen) -> Json:
    return screen.ask(ask_forecast, period=Period.quarter_of(screen.as_of), team=screen.team)


def _alerts(screen: Screen) -> list[str]:
    """Say what changed beyond chance, as far as this person may see whose it is."""
    answer = screen.ask(ask_changes, team=screen.team)
    seen = [alert for alert in answer["alerts"] if _may_see(screen, alert["subject_kind"], alert["subject_id"])]
    return [screen.speaker.say(alert["sentence"]) for alert in seen if alert.get("sentence")]


def _may_see(screen: Screen, kind: str, subject: str) -> bool:
    if kind == "person":
        return screen.viewer.sees_person(subject)
    return subject in screen.shown if kind == "team" else WHOLE in screen.shown
