"""How far results hang on one person, beside what luck alone gives among equals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bokgi.apps.reviews.rendering.blocks import Verdict
from bokgi.domain.messages import N_
from bokgi.ui import marks
from bokgi.ui.blocks import Badge
from bokgi.ui.format import n as cases
from bokgi.ui.speaker import Speaker

Json = Mapping[str, Any]


def concentration_verdict(review: Json, speaker: Speaker) -> Verdict | None:
    """Say whether the first person's share is more than luck, and what would be without that person."""
    found = review["concentration"]
    if found is None:
        return None
    title = speaker.word(N_("How far results hang on one person"))
    lines = [speaker.say(sentence) for sentence in (*found["said"], *found["caveats"])]
    band, share = found["top_share_luck_band"], found["top_share"]
    if band is None or share is None:
        return Verdict(title=title, badge=Badge(speaker.word(N_("too few")), "few"), lines=lines)
    more = band["more_than_luck"]
    scale = marks.Scale(0.0, min(max(share, band["high"]) * 1.2, 1.0), 150)
    people = speaker.text(N_("{n} {n:person|people}"), n=speaker.count(found["people"]))
    return Verdict(
        title=title,
        badge=Badge(speaker.word(N_("more than luck")), "warn")
        if more
        else Badge(f"≈ {speaker.word(N_('no more than luck'))}", "same"),
        value=speaker.percent(share),
        beside=speaker.text(
            N_("share of the first; by luck {low} to {high}"),
            low=speaker.percent(band["low"]),
            high=speaker.percent(band["high"]),
        ),
        mark=marks.whisker(band["expected"], (band["low"], band["high"]), scale, reference=share, label=lines[0]),
        lines=lines,
        evidence=f"{people}, {cases(found['n'])}",
    )
