"""Feedback: two or three points for each person, each with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bokgi.apps.reviews.rendering.blocks import Item, Items, Section
from bokgi.apps.reviews.rendering.words import PARTS
from bokgi.domain.messages import N_, Message
from bokgi.ui.speaker import Speaker

Json = Mapping[str, Any]
_SHOWN_DEALS: Final = 2


def section(review: Json, speaker: Speaker) -> Section:
    """Write the part."""
    title, about = PARTS["feedback"]
    items = [_person(found, speaker) for found in review["feedback"] if found["points"]]
    silent = [found for found in review["feedback"] if not found["points"]]
    names = ", ".join(found["name"] for found in silent)
    note = speaker.text(N_("Nothing that the data can bear: {names}"), names=names) if silent else ""
    return Section(
        key="feedback",
        title=speaker.word(title),
        about=speaker.word(about),
        say=[speaker.say(sentence) for sentence in review["said"]["feedback"]],
        blocks=[
            Items(
                title=speaker.word(N_("By person")),
                items=items,
                note=note if items else "",
                empty=note or speaker.word(N_("There is nobody with open deals or activities.")),
            )
        ],
    )


def _person(found: Json, speaker: Speaker) -> Item:
    lines = []
    for point in found["points"]:
        few = point["deals"][:_SHOWN_DEALS]
        deals = ", ".join(deal["title"] for deal in few)
        more = point["n"] - len(few)
        if deals and more > 0:
            deals = speaker.message(
                Message(N_("{deals} and {n} more"), {"n": more, "deals": deals}, plural=N_("{deals} and {n} more"))
            )
        lines.append(f"{speaker.say(point['sentence'])}{f' ({deals})' if deals else ''}")
    return Item(title=found["name"], sub=found["team"] or "", lines=lines)
