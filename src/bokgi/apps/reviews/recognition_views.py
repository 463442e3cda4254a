"""The screen of thanks and improvements; a ranking stands on it only where the organisation decided so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.people import comparison
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.reviews import recognition
from bokgi.apps.reviews.learning.selectors import names_known
from bokgi.apps.reviews.models import RecognitionKind
from bokgi.domain.errors import BokgiError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.questions.asked import Json
from bokgi.questions.changes import ask_changes
from bokgi.questions.compare import compare
from bokgi.ui.blocks import Cell, Column, Table

THANKS: Final = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)


@may(*THANKS)
@require_http_methods(["GET", "POST"])
def thanks(request: PageRequest) -> HttpResponse:
    """Show what the team is thanked for, take new thanks, propose what got better beyond chance."""
    screen = screen_of(request)
    names = names_known(screen.roster, screen.viewer.person_id, screen.people)
    fault: BokgiError | None = None
    if request.method == "POST":
        try:
            _give(screen, names)
        except BokgiError as error:
            fault = error
        else:
            return HttpResponseRedirect(reverse("reviews:thanks"))
    since = screen.as_of - timedelta(weeks=recognition.SHOWN_WEEKS)
    listed = recognition.recognitions(_teams(screen), since=since)
    context = {
        "screen": screen,
        "names": names,
        "weeks": _by_week(screen, listed, names),
        # A list to choose from would show names; who does not see colleagues' pages writes the name.
        "people": [(key, name) for key, name in screen.people.items() if key != screen.viewer.person_id],
        "proposed": _proposed(screen, listed),
        "key": str(uuid4()),
        "fault": fault,
        "given": request.POST,
        "ranking": _ranking(screen) if recognition.public_ranking() else None,
        "decides": screen.viewer.role in {Role.ADMIN, Role.LEADER},
        "public": recognition.public_ranking(),
    }
    return render(request, "reviews/thanks.html", context, status=422 if fault else 200)


def _teams(screen: Screen) -> list[str] | None:
    """Give the teams whose thanks one sees: the own one, and those of the people one leads; null for all."""
    if screen.viewer.role in {Role.ADMIN, Role.LEADER}:
        return None
    seen = {screen.viewer.person_id, *screen.people}
    return sorted({row["team"] for row in screen.roster if row["person_id"] in seen and row["team"]})


def _give(screen: Screen, names: dict[str, str]) -> None:
    given = screen.request.POST
    called = given.get("name", "").strip()
    person = given.get("person", "") or next((key for key, name in names.items() if name == called), "")
    if person not in names:
        raise UsageError("thanks_empty", Message(N_("Say whom you thank, and for what.")))
    team = next((row["team"] or "" for row in screen.roster if row["person_id"] == person), "")
    series = given.get("series", "")
    evidence: Json | None = None
    if series:
        proposed = next((one for one in _alerts(screen) if _key(one) == series and one["subject_id"] == person), None)
        if proposed is None:
            raise UsageError("improvement_gone", Message(N_("The data do not carry that any more.")))
        evidence = proposed["sentence"]
    try:
        key = UUID(given.get("key", ""))
    except ValueError:
        key = uuid4()
    recognition.recognition_give(
        key=key,
        person_id=person,
        text=given.get("text", ""),
        by=screen.request.user,
        on=screen.as_of,
        at=timezone.now(),
        team=team,
        evidence=evidence,
    )


def _key(alert: Json) -> str:
    return f"{alert['series']}|{alert['since']}"


def _alerts(screen: Screen) -> list[dict[str, Any]]:
    """Find what got better beyond chance, of the people one may see."""
    try:
        found = screen.ask(ask_changes)
    except NotFoundError:
        return []
    since = screen.as_of - timedelta(weeks=4)
    rises = recognition.improvements(found, since=since)
    return [alert for alert in rises if screen.viewer.sees_person(alert["subject_id"])]


def _proposed(screen: Screen, listed: list[Any]) -> list[tuple[str, str, str]]:
    """Give proposals that nobody has said yet: person, key, sentence; to who leads."""
    if screen.viewer.role is Role.REP:
        return []
    said = {(one.person_id, str(one.evidence)) for one in listed if one.evidence is not None}
    return [
        (alert["subject_id"], _key(alert), screen.speaker.say(alert["sentence"]))
        for alert in _alerts(screen)
        if (alert["subject_id"], str(alert["sentence"])) not in said
    ]


def _by_week(screen: Screen, listed: list[Any], names: dict[str, str]) -> list[tuple[str, list[dict[str, Any]]]]:
    weeks: dict[str, list[dict[str, Any]]] = {}
    for one in listed:
        monday = one.on - timedelta(days=one.on.weekday())
        title = screen.say(N_("Week of {day}"), day=monday)
        giver = "" if one.by is None else one.by.name
        weeks.setdefault(title, []).append(
            {
                "id": one.pk,
                "who": names.get(one.person_id, screen.say(N_("somebody"))),
                "improved": one.kind == RecognitionKind.IMPROVED,
                "text": one.text,
                "evidence": "" if one.evidence is None else screen.speaker.say(one.evidence),
                "by": giver,
                "mine": one.by_id == screen.request.user.pk or screen.viewer.role in {Role.ADMIN, Role.LEADER},
            }
        )
    return list(weeks.items())


def _ranking(screen: Screen) -> Table | None:
    """Put everybody's adjusted win rate in an order, with intervals; null while nobody can be told apart."""
    try:
        answer = screen.ask(compare)
    except (NotFoundError, BokgiError):
        return None
    if not answer["heterogeneity"]["detectable"]:
        return None
    rows = sorted(
        (row for row in answer["people"] if row["adjusted"] is not None and row["low"] is not None),
        key=lambda row: (-row["adjusted"], row["person_id"]),
    )
    percent, lineup = screen.speaker.percent, comparison.Lineup(screen, answer, rows)
    columns = [
        Column(screen.say(N_("Person"))),
        Column("n", "right"),
        Column(screen.say(N_("Adjusted")), "right"),
        Column(screen.say(N_("Interval")), drawn=True),
    ]
    cells = [
        [
            Cell(row["name"] or row["person_id"], strong=True),
            Cell(screen.speaker.count(row["n"])),
            Cell(percent(row["adjusted"]), sub=screen.speaker.ends(percent(row["low"]), percent(row["high"]))),
            Cell(mark=lineup.mark(row)),
        ]
        for row in rows
    ]
    return Table(
        screen.say(N_("Adjusted win rate of everybody")),
        columns,
        cells,
        hidden_caption=True,
        legend=lineup.legend(),
    )


@may(*THANKS)
@require_POST
def thanks_withdraw(request: PageRequest, recognition_id: int) -> HttpResponse:
    """Take one's own words back."""
    recognition.recognition_withdraw(recognition_id=recognition_id, by=request.user, at=timezone.now())
    return HttpResponseRedirect(reverse("reviews:thanks"))


@may(Role.ADMIN, Role.LEADER)
@require_POST
def ranking_set(request: PageRequest) -> HttpResponse:
    """Decide whether results are shown in an order to everybody."""
    recognition.public_ranking_set(shown=request.POST.get("shown") == "yes", by=request.user)
    return HttpResponseRedirect(reverse("reviews:thanks"))
