"""Pages of plans: propose, agree, look at the measure, bring to an end; the paper to print."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.asking import today
from bokgi.apps.access.permissions import SELLING
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.coaching import growth_plan, rules, selectors, services
from bokgi.apps.coaching.models import Plan, PlanCheck
from bokgi.apps.coaching.selectors import RubricSkill
from bokgi.apps.coaching.views import words
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.domain.errors import BokgiError
from bokgi.questions.causes import ask_causes
from bokgi.questions.coaching import MEASURES, STAGE, ask_baseline, ask_measures, kind_of, monday_of


def _to_plan(plan: Plan) -> HttpResponse:
    return HttpResponseRedirect(reverse("coaching:plan", kwargs={"plan_id": plan.pk}))


@may(*SELLING)
@require_http_methods(["GET", "POST"])
def plan_new(request: PageRequest, pair_id: UUID) -> HttpResponse:
    """Propose one or two behaviours and the measure that will tell."""
    pair = selectors.pair_of(request.user, pair_id, writes=True)
    screen = screen_of(request)
    given: dict[str, str] = {name: str(request.POST.get(name, "")) for name in _FIELDS}
    fault: BokgiError | None = None
    if request.method == "POST":
        try:
            kind_of(given["measure"])
            plan = services.plan_propose(
                pair=pair,
                by=request.user,
                behaviours=[given["behaviour_1"], given["behaviour_2"]],
                reason=given["reason"],
                support=given["support"],
                measure=given["measure"],
                cause=given["cause"] if given["cause"] in words.CAUSES else "",
                at=timezone.now(),
                today=screen.as_of,
            )
        except BokgiError as error:
            fault = error
        else:
            return _to_plan(plan)
    answer = screen.ask(ask_causes, person_id=pair.member.person_id)
    if request.method == "GET":
        given |= {"measure": answer["suggested_measure"] or "meeting", "cause": next(iter(answer["found"]), "")}
    shown = {
        "pair": pair,
        "other": selectors.other_of(request.user, pair),
        "measures": [
            (one["measure"], screen.speaker.say(one["label"])) for one in screen.ask(ask_measures)["measures"]
        ],
        "causes": [(key, screen.say(label)) for key, label in words.CAUSES.items()],
        "said": [screen.speaker.say(sentence) for sentence in answer["said"]],
        "given": given,
        "fault": fault,
    }
    return render(request, "coaching/plan_new.html", shown, status=422 if fault else 200)


_FIELDS = ("behaviour_1", "behaviour_2", "cause", "measure", "reason", "support")


@may(*SELLING)
@require_GET
def plan(request: PageRequest, plan_id: UUID) -> HttpResponse:
    """Show a plan with its measure, its checks, and what to do with it now."""
    found = selectors.plan_of(request.user, plan_id)
    screen = screen_of(request)
    return render(request, "coaching/plan.html", _shown(request, screen, found) | {"words": words})


def _shown(request: PageRequest, screen: Screen, found: Plan) -> dict[str, Any]:
    pair = found.pair
    agreed = found.coach_agreed_at if request.user.pk == pair.coach_id else found.member_agreed_at
    return {
        "one": selectors.plan_read(found),
        "pair": pair,
        "other": selectors.other_of(request.user, pair),
        "is_party": selectors.is_party(request.user, pair),
        "live": selectors.is_live(pair, screen.as_of),
        "mine": agreed is not None,
        "measure": measure_name(screen, found.measure),
        "baseline": _baseline(screen, found),
        "checks": checks_of(screen, found),
        "monday": monday_of(screen.as_of),
        "skill": _skill(found, screen.lang),
    }


def measure_name(screen: Screen, measure: str) -> str:
    """Name a measure as it is called now; its key where a stage is there no more."""
    if measure in MEASURES:
        return screen.say(MEASURES[measure])
    known = {one["measure"]: one["label"] for one in screen.ask(ask_measures)["measures"]}
    return screen.speaker.say(known[measure]) if measure in known else measure.removeprefix(STAGE)


def _baseline(screen: Screen, found: Plan) -> str:
    return "" if not found.baseline else screen.speaker.say(found.baseline["sentence"])


def checks_of(screen: Screen, found: Plan) -> list[dict[str, Any]]:
    """Give the checks of a plan that has begun: what was said, or when it will be."""
    if found.begun_on is None:
        return []
    made = {check.weeks: check for check in PlanCheck.objects.filter(plan=found)}
    out: list[dict[str, Any]] = []
    for weeks in rules.CHECK_WEEKS:
        check = made.get(weeks)
        said = [] if check is None else [screen.speaker.say(line) for line in check.result["said"]]
        on: date = rules.check_due_on(found.begun_on, weeks) if check is None else check.on
        out.append({"weeks": weeks, "on": on, "said": said})
    return out


def _skill(found: Plan, lang: str) -> RubricSkill | None:
    """Give the skill of the rubric that belongs to the stage a plan is about."""
    stage = found.measure.removeprefix(STAGE)
    return next((one for one in selectors.rubric(lang) if stage in {one.key, one.stage}), None)


@may(*SELLING)
@require_POST
def plan_agree(request: PageRequest, plan_id: UUID) -> HttpResponse:
    """Agree to a plan; its baseline is counted now."""
    found = selectors.plan_of(request.user, plan_id, writes=True)
    screen = screen_of(request)
    baseline = screen.ask(ask_baseline, person_id=found.pair.member.person_id, measure=found.measure)
    services.plan_agree(plan=found, by=request.user, baseline=baseline, at=timezone.now(), today=screen.as_of)
    return _to_plan(found)


@may(*SELLING)
@require_POST
def plan_decline(request: PageRequest, plan_id: UUID) -> HttpResponse:
    """Say no to a plan, or take one's proposal back."""
    found = selectors.plan_of(request.user, plan_id, writes=True)
    services.plan_decline(plan=found, by=request.user)
    return _to_plan(found)


@may(*SELLING)
@require_POST
def plan_end(request: PageRequest, plan_id: UUID) -> HttpResponse:
    """Bring a plan to an end with what was learned."""
    found = selectors.plan_of(request.user, plan_id, writes=True)
    services.plan_end(plan=found, by=request.user, learned=request.POST.get("learned", ""), today=today(request))
    return _to_plan(found)


@may(*SELLING)
@require_GET
def plan_pdf(request: PageRequest, plan_id: UUID) -> HttpResponse:
    """Give a plan as a paper to sign."""
    found = selectors.plan_of(request.user, plan_id)
    screen = screen_of(request)
    made = growth_plan.pdf(growth_plan.content(screen, _shown(request, screen, found)))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="growth-plan.pdf"'
    response["Cache-Control"] = "no-store"
    return response
