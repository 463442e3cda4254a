"""How KPIs went over the last two years, of everybody, a team or one person: a small chart for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from bokgi.analysis.cohort_close_rate import cohort_close_rate
from bokgi.analysis.trends import WINDOW, cycles, in_windows, median_of, windows
from bokgi.analysis.win_loss import win_loss
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.kpis import COHORT_AGE, DAYS, LEVEL, PER_WEEK, RATE, WEEKS, activities_of, why_no_cohort
from bokgi.questions.person import owned, theirs

COUNT: Final = 8
"""How many windows of `WEEKS` weeks: two years."""

_Points = Sequence[Json]


def ask_trends(facts: Facts, *, as_of: date, team: str | None = None, person_id: str | None = None) -> Json:
    """Ask how KPIs went in windows of 13 weeks, the last of which ends with the day.

    Gives `windows[]{start, end}` (oldest first) and `series[]{key, kind, n_of, level, points[]{value, low, high, n,
    reason}}`, a point for each window. `level` is null where values are counts, which have no interval; `value` is
    null with a `reason`: `too_few`, or `unknown` in windows that begin before anything is told of, and for deals that
    closed in the window after it: only the quick ones of that time are known. The last point of a series is what the
    KPI of the same key stands at in `ask_kpis`; a point of the cohort close rate is the cohort created in its window.
    See `docs/reference/trends.schema.json`.

    A person's deals are those owned on the day of the win or the loss. Raises `NotFoundError` for an unknown team.
    """
    with asked(facts, as_of=as_of) as here:
        spans = windows(as_of, weeks=WEEKS, count=COUNT)
        began = _first_day(here.facts.deals.created_on)
        if person_id is None:
            closed = created = here.keep(here.of_team(team))
            rate = _close_rate(here, created, spans)
        else:
            closed, created = (owned(here, column) for column in ("closed_on", "created_on"))
            rate = _counted(here, "created", "created", created, "created_on", spans, person_id)
        fresh = closed.filter(_.type.isnull() | (_.type == "new"))
        told = [
            _known(_win_rate(here, fresh, spans, person_id), spans, began, since=1),
            _known(rate, spans, began),
            _known(_cycle(here, closed, spans, person_id), spans, began, since=1),
            _known(_activity(here, spans, team, person_id), spans, _first_day(here.facts.activities.happened_on)),
        ]
        return {
            "as_of": as_of.isoformat(),
            "team": team,
            "person_id": person_id,
            "weeks": WEEKS,
            "windows": [{"start": span.start.isoformat(), "end": span.end.isoformat()} for span in spans],
            "series": told,
        }


def _series(key: str, kind: str, n_of: str, points: _Points, level: float | None = LEVEL) -> Json:
    return {"key": key, "kind": kind, "n_of": n_of, "level": level, "points": list(points)}


def _point(value: float | None, n: int, reason: str | None, ends: tuple[Any, Any] = (None, None)) -> Json:
    return {"value": value, "low": ends[0], "high": ends[1], "n": n, "reason": reason}


def _by_window(table: ibis.Table | pa.Table) -> dict[int, Mapping[str, Any]]:
    rows = (table if isinstance(table, pa.Table) else table.to_pyarrow()).to_pylist()
    return {row[WINDOW]: row for row in rows}


def _whole(spans: Sequence[Period]) -> Period:
    return Period(spans[0].start, spans[-1].end)


def _asked_by(here: Asked, name: str, person_id: str | None, make: Callable[[Sequence[str]], ibis.Table]) -> ibis.Table:
    """Give the rows of all deals, or of one person: `make` is handed the columns by which it counts, windows aside."""
    if person_id is None:
        return make(())
    return theirs(here, f"{name}_trend", person_id, lambda: make(("owner_id",)))


def _win_rate(here: Asked, deals: ibis.Table, spans: Sequence[Period], person_id: str | None) -> Json:
    minimum = here.facts.settings.minimum_n

    def told(by: Sequence[str]) -> ibis.Table:
        inside = in_windows(deals, "closed_on", spans)
        return win_loss(inside, period=_whole(spans), by=(*by, WINDOW), minimum_n=minimum)

    rows = _by_window(_asked_by(here, "win_rate", person_id, told))
    points = []
    for place in range(len(spans)):
        row = rows.get(place, {"n": 0, "win_rate": None})
        rate = row["win_rate"]
        if rate is None:
            points.append(_point(None, row["n"], "too_few"))
        else:
            points.append(_point(rate, row["n"], None, (row["win_rate_low"], row["win_rate_high"])))
    return _series("win-rate", RATE, "closed", points)


def _close_rate(here: Asked, deals: ibis.Table, spans: Sequence[Period]) -> Json:
    told = cohort_close_rate(
        in_windows(deals, "created_on", spans),
        as_of=here.as_of,
        period=_whole(spans),
        by=(WINDOW,),
        by_day=COHORT_AGE,
        minimum_n=here.facts.settings.minimum_n,
    )
    rows = _by_window(told)
    points = []
    for place in range(len(spans)):
        row = rows.get(place, {"entries": 0, "conversion": None})
        rate = row["conversion"]
        if rate is None:
            points.append(_point(None, row["entries"], why_no_cohort(row, here.facts.settings.minimum_n)))
        else:
            points.append(_point(rate, row["entries"], None, (row["low"], row["high"])))
    return _series("cohort-close-rate", RATE, "created", points)


def _cycle(here: Asked, deals: ibis.Table, spans: Sequence[Period], person_id: str | None) -> Json:
    cells = _asked_by(here, "cycle", person_id, lambda by: cycles(deals, spans, by=by)).to_pyarrow()
    window, days, counts = (cells[name].to_numpy() for name in (WINDOW, "days", "n"))
    points = []
    for place in range(len(spans)):
        inside = window == place
        n = int(counts[inside].sum())
        if n < here.facts.settings.minimum_n:
            points.append(_point(None, n, "too_few"))
            continue
        found = median_of(days[inside].astype(np.float64), counts[inside])
        points.append(_point(found.value, n, None, (found.low, found.high)))
    return _series("sales-cycle", DAYS, "won", points)


def _activity(here: Asked, spans: Sequence[Period], team: str | None, person_id: str | None) -> Json:
    rows = activities_of(here, team=team if person_id is None else None)
    if person_id is not None:
        who = here.facts.activity_people.select("activity_id", owner_id="person_id").distinct()
        rows = rows.join(who, "activity_id")
    return _counted(here, "activity", "activities", rows, "happened_on", spans, person_id)


def _counted(
    here: Asked, key: str, n_of: str, rows: ibis.Table, column: str, spans: Sequence[Period], person_id: str | None
) -> Json:
    def told(by: Sequence[str]) -> ibis.Table:
        return in_windows(rows, column, spans).group_by(*by, WINDOW).agg(n=_.count())

    found = _by_window(_asked_by(here, key, person_id, told))
    numbers = [int(found[place]["n"]) if place in found else 0 for place in range(len(spans))]
    return _series(key, PER_WEEK, n_of, [_point(n / WEEKS, n, None) for n in numbers], level=None)


def _first_day(column: ir.DateColumn) -> date | None:
    found: date | None = column.min().to_pyarrow().as_py()
    return found


def _known(series: Json, spans: Sequence[Period], began: date | None, *, since: int = 0) -> Json:
    """Take the values of windows away that records do not reach back to, or only `since` windows later; not the last.

    What stands at the end is the KPI's own value, and has been shown as such.
    """
    points = list(series["points"])
    for place, span in enumerate(spans[:-1]):
        start = span.start - timedelta(days=since * span.days)
        if began is None or began > start:
            points[place] = _point(None, points[place]["n"], "unknown")
    if began is None and points and points[-1]["value"] is not None:
        points[-1] = _point(None, points[-1]["n"], "unknown")
    return series | {"points": points}
