"""What an erasure of a person reaches in reviews, besides names in texts: what was prepared, private notes, thanks."""

from __future__ import annotations

from bokgi.apps.access.erasing import erases


@erases
def reviews_erase(person_id: str) -> None:
    """Delete what a person prepared, what was said to the person or by the person in private, and thanks to the person.

    Commitments, open notes and the pages of closed meetings stay, under the key in the place of the name; cases stay
    without their teller. What waits to be sent to the person goes.
    """
    from bokgi.apps.reviews.models import (  # noqa: PLC0415 - models are not loaded when this registers
        Case,
        Commitment,
        Delivery,
        Note,
        Preparation,
        Recognition,
        WinLossAnswer,
    )

    WinLossAnswer.objects.filter(preparation__participant__person_id=person_id).delete()
    Preparation.objects.filter(participant__person_id=person_id).update(help_wanted="")
    private = Note.objects.filter(private=True)
    private.filter(about__person_id=person_id).delete()
    private.filter(by__person_id=person_id).delete()
    Commitment.objects.filter(person_id=person_id).update(said_note="")
    Recognition.objects.filter(person_id=person_id).delete()
    Case.objects.filter(person_id=person_id).update(person_id="", told_by=None)
    Delivery.objects.filter(user__person_id=person_id).delete()
