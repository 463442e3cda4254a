"""The same answers by pandas, as a competent program would give them that holds the tables it needs in memory.

Each reads the columns it needs from the Parquet of the fact tables (and of `visits`, `progressions` and `traits`, made
beforehand for every side) and gives a table whose columns are some or all of those of the SQL in `benchmarks.peers`;
`benchmarks.analyses` compares them. Written for a company like the generated one: one version of each stage, nothing
unknown in hindsight, amounts as floating-point numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.analysis.pipeline_change import PARTS

Paths: TypeAlias = Mapping[str, Path]

_BEGIN, _LAST, _AFTER = (pd.Timestamp(day) for day in ("2025-10-01", "2025-12-31", "2026-01-01"))
_DECEMBER: Final = pd.Timestamp("2025-12-01")
_ENDS: Final = ("won", "lost", "no_decision")
_UNKNOWN: Final = "(unknown)"
_ENOUGH: Final = 10
_RAMP_DAYS: Final = 180
_PUSHES: Final = 3
_IDLE_DAYS: Final = 10
_PLANNED: Final = 0.1


def _read(paths: Paths, name: str, *columns: str) -> pd.DataFrame:
    """Read some columns, dates as moments and amounts as floating-point numbers: as objects all takes far longer."""
    table = pq.read_table(paths[name], columns=list(columns))
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.float64()))
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame


def _totals(rows: pd.DataFrame, keys: Sequence[str], holds: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Count the rows where each condition holds, sum their known amounts, count their unknown ones."""
    known, unknown = rows.amount.fillna(0.0), rows.amount.isna()
    parts = {key: rows[key] for key in keys}
    for name, where in holds.items():
        parts |= {name: where, f"{name}_amount": known.where(where, 0.0), f"{name}_amount_unknown": where & unknown}
    return pd.DataFrame(parts).groupby(list(keys), dropna=False).sum().reset_index()


def _rungs(paths: Paths) -> pd.DataFrame:
    stages = _read(paths, "stages", "pipeline", "stage", "stage_order", "kind", "expected_days")
    return stages[stages.kind == "open"]


def _in_quarter(days: pd.Series) -> pd.Series:
    return days.between(_BEGIN, _LAST)


def visits(paths: Paths) -> pd.DataFrame:
    """Find when each deal entered and left each stage."""
    events = _read(paths, "stage_events", "deal_id", "seq", "pipeline", "stage", "entered_on")
    events = events.sort_values(["deal_id", "entered_on", "seq"])
    moves = events[(events.stage != events.stage.shift()) | (events.deal_id != events.deal_id.shift())]
    by_deal = moves.groupby("deal_id", sort=False)
    told = moves.assign(left_on=by_deal.entered_on.shift(-1), next_stage=by_deal.stage.shift(-1))
    told = told[~told.stage.isin(_ENDS)]
    told["visit"] = told.groupby("deal_id").cumcount() + 1
    told["first"] = ~told.duplicated(["deal_id", "stage"])
    told["next_stage"] = told.next_stage.where(~told.next_stage.isin(_ENDS))
    return told.drop(columns="seq")


