"""The first screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.access.warming import still_waits
from bokgi.apps.forecast import outlook
from bokgi.apps.forecast.drawing import dots, progress
from bokgi.apps.forecast.few_people import seen
from bokgi.apps.forecast.selectors import scope_of
from bokgi.apps.people import comparison
from bokgi.apps.pipeline import deal_list
from bokgi.apps.pipeline.bottleneck import bottleneck, nothing_flagged
from bokgi.apps.pipeline.selectors import WHOLE, Screen, screen_of
from bokgi.apps.reviews.keeping.selectors import commitments_of, still_open
from bokgi.apps.reviews.keeping.views import Line, lines
from bokgi.apps.reviews.selectors import meetings_ahead
from bokgi.apps.reviews.views.frame import Frame
from bokgi.apps.reviews.views.planning import prepared
from bokgi.apps.today.news import news
from bokgi.apps.today.tasks import tasks
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.changes import ask_changes
from bokgi.questions.compare import compare
from bokgi.questions.deals import ANY_REASON, Where, list_deals
from bokgi.questions.forecast import ask_forecast
from bokgi.ui.blocks import Figure
from bokgi.ui.format import day_and_weekday
from bokgi.ui.listing import Chosen

_SHOWN_DEALS = 10
_SHOWN_TASKS = 5
_AHEAD = timedelta(days=7)


@may(*EVERYBODY)
@require_GET
def today_index(request: PageRequest) -> HttpResponse:
    """Show what wants attention: the same page for everybody, each part for whom it is."""
    screen = screen_of(request, shows="sums", also=lambda screen: (screen.quarter,))
    whole = not screen.hidden
    forecast = _forecast(screen) if whole else None
    working, few = whole and forecast is None, forecast is not None and forecast["few"]
    if still_waits(request, working=working):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    forecast = None if few else forecast
    searched = screen.ask(find_bottlenecks) if not screen.stages_hidden else None
    row, answer = None, None
    if screen.viewer.person_id and screen.person in {None, screen.viewer.person_id}:
        answer = screen.ask(compare)
        row = comparison.own(answer, screen.viewer.person_id)
    changes = _Changes() if not whole else _changes(screen)
    wanting, leads = _wanting(screen), _leads(screen)
    shown = {
        "screen": screen,
        "day": day_and_weekday(screen.as_of, screen.lang),
        "ahead": _meetings(screen),
        "prepared": prepared,
        "figures": [] if forecast is None else _figures(screen, forecast),
        "deals": _deals(screen, wanting) if wanting is not None and leads else None,
        "tasks": tasks(screen, wanting[:_SHOWN_TASKS]) if wanting is not None and not leads else None,
        "forecast": forecast,
        "working": working,
        "few": few or screen.hidden,
        "dots": None if forecast is None else dots(screen, forecast),
        "progress": None if forecast is None else progress(screen, forecast),
        "searched": searched,
        "found": None if searched is None else bottleneck(screen, searched),
        "nothing": "" if searched is None else nothing_flagged(screen, searched),
        "news": news(screen),
        "changes": changes,
        "leads": leads,
        "promises": _promises(screen),
        "result": None if row is None or answer is None else comparison.figure(screen, answer, row),
    }
    return render(request, "today/index.html", shown)


def _wanting(screen: Screen) -> list[Json] | None:
    """List the deals to see to first: one's own, or the team's for who leads it; null for who sees no rows."""
    if screen.owners == ():
        return None
    where = Where(
        owners=screen.owners,
        team=screen.team,
        pipeline=screen.pipeline,
        person=screen.person,
        attention=ANY_REASON,
    )
    found: list[Json] = screen.ask(list_deals, where=where, order="attention", limit=_SHOWN_DEALS)["deals"]
    return found


def _deals(screen: Screen, wanting: list[Json]) -> Chosen:
    """Draw the deals to see to of several people."""
    table = deal_list.short_table(screen, wanting, screen.say(N_("Deals to see to")), owners=True)
    return screen.chosen(table, "deals-")


def _leads(screen: Screen) -> bool:
    """Tell whether more deals than one's own may be listed."""
    return screen.owners is None or len(screen.owners) > 1


