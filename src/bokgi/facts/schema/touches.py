"""Everything between a seller and a customer: activities, content, responses."""

from __future__ import annotations

from typing import Final

from bokgi.facts.schema.columns import ATTRIBUTES, UNKNOWN, Column, Grain, Table, event_moment, text

TOUCHES: Final = (
    Table(
        "activities",
        Grain.STATE,
        "activity",
        ("activity_id",),
        (
            Column("activity_id", "string", "the source's id, or our own where it has none"),
            Column("kind", "string", "meeting, call, email, message, task, note, other"),
            text("direction", "inbound or outbound"),
            text("deal_id", "deal"),
            text("account_id", "account"),
            text("contact_id", "contact"),
            *event_moment("happened", "took or takes place"),
            text("outcome", "held, connected, replied, no_show, cancelled … as canonical text"),
            Column("done", "boolean", "has taken place", UNKNOWN),
            Column("automatic", "boolean", "made by a system; never counts as activity"),
        ),
    ),
    Table(
        "activity_people",
        Grain.STATE,
        "activity × person of ours",
        ("activity_id", "person_id"),
        (Column("activity_id", "string", "activity"), Column("person_id", "string", "person")),
    ),
    Table(
        "content",
        Grain.STATE,
        "item of content",
        ("content_id",),
        (
            Column("content_id", "string", "the source's id"),
            text("title", "title"),
            text("kind", "article, case, comparison, guide, webinar …"),
            text("journey_stage", "awareness, interest, consideration, decision, retention"),
            ATTRIBUTES,
        ),
    ),
    Table(
        "content_events",
        Grain.EVENT,
        "exposure to an item of content",
        ("event_id",),
        (
            Column("event_id", "string", "the source's id, or our own where it has none"),
            Column("content_id", "string", "item"),
            text("deal_id", "deal"),
            text("contact_id", "contact"),
            Column("kind", "string", "sent, opened, read"),
            *event_moment("happened", "happened"),
            Column("seconds", "number", "time spent, seconds", "not measured"),
        ),
    ),
    Table(
        "responses",
        Grain.EVENT,
        "feedback from a customer",
        ("response_id",),
        (
            Column("response_id", "string", "the source's id, or our own where it has none"),
            text("account_id", "account"),
            text("deal_id", "deal"),
            text("contact_id", "contact"),
            text("journey_stage", "journey stage"),
            Column("kind", "string", "nps, csat, ces, feeling"),
            Column("score", "number", "score as given", "no score"),
            *event_moment("happened", "given"),
        ),
    ),
)
