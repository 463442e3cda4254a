"""Which open stages each deal stood in, from when to when, and how it left them."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.domain.stage import Origin, Outcome, StageKind

COLUMNS: Final = (
    "deal_id",
    "visit",
    "pipeline",
    "stage",
    "stage_order",
    "entered_on",
    "entered_at",
    "left_on",
    "exit",
    "next_stage",
    "next_order",
    "first",
    "interval",
    "not_before_on",
    "left_not_before_on",
    "owner_id",
)
MOVE_COLUMNS: Final = (
    *("deal_id", "visit", "pipeline", "stage", "stage_order", "entered_on", "entered_at", "interval", "not_before_on"),
    *("first", "then_on", "then_not_before_on", "then_kind", "then_pipeline", "then_stage", "then_order", "after_on"),
)


def ladder(stages: ibis.Table) -> ibis.Table:
    """What each stage means and where it stands in its funnel.

    Reads `stages` (one row per pipeline, stage and `valid_from`). Gives one row per pipeline and stage, the one that
    holds from the latest day on: past and present are read on one ladder, so that two periods can be compared. Columns
    `pipeline, stage, label, stage_order, kind, expected_days`.

    >>> import pyarrow as pa
    >>> rows = {"pipeline": ["p", "p"], "stage": ["a", "a"], "label": ["A", "A!"], "stage_order": [1, 2]}
    >>> rows |= {"kind": ["open", "open"], "expected_days": [7, 9], "valid_from": pa.array([None, 19_000], pa.date32())}
    >>> ladder(ibis.memtable(pa.table(rows))).to_pyarrow().to_pylist()
    [{'pipeline': 'p', 'stage': 'a', 'label': 'A!', 'stage_order': 2, 'kind': 'open', 'expected_days': 9}]
    """
    latest = ibis.window(
        group_by=["pipeline", "stage"],
        order_by=[_.valid_from.desc(nulls_first=False), _.stage_order.asc(), _.kind.asc(), _.label.asc()],
    )
    columns = ["pipeline", "stage", "label", "stage_order", "kind", "expected_days"]
    return stages.select(*columns, place=ibis.row_number().over(latest)).filter(_.place == 0).select(columns)


def off_ladder(stage_events: ibis.Table, stages: ibis.Table) -> ibis.Table:
    """Which stages stand in the history but not in the list of stages: every analysis passes over them.

    Gives one row per pipeline and stage: `events`, `deals`; most events first. An empty table means nothing is lost.

    >>> import pyarrow as pa
    >>> events = ibis.memtable(pa.table({"deal_id": ["d1"], "pipeline": ["p"], "stage": ["demo"]}))
    >>> stages = ibis.memtable(pa.table({"pipeline": ["p"], "stage": ["talk"]}))
    >>> off_ladder(events, stages).to_pyarrow().to_pylist()
    [{'pipeline': 'p', 'stage': 'demo', 'events': 1, 'deals': 1}]
    """
    return (
        stage_events.anti_join(stages, ["pipeline", "stage"])
        .group_by("pipeline", "stage")
        .agg(events=_.count(), deals=_.deal_id.nunique())
        .order_by(_.events.desc(), _.pipeline, _.stage)
    )


def visits(deals: ibis.Table, stage_events: ibis.Table, stages: ibis.Table) -> ibis.Table:
    """Which open stages each deal stood in, from when to when, and how it left them.

    Reads `deals` (one row per deal: `deal_id, owner_id, outcome, closed_on, last_seen_on`), `stage_events` (one row per
    deal and entry into a stage) and `stages`. Only deals in `deals` count: whoever narrows them narrows the visits.

    Gives one row per visit of a deal to an open stage, without order:

    - `deal_id`, `visit` (1, 2 … in the order of the deal), `owner_id` (owner of the deal);
    - `pipeline`, `stage`, `stage_order`; `first`: the deal's first visit to that stage;
    - `entered_on`, `entered_at` (null: only the day is known); `interval`: the entry was found between two snapshots,
      after `not_before_on` (null: no earlier snapshot, so it may be long ago) and on or before `entered_on`;
    - `left_on` (null: still there, or closed on a day nobody knows); `left_not_before_on`: the leaving was found
      between two snapshots, after this day (null: the day is known, or there was no leaving);
    - `exit`: `advanced` (to an open stage further on, `next_stage` and `next_order`), `back` (to one that is not
      further on), `won`, `lost`, `no_decision`, `removed` (left the pipeline: for another one, `next_stage`, or missing
      from a complete file), `open` (still there).

    Counts how: entries are put in order by `entered_on, entered_at` (those without an instant first), `seq`, open
    stages before closing ones, pipeline, stage. An entry into the stage where the deal already stands is no new visit.
    An entry into a closing stage ends the visit; the last one takes its outcome from `deals`, which knows `no_decision`
    better, and closings that follow one another are one closing on the first day. Without such an entry the last visit
    ends on `closed_on` (never before it began), a removed deal's on `last_seen_on` where `closed_on` is null. An open
    stage after a closing is a re-opened deal: all visits stay. Skipped stages get no row. A deal without history gets
    no row, a stage that the ladder does not know is passed over: see `off_ladder`.

    Small numbers: none are judged here. Refuses: nothing. Do not use it for counting deals: a deal has as many rows as
    it made visits; take `first`, or count distinct deals.

    Source: own definition; `tests/analysis/test_visits.py` holds it against a slow twin.

    >>> from datetime import date
    >>> import pyarrow as pa
    >>> day = pa.array([date(2026, 11, 2), date(2026, 11, 9), None], pa.date32())
    >>> nothing = pa.array([None, None], pa.date32())
    >>> deals = {"deal_id": ["d1"], "owner_id": ["p1"], "outcome": ["open"]}
    >>> deals |= {"closed_on": nothing[:1], "last_seen_on": nothing[:1]}
    >>> events = {"deal_id": ["d1", "d1"], "seq": [0, 0], "pipeline": ["p", "p"], "stage": ["talk", "offer"]}
    >>> events |= {"entered_on": day[:2], "entered_at": nothing.cast(pa.timestamp("us", "UTC"))}
    >>> events |= {"origin": ["recorded", "recorded"], "not_before_on": nothing}
    >>> stages = {"pipeline": ["p", "p"], "stage": ["talk", "offer"], "label": ["Talk", "Offer"], "stage_order": [1, 2]}
    >>> stages |= {"kind": ["open", "open"], "expected_days": [7, 7], "valid_from": nothing}
    >>> found = visits(*(ibis.memtable(pa.table(rows)) for rows in (deals, events, stages)))
    >>> found.order_by("visit").select("visit", "stage", "left_on", "exit", "next_stage").to_pyarrow().to_pylist()
    [{'visit': 1, 'stage': 'talk', 'left_on': datetime.date(2026, 11, 9), 'exit': 'advanced', 'next_stage': 'offer'},
     {'visit': 2, 'stage': 'offer', 'left_on': None, 'exit': 'open', 'next_stage': None}]
    """
    return visits_of(moves(stage_events, stages), deals)


def moves(stage_events: ibis.Table, stages: ibis.Table) -> ibis.Table:
    """Which moves of deals into open stages the history holds, and what came next: the part of visits that takes long.

    Reads `stage_events` and `stages` as `visits` does. It rests on nothing else, and events that come later change
    nothing before them: made once of all events, `visits_of` cuts it to any day.

    Gives one row per visit, deals unknown to us included: `deal_id, visit, pipeline, stage, stage_order, entered_on,
    entered_at, interval, not_before_on, first`; of the next move `then_on, then_not_before_on, then_kind` (kind of its
    stage) and, when that stage is open, `then_pipeline, then_stage, then_order`; `after_on`: the day of the one after.

    >>> import pyarrow as pa
    >>> none = pa.array([None, None], pa.date32())
    >>> events = {"deal_id": ["d", "d"], "seq": [0, 0], "pipeline": ["p", "p"], "stage": ["talk", "won"]}
    >>> events |= {"entered_on": pa.array([20_000, 20_009], pa.date32()), "origin": ["recorded"] * 2}
    >>> events |= {"entered_at": none.cast(pa.timestamp("us", "UTC")), "not_before_on": none}
    >>> steps = {"pipeline": ["p", "p"], "stage": ["talk", "won"], "label": ["", ""], "stage_order": [1, 2]}
    >>> steps |= {"kind": ["open", "won"], "expected_days": [7, 7], "valid_from": none}
    >>> found = moves(ibis.memtable(pa.table(events)), ibis.memtable(pa.table(steps)))
    >>> found.select("visit", "stage", "then_kind", "then_on").to_pyarrow().to_pylist()
    [{'visit': 1, 'stage': 'talk', 'then_kind': 'won', 'then_on': datetime.date(2024, 10, 13)}]
    """
    codes = _codes(stages)
    in_deal = ibis.window(group_by="deal_id", order_by=_ORDER)
    to_now = ibis.window(group_by="deal_id", order_by=_ORDER, preceding=None, following=0)
    followed = (
        _moves(stage_events, codes)
        .mutate(
            visit=(_.code < _CLOSING).cast("int64").sum().over(to_now),
            then_code=_.code.lead().over(in_deal),
            then_on=_.entered_on.lead().over(in_deal),
            then_not_before_on=_.not_before_on.lead().over(in_deal),
            after_on=_.entered_on.lead(2).over(in_deal),
        )
        .filter(_.code < _CLOSING)
    )
    to_stage = ibis.window(group_by=["deal_id", "code"])
    followed = followed.mutate(first=_.visit == _.visit.min().over(to_stage))
    here = codes.select("code", "pipeline", "stage", "stage_order")
    there = codes.filter(_.code < _CLOSING).select(
        then_code="code", then_pipeline="pipeline", then_stage="stage", then_order="stage_order"
    )
    told = followed.join(here, "code").left_join(there, "then_code", rname="of_{name}")
    kind = ibis.cases(
        (_.then_code < _CLOSING, StageKind.OPEN.value),
        (_.then_code == _WON, StageKind.WON.value),
        (_.then_code == _LOST, StageKind.LOST.value),
        (_.then_code == _NO_DECISION, StageKind.NO_DECISION.value),
        else_=ibis.null("string"),
    )
    return told.mutate(then_kind=kind).select(*MOVE_COLUMNS)


def visits_of(moves: ibis.Table, deals: ibis.Table, *, as_of: date | None = None) -> ibis.Table:
    """Visits as `visits` gives them, of moves that are known already, as they had happened by the end of `as_of`.

    Reads `moves` (see there) and `deals` as of the same day. None: all moves count.
    """
    day = ibis.literal(date.max if as_of is None else as_of)
    followed = ibis.coalesce(_.then_on <= day, ibis.literal(value=False))
    removed = _.outcome == Outcome.REMOVED.value
    ends = deals.select(
        "deal_id",
        "owner_id",
        "outcome",
        ended_on=removed.ifelse(ibis.coalesce(_.closed_on, _.last_seen_on), _.closed_on),
    )
    told = moves.filter(_.entered_on <= day).join(ends, "deal_id").mutate(followed=followed)
    told = told.mutate(
        then_kind=_.followed.ifelse(_.then_kind, ibis.null("string")),
        closed=_.outcome.notnull() & (_.outcome != Outcome.OPEN.value),
        last_word=_.after_on.isnull() | (_.after_on > day),
    )
    onward = _.then_kind == StageKind.OPEN.value
    none = ibis.null("string")
    return told.mutate(
        left_on=ibis.cases(
            (_.followed, _.then_on),
            (_.closed, (_.ended_on < _.entered_on).ifelse(_.entered_on, _.ended_on)),
            else_=ibis.null("date"),
        ),
        exit=ibis.cases(
            (~_.followed & _.closed, _.outcome),
            (~_.followed, Outcome.OPEN.value),
            (~onward & _.closed & _.last_word, _.outcome),
            (~onward, _.then_kind),
            (_.then_pipeline != _.pipeline, Outcome.REMOVED.value),
            (_.then_order > _.stage_order, "advanced"),
            else_="back",
        ),
        next_stage=onward.ifelse(_.then_stage, none),
        next_order=(onward & (_.then_pipeline == _.pipeline)).ifelse(_.then_order, ibis.null("int64")),
        left_not_before_on=_.followed.ifelse(_.then_not_before_on, ibis.null("date")),
    ).select(*COLUMNS)


# Stages are numbered, so that the windows sort and carry whole numbers; closing stages follow the open ones.
_CLOSING: Final = 1_000_000
_WON, _LOST, _NO_DECISION = range(_CLOSING, _CLOSING + 3)
_ORDER: Final = [_.entered_on, _.entered_at.asc(nulls_first=True), _.seq, _.code]


def _codes(stages: ibis.Table) -> ibis.Table:
    """The ladder with a number for each open stage, and one for each way of closing."""
    by_name = ibis.window(order_by=[_.pipeline, _.stage])
    code = ibis.cases(
        (_.kind == StageKind.WON.value, _WON),
        (_.kind == StageKind.LOST.value, _LOST),
        (_.kind == StageKind.NO_DECISION.value, _NO_DECISION),
        else_=ibis.row_number().over(by_name),
    )
    return ladder(stages).mutate(code=code.cast("int64")).select("pipeline", "stage", "stage_order", "code")


def _moves(stage_events: ibis.Table, codes: ibis.Table) -> ibis.Table:
    """Entries that move a deal: known to the ladder, into another stage, one closing at a time."""
    known = stage_events.select(
        "deal_id", "seq", "pipeline", "stage", "entered_on", "entered_at", "not_before_on", interval=_is_interval()
    ).join(codes.select("pipeline", "stage", "code"), ["pipeline", "stage"])
    in_deal = ibis.window(group_by="deal_id", order_by=_ORDER)
    traced = known.drop("pipeline", "stage").mutate(from_code=_.code.lag().over(in_deal))
    stays = _.from_code == _.code
    closed_already = (_.code >= _CLOSING) & (_.from_code >= _CLOSING)
    return traced.filter(_.from_code.isnull() | ~(stays | closed_already)).drop("from_code")


def _is_interval() -> ir.BooleanValue:
    return _.origin == Origin.SNAPSHOT.value


def found_there() -> ir.BooleanValue:
    """Whether a first export found the deal in the stage of a stage event: it may have stood there for long."""
    return _is_interval() & _.not_before_on.isnull()


def start_unknown() -> ir.BooleanValue:
    """Whether the first snapshot found the deal in the stage: it entered on that day or any day before."""
    return _.interval & _.not_before_on.isnull()


def entered_since(start: date, unknown: ir.BooleanValue) -> ir.BooleanValue:
    """Whether an entry surely was on or after `start`: one whose day is `unknown`, if the deal was created since then.

    Reads `entered_on` and `created_on` of the deal.
    """
    return (_.entered_on >= start) & (~unknown | ibis.coalesce(_.created_on >= start, ibis.literal(value=False)))
