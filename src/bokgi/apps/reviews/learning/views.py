"""Screens of the learning library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given
from bokgi.apps.access.selectors import time_zone
from bokgi.apps.data.entered import deal_waiting
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.reviews.learning import selectors, services
from bokgi.apps.reviews.learning.similarity import WEIGHTS
from bokgi.apps.reviews.models import Case, Ending, Reason, TagKind, WinLossAnswer
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.deal_kinds import ask_deal_kinds
from bokgi.ui.blocks import Badge, Cell, Column, Table

TELLS: Final = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)
BY_HAND: Final = (TagKind.OBJECTION, TagKind.COMPETITOR)
"""Kinds of tags that people write; the others come from the deal."""
_FROM_DEAL: Final = (TagKind.STAGE, TagKind.INDUSTRY, TagKind.SIZE, TagKind.SOURCE, TagKind.PRODUCT)
_MOST_FILTERS: Final = 8
_TONES: Final = {"won": "accent", "lost": "dim", "no_decision": "dim"}
_TEXTS: Final = ("situation", "what_we_did", "what_decided", "repeat_or_avoid")
QUESTIONS: Final = {
    "situation": N_("Situation: who had which problem?"),
    "what_we_did": N_("What did we do?"),
    "what_decided": N_("What decided it?"),
    "repeat_or_avoid": N_("What should we repeat, or avoid?"),
}
"""The questions of a case, beside the reasons."""
REASONS: Final = {
    N_("Why we win"): (Reason.VALUE, Reason.TRUST, Reason.REFERENCE),
    N_("Why we lose"): (
        Reason.COMPETITOR,
        Reason.BUDGET,
        Reason.FEATURE,
        Reason.DECIDER,
        Reason.RESPONSE,
        Reason.FIT,
        Reason.STATUS_QUO,
    ),
    N_("Either way"): (Reason.PRICE, Reason.TIMING, Reason.OTHER),
}
"""The reasons as they are offered: what speaks for us, what against us, and what may do both."""


@dataclass(frozen=True)
class ShownCase:
    """A case as screens show it; `deal` is the deal's title for whom its rows are, else null."""

    case: Case
    badge: Badge
    teller: str
    tags: list[tuple[str, str, str]]
    deal: str | None
    mine: bool


def shown(screen: Screen, case: Case, kinds: Mapping[str, Json] | None = None) -> ShownCase:
    """Prepare a case for who looks."""
    names = selectors.names_known(screen.roster, screen.viewer.person_id, screen.people)
    kind = (kinds or {}).get(case.deal_id)
    sees = kind is not None and screen.viewer.sees_person(kind["owner_id"] or "")
    tags = [(tag.kind, screen.say(str(TagKind(tag.kind).label)), tag.word) for tag in case.tags.all()]
    ending = Ending(case.ending)
    return ShownCase(
        case,
        Badge(screen.say(str(ending.label)), _TONES[case.ending]),  # type: ignore[arg-type]  # tones by ending
        names.get(case.person_id, "") or ("" if case.person_id or case.told_by is None else case.told_by.name),
        tags,
        kind["title"] if kind is not None and sees else None,
        may_change(screen, case),
    )


def may_change(screen: Screen, case: Case) -> bool:
    """Say whether a case is one's own to change: who told it, leaders and administrators."""
    return screen.viewer.role in {Role.ADMIN, Role.LEADER} or case.told_by_id == screen.request.user.pk


def kinds_of(screen: Screen, deal_ids: set[str]) -> dict[str, Json]:
    """Tell the kinds of deals; empty before the first import."""
    wanted = tuple(sorted(deal_ids - {""}))
    if not wanted:
        return {}
    try:
        found: dict[str, Json] = screen.ask(ask_deal_kinds, deal_ids=wanted)["deals"]
    except NotFoundError:
        return {}
    return found


def _case(screen: Screen, case_id: int) -> Case:
    found = selectors.cases(screen.request.user).filter(pk=case_id).first()
    if found is None:
        raise Http404
    return found


@may(*EVERYBODY)
@require_GET
def library(request: PageRequest) -> HttpResponse:
    """Show the library: search, filters by tag and ending, the most useful cases first."""
    screen = screen_of(request)
    find, ending = request.GET.get("find", "")[:100], request.GET.get("ending", "")
    tags = [tuple(one.split(":", 1)) for one in request.GET.getlist("tag") if ":" in one]
    pairs = [(kind, word) for kind, word in tags if kind in TagKind.values][:_MOST_FILTERS]
    listed = selectors.library(request.user, find=find, ending=ending if ending in Ending.values else "", tags=pairs)
    context = {
        "screen": screen,
        "cases": [shown(screen, case) for case in listed],
        "find": find,
        "ending": ending,
        "endings": [(value, str(label)) for value, label in Ending.choices],
        "chosen": pairs,
        "tags": [
            (kind, screen.say(str(TagKind(kind).label)), words[:12]) for kind, words in selectors.tags_in_use().items()
        ],
        "tells": screen.viewer.role in TELLS,
        "drafts": selectors.drafts(request.user),
    }
    return render(request, "reviews/library.html", context)