def progressions(paths: Paths) -> pd.DataFrame:
    """Say of each first visit whether the deal went on from it, and when."""
    told = _read(paths, "visits", "deal_id", "visit", "owner_id", "pipeline", "stage", "stage_order", "exit", "first",
                 "entered_on", "left_on", "interval", "not_before_on")  # fmt: skip
    course, won = ["deal_id", "pipeline"], told.exit == "won"
    told = told.assign(won_visit=told.visit.where(won), won_on=told.left_on.where(won), wins=won)
    by_course = told.groupby(course)
    told["course_wins"] = by_course.wins.transform("sum")
    for name in ("stage_order", "won_visit", "won_on"):
        told[f"course_{name}"] = by_course[name].transform("max")
    last = told.sort_values("visit").drop_duplicates(course, keep="last")[[*course, "exit", "left_on"]]
    firsts = told[told["first"]].merge(last, on=course, suffixes=("", "_last"))
    advanced = firsts.exit == "advanced"
    unclear = ~advanced & ((firsts.course_stage_order > firsts.stage_order) | (firsts.course_wins > 1))
    steps = firsts[unclear][[*course, "stage", "stage_order", "visit"]].merge(told, on=course, suffixes=("", "_step"))
    steps = steps[steps.visit_step >= steps.visit]
    further = steps.stage_order_step > steps.stage_order
    steps = steps.assign(reached_on=steps.entered_on.where(further, steps.left_on))[further | (steps.exit == "won")]
    reached_on = steps.groupby([*course, "stage"]).reached_on.min().rename("reached_on").reset_index()
    firsts = firsts.assign(unclear=unclear).merge(reached_on, how="left", on=[*course, "stage"])
    advanced, later = firsts.exit == "advanced", firsts.course_won_visit >= firsts.visit
    reached = advanced | firsts.reached_on.notna() | (~firsts.unclear & later)
    ended_on = firsts.left_on_last.mask(later, firsts.course_won_on)
    ended_on = ended_on.mask(firsts.reached_on.notna(), firsts.reached_on).mask(advanced, firsts.left_on)
    firsts["start_unknown"] = firsts.interval & firsts.not_before_on.isna()
    firsts["end"], firsts["ended_on"] = firsts.exit_last.mask(reached, "reached"), ended_on
    kept = ["owner_id", "stage", "stage_order", "entered_on", "interval", "start_unknown", "end", "ended_on"]
    return firsts[[*course, *kept]]


def stage_entry_cohort(paths: Paths) -> pd.DataFrame:
    """Count what became of the deals that entered each stage in the quarter."""
    told = progressions(paths).merge(_read(paths, "deals", "deal_id", "source", "amount", "created_on"), on="deal_id")
    told = told[_in_quarter(told.entered_on) & (~told.start_unknown | (told.created_on >= _BEGIN))]
    ends = {end: told.end == end for end in ("reached", "open", *_ENDS[1:], "removed")}
    keys = ["source", "pipeline", "stage", "stage_order"]
    return _totals(told, keys, {"entered": told.end.notna(), **ends})


def conversion_cells(paths: Paths) -> pd.DataFrame:
    """Count the times under risk in each stage in the quarter, and how they ended."""
    told = progressions(paths).merge(_read(paths, "deals", "deal_id"), on="deal_id")
    told = told[told.entered_on <= _LAST]
    still = told.ended_on.isna() | (told.ended_on > _LAST)
    kind = told.end.mask(still, "open").mask(told.ended_on.isna() & (told.end != "open"), "end_unknown")
    told["kind"] = kind.mask(told.start_unknown, "start_unknown")
    until = told.ended_on.clip(lower=told.entered_on).mask(still, _LAST)
    told["entered"] = told.entered_on >= _BEGIN
    told["start"] = (_BEGIN - told.entered_on).dt.days.clip(lower=0)
    told["end"] = (until - told.entered_on).dt.days
    keys = ["pipeline", "stage", "stage_order", "start", "end", "kind", "entered", "interval"]
    return told[until >= _BEGIN].groupby(keys).size().rename("n").reset_index()


def traits(paths: Paths) -> pd.DataFrame:
    """Give the deals their team, their account and the conditions they came with."""
    deals = _read(paths, "deals", "deal_id", "owner_id", "account_id", "source", "outcome", "created_on", "closed_on",
                  "assigned_on", "amount")  # fmt: skip
    deals = deals[deals.outcome != "removed"]
    deals["day"] = deals.closed_on.fillna(_LAST)
    teams = _read(paths, "memberships", "person_id", "team", "share", "started_on", "valid_from", "valid_to")
    days = deals[["owner_id", "day"]].drop_duplicates()
    days = days.merge(teams[teams.team.notna()], left_on="owner_id", right_on="person_id")
    days = days[~(days.valid_from > days.day) & ~(days.valid_to <= days.day)]
    days = days.sort_values(["share", "team"], ascending=[False, True]).drop_duplicates(["owner_id", "day"])
    told = deals.merge(days[["owner_id", "day", "team"]], how="left", on=["owner_id", "day"])
    accounts = _read(paths, "accounts", "account_id", "industry", "segment", "size", "region")
    told = told.merge(accounts, how="left", on="account_id")
    began = told.owner_id.map(teams.groupby("person_id").started_on.min())
    told["won"] = (told.outcome == "won").astype("boolean").mask(told.outcome == "open")
    told["season"] = "Q" + told.created_on.dt.quarter.astype(str)
    told["inherited"] = (told.assigned_on > told.created_on).map({True: "true", False: "false"})
    told["ramp"] = ((told.created_on - began).dt.days < _RAMP_DAYS).map({True: "true", False: "false"})
    return told.drop(columns="day")


