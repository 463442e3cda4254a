"""The page of calibration: everybody rated in one table, and what the round as a whole shows."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from bokgi.apps.access.permissions import SMALLEST_GROUP
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given, say_refused
from bokgi.apps.evaluation import selectors, showing
from bokgi.apps.evaluation.criteria import Kind
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS
from bokgi.apps.evaluation.guard.patterns import Pattern, RatedForm, patterns
from bokgi.apps.evaluation.models import Evaluation, Round
from bokgi.apps.evaluation.reading import Side, round_calibrated, sides
from bokgi.apps.evaluation.rules import total
from bokgi.apps.evaluation.services import rounds as services
from bokgi.apps.evaluation.views.rounds import WRITES, round_of
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_
from bokgi.ui.blocks import Cell, Column, Field, Table

_PATTERN_LABELS = {
    "follows_raw": N_("Follows raw results"),
    "halo": N_("One impression for all parts"),
    "middle": N_("Everybody in the middle"),
    "lenient": N_("Higher than others"),
    "strict": N_("Lower than others"),
    "group:team": N_("Team"),
    "group:tenure": N_("Time in the company"),
}


@may(*WRITES)
@require_http_methods(["GET", "POST"])
def calibration(request: PageRequest, round_id: int) -> HttpResponse:
    """Show the drafts of all managers in one table, how ratings are distributed, and what the guard sees in them."""
    screen, found = screen_of(request), round_of(request, round_id)
    # Sales operations sees how far forms are, a manager the own drafts: neither what stands in the others'.
    round_calibrated(request.user, found)
    if request.method == "POST":
        try:
            form = selectors.evaluation_for(request.user, key_given(request.POST.get("evaluation")))
            after = showing.rating_given(request.POST.get("after", ""))
            services.rating_calibrate(
                evaluation=form,
                part=request.POST.get("part", ""),
                after=after,
                reason=request.POST.get("reason", ""),
                by=request.user,
            )
        except BokgiError as error:
            say_refused(request, error)
        return HttpResponseRedirect(request.path)
    names = showing.names_in(screen, found)
    forms = [
        form
        for form in selectors.evaluations_written_by(request.user, found)
        if form.drafted_at is not None and Side.PERSON not in sides(request.user, form)
    ]
    rated = _rated(screen, found, forms)
    shown = {
        "Field": Field,
        "screen": screen,
        "round": found,
        "tables": [_calibration_table(screen, role, forms, names) for role in sorted({form.role for form in forms})],
        "forms": [(form.pk, names.get(form.person_id, form.person_id)) for form in forms if form.calibrated_at is None],
        "parts": sorted(
            {(part.key, screen.say(part.name)) for form in forms for part in selectors.criteria_of(form).parts}
        ),
        "patterns": [_pattern_row(screen, one) for one in patterns(rated)],
        "waiting": found.evaluations.filter(drafted_at=None).count(),
        "smallest": SMALLEST_GROUP,
        "changes": [
            (
                names.get(form.person_id, form.person_id),
                showing.part_name(screen, selectors.criteria_of(form), change.part) or change.part,
                change,
            )
            for form in forms
            for change in form.calibrations.all()
        ],
    }
    return render(request, "evaluation/calibration.html", shown)


def _rated(screen: Screen, found: Round, forms: list[Evaluation]) -> list[RatedForm]:
    results = showing.results_in(screen, found)
    made = []
    for form in forms:
        criteria_now = selectors.criteria_of(form)
        summed = total(criteria_now, form.ratings)
        standing = selectors.standing_of(results, form.person_id)
        row = selectors.result_of(results, form.person_id) or {"memberships": []}
        groups = {one.name: one.value for one in form.bias_attributes.all()}
        members = row["memberships"]
        if members:
            groups["team"] = members[-1]["team"] or "–"
            begun = min((one["started_on"] for one in members if one["started_on"]), default=None)
            if begun is not None:
                year = (found.start_on - date.fromisoformat(begun)).days < 365  # noqa: PLR2004 - a year
                groups["tenure"] = screen.say(N_("less than a year") if year else N_("a year or more"))
        key = next((part.key for part in criteria_now.parts if part.kind is Kind.RESULTS), "")
        manager = form.manager or found.owner
        made.append(
            RatedForm(
                manager="–" if manager is None else manager.name,
                total=None if summed is None else float(summed.score),
                ratings={key: value for key, value in form.ratings.items() if value is not None},
                results_rating=form.ratings.get(key),
                raw=None if standing is None else standing.raw,
                ratio=None if standing is None else standing.ratio,
                groups=groups,
            )
        )
    return made


def _calibration_table(screen: Screen, role: str, forms: list[Evaluation], names: dict[str, str]) -> Table:
    here = [form for form in forms if form.role == role]
    parts = selectors.criteria_of(here[0]).parts
    columns = [
        Column(screen.say(N_("Person"))),
        Column(screen.say(N_("Manager"))),
        *(Column(f"{screen.say(part.name)} {part.weight}%", "right") for part in parts),
        Column(screen.say(N_("Total")), "right"),
    ]
    rows = []
    for form in here:
        summed = total(selectors.criteria_of(form), form.ratings)
        manager = form.manager or form.round.owner
        rows.append(
            [
                Cell(
                    names.get(form.person_id, form.person_id),
                    href=reverse("evaluation:form", kwargs={"evaluation_id": form.pk}),
                    strong=True,
                ),
                Cell("–" if manager is None else manager.name),
                *(Cell(str(form.ratings.get(part.key) or "–")) for part in parts),
                Cell("–" if summed is None else str(summed.score), strong=True),
            ]
        )
    spread = [
        Cell(screen.say(N_("How many have each rating"))),
        Cell("1 · 2 · 3 · 4 · 5"),
        *(
            Cell(" · ".join(str(sum(form.ratings.get(part.key) == point for form in here)) for point in range(1, 6)))
            for part in parts
        ),
        Cell(""),
    ]
    return Table(screen.say(ROLE_LABELS.get(role, role)), columns, rows, foot=[spread], hidden_caption=True)


def _pattern_row(screen: Screen, one: Pattern) -> dict[str, Any]:
    label = _PATTERN_LABELS.get(one.code)
    return {
        "label": screen.say(label) if label else one.code.removeprefix("group:"),
        "about": one.about,
        "n": one.n,
        "found": screen.speaker.message(one.found),
        "is_flagged": one.is_flagged,
        "resolve": screen.speaker.message(one.resolve) if one.resolve is not None and one.is_flagged else "",
    }
