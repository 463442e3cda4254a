"""Writes of submissions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Q

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.forecast.models import Submission
from bokgi.apps.forecast.rules import Numbers, Subject, Way, refuse_unfit
from bokgi.apps.forecast.selectors import ModelWord
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period

_ERASED: Final = "–"
"""Stands for the reason of an override that was erased; an override has one."""


@transaction.atomic
def submission_save(
    *,
    subject: Subject,
    period: Period,
    given: Numbers,
    way: Way,
    by: User,
    at: datetime,
    on: date,
    model: ModelWord | None,
) -> Submission:
    """Write down a number for a period; what was submitted before stays.

    `way` is how `by` may submit for the subject (`rules.may_submit`), `on` the civil day of `at`, `model` what the
    model says at that moment. Raises `UsageError` for numbers that contradict each other, an override without a reason,
    a period that is over, and for what stands there already (pressed twice).
    """
    refuse_unfit(given, way=way, period=period, on=on)

    def rounded(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else Money(amount, given.currency).rounded().amount

    told = {
        "amount": rounded(given.amount),
        "commit": rounded(given.commit),
        "best_case": rounded(given.best_case),
        "currency": given.currency,
        "note": given.note.strip()[:500],
        "is_override": way is Way.OVERRIDE,
        "reason": given.reason.strip()[:500] if way is Way.OVERRIDE else "",
    }
    whose = {
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "period_start": period.start,
        "period_end": period.end,
    }
    last = Submission.objects.filter(**whose).first()
    if last is not None and last.by_id == by.pk and all(getattr(last, name) == one for name, one in told.items()):
        raise UsageError("submitted_already", Message(N_("That is what you submitted last.")))
    expected = {} if model is None else {"model_mean": model.mean, "model_low": model.low, "model_high": model.high}
    saved = Submission.objects.create(**whose, **told, **expected, by=by, at=at, on=on)
    details = {"period": period.key, "override": saved.is_override}
    audit(by=by, action="submission_save", subject=f"submission {saved.pk}", details=details)
    return saved


@transaction.atomic
def submissions_erase(*, person_id: str) -> int:
    """Empty what a person who is erased wrote, and what was written about the person; numbers stay.

    Gives how many submissions lost words.
    """
    named = Q(by__person_id=person_id) | Q(subject_kind="person", subject_id=person_id)
    found = Submission.objects.filter(named).exclude(note="", reason="")
    keys = list(found.values_list("pk", flat=True))
    Submission.objects.filter(pk__in=keys, is_override=False).update(note="", reason="")
    Submission.objects.filter(pk__in=keys, is_override=True).update(note="", reason=_ERASED)
    return len(keys)