def created_cohort(paths: Paths) -> pd.DataFrame:
    """Count how far the deals created in the quarter came."""
    cohort = _read(paths, "deals", "deal_id", "source", "outcome", "amount", "pipeline", "stage", "created_on")
    cohort = cohort[_in_quarter(cohort.created_on)]
    rungs = _rungs(paths)[["pipeline", "stage", "stage_order"]]
    entries = _read(paths, "visits", "deal_id", "pipeline", "stage", "stage_order", "first")
    entries = entries.merge(cohort[["deal_id", "pipeline", "source", "amount"]], on=["deal_id", "pipeline"])
    reached = cohort.merge(rungs, how="left", on=["pipeline", "stage"]).stage_order.fillna(0).to_numpy()
    furthest = cohort.deal_id.map(entries.groupby("deal_id").stage_order.max()).fillna(0)
    cohort["furthest"] = furthest.clip(lower=reached).mask(cohort.outcome == "won", float("inf"))
    cells = _totals(cohort, ["source", "pipeline", "furthest"], {"at_least": cohort.furthest >= 0})
    steps = rungs.assign(kind="open")
    top = rungs.groupby("pipeline").stage_order.max() + 1
    won = pd.DataFrame({"pipeline": top.index, "stage": "won", "stage_order": top.to_numpy(), "kind": "won"})
    cells = cells.merge(pd.concat([steps, won]), on="pipeline")
    sums = [name for name in cells.columns if name.startswith("at_least")]
    counts = (cells.kind == "open") & (cells.furthest >= cells.stage_order) | (cells.furthest == float("inf"))
    cells[sums] = cells[sums].where(counts, 0)
    keys = ["source", "pipeline", "stage", "stage_order", "kind"]
    told = cells.groupby(keys)[sums].sum().reset_index()
    came = _totals(entries, ["source", "pipeline", "stage"], {"deals": entries["first"]})
    told = told.merge(came, how="left", on=["source", "pipeline", "stage"])
    for name in ("", "_amount", "_amount_unknown"):
        told[f"deals{name}"] = told[f"deals{name}"].fillna(0).where(told.kind == "open", told[f"at_least{name}"])
    return told.assign(skipped=(told.at_least - told.deals).where(told.kind == "open", 0))


def stage_flow(paths: Paths) -> pd.DataFrame:
    """Count what stood in each stage, entered it and left it in the quarter."""
    told = _read(paths, "visits", "deal_id", "pipeline", "stage", "stage_order", "exit", "entered_on", "left_on")
    told = told[(told.entered_on < _AFTER) & ((told.left_on >= _BEGIN) | told.left_on.isna())]
    told = told.merge(_read(paths, "deals", "deal_id", "source", "amount"), on="deal_id")
    nowhen = told.left_on.isna() & (told.exit != "open")
    before, gone = told.entered_on < _BEGIN, told.left_on < _AFTER
    ways = {way: gone & (told.exit == way) for way in ("advanced", "back", *_ENDS, "removed")}
    holds = {"at_start": before, "entered": ~before, **ways, "at_end": ~gone}
    keys = ["source", "pipeline", "stage", "stage_order"]
    found = _totals(told, keys, {name: where & ~nowhen for name, where in holds.items()})
    return found.assign(left_on_unknown=nowhen.groupby([told[key] for key in keys]).sum().to_numpy())


def snapshot(paths: Paths) -> pd.DataFrame:
    """Count and sum what stands in each stage."""
    deals = _read(paths, "deals", "source", "pipeline", "stage", "outcome", "amount")
    deals = deals[deals.outcome == "open"].merge(_rungs(paths), how="left", on=["pipeline", "stage"])
    keys = ["source", "pipeline", "stage", "stage_order", "kind"]
    return _totals(deals, keys, {"deals": deals.outcome.notna()})


