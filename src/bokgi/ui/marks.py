"""Small drawings inside tables and figures, as SVG without style attributes (a strict CSP forbids those).

Dot = estimate, whisker = interval, upright tick = what it is compared with. Bar: solid = moved on, hatched = still
open, pale = ended. Colours come from classes of `components.css`; sizes are SVG attributes.
A mark with a `label` is read aloud; without one the words beside it say everything and it is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from markupsafe import Markup, escape

Tone = Literal["plain", "bad", "good", "quiet"]

_WHISKER: dict[Tone, str] = {"plain": "w1", "bad": "wb", "good": "wg", "quiet": "w0"}
_DOT: dict[Tone, str] = {"plain": "d1", "bad": "db", "good": "dg", "quiet": "d0"}
_EDGE = 6
_ROOMY = 20
"""Pixels from row to row from which on a dot has its full size."""


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _svg(width: float, height: float, inside: str, label: str) -> Markup:
    said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    size = f'width="{_number(width)}" height="{_number(height)}" viewBox="0 0 {_number(width)} {_number(height)}"'
    return Markup(f'<svg class="w-svg" {size} {said}>{inside}</svg>')  # noqa: S704 - numbers; the label is escaped


@dataclass(frozen=True)
class Scale:
    """A line of numbers from `low` to `high` drawn on `width` pixels; what lies outside is drawn at the end.

    >>> Scale(0.0, 1.0, 212).place(0.5)
    106.0
    """

    low: float
    high: float
    width: float

    def place(self, value: float) -> float:
        """Give the x of a value."""
        inner = self.width - 2 * _EDGE
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return _EDGE + inner * min(max(share, 0.0), 1.0)


def whisker(
    estimate: float,
    interval: tuple[float, float],
    scale: Scale,
    *,
    reference: float | None = None,
    tone: Tone = "plain",
    label: str = "",
) -> Markup:
    """Draw an estimate with its interval and, as an upright tick, what it is compared with."""
    low, high, dot = scale.place(interval[0]), scale.place(interval[1]), scale.place(estimate)
    line, middle = _WHISKER[tone], 9
    parts = [f'<path class="grid-l" d="M0 {middle}H{_number(scale.width)}"/>']
    if reference is not None:
        parts.append(f'<path class="ref-s" d="M{_number(scale.place(reference))} 0V18"/>')
    ends = f"M{_number(low)} 6V12M{_number(high)} 6V12"
    parts.append(f'<path class="{line}" d="M{_number(low)} {middle}H{_number(high)}{ends}"/>')
    parts.append(f'<circle class="{_DOT[tone]} ring" cx="{_number(dot)}" cy="{middle}" r="5"/>')
    return _svg(scale.width, 18, "".join(parts), label)


@dataclass(frozen=True)
class Axis:
    """Numbers from `low` to `high` on the whole width there is, the ends a little inside it.

    `ticks` are the values with an upright line and their words, `reference` is what all is compared with (dashed).

    >>> Axis(0.0, 1.0).share(0.5)
    '50%'
    """

    low: float
    high: float
    ticks: Sequence[tuple[float, str]] = ()
    reference: tuple[float, str] | None = None

    def share(self, value: float) -> str:
        """Give the x of a value as a share of the width."""
        part = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return f"{_number(4 + 92 * min(max(part, 0.0), 1.0))}%"


@dataclass(frozen=True)
class Estimate:
    """One estimate on an axis, without an interval a dot alone; `hollow` as it was counted, before any adjustment."""

    value: float
    interval: tuple[float, float] | None = None
    tone: Tone = "plain"
    hollow: bool = False


def on_axis(estimates: Sequence[Estimate], axis: Axis, *, step: float, label: str = "") -> Markup:
    """Draw estimates below each other, `step` pixels apart, over the lines of the axis; as wide as its place."""
    height, parts = step * len(estimates), []
    marks = [("grid-l", value) for value, _words in axis.ticks]
    marks += [("ref-l", axis.reference[0])] if axis.reference else []
    parts += [_upright(css, axis.share(value), 0, height) for css, value in marks]
    roomy = step >= _ROOMY
    radius, cap = (5.0, 3.0) if roomy else (2.5, 0.0)
    for place, one in enumerate(estimates):
        middle = step * (place + 0.5)
        if one.interval is not None:
            low, high = (axis.share(end) for end in one.interval)
            css, y = _WHISKER[one.tone], _number(middle)
            parts.append(f'<line class="{css}" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>')
            parts += [_upright(css, end, middle - cap, middle + cap) for end in (low, high) if cap]
        css = "dhk" if one.hollow else f"{_DOT[one.tone]} ring" if roomy else _DOT[one.tone]
        parts.append(
            f'<circle class="{css}" cx="{axis.share(one.value)}" cy="{_number(middle)}" r="{_number(radius)}"/>'
        )
    return _fluid(height, "".join(parts), label)


def axis_words(axis: Axis) -> Markup:
    """Write the values of an axis below what is drawn on it, and on a second line what all is compared with."""
    lines = [(value, 14, words, "") for value, words in axis.ticks]
    lines += [(axis.reference[0], 32, axis.reference[1], ' class="t2"')] if axis.reference else []
    parts = [
        f'<text{css} x="{axis.share(value)}" y="{y}" text-anchor="middle">{escape(words)}</text>'
        for value, y, words, css in lines
    ]
    return _fluid(38 if axis.reference else 20, "".join(parts), "")


def _upright(css: str, x: str, top: float, bottom: float) -> str:
    return f'<line class="{css}" x1="{x}" x2="{x}" y1="{_number(top)}" y2="{_number(bottom)}"/>'


def _fluid(height: float, inside: str, label: str) -> Markup:
    """Give a drawing that is as wide as its place; its text is not scaled."""
    said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(f'<svg width="100%" height="{_number(height)}" {said}>{inside}</svg>')  # noqa: S704 - numbers; words and label are escaped


def size_bar(share: float, width: float = 84) -> Markup:
    """Draw how large something is beside the largest (1); the words beside it say the number and its sign."""
    drawn = _number(max(width * min(max(share, 0.0), 1.0), 1.0))
    inside = (
        f'<rect class="bar-0" width="{_number(width)}" height="6" rx="2"/>'
        f'<rect class="bar-n" width="{drawn}" height="6" rx="2"/>'
    )
    return _svg(width, 6, inside, "")


def _paint(css: str) -> str:
    """Give how a part of a bar is painted; what is pale has an edge, for on a dark ground it could not be seen."""
    if css == "hatch":
        return 'fill="url(#hatch)" class="edge-h"'
    return f'class="{css} edge-h"' if css == "bar-0" else f'class="{css}"'


def parts_bar(
    moved: int,
    still_open: int,
    ended: int,
    *,
    largest: int,
    width: float = 220,
    numbers: bool = False,
    label: str = "",
) -> Markup:
    """Draw how many moved on (solid), are open (hatched) and ended (pale, with an edge), to the scale of `largest`.

    With `numbers` a part that has room for its number shows it; on the hatching it could not be read.
    """
    height, gap, place, parts = 16, 1.0, 0.0, []
    total = max(largest, 1)
    for css, size, words in (("bar", moved, "on"), ("hatch", still_open, ""), ("bar-0", ended, "t2")):
        if size == 0:
            continue
        length = width * size / total
        paint = _paint(css)
        drawn = max(length - gap, 1.0)
        parts.append(f'<rect {paint} x="{_number(place)}" width="{_number(drawn)}" height="{height}" rx="2"/>')
        if numbers and words and drawn >= _words_width(f"{size:,}"):
            middle = _number(place + drawn / 2)
            parts.append(f'<text class="{words}" x="{middle}" y="12" text-anchor="middle">{size:,}</text>')
        place += length
    return _svg(width, height, "".join(parts), label)


def progress_bar(share: float, *, expected: float | None = None, label: str = "", width: float = 160) -> Markup:
    """Draw the share of a goal that is reached, with a tick where it should stand by now."""
    reached = width * min(max(share, 0.0), 1.0)
    parts = [
        f'<rect class="bar-0" width="{_number(width)}" height="8" y="3" rx="4"/>',
        f'<rect class="bar" width="{_number(reached)}" height="8" y="3" rx="4"/>',
    ]
    if expected is not None:
        at = width * min(max(expected, 0.0), 1.0)
        parts.append(f'<path class="tgt-l" d="M{_number(at)} 0V14"/>')
    return _svg(width, 14, "".join(parts), label)


def age_bar(age: float, *, median: float | None, late: float | None, longest: float, label: str = "") -> Markup:
    """Draw how long a deal has stood, with ticks at the usual (median) and the long (80th percentile) time."""
    width, total = 140.0, max(longest, 1.0)
    css = "bar-k" if late is not None and age > late else "bar-n"
    drawn = max(width * min(age / total, 1.0), 1.0)
    parts = [
        f'<rect class="bar-0" y="5" width="{_number(width)}" height="6" rx="3"/>',
        f'<rect class="{css}" y="5" width="{_number(drawn)}" height="6" rx="3"/>',
    ]
    parts += [
        f'<path class="tgt-l" d="M{_number(width * min(tick / total, 1.0))} 2V14"/>'
        for tick in (median, late)
        if tick is not None
    ]
    return _svg(width, 16, "".join(parts), label)


def sparkline(values: Sequence[float], *, label: str = "", width: float = 84, height: float = 22) -> Markup:
    """Draw a short series; the last value has a dot. The line starts at zero."""
    if not values:
        return _svg(width, height, "", label)
    top = max(*values, 1e-9) if len(values) > 1 else max(values[0], 1e-9)
    step = (width - 8) / max(len(values) - 1, 1)
    dots = [(4 + step * place, height - 4 - (height - 8) * value / top) for place, value in enumerate(values)]
    path = "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in dots)
    last_x, last_y = dots[-1]
    inside = (
        f'<path class="ln-0" d="{path}"/><circle class="dk" cx="{_number(last_x)}" cy="{_number(last_y)}" r="2.5"/>'
    )
    return _svg(width, height, inside, label)


@dataclass(frozen=True)
class TrendPoint:
    """One window of a trend; without a `value` there were too few cases, a count has no `interval`."""

    value: float | None
    interval: tuple[float | None, float | None] = (None, None)


def trend(
    points: Sequence[TrendPoint],
    ticks: Sequence[tuple[float, str]],
    *,
    ends: tuple[str, str],
    label: str = "",
    width: float = 248,
    height: float = 116,
) -> Markup:
    """Draw estimates of windows that follow each other, the newest to the right, each with its interval.

    `ticks` are the values written beside the lines, from zero up to the top of the scale; `ends` says when the first
    and the last window lie. A window without a value is hatched.
    """
    gutter, top, base = 40.0, 8.0, height - 20
    highest = max((at for at, _ in ticks), default=1.0) or 1.0
    step = (width - gutter) / max(len(points), 1)

    def up(value: float) -> float:
        return base - (base - top) * min(max(value / highest, 0.0), 1.0)

    parts = []
    for at, words in ticks:
        css, y = "grid-l" if at else "axis-l", _number(up(at))
        parts.append(f'<path class="{css}" d="M{_number(gutter)} {y}H{_number(width)}"/>')
        parts.append(
            f'<text x="{_number(gutter - 6)}" y="{_number(up(at) + 4)}" text-anchor="end">{escape(words)}</text>'
        )
    middles = [gutter + step * (place + 0.5) for place in range(len(points))]
    known = [(x, point) for x, point in zip(middles, points, strict=True) if point.value is not None]
    for (x, point), (after, following) in pairwise(zip(middles, points, strict=True)):
        if point.value is not None and following.value is not None:
            line = f"M{_number(x)} {_number(up(point.value))}L{_number(after)} {_number(up(following.value))}"
            parts.append(f'<path class="ln-0" d="{line}"/>')
    for x, point in zip(middles, points, strict=True):
        if point.value is None:
            parts.append(
                f'<rect fill="url(#hatch)" class="edge-h" x="{_number(x - 5)}" y="{_number(base - 14)}" width="10" '
                'height="14"/>'
            )
    for x, point in known:
        low, high = point.interval
        if low is not None and high is not None:
            y0, y1, left, right = _number(up(low)), _number(up(high)), _number(x - 3), _number(x + 3)
            parts.append(f'<path class="w1" d="M{_number(x)} {y0}V{y1}M{left} {y0}H{right}M{left} {y1}H{right}"/>')
        parts.append(f'<circle class="d1 ring" cx="{_number(x)}" cy="{_number(up(point.value or 0.0))}" r="4"/>')
    for at, anchor, words in zip((gutter, width), ("start", "end"), ends, strict=True):
        parts.append(f'<text x="{_number(at)}" y="{_number(height - 4)}" text-anchor="{anchor}">{escape(words)}</text>')
    return _svg(width, height, "".join(parts), label)


_HIGHEST: Final = 120.0
"""How high a column of dots becomes, in pixels."""
_DOT_STEP: Final = 12.4
"""Pixels from dot to dot of a column."""


def quantile_dots(
    values: Sequence[float],
    scale: Scale,
    *,
    goal: float | None = None,
    ticks: Sequence[tuple[float, str]] = (),
    label: str = "",
) -> Markup:
    """Draw equally likely outcomes as dots to count (of twenty, one is 5 %); those that reach `goal` are in the accent.

    Columns begin at the goal, so that none stands on both sides of it. A high column has smaller dots; of `ticks`
    whose words would stand on each other the goal and the first are written.
    """
    across = max(scale.width / 12, _DOT_STEP)
    start = scale.place(goal) % across if goal is not None else 0.0
    columns: dict[int, list[float]] = {}
    for value in sorted(values):
        columns.setdefault(int((scale.place(value) - start) // across), []).append(value)
    highest = max((len(column) for column in columns.values()), default=0)
    up = min(_DOT_STEP, _HIGHEST / max(highest, 1))
    radius = up / _DOT_STEP * 5.6
    height = highest * up + 24
    base = height - 22
    parts = [f'<path class="axis-l" d="M0 {_number(base)}H{_number(scale.width)}"/>']
    for place, column in sorted(columns.items()):
        middle = min(max(start + (place + 0.5) * across, radius), scale.width - radius)
        for level, value in enumerate(column):
            css = "d1" if goal is None or value >= goal else "d0"
            at_height = _number(base - 2 - radius - level * up)
            parts.append(f'<circle class="{css}" cx="{_number(middle)}" cy="{at_height}" r="{_number(radius)}"/>')
    if goal is not None:
        parts.append(f'<path class="tgt-l" d="M{_number(scale.place(goal))} 2V{_number(base + 5)}"/>')
    taken: list[tuple[float, float]] = []
    for at, words in sorted(ticks, key=lambda tick: tick[0] != goal):
        middle, half = scale.place(at), _words_width(words) / 2
        if any(middle - half < right and left < middle + half for left, right in taken):
            continue
        taken.append((middle - half, middle + half))
        css = ' class="t1 ts"' if at == goal else ""
        there = f'x="{_number(middle)}" y="{_number(height - 5)}"'
        parts.append(f'<text{css} {there} text-anchor="middle">{escape(words)}</text>')
    return _svg(scale.width, height, "".join(parts), label)


def _words_width(words: str) -> float:
    """Tell about how wide words of 12 px are, with a little room beside them."""
    return sum(12.0 if one >= "\u1100" else 7.0 for one in words) + 6


def heat_class(value: float | None, low: float, high: float) -> str:
    """Give the class of a heat cell: `h1` … `h5` for an amount, `few` where there is no value.

    >>> heat_class(0.5, 0.0, 1.0), heat_class(1.0, 0.0, 1.0), heat_class(None, 0.0, 1.0)
    ('h3', 'h5', 'few')
    """
    if value is None:
        return "few"
    share = (value - low) / (high - low) if high > low else 0.0
    return f"h{min(int(min(max(share, 0.0), 1.0) * 5) + 1, 5)}"


def swatch(mark: str) -> Markup:
    """Draw what a legend explains."""
    if mark == "tick":
        inside = '<path class="ref-s" d="M9 0V12"/>'
    else:
        paint = _paint(mark)
        inside = f'<rect {paint} x="0.5" y="0.5" width="17" height="11" rx="2"/>'
    return Markup(f'<svg width="18" height="12" viewBox="0 0 18 12" aria-hidden="true">{inside}</svg>')  # noqa: S704 - our own


HATCH = Markup(
    '<svg class="defs" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="5" height="5" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-bg" width="5" height="5"/>'
    '<path class="hatch-l" d="M0 0V5"/></pattern></defs></svg>'
)
"""The hatch that `parts_bar` fills with; once inside every themed part of a page."""
