"""Two periods of the funnel side by side: what became different, and what chance explains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from math import isnan, nan
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from bokgi.analysis.funnel import FunnelMode
from bokgi.analysis.proportions import difference
from bokgi.analysis.stage_conversion import ENDS, Risk, conversion_cells, shares
from bokgi.analysis.time_in_stage import time_in_stage
from bokgi.analysis.visits import ladder
from bokgi.domain.errors import UsageError
from bokgi.domain.measures import Between, Days, Points, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json, asked, known
from bokgi.questions.explained import explained
from bokgi.questions.funnel import LEVEL, WINDOW_DAYS

MODES: Final = (FunnelMode.STAGE_ENTRY_COHORT.value, FunnelMode.PERIOD_FLOW.value)
"""Modes in which what happened in two periods can be compared: the others count what deals have become by now."""
_KEYS: Final = ("pipeline", "stage", "stage_order")

Row = Mapping[str, Any]


def compare_funnel(  # noqa: PLR0913 - two periods, and of what
    facts: Facts,
    *,
    as_of: date,
    past_start: date,
    past_end: date,
    start: date | None = None,
    end: date | None = None,
    mode: str = FunnelMode.STAGE_ENTRY_COHORT.value,
    team: str | None = None,
    pipeline: str | None = None,
    person: str | None = None,
) -> Json:
    """Compare conversion and time by stage in two periods: `start` to `end`, and `past_start` to `past_end`.

    Reads all facts of a lake version, cut to `as_of`; ends are excluded; without `start` and `end` it is the last
    26 weeks. `team` narrows to the deals of one team, `pipeline` to its stages, `person` to the deals that
    are the person's.

    Both conversions of a stage are read on the same day after the entry, the last on which either period still saw an
    end, unless all its deals are decided: a young cohort is held against what an old one had
    reached by then. Times are medians.

    Gives `periods[2]`, `stages[]{conversion{now, before, difference, by_day}, time{now, before, difference}}`; a
    difference is `now - before` with `low`, `high` and a `verdict`: `higher`, `lower`, or `cannot_tell` where chance
    explains it. The intervals hold together, all at once, at `level`: each is as much wider as there are comparisons.
    See `docs/reference/funnel-compared.schema.json`.

    Raises `NotFoundError` for a team or pipeline that has no deals, `UsageError` for a mode that cannot be compared,
    for periods that share a day, and for one that has not begun by `as_of`.
    """
    last = as_of + timedelta(days=1) if end is None else end
    now, before = Period(start or last - timedelta(days=WINDOW_DAYS), last), Period(past_start, past_end)
    risk = Risk.COHORT if _checked(mode, now, before, as_of) is FunnelMode.STAGE_ENTRY_COHORT else Risk.PERIOD
    with asked(facts, as_of=as_of) as here:
        if pipeline is not None:
            known(here.deals, "pipeline", pipeline)
        deals, visits, minimum = here.of_team(team), here.visits(), here.facts.settings.minimum_n
        if person is not None:
            deals = deals.filter(deals.owner_id == person)
        labels = {
            (row["pipeline"], row["stage"]): row["label"]
            for row in ladder(here.facts.stages).select("pipeline", "stage", "label").to_pyarrow().to_pylist()
        }
        cells = [
            conversion_cells(deals, visits, as_of=as_of, period=one, risk=risk).to_pyarrow() for one in (now, before)
        ]
        if pipeline is not None:
            cells = [one.filter(pc.field("pipeline") == pipeline) for one in cells]

        def times(level: float) -> list[dict[tuple[str, str], Row]]:
            window: dict[str, Any] = {"as_of": as_of, "risk": risk, "minimum_n": minimum, "level": level}
            return [_by_stage(time_in_stage(deals, visits, period=one, **window)) for one in (now, before)]

        first = [_by_stage(shares(one, keys=_KEYS, ends=ENDS, minimum_n=minimum, level=LEVEL)) for one in cells]
        stayed = times(LEVEL)
        order = {key: row["stage_order"] for found in first for key, row in found.items()}
        keys = sorted(order, key=lambda key: (key[0], order[key] is None, order[key] or 0, key[1]))
        by_day = {key: _day([found[key] for found in first if key in found]) for key in keys}

        def converted(key: tuple[str, str], level: float) -> Json:
            there = [_share(one, key, minimum, level, by_day[key]) for one in cells]
            return _compared(there, ("estimate", "low", "high")) | {"by_day": by_day[key]}

        compared = sum(converted(key, LEVEL)["difference"] is not None for key in keys)
        compared += sum(all(key in one and one[key]["median_days"] is not None for one in stayed) for key in keys)
        level = 1 - (1 - LEVEL) / max(compared, 1)
        stayed = times(level)
        stages = [
            {
                "pipeline": key[0],
                "stage": key[1],
                "label": labels.get(key, key[1]),
                "conversion": converted(key, level),
                "time": _compared([_time(found.get(key)) for found in stayed], ("median", "low", "high")),
            }
            for key in keys
        ]
        return {
            "as_of": as_of.isoformat(),
            "mode": mode,
            "team": team,
            "pipeline": pipeline,
            "person": person,
            "periods": [{"start": one.start.isoformat(), "end": one.end.isoformat()} for one in (now, before)],
            "level": LEVEL,
            "comparisons": compared,
            "stages": stages,
            **explained(
                "funnel",
                said=_said(stages, now, before, as_of),
                caveats=_caveats(stages, now, as_of),
                would_change=[Message(N_("More decided deals, or a longer period, make the intervals narrower."))],
            ),
        }


def _checked(mode: str, now: Period, before: Period, as_of: date) -> FunnelMode:
    if mode not in MODES:
        raise UsageError(
            "mode_not_compared",
            Message(N_("Periods cannot be compared in the mode “{mode}”."), {"mode": mode}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(MODES)}),
        )
    if now.start < before.end and before.start < now.end:
        raise UsageError(
            "periods_overlap",
            Message(N_("The two periods share days; what is in both cannot differ.")),
            Message(N_("Choose two periods of which one ends before the other begins.")),
        )
    late = next((one for one in (now, before) if one.start > as_of), None)
    if late is not None:
        raise UsageError(
            "period_not_begun",
            Message(N_("The period that begins on {start} has not begun."), {"start": late.start}),
            Message(N_("Choose a period that begins on {day} or before."), {"day": as_of}),
        )
    return FunnelMode(mode)


def _by_stage(table: pa.Table) -> dict[tuple[str, str], Row]:
    return {(row["pipeline"], row["stage"]): row for row in table.to_pylist()}


def _day(there: Sequence[Row]) -> int | None:
    """Choose the day on which both are read: where all are decided, later days are known, too."""
    known = [row for row in there if row["day"] is not None]
    limits = [row["day"] for row in known if row["undecided"] > 0]
    return min(limits) if limits else max((row["day"] for row in known), default=None)


def _share(cells: pa.Table, key: tuple[str, str], minimum: int, level: float, day: int | None) -> Json | None:
    """Give the conversion of one stage by a day after the entry; null where there are too few."""
    here = cells.filter((pc.field("pipeline") == key[0]) & (pc.field("stage") == key[1]))
    told = shares(here, keys=_KEYS, ends=ENDS, minimum_n=minimum, level=level, by_day=day).to_pylist()
    if not told or told[0]["conversion"] is None:
        return None
    row = told[0]
    return {"estimate": row["conversion"], "low": row["low"], "high": row["high"], "n": row["deals"]}


def _time(row: Row | None) -> Json | None:
    if row is None or row["median_days"] is None:
        return None
    names = {"median": "median_days", "low": "median_low", "high": "median_high", "n": "deals"}
    return {name: row[of] for name, of in names.items()}


def _compared(there: Sequence[Json | None], names: tuple[str, str, str]) -> Json:
    """Put two estimates beside each other, with the difference where both are known."""
    now, before = there
    found = None
    if now is not None and before is not None:
        ends = [tuple(nan if one[name] is None else float(one[name]) for name in names) for one in (now, before)]
        (value, low, high), (past, past_low, past_high) = ends
        under, over = difference(value, (low, high), past, (past_low, past_high))
        verdict = "higher" if under > 0 else "lower" if over < 0 else "cannot_tell"
        found = {
            "estimate": value - past,
            "low": None if isnan(under) else under,
            "high": None if isnan(over) else over,
            "verdict": verdict,
        }
    return {"now": now, "before": before, "difference": found}


_CHANGED: Final = {
    ("conversion", "higher"): N_("In {stage} more move on than before: {difference} ({level} interval {ends})."),
    ("conversion", "lower"): N_("In {stage} fewer move on than before: {difference} ({level} interval {ends})."),
    ("time", "higher"): N_(
        "In {stage} deals stay longer than before: {difference} at the median ({level} interval {ends})."
    ),
    ("time", "lower"): N_(
        "In {stage} deals stay a shorter time than before: {difference} at the median ({level} interval {ends})."
    ),
}


_Kind = Callable[[float], Points] | Callable[[float], Days]


def _ends(found: Json, kind: _Kind) -> Between | Message:
    """Give the interval of a difference; of a median one end may not be known yet."""
    low, high = (None if found[end] is None else kind(found[end]) for end in ("low", "high"))
    if low is not None and high is not None:
        return Between(low, high)
    return Message(N_("{low} or more"), {"low": low}) if high is None else Message(N_("{high} or less"), {"high": high})


def _said(stages: Sequence[Json], now: Period, before: Period, as_of: date) -> list[Message]:
    values = {
        "start": now.start,
        "last": min(now.last, as_of),
        "past_start": before.start,
        "past_last": min(before.last, as_of),
    }
    said = [Message(N_("{start} to {last} against {past_start} to {past_last}: what became different?"), values)]
    measures: tuple[tuple[str, _Kind], ...] = (("conversion", Points), ("time", Days))
    changed = [
        Message(
            _CHANGED[measure, found["verdict"]],
            {
                "stage": stage["label"],
                "difference": kind(found["estimate"]),
                "level": Rate(LEVEL),
                "ends": _ends(found, kind),
            },
        )
        for measure, kind in measures
        for stage in stages
        for found in [stage[measure]["difference"]]
        if found is not None and found["verdict"] != "cannot_tell"
    ]
    if changed:
        return said + changed
    if any(stage[measure]["difference"] for stage in stages for measure, _kind in measures):
        return [*said, Message(N_("Chance alone explains every difference between the two periods."))]
    return [*said, Message(N_("Too few deals are decided in one of the periods to compare them."))]


def _caveats(stages: Sequence[Json], now: Period, as_of: date) -> list[Message]:
    said = [
        Message(N_("A difference says that something changed, not why.")),
        Message(N_("That nothing can be told does not mean that nothing changed.")),
    ]
    if now.last > as_of:
        said.append(Message(N_("The newer period is not over yet.")))
    if any(stage["conversion"]["by_day"] is not None for stage in stages):
        said.append(
            Message(N_("Both periods are read on the same day after the entry, the last that either has seen."))
        )
    return said
