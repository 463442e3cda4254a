"""Pages of rounds: what is mine, making a round, criteria, the table of calibration, what staff were told."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import SMALLEST_GROUP, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language, say_refused
from bokgi.apps.evaluation import selectors, showing
from bokgi.apps.evaluation.criteria import PEER_LABELS, SHOWING_LABELS, Criteria, Kind, PeerInput, Showing
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS, ROLES, default_criteria
from bokgi.apps.evaluation.guard.patterns import Pattern, RatedForm, patterns
from bokgi.apps.evaluation.models import CriteriaVersion, DataNotice, Evaluation, Round, Template
from bokgi.apps.evaluation.reading import LEADS_ROUNDS, Side, sides
from bokgi.apps.evaluation.rules import STEP_LABELS, Step, current_step, total
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


def _round(request: PageRequest, round_id: int) -> Round:
    found = Round.objects.select_related("owner").filter(pk=round_id).first()
    if found is None or found not in selectors.rounds_of(request.user):
        raise NotFoundError("round_unknown", Message(N_("There is no such round for you.")))
    return found


@may(*WRITES)
@require_GET
def round_page(request: PageRequest, round_id: int) -> HttpResponse:
    """Show how far each form of a round is; what stands in it is opened form by form."""
    screen, found = screen_of(request), _round(request, round_id)
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
    found, given = _round(request, round_id), request.POST
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


@may(*TAKES_PART)
@require_http_methods(["GET", "POST"])
def criteria(request: PageRequest, round_id: int, of_role: str) -> HttpResponse:
    """Show the criteria of a role with all versions; who leads the round changes them, with notice once published."""
    screen = screen_of(request)
    found = Round.objects.select_related("owner").filter(pk=round_id).first()
    versions = selectors.versions_of(found, of_role) if found is not None else []
    leads = found is not None and (found.owner_id == request.user.pk or Role(request.user.role) in LEADS_ROUNDS)
    concerned = found is not None and any(
        form.role == of_role and sides(request.user, form) for form in found.evaluations.select_related("round")
    )
    shown_versions = [one for one in versions if leads or one.published_at is not None]
    if found is None or not (leads or concerned) or not shown_versions:
        raise NotFoundError("round_unknown", Message(N_("There is no such round for you.")))
    fault: BokgiError | None = None
    current = shown_versions[0]
    if request.method == "POST" and leads:
        try:
            changed = _changed(current.criteria, request.POST)
            if request.POST.get("deed") == "template":
                services.template_save(name=request.POST.get("name", ""), criteria=changed, by=request.user)
            elif current.published_at is None:
                services.criteria_save(version=current, criteria=changed, by=request.user)
            else:
                services.criteria_change(
                    current=current, criteria=changed, reason=request.POST.get("reason", ""), by=request.user
                )
        except BokgiError as error:
            fault = error
        else:
            messages.success(request, Message(N_("Saved.")).text(page_language()))
            return HttpResponseRedirect(request.path)
    shown = {
        "Field": Field,
        "screen": screen,
        "round": found,
        "role": of_role,
        "role_label": screen.say(ROLE_LABELS.get(of_role, of_role)),
        "versions": shown_versions,
        "current": current,
        "criteria": current.criteria,
        "leads": leads,
        "fault": fault,
        "peers": Field(
            "peers",
            screen.say(N_("Input of colleagues")),
            "select",
            current.criteria.peers.value,
            [(one.value, screen.say(PEER_LABELS[one])) for one in PeerInput],
            required=True,
        ),
        "showing": Field(
            "showing",
            screen.say(N_("Who sees what")),
            "select",
            current.criteria.showing.value,
            [(one.value, screen.say(SHOWING_LABELS[one])) for one in Showing],
            required=True,
        ),
    }
    return render(request, "evaluation/criteria.html", shown, status=422 if fault else 200)


def _changed(now: Criteria, given: Any) -> Criteria:  # noqa: ANN401 - a QueryDict
    def number(name: str, kept: int) -> int:
        text = str(given.get(name) or "").strip()
        return int(text) if text.isdigit() else kept

    changed = now.with_weights(
        {part.key: number(f"weight-{part.key}", part.weight) for part in now.parts},
        {part.key: number(f"cap-{part.key}", part.cap) for part in now.parts},
    )
    return Criteria(
        now.role,
        changed.parts,
        number("most_results", now.most_results),
        PeerInput(given.get("peers") or now.peers)
        if (given.get("peers") or now.peers) in set(PeerInput)
        else now.peers,
        Showing(given.get("showing") or now.showing)
        if (given.get("showing") or now.showing) in set(Showing)
        else now.showing,
    )


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
    screen, found = screen_of(request), _round(request, round_id)
    calibrates = found.owner_id == request.user.pk or Role(request.user.role) is Role.LEADER
    if not calibrates:
        # Sales operations sees how far forms are, a manager the own drafts: neither what stands in the others'.
        raise NotFoundError("round_unknown", Message(N_("There is no such round for you.")))
    if request.method == "POST":
        try:
            form = selectors.evaluation_for(request.user, int(request.POST.get("evaluation") or 0))
            after = request.POST.get("after", "")
            services.rating_calibrate(
                evaluation=form,
                part=request.POST.get("part", ""),
                after=int(after) if after.isdigit() else None,
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
            (names.get(form.person_id, form.person_id), change) for form in forms for change in form.calibrations.all()
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
        Cell(screen.say(N_("1 · 2 · 3 · 4 · 5"))),
        Cell(screen.say(N_("how many"))),
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
