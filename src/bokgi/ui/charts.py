"""Whole charts: one Vega-Lite specification each, built with Altair, drawn as SVG by vl-convert.

Amounts are scaled and written before they reach the chart (`ui.format`), so that 억 and 만원 are right everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Final, Literal

from markupsafe import Markup, escape

from bokgi.domain.money import Money
from bokgi.ui.fonts import font_folder
from bokgi.ui.format import chart_column, day_short, money_short
from bokgi.ui.theme import STRONG, TEXT, Medium, Mode, over, palette, vega_config

Spec = dict[str, Any]
_HEX: Final = re.compile(r'="(#[0-9a-f]{6}(?:[0-9a-f]{2})?)"')
_ROLES: Final = re.compile(r' (?:role|aria-[a-z]+|pointer-events)="[^"]*"')
_OPENING: Final = re.compile(r"<svg [^>]*>")
_SIZE: Final = re.compile(r'viewBox="([^"]+)"')
_CHARS_A_LINE: Final = 9
_PHONE: Final = 400
_HEIGHT_AHEAD: Final = 260


@dataclass(frozen=True)
class Step:
    """One bar of a bridge: a total, or a part that goes up or down from where the last one ended."""

    label: str
    amount: Decimal
    total: bool = False


@cache
def _register_type() -> None:
    import vl_convert  # noqa: PLC0415 - starts a JavaScript engine, which only charts need

    vl_convert.register_font_directory(str(font_folder()))


def bridge_base(steps: Sequence[Step]) -> Decimal:
    """Give where the bars of a bridge begin: at zero, or higher where the parts would be too thin to see.

    A page that shows a bridge with a base above zero says so beside it.
    """
    level, levels = Decimal(0), []
    for step in steps:
        level = step.amount if step.total else level + step.amount
        levels.append(level)
    low, high = min(levels, default=Decimal(0)), max(levels, default=Decimal(0))
    if low <= 0 or high - low > low:
        return Decimal(0)
    rough = low - (high - low) * 2
    digits = Decimal(10) ** max(high.adjusted() - 1, 0)
    return max((rough // digits) * digits, Decimal(0))


def bridge(
    steps: Sequence[Step], currency: str, lang: str, *, width: int, upright: bool = True, mode: Medium = "light"
) -> Spec:
    """Specify a bridge from one total to the next: totals dark, up in the accent, down in grey (no verdict).

    `upright` bars stand beside each other; on a narrow page they lie below each other with their labels to the left.
    Labels are in the unit of `format.chart_column` over the same amounts. The specification is not to be changed: it is
    remembered, since checking it takes far longer than everything else of a page.
    """
    return _bridge(tuple(steps), currency, lang, width, upright, mode)


@lru_cache(maxsize=128)
def _bridge(steps: tuple[Step, ...], currency: str, lang: str, width: int, upright: bool, mode: Medium) -> Spec:  # noqa: FBT001 - the key of what is remembered
    import altair as alt  # noqa: PLC0415 - takes a second to load, which only charts need

    colour = palette(mode)
    column = chart_column([step.amount for step in steps], currency, lang)
    base = bridge_base(steps)
    level, rows = Decimal(0), []
    for place, step in enumerate(steps):
        start, level = (base, step.amount) if step.total else (level, level + step.amount)
        rows.append(
            {
                "place": place,
                "from": float(start),
                "to": float(level),
                "end": float(max(start, level)),
                "text": column.cell(step.amount) if step.total else column.change(step.amount),
                "paint": colour["mark"] if step.total else colour["c1" if step.amount >= 0 else "mark-2"],
                "weight": STRONG if step.total else TEXT,
                "next": min(place + 1, len(steps) - 1),
            }
        )
    labels = {place: _wrapped(step.label, lang) if upright else step.label for place, step in enumerate(steps)}
    axis = alt.Axis(
        title=None,
        ticks=False,
        domain=upright,
        labelAngle=0,
        labelExpr=_lookup(labels),
        labelColor=colour["text-2"],
        labelLimit=0,
        labelOverlap=False,
    )
    spread = alt.Scale(paddingInner=0.28, paddingOuter=0.1)
    size = alt.Scale(domainMin=float(base), zero=base == 0, nice=False)
    source = alt.Chart(alt.InlineData(values=rows))
    along, channel, across, ordinal = ("y", alt.Y, "x", alt.X) if upright else ("x", alt.X, "y", alt.Y)
    at: dict[str, Any] = {across: ordinal("place:O", axis=axis, scale=spread)}
    bar: dict[str, Any] = {along: channel("from:Q", axis=None, scale=size), f"{along}2": "to:Q"}
    link: dict[str, Any] = {f"{across}2": "next:O", along: channel("to:Q", axis=None, scale=size)}
    word: dict[str, Any] = {along: channel("end:Q", axis=None, scale=size), "text": "text:N"}
    beside: dict[str, Any] = {"baseline": "bottom", "dy": -4} if upright else {"align": "left", "dx": 9}
    bars = source.mark_bar(cornerRadius=1).encode(**at, **bar, color=alt.Color("paint:N", scale=None))
    links = source.mark_rule(strokeDash=[2, 2], color=colour["text-3"]).encode(**at, **link)
    texts = [
        source.transform_filter(alt.datum.weight == weight)
        .mark_text(fontSize=12, fontWeight=weight, color=colour["text"], **beside)
        .encode(**at, **word)
        for weight in (STRONG, TEXT)
    ]
    return _finished(alt.layer(links, bars, *texts), width, 200 if upright else 30 * len(steps))


@dataclass(frozen=True)
class Ahead:
    """What is expected at the end of a period: the mean, and the ranges of 50 % and 80 %."""

    expected: Decimal
    half: tuple[Decimal, Decimal]
    wide: tuple[Decimal, Decimal]
    words: tuple[str, str]
    """What the expected end and the last day that is known are called."""


@lru_cache(maxsize=128)
def cumulative(  # noqa: PLR0913 - what is drawn, on what, in which words
    points: tuple[tuple[date, Decimal], ...],
    *,
    target: Decimal | None,
    period: tuple[date, date],
    currency: str,
    lang: str,
    width: int,
    words: tuple[str, str],
    mode: Medium = "light",
    ahead: Ahead | None = None,
) -> Spec:
    """Specify the won amount so far, day by day, against a target line.

    `period` is the first and last day on the axis, `words` what the line and the target are called. `ahead` adds a band
    that opens from the last point to the ranges at the end. The specification is not to be changed: it is remembered.
    """
    import altair as alt  # noqa: PLC0415 - as above

    colour = palette(mode)
    first, last = period
    days = max((last - first).days, 1)
    line = [{"x": (on - first).days, "y": float(amount)} for on, amount in points]
    top = max([row["y"] for row in line] + [float(target or 0), 1.0] + ([float(ahead.wide[1])] if ahead else []))
    ticks = _round_ticks(top)
    narrow = width < _PHONE
    # What is written beside the end needs its room: amounts alone on a phone, with a word elsewhere.
    room = 1.0 if ahead is None else 1.28 if narrow else 1.16 if lang == "ko" else 1.24
    names = {tick: money_short(Money(Decimal(tick), currency), lang) if tick else "0" for tick in ticks}
    at = sorted({round(days * part / 4) for part in range(5)})
    dates = {place: day_short(date.fromordinal(first.toordinal() + place), lang) for place in at}
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[0, days * room], nice=False),
        axis=alt.Axis(
            title=None, grid=False, values=at, labelExpr=_lookup(dates), ticks=False, labelFlush=not ahead, domain=False
        ),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[0, max(ticks[-1], top * 1.08)], nice=False),
        axis=alt.Axis(title=None, values=ticks, labelExpr=_lookup(names), ticks=False, domain=False),
    )
    layers: list[alt.Chart] = [
        alt.Chart(alt.InlineData(values=line)).mark_line(interpolate="step-after", strokeJoin="round").encode(x=x, y=y)
    ]

    def place(row: Mapping[str, Any]) -> alt.Chart:
        return alt.Chart(alt.InlineData(values=[row]))

    if ahead is not None and line:
        now, end = line[-1], float(ahead.expected)
        side: Literal["left", "right"] = "left" if now["x"] < days * 0.7 else "right"
        fan = [
            alt.Chart(
                alt.InlineData(values=[now | {"z": now["y"]}, {"x": days, "y": float(ends[0]), "z": float(ends[1])}])
            )
            .mark_area(color=colour[paint], opacity=1, line=False)
            .encode(x=x, y=y, y2="z:Q")
            for paint, ends in (("band-80", ahead.wide), ("band-50", ahead.half))
        ]
        way = alt.Chart(alt.InlineData(values=[now, {"x": days, "y": end}]))
        gap = top * 1.08 * 17 / _HEIGHT_AHEAD
        # One line each, and none on the dates below the axis.
        lower = max(min(float(ahead.wide[0]), end - gap), gap / 2)
        middle = max(end, lower + gap)
        told: list[tuple[float, Decimal, Literal[400, 600], str]] = [
            (max(float(ahead.wide[1]), middle + gap), ahead.wide[1], TEXT, "text-3"),
            (middle, ahead.expected, STRONG, "c1"),
            (lower, ahead.wide[0], TEXT, "text-3"),
        ]
        layers = [
            *fan,
            place(now).mark_rule(strokeDash=[2, 2], color=colour["text-3"]).encode(x=x),
            place({"x": now["x"], "y": 0, "text": ahead.words[1]})
            .mark_text(align=side, dx=5 if side == "left" else -5, dy=-9, color=colour["text-3"])
            .encode(x=x, y=y, text="text:N"),
            *layers,
            way.mark_line(strokeDash=[3, 3]).encode(x=x, y=y),
            place({"x": days, "y": end})
            .mark_point(size=60, opacity=1, filled=True, fill=colour["surface"], stroke=colour["c1"], strokeWidth=1.75)
            .encode(x=x, y=y),
            *(
                place(
                    {
                        "x": days,
                        "y": level,
                        "text": _named(amount, currency, lang, "" if narrow or weight == TEXT else ahead.words[0]),
                    }
                )
                .mark_text(align="left", dx=9, fontWeight=weight, color=colour[paint])
                .encode(x=x, y=y, text="text:N")
                for level, amount, weight, paint in told
            ),
        ]
    if line:
        here: dict[str, Any] = line[-1] | {"text": _named(points[-1][1], currency, lang, words[0])}
        right = line[-1]["x"] > days * (0.6 if ahead is None else 0.2)
        layers += [
            place(here).mark_point(size=60, opacity=1).encode(x=x, y=y),
            place(here)
            .mark_text(
                align="right" if right else "left",
                dx=-8 if right else 8,
                dy=-9,
                fontWeight=STRONG,
                color=colour["text"],
            )
            .encode(x=x, y=y, text="text:N"),
        ]
    if target is not None:
        goal = {"y": float(target), "x": 0, "z": days, "text": _named(target, currency, lang, words[1])}
        layers += [
            place(goal).mark_rule(color=colour["text"], strokeWidth=1.25).encode(x=x, x2="z:Q", y=y),
            place(goal).mark_text(align="left", dx=4, dy=-7, color=colour["text-2"]).encode(x=x, y=y, text="text:N"),
        ]
    return _finished(alt.layer(*layers), width, _HEIGHT_AHEAD if ahead else 220)


def _named(amount: Decimal, currency: str, lang: str, name: str) -> str:
    return f"{name} {money_short(Money(amount, currency), lang)}".strip()


def _finished(chart: Any, width: int, height: int) -> Spec:  # noqa: ANN401 - Altair's layers have no common type
    spec: Spec = chart.properties(width=width, height=height).to_dict()
    spec.pop("config", None)
    spec["autosize"] = {"type": "fit", "contains": "padding"}
    return spec


def _lookup(names: dict[Any, Any]) -> str:
    """Write a table as a Vega expression: the words of each tick. It needs no eval, only an object."""
    pairs = ", ".join(f"'{key}': {_quoted(words)}" for key, words in names.items())
    return f"({{{pairs}}})['' + datum.value]"


def _quoted(words: Any) -> str:  # noqa: ANN401 - one line of text or several
    if isinstance(words, list):
        return "[" + ", ".join(_quoted(part) for part in words) + "]"
    return "'" + str(words).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _wrapped(label: str, lang: str) -> list[str]:
    """Break a label under a bar at its spaces, as narrow as the bar."""
    longest = 6 if lang == "ko" else _CHARS_A_LINE
    lines: list[str] = []
    for word in label.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= longest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _round_ticks(top: float) -> list[int]:
    """Give four or five round numbers from zero up to about `top`.

    >>> _round_ticks(2_400_000_000)
    [0, 500000000, 1000000000, 1500000000, 2000000000, 2500000000]
    """
    rough = max(top / 5, 1)
    power = 10 ** (len(str(int(rough))) - 1)
    step = next(int(factor * power) for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return list(range(0, int(top) + step, step))


def for_page(spec: Mapping[str, Any]) -> Spec:
    """Give a specification made for a page (`mode="page"`) with the theme, as `ui/chart.jinja` puts it there.

    The browser gives it the width of its box.
    """
    return {name: value for name, value in spec.items() if name != "width"} | {"config": vega_config("page")}


def drawn(spec: Mapping[str, Any], mode: Mode = "light") -> str:
    """Draw a specification as SVG with hex colours."""
    import vl_convert  # noqa: PLC0415 - as above

    _register_type()
    svg: str = vl_convert.vegalite_to_svg(dict(spec), config=vega_config(mode))
    return _ROLES.sub("", svg)


def inline(spec: Mapping[str, Any], label: str, *, css: str = "chart-svg") -> Markup:
    """Draw a specification for a page: colours follow the page's theme, `label` is read aloud in its place."""
    names: dict[str, str] = {}
    for name, value in palette("light").items():
        names.setdefault(value, name)

    def themed(found: re.Match[str]) -> str:
        name = names.get(found[1])
        return found[0] if name is None else f'="var(--{name}, {found[1]})"'

    svg = drawn(spec)
    size = _SIZE.search(svg)
    box = size[1] if size else "0 0 1 1"
    width, height = box.split()[2:]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css}" width="{width}" height="{height}" viewBox="{box}" '
        f'role="img" aria-label="{escape(label)}">'
    )
    return Markup(_HEX.sub(themed, _OPENING.sub(lambda _: opening, svg, count=1)))  # noqa: S704 - drawn by us


def printed(spec: Mapping[str, Any]) -> str:
    """Draw a specification for paper: light, without transparency."""
    surface = palette("light")["surface"]
    return _HEX.sub(lambda found: f'="{over(found[1], surface)}"', drawn(spec))
