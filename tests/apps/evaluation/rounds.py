"""Six people in four roles, and the days of their round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

BEFORE, START, MIDWAY, END, AFTER = (
    date(2026, 6, 20),
    date(2026, 7, 1),
    date(2026, 8, 10),
    date(2026, 10, 1),
    date(2026, 11, 24),
)
TAKING = {"lee": "AE", "park": "SDR", "seo": "CSM", "nam": "CSM", "kim": "manager", "han": "manager"}
PARTS = ("results", "quality", "execution", "customer", "skill", "collaboration")

Go = Callable[[date], None]
