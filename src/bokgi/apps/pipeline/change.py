"""The page of the pipeline's change: a bridge whose parts add up, each part with its deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from bokgi.apps.access.permissions import Share
from bokgi.apps.pipeline.deal_list import DEALS
from bokgi.apps.pipeline.funnel import deals_address
from bokgi.apps.pipeline.selectors import WHOLE, Screen
from bokgi.apps.pipeline.standing import amount_cell
from bokgi.domain.labels import PIPELINE_PARTS
from bokgi.domain.messages import N_
from bokgi.domain.money import Money
from bokgi.questions.asked import Json
from bokgi.questions.moved import EVE
from bokgi.questions.pipeline import PUSHED, tell_pipeline_change
from bokgi.ui.blocks import Cell, Chart, Column, Table
from bokgi.ui.charts import Step, bridge, bridge_base, for_page
from bokgi.ui.format import ABSENT, MoneyColumn, chart_column, plain
from bokgi.ui.speaker import Speaker, about, amount_of

WEEKS = (1, 2, 4, 13)
"""How many weeks back the change may be looked at."""
FEW: Final = "few"
"""What is told as one because few people have it."""
FEW_PEOPLE: Final = N_("What few people have")
Whose = Mapping[str, Sequence[Json]]
"""By part: whose it is, as the question gives it."""
_PARTS: Final = PIPELINE_PARTS | {FEW: FEW_PEOPLE}


def start_of(screen: Screen) -> date:
    """Give the first day of the change; a number of weeks that is not offered counts as one."""
    weeks = screen.request.GET.get("weeks", "1")
    by_weeks = dict(zip(map(str, WEEKS), starts_of(screen.as_of), strict=True))
    return by_weeks.get(weeks, by_weeks[str(WEEKS[0])])


def starts_of(on: date) -> list[date]:
    """Give the first days of the changes that are offered on a day."""
    return [on - timedelta(days=7 * back - 1) for back in WEEKS]


def days_of(screen: Screen) -> tuple[date, ...]:
    """Give the days, beside the page's own, whose open pipeline the page sums up."""
    return (start_of(screen) - timedelta(days=1),)


def seen(screen: Screen, change: Json) -> Json | None:
    """Give the change as this person may see it; null where even start and end together would show somebody.

    Parts that few people have are told as one. What a team's part leaves of everybody's is judged with it.
    """
    if screen.owners is None or screen.person is not None:
        return change
    parts = {part["code"]: part for part in change["parts"]}
    shown = _shown(screen, change)
    if shown is None:
        return None
    if parts.keys() <= shown:
        return change
    return change | {"parts": few_as_one(screen, change["parts"], shown, ("deals", "count", "amount_unknown"))}


def _shown(screen: Screen, change: Json) -> frozenset[str] | None:
    """Choose the parts that may be shown: spans of other lengths, which end alike, are judged with this one.

    The part of two weeks less that of the last one is what came before; where that is one person's, one is not shown.
    """
    own = start_of(screen)
    starts = starts_of(screen.as_of) if screen.sums_only else [own]
    seen_then = screen.seen_in([start - timedelta(days=1) for start in starts]) if screen.sums_only else [True]
    starts = [start for start, may in zip(starts, seen_then, strict=True) if may or start == own]
    of_all, owners = dict[date, Whose](), dict[date, Whose]()
    for start in starts:
        of_span = asked(screen) | {"start": start}
        whole = screen.ask(tell_pipeline_change, **of_span | {"team": None})
        here = change if start == own else whole if screen.team is None else screen.ask(tell_pipeline_change, **of_span)
        of_all[start], owners[start] = _whose(whole), _whose(here)
    if not screen.sums_only:
        return screen.parts_shown(owners[own], of_all[own])
    scope, safe = screen.team or WHOLE, {start: set[str]() for start in starts}
    for code in {code for found in of_all.values() for code in found}:
        groups = {
            (start, of): frozenset(_share(row) for row in found.get(code, ()) if of in {WHOLE, row["team"]})
            for start, found in of_all.items()
            for of in screen.shown
        }
        named = {f"{of} {start}": (start, of) for start, of in groups}
        told = screen.safe(
            {name: groups[key] for name, key in named.items()}, {name: of for name, (_, of) in named.items()}
        )
        for name in told:
            if named[name][1] == scope:
                safe[named[name][0]].add(code)
    shown = {start: screen.parts_shown(owners[start], of_all[start], among=safe[start]) for start in starts}
    # What is left of a span beside its shown parts is told as one: a sum as well, judged with the parts of all spans.
    sums: dict[str, frozenset[Share]] = {}
    for start, parts in shown.items():
        for code, rows in owners[start].items() if parts is not None else ():
            name = f"{start} {code if code in (parts or ()) else FEW}"
            sums[name] = sums.get(name, frozenset()) | {_share(row, code) for row in rows}
    kept = screen.safe(sums, dict.fromkeys(sums, scope))
    left = f"{own} {FEW}"
    return shown[own] if shown[own] is None or left not in sums or left in kept else frozenset()


