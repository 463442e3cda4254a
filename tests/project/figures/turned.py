"""The other way round: every number that stands on a page comes from an answer, or is named here with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from typing import Any, Final

from tests.project.figures.reading import plain
from tests.project.figures.writing import SAY, Json

NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
OF_A_PAGE: Final = {
    r"80% within": "which quantile of the days is told",
    r"an age of 60, 90 or 180 days": "the definition of a KPI",
    r"^From 0% to 100%$": "the scale of a drawing",
    r"^\d+–\d+%$": "the scale of a drawing, in the head of its column",
    r"^Won, 12 months$": "the head of a column",
    r"^[A-Z][a-z]{2} \d+–[A-Z][a-z]{2} \d+$": "the first and the last day of a week, whose end an answer excludes",
    r"^[+−]\d+%$": "how far a forecast was from what came: both stand beside it",
}
"""Numbers that a page tells of itself, or works out of what stands beside them, and why."""
_UNITS: Final = tuple(Decimal(10) ** power for power in (0, 3, 4, 6, 8, 9))
_EMPTY: Final = frozenset({"input", "br", "img", "hr", "meta", "link", "path", "use", "rect", "circle", "line", "wbr"})
_PASSED_OVER: Final = frozenset({"svg", "script", "style", "select", "nav", "template", "form"})
"""Drawings, whose table is read, and what a page asks, beside what it tells."""


class Told(HTMLParser):
    """The numbers in the main part of a page, by the heading or the table under which they stand."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.places: dict[str, list[str]] = {}
        self._open: list[tuple[str, bool]] = []
        self._place, self._heading = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        if tag in _EMPTY:
            return
        given = dict(attrs)
        shut = (
            tag in _PASSED_OVER
            or "tabs" in (given.get("class") or "").split()
            or "page-head" in (given.get("class") or "").split()
        )
        self._open.append((tag, shut))
        if given.get("role") == "region" and given.get("aria-label"):
            self._place = given["aria-label"] or ""
        if tag in {"h2", "h3"}:
            self._place = ""

    def handle_endtag(self, tag: str) -> None:
        """Go out of it, and of what was left open in it."""
        while tag in [name for name, _shut in self._open]:
            name, _shut = self._open.pop()
            if name == "table":
                self._place = ""
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        """Read words."""
        names = [name for name, _shut in self._open]
        if "main" not in names or any(shut for _name, shut in self._open):
            return
        if names[-1] in {"h2", "h3"} and plain(data):
            self._heading = plain(data)
        text = plain(data)
        if NUMBER.search(text):
            self.places.setdefault(self._place or self._heading, []).append(text)


def _values(answer: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever JSON holds
    """Give every value of an answer, and each sentence as a page says it."""
    if isinstance(answer, dict):
        if "message" in answer and "values" in answer:
            yield SAY.say(answer)
        for value in answer.values():
            yield from _values(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _values(value)
    elif answer is not None:
        yield answer


def numbers_of(answer: Json) -> set[str]:
    """Give every way in which a page may write what an answer holds."""
    found: set[str] = set()
    for value in _values(answer):
        if isinstance(value, bool):
            continue
        if isinstance(value, (int, float)):
            found |= _written(Decimal(str(value)))
            continue
        text = str(value)
        found |= set(NUMBER.findall(text))
        for day in re.findall(r"\d{4}-\d\d-\d\d", text):
            one = date.fromisoformat(day)
            found |= {str(one.day), str(one.year), f"{one.isocalendar().week:02}", str(one.isocalendar().week)}
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            found |= _written(Decimal(text))
    return found


def _written(value: Decimal) -> set[str]:
    size = abs(value)
    scaled = [size / unit for unit in _UNITS] + [size * 100]
    texts = {f"{one:,.{places}f}" for one in scaled for places in (0, 1, 2)}
    # An interval is written no narrower than it is.
    texts |= {str((size * 100).to_integral_value(way)) for way in (ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_UP)}
    return texts | {text.replace(",", "") for text in texts}


def unexplained(page: str, answers: Iterable[Json], used: set[str]) -> dict[str, list[str]]:
    """Give the texts with numbers that no answer holds, by where they stand.

    What is `OF_A_PAGE` is left out, and which of it was there is put into `used`.
    """
    known = {number for answer in answers for number in numbers_of(answer)}
    found: dict[str, list[str]] = {}
    for place, texts in Told(page).places.items():
        for text in texts:
            left = text
            for pattern in OF_A_PAGE:
                left, times = re.subn(pattern, "", left) if set(NUMBER.findall(left)) - known else (left, 0)
                used |= {pattern} if times else set()
            if set(NUMBER.findall(left)) - known:
                found.setdefault(place, []).append(text)
    return found
