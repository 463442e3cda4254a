"""The deals behind a figure: a list with filters, its sums, and what each open deal lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from bokgi.analysis.funnel import FIGURES, FunnelMode, counted
from bokgi.analysis.hygiene import REASONS
from bokgi.analysis.totals import totals, waits_for_rate
from bokgi.analysis.visits import ladder
from bokgi.analysis.win_loss import stood_last
from bokgi.domain.errors import UsageError
from bokgi.domain.hangul import search_pattern
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Asked, Json, asked, care_of, waiting_for_rates
from bokgi.questions.attention import attention_notes
from bokgi.questions.forecast_categories import CATEGORIES, given_category
from bokgi.questions.moved import FIGURES as CHANGES
from bokgi.questions.moved import Inside, deals_of
from bokgi.questions.titles import title, with_names

Span = tuple[date | None, date | None]
"""First day and first day after; null: no bound."""

ALL: Final = "all"
OUTCOMES: Final = (*(outcome.value for outcome in Outcome), "closed", ALL)
ANY_REASON: Final = "any"
"""Stands for every reason why an open deal wants attention."""
ORDERS: Final = ("attention", "amount", "created", "closed", "due", "stage")
MOST: Final = 50_000
"""Rows of one answer; a list of more is given in parts."""
CLOSED_BY: Final = "closed_by"
"""Figure of closed deals that count for who had them when they closed."""
ENDED_IN: Final = "ended_in"
"""Figure of losses that stood last in `stage` of `pipeline`; those of a `person` as `CLOSED_BY` has them."""
_CHANGE: Final = "change."
_COLUMNS: Final = ("type", "product", "source", "lead_grade", "industry", "segment", "size", "region", "lost_reason")


@dataclass(frozen=True)
class Where:
    """Which deals: every filter given must hold.

    `person` and `owners` are keys (`owners` also when it is empty: nobody's); `category` is one of
    `forecast_categories.CATEGORIES`, `none` for deals without one; `columns` are pairs of a condition or
    attribute and its value, null for deals without one; `created`, `closed` and `due` are spans of days; `entered`
    needs `stage`: deals whose first visit to it began in that span; `figure` is a count of the funnel
    (`period_flow.at_start`, see `analysis.funnel.FIGURES`) of the days `within`, in the row of `pipeline` and `stage`,
    or a part of the pipeline's change in these days (`change.created`, see `questions.moved.FIGURES`), of the deals
    that were the team's, the person's or the pipeline's on its first or its last day; or `closed_by`: `person` had them
    on the day they closed, whoever has them now; or `ended_in`: lost, or ended without a decision, from `stage`,
    and held by `person` then. `attention` is a reason of
    `analysis.hygiene`, or `any` of them.
    """

    outcome: str = Outcome.OPEN.value
    person: str | None = None
    owners: tuple[str, ...] | None = None
    team: str | None = None
    pipeline: str | None = None
    stage: str | None = None
    category: str | None = None
    columns: tuple[tuple[str, str | None], ...] = ()
    created: Span | None = None
    closed: Span | None = None
    due: Span | None = None
    entered: Span | None = None
    figure: str | None = None
    within: tuple[date, date] | None = None
    attention: str | None = None
    search: str | None = None
    deal_ids: tuple[str, ...] | None = None


def list_deals(
    facts: Facts,
    *,
    as_of: date,
    where: Where | None = None,
    order: str = "amount",
    reverse: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Json:
    """List the deals that a figure counts, as they stood at the end of `as_of`.

    Reads all facts of a lake version. Gives `total{count, amount, amount_unknown, without_rate}` of all that fit,
    `deals[]` of which at most `limit` from `offset` on: names, owner, team, stage, amount, dates, and for open ones
    `days_in_stage` (with `days_in_stage_at_least`, where a first export found the deal there), `last_activity_on`,
    `reasons[]` and `notes[]` (why it wants attention). Amounts in the organisation's currency; one without an exchange
    rate stands in its own as `unconverted` (`amount` is null), and `without_rate` counts these deals by currency; they
    are among those of `amount_unknown`.

    `order`: `attention` (money × days in the stage) and `amount` (the largest first),
    `created` and `closed` (the latest first), `due` (the earliest first), `stage` (the furthest first), or the other
    way round with `reverse`; what is not known comes last, and the key decides ties. Raises `UsageError` for an unknown
    outcome, order, reason or column.
    """
    wanted = where or Where()
    _check("--outcome", wanted.outcome, OUTCOMES)
    _check("--sort", order, ORDERS)
    if wanted.attention is not None:
        _check("--attention", wanted.attention, (ANY_REASON, *REASONS))
    extra = [name for name, _value in wanted.columns if name not in _COLUMNS]
    with asked(facts, as_of=as_of, attributes=extra) as here:
        return {
            "as_of": as_of.isoformat(),
            "where": _where_json(wanted),
            "order": order,
            "offset": offset,
            **listed(here, wanted, order=order, reverse=reverse, limit=limit, offset=offset),
        }


def listed(
    here: Asked, where: Where, *, order: str = "amount", reverse: bool = False, limit: int = 50, offset: int = 0
) -> Json:
    """Give `total` and `deals[]` of `list_deals` within a question that is being asked."""
    looked = _told(here, _filtered(here, where))
    if where.attention is not None:
        reasons = REASONS if where.attention == ANY_REASON else (where.attention,)
        looked = looked.filter(ibis.or_(*(ibis.coalesce(_[name], ibis.literal(value=False)) for name in reasons)))
    sums = looked.agg(**totals("count", _.deal_id.notnull())).to_pyarrow().to_pylist()[0]
    page = looked.order_by(_order(order, reverse=reverse)).limit(min(limit, MOST), offset=offset)
    rows = page.to_pyarrow().to_pylist()
    waiting = _without_rate(here, looked) if sums["count_amount_unknown"] else {}
    own = own_amounts(here.read, here.as_of, _without_amount(rows)) if waiting else {}
    known = sums["count_amount_unknown"] < sums["count"] or not sums["count"]
    return {
        "total": {
            "count": sums["count"],
            "amount": amount(here, sums["count_amount"]) if known else None,
            "amount_unknown": sums["count_amount_unknown"],
            "without_rate": waiting,
        },
        "deals": [deal_row(here, row, own.get(row["deal_id"])) for row in rows],
    }


def _without_rate(here: Asked, deals: ir.Table) -> dict[str, int]:
    """Count the deals whose amount waits for an exchange rate, by currency."""
    waiting = waiting_for_rates(here.facts, deals).filter(waits_for_rate())
    found = waiting.group_by("currency").agg(n=_.count()).order_by("currency")
    return {row["currency"]: row["n"] for row in found.to_pyarrow().to_pylist()}


def _without_amount(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [row["deal_id"] for row in rows if row["amount"] is None and row["currency"] is not None]


def own_amounts(read: Facts, as_of: date, deal_ids: Sequence[str]) -> dict[str, Money]:
    """Give what deals without an amount in the organisation's currency come to in their own; none for the others.

    `read` are all facts of a lake version. Asked of deals that have an amount there, it gives that.
    """
    if not deal_ids:
        return {}
    asked_of = ibis.memtable(pa.table({"deal_id": list(deal_ids)}))
    then = facts_on(read, as_of).deals.semi_join(asked_of, "deal_id")
    told = then.select("deal_id", "amount", "currency").to_pyarrow().to_pylist()
    return {row["deal_id"]: Money(row["amount"], row["currency"]) for row in told if row["amount"] is not None}


def _check(option: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": option, "given": given}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(allowed)}),
        )


def _where_json(where: Where) -> Json:
    def written(value: object) -> object:
        if isinstance(value, tuple):
            return [written(part) for part in value]
        return value.isoformat() if isinstance(value, date) else value

    told = {name: written(value) for name, value in vars(where).items() if name != "owners"}
    return {name: value for name, value in told.items() if value not in (None, [])}


def _within(column: ir.DateValue, span: Span) -> ir.BooleanValue:
    start, end = span
    inside = column.notnull()
    if start is not None:
        inside &= column >= ibis.literal(start)
    if end is not None:
        inside &= column < ibis.literal(end)
    return inside


def _filtered(here: Asked, where: Where) -> ir.Table:
    deals = here.deals
    tests: list[ir.BooleanValue] = []
    if where.outcome == "closed":
        tests.append(~deals.outcome.isin([Outcome.OPEN.value, Outcome.REMOVED.value]))
    elif where.outcome != ALL:
        tests.append(deals.outcome == where.outcome)
    if where.owners is not None:
        tests.append(deals.owner_id.isin(list(where.owners)) if where.owners else ibis.literal(value=False))
    pairs = {"owner_id": where.person, "team": where.team}
    if where.figure is None:
        # A figure names the row of the funnel where a deal was counted, which need not be where it is now.
        pairs |= {"pipeline": where.pipeline, "stage": where.stage if where.entered is None else None}
    elif where.figure == CLOSED_BY or where.figure.startswith(_CHANGE) or (where.figure == ENDED_IN and where.person):
        # What went to another team or person is a part of the change, and counts for who closed it.
        pairs = {}
    tests += [deals[name] == value for name, value in pairs.items() if value is not None]
    tests += _in_category(deals, where.category)
    for name, value in where.columns:
        _check("--where", name, [column for column in deals.columns if column in _COLUMNS or column == name])
        tests.append(deals[name].isnull() if value is None else deals[name] == value)
    spans = {"created_on": where.created, "closed_on": where.closed, "expected_close_on": where.due}
    tests += [_within(deals[name], span) for name, span in spans.items() if span is not None]
    if where.deal_ids is not None:
        tests.append(deals.deal_id.isin(list(where.deal_ids)) if where.deal_ids else ibis.literal(value=False))
    found = deals.filter(tests) if tests else deals
    if where.figure is not None or where.entered is not None:
        found = found.semi_join(_counted(here, where), "deal_id")
    if where.search:
        pattern = search_pattern(where.search)
        named = with_names(deals.select("deal_id", "account_id"), here.facts)
        hits = named.filter(
            ibis.coalesce(_.account_name, "").re_search(pattern)
            | ibis.coalesce(_.deal_name, "").re_search(pattern)
            | (_.deal_id == where.search)
        )
        found = found.semi_join(hits, "deal_id")
    return found


def _in_category(deals: ir.Table, category: str | None) -> list[ir.BooleanValue]:
    if category is None:
        return []
    _check("--category", category, CATEGORIES)
    return [given_category(deals) == category]


def _counted(here: Asked, where: Where) -> ir.Table:
    """Give the deals that a figure counts, or whose first visit to a stage began in a span."""
    figure = where.figure
    if figure is None:
        return here.visits().filter(
            _.first & (_.stage == where.stage) & _within(_.entered_on, where.entered or (None, None))
        )
    changes = [f"{_CHANGE}{name}" for name in CHANGES]
    _check(
        "--figure",
        figure,
        [*(f"{mode.value}.{name}" for mode, names in FIGURES.items() for name in names), *changes, CLOSED_BY, ENDED_IN],
    )
    mode, _dot, name = figure.partition(".")
    if figure in changes:
        return _changed(here, where, name)
    if figure == CLOSED_BY:
        return _held(here, where, pipeline=where.pipeline)
    if figure == ENDED_IN and where.stage is not None and where.pipeline is not None:
        stood = stood_last(here.visits()).filter(_.pipeline == where.pipeline, _.stage == where.stage)
        return stood if where.person is None else stood.semi_join(_held(here, where), "deal_id")
    if where.stage is None or where.pipeline is None or where.within is None:
        raise UsageError(
            "figure_incomplete",
            Message(N_("A count of the funnel belongs to a pipeline, a stage and a period.")),
            Message(N_("Open it from the funnel, or name all three.")),
        )
    return counted(
        here.deals,
        here.visits(),
        here.facts.stages,
        mode=FunnelMode(mode),
        period=Period(*where.within),
        pipeline=where.pipeline,
        stage=where.stage,
        figure=name,
    )


def _held(here: Asked, where: Where, *, pipeline: str | None = None) -> ir.Table:
    """Give the deals that counted for a person or team on the day they closed."""
    held, pairs = here.closed_by(), {"owner_id": where.person, "team": where.team, "pipeline": pipeline}
    return held.filter([held[column] == value for column, value in pairs.items() if value is not None])


def _changed(here: Asked, where: Where, part: str) -> ir.Table:
    """Give the deals of a part of the pipeline's change."""
    if where.within is None or where.within[1] != here.as_of + timedelta(days=1):
        raise UsageError(
            "figure_incomplete",
            Message(N_("A part of the pipeline's change belongs to days that end with the day of the list.")),
            Message(N_("Open it from the pipeline's change, or name both.")),
        )
    inside = Inside(team=where.team, pipeline=where.pipeline, person=where.person)
    return deals_of(here, part, start=where.within[0], inside=inside)


def _stages_named(deals: ir.Table, here: Asked) -> ir.Table:
    steps = ladder(here.facts.stages).select("pipeline", "stage", stage_label="label", stage_order="stage_order")
    return deals.left_join(steps, ["pipeline", "stage"], rname="of_{name}").drop("of_pipeline", "of_stage")


_CARE: Final = (
    "last_activity_on",
    "next_activity_on",
    "idle_working_days",
    "times_pushed",
    "days_in_stage",
    "days_in_stage_at_least",
    "expected_days",
)


_OF_DEAL: Final = (
    *("deal_id", "account_id", "owner_id", "team", "pipeline", "stage", "outcome", "lost_reason"),
    *("amount", "currency", "created_on", "expected_close_on", "closed_on", "next_step_on", "unknown_then"),
)
_TOLD: Final = ("account_name", "deal_name", "stage_label", "stage_order", *_CARE, *REASONS)


def _told(here: Asked, deals: ir.Table) -> ir.Table:
    """Give what a list tells of each deal: its own columns, names, the stage's place, what an open one lacks.

    The latter of all deals at once and kept for the day: a list, a person's page, a deal's page only read it.
    """
    if here.shared:
        told = here.read.kept(f"told-{here.as_of}", lambda: _told_of(here, here.deals, here.care()))
    else:
        # Only their own events: a page of fifty deals does not pay for the stage history of all.
        deals = here.keep(deals)
        told = here.keep(_told_of(here, deals, care_of(here.facts, deals)))
    own = deals.select(*_OF_DEAL)
    joined = own.left_join(told, "deal_id", rname="of_{name}").drop("of_deal_id")
    days = ibis.greatest(ibis.coalesce(_.days_in_stage, 0), 0)
    return joined.mutate(weight=ibis.coalesce(_.amount, 0).cast("float64") * (days + 1))


def _told_of(here: Asked, deals: ir.Table, care: ir.Table) -> ir.Table:
    """Give `_TOLD` of deals, with what the open ones lack; null for a closed one."""
    named = with_names(_stages_named(deals.select("deal_id", "account_id", "pipeline", "stage"), here), here.facts)
    names = named.select("deal_id", *(name for name in _TOLD if name in named.columns)).distinct()
    lacks = care.select("deal_id", *_CARE, *REASONS)
    return names.left_join(lacks, "deal_id", rname="of_{name}").select("deal_id", *_TOLD)


def _order(order: str, *, reverse: bool) -> list[ir.Value]:
    days = ibis.coalesce(_.days_in_stage, 0)
    by: dict[str, list[tuple[Any, bool]]] = {
        "attention": [(_.weight, True), (days, True)],
        "amount": [(_.amount, True)],
        "created": [(_.created_on, True)],
        "closed": [(_.closed_on, True)],
        "due": [(_.expected_close_on, False)],
        "stage": [(_.pipeline, False), (_.stage_order, True)],
    }
    falling = [
        column.desc(nulls_first=False) if down is not reverse else column.asc(nulls_first=False)
        for column, down in by[order]
    ]
    return [*falling, _.deal_id.asc()]


def deal_row(here: Asked, row: Mapping[str, Any], own: Money | None = None) -> Json:
    """Write one deal as every list has it; `own` is an amount that waits for an exchange rate."""
    is_open = row["outcome"] == Outcome.OPEN.value
    names = (row["account_name"] or row["account_id"], row["deal_name"])
    dates = ("created_on", "expected_close_on", "closed_on", "next_step_on", "last_activity_on")
    return {
        "deal_id": row["deal_id"],
        "title": title(names, row["deal_id"]),
        "account_id": row["account_id"],
        "account": names[0],
        "name": row["deal_name"],
        "owner_id": row["owner_id"],
        "owner": None if row["owner_id"] is None else here.name(row["owner_id"]),
        "team": row["team"],
        "pipeline": row["pipeline"],
        "stage": row["stage"],
        "stage_label": row["stage_label"] or row["stage"],
        "outcome": row["outcome"],
        "lost_reason": row["lost_reason"],
        "amount": amount(here, row["amount"]),
        "unconverted": None if own is None else own.as_json(),
        **{name: None if row[name] is None else row[name].isoformat() for name in dates},
        "days_in_stage": row["days_in_stage"],
        "days_in_stage_at_least": bool(row["days_in_stage_at_least"]),
        "unknown_then": [name for name in row["unknown_then"].split(",") if name],
        "reasons": [name for name in REASONS if is_open and row[name]],
        "notes": [encoded(note) for note in attention_notes(row, here.as_of)] if is_open else [],
    }


def amount(here: Asked, value: Decimal | None) -> Json | None:
    """Write an exact amount in the organisation's currency; null where none is known."""
    return None if value is None else Money(value, here.facts.settings.currency).as_json()
