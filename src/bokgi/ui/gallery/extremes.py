"""Components at their limits, on invented data: nothing there, too few, more text than there is room for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from bokgi.domain.messages import N_
from bokgi.ui import format as written
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Field, Figure, HeatCell, Link, Table, TimelineEntry
from bokgi.ui.marks import Scale
from bokgi.ui.months import MonthDay, month_of

_TODAY: Final = date(2026, 11, 24)
_LONG: Final = N_(
    "Deals that were pushed out three times or more and have no next step on which the customer and the owner agreed"
)


def extremes(say: Callable[..., str], lang: str, people: int) -> dict[str, Any]:
    """Give the states at the limits, for the context of `gallery`.

    `say` writes a marked text in the language `lang`; the heat map has so many people.
    """
    long = say(_LONG)
    few = say(N_("too few"))
    stage = Column(say(N_("Stage")))
    tip = Badge(f"{written.n(7)}, {say(N_('too early to say'))}", "few", "info")
    verdict = Column(say(N_("Verdict")))
    return {
        "long": long,
        "long_figure": Figure(
            long,
            "1,234,567,890",
            unit="원" if lang == "ko" else "₩",
            mark=marks.whisker(0.34, (0.3, 0.38), Scale(0.2, 0.5, 170)),
            range=long,
            comparison=long,
            badge=Badge(say(N_("no difference told")), "same", "same"),
            n=written.n(512_000),
            rows=Link(say(N_("Show deals")), "#main"),
        ),
        "whisker_few": Table(
            say(N_("Too few")),
            [stage, Column("", drawn=True), Column("n", "right"), verdict],
            [[Cell(say(N_("Proposal"))), Cell(few, tone="dim"), Cell(written.n(7)), Cell(badge=tip)]],
            hidden_caption=True,
        ),
        "funnel_few": Table(
            say(N_("Too few")),
            [stage, Column("", drawn=True), Column("n", "right"), Column(say(N_("On")), "right")],
            [
                [
                    Cell(say(N_("Proposal"))),
                    Cell(mark=marks.parts_bar(2, 3, 2, largest=40, label=few)),
                    Cell("7"),
                    Cell(few, tone="dim"),
                ]
            ],
            hidden_caption=True,
        ),
        "empty": Table(
            say(N_("Empty")),
            [Column(say(N_("Deal"))), Column(say(N_("Amount")), "right")],
            [],
            hidden_caption=True,
            empty=say(N_("No deal has these words. Look for others, or empty the field.")),
        ),
        "wide": Table(
            say(N_("Long text")),
            [Column(say(N_("Deal"))), *(Column(long, "right") for _ in range(5))],
            [[Cell(long, sub=long), *(Cell("1,234,567,890") for _ in range(5))]],
            hidden_caption=True,
        ),
        "heat_few": [
            {
                "label": say(N_("Proposal")),
                "cells": [HeatCell(marks.heat_class(None, 0.4, 0.7), few, written.n(3))] * people,
                "total": False,
            }
        ],
        "long_timeline": [TimelineEntry(written.day(_TODAY, lang), long, long, "open", _TODAY.isoformat())],
        "named_month": month_of(_TODAY, 1, lang, lambda on: _named(on, long)),
        "focused_field": Field("focused", say(N_("Next step")), hint=long),
        "long_field": Field("long", long, value=long, hint=long, error=long, required=True),
    }


def _named(on: date, long: str) -> MonthDay:
    return MonthDay(on.day, name=long if on.day == _TODAY.day else "", works=on.day != _TODAY.day)
