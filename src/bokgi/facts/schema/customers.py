"""Who is sold to: accounts, contacts and leads."""

from __future__ import annotations

from typing import Final

from bokgi.facts.schema.columns import ATTRIBUTES, UNKNOWN, Column, Grain, Table, moment, text

CUSTOMERS: Final = (
    Table(
        "accounts",
        Grain.STATE,
        "account, current state",
        ("account_id",),
        (
            Column("account_id", "string", "the source's id, or the company name where it has none"),
            text("name", "company name"),
            text("industry", "industry"),
            text("segment", "segment"),
            text("size", "size class as the source writes it"),
            Column("employees", "integer", "number of employees", UNKNOWN),
            text("region", "region"),
            text("parent_id", "account_id of the parent", "no parent, or not known"),
            ATTRIBUTES,
        ),
        lasting=True,
    ),
    Table(
        "contacts",
        Grain.STATE,
        "person at a customer; the name stands in identities",
        ("contact_id",),
        (
            Column("contact_id", "string", "our key or the source's id"),
            text("account_id", "account"),
            text("title", "position"),
            ATTRIBUTES,
        ),
    ),
    Table(
        "deal_contacts",
        Grain.STATE,
        "deal × contact",
        ("deal_id", "contact_id"),
        (
            Column("deal_id", "string", "deal"),
            Column("contact_id", "string", "contact"),
            text("role", "role in the decision"),
            Column("involved", "boolean", "takes part; false: somebody said no longer", "takes part"),
        ),
    ),
    Table(
        "leads",
        Grain.STATE,
        "lead, current state",
        ("lead_id",),
        (
            Column("lead_id", "string", "the source's id"),
            text("source", "lead source"),
            text("grade", "lead grade"),
            text("owner_id", "person_id of the owner"),
            text("account_id", "account"),
            *moment("created", "created"),
            *moment("assigned", "assigned to the owner"),
            text("converted_deal_id", "deal it became", "not converted, or not known"),
            text("outcome", "open, converted, disqualified"),
            ATTRIBUTES,
        ),
    ),
)
