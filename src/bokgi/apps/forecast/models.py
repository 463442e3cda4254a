"""What people submit: a number for a period, beside what the model said at that moment."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from bokgi.apps.access.models import User
from bokgi.domain.period import Period


class SubjectKind(models.TextChoices):
    """Whose period a submission is about."""

    PERSON = "person"
    TEAM = "team"
    ORGANISATION = "organisation"


class Submission(models.Model):
    """One number submitted for a period; written once, never changed. The newest of a subject and period counts.

    `amount` is the number, `commit` and `best_case` its sure and its hopeful end (null: not given). An override is
    somebody else's number for a person, with a reason; the person's own stays beside it. `model_…` is what the model
    expected at that moment, with the ends of its 80 % range (null: it had not answered).
    """

    subject_kind = models.CharField(max_length=12, choices=SubjectKind.choices)
    subject_id = models.CharField(max_length=200)
    period_start = models.DateField()
    period_end = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    commit = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    best_case = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=500, blank=True, default="")
    is_override = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    on = models.DateField()
    model_mean = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    model_low = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    model_high = models.DecimalField(max_digits=18, decimal_places=2, null=True)

    class Meta:
        """Newest first; what is contradictory cannot be written."""

        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["subject_kind", "subject_id", "period_start"])]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(period_start__lt=F("period_end")), name="submission_period_lasts"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="submission_amount_not_negative"),
            models.CheckConstraint(condition=Q(is_override=False) | ~Q(reason=""), name="submission_override_reason"),
        ]

    def __str__(self) -> str:
        """Give subject and period; notes and names stay out of logs."""
        return f"{self.subject_kind} {self.subject_id} {self.period.key}"

    @property
    def period(self) -> Period:
        """The period it is about."""
        return Period(self.period_start, self.period_end)
