"""Writes of the learning library. Each is one transaction and leaves a line in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.reviews.models import Case, CaseTag, CaseVote, Ending, Reason, TagKind, WinLossAnswer
from bokgi.apps.reviews.services.locking import typed
from bokgi.domain.errors import ConflictError, UsageError
from bokgi.domain.messages import N_, Message

_LONGEST: Final = 4000
_LONGEST_TAG: Final = 120
_MOST_TAGS: Final = 12
"""Tags of one kind; who means more has told several cases in one."""


@dataclass(frozen=True)
class Told:
    """What somebody tells: the words of a case, its reasons, and the tags given by hand, by kind."""

    title: str
    ending: str
    situation: str = ""
    what_we_did: str = ""
    what_decided: str = ""
    repeat_or_avoid: str = ""
    rep_reason: str = ""
    buyer_reason: str = ""
    buyer_words: str = ""
    tags: Mapping[str, Iterable[str]] = field(default_factory=dict)


def _checked(told: Told) -> None:
    if not typed(told.title, _LONGEST):
        raise UsageError("case_untitled", Message(N_("A case needs a title.")))
    if not any(map(str.strip, (told.situation, told.what_we_did, told.what_decided, told.repeat_or_avoid))):
        raise UsageError(
            "case_empty",
            Message(N_("Nothing is told yet.")),
            Message(N_("One sentence of what decided it is enough to begin with.")),
        )
    if told.ending not in Ending.values or not {told.rep_reason, told.buyer_reason} <= {"", *Reason.values}:
        raise UsageError("case_unknown", Message(N_("That ending or reason is not on the list.")))


def _tag(case: Case, tags: Mapping[str, Iterable[str]]) -> None:
    case.tags.all().delete()
    pairs = {
        (kind, word)
        for kind, words in tags.items()
        if kind in TagKind.values
        for word in list(filter(None, (typed(one or "", _LONGEST_TAG) for one in words)))[:_MOST_TAGS]
    }
    CaseTag.objects.bulk_create(CaseTag(case=case, kind=kind, word=word) for kind, word in sorted(pairs))


def _write(case: Case, told: Told) -> None:
    case.title, case.ending = " ".join(typed(told.title, 120).split()), told.ending
    for name in ("situation", "what_we_did", "what_decided", "repeat_or_avoid", "buyer_words"):
        setattr(case, name, typed(getattr(told, name), _LONGEST))
    case.rep_reason, case.buyer_reason = told.rep_reason, told.buyer_reason


@transaction.atomic
def case_tell(
    *,
    told: Told,
    by: User,
    at: datetime,
    ended_on: date,
    deal_id: str = "",
    person_id: str = "",
    answer: WinLossAnswer | None = None,
) -> Case:
    """Put a case into the library. Raises `UsageError` for one without words; an answer becomes one case only."""
    _checked(told)
    if answer is not None:
        # Two clicks at once wait for each other here, and the second finds the case of the first.
        WinLossAnswer.objects.select_for_update().get(pk=answer.pk)
        there = Case.objects.filter(answer=answer).first()
        if there is not None:
            return there
    case = Case(deal_id=deal_id, person_id=person_id, ended_on=ended_on, told_by=by, told_at=at, answer=answer)
    _write(case, told)
    case.save()
    _tag(case, told.tags)
    audit(by=by, action="case_tell", subject=f"case {case.pk}")
    return case


@transaction.atomic
def case_change(*, case: Case, told: Told, version: int, by: User) -> None:
    """Change a case. Raises `ConflictError` (`case_changed`) when somebody else changed it meanwhile."""
    _checked(told)
    locked = Case.objects.select_for_update().get(pk=case.pk)
    if locked.version != version:
        raise ConflictError(
            "case_changed",
            Message(N_("Somebody changed this case meanwhile.")),
            Message(N_("Your words are still in the form; look at both and save again.")),
        )
    _write(locked, told)
    locked.version += 1
    locked.save()
    _tag(locked, told.tags)
    audit(by=by, action="case_change", subject=f"case {case.pk}")


@transaction.atomic
def case_withdraw(*, case: Case, by: User, at: datetime) -> None:
    """Take a case out of the library."""
    Case.objects.filter(pk=case.pk, withdrawn_at=None).update(withdrawn_at=at)
    audit(by=by, action="case_withdraw", subject=f"case {case.pk}")


def vote_set(*, case: Case, by: User, useful: bool, at: datetime) -> None:
    """Find a case useful, or no longer; twice is once. Raises `UsageError` for one's own case."""
    if case.told_by_id == by.pk:
        raise UsageError("vote_own", Message(N_("Whether your own case is useful, the others say.")))
    if not useful:
        CaseVote.objects.filter(case=case, by=by).delete()
        return
    try:
        with transaction.atomic():
            CaseVote.objects.get_or_create(case=case, by=by, defaults={"at": at})
    except IntegrityError:
        # Two clicks at once: the other one counted.
        return
