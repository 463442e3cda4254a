"""The funnel in one of its four modes, with conversion and time in stage, open deals counted as not yet decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
from ibis import _

from bokgi.analysis.funnel import FunnelMode, funnel
from bokgi.analysis.proportions import difference
from bokgi.analysis.stage_conversion import MUCH_UNDECIDED, Risk, stage_conversion
from bokgi.analysis.time_in_stage import time_in_stage
from bokgi.analysis.visits import ladder
from bokgi.domain.errors import UsageError
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.questions.asked import HOW_HISTORY_COMES, Asked, Json, asked, column_name, known, known_late
from bokgi.questions.explained import explained
from bokgi.questions.stages import last_entry_before, order_doubts

MODES: Final = tuple(mode.value for mode in FunnelMode)
WINDOW_DAYS: Final = 182
MOST_UNDECIDED: Final = 0.5
VIEWS: Final = {"person": "owner_id"}
_HELD: Final = ("owner_id", "team")
"""Who has a deal stands on it while it is open."""
_PIPELINE: Final = "pipeline"
"""What every stage is of already: asked for as a split, it is named beside the groups."""
LEVEL: Final = 0.90
FILLED_LATE: Final = "filled_in_late"

_QUESTIONS: Final = {
    FunnelMode.CREATED_COHORT: N_("Deals created from {start} to {last}: how far have they come?"),
    FunnelMode.STAGE_ENTRY_COHORT: N_("Deals that entered a stage from {start} to {last}: what became of them?"),
    FunnelMode.PERIOD_FLOW: N_("From {start} to {last}: what moved, whenever it was created?"),
    FunnelMode.SNAPSHOT: N_("What stands where on {last}?"),
}


def ask_funnel(
    facts: Facts,
    *,
    as_of: date,
    mode: str = FunnelMode.STAGE_ENTRY_COHORT.value,
    start: date | None = None,
    end: date | None = None,
    by: Sequence[str] = (),
    pipeline: str | None = None,
    person: str | None = None,
) -> Json:
    """Ask for the funnel of a period (the last 26 weeks where none is given), split by columns of `by`.

    Reads all facts of a lake version, cut to `as_of`. `by`: `person`, `team`, a condition or an attribute; by one that
    is filled in when the outcome is known there are counts and no conversions, and `refusals` names it. With `pipeline`
    only its stages; a deal that was in several counts in each for what it did there. With `person` the deals
    that are the person's.

    Gives `mode`, `period`, `stages[]{stage, entered, n_at_risk, conversion{estimate, low, high}, time{median, p80}}`
    and the counts of the mode; see `docs/reference/funnel.schema.json`. Raises `UsageError` for an unknown mode,
    `NotFoundError` for an unknown pipeline.
    """
    if mode not in MODES:
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": "--mode", "given": mode}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(MODES)}),
        )
    chosen = FunnelMode(mode)
    last = end if end is not None else as_of + timedelta(days=1)
    period = Period(start if start is not None else last - timedelta(days=WINDOW_DAYS), last)
    by = [*(view for view in by if view != _PIPELINE), *([_PIPELINE] if _PIPELINE in by else [])]
    columns = [VIEWS.get(view, view) for view in by if view != _PIPELINE]
    with asked(facts, as_of=as_of, attributes=[name for name in columns if name not in VIEWS.values()]) as here:
        if pipeline is not None:
            known(here.deals, "pipeline", pipeline)
        told, deals = here.visits(), here.deals
        if person is not None:
            deals = deals.filter(deals.owner_id == person)
        counts = funnel(deals, told, here.facts.stages, mode=chosen, period=period, by=columns).to_pyarrow()
        risk = Risk.COHORT if chosen is FunnelMode.STAGE_ENTRY_COHORT else Risk.PERIOD
        if chosen is FunnelMode.CREATED_COHORT:
            deals = deals.filter((deals.created_on >= period.start) & (deals.created_on < period.end))
        window: dict[str, Any] = {"as_of": as_of, "period": period, "risk": risk, "by": columns, "level": LEVEL}
        window["minimum_n"] = here.facts.settings.minimum_n
        refused = known_late(here, [column for column in columns if column not in _HELD])[1]
        moved = _by_stage(stage_conversion(deals, told, **window).to_pylist(), columns)
        if refused:
            moved = {key: {**row, "conversion": None, "reason": FILLED_LATE} for key, row in moved.items()}
        stayed = _by_stage(time_in_stage(deals, told, **window).to_pylist(), columns)
        labels = {
            (row["pipeline"], row["stage"]): row["label"]
            for row in ladder(here.facts.stages).select("pipeline", "stage", "label").to_pyarrow().to_pylist()
        }
        counted = [row for row in counts.to_pylist() if pipeline in {None, row["pipeline"]}]
        staged = [row for row in counted if row["stage"] is not None]
        rows = _by_stage(staged, columns)
        there = {key for key in (*rows, *moved) if pipeline in {None, key[-2]}}
        keys = sorted(there, key=lambda key: _order(key, rows, moved))
        mine = told if pipeline is None else told.filter(_.pipeline == pipeline)
        mine = mine if person is None else mine.semi_join(deals, "deal_id")
        stages = [
            _stage(
                here, key, columns, labels, rows.get(key, {}), moved.get(key), stayed.get(key), named=_PIPELINE in by
            )
            # A deal that was created in the period entered in it, on whichever day an export found it there.
            | ({"entered": rows.get(key, {}).get("entered", 0)} if risk is Risk.COHORT else {})
            for key in keys
        ]
        without_stage = sum(row["deals"] for row in counted if row["stage"] is None)
        question = Message(_QUESTIONS[chosen], {"start": period.start, "last": min(period.last, as_of)})
        return {
            "as_of": as_of.isoformat(),
            "mode": mode,
            "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
            "pipeline": pipeline,
            "person": person,
            "by": list(by),
            "level": LEVEL,
            "stages": stages,
            "refusals": refused,
            **explained(
                "funnel",
                said=[question, *(_ended_before(mine, period) or _late(refused) or _said(here, stages))],
                caveats=[
                    *order_doubts(mine, labels),
                    *_found_there(moved, there),
                    *_caveats(stages, without_stage),
                    *here.unconverted(),
                ],
                would_change=[*_without_history(mine, deals, period, stages, pipeline), *_would_change(stages)],
            ),
        }


def _ended_before(visits: ibis.Table, period: Period) -> list[Message]:
    """Say that the data end before the period, and when."""
    last = last_entry_before(visits, period.start)
    text = N_("No deal entered a stage in this time. The last one did on {day}: ask for a period that holds that day.")
    return [] if last is None else [Message(text, {"day": last})]


def _late(refused: Sequence[Json]) -> list[Message]:
    """Say that a column is filled in only later, so that there are no conversions by it."""
    text = N_(
        "No conversion by {factor} is shown: it is filled in when the outcome is known, so deals that stopped would "
        "stand together."
    )
    return [Message(text, {"factor": column_name(one["factor"])}) for one in refused]


def _without_history(
    visits: ibis.Table, deals: ibis.Table, period: Period, stages: Sequence[Json], pipeline: str | None
) -> list[Message]:
    """Say of how many ended deals nobody knows which stages they passed, where no conversion can be shown."""
    if any(stage["conversion"] is not None for stage in stages):
        return []
    ended = deals.filter(_.closed_on >= period.start, _.closed_on < period.end)
    ended = ended if pipeline is None else ended.filter(_.pipeline == pipeline)
    seen = ended.semi_join(visits, "deal_id")
    n = ended.count().name("n").as_table().union(seen.count().name("n").as_table())
    counts = sorted(n.to_pyarrow()["n"].to_pylist())
    if counts[0] == counts[1]:
        return []
    return [
        Message(
            N_("Of {all} deals that ended in this time, {n} {n:has|have} no stage on record from before."),
            {"all": counts[1], "n": counts[1] - counts[0]},
        ),
        Message(HOW_HISTORY_COMES),
    ]


Key = tuple[object, ...]


def _by_stage(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dict[Key, Mapping[str, Any]]:
    return {(*(row[column] for column in columns), row["pipeline"], row["stage"]): row for row in rows}


def _order(key: Key, *tables: Mapping[Key, Mapping[str, Any]]) -> tuple[str, ...]:
    place = next((table[key]["stage_order"] for table in tables if key in table), 0)
    in_order = "unknown" if place is None else f"{place:04d}"
    return (*("" if part is None else str(part) for part in key[:-1]), in_order, str(key[-1]))


def _stage(
    here: Asked,
    key: Key,
    columns: Sequence[str],
    labels: Mapping[tuple[str, str], str],
    counts: Mapping[str, Any],
    moved: Mapping[str, Any] | None,
    stayed: Mapping[str, Any] | None,
    *,
    named: bool,
) -> Json:
    """Tell of one stage of a group; `named`: its pipeline is one of what was split by."""
    pipeline, stage = str(key[-2]), str(key[-1])
    keyed = {*columns, "pipeline", "stage", "stage_order", "kind"}
    groups = dict(zip(columns, key[: len(columns)], strict=True)) | ({_PIPELINE: pipeline} if named else {})
    return {
        "groups": {
            ("person" if name == "owner_id" else name): here.name(str(value))
            if name == "owner_id" and value is not None
            else value
            for name, value in groups.items()
        },
        "pipeline": pipeline,
        "stage": stage,
        "label": labels.get((pipeline, stage), stage),
        "entered": None if moved is None else moved["entries"],
        "n_at_risk": None if moved is None else moved["deals"],
        "conversion": None
        if moved is None or moved["conversion"] is None
        else {
            "estimate": moved["conversion"],
            "low": moved["low"],
            "high": moved["high"],
            "undecided": moved["undecided"],
            "n": moved["deals"],
        },
        "time": None
        if stayed is None or stayed["reason"] is not None
        else {
            "median": stayed["median_days"],
            "median_low": stayed["median_low"],
            "median_high": stayed["median_high"],
            "p80": stayed["p80_days"],
            "n": stayed["deals"],
        },
        "counts": {
            name: here.money(float(value))["amount"] if isinstance(value, Decimal) else value
            for name, value in counts.items()
            if name not in keyed
        },
        "reason": None if moved is None else moved["reason"],
        "time_reason": None if stayed is None else stayed["reason"],
    }


def _said(here: Asked, stages: Sequence[Json]) -> list[Message]:
    """Say in which stage deals stop most, as far as conversions are known; not that it is a bottleneck.

    Where most deals still stand, hardly any can have moved on yet. A second stage is named where chance, or what is
    still undecided, may turn the two around.
    """
    known = [
        stage
        for stage in stages
        if stage["conversion"]
        and stage["conversion"]["low"] is not None
        and (stage["conversion"]["undecided"] or 0.0) <= MOST_UNDECIDED
    ]
    if not known:
        return [Message(N_("Too few deals are decided to say how many move on."))]
    if any(value is not None for stage in stages for value in stage["groups"].values()):
        return []
    lowest = min(known, key=lambda stage: stage["conversion"]["estimate"])
    found = lowest["conversion"]
    if found["estimate"] == 1.0:
        not_won = here.deals.filter(_.outcome.isin([Outcome.LOST.value, Outcome.NO_DECISION.value])).limit(1)
        if not_won.to_pyarrow().num_rows:
            return [Message(N_("Wherever enough deals are decided, all of them moved on."))]
        return [Message(N_("Every deal that left a stage moved on. Import the deals that were lost, too."))]
    text = N_("Fewest move on from {stage}: {share} ({n} {n:deal|deals}, {level} interval {ends}).")
    if len(known) == 1:
        text = N_("From {stage} {share} move on ({n} {n:deal|deals}, {level} interval {ends}).")
    said = [Message(text, _figures(lowest))]
    others = [stage for stage in known if stage is not lowest]
    if others:
        second = min(others, key=lambda stage: stage["conversion"]["estimate"])
        if not _surely_below(found, second["conversion"]):
            text = N_("{stage} may have as few: {share} ({n} {n:deal|deals}, {level} interval {ends}).")
            said.append(Message(text, _figures(second)))
    return said


def _figures(stage: Json) -> dict[str, object]:
    found = stage["conversion"]
    ends = Between(Rate(found["low"]), Rate(found["high"]))
    values: dict[str, object] = {"stage": stage["label"], "n": found["n"], "level": Rate(LEVEL), "ends": ends}
    return values | {"share": Rate(found["estimate"])}


def _surely_below(found: Json, other: Json) -> bool:
    """Tell whether fewer move on than in the other stage, whatever chance does and those still undecided will do."""
    most = min(found["high"] + (found["undecided"] or 0.0), 1.0)
    ends = (found["low"], most), (other["low"], other["high"])
    return difference(found["estimate"], ends[0], other["estimate"], ends[1])[1] < 0.0


def _would_change(stages: Sequence[Json]) -> list[Message]:
    undecided = sum(
        stage["conversion"]["undecided"] > MUCH_UNDECIDED for stage in stages if stage["conversion"] is not None
    )
    if all(stage["conversion"] is None for stage in stages):
        return []
    said = [Message(N_("The lowest conversion need not be the bottleneck; bokgi bottlenecks looks for it."))]
    if undecided:
        said.append(
            Message(
                N_(
                    "In {n} {n:stage|stages} more than a tenth of the deals is still undecided; later "
                    "their figures may move."
                ),
                {"n": undecided},
            )
        )
    return said


def _found_there(moved: Mapping[Key, Mapping[str, Any]], there: Collection[Key]) -> list[Message]:
    """Say of how many deals nobody knows when they entered the stage in which a first export found them."""
    n = sum(row["start_unknown"] for key, row in moved.items() if key in there)
    text = N_(
        "{n} {n:deal was|deals were} found in {n:its|their} stage by the first export that held {n:it|them}: nobody "
        "knows since when, so {n:it is|they are} in no conversion and no days."
    )
    return [Message(text, {"n": n})] if n else []


def _caveats(stages: Sequence[Json], without_stage: int) -> list[Message]:
    said = []
    if without_stage:
        said.append(
            Message(
                N_("{n} open deal stands in no stage; the source does not say one."),
                {"n": without_stage},
                plural=N_("{n} open deals stand in no stage; the source does not say one."),
            )
        )
    said += [Message(N_("Open deals are not yet decided; they are neither won nor lost in the conversion."))]
    if any(stage["reason"] not in {None, FILLED_LATE} for stage in stages):
        said.append(Message(N_("Where too few deals are decided, no conversion is shown.")))
    return said
