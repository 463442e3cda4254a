"""When two names of people are the same, however they are typed."""

from __future__ import annotations

import unicodedata


def folded(name: str | None) -> str:
    """Give a name as it is compared: composed Hangul, small letters, no spaces; empty for none.

    >>> folded(unicodedata.normalize("NFD", "김 서연")) == folded("김서연"), folded("James  Lee")
    (True, 'jameslee')
    """
    return "".join(unicodedata.normalize("NFC", name or "").lower().split())
