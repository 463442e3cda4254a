"""What an erasure of a person reaches here: the words of submissions."""

from __future__ import annotations

from collections.abc import Sequence

from bokgi.apps.access.erasing import erases
from bokgi.apps.forecast.services import submissions_erase


@erases
def forecast_erase(person_id: str, words: Sequence[str]) -> None:
    """Take notes and reasons of the person, and those that name the person, out of what was submitted."""
    submissions_erase(person_id=person_id, words=words)
