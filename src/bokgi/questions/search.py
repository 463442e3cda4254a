"""Deals, accounts and people whose names contain what somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import Final

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from bokgi.domain.hangul import search_key, search_pattern
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json
from bokgi.questions.titles import title, with_names

MOST: Final = 8
_FIRST_LOOK: Final = 4096
"""So many rows are looked through at first: what is typed often stands in enough of them."""
_LOOK_FACTOR: Final = 8
_BETWEEN: Final = "\0"
"""Between the keys of two names in one text; nobody can type it."""


def search(facts: Facts, *, words: str, owners: tuple[str, ...] | None = None, most: int = MOST) -> Json:
    """Find deals, accounts and people of ours by a part of their name, a syllable or initial consonants.

    Reads the current state (not rebuilt for a day, so that it answers while somebody types). With `owners`, deals and
    accounts of these people only. Gives `deals[]{deal_id, title, outcome, owner}` (open ones first, then the latest),
    `accounts[]{account_id, name, deals, open}` (most open deals first), `people[]{person_id, name}` (by name), at most
    `most` of each; all empty for nothing but spaces.
    """
    if not words.strip():
        return {"words": words, "deals": [], "accounts": [], "people": []}
    deals, accounts = _deals(facts), _accounts(facts)
    if owners is not None:
        deals = deals.filter(pc.is_in(deals["owner_id"], pa.array(owners, pa.string())))
        named = _first(accounts, words, ("name",), accounts.num_rows)
        accounts = _counted(deals.filter(pc.is_in(deals["account_id"], named["account_id"])))
    return {
        "words": words,
        "deals": [
            {
                "deal_id": row["deal_id"],
                "title": title((row["account_name"] or row["account_id"], row["deal_name"]), row["deal_id"]),
                "outcome": row["outcome"],
                "owner": row["owner"],
            }
            for row in _first(deals, words, ("account_name", "deal_name"), most, or_key="deal_id").to_pylist()
        ],
        "accounts": _first(accounts, words, ("name",), most).drop_columns("sought").to_pylist(),
        "people": _first(_people(facts), words, ("name",), most).drop_columns("sought").to_pylist(),
    }


def prepare_search(facts: Facts, *, as_of: date) -> Json:
    """Put the names in order that somebody may look for, as they are now; gives how many there are."""
    return {"as_of": as_of.isoformat(), "deals": _deals(facts).num_rows, "accounts": _accounts(facts).num_rows}


def _first(table: pa.Table, words: str, names: Sequence[str], most: int, *, or_key: str | None = None) -> pa.Table:
    """Give the first rows in whose names the words are found, or whose key they are."""
    pattern, key, exact = search_pattern(words), search_key(words), words.strip()
    found, begin, size = table.slice(0, 0), 0, _FIRST_LOOK
    while begin < table.num_rows and found.num_rows < most:
        part = table.slice(begin, size)
        looked = pc.match_substring(part["sought"], key)
        if or_key is not None:
            looked = pc.or_(looked, pc.equal(part[or_key], exact))
        part = part.take(pc.indices_nonzero(looked))
        fits = [pc.match_substring_regex(pc.fill_null(part[name], ""), pattern) for name in names]
        if or_key is not None:
            fits.append(pc.equal(part[or_key], exact))
        found = pa.concat_tables([found, part.filter(reduce(pc.or_, fits))])
        begin, size = begin + size, size * _LOOK_FACTOR
    return found.slice(0, most)


def _deals(facts: Facts) -> pa.Table:
    """Deals with the names of account, deal and owner, in the order in which they are shown; held for a version."""

    def make() -> pa.Table:
        is_open = _.outcome == Outcome.OPEN.value
        told = _named(facts).order_by(is_open.desc(), _.created_on.desc(nulls_first=False), _.deal_id).to_pyarrow()
        return told.append_column("sought", _sought(told, "account_name", "deal_name"))

    return facts.held("search-deals", make)


def _accounts(facts: Facts) -> pa.Table:
    """Accounts with their deals counted, those with the most open ones first; held for a version."""
    return facts.held("search-accounts", lambda: _counted(_deals(facts)))


def _counted(deals: pa.Table) -> pa.Table:
    """Count the deals of each account that has a name."""
    named = deals.filter(deals["account_name"].is_valid())
    marked = named.append_column("open", pc.equal(named["outcome"], Outcome.OPEN.value).cast(pa.int64()))
    counted = marked.group_by(["account_id", "account_name"]).aggregate([("deal_id", "count"), ("open", "sum")])
    told = pa.table(
        {
            "account_id": counted["account_id"],
            "name": counted["account_name"],
            "deals": counted["deal_id_count"],
            "open": counted["open_sum"],
        }
    ).sort_by([("open", "descending"), ("name", "ascending"), ("account_id", "ascending")])
    return told.append_column("sought", _sought(told, "name"))


def _people(facts: Facts) -> pa.Table:
    def ask() -> pa.Table:
        named = facts.identities.filter((_.kind == "person") & _.name.notnull()).select(person_id="key", name="name")
        told = named.distinct().order_by("name", "person_id").to_pyarrow()
        return told.append_column("sought", _sought(told, "name"))

    return facts.once("people by name", facts.identities, ask)


def _sought(table: pa.Table, *names: str) -> pa.Array:
    """Give the keys of the names of each row, in one text."""
    texts = [pc.fill_null(table[name].cast(pa.string()), "") for name in names]
    # All names in one text, so that no step is taken for each of them.
    keys = [search_key(_BETWEEN.join(pc.replace_substring(text, _BETWEEN, " ").to_pylist())) for text in texts]
    columns = [pa.array(key.split(_BETWEEN) if table.num_rows else [], pa.string()) for key in keys]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, _BETWEEN)


def _named(facts: Facts) -> ibis.Table:
    """Deals with the names of account, deal and owner."""
    deals = facts.deals.select("deal_id", "account_id", "owner_id", "outcome", "created_on")
    people = facts.identities.filter(_.kind == "person").select(person_id="key", name="name")
    named = with_names(deals, facts)
    owned = named.left_join(people, named.owner_id == people.person_id)
    columns = ("deal_id", "account_id", "account_name", "deal_name", "owner_id", "outcome", "created_on")
    return owned.select(*columns, owner="name").distinct()
