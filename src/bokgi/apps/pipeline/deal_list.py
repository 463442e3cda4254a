"""The list of deals behind a figure: filters in the address, a table, the same rows as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from bokgi.apps.access.asking import answers
from bokgi.apps.pipeline.figures import CHANGES, COUNTS, MODES
from bokgi.apps.pipeline.selectors import Screen
from bokgi.apps.pipeline.standing import amount_cell, days_here
from bokgi.domain.errors import UsageError
from bokgi.domain.labels import ATTENTION, FORECAST_CATEGORIES, STANDINGS
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period, read_date
from bokgi.questions.asked import COLUMN_NAMES, Json
from bokgi.questions.deals import ANY_REASON, CLOSED_BY, ENDED_IN, MOST, Span, Where, list_deals
from bokgi.questions.stages import ask_stages
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.export import Value
from bokgi.ui.format import ABSENT, period_name
from bokgi.ui.listing import Listing
from bokgi.ui.speaker import Speaker, about, amount_of

_SPANS: Final = ("created", "closed", "due", "entered")
_SORTED: Final = {"amount": True, "created": True, "closed": True, "due": False, "stage": True, "attention": True}
"""Orders of the list, and whether the natural one is falling."""
DEALS: Final = "/deals/"
OUTCOME_NAMES: Final = {**STANDINGS, "closed": N_("Closed"), "all": N_("All")}


def columns(screen: Screen, unit: str) -> tuple[Column, ...]:
    """Give the columns of the list."""
    say = screen.say
    return (
        Column(say(N_("Deal"))),
        Column(say(N_("Owner")), key="owner", optional=True),
        Column(say(N_("Amount, {unit}"), unit=unit), "right", key="amount", sortable=True),
        Column(say(N_("Stage")), key="stage", sortable=True),
        Column(say(N_("Days here")), "right", key="days", optional=True),
        Column(say(N_("Last touch")), "right", key="touch", optional=True),
        Column(say(N_("Expected close")), "right", key="due", sortable=True, optional=True),
        Column(say(N_("Created")), "right", key="created", sortable=True, optional=True),
        Column(say(N_("Closed")), "right", key="closed", sortable=True, optional=True),
        Column(say(N_("What to see to")), key="attention", sortable=True, optional=True),
    )


def where_of(query: Mapping[str, Any], screen: Screen, find: str) -> Where:
    """Read the filters from an address. Raises `UsageError` for a period that is none."""
    created, closed, due, entered = (_span(str(query.get(name) or "")) for name in _SPANS)
    pairs = [part.partition(":") for part in query.getlist("where")] if hasattr(query, "getlist") else []
    return Where(
        outcome=str(query.get("outcome") or "open"),
        person=screen.person,
        owners=screen.owners,
        team=screen.team,
        pipeline=screen.pipeline,
        stage=str(query.get("stage") or "") or None,
        category=str(query.get("category") or "") or None,
        columns=tuple((name, value or None) for name, _colon, value in pairs if name),
        attention=str(query.get("attention") or "") or None,
        search=find or None,
        created=created,
        closed=closed,
        due=due,
        entered=entered,
        figure=str(query.get("figure") or "") or None,
        within=_days(str(query.get("within") or "")),
    )


def _days(text: str) -> tuple[date, date] | None:
    if not text:
        return None
    period = Period.parse(text)
    return period.start, period.end


def _span(text: str) -> Span | None:
    """Read `2026-11`, `2026-W47`, `2026-11-01..2026-12-01`, or an open end: `2026-11-01..`."""
    if not text:
        return None
    first, dots, last = text.partition("..")
    if dots and not (first and last):
        return (read_date(first) if first else None), (read_date(last) if last else None)
    period = Period.parse(text)
    return period.start, period.end


def read(screen: Screen) -> Listing:
    """Read how the list is sorted, paged and which columns it shows."""
    query = {name: screen.request.GET.getlist(name) for name in screen.request.GET}
    is_open = query.get("outcome", ["open"])[-1] == "open"
    hidden = ("created", "closed") if is_open else ("days", "touch", "attention", "due")
    return Listing.read(columns(screen, ""), query, sort="-amount", hidden=hidden, lang=screen.lang)


def _options(screen: Screen, listing: Listing) -> dict[str, Any]:
    where, falling = where_of(screen.request.GET, screen, listing.find), _SORTED[listing.sort]
    return {"where": where, "order": listing.sort, "reverse": listing.descending is not falling}


def found(screen: Screen, listing: Listing) -> Json:
    """Ask for the page of the list."""
    options, size = _options(screen, listing), listing.size
    answer = screen.ask(list_deals, **options, limit=size, offset=(listing.page - 1) * size)
    if not answer["deals"] and answer["total"]["count"]:
        offset = listing.offset(answer["total"]["count"])
        answer = screen.ask(list_deals, **options, limit=size, offset=offset)
    return answer


def count_of(screen: Screen, listing: Listing) -> int:
    """Count the deals of a file. Raises `UsageError` (`too_many_rows`) for one of more than `MOST`."""
    count: int = found(screen, listing)["total"]["count"]
    if count > MOST:
        raise UsageError(
            "too_many_rows",
            Message(N_("These are {n} deals; a file holds {most}."), {"n": count, "most": MOST}),
            Message(N_("Narrow the list, and take it along in parts.")),
        )
    return count


def whole(screen: Screen, listing: Listing) -> Json:
    """Give all of the list at once, for a file (see `count_of`)."""
    # Not kept beside the answers: it is large, and asked for once.
    return list_deals(answers().facts(), as_of=screen.as_of, limit=MOST, **_options(screen, listing))


def left_out(screen: Screen) -> str:
    """Say that deals of others are not listed, where a figure that leads here may count them; else nothing."""
    if screen.owners is None:
        return ""
    meant = screen.teams.get(screen.team, frozenset()) if screen.team else {row["person_id"] for row in screen.roster}
    meant = meant if screen.person is None else {screen.person}
    # What went to somebody else, or is in the data no more, is a part of one's own change.
    if meant <= {*screen.owners} and not str(screen.request.GET.get("figure") or "").startswith("change."):
        return ""
    return screen.say(N_("Deals of others that you may not see are not listed here, even where a figure counts them."))


def table(screen: Screen, listing: Listing, answer: Json) -> Table:
    """Draw the rows of one page, with the sum of all at the foot."""
    speaker, deals, total = screen.speaker, answer["deals"], answer["total"]
    unit = speaker.money_column([*(deal["amount"] for deal in deals), total["amount"]])
    shown = [column for column in columns(screen, unit.label) if not column.optional or column.key in listing.shown]
    rows = [_cells(screen, deal, unit.cell(amount_of(deal["amount"]))) for deal in deals]
    unrated = sum(total["without_rate"].values())
    unknown = total["amount_unknown"] - unrated
    missing = [
        *([screen.say(N_("{n} without an amount"), n=unknown)] if unknown else []),
        *([screen.say(N_("{n} without an exchange rate"), n=unrated)] if unrated else []),
    ]
    foot = {
        "": Cell(screen.say(N_("{n} {n:deal|deals}"), n=total["count"]), strong=True),
        "amount": Cell(
            unit.cell(amount_of(total["amount"])),
            sub=" · ".join(missing),
            strong=True,
        ),
    }
    return Table(
        screen.say(N_("Deals")),
        shown,
        [[row[column.key] for column in shown] for row in rows],
        foot=[[foot.get(column.key, Cell()) for column in shown]],
        hidden_caption=True,
        empty=_nothing(screen, listing),
    )


_NOTHING: Final = {
    "open": N_("No deal is open."),
    "won": N_("No deal was won."),
    "lost": N_("No deal was lost."),
    "no_decision": N_("No deal ended without a decision."),
    "removed": N_("No deal was removed."),
    "closed": N_("No deal is closed."),
    "all": N_("There are no deals yet."),
}


def _nothing(screen: Screen, listing: Listing) -> str:
    """Say why the list is empty: what narrows it can be taken away, where anything does."""
    narrowed = listing.find or filters(screen) or any((screen.team, screen.pipeline, screen.person))
    if narrowed:
        return screen.say(N_("No deal fits. Take a filter away, or look for other words."))
    return screen.say(_NOTHING.get(str(screen.request.GET.get("outcome") or "open"), _NOTHING["all"]))


def without_rate(screen: Screen, answer: Json) -> list[str]:
    """Say which deals of the list stay out of its sum because there is no exchange rate."""
    text = N_("{n} {n:deal|deals} in {currency} {n:has|have} no exchange rate; {n:it stays|they stay} out of sums.")
    return [screen.say(text, n=n, currency=name) for name, n in answer["total"]["without_rate"].items()]


def short_table(screen: Screen, deals: Sequence[Json], caption: str, *, owners: bool = False) -> Table:
    """Draw a few open deals: what each is and what to see to, whose where that differs, where it stands."""
    say, speaker = screen.say, screen.speaker
    unit = speaker.money_column([deal["amount"] for deal in deals])
    columns = [
        Column(say(N_("Deal"))),
        *([Column(say(N_("Owner")), key="owner", optional=True)] if owners else []),
        Column(say(N_("Amount, {unit}"), unit=unit.label), "right", key="amount", optional=True),
        Column(say(N_("What to see to")), key="attention", optional=True),
        Column(say(N_("Stage")), key="stage", optional=True),
        Column(say(N_("Days here")), "right", key="days", optional=True),
    ]
    rows = []
    for deal in deals:
        cells = _cells(screen, deal, unit.cell(amount_of(deal["amount"])))
        rows.append([cells[column.key] for column in columns])
    return Table(caption, columns, rows, hidden_caption=True, empty=say(N_("Nothing is waiting.")))


def _cells(screen: Screen, deal: Json, amount: str) -> dict[str, Cell]:
    speaker = screen.speaker
    is_open = deal["outcome"] == "open"
    end = OUTCOME_NAMES[deal["outcome"]]
    return {
        "": Cell(
            deal["account"] or deal["name"] or deal["deal_id"],
            sub=about(deal),
            href=f"{DEALS}{deal['deal_id']}/",
            strong=True,
        ),
        "owner": Cell(deal["owner"] or ABSENT),
        "stage": Cell(deal["stage_label"] or ABSENT)
        if is_open
        else Cell(screen.say(end), sub=deal["lost_reason"] or ""),
        "amount": amount_cell(speaker, deal, amount),
        "days": Cell(days_here(speaker, deal, speaker.count(deal["days_in_stage"]))),
        "touch": Cell(speaker.day_short(deal["last_activity_on"])),
        "due": Cell(speaker.day_short(deal["expected_close_on"])),
        "created": Cell(speaker.day_short(deal["created_on"])),
        "closed": Cell(speaker.day_short(deal["closed_on"])),
        "attention": Cell(", ".join(speaker.say(note) for note in deal["notes"])),
    }


def filters(screen: Screen) -> list[tuple[str, str, str]]:
    """Name the filters in force: label, value, and the address without it."""
    query, speaker = screen.request.GET, screen.speaker
    told = []

    def days(text: str) -> str:
        return _written(text, speaker)

    names: dict[str, tuple[str, Callable[[str], str]]] = {
        "stage": (N_("Stage"), lambda key: _stage_label(screen, key)),
        "category": (N_("Forecast category"), lambda key: speaker.label(FORECAST_CATEGORIES, key)),
        "attention": (N_("What to see to"), lambda key: speaker.label(ATTENTION | {ANY_REASON: N_("anything")}, key)),
        "created": (N_("Created"), days),
        "closed": (N_("Closed"), days),
        "due": (N_("Expected close"), days),
        "entered": (N_("Entered the stage"), days),
    }
    for name, (label, write) in names.items():
        if query.get(name):
            told.append((screen.say(label), write(str(query[name])), screen.address(**{name: None})))
    given = query.getlist("where")
    for one in given:
        column, _colon, value = one.partition(":")
        label = screen.say(COLUMN_NAMES[column]) if column in COLUMN_NAMES else column
        label = label[:1].upper() + label[1:]
        without = screen.address(where=[other for other in given if other != one])
        told.append((label, value or screen.say(N_("Not known")), without))
    figure = str(query.get("figure") or "")
    if figure:
        within = str(query.get("within") or "")
        value = ", ".join([_figure(screen, figure), *([days(within)] if within else [])])
        told.append((screen.say(N_("Counted as")), value, screen.address(figure=None, within=None)))
    return told


def _stage_label(screen: Screen, stage: str) -> str:
    """Give what people call a stage; its key where several pipelines call it differently."""
    found = screen.ask(ask_stages)["stages"]
    labels = {one["label"] for one in found if one["stage"] == stage and screen.pipeline in {None, one["pipeline"]}}
    return labels.pop() if len(labels) == 1 else stage


def _written(text: str, speaker: Speaker) -> str:
    """Write a span of an address by its name, or its first and last day; an open end stays open."""
    first, dots, last = text.partition("..")
    if not dots or (first and last):
        return period_name(Period.parse(text), speaker.lang)
    if first:
        return speaker.text(N_("from {day}"), day=speaker.day(first))
    return speaker.text(N_("until {day}"), day=speaker.day((read_date(last) - timedelta(days=1)).isoformat()))


def _figure(screen: Screen, figure: str) -> str:
    if figure == CLOSED_BY:
        return screen.say(N_("held by this person on the day it closed"))
    if figure == ENDED_IN:
        return screen.say(N_("stood last in this stage before it was lost or ended without a decision"))
    mode, _dot, name = figure.partition(".")
    if mode == "change":
        return f"{screen.say(N_('Pipeline change'))} · {screen.speaker.label(CHANGES, name)}"
    labels = {count: label for label, count in COUNTS.get(mode, ())}
    return f"{screen.speaker.label(MODES, mode)} · {screen.speaker.label(labels, name)}"


def as_rows(screen: Screen, answer: Json) -> tuple[list[str], list[Sequence[Value]]]:
    """Give the header and rows of the file: every column, amounts and dates as they are."""
    say, speaker = screen.say, screen.speaker
    header = [
        *(say(name) for name in (N_("Key"), N_("Account"), N_("Deal"), N_("Owner"), N_("Team"), N_("Pipeline"))),
        *(say(name) for name in (N_("Stage"), N_("Outcome"), N_("Amount"), N_("Currency"), N_("Created"))),
        *(say(name) for name in (N_("Expected close"), N_("Closed"), N_("Days here"), N_("Last touch"))),
        say(N_("What to see to")),
    ]

    def day(text: str | None) -> date | None:
        return None if text is None else date.fromisoformat(text)

    rows: list[Sequence[Value]] = [
        (
            deal["deal_id"],
            deal["account"],
            deal["name"],
            deal["owner"],
            deal["team"],
            deal["pipeline"],
            deal["stage_label"],
            say(OUTCOME_NAMES[deal["outcome"]]),
            amount_of(deal["amount"] or deal["unconverted"]),
            None if (worth := deal["amount"] or deal["unconverted"]) is None else worth["currency"],
            day(deal["created_on"]),
            day(deal["expected_close_on"]),
            day(deal["closed_on"]),
            deal["days_in_stage"],
            day(deal["last_activity_on"]),
            ", ".join(speaker.say(note) for note in deal["notes"]),
        )
        for deal in answer["deals"]
    ]
    return header, rows