def period_flow(paths: Paths) -> pd.DataFrame:
    """Count what was created, opened again and closed in each week."""
    deals = _read(paths, "deals", "deal_id", "outcome", "amount", "created_on", "closed_on")
    told = _read(paths, "visits", "deal_id", "visit", "exit", "entered_on").sort_values(["deal_id", "visit"])
    again = told[told.groupby("deal_id").exit.shift().isin(_ENDS)].merge(deals[["deal_id", "amount"]], on="deal_id")
    ended = deals[deals.outcome != "open"]
    columns = ["day", "flow", "amount"]
    happened = pd.concat(
        [
            deals.assign(day=deals.created_on, flow="created")[columns],
            ended.assign(day=ended.closed_on, flow=ended.outcome)[columns],
            again.assign(day=again.entered_on, flow="reopened")[columns],
        ]
    )
    calendar = _read(paths, "calendar", "day", "week_start", "iso_week")
    calendar = calendar[_in_quarter(calendar.day)]
    calendar["days"] = calendar.groupby("week_start").day.transform("size")
    happened = happened.merge(calendar, on="day")
    flows = {flow: happened.flow == flow for flow in ("created", "reopened", *_ENDS, "removed")}
    return _totals(happened, ["week_start", "iso_week", "days"], flows)


def pipeline_change(paths: Paths) -> pd.DataFrame:
    """Say what came into the pipeline, what left it, and what changed in it since the day before."""
    columns = ["deal_id", "outcome", "amount", "pipeline", "stage", "expected_close_on", "closed_on"]
    rungs = _rungs(paths)[["pipeline", "stage", "stage_order"]]
    before, after = (
        _read(paths, name, *columns).merge(rungs, how="left", on=["pipeline", "stage"])
        for name in ("deals_before", "deals")
    )
    both = before.merge(after, how="outer", on="deal_id", suffixes=("", "_now"))
    was, now = both.outcome == "open", both.outcome_now == "open"
    vanished, x, y = both.outcome_now.isna(), both.amount, both.amount_now
    came, left, there = now & ~was | (both.outcome.isna() & ~was), was & ~now, was & ~vanished
    # A deal that came and went within the time did both.
    left |= both.outcome.isna() & ~now
    undated = both.outcome_now.isin(_ENDS) & both.closed_on_now.isna()
    went = both.outcome_now.mask(undated, "closed_undated").mask(vanished, "removed")
    stays, latest = was & now, y.where(~vanished, x)
    parts: dict[str, tuple[pd.Series, pd.Series, int]] = {
        "start": (was, x, 1),
        "created": (came & both.outcome.isna(), y, 1),
        "reopened": (came & both.outcome.notna(), y, 1),
        "amount_up": (there & (y > x), y, 0),
        "amount_down": (there & (y < x), y, 0),
        "amount_filled": (there & x.isna() & y.notna(), y, 0),
        "amount_emptied": (there & x.notna() & y.isna(), y, 0),
        **{end: (left & (went == end), latest, -1) for end in (*_ENDS, "closed_undated", "removed")},
        "end": (now, y, 1),
        "stage_forward": (stays & (both.stage_order_now > both.stage_order), y, 0),
        "stage_back": (stays & (both.stage_order_now < both.stage_order), y, 0),
        "close_later": (stays & (both.expected_close_on_now > both.expected_close_on), y, 0),
        "close_sooner": (stays & (both.expected_close_on_now < both.expected_close_on), y, 0),
    }
    step, nowhere = y.fillna(0.0) - x.fillna(0.0), pd.Series(data=False, index=both.index)
    rows = []
    for part, kind in PARTS.items():
        # The others are of deals that are due, or of some people.
        here, level, sign = parts.get(part, (nowhere, y, 0))
        n, amount = int(here.sum()), float(level[here].sum())
        changed = float(step[here].sum()) if kind == "change" else amount * sign
        rows.append((part, kind, n, amount, int(level[here].isna().sum()), n * sign, changed))
    names = ["part", "kind", "deals", "amount", "amount_unknown", "deals_change", "amount_change"]
    return pd.DataFrame(rows, columns=names)


