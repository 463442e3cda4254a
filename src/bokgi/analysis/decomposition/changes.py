"""Why more or less was won than in another period, or than the target asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import ibis
import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.decomposition.factors import AFTER_STAGES, BEFORE_STAGES, Name, factors, filled
from bokgi.analysis.decomposition.intervals import stands_out
from bokgi.analysis.decomposition.pool import WON, Pools, Window, count_pools, moves_recorded
from bokgi.analysis.decomposition.shapley import apportioned, shapley
from bokgi.domain.period import Period

Floats = NDArray[np.float64]

CENT: Final = Decimal("0.01")
RESAMPLES: Final = 400
TOGETHER: Final = 0.97
"""Share of draws in which all parts lie within their stretched intervals at once.

Counts drawn around small observed ones scatter more than the observed did: with this share fewer than one in
a hundred pairs of periods alike shows any part at 3,000 deals, one in fifty at 12,000 (decision 91).
"""
_LEAST_SHARE: Final = 0.1


@dataclass(frozen=True)
class Part:
    """One part of the whole: what it adds, the interval in which chance puts it, and whether chance alone explains it.

    Chance explains a part whose interval holds 0, and one that does not stand out among so many parts.

    `stage` names the stage of a conversion. `low`, `high` and `by_chance` are null for parts that are given, not
    measured. Amounts are in the currency of the deals; a part below 0 takes away.
    """

    name: Name
    stage: str | None
    amount: Decimal
    low: float | None
    high: float | None
    by_chance: bool | None


@dataclass(frozen=True)
class Decomposition:
    """The whole and its parts, which add up to it exactly: Σ parts = whole = after − before.

    `before` and `after` are the windows that were compared; `undecided_before` and `undecided_after` the number of
    deals that were still open at the end of observation. Without `close_dates_known` there is no history of expected
    close dates: what moved dates did then stands in `cycle`. `low`, `high` and `by_chance` are those of the whole; null
    where the other side is given (a target) or drawn towards everybody (two people).
    """

    whole: Decimal
    low: float | None
    high: float | None
    by_chance: bool | None
    won_before: Decimal
    won_after: Decimal
    parts: tuple[Part, ...]
    level: float
    before: Period
    after: Period
    n_before: int
    n_after: int
    undecided_before: int
    undecided_after: int
    close_dates_known: bool


def won_change(  # noqa: PLR0913 - the question has that many sides
    deals: ibis.Table,
    visits: ibis.Table | None,
    deal_changes: ibis.Table,
    *,
    before: Period,
    after: Period,
    as_of: date,
    by: Sequence[str] = ("source", "segment"),
    step: Decimal = CENT,
    level: float = 0.95,
    seed: int = 1,
) -> Decomposition:
    """Why was more or less won in one period than in another.

    Reads `deals` (one row per deal: `deal_id, outcome, created_on, closed_on, expected_close_on, amount` and the
    columns in `by`; one currency), `visits` (one row per visit to an open stage; None: no stages, one win rate) and
    `deal_changes` (history of `expected_close_on`).

    Gives the difference of the won amounts and its parts, in the order of the deal's way:

    - `volume`: more or fewer deals that could close in the period (created before its end, not closed before it);
    - `mix`: other combinations of `by`; `head_start`: how far they were when the period began;
    - `undecided`: other shares of them still open at the end of observation. What becomes of those is not known, and
      it is spread over no other part;
    - `conversion`, one part per stage: how many of the decided deals that reached it went on;
    - `cycle`: how many of the wins were due or landed inside the period rather than later (speed), `close_dates`: how
      many of those landed inside and did not move out (slippage);
    - `amount_known`: how many of the wins have an amount; `amount`: the mean won amount.

    Counts how: won amount = Σ over cells of the product of these factors, exactly. Each part is the Shapley value: the
    mean over all orders in which the factors could have changed. Both periods are observed equally long after their
    end (`as_of`); an unfinished period is compared with as many days of the other. Where a cell has no cases in one
    period the factor is taken as in the other. Parts are rounded to `step` so that they add up exactly (`apportioned`).
    Removed deals and closings on an unknown day are left out; a deal without history began and ended at the first
    stage.

    Small numbers: each part has the interval at `level` in which it lies if every count is Poisson and amounts vary as
    they do. `by_chance` is judged for all parts together: false where a part stands out among so many, which takes more
    than an interval that misses 0. Do not read a part that chance explains as a change. Refuses: nothing. Do not read
    `undecided` as a loss, or parts as effects: they say where the difference stands, not what caused it.

    Source: Shapley 1953, Owen 1972; own definition of the factors; `tests/analysis/decomposition` holds it against the
    mean over all orders.

    >>> import pyarrow as pa
    >>> months = {"first": Period.parse("2026-01"), "second": Period.parse("2026-02")}
    >>> rows = {"deal_id": list("abcd"), "outcome": ["won", "lost", "won", "won"], "source": ["web"] * 4}
    >>> rows |= {"created_on": [months["first"].start] * 2 + [months["second"].start] * 2}
    >>> rows |= {"closed_on": [date(2026, 1, 20)] * 2 + [date(2026, 2, 20)] * 2}
    >>> rows |= {"expected_close_on": rows["closed_on"], "amount": pa.array([10] * 4, pa.decimal128(18, 2))}
    >>> schema = [("deal_id", pa.string()), ("field", pa.string()), ("old", pa.string()), ("seq", pa.int64())]
    >>> schema += [("changed_on", pa.date32()), ("changed_at", pa.timestamp("us", "UTC"))]
    >>> tables = ibis.memtable(pa.table(rows)), None, ibis.memtable(pa.schema(schema).empty_table())
    >>> found = won_change(
    ...     *tables, before=months["first"], after=months["second"], as_of=date(2026, 3, 1), by=["source"]
    ... )
    >>> found.whole, {part.name: str(part.amount) for part in found.parts if part.amount}
    (Decimal('10.00'), {'conversion': '10.00'})
    """
    windows = _windows(before, after, as_of)
    moves_known = moves_recorded(deal_changes)
    pools = count_pools(deals, visits, deal_changes if moves_known else None, windows, by=by)
    parts, (low, high) = parts_of(pools, step, level, seed)
    n = pools.n.sum(axis=(1, 2))
    undecided = pools.n[:, :, 0].sum(axis=1)
    return Decomposition(
        pools.won[1] - pools.won[0],
        low,
        high,
        low <= 0.0 <= high,
        pools.won[0],
        pools.won[1],
        parts,
        level,
        windows[0].period,
        windows[1].period,
        round(n[0]),
        round(n[1]),
        round(undecided[0]),
        round(undecided[1]),
        moves_known,
    )


def target_gap(  # noqa: PLR0913 - the question has that many sides
    deals: ibis.Table,
    visits: ibis.Table | None,
    deal_changes: ibis.Table,
    *,
    target: Decimal,
    reference: Period,
    period: Period,
    as_of: date,
    by: Sequence[str] = ("source", "segment"),
    step: Decimal = CENT,
    level: float = 0.95,
    seed: int = 1,
) -> Decomposition:
    """Why is more or less won than the target asks for.

    As `won_change` from the `reference` period to `period`, with one part more, first: `ambition`, the won amount of
    the reference less the target; it is given, so it has no interval. `whole` is won less target (negative: behind),
    `won_before` the target. With a target for the whole of an unfinished period hand over the part of it that should
    be there by now (`progress`, `expected`), for only as many days of the reference are compared.

    >>> import pyarrow as pa
    >>> months = {"first": Period.parse("2026-01"), "second": Period.parse("2026-02")}
    >>> rows = {"deal_id": list("ab"), "outcome": ["won", "won"], "source": ["web"] * 2}
    >>> rows |= {
    ...     "created_on": [date(2026, 1, 2), date(2026, 2, 2)],
    ...     "closed_on": [date(2026, 1, 20), date(2026, 2, 20)],
    ... }
    >>> rows |= {"expected_close_on": rows["closed_on"], "amount": pa.array([10, 16], pa.decimal128(18, 2))}
    >>> schema = [("deal_id", pa.string()), ("field", pa.string()), ("old", pa.string()), ("seq", pa.int64())]
    >>> schema += [("changed_on", pa.date32()), ("changed_at", pa.timestamp("us", "UTC"))]
    >>> tables = ibis.memtable(pa.table(rows)), None, ibis.memtable(pa.schema(schema).empty_table())
    >>> asked = {"reference": months["first"], "period": months["second"], "as_of": date(2026, 3, 1), "by": ["source"]}
    >>> found = target_gap(*tables, target=Decimal(20), **asked)
    >>> found.whole, [(part.name, str(part.amount)) for part in found.parts if part.amount]
    (Decimal('-4.00'), [('ambition', '-10.00'), ('amount', '6.00')])
    """
    change = won_change(
        deals,
        visits,
        deal_changes,
        before=reference,
        after=period,
        as_of=as_of,
        by=by,
        step=step,
        level=level,
        seed=seed,
    )
    ambition = Part("ambition", None, change.won_before - target, None, None, None)
    return Decomposition(
        change.won_after - target,
        None,
        None,
        None,
        target,
        change.won_after,
        (ambition, *change.parts),
        level,
        change.before,
        change.after,
        change.n_before,
        change.n_after,
        change.undecided_before,
        change.undecided_after,
        change.close_dates_known,
    )


def _windows(before: Period, after: Period, as_of: date) -> tuple[Window, Window]:
    """Observe both periods equally long after their end; cut both where the later one is not over."""
    later = max(before, after, key=lambda period: period.last)
    if as_of < later.last:
        days = timedelta(days=max((as_of - later.start).days + 1, 0))
        before = Period(before.start, min(before.end, before.start + days))
        after = Period(after.start, min(after.end, after.start + days))
    follow_up = max(as_of - later.last, timedelta(0))
    return Window(before, before.last + follow_up), Window(after, after.last + follow_up)


def names(stages: Sequence[tuple[int, str]]) -> tuple[tuple[Name, str | None], ...]:
    """Name the factors in order, each with its stage."""
    middle: list[tuple[Name, str | None]] = [("conversion", stage) for __, stage in stages]
    before: list[tuple[Name, str | None]] = [(name, None) for name in BEFORE_STAGES]
    after: list[tuple[Name, str | None]] = [(name, None) for name in AFTER_STAGES]
    return (*before, *(middle or [("conversion", None)]), *after)


def parts_of(pools: Pools, step: Decimal, level: float, seed: int) -> tuple[tuple[Part, ...], tuple[float, float]]:
    """Decompose the change from the first pool to the second: the parts, and the interval of the whole."""
    found = _shapley(pools.n, pools.amount, pools)
    rounded = apportioned(found.tolist(), pools.won[1] - pools.won[0], step)
    resampled = _shapley(*_resampled(pools, np.random.default_rng(seed)), pools)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail], axis=0)
    clear = stands_out(resampled, TOGETHER)
    parts = tuple(
        Part(name, stage, amount, float(low[i]), float(high[i]), by_chance=not clear[i])
        for i, ((name, stage), amount) in enumerate(zip(names(pools.stages), rounded, strict=True))
    )
    whole = np.quantile(resampled.sum(axis=1), [tail, 1.0 - tail])
    return parts, (float(whole[0]), float(whole[1]))


def _shapley(n: Floats, amount: Floats, pools: Pools) -> Floats:
    """Parts of the change from the first pool to the second (`… × pools × cells × ends` and `… × pools × cells`)."""
    found = factors(n, amount, pools.combination)
    before, after = filled(found[..., 0, :, :], found[..., 1, :, :])
    return shapley(before, after)


def _resampled(pools: Pools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw counts (Poisson) and won amounts (normal, with the spread amounts have) anew."""
    n = rng.poisson(pools.n, size=(RESAMPLES, *pools.n.shape)).astype(np.float64)
    count = pools.n[:, :, WON]
    mean = pools.amount / np.maximum(count, 1.0)
    within = float((pools.squares - count * mean**2).sum())
    scale = float((np.maximum(count - 1.0, 0.0) * mean**2).sum())
    spread = np.sqrt(max(within, 0.0) / scale) if scale > 0 else 0.0
    drawn = n[:, :, :, WON]
    noise = spread * np.sqrt(drawn) * rng.standard_normal(drawn.shape)
    return n, mean * np.maximum(drawn + noise, _LEAST_SHARE * drawn)
