"""Ask for the measure of a coaching plan: its baseline, and how it went on beside matched colleagues."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import numpy as np
from ibis import _

from bokgi.analysis.change_detection import weekly_counts
from bokgi.analysis.coaching_check import Check, Counted, Kind, coaching_check, scatter_of, value
from bokgi.analysis.lead_response import ANSWERED, waiting_cells
from bokgi.analysis.progressions import REACHED
from bokgi.domain.errors import UsageError
from bokgi.domain.measures import Between, Points, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.causes import late_hours
from bokgi.questions.explained import explained

BEFORE_WEEKS: Final = 12
STAGE: Final = "stage:"
RATES: Final = ("activities", "meeting", "call", "email", "created")
SHARES: Final = ("lead_response", "next_step", "win_rate")
MEASURES: Final = {
    "activities": N_("activities in a working week"),
    "meeting": N_("meetings in a working week"),
    "call": N_("calls in a working week"),
    "email": N_("e-mails in a working week"),
    "created": N_("new deals in a working week"),
    "lead_response": N_("leads answered in time"),
    "next_step": N_("open deals with a next step"),
    "win_rate": N_("win rate"),
}
"""What a plan may be measured by; the conversion at a stage is `stage:<key>`. More is better for each."""
_STAGE_NAME: Final = N_("conversion at {stage}")


def kind_of(measure: str) -> Kind:
    """Say whether a measure counts in working time or is a share of cases; `UsageError` for none."""
    if measure in RATES:
        return "rate"
    if measure in SHARES or measure.startswith(STAGE):
        return "share"
    raise UsageError(
        "measure_unknown",
        Message(N_("There is no measure “{measure}”."), {"measure": measure}),
        Message(N_("It takes: {allowed}"), {"allowed": ", ".join((*RATES, *SHARES, f"{STAGE}…"))}),
    )


def monday_of(on: date) -> date:
    """Give the Monday from which a plan agreed on a day runs: that day, or the next one.

    >>> monday_of(date(2026, 11, 24)), monday_of(date(2026, 11, 30))
    (datetime.date(2026, 11, 30), datetime.date(2026, 11, 30))
    """
    return on + timedelta(days=-on.weekday() % 7)


def ask_measures(facts: Facts, *, as_of: date) -> Json:
    """Ask what a plan may be measured by: the fixed measures and the conversion at each open stage.

    Gives `measures[]{measure, label}`.
    """
    rows = (
        facts.stages.filter(_.kind == "open")
        .group_by("stage")
        .agg(label=_.label.min(), at=_.stage_order.min())
        .order_by("at", "stage")
        .to_pyarrow()
        .to_pylist()
    )
    stages = [(f"{STAGE}{row['stage']}", Message(_STAGE_NAME, {"stage": row["label"]})) for row in rows]
    every = [*((name, Message(label)) for name, label in MEASURES.items()), *stages]
    return {
        "as_of": as_of.isoformat(),
        "measures": [{"measure": name, "label": encoded(label)} for name, label in every],
    }


def ask_baseline(facts: Facts, *, as_of: date, person_id: str, measure: str) -> Json:
    """Ask where a person stands in a measure: the twelve weeks up to `as_of`.

    Gives `value` (a rate in a full working week, or a share), `n` (events, or cases), `reason` (`too_few`, null), and
    a `sentence`. Raises `UsageError` (`measure_unknown`).
    """
    kind = kind_of(measure)
    begun = monday_of(as_of)
    with asked(facts, as_of=as_of) as here:
        own = _cells(here, measure, begun, 0).get(person_id)
        label = _label(here, measure)
    count, size = (0.0, 0.0) if own is None else own.before
    n = round(size if kind == "share" else count)
    found = None if not size else value((count, size))
    values: dict[str, object] = {"measure": label, "n": n, "weeks": BEFORE_WEEKS}
    if found is None:
        sentence = Message(N_("{measure}: nothing was recorded in the {weeks} {weeks:week|weeks} before."), values)
    elif kind == "share":
        sentence = Message(
            N_("{measure}: {value} of {n} in the {weeks} {weeks:week|weeks} before."), values | {"value": Rate(found)}
        )
    else:
        sentence = Message(
            N_("{measure}: {value} in the {weeks} {weeks:week|weeks} before ({n} in all)."),
            values | {"value": found},
        )
    return {
        "as_of": as_of.isoformat(),
        "person_id": person_id,
        "measure": measure,
        "label": encoded(label),
        "kind": kind,
        "weeks": BEFORE_WEEKS,
        "value": found,
        "n": n,
        "reason": "too_few" if found is None else None,
        "sentence": encoded(sentence),
    }


def ask_coaching_check(facts: Facts, *, as_of: date, person_id: str, measure: str, begun_on: date, weeks: int) -> Json:
    """Ask how the measure of a plan went on in the first `weeks` weeks, beside colleagues who stood where it began.

    `begun_on` is a Monday. Gives `before`, `since`, `n`, `change`, `colleagues{change, n}`, `beside{estimate, low,
    high}`, `verdict`, `reason`, `said[]`, `caveats[]`; see `docs/reference/coaching-check.schema.json`.
    """
    kind = kind_of(measure)
    with asked(facts, as_of=as_of) as here:
        cells = _cells(here, measure, begun_on, weeks)
        found = coaching_check(cells, person_id, kind=kind, dispersion=_scatter(here, measure, kind, begun_on))
        label = _label(here, measure)
    beside = None if found.beside is None else dict(zip(("estimate", "low", "high"), found.beside, strict=True))
    return {
        "as_of": as_of.isoformat(),
        "person_id": person_id,
        "measure": measure,
        "label": encoded(label),
        "kind": kind,
        "begun_on": begun_on.isoformat(),
        "weeks": weeks,
        "before": found.before,
        "since": found.since,
        "n": {"before": found.n[0], "since": found.n[1]},
        "change": found.change,
        "colleagues": None if found.colleagues is None else {"change": found.colleagues, "n": found.matched},
        "beside": beside,
        "level": found.level,
        "verdict": found.verdict,
        "reason": found.reason,
        "effect": found.effect,
        "error": found.error,
        **explained(
            "causes",
            said=check_said(found, label, weeks),
            caveats=[
                Message(N_("This is a comparison and no effect: nobody was drawn by lot, and who is coached knows it."))
            ],
            would_change=[Message(N_("More weeks make the interval narrower."))]
            if found.verdict == "cannot_tell"
            else [],
        ),
    }


def check_said(found: Check, label: Message, weeks: int) -> list[Message]:
    """Say how a measure went on; the figures with their n, the comparison with its interval."""
    values: dict[str, object] = {"measure": label, "weeks": weeks, "n": found.n[0], "m": found.n[1]}
    if found.before is None or found.since is None or found.beside is None:
        return [
            Message(N_("{measure}: too few to compare ({n} before, {m} in {weeks} {weeks:week|weeks} since)."), values)
        ]
    share = found.kind == "share"
    values |= {
        "before": Rate(found.before) if share else found.before,
        "since": Rate(found.since) if share else found.since,
    }
    said = [
        Message(
            N_("{measure}: {before} before (n {n}), {since} in the {weeks} {weeks:week|weeks} since (n {m})."), values
        )
    ]
    estimate, low, high = found.beside
    shown: dict[str, object] = {"k": found.matched, "level": Rate(found.level)}
    if share:
        shown |= {"ends": Between(Points(low), Points(high)), "change": Points(estimate)}
    else:
        shown |= {"ends": Between(Rate(low - 1.0), Rate(high - 1.0)), "change": Rate(estimate - 1.0)}
    if found.matched:
        return [*said, Message(_BESIDE[found.verdict], shown)]
    return [*said, Message(_NOBODY), Message(_ALONE[found.verdict], shown)]


_BESIDE: Final = {
    "more": N_(
        "It rose more than with {k} {k:colleague|colleagues} who stood alike: by {change} ({level} interval {ends})."
    ),
    "less": N_("It fell behind {k} {k:colleague|colleagues} who stood alike: {change} ({level} interval {ends})."),
    "cannot_tell": N_(
        "Not to be told apart from {k} {k:colleague|colleagues} who stood alike: {change} ({level} interval {ends})."
    ),
}
_ALONE: Final = {
    "more": N_("It rose against the own past: by {change} ({level} interval {ends})."),
    "less": N_("It fell against the own past: {change} ({level} interval {ends})."),
    "cannot_tell": N_("Not to be told apart from the own past: {change} ({level} interval {ends})."),
}
_NOBODY: Final = N_("There are too few colleagues who stood alike to compare with.")


def _label(here: Asked, measure: str) -> Message:
    if measure.startswith(STAGE):
        return Message(_STAGE_NAME, {"stage": here.stage_label(measure.removeprefix(STAGE))})
    return Message(MEASURES[measure])


def _windows(begun: date, weeks: int) -> tuple[Period, Period]:
    return Period(begun - timedelta(weeks=BEFORE_WEEKS), begun), Period(begun, begun + timedelta(weeks=weeks))


def _cells(here: Asked, measure: str, begun: date, weeks: int) -> dict[str, Counted]:
    """Count everybody's measure before a plan began and in the weeks since."""
    before, since = _windows(begun, weeks)
    windows = [before, since] if weeks else [before]
    count = _COUNTS[measure if measure in _COUNTS else STAGE]
    counted = [*(count(here, measure, window) for window in windows), {}]
    roles = _roles(here)
    nothing = (0.0, 0.0)
    return {
        person: Counted(counted[0].get(person, nothing), counted[1].get(person, nothing), roles.get(person))
        for person in sorted(counted[0].keys() | counted[1].keys())
    }


