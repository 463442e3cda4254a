"""Conditions each deal was handed over with, and columns that betray the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bokgi.domain.errors import RefusalError
from bokgi.domain.messages import N_, Message

Floats = NDArray[np.float64]

DEAL_CONDITIONS: Final = ("source", "lead_grade", "type", "product", "pipeline")
ACCOUNT_CONDITIONS: Final = ("industry", "segment", "size", "region")
DERIVED_CONDITIONS: Final = ("season", "inherited", "ramp")
DEFAULT_FACTORS: Final = (*DEAL_CONDITIONS[:4], *ACCOUNT_CONDITIONS[:3], *DERIVED_CONDITIONS)
"""Conditions that are known when a deal is assigned; those without two levels in the data are left out."""
RAMP_DAYS: Final = 180
_FILLED_LATER: Final = 0.25
"""Known for so many more of the closed deals than of the open ones …"""
_HARDLY_FILLED: Final = 0.25
"""… or for the open ones hardly ever: at most this part of how often it is known for closed ones."""
_SURE: Final = 3.0
_TELLS_OUTCOME: Final = 0.85
"""Area under the curve that no single condition and no person reaches in the study, and that columns which hold the
outcome, or the stage that was reached, go beyond even where a fifth of their entries is wrong (topic `leaks`)."""
_MOST_LEVELS: Final = 200
_COMMON: Final = 0.10
_FAR_BEYOND_CHANCE: Final = -20.0


@dataclass(frozen=True)
class Leak:
    """A column that is filled in after the outcome: how it shows (`filled_after_closing`, …; see `leaks`)."""

    factor: str
    sign: str
    figure: float


def conditions(traits: ibis.Table, memberships: ibis.Table) -> ibis.Table:
    """Give deals with the conditions they were handed over with, one row per deal, open ones included.

    Reads `traits` (`analysis.deal_traits`) and `memberships` (first working day of the owner). Adds `won` (null while
    open), `season` (quarter of creation, Q1 … Q4), `inherited` (assigned later than created) and `ramp` (owner fewer
    than 180 days in the company at creation), as text. Null: not known. Removed deals are left out: they are neither
    won nor lost.
    """
    return judged(handed_over(traits, memberships))


def judged(handed: ibis.Table) -> ibis.Table:
    """Give the deals of `handed_over` that are won, lost or open."""
    return handed.filter(handed.outcome != "removed")


def handed_over(traits: ibis.Table, memberships: ibis.Table) -> ibis.Table:
    """Give `conditions` of all deals, removed ones included; of those, `won` says nothing."""
    first = memberships.group_by("person_id").agg(began_on=ibis._.started_on.min())
    columns = traits.columns
    joined = traits.left_join(first, traits.owner_id == first.person_id)
    days = joined.created_on.delta(joined.began_on, unit="day")
    return joined.select(
        *columns,
        won=ibis.ifelse(joined.outcome == "open", ibis.null("boolean"), joined.outcome == "won"),
        season=ibis.literal("Q") + joined.created_on.quarter().cast("string"),
        inherited=(joined.assigned_on > joined.created_on).cast("string"),
        ramp=(days < RAMP_DAYS).cast("string"),
    )


def with_factors(deals: ibis.Table, factors: Sequence[str]) -> ibis.Table:
    """Add the attributes among `factors` as columns of their own.

    Refuses a factor that is neither a condition nor an attribute of the source (`factor_unknown`), naming what exists.
    """
    known = {*DEAL_CONDITIONS, *ACCOUNT_CONDITIONS, *DERIVED_CONDITIONS, "team"}
    asked = [factor for factor in factors if factor not in known]
    if not asked:
        return deals
    keys = set(
        deals.filter(deals.attributes.notnull())
        .select(key=deals.attributes.keys().unnest())
        .distinct()
        .to_pyarrow()["key"]
        .to_pylist()
    )
    missing = [factor for factor in asked if factor not in keys]
    if missing:
        raise RefusalError(
            "factor_unknown",
            Message(N_("There is no condition {factor}."), {"factor": missing[0]}),
            Message(N_("These exist: {known}."), {"known": ", ".join(sorted(known) + sorted(keys))}),
        )
    return deals.mutate(**{factor: deals.attributes[factor] for factor in asked})


def varied(deals: ibis.Table, factors: Sequence[str]) -> tuple[str, ...]:
    """Give the factors that have at least two levels in the data, in the order given."""
    if not factors:
        return ()
    cases = deals.count()
    found = deals.aggregate(
        **{
            name: (deals[name].min() != deals[name].max()).fill_null(False)  # noqa: FBT003 - what stands for null
            | deals[name].count().between(1, cases - 1)
            for name in factors
        }
    ).to_pyarrow()
    return tuple(factor for factor in factors if found[factor][0].as_py())


def leaks(deals: ibis.Table, factors: Sequence[str]) -> tuple[Leak, ...]:
    """Find factors that are filled in only after the outcome.

    Reads `deals` (one row per deal: `outcome`, and `won`, null while open) and the columns named in `factors`.

    Gives one `Leak` for each factor that shows one of four signs. `filled_after_closing`: known far more often on
    closed deals than on open ones. `known_of_one_outcome`: known on won deals only, or on none of them (to whom a deal
    was lost), and unknown on others of both kinds. `a_level_decides`: a common level with all or none won (a prospect
    that becomes a customer when it buys), where other levels have both. `tells_the_outcome`: its levels tell won from
    not won better than anything known beforehand does (area under the curve above .85, each deal judged by the others
    of its level).

    Small numbers: each sign must lie beyond what chance gives, so that few deals show none. Do not take silence for
    proof: a column that holds the outcome in half of its entries passes. Source: area under the curve as a rank
    statistic (Mann & Whitney 1947); the study measures how often honest columns are refused and leaking ones found.

    >>> import pyarrow as pa
    >>> won = [True, False, False] * 60
    >>> rows = {"outcome": ["won" if one else "lost" for one in won], "won": won, "source": ["web", "fair"] * 90}
    >>> rows["lost_to"] = [None if one or at % 2 else "Rival" for at, one in enumerate(won)]
    >>> leaks(ibis.memtable(pa.table(rows)), ["source", "lost_to"])
    (Leak(factor='lost_to', sign='known_of_one_outcome', figure=0.333...),)
    """
    out = []
    for factor, counted in zip(factors, _by_level(deals, factors), strict=True):
        empty = np.array([level is None for level in counted["level"].to_pylist()], dtype=bool)
        opened, won, other = (counted[name].to_numpy().astype(np.float64) for name in ("open", "won", "other"))
        closed = won + other
        if opened.sum() and closed.sum():
            filled, filled_open = closed[~empty].sum() / closed.sum(), opened[~empty].sum() / opened.sum()
            pooled = (closed[~empty].sum() + opened[~empty].sum()) / (closed.sum() + opened.sum())
            sd = np.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / closed.sum() + 1 / opened.sum()))
            # Of few deals the normal distribution says too much without Yates' correction.
            beyond = filled - filled_open - 0.5 * (1 / closed.sum() + 1 / opened.sum())
            late = filled - filled_open > _FILLED_LATER or filled_open <= _HARDLY_FILLED * filled
            if late and beyond / sd > _SURE:
                out.append(Leak(factor, "filled_after_closing", float(filled - filled_open)))
                continue
        if (known := _known_of_one_outcome(won, other, empty)) is not None:
            out.append(Leak(factor, "known_of_one_outcome", known))
            continue
        if _a_level_decides(won, other):
            out.append(Leak(factor, "a_level_decides", float(closed.max() / closed.sum())))
            continue
        if 1 < len(won) <= _MOST_LEVELS and (area := _area(won, other)) > _TELLS_OUTCOME and _beyond(area, won, other):
            out.append(Leak(factor, "tells_the_outcome", area))
    return tuple(out)


def _by_level(deals: ibis.Table, factors: Sequence[str]) -> list[pa.Table]:
    """Count open, won and other deals by level of each factor: one question for all of them."""
    if not factors:
        return []
    outcome = ibis._.outcome
    counts = {"open": outcome == "open", "won": outcome == "won", "other": outcome.notin(["open", "won"])}
    each = [
        deals.group_by(level=deals[factor].cast("string"))
        .agg(**{name: which.sum() for name, which in counts.items()})
        .mutate(place=ibis.literal(place))
        for place, factor in enumerate(factors)
    ]
    rows = (ibis.union(*each) if len(each) > 1 else each[0]).order_by("place", "level").to_pyarrow()
    return [rows.filter(pc.equal(rows["place"], place)) for place in range(len(factors))]


def _a_level_decides(won: Floats, other: Floats) -> bool:
    """Tell whether a common level has all or none of its cases won, far beyond chance, and another level has both."""
    n, rate = won + other, won.sum() / max(won.sum() + other.sum(), 1.0)
    if not 0.0 < rate < 1.0:
        return False
    common = n >= _COMMON * n.sum()
    never = common & (won == 0) & (n * np.log1p(-rate) < _FAR_BEYOND_CHANCE)
    always = common & (other == 0) & (n * np.log(rate) < _FAR_BEYOND_CHANCE)
    return bool((never | always).any() and ((won > 0) & (other > 0)).any())


def _known_of_one_outcome(won: Floats, other: Floats, empty: NDArray[np.bool_]) -> float | None:
    """Give how many of the closed deals have an entry where only won ones, or only others, do, beyond chance."""
    known_won, known_other = float(won[~empty].sum()), float(other[~empty].sum())
    cases, all_won = float(won.sum() + other.sum()), float(won.sum())
    known, unknown_won = known_won + known_other, all_won - known_won
    # Where one kind has no entry and the other has them all, the outcome is told by whether there is one.
    if not 0.0 < all_won < cases or not known or min(known_won, known_other) > 0.0:
        return None
    share = all_won / cases if known_won else 1.0 - all_won / cases
    unknown_same = unknown_won if known_won else cases - known - unknown_won
    beyond = known * np.log(share) < _FAR_BEYOND_CHANCE
    return known / cases if beyond and unknown_same > 0.0 else None


def _beyond(area: float, won: Floats, other: Floats) -> bool:
    """Tell whether an area lies beyond what chance gives where a column says nothing."""
    n, m = float(won.sum()), float(other.sum())
    return bool((area - 0.5) / np.sqrt((n + m + 1.0) / (12.0 * n * m)) > _SURE)


def _area(won: Floats, other: Floats) -> float:
    """Area under the curve of the level's own rate as score, each deal left out of its level's rate.

    >>> round(_area(np.array([80.0, 20.0]), np.array([20.0, 80.0])), 2), _area(np.array([50.0]), np.array([50.0]))
    (0.8, 0.5)
    """
    closed = won + other > 0
    won, other = won[closed], other[closed]
    if not won.sum() or not other.sum():
        return 0.5
    rate, n = won.sum() / (won.sum() + other.sum()), won + other
    score_won = (won - 1.0 + rate) / n
    score_other = (won + rate) / n
    greater = (score_won[:, None] > score_other[None, :]).astype(np.float64)
    equal = score_won[:, None] == score_other[None, :]
    # Within one level the column tells nothing, though each deal's own outcome is missing from its rate.
    np.fill_diagonal(equal, val=True)
    weight = won[:, None] * other[None, :]
    return float((weight * np.where(equal, 0.5, greater)).sum() / weight.sum())