def hygiene(paths: Paths) -> pd.DataFrame:
    """Count by owner what open deals lack."""
    deals = _read(paths, "deals", "deal_id", "owner_id", "pipeline", "stage", "outcome", "amount", "created_on",
                  "assigned_on", "expected_close_on", "has_next_step", "next_step_on")  # fmt: skip
    deals = deals[deals.outcome == "open"].set_index("deal_id", drop=False)
    acts = _read(paths, "activities", "deal_id", "happened_on", "outcome", "done", "automatic")
    acts = acts[~acts.automatic & (acts.outcome != "cancelled")]
    recorded = len(acts) > 0
    ahead = (acts.happened_on > _LAST) & (acts.done != True)  # noqa: E712 - null is not done
    held = _held(acts) & (acts.happened_on <= _LAST)
    last_on = deals.deal_id.map(acts[held].groupby("deal_id").happened_on.max())
    next_on = deals.deal_id.map(acts[ahead].groupby("deal_id").happened_on.min())
    moved = _read(paths, "deal_changes", "deal_id", "field", "old", "new")
    moved = moved[moved.field == "expected_close_on"]
    later = moved[pd.to_datetime(moved.new) > pd.to_datetime(moved.old)]
    stays = _read(paths, "visits", "deal_id", "pipeline", "stage", "exit", "entered_on", "left_on")
    stays = stays.merge(deals.reset_index(drop=True)[["deal_id", "pipeline", "stage"]])
    stays["days"] = (stays.left_on.fillna(_LAST) - stays.entered_on).dt.days
    by_deal = stays.groupby("deal_id")
    days = by_deal.days.sum()[stays.exit.eq("open").groupby(stays.deal_id).any()]
    expected = deals[["pipeline", "stage"]].merge(_rungs(paths), how="left").expected_days.to_numpy()
    working = _read(paths, "calendar", "day", "working_days").set_index("day").working_days
    since = last_on.fillna(deals[["created_on", "assigned_on"]].max(axis=1)).map(working)
    step = deals.next_step_on
    holds = {
        "no_amount": deals.amount.isna(),
        "no_close_date": deals.expected_close_on.isna(),
        "close_passed": deals.expected_close_on < _LAST,
        "pushed": deals.deal_id.map(later.groupby("deal_id").size()) >= _PUSHES,
        "no_next_step": step.isna() & (deals.has_next_step == False),  # noqa: E712 - null is not known
        "next_step_passed": step < _LAST,
        "untouched": recorded & (working[_LAST] - since >= _IDLE_DAYS) & next_on.isna(),
        "never_touched": recorded & last_on.isna() & next_on.isna(),
        "nothing_planned": next_on.isna() & ~(step >= _LAST) & (next_on.notna().mean() >= _PLANNED),
        "stage_overdue": deals.deal_id.map(days) > expected,
    }
    flagged = pd.DataFrame(holds).any(axis=1)
    rows = deals.reset_index(drop=True)
    whole = {"open": deals.outcome.notna(), "flagged": flagged} | holds
    return _totals(rows, ["owner_id"], {name: where.reset_index(drop=True) for name, where in whole.items()})


def _held(acts: pd.DataFrame) -> pd.Series:
    done = acts.done.astype("boolean").fillna(acts.outcome != "planned").astype(bool)
    return ~acts.automatic & (acts.outcome != "cancelled") & done


def execution(paths: Paths) -> pd.DataFrame:
    """Count activities, entries into stages, and deals created and closed by each person."""
    acts = _read(paths, "activities", "activity_id", "kind", "happened_on", "outcome", "done", "automatic")
    acts = acts[_held(acts) & _in_quarter(acts.happened_on)]
    acts = acts.merge(_read(paths, "activity_people", "activity_id", "person_id"), how="left", on="activity_id")
    kinds = ("meeting", "call", "email", "message", "task", "note")
    counts = {"activities": acts.kind.notna(), "other": ~acts.kind.isin(kinds)}
    counts |= {kind: acts.kind == kind for kind in kinds}
    counts |= {result: acts.outcome == result for result in ("connected", "replied", "no_show")}
    did = pd.DataFrame(counts).groupby(acts.person_id, dropna=False).sum()
    moved = _read(paths, "visits", "deal_id", "owner_id", "entered_on", "interval", "not_before_on")
    moved = moved[_in_quarter(moved.entered_on)]
    deals = _read(paths, "deals", "deal_id", "owner_id", "outcome", "amount", "created_on", "closed_on",
                  "has_next_step", "next_step_on")  # fmt: skip
    created = moved.deal_id.map(deals.set_index("deal_id").created_on)
    moved = moved[~moved.interval | moved.not_before_on.notna() | (created >= _BEGIN)]
    opened, closed = deals.outcome == "open", _in_quarter(deals.closed_on)
    holds = {"created": _in_quarter(deals.created_on)} | {end: closed & (deals.outcome == end) for end in _ENDS}
    planned = opened & (deals.next_step_on.notna() | (deals.has_next_step == True))  # noqa: E712 - null is neither
    ours = _totals(deals, ["owner_id"], holds).set_index("owner_id")
    ours["open"], ours["with_next_step"] = (rows.groupby(deals.owner_id).sum() for rows in (opened, planned))
    told = ours.join(did, how="outer").join(moved.groupby("owner_id").size().rename("entered"), how="outer")
    return told.fillna(0).rename_axis("person_id").reset_index()


