"""Components as they usually look, on invented data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from bokgi.domain.measures import Between, Hours, Points, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.ui import format as written
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Chart, Column, Field, Figure, HeatCell, Link, Range, Table, TimelineEntry
from bokgi.ui.charts import Spec, Step, bridge, cumulative, for_page
from bokgi.ui.gallery.extremes import extremes
from bokgi.ui.listing import Listing
from bokgi.ui.marks import Scale
from bokgi.ui.months import MonthDay, month_of

_CURRENCY: Final = "KRW"
_TODAY: Final = date(2026, 11, 24)
_GOAL: Final = 24.0
_FORECAST: Final = (
    *(18.6, 19.8, 20.7, 21.2, 21.7, 22.0, 22.3, 22.6, 22.9, 23.1),
    *(23.3, 23.5, 23.8, 24.1, 24.4, 24.7, 25.1, 25.6, 26.3, 27.4),
)
_NAMES: Final = {
    "ko": ("김도현", "이서연", "박지호", "최유나"),
    "en": ("Dohyun Kim", "Seoyeon Lee", "Jiho Park", "Yuna Choi"),
}
_DEALS: Final = {
    "ko": (
        ("별하통신", "과금 연동", 3, 24_000, (1, 2, 2, 4, 3, 5), (11, 19)),
        ("해솔물류", "WMS 교체와 세 창고의 입출고 자동화를 한 번에 하는 사업", 0, 18_000, (4, 3, 3, 2, 2, 1), (11, 20)),
        ("온누리제약", "품질 관리", 1, 9_000, (2, 2, 3, 2, 3, 3), (11, 14)),
        ("푸른들농업", "출하 예측", 2, 6_400, (0, 1, 1, 2, 4, 4), (11, 21)),
    ),
    "en": (
        ("Byulha Telecom", "Billing integration", 3, 24_000, (1, 2, 2, 4, 3, 5), (11, 19)),
        (
            "Haesol Logistics",
            "New WMS and automated goods in and out for three warehouses",
            0,
            18_000,
            (4, 3, 3, 2, 2, 1),
            (11, 20),
        ),
        ("Onnuri Pharma", "Quality control", 1, 9_000, (2, 2, 3, 2, 3, 3), (11, 14)),
        ("Pureundeul Farms", "Shipment forecast", 2, 6_400, (0, 1, 1, 2, 4, 4), (11, 21)),
    ),
}


@dataclass(frozen=True)
class _Words:
    """Writes the texts of the page in one language."""

    lang: str

    def __call__(self, msgid: str, /, **values: object) -> str:
        return Message(msgid, values).text(self.lang, written.shower(_TODAY))


def gallery(lang: str, *, listing: Listing | None = None, path: str = "") -> dict[str, Any]:
    """Give the context of the templates in `ui/gallery` in one language.

    `listing` is the state of the example table (`read_listing` reads it from an address), `path` the page's own.
    """
    say = _Words(lang)
    asked = listing or read_listing({}, lang)
    rows = _found(lang, asked)
    return {
        "badges": _badges(say),
        "figures": _figures(say),
        "whiskers": _whiskers(say),
        "ranges": _ranges(say),
        "dots": _dots(say),
        "deals": _deals(say, asked, rows),
        "listing": asked,
        "path": path,
        "total": len(rows),
        "funnel": _funnel(say),
        "heat": _heat(say),
        "bridge": _bridge(say),
        "won": _won(say),
        "timeline": _timeline(say),
        "month": month_of(_TODAY, 7, lang, lambda on: _day(say, on)),
        "fields": _fields(say),
        "names": _NAMES[lang],
        "show_deals": Link(say(N_("Show deals")), "#main"),
        **extremes(say, lang, people=len(_NAMES[lang]) + 1),
    }


# ---------------------------------------------------------------- small things


def _badges(say: _Words) -> list[Badge]:
    return [
        Badge(say(N_("higher")), "good", "rose"),
        Badge(say(N_("lower")), "bad", "fell"),
        Badge(say(N_("slower")), "bad", "rose"),
        Badge(say(N_("no difference told")), "same", "same"),
        Badge(f"{written.n(7)}, {say(N_('too early to say'))}", "few", "info"),
        Badge(say(N_("{n} amounts are missing"), n=32), "warn", "warning"),
        Badge(say(N_("only the two of you")), "private", "lock"),
        Badge(say(N_("draft"))),
        Badge(say(N_("being talked about")), "accent"),
    ]


def _figures(say: _Words) -> list[Figure]:
    rows, scale = Link(say(N_("Show deals")), "#main"), Scale(0.2, 0.5, 170)
    rate, faster = Between(Rate(0.308), Rate(0.377)), Between(Hours(1.7), Hours(2.6))
    return [
        Figure(
            say(N_("Win rate")),
            "34.2",
            unit="%",
            mark=marks.whisker(0.342, (0.308, 0.377), scale, reference=0.31),
            range=say(N_("90% interval {interval}"), interval=rate),
            comparison=say(N_("{difference} against last year"), difference=Points(0.032)),
            badge=Badge(say(N_("no difference told")), "same", "same"),
            n=written.n(512),
            rows=rows,
            definition=Link(say(N_("How the win rate is defined")), "#main"),
        ),
        Figure(
            say(N_("Lead response time")),
            "2.1",
            unit=say(N_("hours")),
            mark=marks.whisker(2.1, (1.7, 2.6), Scale(1, 4, 170), reference=3.4, tone="good"),
            range=say(N_("90% interval {interval}"), interval=faster),
            comparison=say(N_("{difference} against last quarter"), difference=Hours(-1.3)),
            badge=Badge(say(N_("faster")), "good", "fell"),
            n=written.n(388),
            rows=rows,
        ),
        Figure(
            say(N_("Conversion of negotiation")),
            "",
            range=say(N_("There is a value from {n} on"), n=15),
            comparison=say(N_("At this pace in {n} weeks"), n=5),
            n=written.n(9),
            rows=rows,
        ),
    ]


def _whiskers(say: _Words) -> Table:
    scale = Scale(0.4, 0.95, 220)

    def row(label: str, share: float, interval: tuple[float, float], cases: int, badge: Badge | None) -> list[Cell]:
        tone: marks.Tone = "plain" if badge is None or badge.tone not in {"good", "bad"} else _TONES[badge.tone]
        mark = marks.whisker(share, interval, scale, reference=0.7, tone=tone, label=written.percent(share))
        return [Cell(label), Cell(mark=mark), Cell(written.n(cases)), Cell(badge=badge)]

    return Table(
        say(N_("Conversion beside the team's")),
        [Column(say(N_("Stage"))), Column("", drawn=True), Column("n", "right"), Column(say(N_("Verdict")))],
        [
            row(say(N_("Qualification")), 0.68, (0.62, 0.73), 263, Badge("−2%p", "same", "same")),
            row(say(N_("Proposal")), 0.57, (0.49, 0.64), 171, Badge("−13%p", "bad", "fell")),
            row(say(N_("Validation")), 0.82, (0.76, 0.87), 148, Badge("+12%p", "good", "rose")),
        ],
        hidden_caption=True,
    )


_TONES: Final[Mapping[str, marks.Tone]] = {"good": "good", "bad": "bad"}


def _ranges(say: _Words) -> dict[str, Any]:
    """One person above colleagues, on one axis."""
    ticks = [(at / 10, written.percent(at / 10)) for at in range(2, 6)]
    axis = marks.Axis(0.18, 0.52, ticks, (0.342, say(N_("average {share}"), share=written.percent(0.342))))
    others = [(0.339, 0.25, 0.431), (0.401, 0.31, 0.495), (0.312, 0.228, 0.407), (0.364, 0.277, 0.457)]
    quiet = [marks.Estimate(at, (low, high), "quiet") for at, low, high in others]
    own = [marks.Estimate(0.355, (0.271, 0.448))]
    words = say(
        N_("{n} {n:colleague|colleagues}, adjusted from {low} to {high}"),
        n=len(others),
        low=written.percent(0.312),
        high=written.percent(0.401),
    )
    rows = [
        Range(say(N_("Raw")), marks.on_axis([marks.Estimate(0.266, hollow=True)], axis, step=24), value="26.6%"),
        Range(say(N_("Adjusted")), marks.on_axis(own, axis, step=24), value="35.5%", strong=True),
        Range(say(N_("{n} {n:colleague|colleagues}"), n=len(others)), marks.on_axis(quiet, axis, step=24, label=words)),
    ]
    return {"rows": rows, "axis": axis}


def _dots(say: _Words) -> dict[str, Any]:
    reached = sum(value >= _GOAL for value in _FORECAST)
    label = say(N_("Twenty equally likely results of the quarter; {n} of them reach the target"), n=reached)
    ticks = [(value, f"{value:.0f}") for value in (18.0, 20.0, 22.0, _GOAL, 26.0, 28.0)]
    return {
        "sentence": say(N_("{n} times in 20 the target is reached."), n=reached),
        "mark": marks.quantile_dots(_FORECAST, Scale(17, 29, 300), goal=_GOAL, ticks=ticks, label=label),
    }


# ---------------------------------------------------------------- tables


def _columns(say: _Words) -> tuple[Column, ...]:
    unit = "만원" if say.lang == "ko" else "₩10K"
    return (
        Column(say(N_("Deal")), key="deal", sortable=True),
        Column(say(N_("Owner")), key="owner", sortable=True, optional=True),
        Column(say(N_("Amount, {unit}"), unit=unit), "right", key="amount", sortable=True),
        Column(say(N_("Activity, 6 weeks")), drawn=True, key="activity", optional=True),
        Column(say(N_("Last contact")), "right", key="contact", sortable=True, optional=True),
    )


def read_listing(query: Mapping[str, Sequence[str]], lang: str) -> Listing:
    """Read what an address asks of the example table."""
    return Listing.read(_columns(_Words(lang)), query, sort="-amount", size=3, lang=lang)


def _found(lang: str, asked: Listing) -> list[tuple[Any, ...]]:
    rows = [row for row in _DEALS[lang] if asked.find.lower() in f"{row[0]} {row[1]} {_NAMES[lang][row[2]]}".lower()]
    order = {"deal": 0, "owner": 2, "amount": 3, "contact": 5}.get(asked.sort, 3)
    return sorted(rows, key=lambda row: (row[order], row[0]), reverse=asked.descending)


def _deals(say: _Words, asked: Listing, found: Sequence[tuple[Any, ...]]) -> Table:
    shown = asked.visible

    def row(of: tuple[Any, ...]) -> list[Cell]:
        account, name, owner, amount, weeks, (month, day) = of
        cells = {
            "deal": Cell(account, sub=name, href="#main", strong=True),
            "owner": Cell(_NAMES[say.lang][owner]),
            "amount": Cell(written.count(amount)),
            "activity": Cell(mark=marks.sparkline(weeks, label=", ".join(map(str, weeks)))),
            "contact": Cell(written.day_short(date(2026, month, day), say.lang)),
        }
        return [cells[column.key] for column in shown]

    sums = {"deal": Cell(say(N_("{n} deals"), n=len(found))), "amount": Cell(written.count(sum(of[3] for of in found)))}
    return Table(
        say(N_("Open deals")),
        shown,
        [row(of) for of in asked.cut(found)],
        foot=[[sums.get(column.key, Cell()) for column in shown]],
        hidden_caption=True,
        keys=[of[0] for of in asked.cut(found)],
        empty=say(N_("No deal has these words. Look for others, or empty the field.")),
    )


def _funnel(say: _Words) -> Table:
    def row(label: str, moved: int, still_open: int, ended: int) -> list[Cell]:
        cases = moved + still_open + ended
        values = {"moved": moved, "open": still_open, "ended": ended}
        words = say(N_("{moved} moved on, {open} are open, {ended} ended"), **values)
        bar = marks.parts_bar(moved, still_open, ended, largest=412, numbers=True, label=words)
        return [
            Cell(label),
            Cell(mark=bar),
            Cell(written.count(cases)),
            Cell(written.percent(moved / cases), strong=True),
        ]

    columns = [Column(say(N_("Stage"))), Column("", drawn=True), Column("n", "right"), Column(say(N_("On")), "right")]
    rows = [
        row(say(N_("Qualification")), 251, 43, 118),
        row(say(N_("Diagnosis")), 158, 34, 71),
        row(say(N_("Proposal")), 74, 45, 52),
    ]
    legend = [("bar", say(N_("moved on"))), ("hatch", say(N_("still open"))), ("bar-0", say(N_("ended")))]
    return Table(say(N_("Stages")), columns, rows, flagged=2, hidden_caption=True, legend=legend)


def _heat(say: _Words) -> dict[str, Any]:
    few = say(N_("too few"))

    def cells(values: Sequence[tuple[float | None, int]], flag: int | None = None) -> list[HeatCell]:
        made = []
        for place, (share, cases) in enumerate(values):
            text = few if share is None else written.percent(share)
            css = "flag" if place == flag else marks.heat_class(share, 0.4, 0.7)
            made.append(HeatCell(css, text, written.n(cases), "#main"))
        return made

    proposal = cells([(0.63, 27), (0.60, 25), (0.55, 19), (0.58, 24), (0.57, 171)], flag=4)
    validation = cells([(0.65, 17), (0.62, 15), (None, 8), (None, 12), (0.61, 61)])
    return {
        "columns": [*_NAMES[say.lang], say(N_("Whole team"))],
        "rows": [
            {"label": say(N_("Proposal")), "cells": proposal, "total": False},
            {"label": say(N_("Validation")), "cells": validation, "total": False},
        ],
        "low": written.percent(0.4),
        "high": written.percent(0.7),
    }


# ---------------------------------------------------------------- charts


def _bridge(say: _Words) -> Chart:
    parts = (
        (N_("Last review"), "28.6", True),
        (N_("New deals"), "1.9", False),
        (N_("Pulled in"), "1.2", False),
        (N_("Amount up"), "0.8", False),
        (N_("Pushed out"), "-2.7", False),
        (N_("Amount down"), "-0.6", False),
        (N_("Lost"), "-1.8", False),
        (N_("Won"), "-1.5", False),
        (N_("Today"), "25.9", True),
    )
    steps = [Step(say(label), Decimal(amount) * 100_000_000, total=total) for label, amount, total in parts]

    def spec(*, upright: bool) -> Spec:
        return for_page(bridge(steps, _CURRENCY, say.lang, width=640, upright=upright, mode="page"))

    unit = written.chart_column([step.amount for step in steps], _CURRENCY, say.lang)
    rows = [[Cell(step.label, strong=step.total), Cell(unit.cell(step.amount), strong=step.total)] for step in steps]
    title = say(N_("Open amount of the quarter since the last review"))
    return Chart(
        title,
        unit.label,
        say(N_("The open amount fell from {before} to {after}."), before=_eok("28.6"), after=_eok("25.9")),
        spec(upright=True),
        spec(upright=False),
        Table(title, [Column(say(N_("Part"))), Column(unit.label, "right")], rows, hidden_caption=True),
    )


def _eok(eok: str) -> Money:
    return Money(Decimal(eok) * 100_000_000, _CURRENCY)


def _won(say: _Words) -> Chart:
    days = ((1, "0"), (12, "2.1"), (26, "5.4"), (40, "9.8"), (47, "11.2"), (55, "15.3"))
    first = date(2026, 10, 1)
    points = [(date.fromordinal(first.toordinal() + day - 1), Decimal(eok) * 100_000_000) for day, eok in days]
    words = (say(N_("Won")), say(N_("Target")))

    def spec(width: int) -> Spec:
        return for_page(
            cumulative(
                tuple(points),
                target=Decimal(2_400_000_000),
                period=(first, date(2026, 12, 31)),
                currency=_CURRENCY,
                lang=say.lang,
                width=width,
                words=words,
                mode="page",
            )
        )

    title = say(N_("Won so far"))
    rows = [
        [Cell(written.day(on, say.lang)), Cell(written.money(Money(amount, _CURRENCY), say.lang))]
        for on, amount in points
    ]
    return Chart(
        title,
        "",
        say(N_("{won} of {target} are won."), won=_eok("15.3"), target=_eok("24")),
        spec(640),
        spec(320),
        Table(title, [Column(say(N_("Day"))), Column(say(N_("Won amount")), "right")], rows, hidden_caption=True),
    )


# ---------------------------------------------------------------- timeline and form


def _day(say: _Words, on: date) -> MonthDay:
    works = on.isoweekday() <= 5  # noqa: PLR2004 - Friday
    said = say(N_("a working day") if works else N_("no working day"))
    return MonthDay(on.day, said=f"{on.day}, {said}", works=works, today=on == _TODAY)


def _timeline(say: _Words) -> list[TimelineEntry]:
    def entry(month: int, day: int, text: str, sub: str = "", kind: Literal["", "stage", "open"] = "") -> TimelineEntry:
        on = date(2026, month, day)
        return TimelineEntry(written.day(on, say.lang), text, sub, kind, on.isoformat(), strong=kind == "stage")

    proposal = say(N_("Into the stage {stage}"), stage=say(N_("Proposal")))
    diagnosis = say(N_("Into the stage {stage}"), stage=say(N_("Diagnosis")))
    return [
        entry(12, 19, say(N_("Expected close, moved three times")), kind="open"),
        entry(11, 24, say(N_("Commitment: ask to be introduced to the head of production"))),
        entry(11, 4, say(N_("Reply by e-mail")), say(N_("Head of quality"))),
        entry(9, 24, proposal, say(N_("CRM record")), kind="stage"),
        entry(9, 2, diagnosis, say(N_("found by comparing imports")), kind="stage"),
    ]


def _fields(say: _Words) -> list[Field]:
    stages = [(name, say(label)) for name, label in (("proposal", N_("Proposal")), ("validation", N_("Validation")))]
    return [
        Field(
            "amount",
            say(N_("Amount")),
            "money",
            "260,000,000",
            unit="원" if say.lang == "ko" else "₩",
            hint=written.money(Money(Decimal(260_000_000), _CURRENCY), say.lang),
            required=True,
        ),
        Field("stage", say(N_("Stage")), "select", "proposal", options=stages, required=True),
        Field(
            "expected",
            say(N_("Expected close")),
            "date",
            "2026-11-02",
            error=say(N_("This day has passed. Name a later one.")),
            required=True,
        ),
        Field("next", say(N_("Next step")), "textarea", hint=say(N_("What the customer will do, and by when"))),
        Field("source", say(N_("Source")), value=say(N_("Webinar")), disabled=True),
        Field("list", say(N_("List it for correction in the CRM")), "check", attributes={"checked": ""}),
    ]
