"""What will be won in a period, and how good such forecasts have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from bokgi.analysis.forecast.backtesting import BLEND, MODEL, Origin, Scores, replay, scores
from bokgi.analysis.forecast.benchmarks import RUN_RATE, SIMPLE, WEIGHTED, WEIGHTED_DUE, run_rate
from bokgi.analysis.forecast.change import change_since
from bokgi.analysis.forecast.history import History, Scope
from bokgi.analysis.forecast.open_deals import at_risk, open_deals, widest
from bokgi.analysis.forecast.outlook import groups_of
from bokgi.analysis.forecast.reading import Keep, Source, first_day, read_hazards, unkept
from bokgi.analysis.forecast.result import (
    NOTHING_SAID,
    Backtest,
    Benchmark,
    Calibration,
    Forecast,
    OriginResult,
    Reason,
)
from bokgi.analysis.forecast.scoring import LEVELS, crps, range_around
from bokgi.analysis.forecast.sharing import Scaling, shares
from bokgi.analysis.forecast.windows import WEEK, Window, day_number, day_of, past_windows, whole_periods
from bokgi.domain.errors import RefusalError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period

Floats = NDArray[np.float64]

ENOUGH_DAYS: Final = 182
"""History below which the run rate answers alone."""
MOST_ORIGINS: Final = 18
LONGEST_DAYS: Final = 400
PAST_PATHS: Final = 1_000
_FEWEST_CLOSED: Final = 10
_FEWEST_WON: Final = 5
"""Of fewer won deals nobody can tell how far what comes may lie from what came."""
_CALIBRATED: Final = 0.15


def forecast(  # noqa: PLR0913 - what it reads, what is asked, and how finely
    deals: ir.Table,
    visits: ir.Table,
    *,
    as_of: date,
    period: Period,
    changes: ir.Table | None = None,
    stages: ir.Table | None = None,
    factors: Sequence[str] = (),
    by_owner: bool = True,
    team: str | None = None,
    pipeline: str | None = None,
    person: str | None = None,
    year_starts: int = 1,
    paths: int = 2_000,
    seed: int = 1,
    keep: Keep = unkept,
) -> Forecast:
    """Say what will be won in a period, in money, with the range it will most likely fall into.

    Reads `deals`, one row per deal as known at the end of `as_of`: `deal_id, owner_id, outcome, created_on, closed_on,
    amount` (one currency) and, where there are, `team, expected_close_on, probability, pipeline, known_at_creation`
    and the columns of `factors` (conditions known when a deal is assigned); `visits` of `analysis.visits`; `changes`,
    the deals' field history (`deal_changes`), by which past days are seen as they were; `stages` for the CRM's chance
    of each stage. Nothing may be dated after `as_of`. With `team`, `pipeline` or `person` (the owner) only those deals
    count; what deals do in a stage is learnt from everybody's, how such forecasts turn out from their own past.
    `by_owner` counts the owner among the conditions: not where who owns a deal is filled in by its outcome.
    `year_starts` is the first month of the fiscal year, by whose quarters deals hurry. `keep(name, make)` may keep
    tables that follow from all of this but whose deals count, paths and seed; without it none is kept.

    Gives quantiles and mean of the won amount of the whole period, what is won so far included; the part of open deals
    and the part of deals yet to come; by person and team; simple forecasts beside it; what changed since last week and
    why; how such forecasts did before. Amounts in the deals' currency.

    Counts how: weekly hazards of moving on, being won and being lost, by stage, time in stage, part of the quarter,
    conditions and owner, as products of effects, each shrunken as far as the counts ask; each open deal's chance
    follows exactly, recalibrated by how such chances turned out before (due date and how often it was put off, size,
    stage, age). Deals yet to come: entries of late by season, times their chance to be won in time. Draws share a
    shock. Blended with the run rate by weights (less of it, the likelier nothing at all can be won), and widened or
    narrowed, as this organisation's own past windows ask. Re-opened deals count as entering again. A deal without stage
    history stands in one nameless stage. An amount not known is drawn from won deals like it; one above twice the
    largest won so far counts as that (`outsized`).

    Small numbers: below 26 weeks of history (of the deals that count), or where outcomes are known for won deals only,
    the run rate of the last 26 weeks answers alone and `reason` says why. With fewer than five won deals (that count),
    or without an amount of any, nothing is said (`mean` null).

    Refuses: more than one currency (`mixed_currencies`), closings after `as_of` (`events_after_as_of`), a period of
    more than 400 days ahead (`period_too_long`).

    Do not use it for: a promise. Eight of ten periods end within the 80 % range, two do not. The parts of one person
    are a share of the whole, not that person's target.

    Source: discrete-time hazards with complementary log-log link (Prentice & Gloeckler 1978), credibility (Bühlmann &
    Gisler 2005), CRPS (Gneiting & Raftery 2007); `tests/analysis/forecast` holds closed forms and slow twins,
    `docs/reference/study.md` what it reaches.

    >>> import ibis, pyarrow as pa
    >>> from datetime import timedelta
    >>> day, created = date(2026, 1, 4), [date(2025, 1, 6) + timedelta(days=3 * n) for n in range(120)]
    >>> closed = [on + timedelta(days=28) for on in created]
    >>> rows = {"deal_id": [f"d{n:03d}" for n in range(120)], "owner_id": ["kim", "lee"] * 60, "created_on": created}
    >>> rows |= {"outcome": [("won", "lost")[n % 3 // 2] if closed[n] <= day else "open" for n in range(120)]}
    >>> rows |= {"closed_on": [on if on <= day else None for on in closed], "amount": [100.0] * 120}
    >>> columns = {"visit": "int64", "stage_order": "int64", "first": "bool", "entered_on": "date", "left_on": "date"}
    >>> names = ["deal_id", "pipeline", "stage", "exit", "next_stage"]
    >>> nothing = ibis.memtable([], schema=columns | {name: "string" for name in names})
    >>> month = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> found = forecast(ibis.memtable(pa.table(rows)), nothing, as_of=day, period=month)
    >>> found.won_so_far, found.quantiles[0.05] <= found.mean <= found.quantiles[0.95]
    (100.0, True)
    """
    window = Window(as_of, period.start, period.end)
    if window.until > LONGEST_DAYS:
        raise UsageError(
            "period_too_long",
            Message(
                N_("The period ends more than {days} {days:day|days} after {on}."), {"days": LONGEST_DAYS, "on": as_of}
            ),
            Message(N_("Ask for a month or a quarter.")),
        )
    _check(deals, as_of)
    first = first_day(deals)
    known_days = 0 if first is None else (as_of - first).days
    past: tuple[Window, ...] = ()
    if first is not None and known_days >= ENOUGH_DAYS and window.days:
        past = past_windows(window, first=first, as_of=as_of, warm_up=ENOUGH_DAYS, most=MOST_ORIGINS)
    earlier_on = as_of - timedelta(days=WEEK)
    windows = (*past, Window(earlier_on, period.start, period.end), window)
    source = Source(deals, visits, changes, stages, as_of, windows, factors, year_starts, by_owner, keep)
    now = len(windows) - 1
    places = [*range(len(past)), now]
    # First, for the history is counted while they are fitted.
    early = read_hazards(source, places) if _worth_learning(source, known_days, window) else None
    history = _part(source.history, Scope(team, pipeline, person), windows)
    known_days = 0 if history.first is None else (as_of - history.first).days
    reason = _reason(history, known_days, window)
    if reason is None and not history.owners_known(len(past)):
        reason = "owners_unknown"
    if reason is not None:
        return _by_run_rate(history, window, reason, known_days, paths=paths, seed=seed)
    hazards = {
        place: one
        for place, one in (early or read_hazards(source, places)).items()
        if place == now or (_lasted(history, windows[place]) and history.owners_known(place))
    }
    origins = replay(history, hazards, windows, usual=PAST_PATHS, last=paths, seed=seed, now=now)
    return _told(history, windows, origins, known_days)


def _part(history: History, scope: Scope, windows: Sequence[Window]) -> History:
    """Give the history of a part, which begins when it has its first deal: nothing can be told from the days before.

    Deals may have been somebody else's earlier: what entered before the last origin at which none stood open here does
    not count as its beginning.
    """
    part = history.of(scope)
    if part.whole is None:
        return part
    stood = sorted((day_number(one.origin), len(there) > 0) for one, there in zip(windows, part.standing, strict=True))
    began = [on for on, any_open in stood if any_open][:1]
    before = max((on for on, any_open in stood if not any_open and (not began or on < began[0])), default=None)
    days = [part.wins.on, part.entries.on if before is None else part.entries.on[part.entries.on > before]]
    began += [int(on.min()) for on in days if len(on)]
    return replace(part, first=day_of(min(began)) if began else None)


def _lasted(history: History, window: Window) -> bool:
    """Tell whether enough days lie before the origin of a past window to try the forecast on it."""
    return history.first is not None and (window.origin - history.first).days >= ENOUGH_DAYS


def _check(deals: ir.Table, as_of: date) -> None:
    late = deals.agg(last=_.closed_on.max()).to_pyarrow()["last"][0].as_py()
    if late is not None and late > as_of:
        raise RefusalError(
            "events_after_as_of",
            Message(N_("A deal closed on {late}, after {on}."), {"late": late, "on": as_of}),
            Message(N_("Cut the facts to the day first (as_of).")),
        )
    if "currency" not in deals.columns:
        return
    found = deals.filter(_.currency.notnull() & _.amount.notnull()).select("currency").distinct()
    names = sorted(row["currency"] for row in found.to_pyarrow().to_pylist())
    if len(names) > 1:
        raise RefusalError(
            "mixed_currencies",
            Message(N_("Amounts are in several currencies: {names}."), {"names": ", ".join(names)}),
            Message(N_("Convert them into one currency first.")),
        )


def _worth_learning(source: Source, known_days: int, window: Window) -> bool:
    """Tell, as far as can be before the history is read, whether `_reason` will find none."""
    closed, won = source.told["closed"], source.told["won"]
    return (
        window.days > 0
        and known_days >= ENOUGH_DAYS
        and won >= _FEWEST_WON
        and not (closed >= _FEWEST_CLOSED and closed == won)
    )


def _reason(history: History, known_days: int, window: Window) -> Reason | None:
    if window.days == 0:
        return "period_over"
    if (nothing := _nothing_to_learn(history)) is not None:
        return nothing
    if known_days < ENOUGH_DAYS:
        return "too_little_history"
    if history.closed >= _FEWEST_CLOSED and history.closed == history.won:
        return "only_won_deals"
    return None


def _nothing_to_learn(history: History) -> Reason | None:
    if history.won == 0 or len(history.wins.on) == 0:
        return "no_won_deals"
    if len(history.wins.on) < _FEWEST_WON:
        return "too_few_wins"
    return "no_won_amounts" if np.isnan(history.wins.amount).all() else None


def _so_far(history: History, window: Window) -> tuple[NDArray[np.bool_], float]:
    on = day_number(window.origin)
    seen = history.wins.between(day_number(window.start) - 1, min(on, day_number(window.end) - 1))
    amount = history.wins.amount[seen]
    return seen, float(amount[~np.isnan(amount)].sum())


def _by_day(history: History, seen: NDArray[np.bool_]) -> tuple[tuple[date, float], ...]:
    """Add up what was won, day after day with a win; wins without an amount add nothing."""
    days, place = np.unique(history.wins.on[seen], return_inverse=True)
    amounts = np.bincount(place, weights=np.nan_to_num(history.wins.amount[seen]), minlength=len(days))
    return tuple(zip(map(day_of, days.tolist()), np.cumsum(amounts).tolist(), strict=True))


def _quantiles(draws: Floats) -> dict[float, float]:
    return dict(zip(LEVELS, np.quantile(draws, LEVELS).tolist(), strict=True)) if len(draws) else {}


def _by_run_rate(
    history: History, window: Window, reason: Reason, known_days: int, *, paths: int, seed: int
) -> Forecast:
    """Answer by the run rate alone, or not at all."""
    seen, so_far = _so_far(history, window)
    standing = history.standing[-1]
    draws, rest = np.zeros(0), None
    if reason == "period_over":
        draws = np.full(paths, so_far)
    elif reason not in NOTHING_SAID:
        on = day_number(window.origin)
        rest = np.sort(
            run_rate(np.random.default_rng([seed, on, 1]), history.wins, window, first=on - known_days, paths=paths)
        )
        draws = so_far + rest
    return Forecast(
        as_of=window.origin,
        period=Period(window.start, window.end),
        reason=reason,
        won_so_far=so_far,
        won_so_far_n=int(seen.sum()),
        won_by_day=_by_day(history, seen),
        quantiles=_quantiles(draws),
        mean=float(draws.mean()) if len(draws) else None,
        open=None,
        new=None,
        open_deals=len(standing),
        unknown_amounts=int(np.isnan(standing.amount).sum()),
        outsized=0,
        wins=len(history.wins.on),
        history_days=known_days,
        people=(),
        teams=(),
        benchmarks=(),
        best_simple=None if rest is None else RUN_RATE,
        calibration=Calibration(0, 0.0, 1.0, None, None, None),
        pipeline_calibrated=None,
        change=None,
        at_risk=(),
        range_deals=(),
        draws=draws,
    )


def _told(history: History, windows: Sequence[Window], origins: Sequence[Origin], known_days: int) -> Forecast:
    """Put the forecast together: the draws of the whole, and its parts scaled so that they add up to its mean."""
    here = origins[-1]
    outlook, window = here.outlook, here.window
    seen, so_far = _so_far(history, window)
    drawn, split = here.drawn, groups_of(history, outlook)
    final = here.draws[BLEND]
    drawn_mean = float((drawn.open + drawn.new).mean())
    scaling = Scaling(float(final.mean()) / drawn_mean if drawn_mean > 0 else 1.0, here.blend.scale)
    told = scores(origins)
    draws = so_far + final
    deals = open_deals(history, outlook)
    return Forecast(
        as_of=window.origin,
        period=Period(window.start, window.end),
        reason=None,
        won_so_far=so_far,
        won_so_far_n=int(seen.sum()),
        won_by_day=_by_day(history, seen),
        quantiles=_quantiles(draws),
        mean=float(draws.mean()),
        open=scaling.part(drawn.open, float(outlook.chance.sum())),
        new=scaling.part(drawn.new, outlook.new_wins),
        open_deals=len(outlook.standing),
        unknown_amounts=int(outlook.unknown.sum()),
        outsized=int((outlook.amount < outlook.stated).sum()),
        wins=len(history.wins.on),
        history_days=known_days,
        people=shares(history, seen, drawn, split, scaling, by="person"),
        teams=shares(history, seen, drawn, split, scaling, by="team"),
        benchmarks=_benchmarks(here, told, so_far),
        best_simple=here.simple,
        calibration=_calibration(here, told, origins),
        pipeline_calibrated=_pipeline_calibrated(told),
        change=change_since(history, windows[-2], outlook, origins, float(draws.mean())),
        at_risk=at_risk(deals, window),
        range_deals=widest(deals),
        draws=draws,
    )


def _benchmarks(here: Origin, told: Mapping[str, Scores], so_far: float) -> tuple[Benchmark, ...]:
    found = []
    for name in SIMPLE:
        if name not in here.draws:
            continue
        draws = so_far + here.draws[name]
        mean = float(draws.mean())
        crps_of = told[name].crps if name in told else None
        found.append(Benchmark(name, mean, *range_around(draws, mean), crps_of))
    return tuple(found)


def _calibration(here: Origin, told: Mapping[str, Scores], origins: Sequence[Origin]) -> Calibration:
    score, rate = told.get(BLEND), told.get(RUN_RATE)
    if score is None or rate is None:
        return Calibration(0, here.blend.weight, here.blend.scale, None, None, None)
    ratio = score.crps / rate.crps if rate.crps > 0 else None
    bias = None if np.isnan(score.bias) else score.bias
    since = min(one.window.start for one in origins if one.came is not None)
    return Calibration(score.n, here.blend.weight, here.blend.scale, score.coverage80, bias, ratio, since)


def _pipeline_calibrated(told: Mapping[str, Scores]) -> bool | None:
    """Tell whether the weighted pipeline (due deals where dates are known) came true on average; null: unknown."""
    score = told.get(WEIGHTED_DUE, told.get(WEIGHTED))
    return None if score is None or np.isnan(score.bias) else abs(score.bias) <= _CALIBRATED


def backtest(  # noqa: PLR0913 - what it reads, what is asked, and how finely
    deals: ir.Table,
    visits: ir.Table,
    *,
    as_of: date,
    months: int = 1,
    changes: ir.Table | None = None,
    stages: ir.Table | None = None,
    factors: Sequence[str] = (),
    by_owner: bool = True,
    team: str | None = None,
    pipeline: str | None = None,
    person: str | None = None,
    year_starts: int = 1,
    most: int = 24,
    paths: int = PAST_PATHS,
    seed: int = 1,
    keep: Keep = unkept,
) -> Backtest:
    """Make the forecast again from the last day before every past month (or run of `months`), and score it.

    Reads what `forecast` reads. Each past forecast knows only what had happened by its day; amounts, owners, expected
    closes are those of then as far as the field history tells; weights and ranges are learnt from windows that were
    over by then.

    Gives one row per window that is over (oldest first, at most `most`): the forecast's mean and 80 % range, what
    came, the mean of every simple method; and `scores` by method: mean CRPS in money, weighted quantile loss, share
    inside the 80 % range, bias as share of what came. `best_simple`: the simple method that had done best before each.

    Small numbers: windows of several months overlap, so their scores hang together. `reason` and no rows below 26 weeks
    of history before the first window, and where nobody knows whose the deals were on past days (`owners_unknown`, of a
    person). Refuses what `forecast` refuses.

    Do not use it for choosing a method by its score here: that has been done already, day by day.
    Source: rolling-origin evaluation (Tashman 2000); `tests/analysis/forecast/test_forecast.py`, the study.
    """
    _check(deals, as_of)
    first = first_day(deals)
    windows: tuple[Window, ...] = ()
    if first is not None:
        windows = whole_periods(months, first=first, as_of=as_of, warm_up=ENOUGH_DAYS, most=most)
    if not windows:
        return Backtest(as_of, months, "too_little_history", (), {})
    source = Source(deals, visits, changes, stages, as_of, windows, factors, year_starts, by_owner, keep)
    places = range(len(windows))
    early = read_hazards(source, places) if _worth_learning(source, ENOUGH_DAYS, windows[0]) else None
    history = _part(source.history, Scope(team, pipeline, person), windows)
    reason = _reason(history, ENOUGH_DAYS, windows[0])
    if reason is not None:
        return Backtest(as_of, months, reason, (), {})
    hazards = early or read_hazards(source, places)
    lasting = [place for place in hazards if _lasted(history, windows[place])]
    hazards = {place: hazards[place] for place in lasting if history.owners_known(place)}
    if not hazards:
        return Backtest(as_of, months, "owners_unknown" if lasting else "too_little_history", (), {})
    origins = replay(history, hazards, windows, usual=paths, last=paths, seed=seed, now=None)
    return Backtest(as_of, months, None, tuple(_row(one) for one in origins), scores(origins))


def _row(one: Origin) -> OriginResult:
    final, came = one.draws[BLEND], one.came or 0.0
    mean = float(final.mean())
    return OriginResult(
        one.window.origin,
        one.window.start,
        one.window.end,
        mean,
        *range_around(final, mean),
        came,
        one.blend.weight,
        one.blend.scale,
        {name: float(draws.mean()) for name, draws in one.draws.items() if name in (MODEL, *SIMPLE)},
        {name: crps(draws, came) for name, draws in one.draws.items()},
    )
