"""The KPI dictionary as a page, and who looks after which KPI how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bokgi.analysis.funnel import FunnelMode
from bokgi.analysis.trends import windows
from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.access.warming import ask_later, still_waits
from bokgi.apps.data.labels import TABLES
from bokgi.apps.pipeline import trends
from bokgi.apps.pipeline.few_winners import won_shown
from bokgi.apps.pipeline.selectors import WHOLE, Screen, screen_of
from bokgi.apps.planning import kpis, selectors
from bokgi.apps.planning.services import definitions_enter, setting_rows
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.concentration import ask_concentration
from bokgi.questions.funnel import WINDOW_DAYS, ask_funnel
from bokgi.questions.kpis import WEEKS, ask_kpis
from bokgi.questions.trends import COUNT, ask_trends
from bokgi.ui.blocks import Figure, Table

CADENCES: Final = (("weekly", N_("every week")), ("monthly", N_("every month")), ("quarterly", N_("every quarter")))
_LONGEST_OWNER: Final = 80
_SEES_STARS: Final = (Role.ADMIN, Role.LEADER)
"""The top person's share is one person's result: it is for who may see everybody's."""


@may(*EVERYBODY)
@require_GET
def kpi_index(request: PageRequest) -> HttpResponse:
    """Show the dictionary with what each KPI stands at."""
    screen = screen_of(request, shows="sums", also=_periods)
    found = selectors.facts()
    whole = not screen.hidden
    asked = found is not None and whole
    scope = {"team": screen.team, "pipeline": screen.pipeline, "person": screen.person}
    answer = ask_later(request, ask_kpis, as_of=screen.as_of, **scope) if asked else None
    staged = asked and not screen.stages_hidden
    of_stages = _stages(screen) if staged else None
    narrowed = screen.person is not None or screen.pipeline is not None
    long = replace(screen, also=windows(screen.as_of, weeks=WEEKS, count=COUNT))
    untold = _trends_untold(screen)
    tells = asked and not untold and not long.hidden
    whose = {"team": screen.team} if screen.person is None else {"person_id": screen.person}
    went = ask_later(request, ask_trends, as_of=screen.as_of, **whose) if tells else None
    sees_stars = asked and screen.viewer.role in _SEES_STARS and not narrowed
    of_stars = _stars(screen) if sees_stars else None
    working = any(
        may_see and told is None
        for may_see, told in ((asked, answer), (staged, of_stages), (tells, went), (sees_stars, of_stars))
    )
    if still_waits(request, working=working):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    values = {} if answer is None else {row["key"]: row for row in seen(screen, answer["kpis"])}
    star = kpis.not_told(screen, narrowed=narrowed) if narrowed or (asked and not sees_stars) else of_stars
    others = {} if found is None else dict(found.settings.on(screen.as_of).others)
    labels = dict(CADENCES)
    entries: list[dict[str, Any]] = []
    for kpi in kpis.KPIS:
        code = others.get(f"kpi_cadence:{kpi.key}", "")
        entries.append(
            {
                "kpi": kpi,
                "figure": star if kpi.key == "star-dependency" else kpis.figure(screen, values.get(kpi.key)),
                "table": (of_stages or {}).get(kpi.key),
                "page": kpis.page_label(screen, kpi),
                "tables": ", ".join(screen.say(TABLES[name]) for name in kpi.tables),
                "owner": others.get(f"kpi_owner:{kpi.key}", ""),
                "cadence": labels.get(code, ""),
                "cadence_code": code,
            }
        )
    shown = {
        "screen": screen,
        "entries": entries,
        "trends": None if went is None else trends.figures(screen, went, definitions=request.path),
        "trends_table": None if went is None else trends.table(screen, went),
        "trends_weeks": None if went is None else went["weeks"],
        "working": working,
        "parts": ["of-trends", *(f"value-{kpi.key}" for kpi in kpis.KPIS)],
        "untold": untold,
        "whole": whole,
        "may_edit": found is not None and selectors.may_edit(screen),
        "cadences": CADENCES,
    }
    return render(request, "planning/kpis.html", shown)


def _trends_untold(screen: Screen) -> str:
    """Say why there are no trends of what is looked at; empty where there are."""
    if screen.pipeline is not None:
        return screen.say(N_("Trends are told of all pipelines together."))
    if screen.person is not None and screen.team is not None:
        return screen.say(N_("Trends of a person are told of all teams together."))
    return ""


def _periods(screen: Screen) -> tuple[Period, ...]:
    """Give the periods that most of the page is of: the last 13 weeks and the funnel's window."""
    end = screen.as_of + timedelta(days=1)
    return tuple(Period(end - timedelta(days=days), end) for days in (7 * WEEKS, WINDOW_DAYS))


def seen(screen: Screen, rows: Sequence[Json]) -> list[Json]:
    """Take the values away that would tell what few people won in this quarter or the last, or what in other days.

    Velocity, with what stands beside it, gives what was won in 13 weeks, which are no whole months.
    """
    scope, quarters = screen.team or WHOLE, (screen.quarter, screen.quarter.before())
    shown = won_shown(screen, quarters)
    now, before = ((scope, quarter) in shown for quarter in quarters)
    hidden = {"velocity": "by_month"} if screen.sums_only else {}
    if not now:
        hidden |= dict.fromkeys(("attainment", "coverage"), "few_people")
    if not before:
        hidden["pipeline-conversion"] = "few_people"
    nothing = dict.fromkeys(("value", "n"))
    return [row | nothing | {"reason": hidden[row["key"]]} if row["key"] in hidden else row for row in rows]


def _stages(screen: Screen) -> dict[str, Table] | None:
    """Give conversion and time by stage; null while they are computed."""
    end = screen.as_of + timedelta(days=1)
    answer = ask_later(
        screen.request,
        ask_funnel,
        as_of=screen.as_of,
        mode=FunnelMode.STAGE_ENTRY_COHORT.value,
        by=() if screen.team is None else ("team",),
        start=end - timedelta(days=WINDOW_DAYS),
        end=end,
        person=screen.person,
    )
    if answer is None:
        return None
    found = [
        stage
        for stage in answer["stages"]
        if screen.team in {None, stage["groups"].get("team")} and screen.pipeline in {None, stage["pipeline"]}
    ]
    return {key: kpis.of_stages(screen, found, answer["level"], key) for key in ("stage-conversion", "time-in-stage")}


def _stars(screen: Screen) -> Figure | None:
    """Give how much hangs on one person; null while it is computed."""
    answer = ask_later(screen.request, ask_concentration, as_of=screen.as_of, team=screen.team)
    return None if answer is None else kpis.of_stars(screen, answer)


@may(Role.ADMIN, Role.LEADER)
@require_POST
def kpi_care(request: PageRequest, kpi: str) -> HttpResponse:
    """Set who looks after a KPI and how often; it holds from today on."""
    screen, found = screen_of(request), selectors.facts()
    if found is None or kpi not in {one.key for one in kpis.KPIS}:
        raise Http404
    owner, cadence = request.POST.get("owner", "").strip(), request.POST.get("cadence", "")
    if len(owner) > _LONGEST_OWNER or cadence not in {"", *dict(CADENCES)}:
        raise UsageError("text_too_long", Message(N_("That is too long.")))
    values = {f"kpi_owner:{kpi}": owner or None, f"kpi_cadence:{kpi}": cadence or None}
    rows = setting_rows(found.settings, values, screen.as_of)
    if rows:
        definitions_enter(tables={"settings": rows}, by=request.user, at=timezone.now())
        messages.success(request, N_("Saved."))
    return HttpResponseRedirect(f"{reverse('kpi:index')}#{kpi}")
