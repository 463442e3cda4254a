"""What was won, lost and left without a decision week by week, and which reasons were written down for the losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
import numpy as np
from ibis import _
from scipy.stats import binomtest

from bokgi.analysis.trends import WINDOW, cycles, in_windows, median_of
from bokgi.analysis.visits import ladder
from bokgi.analysis.win_loss import decided, loss_reasons, stood_last, win_loss
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.deals import amount
from bokgi.questions.explained import explained
from bokgi.questions.person import RENEWALS_COUNT

WEEKS: Final = 13
"""Complete weeks before the running one, where no period is asked for."""
LEVEL: Final = 0.95
ENDS: Final = (Outcome.WON.value, Outcome.LOST.value, Outcome.NO_DECISION.value)
LOSSES: Final = ENDS[1:]
_WEEK: Final = timedelta(days=7)
NOT_CAUSES: Final = N_("Reasons are what somebody wrote down, not causes: people may choose the one that hurts least.")
_BY_CHANCE: Final = 0.05
"""Two reasons of which chance alone makes one as much more frequent more often than this are not told apart."""
_FEW: Final = "too_few"


def ask_win_loss(
    facts: Facts,
    *,
    as_of: date,
    start: date | None = None,
    end: date | None = None,
    team: str | None = None,
    pipeline: str | None = None,
    person: str | None = None,
) -> Json:
    """Ask what was won and lost in a period by ISO week, and for which reasons deals were lost.

    Reads all facts of a lake version, cut to `as_of`. `end` is excluded; without a period it is the last 13 complete
    weeks and the running one. By close date, and for whom a deal had when it closed; a deal that closed on no known
    day is in no week.

    Gives `weeks[]` and `total`, each with `won`, `lost`, `no_decision` (`{count, amount, amount_unknown}`), `n`,
    `win_rate{estimate, low, high, level, n}` and `reason`; `total` has the median days to the win and to the loss, too.
    `reasons[]`: for each outcome and reason (null: none was given) the deals, their amount, and their share of that
    outcome. `stages[]`: from which stage deals were lost. `people[]`: whose deals these are. See
    `docs/reference/win-loss.schema.json`. Raises `NotFoundError` for an unknown team or pipeline.
    """
    last = as_of + timedelta(days=1) if end is None else end
    running = Period.week_of(last - timedelta(days=1)).start
    period = Period(running - WEEKS * _WEEK if start is None else start, last)
    with asked(facts, as_of=as_of, owner_then=person is not None) as here:
        ended = here.of(team=team, pipeline=pipeline, person=person)
        closed = here.keep(decided(ended, period=period))
        minimum = here.facts.settings.minimum_n
        whole = _rows(win_loss(closed, period=period, minimum_n=minimum))
        total = whole[0] if whole else {}
        weeks = _weeks(here, closed, period)
        reasons = _rows(loss_reasons(closed, period=period, minimum_n=minimum))
        return {
            "as_of": as_of.isoformat(),
            "period": _days(period),
            "team": team,
            "pipeline": pipeline,
            "person": person,
            "level": LEVEL,
            "minimum_n": minimum,
            "weeks": weeks,
            "total": _counted(here, total) | _days_to_the_end(closed, period, minimum),
            "reasons": [_reason(here, row) for row in reasons],
            "stages": _stages(here, closed),
            "people": _people(closed),
            **explained(
                "win_loss",
                said=[
                    _headline(total, period, as_of),
                    *([] if total else _last_end(ended, period)),
                    *_without_reason(reasons),
                    *_most_often(reasons),
                ],
                caveats=[*_caveats(closed, ended, weeks, reasons, minimum), *here.unconverted()],
                would_change=_would_change(total, reasons, minimum),
            ),
        }


def _rows(table: ibis.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def _days(period: Period) -> Json:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def _weeks(here: Asked, closed: ibis.Table, period: Period) -> list[Json]:
    """Give the weeks of the period up to the day, each with the days that count: the first and last may be cut."""
    after = min(period.end, here.as_of + timedelta(days=1))
    spans: list[Period] = []
    while (begun := spans[-1].end if spans else Period.week_of(period.start).start) < after:
        spans.append(Period(begun, begun + _WEEK))
    if not spans:
        return []
    by_week = in_windows(closed, "closed_on", spans)
    minimum = here.facts.settings.minimum_n
    found = {row[WINDOW]: row for row in _rows(win_loss(by_week, period=period, by=(WINDOW,), minimum_n=minimum))}
    weeks = []
    for place, span in enumerate(spans):
        inside = Period(max(span.start, period.start), min(span.end, after))
        head = {"iso_week": span.iso_week, **_days(inside), "complete": inside == span}
        weeks.append(head | _counted(here, found.get(place, {})))
    return weeks


def _counted(here: Asked, row: Mapping[str, Any]) -> Json:
    """Tell of the ends of a period; a row that is missing is a period in which nothing was decided."""
    rate = row.get("win_rate")
    interval = {"low": row.get("win_rate_low"), "high": row.get("win_rate_high")}
    return {
        **{end: _sum(here, row, end) for end in ENDS},
        "n": row.get("n", 0),
        "win_rate": None if rate is None else {"estimate": rate, **interval, "level": LEVEL, "n": row["n"]},
        "reason": row.get("reason", _FEW),
    }


def _sum(here: Asked, row: Mapping[str, Any], name: str) -> Json:
    """Give a number of deals and their known amounts; no amount where there are deals and none of them has one."""
    count, unknown = row.get(name, 0), row.get(f"{name}_amount_unknown", 0)
    none = bool(count) and unknown == count
    return {
        "count": count,
        "amount": None if none else amount(here, row.get(f"{name}_amount", Decimal(0))),
        "amount_unknown": unknown,
        "amount_reason": "unknown" if none else None,
    }


def _days_to_the_end(closed: ibis.Table, period: Period, minimum: int) -> Json:
    """Give the median days from creation to the win, and to the loss or the end without a decision."""
    ends = {"to_win": (Outcome.WON,), "to_loss": (Outcome.LOST, Outcome.NO_DECISION)}
    return {name: _median(cycles(closed, (period,), outcomes=outcomes), minimum) for name, outcomes in ends.items()}


def _median(counted: ibis.Table, minimum: int) -> Json:
    cells = counted.to_pyarrow()
    days, counts = (cells[name].to_numpy() for name in ("days", "n"))
    n = int(counts.sum())
    if not n or n < minimum:
        return {"median": None, "low": None, "high": None, "level": LEVEL, "n": n, "reason": _FEW}
    found = median_of(days.astype(np.float64), counts)
    return {"median": found.value, "low": found.low, "high": found.high, "level": LEVEL, "n": n, "reason": None}


def _reason(here: Asked, row: Mapping[str, Any]) -> Json:
    share = row["share"]
    ends = {"low": row["share_low"], "high": row["share_high"]}
    return {
        "outcome": row["outcome"],
        "lost_reason": row["lost_reason"],
        "given": row["lost_reason"] is not None,
        **_sum(here, row, "deals"),
        "share": None if share is None else {"estimate": share, **ends, "level": LEVEL, "n": row["n"]},
        "n": row["n"],
        "reason": None if share is not None else _FEW,
    }


def _stages(here: Asked, closed: ibis.Table) -> list[Json]:
    """Count the lost deals by the open stage in which each stood last; a deal without history stands in none."""
    lost = closed.filter(_.outcome.isin(LOSSES)).select("deal_id", "outcome")
    stood = stood_last(here.visits())
    labels = ladder(here.facts.stages).select("pipeline", "stage", "label")
    told = lost.left_join(stood, "deal_id").drop("deal_id_right")
    told = told.group_by("outcome", "pipeline", "stage", "stage_order").agg(deals=_.count())
    named = told.left_join(labels, ["pipeline", "stage"], rname="of_{name}")
    rows = named.order_by("outcome", _.pipeline.asc(), _.stage_order.asc(), _.stage.asc())
    return [
        {
            "outcome": row["outcome"],
            "pipeline": row["pipeline"],
            "stage": row["stage"],
            "label": row["label"] or row["stage"],
            "deals": row["deals"],
            "reason": "no_history" if row["stage"] is None else None,
        }
        for row in _rows(rows.select("outcome", "pipeline", "stage", "label", "deals"))
    ]


def _people(closed: ibis.Table) -> list[Json]:
    owned = closed.filter(_.owner_id.notnull()).select(person_id="owner_id", team="team").distinct()
    return _rows(owned.order_by("person_id", "team"))


def _headline(total: Mapping[str, Any], period: Period, as_of: date) -> Message:
    values: dict[str, object] = {"start": period.start, "last": min(period.last, as_of)}
    if not total:
        return Message(N_("From {start} to {last} no deal was won, lost or ended without a decision."), values)
    values |= {name: total[name] for name in ("n", *ENDS)}
    if total["win_rate"] is None:
        text = N_(
            "From {start} to {last} {n} {n:deal|deals} ended: {won} won, {lost} lost, {no_decision} without a "
            "decision. That is too few for a win rate."
        )
        return Message(text, values)
    ends = Between(Rate(total["win_rate_low"]), Rate(total["win_rate_high"]))
    text = N_(
        "From {start} to {last} {n} {n:deal|deals} ended: {won} won, {lost} lost, {no_decision} without a decision. "
        "The win rate is {rate} ({level} interval {ends})."
    )
    return Message(text, values | {"rate": Rate(total["win_rate"]), "level": Rate(LEVEL), "ends": ends})


def _last_end(ended: ibis.Table, period: Period) -> list[Message]:
    """Say when the last deal before the period ended."""
    before = ended.filter(_.outcome.isin(ENDS), _.closed_on < period.start)
    day = before.agg(day=_.closed_on.max()).to_pyarrow()["day"][0].as_py()
    text = N_("The last one before that ended on {day}: ask for a period that holds that day.")
    return [] if day is None else [Message(text, {"day": day})]


def _of_lost(reasons: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], int, int]:
    """Give the reasons of lost deals, most frequent first, the number of these deals, and of those without a reason."""
    lost = [row for row in reasons if row["outcome"] == Outcome.LOST.value]
    silent = sum(row["deals"] for row in lost if row["lost_reason"] is None)
    return [row for row in lost if row["lost_reason"] is not None], lost[0]["n"] if lost else 0, silent


def _without_reason(reasons: Sequence[Mapping[str, Any]]) -> list[Message]:
    _given, n, silent = _of_lost(reasons)
    if not silent:
        return []
    text = N_("No reason was written down for {silent} of {n} lost {n:deal|deals}.")
    return [Message(text, {"silent": silent, "n": n})]


def _most_often(reasons: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Name the reason given most, and the next one where chance alone may put the two the other way round."""
    given, n, _silent = _of_lost(reasons)
    if not given or given[0]["share"] is None:
        return []
    first = given[0]
    values: dict[str, object] = {"reason": first["lost_reason"], "deals": first["deals"], "n": n, "level": Rate(LEVEL)}
    values |= {"share": Rate(first["share"]), "ends": Between(Rate(first["share_low"]), Rate(first["share_high"]))}
    text = N_("Written down most often is “{reason}”: {deals} of {n} lost deals, {share} ({level} interval {ends}).")
    said = [Message(text, values)]
    if given[1:]:
        second = given[1]
        both = first["deals"] + second["deals"]
        if binomtest(first["deals"], both, 0.5).pvalue >= _BY_CHANCE:
            text = N_("Chance alone may put “{reason}” ({deals}) behind it.")
            said.append(Message(text, {"reason": second["lost_reason"], "deals": second["deals"]}))
    return said


