"""What changed since last week, deal by deal: parts that add up to the change exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bokgi.analysis.forecast.backtesting import Origin
from bokgi.analysis.forecast.coding import Coding
from bokgi.analysis.forecast.counting import UNKNOWN
from bokgi.analysis.forecast.history import NEVER, History, Wins
from bokgi.analysis.forecast.outlook import Outlook, look_ahead
from bokgi.analysis.forecast.result import Change, ChangeCode, ChangePart
from bokgi.analysis.forecast.windows import Window, day_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ORDER: Final[tuple[ChangeCode, ...]] = (
    *("won", "lost", "entered", "moved_in", "owner_filled", "moved_out", "moved_on", "moved_back"),
    *("amount", "close_date", "filled_in", "waited", "to_come"),
)


def change_since(history: History, before: Window, outlook: Outlook, origins: Sequence[Origin], mean: float) -> Change:
    """Say what moved the forecast since the origin of `before`, both days judged by what is known of deals today.

    Each deal's expected amount then and now makes one part: won, lost (or gone), entered, moved on or back, another
    amount, another close date, one of these that is not known of then, or nothing but time. Of a part of the
    history, what is (or was) open elsewhere moved in or out; where nobody knows whose it was then, the owner was
    filled in since. What an amount may count for at most is no part of it: a bound that moved is no other amount.
    `to_come`: business yet to enter. All carry one factor, by which the expected amounts add up to the forecast's
    `mean`.
    """
    so_far = _won_between(history.wins, outlook.window, day_number(outlook.window.origin))
    expected = float(outlook.chance @ outlook.amount) + _to_come(history, outlook)
    factor = (mean - so_far) / expected if expected > 0 else 0.0
    place = len(history.standing) - 2
    earlier = [one.outlook for one in origins if one.came is not None]
    then = look_ahead(history, place, before, outlook.hazards, earlier, like=outlook)
    old, new = then.standing, outlook.standing
    ids = pc.unique(pa.chunked_array([*old.deal_id.chunks, *new.deal_id.chunks], pa.string()))
    at_old, at_new = (pc.index_in(one.deal_id, ids).to_numpy().astype(np.int64) for one in (old, new))
    worth = np.zeros((2, len(ids)))
    worth[0, at_old] = factor * then.chance * then.amount
    worth[1, at_new] = factor * outlook.chance * outlook.amount
    owner = np.zeros((2, len(ids)), dtype=np.int64)
    owner[:, at_old], owner[:, at_new] = (old.person, old.team), (new.person, new.team)
    there = np.zeros((2, len(ids)), dtype=bool)
    there[0, at_old] = there[1, at_new] = True
    both = there[0] & there[1]
    stage, due, amount, stated, chance = (np.full((2, len(ids)), np.nan) for _ in range(5))
    days = (outlook.window.origin - before.origin).days
    for row, (look, at) in enumerate(((then, at_old), (outlook, at_new))):
        stage[row, at], chance[row, at] = look.standing.stage, look.chance
        amount[row, at], stated[row, at] = look.amount, look.standing.amount
        due[row, at] = np.where(look.standing.due >= NEVER, np.nan, look.standing.due + (days if row else 0))
    # The amount's own part at today's chance; what is left of a deal's change has the first other reason that holds.
    # An estimate that moved is no other amount, nor is a bound.
    priced = both & ~_same(*stated)
    price_filled = priced & np.isnan(stated[0])
    by_amount = np.where(priced, factor * (amount[1] - amount[0]) * chance[1], 0.0)
    rest = np.where(both, worth[1] - worth[0] - by_amount, 0.0)
    redated = ~_same(*due)
    on = both & (stage[1] > stage[0])
    back = both & (stage[1] < stage[0])
    dated = both & ~on & ~back & redated
    date_filled = dated & np.isnan(due[0])
    waited = both & ~on & ~back & ~dated
    by_filling = by_amount[price_filled].sum() + rest[date_filled].sum()
    filled_in, priced, dated = price_filled | date_filled, priced & ~price_filled, dated & ~date_filled
    wins, window = history.wins, outlook.window
    seen = wins.between(day_number(before.origin), day_number(window.origin))
    inside = seen & wins.between(day_number(window.start) - 1, day_number(window.end) - 1)
    gone, came = there[0] & ~there[1], there[1] & ~there[0]
    is_won = gone & _among(ids, wins.deal_id.filter(pa.array(seen)))
    moved_in, filled, moved_out = _elsewhere(history, before, window, ids, (gone & ~is_won, came))
    lost, entered = gone & ~is_won & ~moved_out, came & ~moved_in & ~filled
    parts: dict[ChangeCode, tuple[int | None, float]] = {
        "won": (int(seen.sum()), float(np.nansum(wins.amount[inside])) - float(worth[0, is_won].sum())),
        "lost": (int(lost.sum()), -float(worth[0, lost].sum())),
        "entered": (int(entered.sum()), float(worth[1, entered].sum())),
        "moved_in": (int(moved_in.sum()), float(worth[1, moved_in].sum())),
        "owner_filled": (int(filled.sum()), float(worth[1, filled].sum())),
        "moved_out": (int(moved_out.sum()), -float(worth[0, moved_out].sum())),
        "moved_on": (int(on.sum()), float(rest[on].sum())),
        "moved_back": (int(back.sum()), float(rest[back].sum())),
        "amount": (int(priced.sum()), float(by_amount[priced].sum())),
        "close_date": (int(dated.sum()), float(rest[dated].sum())),
        "filled_in": (int(filled_in.sum()), float(by_filling)),
        "waited": (int(waited.sum()), float(rest[waited].sum())),
        "to_come": (None, factor * (_to_come(history, outlook) - _to_come(history, then))),
    }
    masks = (is_won, lost, entered, moved_in, filled, moved_out, on, back, priced, dated, filled_in, waited)
    whose = dict(zip(_ORDER, (owner[:, mask] for mask in masks), strict=False))
    whose["won"] = np.concatenate([whose["won"], np.stack([wins.person[seen], wins.team[seen]])], axis=1)
    told = tuple(
        ChangePart(code, *parts[code], _named(history.coding, whose.get(code)))
        for code in _ORDER
        if parts[code][0] != 0
    )
    return Change(before.origin, mean - sum(part.amount for part in told), mean, told)


def _elsewhere(
    history: History, before: Window, window: Window, ids: pa.Array, moved: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark what came from elsewhere, what came from nobody knows whom, and what went elsewhere; nothing of the whole.

    `moved`: which of `ids` are open here no more and were not won, and which are open here only now.
    """
    gone, came = moved
    none = np.zeros(len(ids), dtype=bool)
    whole = history.whole
    if whole is None:
        return none, none, none
    stood = whole.standing[-2]
    unowned = pa.array(stood.person == history.coding.persons.index(UNKNOWN))
    by_owner = history.part.person is not None or history.part.team is not None
    filled = came & _among(ids, stood.deal_id.filter(unowned)) if by_owner else none
    won = whole.wins.between(day_number(before.origin), day_number(window.origin))
    there = _among(ids, whole.standing[-1].deal_id) | _among(ids, whole.wins.deal_id.filter(pa.array(won)))
    return came & ~filled & _among(ids, stood.deal_id), filled, gone & there


