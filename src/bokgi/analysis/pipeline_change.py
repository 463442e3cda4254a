"""What made the open pipeline grow or shrink between two days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import NOTHING, count_of
from bokgi.analysis.visits import ladder
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome, StageKind

PARTS: Final = {
    "start": "start",
    "created": "in",
    "reopened": "in",
    "pulled_in": "in",
    "pushed_in": "in",
    "dated_in": "in",
    "moved_in": "in",
    "owner_filled": "in",
    "amount_up": "change",
    "amount_down": "change",
    "amount_filled": "change",
    "amount_emptied": "change",
    "won": "out",
    "lost": "out",
    "no_decision": "out",
    "closed_undated": "out",
    "removed": "out",
    "pushed_out": "out",
    "pulled_out": "out",
    "undated_out": "out",
    "moved_out": "out",
    "end": "end",
    "stage_forward": "told",
    "stage_back": "told",
    "close_later": "told",
    "close_sooner": "told",
}
"""Every part and its kind, in order; those of kind `told` are inside the others and add nothing."""

_OPEN: Final = Outcome.OPEN.value


def pipeline_change(
    before: ibis.Table,
    after: ibis.Table,
    stages: ibis.Table,
    *,
    due: Period | None = None,
    by: Sequence[str] = (),
) -> ibis.Table:
    """From what the open pipeline was to what it is, part by part, so that the parts add up exactly.

    Reads `before` and `after`: `deals` as of the end of two days (one row per deal: `deal_id, pipeline, stage, outcome,
    amount, expected_close_on, closed_on` and the columns in `by`), and `stages`. Two states need no change history, so
    files that were never compared before can be, and what is unknown on one of the days stays unknown.

    With `due` only deals expected to close in that period are the pipeline; then deals also come and go by their date.
    Where both states have a column `inside` (true: one of those that are meant, a team's for instance), only such deals
    are the pipeline, and deals also come from outside and go there (null: it is not known whether it is one of them).
    Hand in all deals then: one that is not in a state at all was created since, or removed.

    Gives one row per `by` and part, in the order of `PARTS`:

    - `part` and its `kind`: `start`, `in`, `change`, `out`, `end`, or `told` (counted for information, adds nothing);
    - `deals` concerned, `amount` of them (as of after; at the start as of before), `amount_unknown` without one;
    - `deals_change`, `amount_change`: what the part adds. For start and end the level itself:
      start + Σ in + Σ change + Σ out = end, exactly, in both.

    The parts: `created`; `reopened` (was closed); `pulled_in`, `pushed_in`, `dated_in` (was due later, earlier, on no
    date); `moved_in` (was open outside); `owner_filled` (was open, whose is known only after); `amount_up`,
    `amount_down` (of deals that were there), `amount_filled`, `amount_emptied` (known only after, only before); `won`,
    `lost`, `no_decision`; `closed_undated` (one of these three on a day that nobody knows, so in no period of
    `analysis.win_loss`); `removed` (or no longer in the data); `pushed_out`, `pulled_out`, `undated_out` (is now due
    later, earlier, on no date); `moved_out` (is outside now); `stage_forward`, `stage_back`, `close_later`,
    `close_sooner` (of deals open on both days).

    Counts how: a deal created and closed in between is in both parts, with `due` when it was won in that period or was
    due in it. A deal that left takes its latest amount with it, so that `won` is what was won. A deal counts where `by`
    puts it at the end. Unknown amounts add 0 and are counted. Closed and re-opened and closed again in between is not
    seen. No rows when there are no deals.

    Refuses: `UsageError` for a column in `by` that deals do not have. Do not read `amount_filled` as growth.
    Source: own definition; `tests/analysis/test_pipeline_change.py` holds the sums on arbitrary states.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> nothing = pa.array([None, None], pa.date32())
    >>> rows = {"deal_id": ["a", "b"], "pipeline": ["p", "p"], "stage": ["talk", "talk"], "outcome": ["open", "open"]}
    >>> rows |= {"amount": [Decimal(5), Decimal(7)], "expected_close_on": nothing, "closed_on": nothing}
    >>> then = {"outcome": ["won", "open"], "amount": [Decimal(6), Decimal(7)], "closed_on": [date(2026, 11, 20), None]}
    >>> after = ibis.memtable(pa.table(rows | then))
    >>> stages = {"pipeline": ["p"], "stage": ["talk"], "label": ["Talk"], "stage_order": [1], "kind": ["open"]}
    >>> stages |= {"expected_days": [7], "valid_from": nothing[:1]}
    >>> found = pipeline_change(ibis.memtable(pa.table(rows).slice(0, 1)), after, ibis.memtable(pa.table(stages)))
    >>> found.filter(found.deals > 0).select("part", "deals_change", "amount_change").to_pyarrow().to_pylist()
    [{'part': 'start', 'deals_change': 1, 'amount_change': Decimal('5.00')},
     {'part': 'created', 'deals_change': 1, 'amount_change': Decimal('7.00')},
     {'part': 'amount_up', 'deals_change': 0, 'amount_change': Decimal('1.00')},
     {'part': 'won', 'deals_change': -1, 'amount_change': Decimal('-6.00')},
     {'part': 'end', 'deals_change': 1, 'amount_change': Decimal('7.00')}]
    """
    by = check_columns(after, by)
    cells = _cells(_told(_paired(before, after, stages, by), due), by)
    rows = [(part, kind, place) for place, (part, kind) in enumerate(PARTS.items())]
    parts = ibis.memtable(pa.table([list(column) for column in zip(*rows, strict=True)], ["part", "kind", "place"]))
    here = ibis.cases(
        (_.kind == "start", _.in_before),
        (_.kind == "in", _.came == _.part),
        (_.kind == "change", _.changed == _.part),
        (_.kind == "out", _.went == _.part),
        (_.kind == "end", _.in_after),
        else_=(_.stage_moved == _.part) | (_.date_moved == _.part),
    )
    # A deal that is no longer in the data has no amount after: it takes the one it had.
    at_before = (_.kind == "start") | _.vanished
    told = cells.cross_join(parts).mutate(
        here=ibis.coalesce(here, ibis.literal(value=False)),
        sign=ibis.cases((_.kind == "out", -1), (_.kind == "told", 0), else_=1),
        level=at_before.ifelse(_.amount_before, _.amount_after),
        unknown=at_before.ifelse(_.unknown_before, _.unknown_after),
        step=(_.kind == "change").ifelse(
            _.amount_after - _.amount_before, at_before.ifelse(_.amount_before, _.amount_after)
        ),
    )
    return (
        told.group_by(*by, "part", "kind", "place")
        .agg(
            deals=ibis.coalesce(_.n.sum(where=_.here), 0),
            amount=ibis.coalesce(_.level.sum(where=_.here), NOTHING),
            amount_unknown=ibis.coalesce(_.unknown.sum(where=_.here), 0),
            deals_change=ibis.coalesce((_.n * _.sign).sum(where=_.here & (_.kind != "change")), 0),
            amount_change=ibis.coalesce((_.step * _.sign).sum(where=_.here), NOTHING),
        )
        .order_by(*by, "place")
        .drop("place")
    )


def pipeline_moves(
    before: ibis.Table, after: ibis.Table, stages: ibis.Table, *, due: Period | None = None
) -> ibis.Table:
    """Which deals make up the parts of `pipeline_change`, for the same two states.

    Gives one row per deal that was or is in the pipeline, or passed through it: `deal_id`, and the parts it belongs to
    (null: none): `came`, `changed`, `went`, `stage_moved`, `date_moved`; `in_before`, `in_after`; `amount_before`,
    `amount_after`, `due_before`, `due_after`, `stage_before`, `stage_after` (null: not known, or not there).
    The deals whose `came`, `changed` or `went` is a part are as many as that part counts in `pipeline_change`.

    >>> from datetime import date
    >>> nothing = pa.array([None], pa.date32())
    >>> rows = {"deal_id": ["a"], "pipeline": ["p"], "stage": ["talk"], "outcome": ["open"], "amount": [5]}
    >>> rows |= {"expected_close_on": nothing, "closed_on": nothing}
    >>> stages = {"pipeline": ["p"], "stage": ["talk"], "label": ["Talk"], "stage_order": [1], "kind": ["open"]}
    >>> stages |= {"expected_days": [7], "valid_from": nothing}
    >>> won = {"outcome": ["won"], "closed_on": [date(2026, 11, 20)]}
    >>> states = (ibis.memtable(pa.table(rows | change)) for change in ({}, won))
    >>> found = pipeline_moves(*states, ibis.memtable(pa.table(stages)))
    >>> found.select("deal_id", "came", "went", "in_before").to_pyarrow().to_pylist()
    [{'deal_id': 'a', 'came': None, 'went': 'won', 'in_before': True}]
    """
    told = _told(_paired(before, after, stages, ()), due)
    return (
        told.filter(_.in_before | _.came_in)
        .mutate(deal_id=ibis.coalesce(_.deal_after, _.deal_before))
        .select(
            "deal_id",
            *("came", "changed", "went", "stage_moved", "date_moved", "in_before", "in_after"),
            *("amount_before", "amount_after", "due_before", "due_after", "stage_before", "stage_after"),
        )
        .order_by("deal_id")
    )


def _paired(before: ibis.Table, after: ibis.Table, stages: ibis.Table, by: Sequence[str]) -> ibis.Table:
    """One row per deal with its two states; those closed on both days are left out."""
    steps = ladder(stages).filter(_.kind == StageKind.OPEN.value).select("pipeline", "stage", "stage_order")
    states, no = [], ibis.literal(value=False)
    for name, deals in (("before", before), ("after", after)):
        if "inside" not in deals.columns:
            deals = deals.mutate(inside=ibis.literal(value=True))  # noqa: PLW2901 - all deals are meant
        columns = ["deal_id", "pipeline", "stage", "outcome", "amount", "expected_close_on", "closed_on"]
        known = deals.select(*columns, "inside", *by).left_join(steps, ["pipeline", "stage"], rname="of_{name}")
        states.append(
            known.select(
                **{f"deal_{name}": _.deal_id},
                **{f"inside_{name}": ibis.coalesce(_.inside, no)},
                **{f"unsure_{name}": _.inside.isnull()},
                **{f"open_{name}": _.outcome == _OPEN},
                **{f"outcome_{name}": _.outcome},
                **{f"amount_{name}": _.amount.cast("decimal(18, 2)")},
                **{f"due_{name}": _.expected_close_on},
                **{f"order_{name}": _.stage_order},
                **{f"stage_{name}": _.stage},
                **{f"closed_on_{name}": _.closed_on},
                **{f"by_{name}_{column}": _[column] for column in by},
            )
        )
    pairs = states[0].outer_join(states[1], states[0].deal_before == states[1].deal_after)
    pairs = pairs.mutate(**{name: ibis.coalesce(_[name], no) for name in ("inside_before", "inside_after")})
    pairs = pairs.filter(
        _.inside_before | _.inside_after,
        ibis.coalesce(_.open_before, no) | ibis.coalesce(_.open_after, no) | _.deal_before.isnull(),
    )
    split = {column: _.deal_after.notnull().ifelse(_[f"by_after_{column}"], _[f"by_before_{column}"]) for column in by}
    return pairs.mutate(**split)


def _told(pairs: ibis.Table, due: Period | None) -> ibis.Table:
    """Say for each deal whether it was and is in the pipeline, how it came, changed and went."""
    existed, exists = _.deal_before.notnull(), _.deal_after.notnull()
    was_open, is_open = existed & _.open_before, exists & _.open_after
    inside = pairs.mutate(
        existed=existed,
        exists=exists,
        was_open=was_open,
        is_open=is_open,
        in_before=was_open & _.inside_before & _within(_.due_before, due),
        in_after=is_open & _.inside_after & _within(_.due_after, due),
    )
    closed_between = _.exists & _.inside_after & ~_.is_open & (_.was_open | ~_.existed)
    if due is None:
        passed = closed_between
    else:
        won = (_.outcome_after == Outcome.WON.value) & _within(_.closed_on_after, due)
        passed = closed_between & (won | (~_.existed & _within(_.due_after, due)))
    inside = inside.mutate(came_in=~_.in_before & (_.in_after | passed), vanished=_.in_before & ~_.exists)
    nothing = ibis.null("string")
    later, sooner = _.due_after > _.due_before, _.due_after < _.due_before
    kept = _.was_open & _.is_open & (_.in_before | _.in_after)
    return inside.mutate(
        came=ibis.cases(
            (~_.came_in, nothing),
            (~_.existed, "created"),
            (~_.was_open, "reopened"),
            (_.unsure_before, "owner_filled"),
            (~_.inside_before, "moved_in"),
            else_=_by_date(_.due_before, due, later="pulled_in", earlier="pushed_in", never="dated_in"),
        ),
        changed=ibis.cases(
            (~(_.in_before & _.exists), nothing),
            (_.amount_before.isnull() & _.amount_after.notnull(), "amount_filled"),
            (_.amount_before.notnull() & _.amount_after.isnull(), "amount_emptied"),
            (_.amount_after > _.amount_before, "amount_up"),
            (_.amount_after < _.amount_before, "amount_down"),
            else_=nothing,
        ),
        went=ibis.cases(
            (_.in_after | ~(_.in_before | _.came_in), nothing),
            (~_.exists, Outcome.REMOVED.value),
            (~_.inside_after, "moved_out"),
            (_.outcome_after == Outcome.REMOVED.value, _.outcome_after),
            (~_.is_open & _.closed_on_after.isnull(), "closed_undated"),
            (~_.is_open, _.outcome_after),
            else_=_by_date(_.due_after, due, later="pushed_out", earlier="pulled_out", never="undated_out"),
        ),
        stage_moved=ibis.cases(
            (kept & (_.order_after > _.order_before), "stage_forward"),
            (kept & (_.order_after < _.order_before), "stage_back"),
            else_=nothing,
        ),
        date_moved=ibis.cases((kept & later, "close_later"), (kept & sooner, "close_sooner"), else_=nothing),
    )


def _within(day: ir.DateValue, due: Period | None) -> ir.BooleanValue:
    if due is None:
        return ibis.literal(value=True)
    return ibis.coalesce((day >= due.start) & (day < due.end), ibis.literal(value=False))


def _by_date(day: ir.DateValue, due: Period | None, *, later: str, earlier: str, never: str) -> ir.StringValue:
    if due is None:
        return ibis.null("string")
    return ibis.cases((day.isnull(), never), (day >= due.end, later), else_=earlier)


def _cells(told: ibis.Table, by: Sequence[str]) -> ibis.Table:
    """Count deals and sum amounts of those with one fate."""
    fates = ["in_before", "in_after", "vanished", "came", "changed", "went", "stage_moved", "date_moved"]
    roomy = {name: ibis.coalesce(_[name], NOTHING).cast("decimal(18, 2)") for name in ("amount_before", "amount_after")}
    unknown = {"unknown_before": _.amount_before.isnull(), "unknown_after": _.amount_after.isnull()}
    return (
        told.filter(_.in_before | _.came_in)
        .select(*by, *fates, **roomy, **unknown)
        .group_by(*by, *fates)
        .agg(
            n=_.count(),
            amount_before=_.amount_before.sum(),
            amount_after=_.amount_after.sum(),
            unknown_before=count_of(_.unknown_before),
            unknown_after=count_of(_.unknown_after),
        )
    )
