"""Whose result is a closed deal: who owned it on the day it closed, and who shared in it on that day."""

from __future__ import annotations

import ibis
from ibis import _


def owner_at_close(deals: ibis.Table, deal_changes: ibis.Table) -> ibis.Table:
    """Deals with the owner they had on the day they closed; open deals keep the one they have.

    Question: who gets the credit when deals moved to somebody else afterwards, because a person left or changed team?
    Reads `deals` (one row per deal; `deal_id`, `owner_id`, `closed_on`) and `deal_changes` (`field` owner_id). Gives
    the same rows and columns, `owner_id` replaced. The last change up to the closing day says who it was then; without
    one the first change after it says who it was before. A change that a snapshot found counts on the last day it may
    have happened. Without any change it is the owner that stands there. Null stays null.
    Do not use it for: who worked a deal before it closed (`deal_people`, activities).
    Source: own definition; `tests/analysis/test_credit.py`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> days = [date(2026, 3, 1)]
    >>> deals = ibis.memtable(pa.table({"deal_id": ["d"], "owner_id": ["park"], "closed_on": days}))
    >>> change = {"deal_id": ["d"], "field": ["owner_id"], "old": ["lee"], "new": ["park"], "seq": [1]}
    >>> change |= {"changed_on": [date(2026, 4, 1)], "changed_at": pa.array([None], pa.timestamp("us"))}
    >>> owner_at_close(deals, ibis.memtable(pa.table(change))).to_pyarrow().to_pylist()[0]["owner_id"]
    'lee'
    """
    columns = deals.columns
    moves = deal_changes.filter((_.field == "owner_id") & _.changed_on.notnull()).select(
        "deal_id", "old", "new", "seq", "changed_on", "changed_at"
    )
    closed = deals.filter(deals.closed_on.notnull()).select(of_deal="deal_id", closed="closed_on")
    told = moves.join(closed, moves.deal_id == closed.of_deal)
    before = told.filter(_.changed_on <= _.closed).mutate(
        place=ibis.row_number().over(
            ibis.window(
                group_by="deal_id",
                order_by=[
                    _.changed_on.desc(),
                    _.changed_at.desc(nulls_first=False),
                    _.seq.desc(),
                    _.new.asc(),
                    _.old.asc(),
                ],
            )
        )
    )
    after = told.filter((_.changed_on > _.closed) & _.old.notnull()).mutate(
        place=ibis.row_number().over(
            ibis.window(
                group_by="deal_id",
                order_by=[
                    _.changed_on.asc(),
                    _.changed_at.asc(nulls_first=True),
                    _.seq.asc(),
                    _.old.asc(),
                    _.new.asc(),
                ],
            )
        )
    )
    last = before.filter(_.place == 0).select(before_deal="deal_id", last_owner="new")
    first = after.filter(_.place == 0).select(after_deal="deal_id", first_owner="old")
    joined = deals.left_join(last, deals.deal_id == last.before_deal)
    joined = joined.left_join(first, joined.deal_id == first.after_deal)
    owner = ibis.coalesce(joined.last_owner, joined.first_owner, joined.owner_id)
    return joined.mutate(owner_id=owner).select(*columns)


def credited(deals: ibis.Table, deal_people: ibis.Table) -> ibis.Table:
    """Give who shares in each closed deal, and how much: `deal_id`, `person_id`, `share` (0 to 1).

    Reads `deals` (`owner_id` as it was at closing, see `owner_at_close`) and `deal_people`. Shares in force on the
    closing day count; what they leave of the whole is the owner's, and where they are more than the whole they are
    scaled to it. A deal without an owner and without shares has no row. Shares of a deal add up to one unless it has no
    owner.
    Source: own definition; `tests/analysis/test_credit.py`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> day, none = [date(2026, 3, 1)], pa.array([None], pa.date32())
    >>> deals = ibis.memtable(pa.table({"deal_id": ["d"], "owner_id": ["lee"], "closed_on": day}))
    >>> people = {"deal_id": ["d"], "person_id": ["park"], "share": [0.25], "valid_from": none, "valid_to": none}
    >>> rows = credited(deals, ibis.memtable(pa.table(people))).to_pyarrow().to_pylist()
    >>> sorted((row["person_id"], row["share"]) for row in rows)
    [('lee', 0.75), ('park', 0.25)]
    """
    closed = deals.filter(deals.closed_on.notnull()).select("deal_id", "owner_id", "closed_on")
    shared = deal_people.select(
        of_deal="deal_id", person_id="person_id", share="share", since="valid_from", to="valid_to"
    )
    joined = closed.join(shared, closed.deal_id == shared.of_deal).filter(
        _.since.isnull() | (_.since <= _.closed_on), _.to.isnull() | (_.to > _.closed_on), _.share > 0
    )
    shares = joined.group_by(["deal_id", "person_id"]).agg(share=_.share.cast("float64").sum())
    sums = shares.group_by("deal_id").agg(total=_.share.sum()).select(sum_deal="deal_id", total="total")
    scaled = shares.join(sums, shares.deal_id == sums.sum_deal)
    scaled = scaled.select("deal_id", "person_id", share=_.share / ibis.greatest(_.total, 1.0))
    rest = closed.left_join(sums, closed.deal_id == sums.sum_deal).mutate(
        share=1.0 - ibis.least(ibis.coalesce(_.total, 0.0), 1.0)
    )
    own = rest.filter(_.owner_id.notnull() & (_.share > 0)).select("deal_id", person_id="owner_id", share="share")
    return scaled.union(own).group_by(["deal_id", "person_id"]).agg(share=_.share.sum())
