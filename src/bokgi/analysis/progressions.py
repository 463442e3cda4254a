"""Did a deal that entered a stage reach a later one, when, and if not, how did it end."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.visits import start_unknown
from bokgi.domain.stage import Outcome

REACHED: Final = "reached"
_EXITS: Final = ("advanced", "back", *(outcome.value for outcome in Outcome))
_ROOM: Final = 8
_TOLD: Final = (
    *("deal_id", "owner_id", "pipeline", "stage", "stage_order", "entered_on", "interval"),
    "start_unknown",
)
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
    number = ibis.cases(*((_.exit == name, place) for place, name in enumerate(_EXITS)), else_=len(_EXITS))
    won = _.exit == Outcome.WON.value
    course = visits.group_by(course_deal="deal_id", course_pipeline="pipeline").agg(
        highest=_.stage_order.max(),
        wins=won.cast("int64").sum(),
        won_visit=_.visit.max(where=won),
        won_on=_.left_on.max(where=won),
        # The last visit's exit, carried by its number, so that nothing is sorted.
        last=(_.visit * _ROOM + number).max(),
        last_left_on=ibis.coalesce(_.left_on, _NEVER).max().nullif(_NEVER),
    )
    advanced = _.exit == "advanced"
    firsts = visits.filter(_.first).select(
        *("deal_id", "visit", "owner_id", "pipeline", "stage", "stage_order", "entered_on", "interval", "left_on"),
        "exit",
        start_unknown=start_unknown(),
    )
    # Most go straight on, and are told by their visit alone; only of the others the whole course is asked.
    onward = firsts.filter(advanced).select(*_TOLD, end=ibis.literal(REACHED), ended_on="left_on")
    others = firsts.filter(~advanced)
    traced = others.join(course, [others.deal_id == course.course_deal, others.pipeline == course.course_pipeline])
    last_exit = ibis.cases(*((_.last % _ROOM == place, name) for place, name in enumerate(_EXITS)), else_=_.exit)
    told = traced.mutate(
        last_exit=last_exit,
        won_after=ibis.coalesce(_.won_visit >= _.visit, ibis.literal(value=False)),
        # A later stage was reached by a detour, or was reached before this one; or the deal was won more than once.
        unclear=(_.highest > _.stage_order) | (_.wins > 1),
    )
    detours = _detours(told, visits)
    joined = told.left_join(detours, ["deal_id", "pipeline", "stage"], rname="of_{name}")
    by_detour = _.of_deal_id.notnull()
    stopped = joined.select(
        *_TOLD,
        end=(by_detour | (~_.unclear & _.won_after)).ifelse(REACHED, _.last_exit),
        ended_on=ibis.cases((by_detour, _.reached_on), (_.won_after, _.won_on), else_=_.last_left_on),
    )
    return onward.union(stopped).select(*_TOLD[:-1], "end", "start_unknown", "ended_on")


def _detours(told: ibis.Table, visits: ibis.Table) -> ibis.Table:
    """When deals reached a later stage, or were won, after they had not gone on directly.

    They are few, so joining them with their deal's visits costs little.
    """
    unclear = told.filter(_.unclear).select("deal_id", "pipeline", "stage", "stage_order", from_visit="visit")
    steps = visits.select(
        step_deal="deal_id",
        step_pipeline="pipeline",
        step_visit="visit",
        step_order="stage_order",
        step_on="entered_on",
        won_on=(_.exit == Outcome.WON.value).ifelse(_.left_on, ibis.null("date")),
        won=_.exit == Outcome.WON.value,
    )
    onward = unclear.join(
        steps,
        [
            unclear.deal_id == steps.step_deal,
            unclear.pipeline == steps.step_pipeline,
            steps.step_visit >= unclear.from_visit,
            (steps.step_order > unclear.stage_order) | steps.won,
        ],
    )
    # The first visit to this stage is no higher than itself, so a higher one begins later; it comes before its own win.
    on = (_.step_order > _.stage_order).ifelse(_.step_on, _.won_on)
    return onward.group_by("deal_id", "pipeline", "stage").agg(reached_on=on.min())
