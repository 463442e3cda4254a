"""What an erasure of a person reaches here: the words of submissions."""

from __future__ import annotations

from bokgi.apps.access.erasing import erases
from bokgi.apps.forecast.services import submissions_erase


@erases
def forecast_erase(person_id: str) -> None:
    """Take notes and reasons by the person and about the person out of what was submitted."""
    submissions_erase(person_id=person_id)