def _whose(change: Json) -> Whose:
    return {part["code"]: part["people"] for part in change["parts"]}


def _share(row: Json, code: str = "") -> Share:
    """Give what somebody has of a part: the same in two spans only where it is the same number and the same sum."""
    return (row["person_id"], f"{code} {row['team'] or ''} {row['deals']} {row['amount']['amount']}")


def few_as_one(screen: Screen, parts: Sequence[Json], shown: frozenset[str], counts: Sequence[str]) -> list[Json]:
    """Give the parts that may be shown, and the others, if there are any, as one; `counts` are its numbers of deals."""
    kept = [part for part in parts if part["code"] in shown]
    few = [part for part in parts if part["code"] not in shown and part[counts[0]]]
    if not few:
        return kept
    told: dict[str, Any] = {name: sum(part[name] for part in few) for name in counts}
    amount = sum((_decimal(part["amount"]) for part in few), Decimal(0))
    return [*kept, {"code": FEW, **told, "amount": Money(amount, screen.currency).as_json(), "people": []}]


def asked(screen: Screen) -> dict[str, Any]:
    """Give what the question is asked with."""
    scope = {"team": screen.team, "pipeline": screen.pipeline, "person": screen.person}
    return {"start": start_of(screen), **scope}


def address(screen: Screen, change: Json, figure: str) -> str:
    """Give the list of the deals that `start`, `end` or a part of the change counts; empty for who sees no lists."""
    if figure == FEW:
        return ""
    if figure in {"start", "end"}:
        return deals_address(screen, as_of=change[figure]["on"])
    within = f"{change['period']['start']}..{change['period']['end']}"
    return deals_address(screen, figure=f"change.{figure}", within=within, as_of=change["as_of"], outcome="all")


def _decimal(amount: Json | None) -> Decimal:
    return amount_of(amount) or Decimal(0)


def steps_of(change: Json, speaker: Speaker) -> list[Step]:
    """Give the bars of the bridge: the level before, each part that has an amount, the level now."""
    return [
        Step(speaker.day(change["start"]["on"]), _decimal(change["start"]["amount"]), total=True),
        *(
            Step(speaker.label(_PARTS, part["code"]), _decimal(part["amount"]))
            for part in change["parts"]
            if _decimal(part["amount"])
        ),
        Step(speaker.day(change["end"]["on"]), _decimal(change["end"]["amount"]), total=True),
    ]


def chart(screen: Screen, change: Json) -> Chart | None:
    """Draw the bridge; null where too many amounts are unknown for sums to be compared, and where there is none."""
    speaker, steps = screen.speaker, steps_of(change, screen.speaker)
    if change["difference"] is None or not any(step.amount for step in steps):
        return None
    column = chart_column([step.amount for step in steps], screen.currency, screen.lang)
    base = bridge_base(steps)
    note = screen.say(N_("The bars start at {base}, not at zero."), base=Money(base, screen.currency))

    def spec(*, upright: bool) -> dict[str, Any]:
        return for_page(bridge(steps, screen.currency, screen.lang, width=640, upright=upright, mode="page"))

    return Chart(
        title=screen.say(N_("Open pipeline")),
        unit=column.label,
        sentence=plain(speaker.say(change["sentence"])),
        wide=spec(upright=True),
        narrow=spec(upright=False),
        table=parts_table(screen, change, column),
        note=note if base else "",
    )


def parts_table(screen: Screen, change: Json, column: MoneyColumn | None = None) -> Table:
    """List the parts with the deals concerned: the name leads to them below, the number to all of them."""
    speaker, say = screen.speaker, screen.say
    levels = (change["start"], *change["parts"], change["end"])
    unit = column or speaker.money_column([level["amount"] for level in levels])

    def total(name: str) -> list[Cell]:
        end = change[name]
        number = Cell(speaker.count(end["count"]), href=address(screen, change, name) if end["count"] else "")
        return [
            Cell(speaker.day(end["on"]), strong=True),
            number,
            Cell(unit.cell(amount_of(end["amount"])), strong=True),
        ]

    rows = [total("start")]
    for part in change["parts"]:
        name, amount = speaker.label(_PARTS, part["code"]), amount_of(part["amount"])
        here = bool(change["deals"].get(part["code"]))
        sub = say(N_("{n} without an amount"), n=part["amount_unknown"]) if part["amount_unknown"] else ""
        rows.append(
            [
                Cell(name, href=f"#{part['code']}" if here else ""),
                Cell(speaker.count(part["deals"]), href=address(screen, change, part["code"])),
                Cell(unit.change(amount), sub=sub),
            ]
        )
    rows.append(total("end"))
    columns = [Column(say(N_("Change"))), Column(say(N_("Deals")), "right")]
    columns.append(Column(say(N_("Amount, {unit}"), unit=unit.label), "right"))
    return Table(say(N_("Open pipeline, part by part")), columns, rows, hidden_caption=True)


