"""Pages of rounds: what is mine, making a round, its steps, what staff were told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given, page_language, say_refused
from bokgi.apps.evaluation import selectors, showing
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS, ROLES
from bokgi.apps.evaluation.models import CriteriaVersion, DataNotice, Due, Evaluation, Round, Template
from bokgi.apps.evaluation.reading import LEADS_ROUNDS, Side, calibrates, sides
from bokgi.apps.evaluation.rules import STEP_LABELS, Step, current_step
from bokgi.apps.evaluation.services import notices as notices_of
from bokgi.apps.evaluation.services import rounds as services
from bokgi.apps.evaluation.services.participants import has_words, participants_set
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
        "roles": role_options(screen),
        "templates": [
            (_OUT, screen.say(N_("Default"))),
            *((str(one.pk), one.name) for one in Template.objects.filter(is_default=False)),
        ],
        "given": given,
        "fault": fault,
        "out": _OUT,
    }
    return render(request, "evaluation/round_new.html", shown, status=422 if fault else 200)


def role_options(screen: Screen) -> list[tuple[str, str]]:
    """List the roles there are criteria for, ours in the language of the reader."""
    return [(role, screen.say(ROLE_LABELS[role]) if role in ROLES else role) for role in selectors.roles_known()]


def _members(screen: Screen) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for row in screen.roster:
        rows.setdefault(row["person_id"], row)
    return sorted(rows.values(), key=lambda row: (row["team"] or "", row["name"] or "", row["person_id"]))


def _role_guess(role: str | None) -> str:
    known = {one.casefold(): one for one in selectors.roles_known()}
    told = (role or "").casefold()
    return known.get(told, "manager" if told in _MANAGERS else "AE")


def _create(request: PageRequest, people: list[dict[str, Any]]) -> Round:
    given, known = request.POST, set(selectors.roles_known())
    taking = [(row, role) for row in people if (role := given.get(f"role-{row['person_id']}", _OUT)) in known]
    managers = {user.person_id: user for user in User.objects.filter(is_active=True).exclude(person_id="")}
    criteria = {}
    for role in {role for _, role in taking}:
        chosen = given.get(f"template-{role}", "")
        template = Template.objects.filter(pk=key_given(chosen)).first()
        begun = selectors.criteria_to_begin(role) if template is None else template.criteria
        criteria[role] = replace(begun, role=role)
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
    due_steps = {step for _, step in dues}
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
        "calibrates": calibrates(request.user, found),
        "days": _days(screen, found) if leads else [],
        "steps": [(one.value, screen.say(STEP_LABELS[one])) for one in Step if one.value in due_steps],
    }
    return render(request, "evaluation/round.html", shown)


def _days(screen: Screen, found: Round) -> list[tuple[str, str]]:
    """List the steps with the day they are due on, from the first to the last where forms differ."""
    days: dict[str, set[date]] = {}
    for step, on in Due.objects.filter(evaluation__round=found).values_list("step", "due_on"):
        days.setdefault(step, set()).add(on)
    told = []
    for step in Step:
        if step.value in days:
            ends = dict.fromkeys([min(days[step.value]), max(days[step.value])])
            told.append(
                (screen.say(STEP_LABELS[step]), " – ".join(screen.speaker.day_short(one.isoformat()) for one in ends))
            )
    return told


@may(*LEADS)
@require_http_methods(["GET", "POST"])
def round_people(request: PageRequest, round_id: int) -> HttpResponse:
    """Say who takes part in a round, in which role, and who writes; also in the middle, when somebody comes or goes."""
    screen, found = screen_of(request), round_of(request, round_id)
    writers = [user for user in User.objects.filter(is_active=True).order_by("name") if Role(user.role) in WRITES]
    forms = {one.person_id: one for one in found.evaluations.select_related("manager", "round")}
    names = showing.names_in(screen, found)
    rows = {row["person_id"]: row for row in _members(screen)}
    fault: BokgiError | None = None
    if request.method == "POST":
        try:
            participants_set(found=found, wanted=_wanted(request, {*rows, *forms}, writers), by=request.user)
        except BokgiError as error:
            fault = error
        else:
            messages.success(request, Message(N_("Saved.")).text(page_language()))
            return HttpResponseRedirect(reverse("evaluation:round", kwargs={"round_id": found.pk}))
    of_person = {user.person_id: user.pk for user in writers if user.person_id}
    people = []
    for person in sorted({*rows, *forms}, key=lambda one: (one not in forms, names.get(one, one), one)):
        form, row = forms.get(person), rows.get(person, {})
        manager = form.manager_id if form is not None else of_person.get(row.get("manager_id") or "")
        people.append(
            {
                "person_id": person,
                "name": names.get(person, person),
                "team": row.get("team") or "–",
                "role": request.POST.get(f"role-{person}") or (form.role if form is not None else _OUT),
                "manager": request.POST.get(f"manager-{person}") or str(manager or ""),
                "stays": form is not None and has_words(form),
            }
        )
    owner = "–" if found.owner is None else found.owner.name
    shown = {
        "screen": screen,
        "round": found,
        "people": people,
        "roles": role_options(screen),
        "writers": [("", screen.say(N_("{name}, for the round"), name=owner)), *((str(u.pk), u.name) for u in writers)],
        "out": _OUT,
        "fault": fault,
    }
    return render(request, "evaluation/round_people.html", shown, status=422 if fault else 200)


def _wanted(request: PageRequest, people: set[str], writers: list[User]) -> list[services.Participant]:
    given, known = request.POST, set(selectors.roles_known())
    by_key = {str(user.pk): user for user in writers}
    return [
        services.Participant(person, role, by_key.get(given.get(f"manager-{person}", "")))
        for person in sorted(people)
        if (role := given.get(f"role-{person}", _OUT)) in known
    ]


def _versions(found: Round) -> list[tuple[str, list[CriteriaVersion]]]:
    roles = sorted(set(found.versions.values_list("role", flat=True)))
    return [(role, selectors.versions_of(found, role)) for role in roles]


def _attributes(request: PageRequest, found: Round) -> None:
    lines = [line.rsplit(",", 1) for line in request.POST.get("values", "").splitlines() if "," in line]
    names = {name: key for key, name in showing.names_in(screen_of(request), found).items()}
    values = {names.get(who.strip(), who.strip()): value for who, value in lines}
    services.bias_attributes_set(found=found, name=request.POST.get("name", ""), values=values, by=request.user)


@may(*WRITES)
@require_POST
def round_act(request: PageRequest, round_id: int, deed: str) -> HttpResponse:
    """Do something with a round: publish criteria, end calibration, close it, say how long it is kept."""
    found, given = round_of(request, round_id), request.POST
    try:
        if deed == "publish":
            version = found.versions.filter(pk=key_given(given.get("version"))).first()
            if version is not None:
                services.criteria_publish(version=version, by=request.user)
        elif deed == "calibrated":
            services.calibration_end(found=found, by=request.user)
        elif deed == "close":
            services.round_close(found=found, by=request.user)
        elif deed == "keep":
            services.retention_set(found=found, until=read_date(given.get("until", "")), by=request.user)
        elif deed == "due" and given.get("step", "") in set(Step):
            step = Step(given["step"])
            services.due_set(found=found, step=step, on=read_date(given.get("on", "")), by=request.user)
        elif deed == "attributes":
            _attributes(request, found)
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
                    notices_of.notice_read(notice=newest, by=request.user)
            elif leads:
                notices_of.notice_publish(text=request.POST.get("text", ""), by=request.user)
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
