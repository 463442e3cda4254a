"""The open deals that stand where the funnel stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import ibis
import pyarrow.compute as pc
from ibis import _

from bokgi.analysis.bottleneck.counts import STAGE, column_of

DEALS_SHOWN: Final = 20
Place = tuple[str, str, str, str]
"""Pipeline, stage, view and unit."""


def deals_there(
    visits: ibis.Table, deals: ibis.Table, places: Iterable[Place], by: Sequence[str]
) -> dict[Place, tuple[str, ...]]:
    """Open deals that stand at each place now, largest first, at most `DEALS_SHOWN`."""
    places = list(places)
    if not places:
        return {}
    columns = list(dict.fromkeys(column_of(view) for view in by if view != STAGE))
    side = deals.filter(_.outcome == "open").select(
        of_deal="deal_id", value=_.amount, **{f"of_{c}": c for c in columns}
    )
    standing = visits.filter((_.exit == "open") & _.stage.isin({stage for __, stage, __, __ in places}))
    rows = standing.join(side, standing.deal_id == side.of_deal).select(
        "deal_id", "pipeline", "stage", "value", **{c: _[f"of_{c}"].cast("string") for c in columns}
    )
    table = rows.order_by([_.value.desc(nulls_first=False), _.deal_id]).to_pyarrow()
    out = {}
    for place in places:
        pipeline, stage, view, unit = place
        here = pc.and_(pc.equal(table["pipeline"], pipeline), pc.equal(table["stage"], stage))
        if view != STAGE:
            here = pc.and_(here, pc.equal(table[column_of(view)], unit))
        out[place] = tuple(table["deal_id"].filter(here).slice(0, DEALS_SHOWN).to_pylist())
    return out