Counts = dict[str, tuple[float, float]]


def _roles(here: Asked) -> dict[str, str | None]:
    day = ibis.literal(here.as_of)
    rows = here.facts.memberships.filter(
        (_.valid_from.isnull() | (_.valid_from <= day)) & (_.valid_to.isnull() | (_.valid_to > day))
    )
    found = rows.group_by("person_id").agg(role=_.role.min()).to_pyarrow()
    return dict(zip(found["person_id"].to_pylist(), found["role"].to_pylist(), strict=True))


def _persons_weekly(here: Asked, measure: str) -> ibis.Table:
    now = here.facts
    found = weekly_counts(
        now.deals, now.activities, now.activity_people, now.memberships, now.calendar, as_of=here.as_of
    )
    return found.filter((_.subject_kind == "person") & (_.metric == measure))


def _weekly(here: Asked, measure: str, window: Period) -> Counts:
    rows = _persons_weekly(here, measure).filter((_.week >= window.start) & (_.week < window.end))
    found = rows.group_by("subject_id").agg(k=_["count"].sum(), t=_.time.sum()).to_pyarrow().to_pylist()
    return {row["subject_id"]: (float(row["k"]), float(row["t"])) for row in found}


def _scatter(here: Asked, measure: str, kind: Kind, begun: date) -> float:
    """How much more people's weekly counts scatter than Poisson counts, in the weeks before the plan."""
    if kind == "share":
        return 1.0
    before, _since = _windows(begun, 0)
    rows = _persons_weekly(here, measure).filter((_.week >= before.start) & (_.week < before.end))
    found = rows.select("subject_id", "week", "count", "time").to_pyarrow().to_pylist()
    people = {name: i for i, name in enumerate(sorted({row["subject_id"] for row in found}))}
    weeks = {week: i for i, week in enumerate(sorted({row["week"] for row in found}))}
    counts, time = (np.zeros((len(people), len(weeks))) for _ in range(2))
    for row in found:
        place = people[row["subject_id"]], weeks[row["week"]]
        counts[place], time[place] = row["count"], row["time"]
    return scatter_of(counts, time)


