"""Facts as they had happened by the end of a day, in portable Ibis.

Only what is dated up to that day, known from creation on, or already seen by an export of then is used; everything
else about an open deal is *unknown then*, and `deals.unknown_then` names it. So a review of a past week cannot see
the future. What was known when is another question: that is the lake version.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from bokgi.domain.stage import Outcome, StageKind
from bokgi.facts.model import Facts
from bokgi.facts.schema import HISTORY, STATE_COLUMNS, TABLES, TRACKED_COLUMNS

_CLOSING: Final = ("outcome", "closed_on", "lost_reason")
_WITH_AMOUNT: Final = ("currency", "amount_kind", "vat")
_REBUILT: Final = tuple(name for name in TRACKED_COLUMNS if name not in _CLOSING)
_TYPES: Final = {
    "amount": "decimal(18, 2)",
    "probability": "float64",
    "has_next_step": "boolean",
    "assigned_on": "date",
    "expected_close_on": "date",
    "next_step_on": "date",
    "closed_on": "date",
}
_EFFECTIVE: Final = ("memberships", "deal_people", "stages", "standards")
_DATED: Final = {
    "stage_events": "entered_on",
    "content_events": "happened_on",
    "responses": "happened_on",
    "rates": "month",
}
_CLOSED_KINDS: Final = [kind.value for kind in StageKind if kind is not StageKind.OPEN]
_LATE_WORDS: Final = ("next_step", "lost_comment")


def as_of(facts: Facts, on: date, *, deals: ir.Table | None = None) -> Facts:
    """Rebuild all facts as they had happened by the end of `on`.

    - A deal exists once it was created; one without a creation date, once an export or an event up to then shows it.
    - It is closed when it closed on or before `on`; later closing leaves outcome `open`, `closed_on` and `lost_reason`
      null. A deal that was closed and opened again is closed in between, if its stage events or changes say so.
    - `stage` is the last stage event up to then.
    - The other columns that may change have, in this order: the value of the last `deal_changes` row up to then; the
      value of the row if it was exported by then, if the mapping declares it known at creation, if an export by then
      held the deal and no change is recorded since, or if the deal was closed by then. Otherwise they are null and
      named in `unknown_then`. `currency`, `amount_kind` and `vat` are known with the amount; `attributes` are those
      that the last export up to then held, or of the row by the same rule.
    - Who takes part at the customer's, and in which role, is what exports and entries up to then say.
    - A target is what the last export or entry up to then said; before the first of all it is what that one says, for a
      target is set beforehand and told when somebody gets to it. So are industry, segment, size and region of an
      account, which seldom change: what was not told before is taken to have held. Names are those of today, of people
      as of accounts: who reads knows them by these.
    - Events, activities, content and responses after `on` are left out; an activity that an export by then already
      announced stays, as it was announced. Texts are those of the last export up to then; of a lead whose owner or
      outcome an export told later, those that one up to then told. Definitions hold as of then: rows that begin later
      are left out, ends that come later are open.
    - `observed_on`, `first_seen_on` and `last_seen_on` say what we knew, not what had happened: null. First values of
      `deal_changes` (`seq` 0, and what the first export showed: see `changes_by`) and `known_at_creation` have done
      their part, and would tell what changes later: the former are left out, the latter is `,`.

    `deals`: `deals_as_of` of that day, where they are known already.
    """
    tables = {
        name: facts.tables[name].filter(facts.tables[name][column] <= _day(on)) for name, column in _DATED.items()
    }
    for name in _EFFECTIVE:
        rows = facts.tables[name]
        begun = rows.filter(rows.valid_from.isnull() | (rows.valid_from <= _day(on)))
        tables[name] = begun.mutate(valid_to=_unless_later(begun.valid_to, on))
    changes = changes_by(facts.deal_changes, on)
    tables["deal_changes"] = changes.filter(changes.seq > 0)
    staff = tables["memberships"]
    tables["memberships"] = staff.mutate(left_on=_unless_later(staff.left_on, on))
    deals = deals_as_of(facts, on) if deals is None else deals
    tables["deals"] = deals
    tables["leads"] = _leads(facts, deals, on)
    tables["deal_contacts"] = _parts(facts, on)
    for name in ("targets", "accounts"):
        tables[name] = _unseen(name, _as_told(facts, name, on))
    tables["activities"] = _activities(facts, on)
    words = _as_told(facts, "texts", on)
    tables["texts"] = _unseen("texts", words.filter(~words.kind.isin(_LATE_WORDS) | _by(words.observed_on, on)))
    return replace(facts, **tables, settings=facts.settings.on(on), as_of=on)


def changes_by(changes: ir.Table, on: date) -> ir.Table:
    """Give the changes of deals up to `on`, first values of a history (`seq` 0) among them.

    What the first export of a deal showed has a row of its own only where it differs from something else. Where that is
    told after `on` the row is left out: it would tell that a change is to come.
    """
    then = changes.filter(changes.changed_on <= _day(on))
    first = (then.origin == "snapshot") & then.not_before_on.isnull()
    known = then.filter(~first)
    shown = then.filter(first).semi_join(known.filter(known.seq > 0), ["deal_id", "field"])
    return known.union(shown)


def _day(on: date) -> ir.DateScalar:
    return ibis.literal(on, type="date")


def _by(column: ir.Value, on: date) -> ir.BooleanValue:
    """Tell whether a date is known and not after `on`; never null."""
    return column.notnull() & (column <= _day(on))


def _unless_later(column: ir.Value, on: date) -> ir.Value:
    return _by(column, on).ifelse(column, ibis.null("date"))


def _unseen(name: str, table: ir.Table) -> ir.Table:
    """Take away what an export told when."""
    added = [column.name for column in STATE_COLUMNS[name] if column.type == "date" or column.type.startswith(HISTORY)]
    return table.mutate(**{column: ibis.null(table[column].type()) for column in added})


def _last_stages(facts: Facts, on: date) -> ir.Table:
    """Give the last stage event up to `on` of each deal, with the kind of its stage."""
    events = facts.stage_events.filter(facts.stage_events.entered_on <= _day(on))
    # The last day is found by a maximum, so that only the few events of that day are put in order.
    days = events.group_by(last_deal="deal_id").agg(last_on=events.entered_on.max())
    events = events.join(days, [events.deal_id == days.last_deal, events.entered_on == days.last_on])
    latest = ibis.window(
        group_by="deal_id",
        order_by=[
            events.entered_at.desc(nulls_first=False),
            events.seq.desc(),
            events.pipeline.desc(),
            events.stage.desc(),
        ],
    )
    last = events.mutate(place=ibis.row_number().over(latest)).filter(lambda rows: rows.place == 0)
    kinds = facts.stages.filter(facts.stages.valid_from.isnull() | (facts.stages.valid_from <= _day(on)))
    newest = ibis.window(
        group_by=["pipeline", "stage"],
        order_by=[kinds.valid_from.desc(nulls_first=False), kinds.stage_order.desc(), kinds.kind.desc()],
    )
    kinds = kinds.mutate(place=ibis.row_number().over(newest)).filter(lambda rows: rows.place == 0)
    kinds = kinds.select(kind_pipeline="pipeline", kind_stage="stage", kind="kind")
    joined = last.left_join(kinds, [last.pipeline == kinds.kind_pipeline, last.stage == kinds.kind_stage])
    return joined.select(
        event_deal="deal_id",
        event_pipeline="pipeline",
        event_stage="stage",
        event_on="entered_on",
        event_at="entered_at",
        event_kind="kind",
    )


def _last_changes(facts: Facts, on: date) -> ir.Table:
    """Give the last change up to `on` of each column, one row per deal: `new_<column>`, `on_<column>`.

    A column that never changed has none of the two.
    """
    fields = facts.deal_changes.select("field").distinct().to_pyarrow()["field"].to_pylist()
    changes = facts.deal_changes.filter(
        (facts.deal_changes.changed_on <= _day(on)) & facts.deal_changes.field.isin(TRACKED_COLUMNS)
    )
    latest = ibis.window(
        group_by=["deal_id", "field"],
        order_by=[
            changes.changed_on.desc(),
            changes.changed_at.desc(nulls_first=False),
            changes.seq.desc(),
            changes.new.desc(nulls_first=False),
        ],
    )
    last = changes.mutate(place=ibis.row_number().over(latest)).filter(lambda rows: rows.place == 0)
    columns: dict[str, ir.Value] = {}
    for name in sorted(set(fields) & set(TRACKED_COLUMNS)):
        here = last.field == name
        columns[f"new_{name}"] = last.new.max(where=here)
        columns[f"on_{name}"] = last.changed_on.max(where=here)
    return last.group_by(change_deal="deal_id").agg(**columns)


def _history(name: str) -> str:
    """Name the column of a table that holds what earlier exports told of each row."""
    return next(column.name for column in STATE_COLUMNS[name] if column.type.startswith(HISTORY))


def _last_seen(name: str, table: ir.Table, on: date) -> ir.Table:
    """Give what the last export up to `on` held, of each row whose exports differ: its key and parts as `seen_…`.

    Of a history whose first entry has no day, that entry holds before every export.
    """
    history = _history(name)
    several = table.filter(table[history].notnull())
    key = {f"seen_{column}": several[column] for column in TABLES[name].key}
    each = several.select(**key, seen=several[history].unnest())
    each = each.select(*key, **{f"seen_{part}": each.seen[part] for part in each.seen.names})
    each = each.filter(each.seen_from_on.isnull() | (each.seen_from_on <= _day(on)))
    latest = ibis.window(group_by=list(key), order_by=each.seen_from_on.desc(nulls_first=False))
    return each.mutate(place=ibis.row_number().over(latest)).filter(lambda rows: rows.place == 0).drop("place")


def _as_told(facts: Facts, name: str, on: date, *, some: ir.Table | None = None) -> ir.Table:
    """Give a table, or some rows of it, as the last export up to `on` told them, and when that was (`observed_on`).

    What no export up to then held stays as it is.
    """
    whole, history = facts.tables[name], _history(name)
    table = whole if some is None else some
    if not facts.once(f"several {name}", whole, lambda: bool(whole[history].count().to_pyarrow().as_py())):
        return table
    last = _last_seen(name, table, on)
    key = TABLES[name].key
    joined = table.left_join(last, [table[column] == last[f"seen_{column}"] for column in key])
    told = joined[f"seen_{key[0]}"].notnull()
    parts = [column.removeprefix("seen_") for column in last.columns[len(key) + 1 :]]
    then = {part: told.ifelse(joined[f"seen_{part}"], joined[part]) for part in parts}
    if "observed_on" in table.columns:
        then["observed_on"] = told.ifelse(joined.seen_from_on, joined.observed_on)
    return joined.mutate(**then).select(table.columns)


def _parts(facts: Facts, on: date) -> ir.Table:
    """Give who took part in which role by then, as far as an export (or entry) up to then says it."""
    told = _as_told(facts, "deal_contacts", on)
    return _unseen("deal_contacts", told.filter(_by(told.first_seen_on, on)))


def _activities(facts: Facts, on: date) -> ir.Table:
    """Give what had taken place by then, and what exports up to then announced as they announced it."""
    found = facts.activities
    announced = found.filter((found.happened_on > _day(on)) & _by(found.first_seen_on, on))
    done = found.filter(found.happened_on <= _day(on))
    return _unseen("activities", done.union(_as_told(facts, "activities", on, some=announced)))


def _changed(joined: ir.Table, name: str) -> tuple[ir.Value, ir.Value]:
    """Give the value after the last change of a column and the day of it; null where it never changed."""
    if f"on_{name}" not in joined.columns:
        return ibis.null("string"), ibis.null("date")
    return joined[f"new_{name}"], joined[f"on_{name}"]


def deals_as_of(facts: Facts, on: date) -> ir.Table:
    """Rebuild the deals as they stood at the end of `on`; see `as_of`."""
    stages, changes = _last_stages(facts, on), _last_changes(facts, on)
    deals = facts.deals
    joined = deals.left_join(stages, deals.deal_id == stages.event_deal)
    joined = joined.left_join(changes, joined.deal_id == changes.change_deal)
    attributes = _last_seen("deals", deals, on)
    joined = joined.left_join(attributes, joined.deal_id == attributes.seen_deal_id)
    joined = joined.filter(
        _by(joined.created_on, on)
        | (
            joined.created_on.isnull()
            & (_by(joined.first_seen_on, on) | joined.event_deal.notnull() | joined.change_deal.notnull())
        )
    )
    rebuilt = _closing(joined, on)
    rebuilt |= _rebuilt(joined, on)
    closed = _by(joined.closed_on, on)
    current = closed | (_by(joined.observed_on, on) & ~_newer(joined.event_on, joined))
    rebuilt["known_at_creation"] = ibis.literal(",")
    rebuilt["stage"] = current.ifelse(joined.stage, joined.event_stage)
    rebuilt["pipeline"] = current.ifelse(joined.pipeline, joined.event_pipeline.fill_null(joined.pipeline))
    named = [column.name for column in (*TABLES["deals"].columns, *STATE_COLUMNS["deals"])]
    return _unseen("deals", joined.mutate(**rebuilt).select(named))


_DEAL_DATES: Final = ("created_on", "first_seen_on", "observed_on", "closed_on", "assigned_on")
_FEW: Final = 3
"""Rebuilding costs some three times as much as taking a deal over: so many of the deals may have changed at most."""


def deals_from(facts: Facts, on: date, deals: ir.Table, other: date) -> ir.Table:
    """Rebuild the deals as `deals_as_of` does, from `deals`, those of the day `other`.

    A deal is rebuilt only where something of it is dated after the one day and not after the other: what it follows
    from compares nothing but such dates with its day. Where those are many deals, or stages meant something else on one
    of the days, all are.
    """
    first, last = sorted((on, other))

    def between(column: ir.Value) -> ir.BooleanValue:
        return _by(column, last) & (column > _day(first))

    everything, events, changes = facts.deals, facts.stage_events, facts.deal_changes
    seen = everything.filter(everything.attributes_seen.notnull())
    seen = seen.select("deal_id", seen=seen.attributes_seen.unnest())
    closings = (changes.field == "closed_on") & between(changes.new.try_cast("date"))
    dated = ibis.union(
        everything.filter(ibis.or_(*(between(everything[name]) for name in _DEAL_DATES))).select("deal_id"),
        events.filter(between(events.entered_on)).select("deal_id"),
        changes.filter(between(changes.changed_on) | closings).select("deal_id"),
        seen.filter(between(seen.seen.from_on)).select("deal_id"),
        distinct=True,
    ).to_pyarrow()
    few = len(dated) * _FEW <= everything.count().to_pyarrow().as_py()
    if not few or facts.stages.filter(between(facts.stages.valid_from)).count().to_pyarrow().as_py():
        return deals_as_of(facts, on)
    moved = ibis.memtable(dated)
    tables = {
        name: facts.tables[name].semi_join(moved, "deal_id") for name in ("deals", "stage_events", "deal_changes")
    }
    anew = deals_as_of(replace(facts, **tables), on)
    return deals.anti_join(moved, "deal_id").union(anew.cast(deals.schema()))


def _newer(column: ir.Value, joined: ir.Table) -> ir.BooleanValue:
    """Tell whether something is dated after the export that the row comes from; never null."""
    return column.notnull() & (joined.observed_on.isnull() | (column > joined.observed_on))


def _closing(joined: ir.Table, on: date) -> dict[str, ir.Value]:
    """Give outcome, closed_on, closed_at and lost_reason."""
    observed = _by(joined.observed_on, on)
    closed = _by(joined.closed_on, on)
    undated = joined.closed_on.isnull() & observed & (joined.outcome != Outcome.OPEN.value)
    new_outcome, on_outcome = _changed(joined, "outcome")
    new_reason, on_reason = _changed(joined, "lost_reason")
    changed = (
        on_outcome.notnull()
        & (~observed | _newer(on_outcome, joined))
        & (joined.event_on.isnull() | (on_outcome >= joined.event_on))
    )
    entered = joined.event_kind.fill_null("").isin(_CLOSED_KINDS) & (~observed | _newer(joined.event_on, joined))
    outcome = ibis.cases(
        (closed | undated, joined.outcome),
        (changed, new_outcome),
        (entered, joined.event_kind),
        else_=Outcome.OPEN.value,
    )
    is_open = outcome == Outcome.OPEN.value
    change_on = _changed(joined, "closed_on")[0].try_cast("date")
    closed_on = ibis.cases(
        (is_open, ibis.null("date")),
        (closed | undated, joined.closed_on),
        (changed & _by(change_on, on), change_on),
        (changed, on_outcome),
        else_=joined.event_on,
    )
    closed_at = ibis.cases(
        (closed, joined.closed_at),
        (entered & ~is_open & ~undated & ~changed, joined.event_at),
        else_=ibis.null(joined.closed_at.type()),
    )
    reason = ibis.cases(
        (is_open, ibis.null("string")),
        (on_reason.notnull() & (~observed | _newer(on_reason, joined)), new_reason),
        (closed | undated, joined.lost_reason),
        else_=ibis.null("string"),
    )
    return {"outcome": outcome, "closed_on": closed_on, "closed_at": closed_at, "lost_reason": reason}


def _rebuilt(joined: ir.Table, on: date) -> dict[str, ir.Value]:
    """Give the columns that may change, and `unknown_then`."""
    observed = _by(joined.observed_on, on)
    closed = _by(joined.closed_on, on)
    kept = observed | closed
    seen = _by(joined.first_seen_on, on)
    values: dict[str, ir.Value] = {}
    unknown: dict[str, ir.BooleanValue] = {}
    for name in _REBUILT:
        known = kept | seen | joined.known_at_creation.contains(f",{name},")
        if name in _WITH_AMOUNT:
            known = known | ~unknown["amount"]
        if name == "assigned_on":
            known = known & (joined.assigned_on.isnull() | _by(joined.assigned_on, on))
        then = known.ifelse(joined[name], ibis.null(joined[name].type()))
        if f"on_{name}" in joined.columns:
            new, changed_on = _changed(joined, name)
            changed = changed_on.notnull() & (~observed | _newer(changed_on, joined))
            then = changed.ifelse(new.try_cast(_TYPES[name]) if name in _TYPES else new, then)
            known = changed | known
        values[name], unknown[name] = then, ~known
    differed = joined.seen_from_on.notnull()
    known = kept | seen | joined.known_at_creation.contains(",attributes,")
    values["attributes"] = ibis.cases(
        (differed & ~observed, joined.seen_attributes),
        (known, joined.attributes),
        else_=ibis.null(joined.attributes.type()),
    )
    unknown["attributes"] = ~(known | differed)
    values["attributes_seen"] = ibis.null(joined.attributes_seen.type())
    parts = [missing.ifelse(f"{name},", "") for name, missing in unknown.items()]
    text: ir.StringValue = ibis.literal(",")
    for part in parts:
        text = text + part
    # Most deals are known in all: the text is put together for the others only.
    assigned = joined.assigned_on.isnull() | _by(joined.assigned_on, on)
    values["unknown_then"] = (kept & assigned).ifelse(",", text)
    return values


def _leads(facts: Facts, deals: ir.Table, on: date) -> ir.Table:
    leads, told = facts.leads, _as_told(facts, "leads", on)
    then = told.filter(_by(told.observed_on, on)).select(
        then_lead="lead_id",
        then_owner="owner_id",
        then_assigned_at="assigned_at",
        then_assigned_on="assigned_on",
        then_outcome="outcome",
    )
    born = deals.select(born_deal="deal_id").distinct()
    joined = leads.left_join(born, leads.converted_deal_id == born.born_deal)
    joined = joined.left_join(then, joined.lead_id == then.then_lead)
    current = _by(joined.observed_on, on)
    joined = joined.filter(_by(joined.created_on, on) | (joined.created_on.isnull() & _by(joined.first_seen_on, on)))
    assigned = _by(joined.assigned_on, on)
    converted = joined.born_deal.notnull()
    rebuilt = {
        "owner_id": (current | assigned).ifelse(joined.owner_id, joined.then_owner),
        "assigned_on": assigned.ifelse(joined.assigned_on, joined.then_assigned_on),
        "assigned_at": assigned.ifelse(joined.assigned_at, joined.then_assigned_at),
        "converted_deal_id": converted.ifelse(joined.converted_deal_id, ibis.null("string")),
        "outcome": (current | converted).ifelse(joined.outcome, joined.then_outcome),
    }
    named = [column.name for column in (*TABLES["leads"].columns, *STATE_COLUMNS["leads"])]
    return _unseen("leads", joined.mutate(**rebuilt).select(named))
