"""The words of a review in one language: labels for codes, and values written by `ui.format`."""

from __future__ import annotations

from typing import Final

from bokgi.domain.messages import N_

PARTS: Final = {
    "execution": (N_("Execution check"), N_("What each person did at each stage of the funnel")),
    "bottleneck": (N_("Bottleneck search"), N_("Where deals stopped, and which of them to talk about")),
    "feedback": (N_("Feedback"), N_("Two or three points for each person, with what they rest on")),
    "learning": (N_("Learning"), N_("Wins and losses of the week that are worth telling, and what content does")),
    "motivation": (N_("Motivation"), N_("How far the goal is, why, and what got better")),
}
"""The five parts in the order of the meeting: title, and what the part is about."""
