"""Pages of people."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.people import by_stage, comparison
from bokgi.apps.people.beside import beside
from bokgi.apps.pipeline import deal_list, trends
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.pipeline.sheets import sheet_file
from bokgi.domain.errors import NotFoundError
from bokgi.domain.labels import ACTIVITIES
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.compare import compare
from bokgi.questions.funnel import WINDOW_DAYS
from bokgi.questions.person import ask_won_by_month, tell_person
from bokgi.questions.trends import ask_trends
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.export import TYPES
from bokgi.ui.format import period_name
from bokgi.ui.listing import Listing
from bokgi.ui.speaker import amount_of

SEES_PEOPLE = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)


@may(*SEES_PEOPLE)
@require_GET
def people_index(request: PageRequest) -> HttpResponse:
    """Show everybody whom one may see beside what was to be expected."""
    screen = screen_of(request)
    answer = screen.ask(compare)
    sheet = comparison.sheet(screen, answer, screen.ask(ask_won_by_month))
    listing = Listing.read(sheet.table.columns, dict(request.GET.lists()), lang=screen.lang)
    if listing.export in TYPES:
        return sheet_file(screen, listing, sheet, "people")
    shown = {"screen": screen, "answer": answer, "sheet": sheet, "listing": listing}
    return render(request, "people/index.html", shown)


@may(*SEES_PEOPLE)
@require_GET
def person(request: PageRequest, person_id: str) -> HttpResponse:
    """Show one person's year, the fair result, and what stands open."""
    screen = screen_of(request)
    if not screen.viewer.sees_person(person_id):
        # As if there were nobody: who works here is nobody else's business.
        raise NotFoundError("person_unknown", Message(N_("There is nobody called “{who}”."), {"who": person_id}))
    name = screen.people.get(person_id)
    if name is None:
        name = _former(screen, person_id)
    found = screen.ask(tell_person, person_id=person_id)
    went = screen.ask(ask_trends, person_id=person_id)
    answer = screen.ask(compare)
    row = comparison.own(answer, person_id)
    shown = {
        "screen": screen,
        "person_id": person_id,
        "name": name,
        "found": found,
        "answer": answer,
        "row": row,
        "badge": None if row is None else comparison.badge(screen, answer, row),
        "counted": None if row is None else comparison.counted(screen, answer, row),
        "headline": None if row is None else comparison.headline(screen, answer, row),
        "beside": None if row is None else beside(screen, answer, row),
        "conditions": None if row is None else comparison.conditions_table(screen, row),
        "stages": by_stage.table(screen, name),
        "weeks": WINDOW_DAYS // 7,
        "trends": trends.figures(screen, went, definitions=reverse("kpi:index")),
        "trends_table": trends.table(screen, went),
        "trends_weeks": went["weeks"],
        "months": months(screen, found),
        "deals": open_deals(screen, found),
    }
    return render(request, "people/person.html", shown)


def _former(screen: Screen, person_id: str) -> str:
    """Name somebody who stands in no team on the day. Raises `NotFoundError` for nobody at all."""
    found = screen.ask(tell_person, person_id=person_id)
    if found["name"] == person_id and found["team"] is None and not any(row["created"] for row in found["months"]):
        raise NotFoundError("person_unknown", Message(N_("There is nobody called “{who}”."), {"who": person_id}))
    name: str = found["name"]
    return name


def months(screen: Screen, found: Json) -> Table:
    """Draw the year month by month."""
    say, speaker, rows = screen.say, screen.speaker, found["months"]
    unit = speaker.money_column([row["won_amount"] for row in rows])
    kinds = [kind for kind in ACTIVITIES if any(kind in row["activities"] for row in rows)]
    columns = [
        Column(say(N_("Month"))),
        Column(say(N_("New")), "right"),
        Column(say(N_("Won")), "right"),
        Column(say(N_("Won, {unit}"), unit=unit.label), "right"),
        Column(say(N_("Lost")), "right"),
        Column(say(N_("No decision")), "right"),
        *(Column(say(ACTIVITIES[kind]), "right") for kind in kinds),
    ]
    cells = [
        [
            Cell(period_name(Period.parse(row["month"][:7]), screen.lang)),
            Cell(speaker.count(row["created"])),
            Cell(speaker.count(row["won"]), strong=bool(row["won"])),
            Cell(unit.cell(amount_of(row["won_amount"]) or Decimal(0))),
            Cell(speaker.count(row["lost"])),
            Cell(speaker.count(row["no_decision"])),
            *(Cell(speaker.count(row["activities"].get(kind, 0))) for kind in kinds),
        ]
        for row in reversed(rows)
    ]
    return Table(say(N_("Month by month")), columns, cells, hidden_caption=True)


def open_deals(screen: Screen, found: Json) -> Table:
    """List the open deals, those to see to first."""
    return deal_list.short_table(screen, found["open"]["deals"], screen.say(N_("Open deals")))
