"""Screens about deals."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bokgi.apps.access.asking import answers
from bokgi.apps.access.permissions import EVERYBODY
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.data.entered import deals_waiting
from bokgi.apps.pipeline import change, compared, deal_list, funnel, win_loss
from bokgi.apps.pipeline.bottleneck import bottleneck, flagged_cells, flagged_stages, nothing_flagged, standing
from bokgi.apps.pipeline.deal_views import SEES_DEALS
from bokgi.apps.pipeline.figures import EXPLAINED, MODES
from bokgi.apps.pipeline.heat import heat
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.apps.pipeline.sheets import sheet_file
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.pipeline import tell_pipeline_change
from bokgi.questions.search import search as find
from bokgi.ui.export import TYPES, as_csv, as_xlsx, begun
from bokgi.ui.format import span
from bokgi.ui.listing import Listing

_AT_ONCE: Final = 1_000
"""A file of more deals than that is begun at once and made while it is sent."""


def page(screen: Screen, template: str, **shown: object) -> HttpResponse:
    """Render a page of this app; every one has its screen."""
    return render(screen.request, f"pipeline/{template}", {"screen": screen, **shown})


@may(*EVERYBODY)
@require_GET
def funnel_index(request: PageRequest) -> HttpResponse:
    """Show the funnel in one of its modes, with the bottleneck."""
    screen = screen_of(request, shows="sums", also=funnel.periods_of)
    asked = funnel.read(screen)
    now, before = funnel.stages(screen, asked), funnel.stages(screen, asked, before=True)
    searched = screen.ask(find_bottlenecks)
    found = bottleneck(screen, searched)
    flagged = flagged_stages(screen, searched)
    beside = None if found is None else standing(screen, found, now)
    # What was asked for stands first.
    views = [asked.split] if asked.split else []
    views += ["person"] if screen.people and screen.person is None else []
    heats = {
        view: heat(screen, asked, view, now, flagged=flagged_cells(searched, view), flagged_stages=flagged)
        for view in views
    }
    return page(
        screen,
        "funnel.html",
        asked=asked,
        modes=MODES,
        explained=EXPLAINED[asked.mode],
        span=span(asked.period, screen.lang, year=asked.period.start.year != screen.as_of.year),
        windows=funnel.WINDOWS,
        splits=funnel.splits(screen),
        attributes=funnel.attributes(screen),
        found=found,
        standing=beside,
        standing_chosen=None if beside is None else screen.chosen(beside.table, "standing-"),
        searched=searched,
        nothing=nothing_flagged(screen, searched) if found is None else "",
        # Each mode has columns of its own to choose from.
        table=screen.chosen(funnel.table(screen, asked, now, before, flagged), f"{asked.mode}-"),
        hidden=screen.stages_hidden,
        not_split=funnel.not_split(screen, asked),
        heats={view: drawn for view, drawn in heats.items() if drawn is not None},
    )


@may(*EVERYBODY)
@require_GET
def funnel_compare(request: PageRequest) -> HttpResponse:
    """Compare two periods by choice; what cannot be compared is said above the form."""
    screen = screen_of(request, shows="sums", also=compared.periods_of)
    asked = compared.read(screen)
    found, fault = None, None
    if not screen.stages_hidden:
        try:
            found = compared.answer(screen, asked)
        except UsageError as error:
            fault = error
    return page(
        screen,
        "compare.html",
        asked=asked,
        modes=compared.modes(),
        fields=compared.fields(screen, asked),
        quick=compared.quick(screen, asked),
        hidden=screen.stages_hidden,
        fault=fault,
        found=found,
        table=None if found is None else compared.table(screen, found),
    )


@may(*EVERYBODY)
@require_GET
def pipeline_change(request: PageRequest) -> HttpResponse:
    """Show what made the open pipeline grow or shrink."""
    screen = screen_of(request, shows="sums", also=change.days_of)
    found = None
    if not screen.hidden:
        found = change.seen(screen, screen.ask(tell_pipeline_change, **change.asked(screen)))
    # The deals of each part are listed for whom their owners' rows are shown.
    own = None if found is None else _deals_seen(screen, found)
    lists = [] if own is None else [*change.moved_lists(screen, own), *change.part_lists(screen, own)]
    return page(
        screen,
        "change.html",
        found=found,
        weeks=request.GET.get("weeks", "1"),
        choices=change.WEEKS,
        chart=None if own is None else change.chart(screen, own),
        table=None if own is None else change.parts_table(screen, own),
        lists=[(one, screen.chosen(one.table, f"{one.code}-")) for one in lists],
    )


def _deals_seen(screen: Screen, found: Json) -> Json:
    owners = screen.owners
    if owners is None:
        return found

    def own(rows: list[Json]) -> list[Json]:
        return [row for row in rows if row["owner_id"] in owners]

    parts = {part: own(rows) for part, rows in found["deals"].items()}
    return found | {
        "deals": parts,
        "pushed": own(found["pushed"]),
        "eve": found["eve"] | {"deals": own(found["eve"]["deals"])},
    }


@may(*EVERYBODY)
@require_GET
def wins_and_losses(request: PageRequest) -> HttpResponse:
    """Show what was won and lost week by week, and the reasons of losses; or one of the tables as a file."""
    screen = screen_of(request, shows="sums", also=win_loss.periods_of)
    asked = win_loss.read(screen)
    shown: dict[str, object] = {"asked": asked, "found": None}
    shown |= {"windows": win_loss.windows(screen, asked), "fields": win_loss.fields(screen, asked)}
    if screen.hidden:
        return page(screen, "win_loss.html", **shown)
    found = win_loss.answer(screen, asked)
    everything = win_loss.sees_all(screen, found)
    # Where nothing ended there are no weeks to tell apart, and the sentence above says so.
    made = {"weeks": win_loss.weeks_sheet(screen, found, amounts=everything)} if found["total"]["n"] else {}
    if everything:
        made |= {"stages": win_loss.stages_sheet(screen, found)} if found["stages"] else {}
        made |= win_loss.reasons_sheets(screen, found)
    query, sheets = dict(request.GET.lists()), []
    for name, sheet in made.items():
        listing = Listing.read(sheet.table.columns, query, prefix=f"{name}-", size=win_loss.LONGEST, lang=screen.lang)
        if listing.export in TYPES:
            return sheet_file(screen, listing, sheet, f"win-loss-{name}")
        sheets.append((name, sheet.table.caption, sheet, listing))
    shown |= {"found": found, "all": everything, "sheets": sheets}
    shown |= {"caveats": win_loss.caveats(found, reasons=everything)}
    return page(screen, "win_loss.html", **shown, figures=win_loss.figures(screen, found, reverse("kpi:index")))


@may(*SEES_DEALS)
@require_GET
def deals_index(request: PageRequest) -> HttpResponseBase:
    """List the deals behind a figure, or give them as a file."""
    screen = screen_of(request, shows="rows")
    listing = deal_list.read(screen)
    if listing.export in TYPES:
        return _file(screen, listing)
    answer = deal_list.found(screen, listing)
    return page(
        screen,
        "deals.html",
        listing=listing,
        total=answer["total"]["count"],
        table=deal_list.table(screen, listing, answer),
        filters=deal_list.filters(screen),
        left_out=deal_list.left_out(screen),
        without_rate=deal_list.without_rate(screen, answer),
        outcomes=deal_list.OUTCOME_NAMES,
        outcome=request.GET.get("outcome") or "open",
        waiting=deals_waiting(screen.viewer, request.user),
    )


def _file(screen: Screen, listing: Listing) -> HttpResponseBase:
    kind, count = listing.export, deal_list.count_of(screen, listing)

    def make() -> bytes:
        header, rows = deal_list.as_rows(screen, deal_list.whole(screen, listing))
        return as_csv(header, rows) if kind == "csv" else as_xlsx(screen.say(N_("Deals")), header, rows)

    headers = {"Content-Disposition": f'attachment; filename="deals-{screen.as_of.isoformat()}.{kind}"'}
    if count > _AT_ONCE:
        return StreamingHttpResponse(begun(kind, make), content_type=TYPES[kind], headers=headers)
    return HttpResponse(make(), content_type=TYPES[kind], headers=headers)


@may(*EVERYBODY)
@require_GET
def search(request: PageRequest) -> HttpResponse:
    """Find deals, accounts and people while somebody types; whole pages get the whole page."""
    screen = screen_of(request)
    words = request.GET.get("q", "")[:100]
    found = find(answers().facts(), words=words, owners=screen.owners)
    people = [row for row in found["people"] if screen.viewer.sees_person(row["person_id"])]
    template = "search_hits.html" if request.htmx else "search.html"
    return page(screen, template, words=words, found=found | {"people": people})