def _caveats(
    closed: ibis.Table,
    ended: ibis.Table,
    weeks: Sequence[Json],
    reasons: Sequence[Mapping[str, Any]],
    minimum: int,
) -> list[Message]:
    said = []
    if any(row["lost_reason"] is not None for row in reasons):
        said.append(Message(NOT_CAUSES))
    if any(week["n"] and week["win_rate"] is None for week in weeks):
        text = N_("A week in which fewer than {n} {n:deal|deals} ended has no win rate: so few say little.")
        said.append(Message(text, {"n": minimum}))
    asides = closed.agg(n=_.count(where=_.type != "new")).to_pyarrow()["n"][0].as_py()
    if asides:
        said.append(Message(RENEWALS_COUNT))
    undated = ended.filter(_.outcome.isin(ENDS), _.closed_on.isnull()).count().to_pyarrow().as_py()
    if undated:
        text = N_("{n} {n:deal|deals} ended on a day that nobody knows: {n:it is|they are} in no week.")
        said.append(Message(text, {"n": undated}))
    return said


def _would_change(total: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]], minimum: int) -> list[Message]:
    said = []
    if total.get("win_rate") is None:
        text = N_("A win rate takes {n} ended {n:deal|deals} at least; a longer period may have them.")
        said.append(Message(text, {"n": minimum}))
    given, n, silent = _of_lost(reasons)
    if silent and given and given[0]["share"] is not None:
        first = given[0]
        text = N_(
            "With a reason for each of the {silent} lost {silent:deal|deals} that {silent:has|have} none, “{reason}” "
            "could be anything from {low} to {high}."
        )
        ends = {"low": Rate(first["deals"] / n), "high": Rate((first["deals"] + silent) / n)}
        said.append(Message(text, {"silent": silent, "reason": first["lost_reason"], **ends}))
    return said
