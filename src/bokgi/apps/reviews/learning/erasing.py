"""What an erasure of a person reaches after the meeting: cases, thanks, what waits to be sent."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bokgi.apps.access.erasing import erases
from bokgi.facts.erasure.traces import Traces


@erases
def learning_erase(person_id: str, words: Sequence[str]) -> None:
    """Take a person out of the library and of thanks: cases stay without their teller, the name leaves all words.

    Thanks to the person go, for they say who it was; what waits to be sent to the person goes, too.
    """
    from bokgi.apps.reviews.models import Case, CaseTag, Delivery, Recognition  # noqa: PLC0415 - not loaded earlier

    traces = Traces.of(words, person_id)
    Recognition.objects.filter(person_id=person_id).delete()
    Case.objects.filter(person_id=person_id).update(person_id="", told_by=None)
    Delivery.objects.filter(user__person_id=person_id).exclude(user__person_id="").delete()
    for case in Case.objects.all():
        for name in ("title", "situation", "what_we_did", "what_decided", "repeat_or_avoid", "buyer_words"):
            setattr(case, name, traces.replaced(getattr(case, name)))
        case.save()
    for tag in CaseTag.objects.all():
        if traces.found(tag.word):
            tag.delete()
    for one in Recognition.objects.all():
        one.text = traces.replaced(one.text)
        one.evidence = json.loads(traces.replaced(json.dumps(one.evidence, ensure_ascii=False)))
        one.save()
