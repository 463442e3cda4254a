"""The evidence below a forecast: what moved it since last week, which deals matter, categories, simple methods."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from bokgi.apps.pipeline.change import FEW, FEW_PEOPLE
from bokgi.apps.pipeline.deal_list import DEALS
from bokgi.apps.pipeline.funnel import deals_address
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.labels import FORECAST_CATEGORIES, FORECAST_CHANGES, FORECAST_METHODS
from bokgi.domain.messages import N_
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.ui.blocks import Cell, Chart, Column, Table
from bokgi.ui.charts import Step, bridge, bridge_base, for_page
from bokgi.ui.format import ABSENT, MoneyColumn, chart_column, plain, signed
from bokgi.ui.speaker import amount_of

_CHANGES: Final = FORECAST_CHANGES | {FEW: FEW_PEOPLE}
_CATEGORIES: Final = FORECAST_CATEGORIES | {FEW: FEW_PEOPLE}


def change_chart(screen: Screen, answer: Json) -> Chart | None:
    """Draw what moved the forecast since last week as a bridge whose parts add up."""
    change = answer["change"]
    if change is None:
        return None
    speaker = screen.speaker

    def amount(found: Json) -> Decimal:
        return amount_of(found) or Decimal(0)

    parts = [part for part in change["parts"] if amount(part["amount"])]
    steps = [
        Step(speaker.day(change["since"]), amount(change["before"]), total=True),
        *(Step(speaker.label(_CHANGES, part["code"]), amount(part["amount"])) for part in parts),
        Step(speaker.day(answer["as_of"]), amount(change["now"]), total=True),
    ]
    column = chart_column([step.amount for step in steps], screen.currency, screen.lang)
    base = bridge_base(steps)
    note = screen.say(N_("The bars start at {base}, not at zero."), base=Money(base, screen.currency))

    def spec(*, upright: bool) -> dict[str, Any]:
        return for_page(bridge(steps, screen.currency, screen.lang, width=640, upright=upright, mode="page"))

    sentences = answer["said"]
    return Chart(
        title=screen.say(N_("Since last week")),
        unit=column.label,
        sentence=plain(speaker.say(sentences[-1])) if sentences else "",
        wide=spec(upright=True),
        narrow=spec(upright=False),
        table=change_table(screen, change, column),
        note=note if base else "",
    )


def change_table(screen: Screen, change: Json, unit: MoneyColumn) -> Table:
    """List the parts of the change; they add up."""
    speaker, say = screen.speaker, screen.say
    rows = [
        [
            Cell(speaker.day(change["since"]), strong=True),
            Cell(),
            Cell(unit.cell(amount_of(change["before"])), strong=True),
        ]
    ]
    rows += [
        [
            Cell(speaker.label(_CHANGES, part["code"])),
            Cell(speaker.count(part["n"])),
            Cell(signed(unit.cell(amount_of(part["amount"])))),
        ]
        for part in change["parts"]
    ]
    rows.append([Cell(say(N_("now")), strong=True), Cell(), Cell(unit.cell(amount_of(change["now"])), strong=True)])
    columns = [
        Column(say(N_("Change"))),
        Column(say(N_("Deals")), "right"),
        Column(say(N_("Amount, {unit}"), unit=unit.label), "right"),
    ]
    return Table(say(N_("What moved the forecast since last week")), columns, rows, hidden_caption=True)


def deals_table(screen: Screen, deals: Sequence[Json], caption: str, *, share: bool) -> Table:
    """List deals of the forecast whose owners' rows may be seen; `share`: of the open part's uncertainty."""
    say, speaker = screen.say, screen.speaker
    owners = screen.owners
    seen = [deal for deal in deals if owners is None or deal["person_id"] in owners]
    unit = speaker.money_column([deal["amount"] for deal in seen])
    columns = [
        Column(say(N_("Deal"))),
        Column(say(N_("Owner"))),
        Column(say(N_("Stage"))),
        Column(say(N_("Amount, {unit}"), unit=unit.label), "right"),
        Column(say(N_("Chance")), "right"),
        Column(say(N_("By stage")), "right"),
        *([Column(say(N_("Of the range")), "right")] if share else []),
        Column(say(N_("What to see to"))),
    ]
    rows = [
        [
            Cell(deal["title"], href=f"{DEALS}{deal['deal_id']}/"),
            Cell(deal["name"] or ABSENT),
            Cell(deal["stage"]),
            Cell(unit.cell(amount_of(deal["amount"])), tone="" if deal["amount_known"] else "dim"),
            Cell(speaker.percent(deal["chance"]), strong=True),
            Cell(speaker.percent(deal["stage_chance"])),
            *([Cell(speaker.percent(deal["share"]))] if share else []),
            Cell(", ".join(speaker.say(note) for note in deal["notes"])),
        ]
        for deal in seen
    ]
    none = N_("No such deal.") if screen.owners is None else N_("None of yours.")
    return Table(caption, columns, rows, hidden_caption=True, empty=say(none))


def category_address(screen: Screen, period: Period, code: str) -> str:
    """Give the list of the open deals of a category that are due: in the period, and before where it is not over.

    Empty for what is told as one, and for who may not see lists.
    """
    if code == FEW:
        return ""
    first = "" if screen.as_of in period else period.start.isoformat()
    return deals_address(screen, category=code, due=f"{first}..{period.end}")


def category_table(screen: Screen, answer: Json, period: Period) -> Table:
    """List the open deals due in the period by the category that the CRM gives; each number leads to them."""
    say, speaker = screen.say, screen.speaker
    parts = [part for part in answer["categories"]["parts"] if part["n"]]
    unit = speaker.money_column([part["amount"] for part in parts])
    columns = [
        Column(say(N_("Category"))),
        Column(say(N_("Deals")), "right"),
        Column(say(N_("Amount, {unit}"), unit=unit.label), "right"),
    ]
    rows = [
        [
            Cell(speaker.label(_CATEGORIES, part["code"])),
            Cell(speaker.count(part["n"]), href=category_address(screen, period, part["code"])),
            Cell(
                unit.cell(amount_of(part["amount"])),
                sub=say(N_("{n} without an amount"), n=part["amount_unknown"]) if part["amount_unknown"] else "",
            ),
        ]
        for part in parts
    ]
    return Table(say(N_("Open deals due, by category")), columns, rows, hidden_caption=True)


def benchmark_table(screen: Screen, answer: Json) -> Table:
    """Put simple methods beside the model."""
    say, speaker = screen.say, screen.speaker
    rows = list(answer["benchmarks"].items())
    unit = speaker.money_column([one["mean"] for _, one in rows])
    columns = [
        Column(say(N_("Method"))),
        Column(say(N_("Expected, {unit}"), unit=unit.label), "right"),
        Column(say(N_("80% range")), "right"),
        Column(say(N_("Mean error (CRPS)")), "right"),
    ]
    cells = [
        [
            Cell(
                speaker.label(FORECAST_METHODS, name),
                sub="" if one["mean"] is not None else say(N_("too few people sold then")),
            ),
            Cell(unit.cell(amount_of(one["mean"]))),
            Cell(
                ABSENT
                if one["mean"] is None
                else speaker.ends(unit.cell(amount_of(one["low"])), unit.cell(amount_of(one["high"])))
            ),
            Cell(unit.cell(amount_of(one["crps"]))),
        ]
        for name, one in rows
    ]
    return Table(say(N_("Simple methods")), columns, cells, hidden_caption=True)
