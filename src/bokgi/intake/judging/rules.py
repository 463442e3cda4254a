"""The rules: one rule, one name, one code, one sentence (`bokgi.intake.judging.rule` says what one is)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bokgi.domain.findings import Severity
from bokgi.domain.messages import N_
from bokgi.intake.judging import mentions, outcome
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.periods import PERIOD_PARTS
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.rule import Bench, Rule
from bokgi.intake.mapping.fields import Kind, field_of
from bokgi.intake.mapping.model import STAGE_ENTERED, Entity
from bokgi.intake.mapping.titles import several_titles
from bokgi.intake.values.text import is_blank

FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(2200, 1, 1)
LONG_AGO: Final = date(1990, 1, 1)
FAR_AHEAD: Final = timedelta(days=3653)


@dataclass(frozen=True)
class _Kind:
    """One rule before a file is known: for which entities, which fields it needs, and its condition."""

    code: str
    severity: Severity
    entities: frozenset[Entity]
    needs: tuple[str, ...]
    condition: Callable[[Reading, Bench], str]
    msgid: str


_MALFORMED: Final = {
    Kind.MOMENT: ("date_malformed", N_("{n} {n:date|dates} in “{column}” cannot be read.")),
    Kind.DATE: ("date_malformed", N_("{n} {n:date|dates} in “{column}” cannot be read.")),
    Kind.PERIOD: ("period_malformed", N_("{n} {n:period|periods} in “{column}” cannot be read.")),
    Kind.YEAR: ("period_malformed", N_("{n} {n:period|periods} in “{column}” cannot be read.")),
    Kind.QUARTER: ("period_malformed", N_("{n} {n:period|periods} in “{column}” cannot be read.")),
    Kind.MONTH: ("period_malformed", N_("{n} {n:period|periods} in “{column}” cannot be read.")),
    Kind.AMOUNT: ("amount_malformed", N_("{n} {n:amount|amounts} in “{column}” cannot be read.")),
    Kind.CURRENCY: ("currency_unknown", N_("{n} {n:currency|currencies} in “{column}” {n:is|are} unknown.")),
    Kind.NUMBER: ("number_malformed", N_("{n} {n:number|numbers} in “{column}” cannot be read.")),
    Kind.INTEGER: ("number_malformed", N_("{n} {n:number|numbers} in “{column}” cannot be read.")),
    Kind.PROBABILITY: (
        "probability_malformed",
        N_("{n} {n:value|values} in “{column}” {n:is|are} no probability between 0 and 1 (0 and 100%)."),
    ),
    Kind.BOOLEAN: ("boolean_malformed", N_("{n} {n:cell|cells} in “{column}” {n:is|are} neither yes nor no.")),
}

REQUIRED: Final[dict[Entity, tuple[tuple[str, ...], ...]]] = {
    Entity.DEALS: (("deals.deal_id", "deals.name", "deals.account_name"),),
    Entity.ACCOUNTS: (("accounts.account_id", "accounts.name"),),
    Entity.PEOPLE: (("people.person_id", "people.email", "people.name", "people.first_name", "people.last_name"),),
    Entity.CONTACTS: (
        ("contacts.contact_id", "contacts.email", "contacts.name", "contacts.first_name", "contacts.last_name"),
    ),
    Entity.DEAL_CONTACTS: (("deal_contacts.deal_id",), ("deal_contacts.contact_id",)),
    Entity.LEADS: (("leads.lead_id",),),
    Entity.STAGE_HISTORY: (("stage_history.deal_id",), ("stage_history.stage",), ("stage_history.entered",)),
    Entity.DEAL_HISTORY: (("deal_history.deal_id",), ("deal_history.field",), ("deal_history.changed",)),
    Entity.ACTIVITIES: (("activities.happened",),),
    Entity.CONTENT: (("content.content_id",),),
    Entity.CONTENT_EVENTS: (("content_events.content_id",), ("content_events.kind",), ("content_events.happened",)),
    Entity.RESPONSES: (("responses.kind",), ("responses.happened",)),
    Entity.STAGES: (("stages.stage", "stages.label"),),
    Entity.PIPELINES: (("pipelines.pipeline", "pipelines.label"),),
    Entity.TARGETS: (("targets.amount",), ("targets.period", "targets.period_start", *PERIOD_PARTS)),
    Entity.STANDARDS: (("standards.metric",), ("standards.amount",)),
    Entity.TEAMS: (("teams.person_id", "teams.person_name", "teams.person_email"),),
    Entity.RATES: (("rates.currency",), ("rates.month",), ("rates.rate",)),
}
"""Entity → groups of fields; of each group one must have text."""


def _deals(
    code: str, severity: Severity, needs: tuple[str, ...], condition: Callable[[Reading, Bench], str], msgid: str
) -> _Kind:
    return _Kind(code, severity, frozenset({Entity.DEALS}), needs, condition, msgid)


_CLOSING: Final = f"{outcome.OUTCOME} IN ('won', 'lost', 'no_decision')"


_W, _ERR = Severity.WARNING, Severity.ERROR

_KINDS: Final = (
    _deals(
        "id_missing",
        _W,
        ("deals.deal_id",),
        lambda r, _: f"{r.sql('deals.deal_id')} IS NULL",
        N_("{n} {n:deal has no id; it is|deals have no id; they are} recognised by name, account and owner."),
    ),
    _deals(
        "amount_negative",
        _ERR,
        ("deals.amount",),
        lambda r, _: f"{r.sql('deals.amount')} < 0",
        N_("{n} {n:amount is|amounts are} negative."),
    ),
    _deals(
        "stage_missing",
        _W,
        ("deals.stage",),
        lambda r, _: f"{r.sql('deals.stage')} IS NULL AND {outcome.OUTCOME} = 'open'",
        N_("{n} open {n:deal is|deals are} in no stage."),
    ),
    _deals(
        "stage_unknown",
        _ERR,
        ("deals.stage",),
        lambda r, b: b.ladder.unknown(r.sql("deals.stage"), outcome.PIPELINE),
        N_("{n} {n:deal is|deals are} in a stage that the list of stages does not have."),
    ),
    _deals(
        "won_without_close_date",
        _W,
        (),
        lambda r, _: f"{outcome.OUTCOME} = 'won' AND {outcome.closed(r, 'on')} IS NULL",
        N_("{n} won {n:deal has|deals have} no close date and {n:counts|count} as won in no period."),
    ),
    _deals(
        "open_with_close_date",
        _W,
        ("deals.closed",),
        lambda r, _: f"{outcome.OUTCOME} = 'open' AND {r.sql('deals.closed', 'on')} IS NOT NULL",
        N_("{n} open {n:deal has|deals have} a close date; it does not count while {n:it is|they are} open."),
    ),
    _deals(
        "created_in_future",
        _W,
        ("deals.created",),
        lambda r, b: f"{r.sql('deals.created', 'on')} > {_day(b.exported_on + timedelta(days=1))}",
        N_("{n} {n:deal was|deals were} created after the file was exported."),
    ),
    _Kind(
        "stage_unknown",
        _ERR,
        frozenset({Entity.STAGE_HISTORY}),
        ("stage_history.stage",),
        lambda r, b: b.ladder.unknown(
            r.sql("stage_history.stage"),
            f"coalesce({r.sql('stage_history.pipeline')}, {_only_pipeline(b.ladder, r.sql('stage_history.stage'))})",
        ),
        N_("{n} {n:entry is|entries are} into a stage that the list of stages does not have."),
    ),
    _Kind(
        "left_before_entered",
        _W,
        frozenset({Entity.STAGE_HISTORY}),
        ("stage_history.left", "stage_history.entered"),
        lambda r, _: f"{r.sql('stage_history.left', 'on')} < {r.sql('stage_history.entered', 'on')}",
        N_(
            "{n} {n:stage was left before it was|stages were left before they were} entered; the "
            "leaving does not count."
        ),
    ),
    _Kind(
        "rate_not_positive",
        _ERR,
        frozenset({Entity.RATES}),
        ("rates.rate",),
        lambda r, _: f"{r.sql('rates.rate')} <= 0",
        N_("{n} exchange {n:rate is|rates are} zero or negative."),
    ),
)

_CLOSED_FIELDS: Final = ("deals.closed", "deals.close", "deals.won", "deals.lost")


def rules_for(reading: Reading, bench: Bench) -> list[Rule]:
    """List the rules that apply to one file, with their conditions written for it."""
    return [
        *_general(reading, bench),
        *_closings(reading, bench),
        *_targets(reading),
        *_special(reading, bench),
        *mentions.rules(reading, bench),
    ]


def _special(reading: Reading, bench: Bench) -> Iterator[Rule]:
    for kind in _KINDS:
        if reading.entity in kind.entities and all(reading.says(need) for need in kind.needs):
            field = kind.needs[0] if kind.needs else "deals.deal_id"
            yield Rule(kind.code, kind.severity, field, kind.condition(reading, bench), kind.msgid)


def _closings(reading: Reading, bench: Bench) -> Iterator[Rule]:
    """Rules on the close date, whichever column says it; they look at deals that are closed."""
    field = next((name for name in _CLOSED_FIELDS if reading.says(name)), None)
    if reading.entity is not Entity.DEALS or field is None:
        return
    on = outcome.closed(reading, "on")
    closing = _CLOSING
    if reading.says("deals.created"):
        created = reading.sql("deals.created", "on")
        text = N_("{n} {n:deal was closed before it was|deals were closed before they were} created.")
        yield Rule("closed_before_created", _ERR, field, f"{on} < {created} AND {closing}", text)
    text = N_("{n} {n:deal is|deals are} closed with a close date after the export.")
    ahead = _day(bench.exported_on + timedelta(days=1))
    yield Rule("closed_in_future", _W, field, f"{on} > {ahead} AND {closing}", text)


_SUBJECT: Final = tuple(f"targets.{name}" for name in ("person_id", "person_email", "person_name", "team", "subject"))


def _targets(reading: Reading) -> Iterator[Rule]:
    """Rules on targets: none is negative, none has nobody beside those who have some, and no two contradict."""
    if reading.entity is not Entity.TARGETS:
        return
    columns = list(enumerate(reading.mapping.target_columns))
    code, text = _MALFORMED[Kind.AMOUNT]
    for number, column in columns:
        yield Rule(code, _ERR, column.field, f'"bad:target.{number}"', text, column.column)
    cells = [(c.column, c.field, f'"target.{number}"', f'"target.{number}.start"') for number, c in columns]
    if not cells:
        spans = [reading.sql(f"targets.{name}", "start") for name in ("period", "quarter", "month")]
        spans += [reading.sql("targets.period_start"), reading.sql("targets.period_end")]
        amount = reading.sql("targets.amount")
        cells = [(reading.header("targets.amount") or "", "targets.amount", amount, ", ".join(spans))]
    said = [name for name in _SUBJECT if reading.says(name)]
    whose = f"coalesce({', '.join([*(f'nfc_normalize({reading.sql(name)})' for name in said), 'NULL'])})"
    others = ", ".join(reading.sql(f"targets.{name}") for name in ("subject_kind", "metric", "lead_source"))
    twice = N_("{n} {n:row gives|rows give} another “{column}” than another row about the same target.")
    for header, field, amount, span in cells:
        over = f"OVER (PARTITION BY {whose}, {span}, {others})"
        text = N_("{n} {n:target is|targets are} negative.")
        yield Rule("amount_negative", _ERR, field, f"{amount} < 0", text, header)
        differ = f"coalesce({span}) IS NOT NULL AND min({amount}) {over} <> max({amount}) {over}"
        yield Rule("target_contradicted", _ERR, field, differ, twice, header)
    called = next((name for name in ("targets.person_name", "targets.subject") if name in said), None)
    if called is not None:
        own = " AND ".join(f"{reading.sql(f'targets.person_{part}')} IS NULL" for part in ("id", "email"))
        text = N_(
            "{n} {n:row names|rows name} somebody in “{column}” whom the file gives different titles: one person or "
            "two?"
        )
        yield Rule("name_with_titles", _ERR, called, f"{own} AND {several_titles(reading.said_text(called))}", text)
    if said and columns:
        text = N_("{n} {n:row does|rows do} not say whose targets {n:it gives|they give}.")
        there = " OR ".join(f"{amount} IS NOT NULL" for _, _, amount, _ in cells)
        yield Rule("target_of_nobody", _ERR, said[0], f"{whose} IS NULL AND ({there})", text)


def _required(reading: Reading) -> Iterator[tuple[str, ...]]:
    """Give the groups of fields of which each row needs one.

    A quarter or month is no period without its year, and none at all where a column of whole periods is read instead.
    """
    groups = REQUIRED.get(reading.entity, ())
    if reading.mapping.target_columns:
        bare = any(column.without_year for column in reading.mapping.target_columns)
        groups = (("targets.year",),) if bare else ()
    elif reading.entity is Entity.TARGETS:
        amount, periods = groups
        whole = next(((name,) for name in periods if name not in PERIOD_PARTS and reading.says(name)), None)
        groups = (amount, tuple(PERIOD_PARTS), ("targets.year",)) if whole is None else (amount, whole)
    yield from groups


def _general(reading: Reading, bench: Bench) -> Iterator[Rule]:
    """Rules that hold for any field of a kind, and for what an entity cannot be without."""
    for group in _required(reading):
        said = " ".join(f"WHEN {_is_there(reading, name)} THEN false" for name in group if reading.says(name))
        text = N_("{n} {n:row has|rows have} no text in “{column}”, without which {n:it says|they say} nothing.")
        missing = f"CASE {said} ELSE true END" if said else "true"
        shown = next((name for name in group if reading.says(name)), group[0])
        yield Rule("value_missing", _ERR, shown, missing, text)
    for name, field in reading.fields():
        if field.kind in _MALFORMED:
            code, text = _MALFORMED[field.kind]
            yield Rule(code, _ERR, name, f'"bad:{name}"', text)
        if field.dated:
            on = reading.sql(name, "on") if field.kind is Kind.MOMENT else reading.sql(name)
            yield from _plausible(bench, name, on)
    for number, column in enumerate(reading.mapping.stage_columns(STAGE_ENTERED)):
        code, text = _MALFORMED[Kind.MOMENT]
        yield Rule(code, _ERR, column.field, f'"bad:entered.{number}"', text, column.column)
        yield from _plausible(bench, column.field, f'"entered.{number}.on"', column.column)


_READ_AS: Final = {
    Kind.MOMENT: "on",
    Kind.PERIOD: "start",
    Kind.DATE: "",
    Kind.AMOUNT: "",
    Kind.NUMBER: "",
}
"""Kinds of which a word for "empty" (`N/A`, `-`) is no value, with the part of what is read that tells."""


def _is_there(reading: Reading, name: str) -> str:
    """Give the SQL condition that a field says something, be it unreadable."""
    found = field_of(name)
    if found is not None and found.kind in {Kind.YEAR, Kind.QUARTER, Kind.MONTH}:
        return f"(NOT {is_blank(f'({reading.said_text(name)})')})"
    if found is None or found.kind not in _READ_AS:
        return reading.has_text(name)
    return f'({reading.sql(name, _READ_AS[found.kind])} IS NOT NULL OR "bad:{name}")'


def _plausible(bench: Bench, name: str, on: str, column: str | None = None) -> Iterator[Rule]:
    text = N_("{n} {n:date|dates} in “{column}” {n:lies|lie} before 1970 or after 2200.")
    outside = f"{on} < {_day(FIRST_DAY)} OR {on} >= {_day(LAST_DAY)}"
    yield Rule("date_out_of_range", _ERR, name, outside, text, column)
    text = N_("{n} {n:date|dates} in “{column}” {n:lies|lie} far back or far ahead.")
    far = f"{on} < {_day(LONG_AGO)} OR {on} > {_day(min(bench.exported_on + FAR_AHEAD, LAST_DAY))}"
    yield Rule("date_far", _W, name, f"({far}) AND NOT ({outside})", text, column)


def _only_pipeline(ladder: Ladder, stage: str) -> str:
    """Give the SQL of the pipeline that a stage belongs to, where the history does not say it."""
    branches = " ".join(f"WHEN {_text(rung.stage)} THEN {_text(rung.pipeline)}" for rung in ladder.rungs)
    return f"CASE {stage} {branches} END" if branches else "NULL"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
