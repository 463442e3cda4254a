"""What an erasure of a person reaches here: the person's own forms with all that hangs on them."""

from __future__ import annotations

from bokgi.apps.access.erasing import erases


@erases
def evaluations_erase(person_id: str) -> None:
    """Empty the forms of a person, and delete what was written about the person, and by the person about others."""
    from bokgi.apps.access.models import User  # noqa: PLC0415 - models are not loaded when this registers
    from bokgi.apps.evaluation.models import (  # noqa: PLC0415 - as above
        Answer,
        BiasAttribute,
        Calibration,
        Evaluation,
        EvidenceItem,
        Overruling,
        PeerInputItem,
    )
    from bokgi.apps.evaluation.services.rounds import texts_forget  # noqa: PLC0415 - as above

    mine = Evaluation.objects.filter(person_id=person_id)
    for about in (EvidenceItem, PeerInputItem, Calibration, Overruling, BiasAttribute, Answer):
        about.objects.filter(evaluation__in=mine).delete()
    texts_forget(list(mine))
    author = User.objects.filter(person_id=person_id).first()
    if author is not None:
        PeerInputItem.objects.filter(by=author).delete()
