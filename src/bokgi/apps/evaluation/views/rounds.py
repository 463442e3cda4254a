"""Pages of rounds: what is mine, making a round, its steps, what staff were told."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language, say_refused
from bokgi.apps.evaluation import selectors, showing
from bokgi.apps.evaluation.criteria import Criteria
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS, ROLES, default_criteria
from bokgi.apps.evaluation.models import CriteriaVersion, DataNotice, Evaluation, Round, Template
from bokgi.apps.evaluation.reading import LEADS_ROUNDS, Side, sides
from bokgi.apps.evaluation.rules import STEP_LABELS, Step, current_step
from bokgi.apps.evaluation.services import rounds as services
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_date
from bokgi.ui.blocks import Badge, Cell, Column, Field, Table

TAKES_PART = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)
LEADS = (Role.ADMIN, Role.LEADER)
WRITES = (Role.ADMIN, Role.LEADER, Role.MANAGER)
_MANAGERS = frozenset({"manager", "팀장", "team lead", "lead", "리더"})
_OUT = "-"


@may(*TAKES_PART)
@require_GET
def index(request: PageRequest) -> HttpResponse:
    """Show what waits for me, my own evaluations, and the rounds I lead or write in."""
    screen = screen_of(request)
    names = showing.names_in(screen)
    mine = [(one, showing.step_label(screen, one)) for one in selectors.evaluations_of(request.user)]
    writing = [
        (found, [(one, names.get(one.person_id, one.person_id), showing.step_label(screen, one)) for one in forms])
        for found in selectors.rounds_of(request.user)
        if (forms := [one for one in selectors.evaluations_written_by(request.user, found) if _writes(request, one)])
    ]
    shown = {
        "Field": Field,
        "screen": screen,
        "mine": mine,
        "writing": writing,
        "rounds": selectors.rounds_of(request.user) if Role(request.user.role) in LEADS_ROUNDS else [],
        "asked": [
            (one, names.get(one.evaluation.person_id, one.evaluation.person_id))
            for one in selectors.peer_requests_of(request.user)
        ],
        "notice": selectors.notice_waiting(request.user),
        "may_lead": Role(request.user.role) in LEADS_ROUNDS,
    }
    return render(request, "evaluation/index.html", shown)


def _writes(request: PageRequest, one: Evaluation) -> bool:
    return Side.MANAGER in sides(request.user, one)


@may(*LEADS)
@require_http_methods(["GET", "POST"])
def round_new(request: PageRequest) -> HttpResponse:
    """Make a round: its period, who takes part in which role, which criteria each role begins with."""
    screen = screen_of(request)
    people = _members(screen)
    fault: BokgiError | None = None
    given: Any = request.POST
    if request.method == "POST":
        try:
            made = _create(request, people)
        except BokgiError as error:
            fault = error
        else:
            return HttpResponseRedirect(reverse("evaluation:round", kwargs={"round_id": made.pk}))
    shown = {
        "Field": Field,
        "screen": screen,
        "people": [
            (row, given.get(f"role-{row['person_id']}") or _role_guess(row["role"]), row["person_id"]) for row in people
        ],
        "roles": [(role, screen.say(ROLE_LABELS[role])) for role in ROLES],
        "templates": [("", screen.say(N_("Default"))), *((str(one.pk), one.name) for one in Template.objects.all())],
        "given": given,
        "fault": fault,
        "out": _OUT,
    }
    return render(request, "evaluation/round_new.html", shown, status=422 if fault else 200)


def _members(screen: Screen) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for row in screen.roster:
        rows.setdefault(row["person_id"], row)
    return sorted(rows.values(), key=lambda row: (row["team"] or "", row["name"] or "", row["person_id"]))


def _role_guess(role: str | None) -> str:
    known = {one.casefold(): one for one in ROLES}
    told = (role or "").casefold()
    return known.get(told, "manager" if told in _MANAGERS else "AE")


def _create(request: PageRequest, people: list[dict[str, Any]]) -> Round:
    given = request.POST
    taking = [(row, role) for row in people if (role := given.get(f"role-{row['person_id']}", _OUT)) in ROLES]
    managers = {user.person_id: user for user in User.objects.filter(is_active=True).exclude(person_id="")}
    criteria = {}
    for role in {role for _, role in taking}:
        chosen = given.get(f"template-{role}", "")
        template = Template.objects.filter(pk=chosen).first() if chosen.isdigit() else None
        begun = default_criteria(role) if template is None else template.criteria
        criteria[role] = Criteria(role, begun.parts, begun.most_results, begun.peers, begun.showing)
    return services.round_create(
        name=given.get("name", ""),
        start_on=read_date(given.get("start_on", "")),
        end_on=read_date(given.get("end_on", "")),
        participants=[
            services.Participant(row["person_id"], role, managers.get(row["manager_id"] or "")) for row, role in taking
        ],
        criteria=criteria,
        by=request.user,
    )


def round_of(request: PageRequest, round_id: int) -> Round:
    """Open a round for who leads it or writes in it; `NotFoundError` (`round_unknown`) for everybody else."""
    found = Round.objects.select_related("owner").filter(pk=round_id).first()
    if found is None or found not in selectors.rounds_of(request.user):
        raise NotFoundError("round_unknown", Message(N_("There is no such round for you.")))
    return found


@may(*WRITES)
@require_GET
def round_page(request: PageRequest, round_id: int) -> HttpResponse:
    """Show how far each form of a round is; what stands in it is opened form by form."""
    screen, found = screen_of(request), round_of(request, round_id)
    names = showing.names_in(screen, found)
    forms = selectors.evaluations_written_by(request.user, found)
    dues = {(due.evaluation_id, due.step): due.due_on for form in forms for due in form.dues.all()}
    rows = []
    for form in forms:
        step = current_step(selectors.progress_of(form))
        due = dues.get((form.pk, step.value))
        late = due is not None and due < screen.as_of and step is not Step.CLOSED
        rows.append(
            [
                Cell(
                    names.get(form.person_id, form.person_id),
                    href=reverse("evaluation:form", kwargs={"evaluation_id": form.pk})
                    if sides(request.user, form)
                    else "",
                    strong=True,
                ),
                Cell(screen.say(ROLE_LABELS.get(form.role, form.role))),
                Cell(form.manager.name if form.manager else (found.owner.name if found.owner else "–")),
                Cell(
                    screen.say(STEP_LABELS[step]),
                    badge=Badge(screen.say(N_("late")), "warn", "clock") if late else None,
                ),
                Cell("–" if due is None else screen.speaker.day_short(due.isoformat())),
            ]
        )
    columns = [N_("Person"), N_("Role"), N_("Manager"), N_("Next step"), N_("Due on")]
    table = Table(screen.say(N_("Forms")), [Column(screen.say(one)) for one in columns], rows, hidden_caption=True)
    leads = found.owner_id == request.user.pk or Role(request.user.role) in LEADS_ROUNDS
    shown = {
        "Field": Field,
        "screen": screen,
        "round": found,
        "table": table,
        "leads": leads,
        "versions": _versions(found),
        "role_labels": ROLE_LABELS,
        "counts": Counter(screen.say(STEP_LABELS[current_step(selectors.progress_of(form))]) for form in forms),
        "drafts": sum(form.drafted_at is not None and form.calibrated_at is None for form in forms),
        "calibrates": found.owner_id == request.user.pk or Role(request.user.role) is Role.LEADER,
        "last_day": found.end_on,
    }
    return render(request, "evaluation/round.html", shown)


def _versions(found: Round) -> list[tuple[str, list[CriteriaVersion]]]:
    roles = sorted(set(found.versions.values_list("role", flat=True)))
    return [(role, selectors.versions_of(found, role)) for role in roles]


@may(*WRITES)
@require_POST
def round_act(request: PageRequest, round_id: int, deed: str) -> HttpResponse:
    """Do something with a round: publish criteria, end calibration, close it, say how long it is kept."""
    found, given = round_of(request, round_id), request.POST
    try:
        if deed == "publish":
            version = found.versions.filter(pk=given.get("version") or 0).first()
            if version is not None:
                services.criteria_publish(version=version, by=request.user)
        elif deed == "calibrated":
            services.calibration_end(found=found, by=request.user)
        elif deed == "close":
            services.round_close(found=found, by=request.user)
        elif deed == "keep":
            services.retention_set(found=found, until=read_date(given.get("until", "")), by=request.user)
        elif deed == "attributes":
            lines = [line.rsplit(",", 1) for line in given.get("values", "").splitlines() if "," in line]
            names = {name: key for key, name in showing.names_in(screen_of(request), found).items()}
            values = {names.get(who.strip(), who.strip()): value for who, value in lines}
            services.bias_attributes_set(found=found, name=given.get("name", ""), values=values, by=request.user)
    except BokgiError as error:
        say_refused(request, error)
    else:
        messages.success(request, Message(N_("Saved.")).text(page_language()))
    back = "evaluation:calibration" if deed == "attributes" else "evaluation:round"
    return HttpResponseRedirect(reverse(back, kwargs={"round_id": found.pk}))


@may(*TAKES_PART, Role.VIEWER)
@require_http_methods(["GET", "POST"])
def notices(request: PageRequest) -> HttpResponse:
    """Show what staff were told about the use of their data, and who has read which version when."""
    leads = Role(request.user.role) in LEADS_ROUNDS
    if request.method == "POST":
        try:
            if request.POST.get("deed") == "read":
                newest = DataNotice.objects.first()
                if newest is not None:
                    services.notice_read(notice=newest, by=request.user)
            elif leads:
                services.notice_publish(text=request.POST.get("text", ""), by=request.user)
        except BokgiError as error:
            say_refused(request, error)
        return HttpResponseRedirect(reverse("evaluation:notices"))
    found = list(DataNotice.objects.prefetch_related("readings__user"))
    shown = {
        "Field": Field,
        "screen": screen_of(request),
        "notices": found,
        "waiting": selectors.notice_waiting(request.user),
        "leads": leads,
        "people": User.objects.filter(is_active=True).count() if leads else 0,
    }
    return render(request, "evaluation/notices.html", shown)
