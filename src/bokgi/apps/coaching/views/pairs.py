"""Pages of pairs: whom one talks with, what the two have, what is passed on, the own record."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access.asking import today, viewer_of
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import SELLING
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given, page_language
from bokgi.apps.coaching import record, rules, selectors, services
from bokgi.apps.coaching.models import OneOnOne, Pair, Plan, PlanState
from bokgi.apps.coaching.views import words
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message


def to_pair(pair: Pair) -> HttpResponse:
    """Go to the page of a pair."""
    return HttpResponseRedirect(reverse("coaching:pair", kwargs={"pair_id": pair.pk}))


@may(*SELLING)
@require_GET
def index(request: PageRequest) -> HttpResponse:
    """List with whom one has 1:1s, and begin them with somebody."""
    on = today(request)
    pairs = list(selectors.pairs_of(request.user))
    leads = viewer_of(request).role in rules.COACHES
    there = {pair.member_id for pair in pairs if pair.coach_id == request.user.pk}
    shown = {
        "rows": _rows(request.user, pairs),
        "leads": leads,
        "may_begin": [one for one in selectors.may_be_coached(request.user, on) if one.pk not in there]
        if leads
        else [],
        "people": _people(request) if leads else [],
        "passed": list(selectors.pairs_passed_to(request.user)),
        "words": words,
    }
    return render(request, "coaching/index.html", shown)


def _people(request: PageRequest) -> list[tuple[str, str]]:
    try:
        return list(screen_of(request).people.items())
    except NotFoundError:
        return []


def _rows(user: User, pairs: list[Pair]) -> list[dict[str, Any]]:
    """Give each pair with its next open 1:1 and the plan that is proposed or runs, the first to act on on top."""
    keys = [pair.pk for pair in pairs]
    talks = OneOnOne.objects.filter(pair__in=keys, closed_at=None).order_by("-on")
    latest = {talk.pair_id: talk for talk in talks}
    plans = Plan.objects.filter(pair__in=keys, state__in=[PlanState.PROPOSED, PlanState.RUNNING])
    plan_of = {plan.pair_id: plan for plan in plans}
    rows = []
    for pair in pairs:
        plan = plan_of.get(pair.pk)
        coaches = pair.coach_id == user.pk
        agreed = plan is not None and (plan.coach_agreed_at if coaches else plan.member_agreed_at) is not None
        rows.append(
            {
                "pair": pair,
                "other": selectors.other_of(user, pair),
                "coaches": coaches,
                "next": latest.get(pair.pk),
                "plan": plan,
                "waits": plan is not None and plan.state == PlanState.PROPOSED and not agreed,
            }
        )
    far = date.max
    return sorted(rows, key=lambda row: (not row["waits"], row["next"].on if row["next"] else far))


_SHOWN: Final = 5
"""So many 1:1s and plans of a pair stand on a person's page."""


@may(*SELLING)
@require_GET
def with_person(request: PageRequest, person_id: str) -> HttpResponse:
    """Show the 1:1s and plans of a person with who looks, as a part of the person's page; for nobody else any."""
    found = selectors.pairs_of(request.user).filter(member__person_id=person_id)
    told = [
        {
            "pair": pair,
            "other": selectors.other_of(request.user, pair),
            "talks": list(pair.one_on_ones.all()[:_SHOWN]),
            "plans": [selectors.plan_read(plan) for plan in pair.plans.select_related("pair")[:_SHOWN]],
        }
        for pair in found
    ]
    return render(request, "coaching/with_person.html", {"pairs": told, "today": today(request), "words": words})


@may(*SELLING)
@require_POST
def pair_begin(request: PageRequest) -> HttpResponse:
    """Begin 1:1s with somebody."""
    found = User.objects.filter(pk=key_given(request.POST.get("member"))).first()
    if found is None:
        raise UsageError("not_coached", Message(N_("This is nobody you coach.")))
    return to_pair(services.pair_begin(coach=request.user, member=found, on=today(request)))


@may(*SELLING)
@require_GET
def pair(request: PageRequest, pair_id: UUID) -> HttpResponse:
    """Show the 1:1s and plans of two people, and who else may read them."""
    found = selectors.pair_of(request.user, pair_id)
    on = today(request)
    passed = list(User.objects.filter(pk__in=found.passed_on.values("to")).order_by("name"))
    plans = [selectors.plan_read(plan) for plan in found.plans.select_related("pair")]
    shown = {
        "pair": found,
        "other": selectors.other_of(request.user, found),
        "live": selectors.is_live(found, on),
        "is_party": selectors.is_party(request.user, found),
        "talks": list(found.one_on_ones.all()),
        "plans": plans,
        "passed": passed,
        "coaches": _other_coaches(found, passed, on) if request.user.pk == found.member_id else [],
        "today": on,
        "words": words,
    }
    return render(request, "coaching/pair.html", shown)


def _other_coaches(found: Pair, passed: list[User], on: date) -> list[User]:
    """List who else coaches the person now."""
    keys = {user.pk for user in passed} | {found.coach_id, found.member_id}
    users = User.objects.filter(is_active=True, role__in=[role.value for role in rules.COACHES]).exclude(pk__in=keys)
    member = found.member.person_id
    return [user for user in users.order_by("name") if rules.may_coach(selectors.viewer_on(user, on), member)]


@may(*SELLING)
@require_POST
def papers_pass_on(request: PageRequest, pair_id: UUID) -> HttpResponse:
    """Let somebody who coaches one now read the papers."""
    found = selectors.pair_of(request.user, pair_id, writes=True)
    to = get_object_or_404(User, pk=key_given(request.POST.get("to")))
    services.papers_pass_on(pair=found, to=to, by=request.user, at=timezone.now(), today=today(request))
    return to_pair(found)


@may(*SELLING)
@require_POST
def papers_take_back(request: PageRequest, pair_id: UUID) -> HttpResponse:
    """End that somebody reads the papers."""
    found = selectors.pair_of(request.user, pair_id, writes=True)
    to = get_object_or_404(User, pk=key_given(request.POST.get("to")))
    services.papers_take_back(pair=found, to=to, by=request.user)
    return to_pair(found)


@may(*SELLING)
@require_GET
def own_record(request: PageRequest) -> HttpResponse:
    """Give everything of one's own 1:1s and plans as one file."""
    text = record.written(selectors.record_of(request.user), request.user, page_language(), today(request))
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="bokgi-coaching.md"'
    response["Cache-Control"] = "no-store"
    return response
