"""What is missing in the data of open deals, counted so that its effect on figures can be bounded."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import by_people
from bokgi.analysis.totals import count_of, lacks_amount, totals, waits_for_rate
from bokgi.analysis.visits import ladder
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome, StageKind

GAPS: Final = (
    "no_amount",
    "no_rate",
    "no_close_date",
    "close_passed",
    "no_owner",
    "unknown_stage",
    "no_next_step",
    "never_touched",
)
"""What an open deal may lack."""
_SHARES: Final = {"low": 0.1, "high": 0.9}


def gaps(deals: ibis.Table, stages: ibis.Table, activities: ibis.Table, *, as_of: date) -> ibis.Table:
    """What each open deal lacks.

    Reads `deals` as of `as_of` (one row per deal; one without an amount that names a currency waits for an exchange
    rate), `stages` and `activities`. Gives one row per open deal: `deal_id, owner_id, team, amount, currency,
    expected_close_on` and each of `GAPS` as a boolean, null where the source has no such column (next steps) or no
    activities at all. `no_rate`: an amount that no exchange rate converts; it is not missing, so no `no_amount`.
    `unknown_stage`: no stage, or one that is no open stage of the list.

    Small numbers: each row is one deal. Refuses: nothing. Do not use it to judge people: who has inherited much shows
    more of it. Source: own definition; `tests/questions/test_data_quality.py`.

    >>> import pyarrow as pa
    >>> row = {"deal_id": ["d"], "outcome": ["open"], "owner_id": ["kim"], "team": ["A"], "pipeline": ["p"]}
    >>> row |= {"stage": ["s"], "amount": pa.array([None], pa.decimal128(18, 2)), "has_next_step": [False]}
    >>> row |= {"currency": pa.array([None], pa.string())}
    >>> row |= {"expected_close_on": [date(2026, 11, 2)], "next_step_on": pa.array([None], pa.date32())}
    >>> step = {"pipeline": ["p"], "stage": ["s"], "label": ["S"], "stage_order": [1], "kind": ["open"]}
    >>> step |= {"expected_days": pa.array([None], pa.int64()), "valid_from": pa.array([None], pa.date32())}
    >>> call = {"activity_id": ["a"], "deal_id": ["d"], "automatic": [False], "happened_on": [date(2026, 11, 1)]}
    >>> call |= {"outcome": pa.array([None], pa.string())}
    >>> found = gaps(*(ibis.memtable(pa.table(t)) for t in (row, step, call)), as_of=date(2026, 11, 9))
    >>> [name for name, lacks in found.select(GAPS).to_pyarrow().to_pylist()[0].items() if lacks]
    ['no_amount', 'close_passed', 'no_next_step']
    """
    open_deals = deals.filter(_.outcome == Outcome.OPEN.value)
    steps = ladder(stages).filter(_.kind == StageKind.OPEN.value).select(of_pipeline="pipeline", of_stage="stage")
    told = open_deals.left_join(steps, [_.pipeline == steps.of_pipeline, _.stage == steps.of_stage])
    people = by_people(activities)
    touched = people.filter(_.deal_id.notnull()).select(touched_deal="deal_id").distinct()
    told = told.left_join(touched, _.deal_id == touched.touched_deal)
    told = told.cross_join(people.agg(recorded=_.count() > 0))
    unknown = ibis.null("boolean")
    return told.select(
        "deal_id",
        "owner_id",
        "team",
        "amount",
        "currency",
        "expected_close_on",
        no_amount=lacks_amount(),
        no_rate=waits_for_rate(),
        no_close_date=_.expected_close_on.isnull(),
        close_passed=ibis.coalesce(_.expected_close_on < as_of, ibis.literal(value=False)),
        no_owner=_.owner_id.isnull(),
        unknown_stage=_.of_stage.isnull(),
        no_next_step=_.next_step_on.notnull().ifelse(ibis.literal(value=False), ~_.has_next_step),
        never_touched=_.recorded.ifelse(_.touched_deal.isnull(), unknown),
    )


def gap_sums(found: ibis.Table, *, period: Period) -> ibis.Table:
    """How many open deals lack what, and what they come to: one row.

    Reads the table of `gaps`. Gives `open`, `due` (expected to close in the period) and each of `GAPS`, all with
    `…_amount` and `…_amount_unknown` (missing ones, not those without a rate); `due_passed` and `before` are deals
    whose close date has passed, in the period and before it; `next_step_unknown` and `touch_known` count deals of which
    that is unknown or known.

    >>> import pyarrow as pa
    >>> deal = {name: [name == "no_owner"] for name in GAPS} | {"deal_id": ["d"]}
    >>> deal |= {"amount": pa.array([5], pa.decimal128(18, 2)), "expected_close_on": [date(2026, 11, 2)]}
    >>> week = Period(date(2026, 11, 1), date(2026, 12, 1))
    >>> sums = gap_sums(ibis.memtable(pa.table(deal)), period=week)
    >>> sums.select("open", "due", "no_owner", "no_owner_amount", "before").to_pyarrow().to_pylist()
    [{'open': 1, 'due': 1, 'no_owner': 1, 'no_owner_amount': Decimal('5.00'), 'before': 0}]
    """
    due = (_.expected_close_on >= period.start) & (_.expected_close_on < period.end)
    counted: dict[str, ir.BooleanValue] = {"open": _.deal_id.notnull(), "due": due}
    counted |= {"due_passed": due & _.close_passed, "before": _.expected_close_on < period.start}
    counted |= {name: _[name] for name in GAPS}
    sums: dict[str, ir.Value] = {}
    for name, where in counted.items():
        sums |= totals(name, where) | {f"{name}_amount_unknown": count_of(where & _.no_amount)}
    sums["next_step_unknown"] = ibis.coalesce(_.count(where=_.no_next_step.isnull()), 0)
    sums["touch_known"] = ibis.coalesce(_.count(where=_.never_touched.notnull()), 0)
    return found.agg(**sums)


def usual_amounts(found: ibis.Table) -> ibis.Table:
    """Between which amounts the middle eighty of a hundred open deals with a known amount lie: one row.

    Reads the table of `gaps`. Gives `n`, `low` and `high`: the smallest amounts that at least a tenth, and nine tenths,
    of the deals do not exceed; null where no amount is known.

    >>> import pyarrow as pa
    >>> deals = {"deal_id": [str(n) for n in range(10)], "amount": pa.array(range(1, 11), pa.decimal128(18, 2))}
    >>> usual_amounts(ibis.memtable(pa.table(deals))).to_pyarrow().to_pylist()
    [{'n': 10, 'low': Decimal('1.00'), 'high': Decimal('9.00')}]
    """
    known = found.filter(_.amount.notnull()).select("deal_id", "amount")
    by_size = ibis.window(order_by=[known.amount.asc(), known.deal_id.asc()])
    placed = known.mutate(place=ibis.row_number().over(by_size).cast("int64") + 1).cross_join(known.agg(n=_.count()))
    ends = {
        name: _.amount.min(where=_.place.cast("float64") >= share * _.n.cast("float64"))
        for name, share in _SHARES.items()
    }
    return placed.agg(n=_.count(), **ends)


def gap_owners(found: ibis.Table) -> ibis.Table:
    """Who has open deals that lack what: one row per owner with a count of each of `GAPS`, by owner.

    >>> import pyarrow as pa
    >>> deal = {name: [name == "no_amount"] for name in GAPS} | {"deal_id": ["d"], "owner_id": ["kim"]}
    >>> gap_owners(ibis.memtable(pa.table(deal))).select("owner_id", "no_amount", "no_owner").to_pyarrow().to_pylist()
    [{'owner_id': 'kim', 'no_amount': 1, 'no_owner': 0}]
    """
    counted = {name: ibis.coalesce(_.count(where=_[name]), 0) for name in GAPS}
    return found.group_by("owner_id").agg(**counted).order_by("owner_id")