def _named(coding: Coding, codes: Ints | None) -> tuple[tuple[str, str | None], ...]:
    """Name the people and teams behind pairs of codes, each pair once; of no deals (null) nobody."""
    if codes is None:
        return ()
    pairs = [(coding.persons[person], coding.teams[team]) for person, team in np.unique(codes, axis=1).T]
    return tuple((person, None if team == UNKNOWN else team) for person, team in pairs if person != UNKNOWN)


def _same(one: Floats, other: Floats) -> NDArray[np.bool_]:
    """Tell where two values are the same, or both unknown."""
    same: NDArray[np.bool_] = (one == other) | (np.isnan(one) & np.isnan(other))
    return same


def _among(ids: pa.Array, those: pa.ChunkedArray) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = pc.is_in(ids, those.combine_chunks()).to_numpy(zero_copy_only=False)
    return found


def _won_between(wins: Wins, window: Window, until: int) -> float:
    inside = wins.between(day_number(window.start) - 1, min(until, day_number(window.end) - 1))
    return float(np.nansum(wins.amount[inside]))


def _to_come(history: History, outlook: Outlook) -> float:
    """Mean amount of wins that are yet to enter."""
    if outlook.amounts is None or len(outlook.pool) == 0:
        return 0.0
    mean = outlook.amounts.mean[history.entries.profile[outlook.pool]]
    return float(outlook.new_wins * (outlook.pool_weight @ mean))
