"""Of which periods what was won is shown: to who may not see whose it was, of those in which enough people won."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from bokgi.apps.access.asking import today
from bokgi.apps.access.permissions import Share
from bokgi.apps.pipeline.selectors import WHOLE, Screen
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.won import ask_won

Scoped = tuple[str, Period]
"""Whose sum it is (`WHOLE` or a team), and of which period."""
LONGEST: Final = 40
"""So many months a period has at most; a longer one is not judged, and not shown."""


def won_shown(screen: Screen, periods: Iterable[Period]) -> frozenset[Scoped]:
    """Choose whose sums of what was won may be shown, of which of the periods; all of them to who sees all deals.

    Everybody and the teams, a quarter of the company and its months are judged together by who won in each month,
    larger ones first: no difference of them is one person's. Other spans of whole months are shown where each month is,
    and no others: by their difference from a month some days could be told apart. Pipelines are shown all or none, and
    only with their sum. On a past day only what was over then is shown, as it is today: two days would give what lies
    between them. Of a team that is led every day is shown.
    """
    asked = frozenset(periods)
    if screen.owners is None or screen.person is not None:
        return frozenset((scope, one) for scope in {WHOLE, *screen.teams} for one in asked)
    # Judged alike on every page: which teams are shown beside depends on the periods of the page, and on its day.
    judged = replace(screen, as_of=today(screen.request) if screen.sums_only else screen.as_of, also=())
    scopes = sorted(judged.shown)
    spans = {one: months_of(one) for one in asked}
    months = months_judged((month for found in spans.values() for month in found), judged.as_of, screen.year_starts)
    won = dict(zip(months, judged.ask(ask_won, periods=months)["periods"], strict=True)) if months else {}
    safe: set[Scoped] = set()
    for quarter in _quarters(months, screen.year_starts):
        inside = {month: found["whose"] for month, found in won.items() if month.start in quarter}
        safe |= _safe(judged, scopes, quarter, inside)
    return frozenset(
        (scope, one)
        for one, parts in spans.items()
        if one.last <= screen.as_of or screen.as_of == judged.as_of
        for scope in screen.shown
        if (scope, one) in safe or (parts and all((scope, month) in safe for month in parts))
    )


def told_of(screen: Screen, periods: Sequence[Period], scope: str) -> list[bool]:
    """Tell of each past period whether enough people sold in it, and won what came in it, for that to be told."""
    shown = won_shown(screen, periods)
    return [sold and (scope, one) in shown for one, sold in zip(periods, screen.seen_in(periods), strict=True)]


def _quarters(months: Iterable[Period], year_starts: int) -> list[Period]:
    return sorted({Period.quarter_of(one.start, year_starts) for one in months}, key=lambda quarter: quarter.start)


def months_judged(months: Iterable[Period], on: date, year_starts: int) -> tuple[Period, ...]:
    """Give the months that are judged with some: those of the same quarters, as far as they have begun by a day."""
    quarters = _quarters(months, year_starts)
    return tuple(month for quarter in quarters for month in months_of(quarter) if month.start <= on)


def months_of(period: Period) -> list[Period]:
    """Give the months that a period is made of; none for one that does not begin and end with a month.

    >>> [month.key for month in months_of(Period.parse("2026-Q1"))], months_of(Period.parse("2026-W05"))
    (['2026-01', '2026-02', '2026-03'], [])
    """
    if period.start.day != 1 or period.end.day != 1 or period.days > 31 * LONGEST:
        return []
    found, start = [], period.start
    while start < period.end:
        month = Period.month_of(start)
        found.append(month)
        start = month.end
    return found


def _safe(screen: Screen, scopes: Sequence[str], quarter: Period, whose: dict[Period, list[Json]]) -> frozenset[Scoped]:
    """Judge a quarter and its months together; of one pipeline, in all of them together and in each."""
    spans = [quarter, *months_of(quarter)]
    pipelines: set[str | None] = {None}
    if screen.pipeline is not None:
        pipelines |= {row["pipeline"] for rows in whose.values() for row in rows}
    safe = frozenset((scope, span) for scope in scopes for span in spans)
    for pipeline in pipelines:
        parts = {month: _winners(screen, rows, pipeline) for month, rows in whose.items()}
        groups: dict[str, frozenset[Share]] = {}
        names: dict[str, Scoped] = {}
        for scope in scopes:
            for span in spans:
                # Of groups of as many people the quarter comes before its months.
                name = f"{span != quarter:d} {scope} {span.key}"
                names[name] = (scope, span)
                groups[name] = frozenset(
                    (person, f"{team or ''} {month.key}")
                    for month, found in parts.items()
                    if month.start in span
                    for person, team in found[scope]
                )
        told = screen.safe(groups, {name: scope for name, (scope, _span) in names.items()})
        # A span without a win is no one's sum, and the quarter less its other months would tell it anyway.
        safe &= {names[name] for name in told}
    return safe


def _winners(
    screen: Screen, rows: Sequence[Json], pipeline: str | None
) -> dict[str, frozenset[tuple[str, str | None]]]:
    """Give who won for everybody and for each team, in one pipeline or (null) in all of them."""
    return screen.by_scope(
        [{"team": row["team"], "people": [row["person_id"]]} for row in rows if pipeline in {None, row["pipeline"]}]
    )


def won_by_month(screen: Screen, period: Period, shown: frozenset[Scoped], by_day: Sequence[Json]) -> list[Json]:
    """Give of what was won by each day what may be told: the ends of the months up to the first that is not shown.

    The last is always told: it is the sum of the whole period.
    """
    scope, ends = screen.team or WHOLE, list[date]()
    for month in months_of(period):
        if (scope, month) not in shown:
            break
        ends.append(month.last)
    kept = {}
    for row in by_day:
        on = date.fromisoformat(row["on"])
        end = next((one for one in ends if on <= one < screen.as_of), None)
        kept["" if end is None else end.isoformat()] = row
    told = [row | {"on": end} for end, row in kept.items() if end]
    return [*told, *([by_day[-1]] if by_day and "" in kept else [])]