def win_loss(paths: Paths) -> pd.DataFrame:
    """Count and sum what was won and lost in each week."""
    deals = _read(paths, "deals", "closed_on", "created_on", "outcome", "amount")
    closed = deals[_in_quarter(deals.closed_on) & deals.outcome.isin(_ENDS)]
    closed = closed.merge(
        _read(paths, "calendar", "day", "week_start", "iso_week"), left_on="closed_on", right_on="day"
    )
    keys = ["week_start", "iso_week"]
    told = _totals(closed, keys, {end: closed.outcome == end for end in _ENDS}).set_index(keys)
    won = closed.outcome == "won"
    days = (closed.closed_on - closed.created_on).dt.days
    days = days.where(days >= 0)
    by = [closed[key] for key in keys]
    told["mean_won"] = closed.amount.where(won).groupby(by).mean().round(2)
    told["median_won"] = closed.amount.where(won).groupby(by).median().round(2)
    told["cycle_days"] = days.where(won).groupby(by).median()
    told["loss_days"] = days.where(~won).groupby(by).median()
    told["n"] = told[list(_ENDS)].sum(axis=1)
    told["win_rate"] = (told.won / told.n).where(told.n >= _ENOUGH)
    return told.reset_index()


def loss_reasons(paths: Paths) -> pd.DataFrame:
    """Count why deals were lost."""
    deals = _read(paths, "deals", "outcome", "lost_reason", "amount", "closed_on")
    lost = deals[_in_quarter(deals.closed_on) & deals.outcome.isin(["lost", "no_decision"])]
    told = _totals(lost, ["outcome", "lost_reason"], {"deals": lost.outcome.notna()})
    return told.assign(share=told.deals / told.groupby("outcome").deals.transform("sum"))


def velocity(paths: Paths) -> pd.DataFrame:
    """Multiply open deals, win rate and mean won amount, and divide by the days of a cycle."""
    deals = _read(paths, "deals", "outcome", "amount", "created_on", "closed_on")
    ended = deals[deals.outcome.isin(_ENDS) & _in_quarter(deals.closed_on)]
    won = ended[ended.outcome == "won"]
    days = (won.closed_on - won.created_on).dt.days
    n, opened = len(ended), int((deals.outcome == "open").sum())
    rate, mean, cycle = len(won) / n, round(won.amount.mean(), 2), days[days >= 0].median()
    row = {"open": opened, "n": n, "win_rate": rate, "mean_won": mean, "cycle_days": cycle}
    return pd.DataFrame([row | {"velocity": round(opened * rate * mean / cycle, 2)}])


def bottleneck_cells(paths: Paths) -> pd.DataFrame:
    """Count how many of the deals that left a stage went on, by team and conditions."""
    left = _read(paths, "progressions", "deal_id", "pipeline", "stage", "stage_order", "end", "ended_on")
    left = left[~left.end.isin(["open", "removed"]) & _in_quarter(left.ended_on)]
    left = left.merge(_read(paths, "traits", "deal_id", "team", "source", "segment"), on="deal_id")
    by = left.groupby(["pipeline", "stage", "stage_order", "team", "source", "segment"], dropna=False)
    return by.end.agg(n="size", wins=lambda end: (end == "reached").sum()).reset_index()


