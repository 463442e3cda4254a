"""The fields that a column can feed: the vocabulary between a file's headers and the tables of facts.

A field is named `<entity>.<what>`. People, accounts, deals and contacts are referred to by the source's id, by name or
by e-mail, each its own field, so that it stays clear what the source said. Names that headers carry for a field stand
in `synonyms/*.toml`, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bokgi.domain.errors import InternalError
from bokgi.domain.messages import N_, Message
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, STAGE_ENTERED, STAGE_LEFT, TARGET_OF, WHOLE, Entity


class Kind(StrEnum):
    """How the text of a column is read."""

    ID = "id"
    NAME = "name"
    EMAIL = "email"
    CATEGORY = "category"
    TEXT = "text"
    MOMENT = "moment"
    DATE = "date"
    PERIOD = "period"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    AMOUNT = "amount"
    CURRENCY = "currency"
    NUMBER = "number"
    INTEGER = "integer"
    PROBABILITY = "probability"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Field:
    """One field: how its text is read, what people call it, which columns of facts it feeds.

    `refers`: the entity whose row an id, name or e-mail names. `entities`: the files that can carry it (empty: all).
    `personal`: the text is about a person; it goes to `identities` or `texts` only.
    """

    name: str
    kind: Kind
    label: Message
    feeds: tuple[str, ...]
    entities: tuple[Entity, ...]
    refers: Entity | None = None
    personal: bool = False

    @property
    def dated(self) -> bool:
        """Tell whether the field holds a moment or a date."""
        return self.kind in {Kind.MOMENT, Kind.DATE}


def _own(name: str) -> Entity:
    return Entity(name.partition(".")[0])


def _field(name: str, kind: Kind, label: str, *feeds: str, also: tuple[Entity, ...] = ()) -> Field:
    own = _own(name)
    if kind is Kind.MOMENT:
        feeds = tuple(f"{column}_{part}" for column in feeds for part in ("at", "on"))
    personal = any(column.startswith(("identities.", "texts.")) for column in feeds)
    return Field(name, kind, Message(label), feeds, (own, *also), personal=personal)


def _reference(name: str, label: str, to: Entity, *feeds: str, also: tuple[Entity, ...] = ()) -> Iterator[Field]:
    """Give the fields that refer to a row of `to`: by id, by name, and by e-mail where people have one."""
    entities = (_own(name), *also)
    named = Message(N_("{what}: name"), {"what": Message(label)})
    mailed = Message(N_("{what}: e-mail"), {"what": Message(label)})
    people = to in {Entity.PEOPLE, Entity.CONTACTS}
    kept = {Entity.PEOPLE: "identities.", Entity.CONTACTS: "identities.", Entity.ACCOUNTS: "accounts."}.get(to)
    yield Field(f"{name}_id", Kind.ID, Message(N_("{what}: id"), {"what": Message(label)}), feeds, entities, refers=to)
    by_name = (*feeds, f"{kept}name") if kept else feeds
    yield Field(f"{name}_name", Kind.NAME, named, by_name, entities, refers=to, personal=people)
    if people:
        yield Field(
            f"{name}_email", Kind.EMAIL, mailed, (*feeds, "identities.email"), entities, refers=to, personal=True
        )


_K = Kind
_E = Entity
_PARTS: Final = {
    _K.YEAR: N_("year of the period"),
    _K.QUARTER: N_("quarter, beside a year"),
    _K.MONTH: N_("month, beside a year"),
}
_DESCRIBED: Final = (_E.DEALS, _E.CONTACTS, _E.LEADS, _E.STAGE_HISTORY)
_LOG: Final = (_E.STAGE_HISTORY,)


def _fields() -> Iterator[Field]:
    yield from _deal_fields()
    yield from _other_fields()
    yield from _history_fields()
    yield from _activity_fields()
    yield from _definition_fields()
    yield Field("row.deleted", _K.BOOLEAN, Message(N_("deleted in the source")), (), ())
    yield Field("row.current", _K.BOOLEAN, Message(N_("current version of the record")), (), ())
    yield Field(ATTRIBUTES, _K.TEXT, Message(N_("kept under its header")), ("attributes",), ())
    yield Field(LEAVE_OUT, _K.TEXT, Message(N_("not taken")), (), ())


def _deal_fields() -> Iterator[Field]:
    yield _field("deals.deal_id", _K.ID, N_("deal id"), "deals.deal_id")
    yield _field("deals.name", _K.TEXT, N_("deal name"), "texts.text", also=_LOG)
    yield from _reference("deals.account", N_("account"), _E.ACCOUNTS, "deals.account_id", also=_LOG)
    yield from _reference("deals.owner", N_("owner"), _E.PEOPLE, "deals.owner_id", also=_LOG)
    yield from _reference("deals.contact", N_("contact"), _E.CONTACTS, "deal_contacts.contact_id", also=_LOG)
    yield _field("deals.pipeline", _K.CATEGORY, N_("pipeline"), "deals.pipeline")
    yield _field("deals.stage", _K.CATEGORY, N_("stage"), "deals.stage")
    yield _field("deals.stage_changed", _K.MOMENT, N_("entered its present stage"), "stage_events.entered")
    yield _field("deals.type", _K.CATEGORY, N_("type"), "deals.type", also=_LOG)
    yield _field("deals.product", _K.CATEGORY, N_("product"), "deals.product", also=_LOG)
    yield _field("deals.source", _K.CATEGORY, N_("lead source"), "deals.source", also=_LOG)
    yield _field("deals.lead_id", _K.ID, N_("lead id"), "deals.lead_id", also=_LOG)
    yield _field("deals.lead_grade", _K.CATEGORY, N_("lead grade"), "deals.lead_grade", also=_LOG)
    yield _field("deals.created", _K.MOMENT, N_("created"), "deals.created", also=_LOG)
    yield _field("deals.assigned", _K.DATE, N_("assigned to the owner"), "deals.assigned_on", also=_LOG)
    yield _field("deals.amount", _K.AMOUNT, N_("amount"), "deals.amount", also=_LOG)
    yield _field("deals.currency", _K.CURRENCY, N_("currency"), "deals.currency", also=_LOG)
    yield _field("deals.amount_kind", _K.CATEGORY, N_("total, annual or monthly"), "deals.amount_kind", also=_LOG)
    yield _field("deals.vat", _K.CATEGORY, N_("VAT included or excluded"), "deals.vat", also=_LOG)
    yield _field("deals.expected_close", _K.DATE, N_("expected close"), "deals.expected_close_on", also=_LOG)
    yield _field("deals.closed", _K.MOMENT, N_("closed"), "deals.closed", also=_LOG)
    yield Field(
        "deals.close",
        _K.MOMENT,
        Message(N_("close date: expected while open, actual once closed")),
        ("deals.expected_close_on", "deals.closed_at", "deals.closed_on"),
        (_E.DEALS, *_LOG),
    )
    yield _field("deals.won", _K.MOMENT, N_("won at"), "deals.closed", "stage_events.entered")
    yield _field("deals.lost", _K.MOMENT, N_("lost at"), "deals.closed", "stage_events.entered")
    yield _field("deals.outcome", _K.CATEGORY, N_("outcome"), "deals.outcome", also=_LOG)
    yield _field("deals.is_closed", _K.BOOLEAN, N_("is closed"), "deals.outcome")
    yield _field("deals.is_won", _K.BOOLEAN, N_("is won"), "deals.outcome")
    yield _field("deals.is_lost", _K.BOOLEAN, N_("is lost"), "deals.outcome")
    yield _field("deals.lost_reason", _K.CATEGORY, N_("reason of the loss"), "deals.lost_reason", also=_LOG)
    yield _field("deals.lost_comment", _K.TEXT, N_("words on the loss"), "texts.text")
    yield _field("deals.forecast_category", _K.CATEGORY, N_("forecast category"), "deals.forecast_category")
    yield _field("deals.probability", _K.PROBABILITY, N_("probability"), "deals.probability")
    yield _field("deals.next_step", _K.TEXT, N_("next step"), "deals.has_next_step", "texts.text")
    yield _field("deals.next_step_on", _K.DATE, N_("date of the next step"), "deals.next_step_on")
    yield _field("deals.note", _K.TEXT, N_("note"), "texts.text")
    yield Field(
        STAGE_ENTERED,
        _K.MOMENT,
        Message(N_("entered the stage named")),
        ("stage_events.entered_at", "stage_events.entered_on"),
        (_E.DEALS, _E.LEADS),
    )
    yield Field(STAGE_LEFT, _K.MOMENT, Message(N_("left the stage named")), (), (_E.DEALS, _E.LEADS))


def _other_fields() -> Iterator[Field]:
    yield _field("accounts.account_id", _K.ID, N_("account id"), "accounts.account_id")
    yield _field("accounts.name", _K.NAME, N_("account name"), "accounts.name")
    yield _field("accounts.industry", _K.CATEGORY, N_("industry"), "accounts.industry", also=_DESCRIBED)
    yield _field("accounts.segment", _K.CATEGORY, N_("segment"), "accounts.segment", also=_DESCRIBED)
    yield _field("accounts.size", _K.CATEGORY, N_("size class"), "accounts.size", also=_DESCRIBED)
    yield _field("accounts.employees", _K.INTEGER, N_("employees"), "accounts.employees", also=_DESCRIBED)
    yield _field("accounts.region", _K.CATEGORY, N_("region"), "accounts.region", also=_DESCRIBED)
    yield _field("accounts.parent_id", _K.ID, N_("parent company: id"), "accounts.parent_id")
    yield _field("accounts.parent_name", _K.NAME, N_("parent company: name"), "accounts.parent_id")

    yield _field("people.person_id", _K.ID, N_("person id"), "people.source_id", "people.person_id")
    yield _field("people.name", _K.NAME, N_("name"), "identities.name")
    yield _field("people.first_name", _K.NAME, N_("given name"), "identities.name")
    yield _field("people.last_name", _K.NAME, N_("family name"), "identities.name")
    yield _field("people.email", _K.EMAIL, N_("e-mail"), "identities.email")
    yield _field("people.team", _K.CATEGORY, N_("team"), "memberships.team")
    yield _field("people.role", _K.CATEGORY, N_("role"), "memberships.role")
    yield from _reference("people.manager", N_("manager"), _E.PEOPLE, "memberships.manager_id")
    yield _field("people.started", _K.DATE, N_("first working day"), "memberships.started_on")
    yield _field("people.left", _K.DATE, N_("first day no longer there"), "memberships.left_on")
    yield _field("people.automatic", _K.BOOLEAN, N_("system user"), "people.automatic")

    yield _field("contacts.contact_id", _K.ID, N_("contact id"), "contacts.contact_id")
    yield from _reference("contacts.account", N_("account"), _E.ACCOUNTS, "contacts.account_id")
    yield _field("contacts.name", _K.NAME, N_("name"), "identities.name")
    yield _field("contacts.first_name", _K.NAME, N_("given name"), "identities.name")
    yield _field("contacts.last_name", _K.NAME, N_("family name"), "identities.name")
    yield _field("contacts.email", _K.EMAIL, N_("e-mail"), "identities.email")
    yield _field("contacts.title", _K.CATEGORY, N_("position"), "contacts.title")

    yield _field("deal_contacts.deal_id", _K.ID, N_("deal id"), "deal_contacts.deal_id")
    yield _field("deal_contacts.contact_id", _K.ID, N_("contact id"), "deal_contacts.contact_id")
    yield _field("deal_contacts.role", _K.CATEGORY, N_("role in the decision"), "deal_contacts.role")

    yield _field("leads.lead_id", _K.ID, N_("lead id"), "leads.lead_id")
    yield _field("leads.source", _K.CATEGORY, N_("lead source"), "leads.source")
    yield _field("leads.grade", _K.CATEGORY, N_("lead grade"), "leads.grade")
    yield from _reference("leads.owner", N_("owner"), _E.PEOPLE, "leads.owner_id")
    yield from _reference("leads.account", N_("account"), _E.ACCOUNTS, "leads.account_id")
    yield _field("leads.created", _K.MOMENT, N_("created"), "leads.created")
    yield _field("leads.assigned", _K.MOMENT, N_("assigned to the owner"), "leads.assigned")
    yield _field("leads.converted_deal_id", _K.ID, N_("deal it became"), "leads.converted_deal_id")
    yield _field("leads.outcome", _K.CATEGORY, N_("outcome"), "leads.outcome")
    yield _field("leads.is_converted", _K.BOOLEAN, N_("is converted"), "leads.outcome")


def _history_fields() -> Iterator[Field]:
    yield _field("stage_history.deal_id", _K.ID, N_("deal id"), "stage_events.deal_id")
    yield _field("stage_history.event_id", _K.ID, N_("event id"), "stage_events.source_event_id")
    yield _field("stage_history.pipeline", _K.CATEGORY, N_("pipeline"), "stage_events.pipeline")
    yield _field("stage_history.stage", _K.CATEGORY, N_("stage entered"), "stage_events.stage")
    yield _field("stage_history.from_stage", _K.CATEGORY, N_("stage before"))
    yield _field("stage_history.entered", _K.MOMENT, N_("entered"), "stage_events.entered")
    yield _field("stage_history.left", _K.MOMENT, N_("left"))
    yield from _reference("stage_history.by", N_("moved by"), _E.PEOPLE, "stage_events.by_id")
    yield from _reference("stage_history.owner", N_("owner"), _E.PEOPLE, "deal_changes.new")
    yield _field("stage_history.amount", _K.AMOUNT, N_("amount"), "deal_changes.new")
    yield _field("stage_history.expected_close", _K.DATE, N_("expected close"), "deal_changes.new")
    yield _field("stage_history.probability", _K.PROBABILITY, N_("probability"), "deal_changes.new")
    yield _field("stage_history.forecast_category", _K.CATEGORY, N_("forecast category"), "deal_changes.new")

    yield _field("deal_history.deal_id", _K.ID, N_("deal id"), "deal_changes.deal_id")
    yield _field("deal_history.event_id", _K.ID, N_("event id"), "deal_changes.source_event_id")
    yield _field("deal_history.field", _K.CATEGORY, N_("field changed"), "deal_changes.field")
    yield _field("deal_history.old", _K.TEXT, N_("value before"), "deal_changes.old")
    yield _field("deal_history.new", _K.TEXT, N_("value after"), "deal_changes.new", "stage_events.stage")
    yield _field("deal_history.changed", _K.MOMENT, N_("changed"), "deal_changes.changed", "stage_events.entered")
    yield from _reference("deal_history.by", N_("changed by"), _E.PEOPLE, "deal_changes.by_id")


def _activity_fields() -> Iterator[Field]:
    yield _field("activities.activity_id", _K.ID, N_("activity id"), "activities.activity_id")
    yield _field("activities.kind", _K.CATEGORY, N_("kind of activity"), "activities.kind")
    yield _field("activities.direction", _K.CATEGORY, N_("inbound or outbound"), "activities.direction")
    yield from _reference("activities.deal", N_("deal"), _E.DEALS, "activities.deal_id")
    yield from _reference("activities.account", N_("account"), _E.ACCOUNTS, "activities.account_id")
    yield from _reference("activities.contact", N_("contact"), _E.CONTACTS, "activities.contact_id")
    yield _field(
        "activities.related_to",
        _K.ID,
        N_("deal or account, told apart by the id"),
        "activities.deal_id",
        "activities.account_id",
    )
    yield _field(
        "activities.related_person", _K.ID, N_("contact or lead, told apart by the id"), "activities.contact_id"
    )
    yield from _reference("activities.owner", N_("done by"), _E.PEOPLE, "activity_people.person_id")
    yield _field("activities.happened", _K.MOMENT, N_("takes place"), "activities.happened")
    yield _field("activities.outcome", _K.CATEGORY, N_("outcome"), "activities.outcome")
    yield _field("activities.done", _K.BOOLEAN, N_("done"), "activities.done")
    yield _field("activities.automatic", _K.BOOLEAN, N_("made by a system"), "activities.automatic")
    yield _field("activities.subject", _K.TEXT, N_("subject"), "texts.text")
    yield _field("activities.note", _K.TEXT, N_("note"), "texts.text")

    yield _field("content.content_id", _K.ID, N_("content id"), "content.content_id")
    yield _field("content.title", _K.TEXT, N_("title"), "content.title")
    yield _field("content.kind", _K.CATEGORY, N_("kind of content"), "content.kind")
    yield _field("content.journey_stage", _K.CATEGORY, N_("stage of the journey"), "content.journey_stage")

    yield _field("content_events.event_id", _K.ID, N_("event id"), "content_events.event_id")
    yield _field("content_events.content_id", _K.ID, N_("content id"), "content_events.content_id")
    yield _field("content_events.deal_id", _K.ID, N_("deal id"), "content_events.deal_id")
    yield from _reference("content_events.contact", N_("contact"), _E.CONTACTS, "content_events.contact_id")
    yield _field("content_events.kind", _K.CATEGORY, N_("sent, opened or read"), "content_events.kind")
    yield _field("content_events.happened", _K.MOMENT, N_("happened"), "content_events.happened")
    yield _field("content_events.seconds", _K.NUMBER, N_("seconds spent"), "content_events.seconds")

    yield _field("responses.response_id", _K.ID, N_("response id"), "responses.response_id")
    yield from _reference("responses.account", N_("account"), _E.ACCOUNTS, "responses.account_id")
    yield _field("responses.deal_id", _K.ID, N_("deal id"), "responses.deal_id")
    yield from _reference("responses.contact", N_("contact"), _E.CONTACTS, "responses.contact_id")
    yield _field("responses.journey_stage", _K.CATEGORY, N_("stage of the journey"), "responses.journey_stage")
    yield _field("responses.kind", _K.CATEGORY, N_("kind of response"), "responses.kind")
    yield _field("responses.score", _K.NUMBER, N_("score"), "responses.score")
    yield _field("responses.happened", _K.MOMENT, N_("given"), "responses.happened")
    yield _field("responses.comment", _K.TEXT, N_("comment"), "texts.text")


def _definition_fields() -> Iterator[Field]:
    yield _field("stages.pipeline", _K.CATEGORY, N_("pipeline"), "stages.pipeline")
    yield _field("stages.stage", _K.CATEGORY, N_("stage"), "stages.stage")
    yield _field("stages.label", _K.CATEGORY, N_("label of the stage"), "stages.label")
    yield _field("stages.order", _K.INTEGER, N_("place in the funnel"), "stages.stage_order")
    yield _field("stages.kind", _K.CATEGORY, N_("kind of stage"), "stages.kind")
    yield _field("stages.probability", _K.PROBABILITY, N_("probability"), "stages.probability")
    yield _field("stages.is_closed", _K.BOOLEAN, N_("is closed"), "stages.kind")
    yield _field("stages.is_won", _K.BOOLEAN, N_("is won"), "stages.kind")
    yield _field("stages.exit_criterion", _K.TEXT, N_("exit criterion"), "stages.exit_criterion")
    yield _field("stages.journey_stage", _K.CATEGORY, N_("stage of the journey"), "stages.journey_stage")
    yield _field("stages.expected_days", _K.INTEGER, N_("expected days"), "stages.expected_days")
    yield _field("stages.valid_from", _K.DATE, N_("valid from"), "stages.valid_from")
    yield _field("stages.valid_to", _K.DATE, N_("valid to"), "stages.valid_to")

    yield _field("pipelines.pipeline", _K.CATEGORY, N_("pipeline"), "stages.pipeline")
    yield _field("pipelines.label", _K.CATEGORY, N_("label of the pipeline"))

    yield _field(
        "targets.subject_kind", _K.CATEGORY, N_("whose target: organisation, team, person"), "targets.subject_kind"
    )
    yield from _reference("targets.person", N_("person"), _E.PEOPLE, "targets.subject_id")
    yield _field("targets.team", _K.CATEGORY, N_("team"), "targets.subject_id")
    yield _field("targets.subject", _K.NAME, N_("team or person"), "targets.subject_id")
    yield _field("targets.metric", _K.CATEGORY, N_("metric"), "targets.metric")
    yield _field("targets.period", _K.PERIOD, N_("period"), "targets.period_start", "targets.period_end")
    for part in (_K.YEAR, _K.QUARTER, _K.MONTH):
        yield _field(f"targets.{part}", part, _PARTS[part], "targets.period_start", "targets.period_end")
    yield _field("targets.period_start", _K.DATE, N_("first day"), "targets.period_start")
    yield _field("targets.period_end", _K.DATE, N_("first day after"), "targets.period_end")
    yield _field("targets.last_day", _K.DATE, N_("last day"), "targets.period_end")
    yield _field("targets.lead_source", _K.CATEGORY, N_("lead source"), "targets.lead_source")
    yield _field("targets.amount", _K.AMOUNT, N_("target"), "targets.amount")
    yield Field(
        TARGET_OF,
        _K.AMOUNT,
        Message(N_("target of the period named")),
        ("targets.amount", "targets.period_start", "targets.period_end"),
        (_E.TARGETS,),
    )
    yield _field("targets.measure", _K.CATEGORY, N_("target or result"))
    yield _field("targets.currency", _K.CURRENCY, N_("currency"), "targets.currency")

    yield _field("standards.role", _K.CATEGORY, N_("role"), "standards.role")
    yield _field("standards.metric", _K.CATEGORY, N_("metric"), "standards.metric")
    yield _field("standards.stage", _K.CATEGORY, N_("stage"), "standards.stage")
    yield _field("standards.per", _K.CATEGORY, N_("per week, deal or lead"), "standards.per")
    yield _field("standards.amount", _K.NUMBER, N_("how many, or the limit"), "standards.amount")
    yield _field("standards.valid_from", _K.DATE, N_("valid from"), "standards.valid_from")
    yield _field("standards.valid_to", _K.DATE, N_("valid to"), "standards.valid_to")

    yield from _reference("teams.person", N_("person"), _E.PEOPLE, "memberships.person_id")
    yield _field("teams.team", _K.CATEGORY, N_("team"), "memberships.team")
    yield _field("teams.role", _K.CATEGORY, N_("role"), "memberships.role")
    yield from _reference("teams.manager", N_("manager"), _E.PEOPLE, "memberships.manager_id")
    yield _field("teams.share", _K.PROBABILITY, N_("share of working time"), "memberships.share")
    yield _field("teams.started", _K.DATE, N_("first working day"), "memberships.started_on")
    yield _field("teams.left", _K.DATE, N_("first day no longer there"), "memberships.left_on")
    yield _field("teams.valid_from", _K.DATE, N_("valid from"), "memberships.valid_from")
    yield _field("teams.valid_to", _K.DATE, N_("valid to"), "memberships.valid_to")

    yield _field("rates.currency", _K.CURRENCY, N_("currency"), "rates.currency")
    yield _field("rates.month", _K.PERIOD, N_("month"), "rates.month")
    yield _field("rates.rate", _K.NUMBER, N_("rate"), "rates.rate")

    for what, label in (
        ("deal", N_("deal id")),
        ("account", N_("account id")),
        ("contact", N_("contact id")),
        ("activity", N_("activity id")),
    ):
        yield _field(f"links.{what}_id", _K.ID, label)


FIELDS: Final[dict[str, Field]] = {field.name: field for field in _fields()}
"""Every field by name; `stage_entered:`, `stage_left:` and `target_of:` stand for the whole family."""
_PERIOD: Final = re.compile(rf"(?:(?:FY)?20\d\d-|\+)?(?:0[1-9]|1[0-2]|Q[1-4]|H[12])|(?:FY)?20\d\d|{WHOLE}")


def field_of(name: str) -> Field | None:
    """Give the field of a name as it stands in a mapping, or null where there is none.

    >>> field_of("stage_entered:Proposal").kind, field_of("deals.amuont"), field_of("target_of:2026-13")
    (<Kind.MOMENT: 'moment'>, None, None)
    """
    prefix, colon, stage = name.partition(":")
    if name.startswith(TARGET_OF) and _PERIOD.fullmatch(stage) is None:
        return None
    return FIELDS.get(f"{prefix}:") if colon and stage else FIELDS.get(name) if not colon else None


def field_named(name: str) -> Field:
    """Give the field of a name that is known to be one (of a preset or the synonyms).

    >>> field_named("stage_left:Proposal").kind
    <Kind.MOMENT: 'moment'>
    """
    field = field_of(name)
    if field is None:
        raise InternalError(name)
    return field


def fields_for(entity: Entity) -> tuple[Field, ...]:
    """Give the fields that a file of an entity can carry, its own first."""
    fitting = [field for field in FIELDS.values() if not field.entities or entity in field.entities]
    return tuple(sorted(fitting, key=lambda field: not field.name.startswith(f"{entity.value}.")))
