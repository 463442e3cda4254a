"""What happened to open deals since the last working day began: won, lost, new, pushed, other amounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from bokgi.apps.pipeline.deal_list import DEALS
from bokgi.apps.pipeline.selectors import Screen
from bokgi.apps.pipeline.standing import amount_cell
from bokgi.apps.reviews.rules import days_before
from bokgi.apps.reviews.services.planning import working_days
from bokgi.domain.labels import PIPELINE_PARTS
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.questions.pipeline import tell_pipeline_change
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.format import ABSENT, signed
from bokgi.ui.speaker import about, amount_of

_SHOWN: Final = 8
_AMOUNTS: Final = frozenset({"amount_up", "amount_down", "amount_filled", "amount_emptied"})
"""Parts that tell by how much an amount changed; the others concern the whole deal."""
_HAPPENED: Final = PIPELINE_PARTS | {"created": N_("New deal")}
"""What happened to one deal; the parts of a change name several."""


def since(on: date) -> date:
    """Give the last working day before a day, by the organisation's calendar: what happened on it is read after it."""
    return days_before(on, 1, working_days())


def news(screen: Screen) -> Table | None:
    """List the largest changes, one's own or the team's; null for who sees no rows, and where nothing happened."""
    owners = screen.owners
    if owners == () or screen.team not in {None, *screen.teams}:
        return None
    start = since(screen.as_of)
    scope = {"team": screen.team, "pipeline": screen.pipeline, "person": screen.person}
    found = screen.ask(tell_pipeline_change, start=start, owners=owners, **scope)
    parts = found["parts"]
    if found["reason"] == "amounts_unknown":
        # Most amounts of that day were never seen: their first sight is no news.
        parts = [part for part in parts if part["code"] != "amount_filled"]
    # Nor is it news who owns a deal that was there.
    parts = [part for part in parts if part["code"] != "owner_filled"]
    told = [(part["code"], deal) for part in parts for deal in found["deals"].get(part["code"]) or []]
    if not told:
        return None
    told.sort(key=lambda one: (-abs(amount_of(one[1]["change"]) or Decimal(0)), one[1]["deal_id"]))
    return _table(screen, start, told[:_SHOWN], sum(part["deals"] for part in parts))


def _table(screen: Screen, start: date, told: list[tuple[str, Json]], count: int) -> Table:
    say, speaker = screen.say, screen.speaker
    amounts = [deal["change"] if part in _AMOUNTS else deal["amount"] for part, deal in told]
    unit = speaker.money_column(amounts)
    rows = []
    for (part, deal), amount in zip(told, amounts, strict=True):
        worth = amount_of(amount)
        written = unit.cell(worth)
        rows.append(
            [
                Cell(
                    deal["account"] or deal["name"] or deal["deal_id"],
                    sub=about(deal),
                    href=f"{DEALS}{deal['deal_id']}/",
                    strong=True,
                ),
                Cell(speaker.label(_HAPPENED, part), sub=deal["owner"] or ""),
                Cell(ABSENT if worth is None else signed(written))
                if part in _AMOUNTS
                else amount_cell(speaker, deal, written),
            ]
        )
    columns = [
        Column(say(N_("Deal"))),
        Column(say(N_("Change"))),
        Column(say(N_("Amount, {unit}"), unit=unit.label), "right"),
    ]
    more = count - len(rows)
    note = say(N_("{n} smaller {n:change|changes} not shown"), n=more) if more > 0 else ""
    caption = say(N_("Changed since {day}"), day=start)
    return Table(caption, columns, rows, note=note, hidden_caption=True)