def comparison_cells(paths: Paths) -> pd.DataFrame:
    """Count deals and wins by owner and all conditions at once."""
    keys = ["source", "lead_grade", "type", "industry", "segment", "size", "season", "inherited", "ramp", "region"]
    cases = _read(paths, "traits", *keys, "owner_id", "won")
    cases = cases[cases.won.notna() & cases.owner_id.notna()]
    cases[keys] = cases[keys].fillna(_UNKNOWN)
    by = cases.won.astype("int64").groupby([cases[key] for key in (*keys, "owner_id")])
    return by.agg(n="size", wins="sum").reset_index()


def progress(paths: Paths) -> pd.DataFrame:
    """Hold what each person won against the target of the quarter."""
    goals = _read(paths, "targets", "subject_kind", "subject_id", "metric", "lead_source", "period_start", "period_end",
                  "amount")  # fmt: skip
    whole = (goals.period_start == _BEGIN) & (goals.period_end == _AFTER) & (goals.lead_source == "all")
    goals = goals[whole & (goals.subject_kind == "person") & (goals.metric == "won_amount")]
    deals = _read(paths, "deals", "owner_id", "outcome", "amount", "closed_on", "expected_close_on")
    won = (deals.outcome == "won") & _in_quarter(deals.closed_on)
    due = (deals.outcome == "open") & _in_quarter(deals.expected_close_on)
    told = _totals(deals[won | due], ["owner_id"], {"won": won[won | due], "open_due": due[won | due]})
    told = told.set_index("owner_id").join(goals.groupby("subject_id").amount.sum().rename("target"), how="outer")
    told = told.fillna({name: 0 for name in told.columns if name != "target"})
    calendar = _read(paths, "calendar", "day", "working")
    days = int(calendar[_in_quarter(calendar.day)].working.sum())
    told["attainment"] = told.won_amount / told.target
    told["left"] = told.target - told.won_amount
    told["coverage"] = (told.open_due_amount / told.left).where(told.left > 0)
    told["working_days"] = told["working_days_passed"] = days
    return told.assign(lead_source="all").rename_axis("subject_id").reset_index()


def due_deals(paths: Paths) -> pd.DataFrame:
    """Say what became of the deals that were due in December, and what else was won in it."""
    columns = ["deal_id", "owner_id", "outcome", "amount", "closed_on", "expected_close_on"]
    before, after = (_read(paths, name, *columns) for name in ("deals_before", "deals"))
    both = before.merge(after, how="outer", on="deal_id", suffixes=("", "_now"))
    was_due = (both.outcome == "open") & both.expected_close_on.between(_DECEMBER, _LAST)
    inside = both.closed_on_now.between(_DECEMBER, _LAST)
    opened, due_now = both.outcome_now == "open", both.expected_close_on_now
    fate = both.outcome_now.where(both.outcome_now.isin(_ENDS) & inside, "still_due")
    fate = fate.mask(opened & due_now.isna(), "undated").mask(opened & (due_now > _LAST), "slipped")
    fate = fate.mask(both.outcome_now.isna() | (both.outcome_now == "removed"), "removed")
    won_else = (both.outcome_now == "won") & inside & ~was_due & (both.outcome != "won")
    fate = fate.mask(won_else & (both.outcome == "open"), "pulled_in")
    fate = fate.mask(won_else & (both.outcome != "open"), "created_and_won")
    told = both.assign(amount=both.amount.where(was_due, both.amount_now), fate=fate)
    told["owner_id"] = both.owner_id.where(both.outcome.notna(), both.owner_id_now)
    told["was_due"] = was_due
    told = told[was_due | won_else]
    fates = ("won", "lost", "no_decision", "removed", "slipped", "undated", "still_due", "pulled_in", "created_and_won")
    found = _totals(told, ["owner_id"], {"due": told.was_due} | {one: told.fate == one for one in fates})
    enough = found.due >= _ENOUGH
    found["slippage"] = (found.slipped / found.due).where(enough)
    found["pipeline_conversion_n"] = (found.won / found.due).where(enough)
    return found.drop(columns=[f"{one}_amount_unknown" for one in fates])


def won_cells(paths: Paths) -> pd.DataFrame:
    """Count won deals by owner and amount."""
    deals = _read(paths, "deals", "owner_id", "outcome", "amount", "closed_on")
    won = deals[(deals.outcome == "won") & _in_quarter(deals.closed_on)].rename(columns={"amount": "size"})
    return won.groupby(["owner_id", "size"], dropna=False).outcome.size().rename("n").reset_index()
