"""The deals that stand in a stage, against the time that is usual there; how amount and days of a deal are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bokgi.domain.messages import N_
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.format import ABSENT
from bokgi.ui.speaker import Speaker, about, amount_of

Json = Mapping[str, Any]


def amount_cell(speaker: Speaker, deal: Json, amount: str) -> Cell:
    """Show a deal's amount as it is written; one without an exchange rate in its own currency, and says so.

    >>> from datetime import date
    >>> deal = {"amount": None, "unconverted": {"amount": "7.00", "currency": "USD"}}
    >>> found = amount_cell(Speaker("en", date(2026, 11, 24), "KRW"), deal, "–")
    >>> found.text, found.sub
    ('$7', 'no exchange rate')
    """
    # A review that was kept before deals told it has no such key.
    own = deal.get("unconverted")
    if own is None:
        return Cell(amount, tone="dim" if "amount" in deal.get("unknown_then", ()) else "")
    return Cell(speaker.money(own), sub=speaker.word(N_("no exchange rate")), tone="dim")


def days_here(speaker: Speaker, deal: Json, plain: str) -> str:
    """Say how many days a deal has stood in its stage: `plain`, or at least so many, where a first export found it.

    >>> from datetime import date
    >>> speaker = Speaker("en", date(2026, 11, 24), "KRW")
    >>> found = {"days_in_stage": 7, "days_in_stage_at_least": True}
    >>> days_here(speaker, found, "7").replace("\N{NO-BREAK SPACE}", " "), days_here(speaker, {"days_in_stage": 7}, "7")
    ('at least 7 days', '7')
    """
    # A review that was kept before deals told it has no such key.
    if deal.get("days_in_stage_at_least"):
        return speaker.text(N_("at least {days}"), days=speaker.days(deal["days_in_stage"]))
    return plain


def standing_table(
    speaker: Speaker,
    deals: Sequence[Json],
    *,
    caption: str,
    median: float | None,
    late: float | None,
    opened_at: str = "",
    hidden_caption: bool = False,
) -> Table:
    """Draw how long each of some open deals has stood, with ticks at the usual and the long time in days.

    `median` and `late` (80th percentile) are null where too few deals left the stage. `opened_at` is the address before
    the key of a deal; without it, as on paper, a deal opens nothing.
    """
    unit = speaker.money_column([deal["amount"] for deal in deals])
    longest = max([deal["days_in_stage"] or 0 for deal in deals] + [(late or 0) * 1.2, 1.0])
    columns = [
        Column(speaker.word(N_("Deal"))),
        Column(speaker.word(N_("Owner")), key="owner", optional=True),
        Column(speaker.text(N_("Amount, {unit}"), unit=unit.label), "right", key="amount", optional=True),
        Column(speaker.word(N_("Days here")), "right", key="days", optional=True),
        Column(speaker.word(N_("against the usual time")), drawn=True, key="usual", optional=True),
        Column(speaker.word(N_("Last touch")), "right", key="touch", optional=True),
        Column(speaker.word(N_("Expected close")), "right", key="due", optional=True),
        Column(speaker.word(N_("To talk about")), key="notes", optional=True),
    ]
    rows = [
        [
            Cell(
                deal["account"] or deal["name"] or deal["deal_id"],
                sub=about(deal),
                href=opened_at and f"{opened_at}{deal['deal_id']}/",
                strong=True,
            ),
            Cell(deal["owner"] or ABSENT),
            amount_cell(speaker, deal, unit.cell(amount_of(deal["amount"]))),
            Cell(days_here(speaker, deal, speaker.count(deal["days_in_stage"]))),
            Cell(
                mark=None
                if deal["days_in_stage"] is None
                else marks.age_bar(deal["days_in_stage"], median=median, late=late, longest=longest)
            ),
            Cell(speaker.day_short(deal["last_activity_on"])),
            Cell(speaker.day_short(deal["expected_close_on"])),
            Cell(", ".join(speaker.say(note) for note in deal["notes"])),
        ]
        for deal in deals
    ]
    return Table(caption, columns, rows, hidden_caption=hidden_caption)
