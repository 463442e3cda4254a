"""Did a deal that entered a stage reach a later one, when, and if not, how did it end."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
from ibis import _

from bokgi.domain.stage import Outcome

REACHED: Final = "reached"
_NEVER: Final = ibis.literal(date(9999, 12, 31))


def progressions(visits: ibis.Table) -> ibis.Table:
    """What became of each deal's first entry into each open stage: further on, won, lost, or still on its way.

    Reads `visits` (`analysis.visits`). Gives one row per deal, pipeline and open stage it ever entered:

    - `deal_id, owner_id, pipeline, stage, stage_order`;
    - `entered_on` (first entry), `interval` (it is known only between two snapshots), `start_unknown` (found by the
      first snapshot: it may be long ago);
    - `end`: `reached` (a later open stage of the pipeline, or won), `lost`, `no_decision`, `removed`, `open`;
    - `ended_on`: the day of it, null when `open` or when nobody knows the day.

    Counts how: the first entry counts. A deal that went back and came forward again has reached the later stage when
    it did; a lost deal that was re-opened and went on has reached it, too. Otherwise the last visit tells the end.
    A deal that changed pipeline was removed from the first one.

    Refuses: nothing. Do not use it for rates without treating `open` as not yet decided: see `stage_conversion`.
    Source: own definition; `tests/analysis/test_stage_conversion.py` holds it against a slow twin.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> rows = {"deal_id": ["d", "d"], "visit": [1, 2], "pipeline": ["p", "p"], "stage": ["talk", "offer"]}
    >>> rows |= {"stage_order": [1, 2], "entered_on": [date(2026, 11, 2), date(2026, 11, 9)], "owner_id": ["k", "k"]}
    >>> rows |= {"left_on": [date(2026, 11, 9), None], "exit": ["advanced", "open"], "first": [True, True]}
    >>> rows |= {"interval": [False, False], "not_before_on": pa.array([None, None], pa.date32())}
    >>> found = progressions(ibis.memtable(pa.table(rows))).order_by("stage_order")
    >>> found.select("stage", "end", "ended_on").to_pyarrow().to_pylist()
    [{'stage': 'talk', 'end': 'reached', 'ended_on': datetime.date(2026, 11, 9)},
     {'stage': 'offer', 'end': 'open', 'ended_on': None}]
    """
    from_here = ibis.window(group_by=["deal_id", "pipeline"], order_by="visit", preceding=0, following=None)
    won = _.exit == Outcome.WON.value
    traced = visits.mutate(
        highest=_.stage_order.max().over(from_here),
        won_visit=won.ifelse(_.visit, ibis.null("int64")).min().over(from_here),
        won_on=won.ifelse(_.left_on, ibis.null("date")).min().over(from_here),
        last_exit=_.exit.last().over(from_here),
        # Spark passes over nulls, so that a deal still there would show the day it left the stage before.
        last_left_on=ibis.coalesce(_.left_on, _NEVER).last().over(from_here).nullif(_NEVER),
    ).filter(_.first)
    reached = (_.highest > _.stage_order) | _.won_visit.notnull()
    told = traced.mutate(
        end=reached.ifelse(REACHED, _.last_exit),
        direct_on=ibis.cases(
            (_.exit == "advanced", _.left_on),
            (_.highest > _.stage_order, ibis.null("date")),
            (_.won_visit.notnull(), _.won_on),
            else_=_.last_left_on,
        ),
    )
    later = _later_on(told, visits)
    joined = told.left_join(later, ["deal_id", "pipeline", "stage"], rname="of_{name}")
    return joined.select(
        "deal_id",
        "owner_id",
        "pipeline",
        "stage",
        "stage_order",
        "entered_on",
        "interval",
        "end",
        start_unknown=_.interval & _.not_before_on.isnull(),
        ended_on=ibis.coalesce(_.direct_on, _.later_on),
    )


def _later_on(told: ibis.Table, visits: ibis.Table) -> ibis.Table:
    """When deals that did not go on directly reached a later stage, by way of an earlier stage or a re-opening.

    They are few, so joining them with their deal's visits costs little. A win counts when it comes first.
    """
    detours = told.filter((_.exit != "advanced") & (_.highest > _.stage_order)).select(
        "deal_id", "pipeline", "stage", "stage_order", "won_visit", "won_on", from_visit="visit"
    )
    steps = visits.select("deal_id", "pipeline", step_visit="visit", step_order="stage_order", step_on="entered_on")
    onward = detours.join(
        steps,
        [
            detours.deal_id == steps.deal_id,
            detours.pipeline == steps.pipeline,
            steps.step_visit > detours.from_visit,
            steps.step_order > detours.stage_order,
        ],
        rname="of_{name}",
    )
    first = onward.group_by("deal_id", "pipeline", "stage").agg(
        step_on=_.step_on.min(),
        won_first=_.won_visit.min() < _.step_visit.min(),
        won_on=_.won_on.min(),
    )
    return first.select(
        "deal_id",
        "pipeline",
        "stage",
        later_on=(ibis.coalesce(_.won_first, False) & _.won_on.notnull()).ifelse(_.won_on, _.step_on),
    )
