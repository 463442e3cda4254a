"""Each stage, or each unit at each stage, against its own past.

Cases that end within some weeks are a biased sample: lost deals stay longer than those that go on, so when fewer deals
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

RECENT_DAYS: Final = 182
PAST_DAYS: Final = 364
MOST_UNDECIDED: Final = 0.5
"""A stage is not judged where more than this share of its deals is still undecided when the curve ends."""
_KEYS: Final = ["pipeline", "stage", "stage_order"]
Key = tuple[str, str, int]
Estimate = tuple[float, float, float]


def against_the_past(progressions: ibis.Table, *, as_of: date, unit: str | None) -> dict[Key, Screened]:
    """Compare conversions of the last 182 days with those of the 364 days before.

    Reads `progressions`, with a column `unit` where units are told apart; without it a stage is one unit of its own.
    `n` is the effective number of cases: that of a simple share with the variance of the difference.
    """
    cut = as_of - timedelta(days=RECENT_DAYS - 1)
    before = _estimates(progressions, as_of=as_of, period=Period(cut - timedelta(days=PAST_DAYS), cut), unit=unit)
    recent = _estimates(progressions, as_of=as_of, period=Period(cut, as_of + timedelta(days=1)), unit=unit)
    found: dict[Key, list[tuple[str, float, float, float, float]]] = {}
    for (pipeline, stage, order, name), (share, variance, decided) in recent.items():
        base, base_variance, __ = before.get((pipeline, stage, order, name), (0.0, 0.0, 0.0))
        if not 0.0 < base < 1.0:
            continue
        total = variance + base_variance
        effective = base * (1.0 - base) / total
        enough = effective * base * (1.0 - base) >= SMALLEST_VARIANCE
        z = (share - base) / np.sqrt(total) if enough else np.nan
        label = stage if unit is None else name
        found.setdefault((pipeline, stage, order), []).append((label, effective if enough else decided, share, base, z))
    return {key: _screened(rows) for key, rows in found.items()}


def _screened(rows: list[tuple[str, float, float, float, float]]) -> Screened:
    n, share, base, z = (np.array([row[place] for row in rows], dtype=np.float64) for place in range(1, 5))
    independent = np.eye(int((~np.isnan(z)).sum()))
    return Screened(tuple(row[0] for row in rows), n, n * share, n * base, n * base * (1.0 - base), z, independent)


def _estimates(
    progressions: ibis.Table, *, as_of: date, period: Period, unit: str | None
) -> dict[tuple[str, str, int, str], Estimate]:
    """Share of the decided that went on, its variance, how many: where the risk sets bear it."""
    seen = observed(progressions, as_of=as_of, period=period, risk=Risk.PERIOD)
    named = ibis.literal("") if unit is None else ibis._[unit].cast("string")
    seen = seen.mutate(of_unit=named).filter(ibis._.of_unit.notnull())
    keys = [*_KEYS, "of_unit"]
    cells = seen.group_by([*keys, "start", "end", "kind"]).agg(n=ibis._.count()).to_pyarrow()
    out = {}
    for (pipeline, stage, order, name), part in groups(cells.sort_by([(key, "ascending") for key in keys]), keys):
        kind = np.asarray(part["kind"].to_pylist(), dtype=object)
        usable = ~np.isin(kind, ["start_unknown", "end_unknown"])
        start, end, n = (part[column].to_numpy()[usable] for column in ("start", "end", "n"))
        found = incidence(start, end, kind[usable].tolist(), n, kinds=ENDS)
        decided = float(n[np.isin(kind[usable], ENDS)].sum())
        sound = found.sound
        if not sound or float(found.open_share[sound - 1]) > MOST_UNDECIDED:
            continue
        on, off = (float(found.share[way][sound - 1]) for way in ENDS[:2])
        off += sum(float(found.share[way][sound - 1]) for way in ENDS[2:])
        variance = float(found.variance[ENDS[0]][sound - 1])
        if on > 0 and off > 0 and variance > 0:
            # Of those that are decided: deals that lie about for ever pile up with time and would look like a fall.
            share, cases = on / (on + off), on * (1.0 - on) / variance * (on + off)
            out[pipeline, stage, order, name] = (share, share * (1.0 - share) / cases, decided)
    return out
