"""Pages of evidence: the cause of a result, and what became of the plans that were tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bokgi.analysis.coaching_check import LEAST_PLANS, Ledger, coaching_ledger
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import SELLING
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.coaching import rules, selectors
from bokgi.apps.coaching.models import Plan, PlanCheck, PlanState
from bokgi.apps.coaching.record import CLOSED
from bokgi.apps.coaching.views import words
from bokgi.apps.coaching.views.plans import measure_name
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.domain.errors import NotFoundError
from bokgi.domain.measures import Between, Points, Rate
from bokgi.domain.messages import N_, Message
from bokgi.questions.asked import Json
from bokgi.questions.causes import ask_causes
from bokgi.questions.causes_told import STATE_NAMES
from bokgi.questions.coaching import kind_of
from bokgi.ui.blocks import Badge, Cell, Column, Table
from bokgi.ui.format import MoneyColumn

_ICONS: Final = {"sign": "warning", "unclear": "info", "no_sign": "check", "too_few": "info"}
_TONES: Final = {"sign": "accent", "unclear": "same", "no_sign": "dim", "too_few": "few"}
_LAST: Final = rules.CHECK_WEEKS[-1]


@may(*SELLING)
@require_GET
def causes(request: PageRequest, person_id: str) -> HttpResponse:
    """Show what may stand behind a person's result, with the evidence for and against each cause."""
    screen = screen_of(request)
    if not screen.viewer.sees_person(person_id):
        # As if there were nobody: who works here is nobody else's business.
        raise NotFoundError("person_unknown", Message(N_("There is nobody called “{who}”."), {"who": person_id}))
    answer = screen.ask(ask_causes, person_id=person_id)
    if answer["team"] is None and answer["result"]["reason"] is not None:
        raise NotFoundError("person_unknown", Message(N_("There is nobody called “{who}”."), {"who": person_id}))
    shown = {
        "screen": screen,
        "answer": answer,
        "causes": [_cause(screen, one) for one in answer["causes"]],
        "asks": [screen.speaker.say(sentence) for sentence in answer["open_questions"]],
        "parts": _parts(screen, answer["against_colleagues"], screen.say(N_("Beside the average colleague"))),
        "before": _parts(screen, answer["against_before"], screen.say(N_("Beside the half year before"))),
    }
    return render(request, "coaching/causes.html", shown)


def _cause(screen: Screen, cause: Json) -> dict[str, Any]:
    return {
        "title": _begun(screen.speaker.say(cause["label"])),
        "badge": Badge(screen.say(STATE_NAMES[cause["state"]]), _TONES[cause["state"]]),  # type: ignore[arg-type]  # tones of Badge
        "lines": [
            {"text": screen.speaker.say(one["sentence"]), "icon": _ICONS[one["state"]]} for one in cause["signals"]
        ],
    }


def _parts(screen: Screen, found: Json | None, caption: str) -> Table | None:
    """List the parts of a difference, which add up to it."""
    if found is None:
        return None
    speaker, say = screen.speaker, screen.say
    rows = [*found["parts"]]
    unit = speaker.money_column([row["amount"] for row in rows] + [found["whole"]])
    columns = [Column(say(N_("Part"))), Column(say(N_("Amount, {unit}"), unit=unit.label), "right")]
    columns.append(Column(say(N_("By chance")), unseen=True))
    cells = [
        [
            Cell(_begun(speaker.say(row["label"]))),
            Cell(_signed(unit, row["amount"]), sub=_ends(screen, unit, row)),
            Cell(badge=Badge(say(N_("chance")), "same") if row["by_chance"] else None),
        ]
        for row in rows
        if _number(row["amount"])
    ]
    foot = [[Cell(say(N_("Difference")), strong=True), Cell(_signed(unit, found["whole"]), strong=True), Cell("")]]
    return Table(caption, columns, cells, foot=foot, hidden_caption=True)


def _begun(words: str) -> str:
    """Begin a title with a capital where the words of a sentence have none."""
    return words[:1].upper() + words[1:]


def _number(amount: Json) -> float:
    return float(amount["amount"])


