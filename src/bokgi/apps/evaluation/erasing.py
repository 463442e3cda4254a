"""What an erasure of a person reaches here: every text about or by that person, in the person's own forms."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Model

from bokgi.apps.access.erasing import erases


@erases
def evaluations_erase(person_id: str, words: Sequence[str]) -> None:
    """Empty the forms of a person, and take the person's name out of texts in others' forms."""
    from bokgi.apps.access.models import User  # noqa: PLC0415 - models are not loaded when this registers
    from bokgi.apps.evaluation.models import (  # noqa: PLC0415 - as above
        Answer,
        BiasAttribute,
        Calibration,
        Evaluation,
        EvidenceItem,
        GrowthStep,
        Overruling,
        PeerInputItem,
    )
    from bokgi.apps.evaluation.services.rounds import texts_forget  # noqa: PLC0415 - as above

    mine = Evaluation.objects.filter(person_id=person_id)
    for about in (EvidenceItem, PeerInputItem, Calibration, Overruling, GrowthStep, BiasAttribute, Answer):
        about.objects.filter(evaluation__in=mine).delete()
    texts_forget(list(mine))
    author = User.objects.filter(person_id=person_id).exclude(person_id="").first()
    if author is not None:
        PeerInputItem.objects.filter(by=author).delete()
    columns_of: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
        (Evaluation, ("talk_text",)),
        (EvidenceItem, ("text",)),
        (PeerInputItem, ("text",)),
        (Calibration, ("reason",)),
        (Overruling, ("reason",)),
        (GrowthStep, ("behaviour", "support")),
        (Answer, ("text", "decision")),
    )
    for table, columns in columns_of:
        for row in table._default_manager.all():  # noqa: SLF001 - the public name of Django for any model's rows
            _replace(row, columns, words, person_id)
    for form in Evaluation.objects.all():
        texts = {key: _without(text, words, person_id) for key, text in form.texts.items()}
        own = {key: _without(text, words, person_id) for key, text in form.self_texts.items()}
        if texts != form.texts or own != form.self_texts:
            form.texts, form.self_texts = texts, own
            form.save(update_fields=["texts", "self_texts"])


def _without(text: str, words: Sequence[str], label: str) -> str:
    for word in sorted(filter(None, words), key=len, reverse=True):
        text = text.replace(word, label)
    return text


def _replace(row: Model, columns: Sequence[str], words: Sequence[str], label: str) -> None:
    changed = [column for column in columns if _without(getattr(row, column), words, label) != getattr(row, column)]
    for column in changed:
        setattr(row, column, _without(getattr(row, column), words, label))
    if changed:
        row.save(update_fields=changed)
