"""Thanks and improvements: written by people, proposed where the facts carry it. No ranking unless wished for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import audit
from bokgi.apps.reviews.models import Recognition, RecognitionKind, ReviewSetting
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.questions.asked import Json

SHOWN_WEEKS: Final = 8
_GOOD: Final = {"up"}


@transaction.atomic
def recognition_give(
    *,
    key: UUID,
    person_id: str,
    text: str,
    by: User,
    on: date,
    at: datetime,
    team: str = "",
    evidence: Json | None = None,
) -> Recognition:
    """Thank somebody, or with `evidence` (a sentence of the facts) say aloud what got better. A key is kept once.

    Raises `UsageError` without words or a person, and for thanking oneself.
    """
    words = text.strip()
    kind = RecognitionKind.THANKS if evidence is None else RecognitionKind.IMPROVED
    if not person_id or (not words and evidence is None):
        raise UsageError("thanks_empty", Message(N_("Say whom you thank, and for what.")))
    if by.person_id == person_id:
        raise UsageError("thanks_self", Message(N_("Thanks are for somebody else.")))
    made, is_new = Recognition.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "person_id": person_id,
            "team": team,
            "text": words[:500],
            "evidence": evidence,
            "by": by,
            "on": on,
            "at": at,
        },
    )
    if is_new:
        audit(by=by, action="recognition_give", subject=f"recognition {made.pk}", details={"kind": kind})
    return made


@transaction.atomic
def recognition_withdraw(*, recognition_id: int, by: User, at: datetime) -> None:
    """Take one's own words back; a leader and an administrator anybody's. Raises `NotFoundError` for others'."""
    found = Recognition.objects.filter(pk=recognition_id, withdrawn_at=None).first()
    if found is None or (found.by_id != by.pk and Role(by.role) not in {Role.ADMIN, Role.LEADER}):
        raise NotFoundError("recognition_unknown", Message(N_("There are no such words of yours.")))
    Recognition.objects.filter(pk=found.pk).update(withdrawn_at=at)
    audit(by=by, action="recognition_withdraw", subject=f"recognition {found.pk}")


def recognitions(teams: Iterable[str] | None, *, since: date) -> list[Recognition]:
    """List what was said since a day to some teams (null: all) and to everybody, the latest first."""
    found = Recognition.objects.filter(withdrawn_at=None, on__gte=since).select_related("by")
    if teams is not None:
        found = found.filter(team__in=[*teams, ""])
    return list(found)


def improvements(changes: Json, *, since: date) -> list[dict[str, Any]]:
    """Propose what got better beyond chance, from the alerts of `questions.changes`: rises of people since a day."""
    return [
        alert
        for alert in changes["alerts"]
        if alert["subject_kind"] == "person"
        and alert["direction"] in _GOOD
        and date.fromisoformat(alert["week"]) >= since - timedelta(days=7)
    ]


def public_ranking() -> bool:
    """Say whether the organisation lets results be shown in an order to everybody; not unless somebody decided so."""
    found = ReviewSetting.objects.filter(pk=1).first()
    return found is not None and found.public_ranking


@transaction.atomic
def public_ranking_set(*, shown: bool, by: User) -> None:
    """Decide whether results are shown in an order to everybody."""
    ReviewSetting.objects.update_or_create(pk=1, defaults={"public_ranking": shown})
    audit(by=by, action="public_ranking_set", details={"shown": shown})
