"""What kind of deal each of some deals is: what a case of another deal is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
from ibis import _

from bokgi.facts.model import Facts
from bokgi.questions.asked import Json, asked
from bokgi.questions.titles import title, with_names


def ask_deal_kinds(facts: Facts, *, as_of: date, deal_ids: Sequence[str]) -> Json:
    """Tell the kind of some deals: stage, industry, company size, lead source, product.

    Reads all facts of a lake version, cut to `as_of`. Gives `deals{}` by `deal_id` of those that are known: `title,
    owner_id, outcome, closed_on, lost_reason, stage` (label; for a closed deal the last open one it stood in),
    `industry, size, source, product`; null: not known.
    """
    with asked(facts, as_of=as_of) as here:
        ours = here.deals.filter(_.deal_id.isin(list(deal_ids))) if deal_ids else here.deals.limit(0)
        found = here.keep(with_names(ours, here.facts).distinct())
        last = ibis.window(group_by="deal_id", order_by=_.visit.desc())
        stood = here.keep_visits(found).mutate(place=ibis.row_number().over(last)).filter(_.place == 0)
        stages = {row["deal_id"]: row["stage"] for row in stood.select("deal_id", "stage").to_pyarrow().to_pylist()}
        rows = found.order_by("deal_id").to_pyarrow().to_pylist()
        return {
            "as_of": as_of.isoformat(),
            "deals": {
                row["deal_id"]: {
                    "title": title((row["account_name"] or row["account_id"], row["deal_name"]), row["deal_id"]),
                    "owner_id": row["owner_id"],
                    "outcome": row["outcome"],
                    "closed_on": None if row["closed_on"] is None else row["closed_on"].isoformat(),
                    "lost_reason": row["lost_reason"],
                    "stage": None if row["deal_id"] not in stages else here.stage_label(stages[row["deal_id"]]),
                    **{name: row[name] for name in ("industry", "size", "source", "product")},
                }
                for row in rows
            },
        }