@may(*EVERYBODY)
@require_GET
def case(request: PageRequest, case_id: int) -> HttpResponse:
    """Show one case."""
    screen = screen_of(request)
    found = _case(screen, case_id)
    words = {value: screen.say(str(label)) for value, label in Reason.choices}
    context = {
        "screen": screen,
        "shown": shown(screen, found, kinds_of(screen, {found.deal_id})),
        "questions": [(text, getattr(found, name)) for name, text in QUESTIONS.items() if getattr(found, name)],
        "rep_reason": words.get(found.rep_reason, ""),
        "buyer_reason": words.get(found.buyer_reason, ""),
    }
    return render(request, "reviews/case.html", context)


@may(*TELLS)
@require_http_methods(["GET", "POST"])
def case_new(request: PageRequest) -> HttpResponse:
    """Tell a new case: empty, of a deal (`?deal=`), or of what was prepared for the meeting (`?answer=`)."""
    screen = screen_of(request)
    answer = _answer(screen, request.GET.get("answer", "") or request.POST.get("answer", ""))
    deal_id = request.POST.get("deal_id", "") or request.GET.get("deal", "") or (answer.deal_id if answer else "")
    kind = _own_deal(screen, deal_id)
    given: Mapping[str, Any] = request.POST if request.method == "POST" else _prefilled(answer, kind, screen)
    fault: BokgiError | None = None
    if request.method == "POST":
        try:
            made = services.case_tell(
                told=_told(request.POST, kind, {}),
                by=request.user,
                at=timezone.now(),
                ended_on=_ended_on(screen, kind),
                deal_id=deal_id if kind is not None else "",
                person_id=request.user.person_id,
                answer=answer,
            )
        except BokgiError as error:
            fault = error
        else:
            return HttpResponseRedirect(reverse("reviews:case", kwargs={"case_id": made.pk}))
    return _form(screen, given, kind, fault, deal_id=deal_id, answer=answer)


@may(*TELLS)
@require_http_methods(["GET", "POST"])
def case_change(request: PageRequest, case_id: int) -> HttpResponse:
    """Change a case."""
    screen = screen_of(request)
    found = _case(screen, case_id)
    if not may_change(screen, found):
        raise Http404
    kept: dict[str, list[str]] = {}
    for tag in found.tags.all():
        kept.setdefault(tag.kind, []).append(tag.word)
    given: Mapping[str, Any] = request.POST if request.method == "POST" else _as_given(found, kept)
    fault: BokgiError | None = None
    if request.method == "POST":
        by_deal = {kind: words for kind, words in kept.items() if kind in _FROM_DEAL}
        try:
            version = int(request.POST.get("version", "0") or 0)
            told = _told(request.POST, None, by_deal)
            services.case_change(case=found, told=told, version=version, by=request.user)
        except ValueError:
            raise Http404 from None
        except BokgiError as error:
            fault = error
        else:
            return HttpResponseRedirect(reverse("reviews:case", kwargs={"case_id": found.pk}))
    return _form(screen, given, None, fault, case=found)


def _form(
    screen: Screen,
    given: Mapping[str, Any],
    kind: Json | None,
    fault: BokgiError | None,
    *,
    deal_id: str = "",
    answer: WinLossAnswer | None = None,
    case: Case | None = None,
) -> HttpResponse:
    context = {
        "screen": screen,
        "given": given,
        "kind": kind,
        "fault": fault,
        "deal_id": deal_id,
        "answer": answer,
        "case": case,
        "endings": [(value, str(label)) for value, label in Ending.choices],
        "reasons": [(title, [(one.value, str(one.label)) for one in found]) for title, found in REASONS.items()],
        "questions": QUESTIONS,
    }
    return render(screen.request, "reviews/case_form.html", context, status=422 if fault else 200)


def _own_deal(screen: Screen, deal_id: str) -> Json | None:
    """Give the kind of a deal that the teller may see; of any other it is as if it were not there."""
    found = kinds_of(screen, {deal_id}).get(deal_id)
    return found if found is not None and screen.viewer.sees_person(found["owner_id"] or "") else None


def _answer(screen: Screen, key: str) -> WinLossAnswer | None:
    """Give what was prepared, to whom it belongs or who runs the meeting."""
    found = WinLossAnswer.objects.filter(pk=key_given(key)).select_related("preparation__participant").first()
    if found is None or not screen.viewer.sees_person(found.preparation.participant.person_id):
        return None
    return found


def _prefilled(answer: WinLossAnswer | None, kind: Json | None, screen: Screen) -> dict[str, Any]:
    given: dict[str, Any] = {"ending": "won"}
    if kind is not None and kind["outcome"] in Ending.values:
        given["ending"] = kind["outcome"]
    if kind is not None:
        parts = [kind["industry"], kind["stage"], screen.say(str(Ending(given["ending"]).label))]
        given["title"] = " · ".join(part for part in parts if part)
    if answer is not None:
        given |= {name: getattr(answer, name) for name in _TEXTS}
        given |= {"buyer_words": answer.buyer_reason}
        if kind is None:
            given["ending"] = "won" if answer.won else "lost"
    return given


