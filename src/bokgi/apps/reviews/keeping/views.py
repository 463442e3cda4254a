"""Screens of commitments: what became of them, how much is kept, whether discussed deals moved more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access.permissions import EVERYBODY, Role, shown_groups
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, is_own_address
from bokgi.apps.data.entered import deal_waiting
from bokgi.apps.pipeline.selectors import WHOLE, Screen, screen_of
from bokgi.apps.reviews.keeping import selectors
from bokgi.apps.reviews.keeping.checking import meeting_days
from bokgi.apps.reviews.keeping.rates import MINIMUM_N, KeptRate
from bokgi.apps.reviews.keeping.selectors import Kept
from bokgi.apps.reviews.models import Commitment, OwnWord
from bokgi.apps.reviews.record import OWN_WORDS, VERDICTS
from bokgi.apps.reviews.services.writing import commitment_say
from bokgi.apps.reviews.telling.minutes import EFFECTS
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.questions.deal_kinds import ask_deal_kinds
from bokgi.questions.discussed import ask_discussed_deals
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Table, Tone
from bokgi.ui.format import ABSENT, period_name

SHOWN: Final = 50
MARKS: Final[Mapping[str, tuple[Tone, str]]] = {
    "kept": ("same", "check"),
    "not_kept": ("same", "close"),
    "cannot_tell": ("few", ""),
}
"""Tone and sign of what the data say of a commitment: a check of the record has no colour, as it judges nobody."""
COMMITS: Final = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)


@dataclass(frozen=True)
class Line:
    """A commitment as a page shows it."""

    commitment: Commitment
    who: str
    deal: str
    deal_href: str
    effect: str
    due: str
    badge: Badge
    evidence: list[str]
    own_word: str
    mine: bool


def line(screen: Screen, one: Kept, deals: Mapping[str, Json]) -> Line:
    """Prepare a commitment for who looks; a deal is named only to whom its rows belong."""
    found, row = one.commitment, deals.get(one.commitment.deal_id)
    sees = row is not None and screen.viewer.sees_person(row["owner_id"] or "")
    waits = N_("Not checked yet") if found.due_on < screen.as_of else N_("Waits for its day")
    badge = Badge(screen.say(waits))
    if one.verdict:
        badge = Badge(screen.say(VERDICTS[one.verdict]), *MARKS[one.verdict])  # type: ignore[index]  # verdicts are their values
    return Line(
        commitment=found,
        who=screen.people.get(found.person_id, found.person_id or ABSENT),
        deal=(row["title"] if row is not None and sees else screen.say(N_("a deal"))) if found.deal_id else found.stage,
        deal_href=f"/deals/{found.deal_id}/" if sees else "",
        effect=screen.speaker.label(EFFECTS, found.metric) if found.metric else "",
        due=screen.speaker.day_short(found.due_on.isoformat()),
        badge=badge,
        evidence=[screen.speaker.say(sentence) for sentence in (one.found or {}).get("evidence", [])],
        own_word=screen.say(OWN_WORDS[OwnWord(found.said)]) if found.said else "",
        mine=bool(screen.viewer.person_id) and found.person_id == screen.viewer.person_id,
    )


def lines(screen: Screen, listed: list[Kept]) -> list[Line]:
    """Prepare commitments, with the titles of their deals asked at once."""
    keys = tuple(sorted({one.commitment.deal_id for one in listed} - {""}))
    try:
        deals = screen.ask(ask_deal_kinds, deal_ids=keys)["deals"] if keys else {}
    except NotFoundError:
        deals = {}
    return [line(screen, one, deals) for one in listed]


@may(*EVERYBODY)
@require_GET
def commitments(request: PageRequest) -> HttpResponse:
    """Show the commitments of the people one may see, how much is kept, and discussed deals beside others."""
    screen = screen_of(request)
    # The rates of teams are counted over everybody; which of them are shown is decided by who looks.
    everybody = selectors.commitments_of(None, as_of=screen.as_of)
    seen = [one for one in everybody if screen.viewer.sees_person(one.commitment.person_id)]
    counted = selectors.rates(everybody, minimum_n=MINIMUM_N)
    shown = _shown(screen, everybody)
    whole = WHOLE in shown
    waiting = selectors.still_open(seen, as_of=screen.as_of)
    to_do = {one.commitment.pk for one in waiting}
    context = {
        "screen": screen,
        "open": lines(screen, waiting),
        "done": lines(screen, [one for one in seen if one.commitment.pk not in to_do][:SHOWN]),
        "whole": _rate_words(screen, counted.whole) if whole else "",
        "teams": _teams_table(screen, {team: rate for team, rate in counted.teams.items() if (team or WHOLE) in shown}),
        "people": _people_table(screen, counted.people),
        "months": _months_table(screen, counted) if whole and screen.owners is None else None,
        "discussed": _discussed(screen) if WHOLE in screen.shown else None,
    }
    return render(request, "reviews/commitments.html", context)


def _shown(screen: Screen, listed: list[Kept]) -> frozenset[str]:
    """Choose the teams (and `WHOLE`) whose rate may be shown: by who agreed to something, not by who is in the team."""
    groups: dict[str, set[str]] = {}
    for one in listed:
        for key in {WHOLE, one.commitment.meeting.team or WHOLE}:
            groups.setdefault(key, set()).add(one.commitment.person_id)
    return shown_groups(groups, screen.viewer) & screen.shown


def _discussed(screen: Screen) -> Json | None:
    try:
        return screen.ask(ask_discussed_deals, meetings=meeting_days())
    except NotFoundError:
        return None


def _rate_words(screen: Screen, rate: KeptRate) -> str:
    if rate.rate is None or rate.low is None or rate.high is None:
        return screen.say(
            N_("{kept} of {n} kept so far: too few for a rate, {least} are needed."),
            kept=rate.kept,
            n=rate.judged,
            least=MINIMUM_N,
        )
    percent = screen.speaker.percent
    return screen.say(
        N_("{rate} of what the data can judge was kept (n {n}, 95% interval {low} to {high})."),
        rate=percent(rate.rate),
        n=rate.judged,
        low=percent(rate.low),
        high=percent(rate.high),
    )


def _rate_cells(screen: Screen, rate: KeptRate) -> list[Cell]:
    count, percent = screen.speaker.count, screen.speaker.percent
    mark = None
    if rate.rate is not None and rate.low is not None and rate.high is not None:
        label = f"{percent(rate.rate)}, {screen.speaker.ends(percent(rate.low), percent(rate.high))}"
        mark = marks.whisker(rate.rate, (rate.low, rate.high), marks.Scale(0.0, 1.0, 140), tone="plain", label=label)
    few = screen.say(N_("too few")) if rate.judged else ABSENT
    return [
        Cell(count(rate.judged)),
        Cell(count(rate.kept)),
        Cell(
            few if rate.rate is None else percent(rate.rate),
            strong=rate.rate is not None,
            tone="dim" if rate.rate is None else "",
        ),
        Cell(mark=mark),
        Cell(count(rate.cannot_tell)),
        Cell(count(rate.waiting)),
    ]


def _columns(screen: Screen, first: str) -> list[Column]:
    say = screen.say
    return [
        Column(say(first)),
        Column(say(N_("Judged")), "right"),
        Column(say(N_("Kept")), "right"),
        Column(say(N_("Kept rate")), "right"),
        Column(say(N_("95% interval")), drawn=True),
        Column(say(N_("Cannot be told")), "right"),
        Column(say(N_("Waits for its day")), "right"),
    ]


def _teams_table(screen: Screen, rates: Mapping[str, KeptRate]) -> Table | None:
    """List teams by name, never by rate: this is no ranking."""
    name = N_("Team")
    rows = [
        [Cell(team or screen.say(N_("Everybody")), strong=True), *_rate_cells(screen, rate)]
        for team, rate in rates.items()
    ]
    return Table(screen.say(name), _columns(screen, name), rows, hidden_caption=True) if rows else None


def _people_table(screen: Screen, rates: Mapping[str, KeptRate]) -> Table | None:
    """List the people whom one may see, by name."""
    name = N_("Person")
    rows = [
        [Cell(screen.people[key], href=f"/people/{key}/", strong=True), *_rate_cells(screen, rates[key])]
        for key in screen.people
        if key in rates
    ]
    return Table(screen.say(name), _columns(screen, name), rows, hidden_caption=True) if rows else None


def _months_table(screen: Screen, counted: selectors.Rates) -> Table | None:
    rows = [
        [Cell(period_name(month, screen.lang), strong=True), *_rate_cells(screen, rate)]
        for month, rate in reversed(counted.months)
    ]
    name = N_("Month")
    return Table(screen.say(name), _columns(screen, name), rows, hidden_caption=True) if rows else None


@may(*COMMITS)
@require_GET
def person_commitments(request: PageRequest, person_id: str) -> HttpResponse:
    """Show one person's commitments and kept rate, as a part of the person's page."""
    screen = screen_of(request)
    if not screen.viewer.sees_person(person_id):
        raise Http404
    found = selectors.commitments_of([person_id], as_of=screen.as_of)
    listed = [one for one in found if one.commitment.meeting.on <= screen.as_of]
    counted = selectors.rates(listed, minimum_n=MINIMUM_N)
    context = {
        "screen": screen,
        "open": lines(screen, selectors.still_open(listed, as_of=screen.as_of)),
        "done": lines(screen, [one for one in listed if one.commitment.due_on < screen.as_of][:10]),
        "whole": _rate_words(screen, counted.whole) if listed else "",
        "months": _months_table(screen, counted),
    }
    return render(request, "reviews/person_commitments.html", context)


@may(*COMMITS)
@require_GET
def deal_commitments(request: PageRequest, deal_id: str) -> HttpResponse:
    """Show what was agreed on a deal by people whom one may see, as a part of its page, to whom the deal is shown."""
    screen = screen_of(request)
    row = screen.ask(ask_deal_kinds, deal_ids=(deal_id,))["deals"].get(deal_id)
    if row is None and deal_waiting(deal_id, screen.viewer, request.user) is not None:
        return render(request, "reviews/deal_waiting.html", {"title": N_("Commitments")})
    if row is None or not screen.viewer.sees_person(row["owner_id"] or ""):
        raise Http404
    listed = selectors.commitments_on(deal_id, as_of=screen.as_of)
    seen = [one for one in listed if screen.viewer.sees_person(one.commitment.person_id)]
    context = {"screen": screen, "deal_id": deal_id, "agreed": [line(screen, one, {}) for one in seen]}
    return render(request, "reviews/deal_commitments.html", context)


@may(*COMMITS)
@require_POST
def say(request: PageRequest, commitment_id: int) -> HttpResponse:
    """Take the owner's own word on a commitment."""
    found = Commitment.objects.filter(pk=commitment_id, withdrawn_at=None).first()
    if found is None or not request.user.person_id or found.person_id != request.user.person_id:
        raise Http404
    commitment_say(
        commitment=found,
        said=request.POST.get("said", ""),
        note=request.POST.get("note", ""),
        by=request.user,
        at=timezone.now(),
    )
    back = request.POST.get("next", "")
    return HttpResponseRedirect(back if is_own_address(request, back) else reverse("reviews:commitments"))
