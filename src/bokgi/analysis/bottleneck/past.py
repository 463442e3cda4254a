"""Each stage against its own past: conversion of the last weeks beside that of the window before them.

Cases that end within a few weeks are a biased sample: lost deals stay longer than those that go on, so when fewer deals
came in last season, more of the endings of this one are losses. Both conversions are therefore Aalen–Johansen estimates
on left-truncated risk sets (`stage_conversion` with `Risk.PERIOD`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import numpy as np

from bokgi.analysis.bottleneck.screening import SMALLEST_VARIANCE, Screened
from bokgi.analysis.stage_conversion import ENDS, Risk, groups, observed
from bokgi.analysis.survival import incidence
from bokgi.domain.period import Period

RECENT_DAYS: Final = 91
_KEYS: Final = ["pipeline", "stage", "stage_order"]
Key = tuple[str, str, int]
Estimate = tuple[float, float, float]


def against_the_past(progressions: ibis.Table, *, as_of: date, start: date) -> dict[Key, Screened]:
    """Compare the conversion of each stage in the last 91 days with that since `start`, one unit per stage.

    `n` is the effective number of cases: that of a simple share with the variance of the difference. Nothing where the
    window holds no past.
    """
    cut = as_of - timedelta(days=RECENT_DAYS - 1)
    if start >= cut:
        return {}
    before = _estimates(progressions, as_of=as_of, period=Period(start, cut))
    recent = _estimates(progressions, as_of=as_of, period=Period(cut, as_of + timedelta(days=1)))
    out = {}
    for key, (share, variance, decided) in recent.items():
        if key not in before:
            continue
        base, base_variance, __ = before[key]
        total = variance + base_variance
        effective = base * (1.0 - base) / total if total > 0 and 0.0 < base < 1.0 else 0.0
        enough = effective * base * (1.0 - base) >= SMALLEST_VARIANCE
        z = (share - base) / np.sqrt(total) if enough else np.nan
        n = effective if enough else decided
        out[key] = Screened(
            (key[1],),
            np.array([n]),
            np.array([n * share]),
            np.array([n * base]),
            np.array([n * base * (1.0 - base)]),
            np.array([z]),
            np.eye(1) if enough else np.empty((0, 0)),
        )
    return out


def _estimates(progressions: ibis.Table, *, as_of: date, period: Period) -> dict[Key, Estimate]:
    """Share of the decided that went on, its variance, how many: for each stage where the risk sets bear it."""
    seen = observed(progressions, as_of=as_of, period=period, risk=Risk.PERIOD)
    cells = seen.group_by([*_KEYS, "start", "end", "kind"]).agg(n=ibis._.count()).to_pyarrow()
    cells = cells.sort_by([(name, "ascending") for name in _KEYS])
    out = {}
    for (pipeline, stage, order), part in groups(cells, _KEYS):
        kind = np.asarray(part["kind"].to_pylist(), dtype=object)
        usable = ~np.isin(kind, ["start_unknown", "end_unknown"])
        start, end, n = (part[name].to_numpy()[usable] for name in ("start", "end", "n"))
        found = incidence(start, end, kind[usable].tolist(), n, kinds=ENDS)
        decided = float(n[np.isin(kind[usable], ENDS)].sum())
        if len(found.day) and found.broke_on is None:
            on, off = float(found.share[ENDS[0]][-1]), sum(float(found.share[end][-1]) for end in ENDS[1:])
            variance = float(found.variance[ENDS[0]][-1])
            if on > 0 and off > 0 and variance > 0:
                # Of those that are decided: deals that lie about for ever pile up with time and would look like a fall.
                share, cases = on / (on + off), on * (1.0 - on) / variance * (on + off)
                out[pipeline, stage, order] = (share, share * (1.0 - share) / cases, decided)
    return out