def _shares(table: ibis.Table) -> Counts:
    rows = table.filter(_.person_id.notnull()).to_pyarrow().to_pylist()
    return {row["person_id"]: (float(row["k"]), float(row["n"])) for row in rows}


def _next_steps(here: Asked, measure: str, window: Period) -> Counts:
    """Count open deals with a next step as they stood on the last day of a window that has passed."""
    del measure
    then = facts_on(here.read, min(window.last, here.as_of)).deals.filter((_.outcome == "open") & _.owner_id.notnull())
    known = then.filter(_.has_next_step.notnull() | _.next_step_on.notnull())
    has = ibis.coalesce(_.has_next_step, ibis.literal(value=False)) | _.next_step_on.notnull()
    return _shares(known.group_by(person_id="owner_id").agg(n=_.count(), k=has.cast("int64").sum()))


def _answers(here: Asked, measure: str, window: Period) -> Counts:
    del measure
    now = here.facts
    waits = waiting_cells(now.leads, now.activities, now.calendar, as_of=min(here.as_of, window.last), period=window)
    limit = round(late_hours(here) * 60)
    told = waits.filter(_.minutes.notnull() & ((_.kind == ANSWERED) | (_.minutes > limit)))
    return _shares(told.group_by("person_id").agg(n=_.n.sum(), k=(_.n * (_.minutes <= limit).cast("int64")).sum()))


def _closed(here: Asked, measure: str, window: Period) -> Counts:
    del measure
    rows = here.deals.filter(_.won.notnull() & (_.closed_on >= window.start) & (_.closed_on < window.end))
    return _shares(rows.group_by(person_id="owner_id").agg(n=_.count(), k=_.won.cast("int64").sum()))


def _moved(here: Asked, measure: str, window: Period) -> Counts:
    stage = measure.removeprefix(STAGE)
    ended = here.progressions().filter(
        (_.stage == stage) & ~_.end.isin(["open", "removed"]) & (_.ended_on >= window.start) & (_.ended_on < window.end)
    )
    return _shares(ended.group_by(person_id="owner_id").agg(n=_.count(), k=(_.end == REACHED).cast("int64").sum()))


_COUNTS: Final = {
    **dict.fromkeys(RATES, _weekly),
    "lead_response": _answers,
    "next_step": _next_steps,
    "win_rate": _closed,
    STAGE: _moved,
}