def _as_given(found: Case, kept: Mapping[str, list[str]]) -> dict[str, Any]:
    names = ("title", "ending", *_TEXTS, "rep_reason", "buyer_reason", "buyer_words", "version")
    return {name: getattr(found, name) for name in names} | {
        kind.value: ", ".join(kept.get(kind, [])) for kind in BY_HAND
    }


def _told(given: QueryDict, kind: Json | None, kept: Mapping[str, list[str]]) -> services.Told:
    tags: dict[str, list[str]] = dict(kept)
    if kind is not None:
        tags |= {name.value: [kind[name.value]] for name in _FROM_DEAL if kind[name.value]}
    for name in BY_HAND:
        tags[name.value] = [word.strip() for word in given.get(name.value, "").replace("，", ",").split(",")]
    texts = {name: given.get(name, "") for name in (*_TEXTS, "buyer_words")}
    return services.Told(
        title=given.get("title", "")[:120],
        ending=given.get("ending", ""),
        rep_reason=given.get("rep_reason", ""),
        buyer_reason=given.get("buyer_reason", ""),
        tags=tags,
        **texts,
    )


def _ended_on(screen: Screen, kind: Json | None) -> date:
    closed = None if kind is None else kind["closed_on"]
    return screen.as_of if closed is None else date.fromisoformat(closed)


@may(*EVERYBODY)
@require_POST
def vote(request: PageRequest, case_id: int) -> HttpResponse:
    """Find a case useful, or no longer."""
    screen = screen_of(request)
    found = _case(screen, case_id)
    services.vote_set(case=found, by=request.user, useful=request.POST.get("useful") == "yes", at=timezone.now())
    return HttpResponseRedirect(reverse("reviews:case", kwargs={"case_id": found.pk}))


@may(*TELLS)
@require_POST
def case_withdraw(request: PageRequest, case_id: int) -> HttpResponse:
    """Take a case out of the library."""
    screen = screen_of(request)
    found = _case(screen, case_id)
    if not may_change(screen, found):
        raise Http404
    services.case_withdraw(case=found, by=request.user, at=timezone.now())
    return HttpResponseRedirect(reverse("reviews:library"))


@may(*TELLS)
@require_GET
def alike(request: PageRequest, deal_id: str) -> HttpResponse:
    """Show the cases most like a deal, as a part of its page, to whom it is shown; of a past day those of then."""
    screen = screen_of(request)
    kind = _own_deal(screen, deal_id)
    if kind is None and deal_waiting(deal_id, screen.viewer, request.user) is not None:
        return render(request, "reviews/deal_waiting.html", {"title": N_("Cases like this one")})
    if kind is None:
        raise Http404
    shared = {name: kind[name] for name in WEIGHTS}
    library = selectors.cases(request.user)
    if screen.is_past:
        library = library.filter(told_at__lt=datetime.combine(screen.as_of + timedelta(days=1), time(), time_zone()))
    found = selectors.alike(library, deal_id, shared, kind["title"], kind["lost_reason"] or "")
    told = [
        (
            shown(screen, one.case),
            [f"{screen.say(str(TagKind(of).label))} {word}" for of, word in one.likeness.same],
            one.likeness.words,
        )
        for one in found
    ]
    closed = kind["outcome"] in Ending.values
    there = library.filter(deal_id=deal_id).first()
    context = {"screen": screen, "cases": told, "deal_id": deal_id, "closed": closed, "there": there}
    return render(request, "reviews/alike.html", context)


@may(*EVERYBODY)
@require_GET
def reasons(request: PageRequest) -> HttpResponse:
    """Put the reasons of a quarter side by side: the seller's and the buyer's."""
    screen = screen_of(request)
    given = request.GET.get("period", "")
    period = Period.parse(given) if given else screen.quarter
    parts = []
    for title, endings in ((N_("Lost or without decision"), ("lost", "no_decision")), (N_("Won"), ("won",))):
        found = selectors.reasons(period, endings)
        parts.append((title, found, _reasons_table(screen, title, found)))
    context = {"screen": screen, "period": period, "before": period.before(), "parts": parts}
    return render(request, "reviews/reasons.html", context)


def _reasons_table(screen: Screen, title: str, found: selectors.Reasons) -> Table:
    say, count = screen.say, screen.speaker.count
    columns = [
        Column(say(N_("Reason"))),
        Column(say(N_("Seller, of {n}"), n=found.seller_n), "right"),
        Column(say(N_("Buyer, of {n}"), n=found.buyer_n), "right"),
        Column(say(N_("Both, of {n}"), n=found.both_n), "right"),
    ]
    rows = [
        [
            Cell(say(str(Reason(row.reason).label)), strong=True),
            Cell(count(row.seller)),
            Cell(count(row.buyer)),
            Cell(count(row.both)),
        ]
        for row in found.rows
    ]
    return Table(
        say(title), columns, rows, hidden_caption=True, empty=say(N_("No case of this quarter names a reason."))
    )
