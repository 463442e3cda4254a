"""What each person did in a period, and in which stage of the funnel."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.analysis.totals import count_of, totals
from bokgi.analysis.visits import entered_since, start_unknown
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

KINDS: Final = ("meeting", "call", "email", "message", "task", "note", "other")
_RESULTS: Final = ("connected", "replied", "no_show")
_CLOSINGS: Final = (Outcome.WON.value, Outcome.LOST.value, Outcome.NO_DECISION.value)


def execution(
    deals: ibis.Table,
    visits: ibis.Table,
    activities: ibis.Table,
    activity_people: ibis.Table,
    *,
    period: Period,
) -> ibis.Table:
    """What each person did in the period: activities, stages entered, deals created, won and lost, next steps set.

    Reads `deals` (one row per deal), `visits` (`analysis.visits`), `activities` and `activity_people`, all as of the
    end of the period or an earlier day.

    Gives one row per person who did anything or owns an open deal, by `person_id` (null: deals without an owner, and
    activities of nobody):

    - `activities` and each of `KINDS`; `connected`, `replied`, `no_show`: activities with that outcome;
    - `entered`: entries into open stages by deals of this owner; not those that the first snapshot found, which may
      be of any day before, unless the deal was created in the period;
    - `created`, `won`, `lost`, `no_decision`, each with `…_amount` (known ones, one currency) and `…_amount_unknown`;
    - `open`: open deals at the end; `with_next_step`: those with a next step (null: the source has no next steps).

    Counts how: activities by a person only (`analysis.activity.held`); one with several people counts for each of
    them, so the rows of a team may add up to more than it had. Deals count for the owner they have now. Civil days.

    Small numbers: counts only. Refuses: nothing. Do not use it to rank people: it says what was done, not how well.
    Source: own definition; `tests/analysis/test_execution.py`.

    >>> import pyarrow as pa
    >>> from bokgi.facts.schema import TABLES
    >>> def table(name, **row):
    ...     schema = pa.schema([column.arrow().with_nullable(True) for column in TABLES[name].columns])
    ...     return ibis.memtable(pa.Table.from_pylist([row] if row else [], schema=schema))
    >>> week = Period.week("2026-W45")
    >>> visit = {"deal_id": ["d"], "owner_id": ["kim"], "entered_on": [week.start], "interval": [False]}
    >>> visits = ibis.memtable(pa.table(visit | {"not_before_on": pa.array([None], pa.date32())}))
    >>> deals = table("deals", deal_id="d", owner_id="kim", outcome="open", created_on=week.start)
    >>> call = table("activities", activity_id="a", kind="call", automatic=False, happened_on=week.start)
    >>> by = table("activity_people", activity_id="a", person_id="kim")
    >>> found = execution(deals, visits, call, by, period=week)
    >>> found.select("person_id", "call", "entered", "created", "won", "open").to_pyarrow().to_pylist()
    [{'person_id': 'kim', 'call': 1, 'entered': 1, 'created': 1, 'won': 0, 'open': 1}]
    """
    done = activities_by(activities, activity_people, period=period).group_by("person_id").agg(**_activity_counts())
    moves = visits.filter((_.entered_on >= period.start) & (_.entered_on < period.end))
    moves = _with_birth(moves.select("deal_id", "owner_id", "entered_on", unknown=start_unknown()), deals)
    entered = moves.filter(entered_since(period.start, _.unknown)).group_by(person_id="owner_id").agg(entered=_.count())
    created = (_.created_on >= period.start) & (_.created_on < period.end)
    closed = (_.closed_on >= period.start) & (_.closed_on < period.end)
    is_open = _.outcome == Outcome.OPEN.value
    owned = deals.filter(created | closed | is_open).select(
        "amount",
        person_id="owner_id",
        created=created,
        ended=closed.ifelse(_.outcome, ibis.null("string")),
        is_open=is_open,
        known=is_open & (_.has_next_step.notnull() | _.next_step_on.notnull()),
        planned=is_open & (_.has_next_step | _.next_step_on.notnull()),
    )
    counts = totals("created", _.created)
    for outcome in _CLOSINGS:
        counts |= totals(outcome, _.ended == outcome)
    counts |= {
        "open": count_of(_.is_open),
        "known_next_steps": count_of(_.known),
        "with_next_step": count_of(_.planned),
    }
    owned = owned.group_by("person_id").agg(**counts)
    told = _full_join(_full_join(done, entered), owned)
    numbers = {
        name: ibis.coalesce(_[name], 0).cast(kind)
        for name, kind in told.schema().items()
        if name not in {"person_id", "known_next_steps", "with_next_step"}
    }
    none_known = (ibis.coalesce(_.open, 0) > 0) & (_.known_next_steps == 0)
    with_next_step = none_known.ifelse(ibis.null("int64"), ibis.coalesce(_.with_next_step, 0))
    return told.select("person_id", with_next_step=with_next_step, **numbers).order_by("person_id")


def execution_by_stage(
    deals: ibis.Table, visits: ibis.Table, activities: ibis.Table, activity_people: ibis.Table, *, period: Period
) -> ibis.Table:
    """In which stages each person's activities of the period took place, and which stages their deals entered and left.

    Gives one row per `person_id`, `pipeline`, `stage` (null: activities on no deal, or on a deal that stood in no open
    stage that day), in order: `activities` and each of `KINDS`, `connected`, `replied`, `no_show`; `entered`,
    `advanced`, `back`, `won`, `lost`, `no_decision`: moves of this owner's deals into and out of the stage. `entered`
    as in `execution`. Of `deals` it reads `deal_id` and `created_on`.

    On the day of a move an activity counts in the stage that the deal left: the work led to the move.

    >>> import pyarrow as pa
    >>> week = Period.week("2026-W45")
    >>> visit = {"deal_id": ["d"], "visit": [1], "owner_id": ["kim"], "pipeline": ["p"], "stage": ["talk"]}
    >>> visit |= {"stage_order": [1], "entered_on": [week.start], "left_on": pa.array([None], pa.date32())}
    >>> visit |= {"interval": [False], "not_before_on": pa.array([None], pa.date32())}
    >>> deal = {"deal_id": ["d"], "created_on": [week.start]}
    >>> call = {"activity_id": ["a"], "kind": ["call"], "deal_id": ["d"], "happened_on": [week.last]}
    >>> call |= {"automatic": [False], "done": [True], "outcome": ["connected"]}
    >>> by = {"activity_id": ["a"], "person_id": ["kim"]}
    >>> tables = (ibis.memtable(pa.table(rows)) for rows in (deal, visit | {"exit": ["open"]}, call, by))
    >>> found = execution_by_stage(*tables, period=week)
    >>> found.select("person_id", "stage", "call", "connected", "entered").to_pyarrow().to_pylist()
    [{'person_id': 'kim', 'stage': 'talk', 'call': 1, 'connected': 1, 'entered': 1}]
    """
    place = ["pipeline", "stage", "stage_order"]
    # Stages are looked up before an activity becomes a row for each of its people.
    placed = with_people(in_stage(taken(activities, period=period), visits), activity_people)
    done = placed.group_by("person_id", *place).agg(**_activity_counts())
    came = (_.entered_on >= period.start) & (_.entered_on < period.end)
    left = (_.left_on >= period.start) & (_.left_on < period.end)
    moves = visits.filter(came | left).select(
        "deal_id",
        *place,
        "entered_on",
        person_id="owner_id",
        unknown=start_unknown(),
        way=left.ifelse(_.exit, ibis.null("string")),
    )
    surely = entered_since(period.start, _.unknown) & (_.entered_on < period.end)
    ways = {way: count_of(_.way == way) for way in ("advanced", "back", *_CLOSINGS)}
    moved = _with_birth(moves, deals).group_by("person_id", *place).agg(entered=count_of(surely), **ways)
    told = _full_join(done, moved, ["person_id", *place])
    keys = ["person_id", *place]
    numbers = {name: ibis.coalesce(_[name], 0).cast(kind) for name, kind in told.schema().items() if name not in keys}
    return told.select(*keys, **numbers).order_by("person_id", "pipeline", "stage_order", "stage")


def activities_by(activities: ibis.Table, activity_people: ibis.Table, *, period: Period) -> ibis.Table:
    """The activities of the period that count, one row per activity and person; `person_id` is null for nobody."""
    return with_people(taken(activities, period=period), activity_people)


def taken(activities: ibis.Table, *, period: Period) -> ibis.Table:
    """The activities of the period that count: `activity_id, kind, outcome, deal_id, happened_on`."""
    ours = held(activities, as_of=period.last).filter(_.happened_on >= period.start)
    return ours.select("activity_id", "kind", "outcome", "deal_id", "happened_on")


def with_people(activities: ibis.Table, activity_people: ibis.Table) -> ibis.Table:
    """Activities, one row for each person of theirs in `person_id`; null: nobody."""
    people = activity_people.select("activity_id", "person_id")
    return activities.left_join(people, "activity_id", rname="of_{name}").drop("of_activity_id")


def in_stage(activities: ibis.Table, visits: ibis.Table) -> ibis.Table:
    """Add to activities the open stage their deal stood in on that day: `pipeline, stage, stage_order`, null for none.

    Reads activities with `deal_id, happened_on`; gives as many rows as it reads.
    """
    stays = visits.select(
        "visit", "pipeline", "stage", "stage_order", "entered_on", "left_on", "exit", stay_deal="deal_id"
    )
    days = activities.filter(_.deal_id.notnull()).select("deal_id", "happened_on").distinct()
    there = days.join(
        stays,
        [
            days.deal_id == stays.stay_deal,
            stays.entered_on <= days.happened_on,
            (stays.left_on >= days.happened_on) | (stays.left_on.isnull() & (stays.exit == Outcome.OPEN.value)),
        ],
    )
    # Of several stages on one day the first counts: on the day of a move, the one that the deal left.
    earliest = ibis.window(group_by=["deal_id", "happened_on"], order_by="visit")
    place = there.mutate(rank=ibis.row_number().over(earliest)).filter(_.rank == 0)
    place = place.select("deal_id", "happened_on", "pipeline", "stage", "stage_order")
    joined = activities.left_join(place, ["deal_id", "happened_on"], rname="of_{name}")
    return joined.drop("of_deal_id", "of_happened_on")


def _with_birth(visits: ibis.Table, deals: ibis.Table) -> ibis.Table:
    """Add the `created_on` of the deal."""
    born = deals.select("created_on", of_deal="deal_id")
    return visits.left_join(born, visits.deal_id == born.of_deal).drop("of_deal")


def _activity_counts() -> dict[str, ir.IntegerValue]:
    kinds = {kind: count_of(_.kind == kind) for kind in KINDS[:-1]}
    other = count_of(~_.kind.isin(KINDS[:-1]))
    results = {result: count_of(_.outcome == result) for result in _RESULTS}
    return {"activities": _.count(), **kinds, "other": other, **results}


def _full_join(left: ibis.Table, right: ibis.Table, keys: list[str] | None = None) -> ibis.Table:
    """Join so that rows of both sides stay and a null key meets a null key."""
    keys = keys or ["person_id"]
    joined = left.outer_join(right, [left[key].identical_to(right[key]) for key in keys], rname="of_{name}")
    merged = {key: ibis.coalesce(_[key], _[f"of_{key}"]) for key in keys}
    return joined.mutate(**merged).drop(*(f"of_{key}" for key in keys))
