"""How a page in English writes what an answer holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from bokgi.domain.period import Period
from bokgi.ui.format import NBSP, ends
from bokgi.ui.speaker import Speaker, amount_of
from tests.homes import TODAY

Json = dict[str, Any]
SAY: Final = Speaker("en", TODAY, "KRW")
QUARTER: Final = Period.quarter_of(TODAY)
ENDS: Final = ("low", "high")


def interval(low: str, high: str) -> str:
    """Write an interval as an English page does."""
    return ends(low, high, "en").replace(NBSP, " ")


def texts(sentences: Sequence[Json]) -> list[str]:
    return [SAY.say(sentence) for sentence in sentences]


def money_cells(rows: Sequence[Json | None]) -> Callable[[Json | None], str]:
    unit = SAY.money_column(rows)
    return lambda found: unit.cell(amount_of(found))