@dataclass(frozen=True)
class DealsOf:
    """The first deals of one figure of the change; `address` lists all of them (empty for who may not see lists)."""

    code: str
    title: str
    table: Table
    address: str


def moved_lists(screen: Screen, change: Json) -> list[DealsOf]:
    """List the deals that were put off, and those that moved on the last day of a move."""
    speaker, say, told = screen.speaker, screen.say, []
    pushed, eve = change["pushed"], change["eve"]
    columns = [Column(say(N_("Deal"))), Column(say(N_("Owner")))]
    if pushed:
        unit = speaker.money_column([deal["amount"] for deal in pushed])
        number = change["moved"][PUSHED]
        title = say(N_("Close date put off: {n} {n:deal|deals}"), n=number)
        rows = [
            [
                *_named(deal),
                Cell(deal["stage_label"] or ABSENT),
                amount_cell(speaker, deal, unit.cell(amount_of(deal["amount"]))),
                Cell(speaker.day_short(deal["due_before"])),
                Cell(speaker.day_short(deal["expected_close_on"])),
            ]
            for deal in pushed
        ]
        more = [
            Column(say(N_("Stage")), key="stage", optional=True),
            Column(say(N_("Amount, {unit}"), unit=unit.label), "right", key="amount", optional=True),
            Column(say(N_("Close date before")), "right", key="before", optional=True),
            Column(say(N_("Expected close")), "right", key="due", optional=True),
        ]
        note = _left_out(screen, number - len(rows))
        table = Table(title, [*columns, *more], rows, note=note, hidden_caption=True)
        told.append(DealsOf(PUSHED, title, table, address(screen, change, PUSHED)))
    if eve["deals"]:
        title = say(N_("Moves made last, on {day}: {n} of {of}"), **_eve_values(eve))
        rows = [
            [
                *_named(deal),
                Cell(_from_to(deal["stage_before"], deal["stage_label"])),
                Cell(_from_to(*(day and speaker.day_short(day) for day in (deal["due_before"], _due_now(deal))))),
            ]
            for deal in eve["deals"]
        ]
        more = [Column(say(N_("Stage"))), Column(say(N_("Expected close")), "right")]
        note = _left_out(screen, eve["count"] - len(rows))
        table = Table(title, [*columns, *more], rows, note=note, hidden_caption=True)
        told.append(DealsOf(EVE, title, table, address(screen, change, EVE)))
    return told


def _eve_values(eve: Json) -> dict[str, Any]:
    return {"day": date.fromisoformat(eve["on"]), "n": eve["count"], "of": eve["of"]}


def _due_now(deal: Json) -> str | None:
    return None if deal["due_before"] is None else deal["expected_close_on"]


def _from_to(before: str | None, now: str | None) -> str:
    """Write what moved as both values; what did not move as absent."""
    return ABSENT if before is None else f"{before} → {now or ABSENT}"


def _named(deal: Json) -> list[Cell]:
    """Name a deal, leading to it, and its owner."""
    title = deal["account"] or deal["name"] or deal["deal_id"]
    return [
        Cell(title, sub=about(deal), href=f"{DEALS}{deal['deal_id']}/", strong=True),
        Cell(deal["owner"] or ABSENT),
    ]


def _left_out(screen: Screen, number: int) -> str:
    """Say how many deals are counted and not listed: the smaller ones, for some readers those of others as well."""
    if number <= 0:
        return ""
    if screen.owners is None:
        return screen.say(N_("{n} smaller {n:deal|deals} not listed"), n=number)
    return screen.say(N_("{n} smaller or other people's {n:deal|deals} not listed"), n=number)


def part_lists(screen: Screen, change: Json) -> list[DealsOf]:
    """List the deals of each part, the largest first."""
    speaker, say = screen.speaker, screen.say
    # One unit for all lists, so that their amounts are read against each other.
    unit = speaker.money_column([deal["change"] for deals in change["deals"].values() for deal in deals or []])
    told = []
    for part in change["parts"]:
        deals = change["deals"].get(part["code"]) or []
        if not deals:
            continue
        columns = [
            Column(say(N_("Deal"))),
            Column(say(N_("Owner"))),
            Column(say(N_("Stage"))),
            Column(say(N_("Adds, {unit}"), unit=unit.label), "right"),
            Column(say(N_("Expected close")), "right"),
        ]
        rows = [
            [
                *_named(deal),
                Cell(deal["stage_label"] or ABSENT),
                amount_cell(speaker, deal, ABSENT)
                if deal["change"] is None
                else Cell(unit.change(amount_of(deal["change"]))),
                Cell(speaker.day_short(deal["expected_close_on"])),
            ]
            for deal in deals
        ]
        name = speaker.label(_PARTS, part["code"])
        title = say(N_("{part}: {n} {n:deal|deals}"), part=name, n=part["deals"])
        note = _left_out(screen, part["deals"] - len(rows))
        table = Table(title, columns, rows, note=note, hidden_caption=True)
        told.append(DealsOf(part["code"], title, table, address(screen, change, part["code"])))
    return told
