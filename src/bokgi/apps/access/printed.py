"""Codes that the server prints in its terminal: who can read them there may do what nobody else may."""

from __future__ import annotations

import hmac
from typing import Final

from django.conf import settings

SET_UP: Final = "set-up-code"
"""Sets Bokgi up; like every one of these the name of a secret in `keys/`."""
DEMO: Final = "demo-code"
"""Opens the demo roles."""


def is_code(name: str, given: str) -> bool:
    """Say whether somebody knows a printed code; one that was never printed is known to nobody."""
    path = settings.HOME / "keys" / name
    if not path.is_file():
        return False
    return hmac.compare_digest(path.read_text(encoding="utf-8").strip().encode(), given.strip().encode())
