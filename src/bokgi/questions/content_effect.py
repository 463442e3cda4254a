"""Tell which content helps deals move on, and which figures are associations only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import expm1
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.content_effect import (
    ContentEffects,
    Interval,
    ItemEffect,
    content_effect,
    deal_weeks,
    first_exposures,
)
from bokgi.analysis.content_effect.effects import LEVEL
from bokgi.domain.errors import NotFoundError
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.explained import explained

GRADES: Final = {
    "A": N_("effect, by lot"),
    "B": N_("effect, adjusted"),
    "C": N_("associated only"),
    "D": N_("too little data"),
}
"""What each grade means."""


def ask_content_effect(facts: Facts, *, as_of: date, lag: int = 1, randomised: Mapping[str, str] | None = None) -> Json:
    """Tell for each item of content whether deals that were sent it move on sooner.

    Reads all facts of a lake version. `randomised` names, for items that were given by lot, the deal attribute that
    says to whom (two values; the one with more exposures means given).

    Gives `items[]{content_id, grade, effect, control, n_exposed, …}`, `said[]`, `caveats[]`; see
    `docs/reference/content-effect.schema.json`. Raises `UsageError` for a lag below one week, `NotFoundError` for an
    attribute or item that does not exist.
    """
    with asked(facts, as_of=as_of) as here:
        now = here.facts
        exposures = here.keep(first_exposures(now.content_events, now.calendar, as_of=as_of))
        lots = _lots(here, exposures, randomised or {})
        # The weeks of all deals are many rows: without content there is nothing to hold them against.
        deals = here.deals if exposures.count().to_pyarrow().as_py() else here.deals.limit(0)
        panel = here.keep(deal_weeks(deals, here.visits(), now.activities, now.calendar, as_of=as_of))
        found = content_effect(panel, content=exposures, lag=lag, randomised=lots)
        rows = now.content.select("content_id", "title", "journey_stage").to_pyarrow().to_pylist()
    known = {row["content_id"]: row for row in rows}
    titles = {name: row["title"] or name for name, row in known.items()}
    reason = None if found.items else "no_content"
    return {
        "as_of": as_of.isoformat(),
        "lag": lag,
        "level": found.level,
        "n_deals": found.n_deals,
        "n_weeks": found.n_weeks,
        "reason": reason,
        "control": {"z": found.control_z},
        "items": [
            {
                "content_id": item.content_id,
                "title": titles.get(item.content_id, item.content_id),
                "journey_stage": known.get(item.content_id, {}).get("journey_stage"),
                "grade": item.grade,
                "effect": _interval(item.effect),
                "association": _interval(item.association),
                "control": {"z": item.control_z},
                "n_exposed": item.n_exposed,
                "moves": item.moves,
                "moves_before": item.moves_before,
                "verdict": item.verdict,
                "reason": item.reason,
                "sentence": encoded(item_sentence(item, titles)),
            }
            for item in found.items
        ],
        **explained(
            "content_effect", said=said(found, titles), caveats=_caveats(found), would_change=_would_change(found)
        ),
    }


def _interval(found: Interval | None) -> Json | None:
    return None if found is None else {"estimate": found.estimate, "low": found.low, "high": found.high}


def _lots(here: Asked, exposures: ibis.Table, randomised: Mapping[str, str]) -> ibis.Table | None:
    """Give who was given what by lot, from the attributes of deals."""
    parts = []
    for content_id, header in sorted(randomised.items()):
        if not exposures.filter(_.content_id == content_id).count().to_pyarrow().as_py():
            raise NotFoundError("content_unknown", Message(N_("No deal saw the content {id}."), {"id": content_id}))
        arms = here.deals.select("deal_id", arm=here.deals.attributes[header]).filter(_.arm.notnull())
        saw = exposures.filter(_.content_id == content_id).select(saw_deal="deal_id")
        joined = arms.left_join(saw, arms.deal_id == saw.saw_deal)
        shares = joined.group_by("arm").agg(share=_.saw_deal.notnull().cast("float64").mean()).to_pyarrow().to_pylist()
        if len(shares) != 2:  # noqa: PLR2004 - given or not
            raise NotFoundError(
                "attribute_no_lot",
                Message(
                    N_("{header} does not say who was given {id} by lot: it has {n} {n:value|values}, not two."),
                    {"header": header, "id": content_id, "n": len(shares)},
                ),
            )
        given = max(shares, key=lambda row: (row["share"], row["arm"]))["arm"]
        parts.append(arms.select("deal_id", content_id=ibis.literal(content_id), given=_.arm == given))
    return ibis.union(*parts) if len(parts) > 1 else parts[0] if parts else None


def item_sentence(item: ItemEffect, titles: Mapping[str, str]) -> Message:
    """Say what is known of one item."""
    title = titles.get(item.content_id, item.content_id)
    values: dict[str, object] = {"title": title, "n": item.n_exposed}
    if item.grade == "D":
        return Message(N_("“{title}”: {n} {n:deal|deals} saw it; too few to say anything."), values)
    figure = item.effect or item.association
    if figure is None:
        return Message(N_("“{title}”: {n} {n:deal|deals} saw it; too few to say anything."), values)
    values |= {
        "change": Rate(abs(expm1(figure.estimate))),
        "level": Rate(LEVEL),
        "ends": Between(Rate(expm1(figure.low)), Rate(expm1(figure.high))),
    }
    if item.grade == "C":
        return Message(
            N_(
                "“{title}” goes to deals that were moving anyway, so its {n} {n:deal says|deals say} "
                "nothing of an effect."
            ),
            values,
        )
    if item.verdict == "helps":
        return Message(
            N_(
                "After “{title}” deals move on {change} more often a week ({level} interval {ends}; "
                "{n} {n:deal|deals} saw it)."
            ),
            values,
        )
    if item.verdict == "hurts":
        return Message(
            N_(
                "After “{title}” deals move on {change} less often a week ({level} interval {ends}; "
                "{n} {n:deal|deals} saw it)."
            ),
            values,
        )
    return Message(
        N_("Whether “{title}” does anything cannot be told ({level} interval {ends}; {n} {n:deal|deals} saw it)."),
        values,
    )


def said(found: ContentEffects, titles: Mapping[str, str]) -> list[Message]:
    """Say which items help and which hurt, and of how many nothing can be said."""
    if not found.items:
        return [Message(N_("No deal was shown any content, so there is nothing to tell."))]
    clear = [item for item in found.items if item.verdict in {"helps", "hurts"}]
    clear.sort(key=lambda item: (-(item.effect.estimate if item.effect else 0.0), item.content_id))
    told = [item_sentence(item, titles) for item in clear]
    groups = {
        "unclear": sum(item.verdict == "cannot_tell" for item in found.items),
        "associated": sum(item.grade == "C" for item in found.items),
        "few": sum(item.grade == "D" for item in found.items),
    }
    counted = {
        "unclear": N_("Of {n} {n:item|items}, {unclear} {unclear:shows|show} no clear effect."),
        "few": N_("Of {n} {n:item|items}, {few} {few:was|were} seen by too few deals."),
        "associated": N_(
            "Of {n} {n:item|items}, {associated} {associated:goes|go} to deals that move anyway; "
            "the figures are no effect."
        ),
    }
    values = {"n": len(found.items), **groups}
    told += [Message(text, values) for group, text in counted.items() if groups[group]]
    return told


def _would_change(found: ContentEffects) -> list[Message]:
    if not found.items or all(item.grade == "A" for item in found.items):
        return []
    return [Message(N_("To be sure, give an item by lot to every other new deal for a quarter."))]


def _caveats(found: ContentEffects) -> list[Message]:
    if not found.items:
        return []
    return [
        Message(
            N_(
                "Deals at the same stage, as long in it, with the same recent activity, owner and origin, are "
                "compared, week by week; what else the seller knew of a deal is not in the data."
            )
        ),
        Message(
            N_(
                "{n} {n:item was|items were} looked at together; once in twenty times one of those "
                "said to help or hurt does "
                "neither."
            ),
            {"n": len(found.items)},
        ),
    ]
