"""Whether people can be told apart once their cases are made alike: one sentence, nobody named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bokgi.apps.reviews.rendering.blocks import Verdict
from bokgi.domain.messages import N_
from bokgi.ui.blocks import Badge
from bokgi.ui.format import n as cases
from bokgi.ui.speaker import Speaker

Json = Mapping[str, Any]


def comparison_verdict(review: Json, speaker: Speaker) -> Verdict | None:
    """Say how many people differ from the average with like cases; null where that cannot be asked."""
    found = review["comparison"]
    if found is None or found["reason"] is not None:
        return None
    apart = found["heterogeneity"]["detectable"]
    return Verdict(
        title=speaker.word(N_("Win rates with like cases, all teams")),
        badge=Badge(speaker.word(N_("people differ")))
        if apart
        else Badge(f"≈ {speaker.word(N_('cannot tell'))}", "same"),
        lines=[speaker.say(sentence) for sentence in found["said"]],
        evidence=cases(found["n"]),
    )
