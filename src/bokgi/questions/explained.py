"""What every answer says about itself, for who leads a team: sentences, caveats, what would change it, the method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from bokgi.domain.messages import Message
from bokgi.domain.sentences import encoded

Json = dict[str, Any]

Method = Literal[
    "bottleneck",
    "causes",
    "change_detection",
    "comparison",
    "concentration",
    "content_effect",
    "decomposition",
    "discussed_deals",
    "forecast",
    "funnel",
    "win_loss",
]
"""Name of a page in `docs/explanation/methods/`, which tells how the answer is found."""


def explained(
    method: Method, *, said: Sequence[Message], caveats: Sequence[Message], would_change: Sequence[Message]
) -> Json:
    """Put an answer's words together.

    `said`: what was found, the first sentence by itself enough; `caveats`: what it does not mean; `would_change`: what
    it would take for the answer to become another; `method`: the page that tells how it is found. None of the
    sentences speaks of the method.

    >>> explained("funnel", said=[Message("Half move on.")], caveats=[], would_change=[])["method"]
    'funnel'
    """
    return {
        "said": [encoded(message) for message in said],
        "caveats": [encoded(message) for message in caveats],
        "would_change": [encoded(message) for message in would_change],
        "method": method,
    }
