"""Deals, accounts and people whose names contain what somebody types."""

from __future__ import annotations

from typing import Final

import ibis
from ibis import _

from bokgi.domain.hangul import search_pattern
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json
from bokgi.questions.titles import title, with_names

MOST: Final = 8


def search(facts: Facts, *, words: str, owners: tuple[str, ...] | None = None, most: int = MOST) -> Json:
    """Find deals, accounts and people of ours by a part of their name, a syllable or initial consonants.

    Reads the current state (not rebuilt for a day, so that it answers while somebody types). With `owners`, deals and
    accounts of these people only. Gives `deals[]{deal_id, title, outcome, owner}` (open ones first, then the latest),
    `accounts[]{account_id, name, deals, open}` (most open deals first), `people[]{person_id, name}` (by name), at most
    `most` of each; all empty for nothing but spaces.
    """
    if not words.strip():
        return {"words": words, "deals": [], "accounts": [], "people": []}
    pattern = search_pattern(words)
    is_open = _.outcome == Outcome.OPEN.value
    # Somebody is typing: the joins are made once for a lake version.
    named = facts.kept("named-deals", lambda: _named(facts))
    if owners is not None:
        named = named.filter(_.owner_id.isin(list(owners)))
    people = _people(facts)
    hits = named.filter(
        ibis.coalesce(_.account_name, "").re_search(pattern)
        | ibis.coalesce(_.deal_name, "").re_search(pattern)
        | (_.deal_id == words.strip())
    )
    first = hits.order_by(is_open.desc(), _.created_on.desc(nulls_first=False), _.deal_id).limit(most)
    accounts = (
        named.filter(ibis.coalesce(_.account_name, "").re_search(pattern))
        .group_by("account_id", name=_.account_name)
        .agg(deals=_.count(), open=_.count(where=is_open))
        .order_by(_.open.desc(), _.name, _.account_id)
        .limit(most)
    )
    found = people.filter(ibis.coalesce(_.name, "").re_search(pattern)).distinct().order_by("name", "person_id")
    return {
        "words": words,
        "deals": [
            {
                "deal_id": row["deal_id"],
                "title": title((row["account_name"] or row["account_id"], row["deal_name"]), row["deal_id"]),
                "outcome": row["outcome"],
                "owner": row["owner"],
            }
            for row in first.to_pyarrow().to_pylist()
        ],
        "accounts": accounts.to_pyarrow().to_pylist(),
        "people": found.limit(most).to_pyarrow().to_pylist(),
    }


def _named(facts: Facts) -> ibis.Table:
    """Deals with the names of account, deal and owner."""
    deals = facts.deals.select("deal_id", "account_id", "owner_id", "outcome", "created_on")
    named, people = with_names(deals, facts), _people(facts)
    owned = named.left_join(people, named.owner_id == people.person_id)
    columns = ("deal_id", "account_id", "account_name", "deal_name", "owner_id", "outcome", "created_on")
    return owned.select(*columns, owner="name").distinct()


def _people(facts: Facts) -> ibis.Table:
    return facts.identities.filter(_.kind == "person").select(person_id="key", name="name")
