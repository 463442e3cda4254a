"""What participants prepare: where they need help, and their win and loss of the week in five short answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.reviews.models import Participant, Preparation, WinLossAnswer
from bokgi.apps.reviews.services.locking import conflict, held, touched, typed
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message

QUESTIONS: Final = {
    "situation": N_("What was the customer's situation?"),
    "what_we_did": N_("What did we do?"),
    "what_decided": N_("What decided it?"),
    "repeat_or_avoid": N_("What do we repeat, what do we avoid?"),
    "buyer_reason": N_("What reason did the customer give, in the customer's words?"),
}
"""The five short questions about a win or a loss: fields of `WinLossAnswer`."""
LONGEST: Final = 4000


@transaction.atomic
def preparation_save(
    *,
    participant: Participant,
    help_wanted: str,
    answers: Mapping[bool, Mapping[str, str]],
    done: bool,
    version: int,
    by: User,
    at: datetime,
) -> Preparation:
    """Keep what a participant prepared. `answers`: won (True) or lost (False) → deal and the five answers.

    `version` is that of the preparation the page showed, 0 before there was one. Raises `NotFoundError` for somebody
    else's preparation, and `ConflictError` (`changed_meanwhile`) when it was changed in another window since.
    """
    if participant.user_id != by.pk:
        raise NotFoundError("preparation_unknown", Message(N_("There is no such preparation.")))
    meeting = held(participant.meeting_id)
    found, made = Preparation.objects.select_for_update().get_or_create(participant=participant)
    if not made and found.version != version:
        raise conflict(N_("your preparation"))
    found.help_wanted = typed(help_wanted, LONGEST)
    if done and found.prepared_at is None:
        found.prepared_at = at
    found.version = found.version + (0 if made else 1)
    found.save()
    for won, given in answers.items():
        _answer_keep(found, given, won=won)
    touched(meeting)
    audit(by=by, action="preparation_save", subject=f"preparation {found.pk}", details={"done": done})
    return found


def _answer_keep(preparation: Preparation, given: Mapping[str, str], *, won: bool) -> None:
    texts = {name: typed(given.get(name, ""), LONGEST) for name in QUESTIONS}
    deal_id = typed(given.get("deal_id", ""), 200)
    if not any(texts.values()) and not deal_id:
        preparation.answers.filter(won=won).delete()
        return
    WinLossAnswer.objects.update_or_create(preparation=preparation, won=won, defaults={"deal_id": deal_id, **texts})
    WinLossAnswer.objects.filter(preparation=preparation, won=won).update(version=F("version") + 1)
