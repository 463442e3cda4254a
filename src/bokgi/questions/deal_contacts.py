"""Who is involved at the customer's, what the next step is, and the CRM's page, for a few deals at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis
from ibis import _

from bokgi.facts.model import Facts
from bokgi.questions.asked import Json, asked

_ADDRESS: Final = ("https://", "http://")
_ROLES: Final = 12
"""Most roles that are suggested."""


def contacts_of(facts: Facts, deal_ids: Sequence[str]) -> dict[str, list[Json]]:
    """List for each of some deals who takes part: `contact_id, name, title, role`; a deal with nobody is not in it."""
    wanted = facts.deal_contacts.deal_id.isin(list(deal_ids)) & ibis.coalesce(_.involved, ibis.literal(value=True))
    ours = facts.deal_contacts.filter(wanted).select("deal_id", "contact_id", "role")
    titles = facts.contacts.select(position_of="contact_id", title="title")
    names = facts.identities.filter(_.kind == "contact").select(named="key", name="name")
    titled = ours.left_join(titles, ours.contact_id == titles.position_of)
    told = titled.left_join(names, titled.contact_id == names.named)
    rows = (
        told.select("deal_id", "contact_id", "name", "title", "role")
        .distinct()
        .order_by("deal_id", "contact_id", "role", "name", "title")
        .to_pyarrow()
        .to_pylist()
    )
    found: dict[str, list[Json]] = {}
    for row in rows:
        found.setdefault(row.pop("deal_id"), []).append(row)
    return found


def ask_contacts(facts: Facts, *, as_of: date, deal_ids: Sequence[str]) -> Json:
    """Ask for the people at the customer's, the words of the next step and the CRM's own page of some deals.

    Gives `contacts{deal_id: [{contact_id, name, title, role}]}` by contact, `next_steps{deal_id: words}`, and
    `addresses{deal_id: address}`: the first attribute of a deal, by name, that is an address on the web. Deals without
    any are not in it. `contacts_told` says whether the facts tell of any deal who takes part, and `roles[]` in which
    roles, the commonest first; what the source never tells, no deal lacks.
    """
    with asked(facts, as_of=as_of) as here:
        wanted = list(deal_ids)
        known = here.facts
        used = known.deal_contacts.group_by("role").agg(n=_.count()).order_by(_.n.desc(), "role").limit(_ROLES)
        roles = used.to_pyarrow()["role"].to_pylist()
        steps = known.texts.filter((_.kind == "next_step") & _.key.isin(wanted)).select("key", "text").to_pyarrow()
        noted = here.deals.filter(_.deal_id.isin(wanted) & _.attributes.notnull()).select("deal_id", "attributes")
        addresses = {}
        for row in noted.order_by("deal_id").to_pyarrow().to_pylist():
            found = next(
                (value for _name, value in sorted(row["attributes"]) if (value or "").startswith(_ADDRESS)), None
            )
            if found is not None:
                addresses[row["deal_id"]] = found
        return {
            "contacts": contacts_of(known, wanted),
            "contacts_told": bool(roles),
            "roles": [role for role in roles if role],
            "addresses": addresses,
            "next_steps": dict(zip(*steps.to_pydict().values(), strict=True)),
        }
