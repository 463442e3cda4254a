"""What an erasure of a person reaches in meetings: preparations, notes, commitments, and what closed meetings keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from bokgi.apps.access.erasing import erases
from bokgi.facts.erasure.traces import Traces


@erases
def meetings_erase(person_id: str, words: Sequence[str]) -> None:
    """Delete what a person prepared and what was said to the person in private; take the name out of everything else.

    Commitments and notes stay, under the key in the place of the name; so do the pages of closed meetings.
    """
    from bokgi.apps.reviews.models import (  # noqa: PLC0415 - models are not loaded when this registers
        AgendaPart,
        Commitment,
        Meeting,
        MeetingSeries,
        Note,
        Preparation,
        Snapshot,
        WinLossAnswer,
    )

    traces = Traces.of(words, person_id)
    mine = {"participant__person_id": person_id}
    WinLossAnswer.objects.filter(preparation__participant__person_id=person_id).delete()
    Preparation.objects.filter(**mine).update(help_wanted="")
    Note.objects.filter(private=True, about__person_id=person_id).delete()
    Note.objects.filter(private=True, by__person_id=person_id).exclude(by__person_id="").delete()
    Commitment.objects.filter(person_id=person_id).exclude(person_id="").update(said_note="")
    columns: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
        (Meeting, ("focus",)),
        (AgendaPart, ("title",)),
        (MeetingSeries, ("agenda",)),
        (Preparation, ("help_wanted",)),
        (WinLossAnswer, ("situation", "what_we_did", "what_decided", "repeat_or_avoid", "buyer_reason")),
        (Note, ("text",)),
        (Commitment, ("what", "said_note", "checked")),
        (Snapshot, ("pack", "blocks", "record", "pages")),
    )
    for table, names in columns:
        for row in table._default_manager.iterator(chunk_size=50):  # noqa: SLF001 - Django's public name for any model's rows
            changed = {name: without(getattr(row, name), traces) for name in names}
            changed = {name: value for name, value in changed.items() if value != getattr(row, name)}
            if changed:
                for name, value in changed.items():
                    setattr(row, name, value)
                row.save(update_fields=list(changed))


def without(value: Any, traces: Traces) -> Any:  # noqa: ANN401 - text, or any JSON
    """Put the key in the place of the name in a text, or in every text of a JSON value.

    >>> without({"who": "김서연", "n": [3, "김서연님"]}, Traces.of(["김서연"], "p1"))
    {'who': 'p1', 'n': [3, 'p1님']}
    """
    if value is None or isinstance(value, str):
        return value if value is None else traces.replaced(value)
    return json.loads(traces.replaced(json.dumps(value, ensure_ascii=False)))
