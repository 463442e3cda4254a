"""Learning: wins and losses of the week that are worth telling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bokgi.apps.reviews.rendering.blocks import Block, Item, Items, Section
from bokgi.apps.reviews.rendering.parts.content import content_table
from bokgi.apps.reviews.rendering.words import PARTS
from bokgi.domain.labels import OUTCOMES
from bokgi.domain.messages import N_, Message
from bokgi.ui.blocks import Badge
from bokgi.ui.speaker import Speaker, about

Json = Mapping[str, Any]


def section(review: Json, speaker: Speaker) -> Section:
    """Write the part."""
    title, about = PARTS["learning"]
    total = review["execution_total"]["this_week"]
    content = content_table(review, speaker)
    blocks: list[Block] = [] if content is None else [content]
    return Section(
        key="learning",
        title=speaker.word(title),
        about=speaker.word(about),
        say=[speaker.say(sentence) for sentence in review["said"]["learning"]],
        blocks=[
            _list(
                N_("Won"), N_("No deal was won this week."), review["learning"]["won"], total["won"]["count"], speaker
            ),
            _list(
                N_("Lost or without decision"),
                N_("No deal was lost this week."),
                review["learning"]["lost"],
                total["lost"]["count"] + total["no_decision"]["count"],
                speaker,
            ),
            *blocks,
        ],
    )


def _list(title: str, empty: str, deals: list[Json], n: int, speaker: Speaker) -> Items:
    more = n - len(deals)
    note = (
        speaker.message(
            Message(N_("{n} smaller one is not shown."), {"n": more}, plural=N_("{n} smaller ones are not shown."))
        )
        if more > 0
        else ""
    )
    return Items(
        title=speaker.word(title),
        items=[_deal(deal, speaker) for deal in deals],
        note=note,
        empty=speaker.word(empty),
    )


def _deal(deal: Json, speaker: Speaker) -> Item:
    days = (
        speaker.text(N_("{days} from first to last day"), days=speaker.days(deal["days"]))
        if deal["days"] is not None
        else ""
    )
    facts = [deal["owner"] or "", speaker.day(deal["closed_on"]), days]
    lines = [" · ".join(part for part in facts if part)]
    lines += [speaker.say(note) for note in deal["notes"]]
    return Item(
        title=deal["account"] or deal["name"] or deal["deal_id"],
        sub=about(deal),
        lines=lines,
        right=speaker.worth(deal),
        badge=Badge(speaker.label(OUTCOMES, deal["outcome"])) if deal["outcome"] != "won" else None,
    )