def _meetings(screen: Screen) -> list[Frame]:
    """List the reviews of the next seven days that one takes part in or runs."""
    if screen.viewer.role is Role.VIEWER:
        return []
    until = screen.as_of + _AHEAD
    ahead = meetings_ahead(screen.request.user, screen.viewer)
    frames = [Frame(screen, one) for one in ahead if screen.as_of <= one.on <= until]
    return [one for one in frames if one.seat is not None and (screen.team or one.team) == one.team]


def _promises(screen: Screen) -> list[Line] | None:
    """List what is agreed and not done yet, the nearest day first: one's own, and the team's for who leads it.

    Of one person only theirs.

    Null for somebody with whom nothing can be agreed.
    """
    people = {screen.viewer.person_id} - {""}
    if _leads(screen):
        people = set(screen.people)
        if screen.team is not None:
            people &= screen.teams.get(screen.team, frozenset())
    if screen.person is not None:
        people &= {screen.person}
    if not people:
        return None
    return lines(screen, still_open(commitments_of(people, as_of=screen.as_of), as_of=screen.as_of))


def _forecast(screen: Screen) -> Json | None:
    """Give the forecast of the quarter; of a person or a pipeline, which nobody asked beforehand, null at first."""
    narrowed = screen.person is not None or screen.pipeline is not None
    asked = screen.ask_later if narrowed else screen.ask
    found = asked(ask_forecast, period=screen.quarter, **scope_of(screen))
    return None if found is None else seen(screen, found)


def _figures(screen: Screen, forecast: Json) -> list[Figure]:
    return outlook.figures(outlook.Outlook(screen, screen.quarter, forecast, {})) if forecast["said"] else []


@dataclass(frozen=True)
class Change:
    """What differs from somebody's usual by more than chance, and where to look."""

    text: str
    name: str
    address: str


@dataclass(frozen=True)
class _Changes:
    """What fell and what rose beyond chance; `none`: why there is nothing to see, else empty."""

    fell: Sequence[Change] = ()
    rose: Sequence[Change] = ()
    none: str = ""


def _changes(screen: Screen) -> _Changes:
    """Say what fell and what rose beyond chance, as far as this person may see whose it is."""
    if screen.pipeline is not None:
        return _Changes(none=screen.say(N_("What is usual is known of all pipelines together; it stays out here.")))
    answer = screen.ask(ask_changes, team=screen.team)
    fell: list[Change] = []
    rose: list[Change] = []
    for alert in answer["alerts"]:
        kind, subject = alert["subject_kind"], alert["subject_id"]
        if not alert.get("sentence") or not _may_see(screen, kind, subject):
            continue
        if screen.person is not None and (kind, subject) != ("person", screen.person):
            continue
        address = reverse("people:person", args=[subject]) if kind == "person" else ""
        change = Change(screen.speaker.say(alert["sentence"]), alert["name"] or "", address)
        (fell if alert["direction"] == "down" else rose).append(change)
    if fell or rose:
        return _Changes(fell, rose)
    if screen.person is None and all(
        _may_see(screen, one["subject_kind"], one["subject_id"] or "") for one in answer["series"]
    ):
        return _Changes(none=screen.speaker.say(answer["said"][0]))
    # The same words whether there is something unseen or not: otherwise they would tell that there is.
    return _Changes(none=screen.say(N_("Of what you may see nothing differs from what is usual by more than chance.")))


def _may_see(screen: Screen, kind: str, subject: str) -> bool:
    if kind == "person":
        return screen.viewer.sees_person(subject)
    return subject in screen.shown if kind == "team" else WHOLE in screen.shown
