"""What an erasure of a person reaches in coaching: the pairs the person is one of, with everything written there."""

from __future__ import annotations

from bokgi.apps.access.erasing import erases


@erases
def coaching_erase(person_id: str) -> None:
    """Delete everything about and by a person; what others wrote about the person stands in those pairs only."""
    from bokgi.apps.coaching.services import person_erase  # noqa: PLC0415 - models are not loaded when this registers

    person_erase(person_id=person_id)
