"""How a deal is called in a list: its account and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from bokgi.facts.model import Facts

Names = tuple[str | None, str | None]
"""The account's and the deal's own name."""


def with_names(deals: ir.Table, facts: Facts) -> ir.Table:
    """Give deals (one row each, with `account_id`) with `account_name` and `deal_name`; null where none is known."""
    accounts = facts.accounts.select(named_account="account_id", account_name="name")
    words = facts.texts.filter(_.kind == "deal_name").select(named_deal="key", deal_name="text")
    told = deals.left_join(accounts, deals.account_id == accounts.named_account)
    return told.left_join(words, told.deal_id == words.named_deal).drop("named_account", "named_deal")


def deal_names(deals: ir.Table, facts: Facts, deal_ids: Sequence[str]) -> dict[str, Names]:
    """Give the names of a few deals, by deal; the account's key where it has no name."""
    if not deal_ids:
        return {}
    # A table of them: a list of thousands in the question takes longer to write down than to look up.
    asked = ibis.memtable(pa.table({"key": sorted(set(deal_ids))}))
    few = deals.semi_join(asked, deals.deal_id == asked.key).select("deal_id", "account_id")
    named = replace(facts, texts=facts.texts.semi_join(asked, "key"))
    rows = with_names(few, named).distinct().to_pyarrow().to_pylist()
    return {row["deal_id"]: (row["account_name"] or row["account_id"], row["deal_name"]) for row in rows}


def title(names: Names, deal_id: str) -> str:
    """Name a deal in a few words.

    >>> (
    ...     title(("한빛소프트", "그룹웨어 도입"), "d1"),
    ...     title(("한빛소프트", "한빛소프트 도입"), "d1"),
    ...     title((None, None), "d1"),
    ... )
    ('한빛소프트 그룹웨어 도입', '한빛소프트 도입', 'd1')
    """
    account, name = names
    if account and name and name != account:
        return f"{account} {name}" if account not in name else name
    return account or name or deal_id
