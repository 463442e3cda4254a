"""What content does for deals: items with a clear effect, and of how many nothing can be said."""

from __future__ import annotations

from collections.abc import Mapping
from math import expm1
from typing import Any, Final

from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_
from bokgi.questions.content_effect import GRADES
from bokgi.ui import marks
from bokgi.ui.blocks import Badge, Cell, Column, Table
from bokgi.ui.format import ABSENT, plain, signed
from bokgi.ui.speaker import Speaker

Json = Mapping[str, Any]
_SHOWN: Final = 6
_CLEAR: Final = ("helps", "hurts")


def content_table(review: Json, speaker: Speaker) -> Table | None:
    """Lay out the items that help or hurt, then those that most deals saw; null where nothing was shown to deals."""
    found = review["content"]
    if found is None or not found["items"]:
        return None
    clear = sorted(
        (item for item in found["items"] if item["verdict"] in _CLEAR), key=lambda item: -item["effect"]["estimate"]
    )
    others = sorted(
        (item for item in found["items"] if item["verdict"] not in _CLEAR),
        key=lambda item: (-item["n_exposed"], item["content_id"]),
    )
    shown = [*clear, *others[: max(_SHOWN - len(clear), 0)]]
    ends = [item["effect"][end] for item in shown if item["effect"] for end in ("low", "high")]
    scale = marks.Scale(min([*ends, 0.0]), max([*ends, 0.0]), 150)
    return Table(
        caption=speaker.text(
            N_("What content does: {shown} of {n} {n:item|items}, all teams"), shown=len(shown), n=len(found["items"])
        ),
        columns=[
            Column(speaker.word(N_("Content"))),
            Column(speaker.word(N_("Deals that saw it")), "right"),
            Column(speaker.word(N_("Moves on, a week")), "right"),
            Column(speaker.word(N_("Against no effect")), drawn=True),
            Column(speaker.word(N_("What it is"))),
        ],
        rows=[_row(item, found["level"], scale, speaker) for item in shown],
        note=" ".join(plain(speaker.say(sentence)) for sentence in (*found["said"], *found["caveats"])),
    )


def _row(item: Json, level: float, scale: marks.Scale, speaker: Speaker) -> list[Cell]:
    figure, verdict = item["effect"], item["verdict"]
    badges = {
        "helps": Badge(f"↑ {speaker.word(N_('helps'))}", "good"),
        "hurts": Badge(f"↓ {speaker.word(N_('hurts'))}", "bad"),
        "cannot_tell": Badge(f"≈ {speaker.word(N_('cannot tell'))}", "same"),
    }
    grade = "" if verdict == "cannot_tell" else speaker.word(GRADES[item["grade"]])
    what = Cell(grade, badge=badges.get(verdict))
    head = [Cell(item["title"], strong=verdict in _CLEAR), Cell(speaker.count(item["n_exposed"]))]
    if figure is None:
        return [*head, Cell(ABSENT), Cell(), what]
    tone: marks.Tone = "good" if verdict == "helps" else "bad" if verdict == "hurts" else "plain"
    drawn = marks.whisker(figure["estimate"], (figure["low"], figure["high"]), scale, reference=0.0, tone=tone)
    ends = Between(Rate(expm1(figure["low"])), Rate(expm1(figure["high"])))
    interval = speaker.text(N_("{level} interval {ends}"), level=Rate(level), ends=ends)
    change = signed(speaker.percent(expm1(figure["estimate"])))
    return [*head, Cell(change, sub=interval, strong=verdict in _CLEAR), Cell(mark=drawn), what]
