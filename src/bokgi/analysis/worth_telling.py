"""Which wins and losses of a period are worth telling to the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import ibis
import pyarrow as pa
from ibis import _

from bokgi.analysis.pushes import pushes
from bokgi.analysis.totals import count_of
from bokgi.analysis.visits import ladder
from bokgi.analysis.win_loss import cycle, decided
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome, StageKind

STORIES: Final = ("largest", "fastest", "against_odds", "lost_late")
REFERENCE_DAYS: Final = 365
_QUARTER: Final = 0.25
_PUSHES: Final = 2
_ENOUGH_STAGES: Final = 3


def worth_telling(
    deals: ibis.Table,
    visits: ibis.Table,
    stages: ibis.Table,
    deal_changes: ibis.Table,
    *,
    period: Period,
    most: int = 3,
    minimum_n: int = 10,
) -> ibis.Table:
    """Which deals that closed in the period are worth telling, each for a reason that can be checked.

    Reads `deals` (one row per deal), `visits` (`analysis.visits`), `stages` and `deal_changes`.

    Gives one row per `story` and deal, at most `most` of each story, in the order of `STORIES` and `place` (1, 2 …):
    `deal_id, owner_id, outcome, amount, lost_reason, closed_on, cycle_days`, `setbacks` (times the deal went back a
    stage or was re-opened), `times_pushed` (moves of the expected close to a later day), `stage` (it closed from).

    - `largest`: won, largest known amounts;
    - `fastest`: won in fewer days than three quarters of the deals won in the year up to the period's end (from
      `minimum_n` such deals on), the shortest first;
    - `against_odds`: won after a setback, or after two or more moves of its close date; most of both first;
    - `lost_late`: lost, or ended without a decision, from the last open stage or, where a pipeline has three or more,
      the one before it; largest amounts first.

    A deal may be in several stories. Ties: larger amount, then deal id. Refuses: nothing. Do not use it as a statistic:
    it picks extremes. Source: own definition; `tests/analysis/test_win_loss.py`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> from bokgi.facts.schema import TABLES
    >>> def table(name, **row):
    ...     schema = pa.schema([column.arrow().with_nullable(True) for column in TABLES[name].columns])
    ...     return ibis.memtable(pa.Table.from_pylist([row] if row else [], schema=schema))
    >>> week = Period.week("2026-W46")
    >>> deal = table("deals", deal_id="d", outcome="won", created_on=week.start, closed_on=week.last, amount=5)
    >>> moves = table("stage_events").mutate(visit=_.seq, exit=_.stage, left_on=_.entered_on)
    >>> moves = moves.select("deal_id", "visit", "pipeline", "stage", "exit", "left_on")
    >>> found = worth_telling(deal, moves, table("stages"), table("deal_changes"), period=week)
    >>> found.select("story", "place", "deal_id", "cycle_days").to_pyarrow().to_pylist()
    [{'story': 'largest', 'place': 1, 'deal_id': 'd', 'cycle_days': 6}]
    """
    columns = ["deal_id", "owner_id", "outcome", "amount", "lost_reason", "closed_on"]
    ended = decided(deals, period=period).select(*columns, cycle_days=cycle())
    year = Period(period.end - timedelta(REFERENCE_DAYS), period.end)
    reference = decided(deals, period=year).filter(_.outcome == Outcome.WON.value).select(cycle_days=cycle())
    usual = reference.filter(_.cycle_days >= 0).agg(
        usual_n=_.count(), quick_days=_.cycle_days.cast("float64").quantile(_QUARTER)
    )
    told = _told(ended, visits, stages, deal_changes).cross_join(usual)
    won = _.outcome == Outcome.WON.value
    stories = ibis.memtable(pa.table({"story": list(STORIES), "order": list(range(len(STORIES)))}))
    holds = ibis.cases(
        (_.story == "largest", won & _.amount.notnull()),
        (_.story == "fastest", won & (_.cycle_days >= 0) & (_.usual_n >= minimum_n) & (_.cycle_days < _.quick_days)),
        (_.story == "against_odds", won & ((_.setbacks > 0) | (_.times_pushed >= _PUSHES))),
        else_=~won & _.late,
    )
    weight = ibis.cases(
        (_.story == "fastest", _.cycle_days), (_.story == "against_odds", -(_.setbacks + _.times_pushed)), else_=0
    )
    best = ibis.window(group_by="story", order_by=[_.weight.asc(), _.amount.desc(nulls_first=False), _.deal_id.asc()])
    picked = told.cross_join(stories).filter(holds).mutate(weight=weight)
    ranked = picked.mutate(place=ibis.row_number().over(best) + 1).filter(_.place <= most)
    return ranked.order_by("order", "place").select("story", "place", *_COLUMNS)


_COLUMNS: Final = (
    "deal_id",
    "owner_id",
    "outcome",
    "amount",
    "lost_reason",
    "closed_on",
    "cycle_days",
    "setbacks",
    "times_pushed",
    "stage",
)


def _told(ended: ibis.Table, visits: ibis.Table, stages: ibis.Table, deal_changes: ibis.Table) -> ibis.Table:
    """Add to the closed deals what happened on the way and from which stage they closed."""
    in_deal = ibis.window(group_by="deal_id", order_by="visit")
    walked = visits.semi_join(ended, "deal_id").select(
        "deal_id", "pipeline", "stage", "exit", last=_.visit.lead().over(in_deal).isnull()
    )
    closings = [Outcome.LOST.value, Outcome.NO_DECISION.value, Outcome.WON.value]
    stays = walked.group_by("deal_id").agg(
        setbacks=count_of((_.exit == "back") | (_.exit.isin(closings) & ~_.last)),
        pipeline=_.pipeline.max(where=_.last),
        stage=_.stage.max(where=_.last),
    )
    steps = ladder(stages).filter(_.kind == StageKind.OPEN.value).select("pipeline", "stage", "stage_order")
    highest = ibis.window(group_by="pipeline", order_by=[_.stage_order.desc(), _.stage.asc()])
    whole = ibis.window(group_by="pipeline")
    late = steps.mutate(rank=ibis.row_number().over(highest), open_stages=_.stage.count().over(whole))
    late = late.select("pipeline", "stage", late=(_.rank == 0) | ((_.rank == 1) & (_.open_stages >= _ENOUGH_STAGES)))
    pushed = pushes(deal_changes).semi_join(ended, "deal_id").group_by("deal_id").agg(times_pushed=_.count())
    told = ended
    for more in (stays, pushed):
        told = told.left_join(more, "deal_id", rname="of_{name}").drop("of_deal_id")
    told = told.left_join(late, ["pipeline", "stage"], rname="of_{name}")
    return told.mutate(
        setbacks=ibis.coalesce(_.setbacks, 0).cast("int64"),
        times_pushed=ibis.coalesce(_.times_pushed, 0).cast("int64"),
    )