def _ends(screen: Screen, unit: MoneyColumn, row: Json) -> str:
    """Write the interval in which chance puts a part; nothing for one that is given."""
    if row["low"] is None or row["high"] is None:
        return ""
    low, high = (unit.cell(Decimal(row[end]["amount"])) for end in ("low", "high"))
    return screen.speaker.ends(low, high)


def _signed(unit: MoneyColumn, amount: Json) -> str:
    value = Decimal(amount["amount"])
    text = unit.cell(value)
    return f"+{text}" if value > 0 else text


@may(*SELLING)
@require_GET
def ledger(request: PageRequest) -> HttpResponse:
    """Show what became of the plans one may read, and what all plans have in common where that reveals nobody's."""
    screen = screen_of(request)
    mine = _readable(request.user)
    shown = {"own": _own(screen, mine), "sums": _sums(screen, mine)}
    return render(request, "coaching/ledger.html", shown)


def _readable(user: User) -> list[Plan]:
    keys = [pair.pk for pair in selectors.pairs_of(user)]
    plans = Plan.objects.filter(pair__in=keys, begun_on__isnull=False).select_related("pair__member", "pair__coach")
    return list(plans.prefetch_related("checks"))


def _own(screen: Screen, plans: list[Plan]) -> Table:
    say = screen.say
    columns = [
        Column(say(N_("Person"))),
        Column(say(N_("Behaviour"))),
        Column(say(N_("Measure"))),
        Column(say(N_("State"))),
        Column(say(N_("What it showed"))),
    ]
    rows = []
    for plan in plans:
        opened = selectors.plan_read(plan)
        checks = list(plan.checks.all())
        said = screen.speaker.say(checks[-1].result["said"][-1]) if checks else say(N_("not looked at yet"))
        rows.append(
            [
                Cell(plan.pair.member.name, href=f"/coaching/plans/{plan.pk}/", strong=True),
                Cell(" · ".join(opened.behaviours) if opened.opens else say(CLOSED), sub=opened.learned),
                Cell(measure_name(screen, plan.measure)),
                Cell(say(words.PLAN_STATES[plan.state])),
                Cell(said),
            ]
        )
    empty = say(N_("There is no plan of yours that has begun."))
    return Table(say(N_("Plans that you may read")), columns, rows, hidden_caption=True, empty=empty)


def _sums(screen: Screen, mine: list[Plan]) -> list[dict[str, str]]:
    """Sum plans of one measure up; plans of too few other people stay out, so that nobody's shows."""
    checks = PlanCheck.objects.filter(weeks=_LAST).exclude(plan__state=PlanState.DECLINED)
    found: dict[str, list[PlanCheck]] = {}
    for check in checks.select_related("plan__pair").order_by("pk"):
        if check.result.get("effect") is not None:
            found.setdefault(check.plan.measure, []).append(check)
    readable = {plan.pk for plan in mine}
    out = []
    for measure, of_measure in sorted(found.items()):
        others = {check.plan.pair.member_id for check in of_measure if check.plan_id not in readable}
        counted = (
            of_measure if rules.ledger_shows_others(len(others)) else [c for c in of_measure if c.plan_id in readable]
        )
        if not counted:
            continue
        effects = [(check.result["effect"], check.result["error"]) for check in counted]
        kind = kind_of(measure)
        told = coaching_ledger(effects, kind=kind)
        out.append({"text": _sum(screen, measure_name(screen, measure), told, kind), "note": _note(screen, told)})
    return out


def _sum(screen: Screen, measure: str, told: Ledger, kind: str) -> str:
    if told.mean is None or told.low is None or told.high is None:
        return screen.say(N_("{measure}: {n} plans, too few to sum up."), measure=measure, n=told.plans)

    def shown(value: float) -> Rate | Points:
        return Rate(value - 1.0) if kind == "rate" else Points(value)

    return screen.say(
        N_("{measure}: {change} beside colleagues on average ({level} interval {ends}), {n} plans."),
        measure=measure,
        change=shown(told.mean),
        level=Rate(told.level),
        ends=Between(shown(told.low), shown(told.high)),
        n=told.plans,
    )


def _note(screen: Screen, told: Ledger) -> str:
    if told.low is None or told.high is None:
        return screen.say(N_("From {n} plans on they are summed up."), n=LEAST_PLANS)
    return ""
