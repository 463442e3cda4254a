"""One person's win rate on one axis: read in three ways, and beside colleagues whom nothing names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from bokgi.apps.people.colleagues import BLUR, average, colleagues
from bokgi.apps.people.comparison import tone_of
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.ui import marks
from bokgi.ui.blocks import Range

_MOST_DRAWN: Final = 60
_TALL: Final = 44.0
_LOW: Final = (24.0, 12)
"""Pixels from one colleague to the next, and up to how many there is that much room."""
_TIGHT: Final = 9.0
_MOST_TICKS: Final = 6


@dataclass(frozen=True)
class Beside:
    """Rows on one `axis`: `readings` of the person's win rate, and `peers`, empty where colleagues may not be shown."""

    axis: marks.Axis
    readings: Sequence[Range]
    peers: Sequence[Range]


def beside(screen: Screen, answer: Json, row: Json) -> Beside:
    """Put a person's row of `compare` on an axis, with those of whoever works where results can be compared.

    Colleagues (`colleagues` says which) have no name, no n, and another order every day.
    """
    peers = colleagues(screen, answer, row)
    axis = _axis(screen, [row, *peers], average(row, peers))
    return Beside(axis, _readings(screen, answer, row, axis), _drawn(screen, answer, row, peers, axis))


def _axis(screen: Screen, rows: Sequence[Json], average: float | None) -> marks.Axis:
    own = rows[0]
    values = [own["raw"], own["expected"], *(one[end] for one in rows for end in ("adjusted", "low", "high"))]
    ends = [value for value in values if value is not None]
    low, high = max(min(ends) - 0.01, 0.0), min(max(ends) + 0.01, 1.0)
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25) if (high - low) / step <= _MOST_TICKS)
    ticks = [place * step for place in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    percent = screen.speaker.percent
    told = None if average is None else (average, screen.say(N_("average {share}"), share=percent(average)))
    return marks.Axis(low, high, [(at, percent(at)) for at in ticks], told)


def _readings(screen: Screen, answer: Json, row: Json, axis: marks.Axis) -> list[Range]:
    """Read the win rate as it was counted, as it was to be expected, and as if everybody had the same deals."""
    say, percent = screen.say, screen.speaker.percent

    def one(share: float | None, *, hollow: bool) -> Markup:
        told = [] if share is None else [marks.Estimate(share, tone="quiet", hollow=hollow)]
        return marks.on_axis(told, axis, step=_TALL)

    known = row["adjusted"] is not None and row["low"] is not None
    adjusted = [marks.Estimate(row["adjusted"], (row["low"], row["high"]), tone_of(answer, row))] if known else []
    return [
        Range(
            say(N_("Raw")),
            one(row["raw"], hollow=True),
            say(N_("{n} ended deals"), n=row["n"]),
            percent(row["raw"]),
        ),
        Range(
            say(N_("Expected of the same deals")),
            one(row["expected"], hollow=False),
            say(N_("what the conditions let expect")),
            percent(row["expected"]),
        ),
        Range(
            say(N_("Adjusted")),
            marks.on_axis(adjusted, axis, step=_TALL),
            say(N_("as if everybody had the same deals")),
            percent(row["adjusted"]),
            screen.speaker.ends(percent(row["low"]), percent(row["high"])) if known else "",
            strong=True,
        ),
    ]


def _drawn(screen: Screen, answer: Json, row: Json, peers: Sequence[Json], axis: marks.Axis) -> list[Range]:
    """Draw the person above the colleagues; of very many, as many as there is room for, by lot."""
    if not peers:
        return []
    percent, (room, few) = screen.speaker.percent, _LOW
    own = marks.Estimate(row["adjusted"], (row["low"], row["high"]), tone_of(answer, row))
    shown = peers[:_MOST_DRAWN]
    others = [marks.Estimate(one["adjusted"], (one["low"], one["high"]), "quiet") for one in shown]
    words = screen.say(
        N_("{n} {n:colleague|colleagues}, adjusted from {low} to {high}"),
        n=len(shown),
        low=percent(min(one["adjusted"] for one in shown)),
        high=percent(max(one["adjusted"] for one in shown)),
    )
    subs = [screen.say(N_("drawn by lot from {n}"), n=len(peers))] if len(shown) < len(peers) else []
    if not all(screen.viewer.sees_person(one["person_id"]) for one in shown):
        subs.append(screen.say(N_("drawn to the nearest {step}"), step=percent(BLUR)))
    return [
        Range(
            row["name"] or row["person_id"],
            marks.on_axis([own], axis, step=room),
            value=percent(row["adjusted"]),
            strong=True,
        ),
        Range(
            screen.say(N_("{n} {n:colleague|colleagues}"), n=len(shown)),
            marks.on_axis(others, axis, step=room if len(shown) <= few else _TIGHT, label=words),
            " · ".join(subs),
        ),
    ]
