"""What the categories that reps give in the CRM come to: commit, best case, pipeline; whole, by person and by team."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.forecast import Scope
from bokgi.analysis.totals import totals
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked

COMMIT, BEST_CASE, PIPELINE, OMITTED, NONE = "commit", "best_case", "pipeline", "omitted", "none"
CATEGORIES: Final = (COMMIT, BEST_CASE, PIPELINE, OMITTED, NONE)
"""From the surest to the least sure; `omitted` is left out of every sum, `none` has no category."""
_KNOWN: Final = (COMMIT, BEST_CASE, PIPELINE, OMITTED)


def categories(here: Asked, period: Period, scope: Scope) -> Json:
    """Sum the open deals due in a period by the category that the CRM gives them.

    A deal is due when its expected close lies in the period; one whose close date has passed is due in the period that
    the day lies in. Gives `parts[]{code, n, amount, amount_unknown}` in the order of `CATEGORIES`, the levels `commit`
    (won + commit), `best_case` (+ best case) and `pipeline` (+ pipeline and deals without a category), and the same
    levels for `people[]` and `teams[]`; `used` is false when no open deal that is due has a category: levels are null
    then. Deals without an amount count in `n` and stay out of sums.
    """
    rows = _rows(here, period, scope)
    used = any(row["code"] in _KNOWN for row in rows)
    return {
        "used": used,
        "parts": [_part(here, code, rows) for code in CATEGORIES],
        **_levels(here, rows, used=used),
        "people": [
            {"person_id": person, "name": here.name(person), **_levels(here, own, used=used)}
            for person, own in _by(rows, "owner_id")
        ],
        "teams": [{"team": name, **_levels(here, own, used=used)} for name, own in _by(rows, "team")],
    }


def ask_category_people(facts: Facts, *, as_of: date, period: Period, pipeline: str | None = None) -> Json:
    """Ask whose the open deals due in a period are, by the category that the CRM gives them (see `categories`).

    Gives `parts{code: []{person_id, team}}`, `team` null for who is in none. Deals of nobody are left out.
    """
    with asked(facts, as_of=as_of) as here:
        rows = _rows(here, period, Scope(pipeline=pipeline))
        owned = [row for row in rows if row["owner_id"] is not None]
        return {
            "as_of": as_of.isoformat(),
            "parts": {
                code: [{"person_id": row["owner_id"], "team": row["team"]} for row in owned if row["code"] == code]
                for code in CATEGORIES
            },
        }


def _rows(here: Asked, period: Period, scope: Scope) -> list[dict[str, Any]]:
    """Sum what is won and what is due by code (`won`, or a category), owner and team."""
    deals = here.of(team=scope.team, pipeline=scope.pipeline, person=scope.person)
    due = _.expected_close_on < period.end
    if here.as_of not in period:
        due &= _.expected_close_on >= period.start
    won = (_.outcome == Outcome.WON.value) & (_.closed_on >= period.start) & (_.closed_on < period.end)
    is_due = (_.outcome == Outcome.OPEN.value) & due
    told = deals.mutate(code=ibis.cases((won, "won"), (is_due, given_category(deals)), else_="other"))
    rows: list[dict[str, Any]] = (
        told.filter(_.code != "other")
        .group_by("code", "owner_id", "team")
        .agg(**totals("n", _.deal_id.notnull()))
        .order_by("code", "owner_id", "team")
        .to_pyarrow()
        .to_pylist()
    )
    return rows


def given_category(deals: ir.Table) -> ir.StringValue:
    """Give the category of each deal: one of `CATEGORIES`, `none` also where the CRM gives another one."""
    return ibis.cases(*((deals.forecast_category == code, code) for code in _KNOWN), else_=NONE)


def _by(rows: list[dict[str, Any]], column: str) -> list[tuple[str, list[dict[str, Any]]]]:
    keys = sorted({row[column] for row in rows if row[column] is not None})
    return [(key, [row for row in rows if row[column] == key]) for key in keys]


def _part(here: Asked, code: str, rows: list[dict[str, Any]]) -> Json:
    own = [row for row in rows if row["code"] == code]
    return {
        "code": code,
        "n": sum(row["n"] for row in own),
        "amount": here.money(float(_sum(own))),
        "amount_unknown": sum(row["n_amount_unknown"] for row in own),
    }


def _levels(here: Asked, rows: list[dict[str, Any]], *, used: bool) -> Json:
    """Add the categories up, from the surest on."""
    told: Json = {}
    sure: tuple[str, ...] = ("won",)
    for name, more in ((COMMIT, (COMMIT,)), (BEST_CASE, (BEST_CASE,)), (PIPELINE, (PIPELINE, NONE))):
        sure = (*sure, *more)
        told[name] = here.money(float(_sum(row for row in rows if row["code"] in sure))) if used else None
    return told


def _sum(rows: Iterable[dict[str, Any]]) -> Decimal:
    return sum((row["n_amount"] for row in rows), Decimal(0))
