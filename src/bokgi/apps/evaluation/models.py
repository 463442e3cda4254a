"""Rounds of evaluation: what people are judged by, what was written, what was answered, who read what when.

Texts are kept until the round's retention ends (`Round.kept_until`); an erasure empties them at once.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models

from bokgi.apps.access.models import User
from bokgi.apps.evaluation.criteria import Criteria
from bokgi.apps.evaluation.guard import EvidenceKind
from bokgi.apps.evaluation.rules import AnswerKind, Step

Kept = models.JSONField[Any, Any]


class Template(models.Model):
    """Criteria that a round can begin with; `body` is `Criteria.as_json()`. A role's default bears the role's name."""

    name = models.CharField(max_length=80, unique=True)
    is_default = models.BooleanField(default=False)
    body: Kept = models.JSONField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        """By name."""

        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    @property
    def criteria(self) -> Criteria:
        """Read the criteria."""
        return Criteria.read(self.body)


class Round(models.Model):
    """One period in which people are evaluated. `end_on` is excluded; `owner` decides appeals and reads overrulings."""

    name = models.CharField(max_length=80)
    start_on = models.DateField()
    end_on = models.DateField()
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    calibrated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    kept_until = models.DateField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first; a period has a length."""

        ordering: ClassVar = ["-start_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(end_on__gt=models.F("start_on")), name="round_has_length")
        ]

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    @property
    def last_on(self) -> date:
        """Give the last day of the period."""
        return self.end_on - timedelta(days=1)


class CriteriaVersion(models.Model):
    """One version of the criteria of one role in a round; never changed once it is published.

    `reason` says why it replaced the one before; empty for the first.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="versions")
    role = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    body: Kept = models.JSONField()
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        """Each version once."""

        ordering: ClassVar = ["role", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "role", "version"], name="criteria_version_once")
        ]

    def __str__(self) -> str:
        """Give role and version."""
        return f"{self.role} {self.version}"

    @property
    def criteria(self) -> Criteria:
        """Read the criteria."""
        return Criteria.read(self.body)


class Evaluation(models.Model):
    """One person in one round. `ratings` and `texts` are the manager's, by part (`""`: the whole)."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="evaluations")
    person_id = models.CharField(max_length=64)
    role = models.CharField(max_length=40)
    manager = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ratings: Kept = models.JSONField(default=dict)
    texts: Kept = models.JSONField(default=dict)
    self_ratings: Kept = models.JSONField(default=dict)
    self_texts: Kept = models.JSONField(default=dict)
    self_at = models.DateTimeField(null=True)
    drafted_at = models.DateTimeField(null=True)
    calibrated_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    talked_on = models.DateField(null=True)
    talk_text = models.TextField(blank=True, default="")
    person_signed_at = models.DateTimeField(null=True)
    manager_signed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    results: Kept = models.JSONField(null=True)
    """What the fair result said when the form was closed; null until then."""

    class Meta:
        """A person once in a round."""

        ordering: ClassVar = ["role", "person_id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["round", "person_id"], name="evaluation_person_once")]

    def __str__(self) -> str:
        """Give the key."""
        return f"evaluation {self.pk}"


class Acknowledgement(models.Model):
    """Somebody has read a version of the criteria."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="acknowledgements")
    version = models.ForeignKey(CriteriaVersion, on_delete=models.CASCADE, related_name="acknowledgements")
    at = models.DateTimeField()

    class Meta:
        """Each version once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["evaluation", "version"], name="acknowledgement_once")]

    def __str__(self) -> str:
        """Give the key."""
        return f"acknowledgement {self.pk}"


class Due(models.Model):
    """A step of an evaluation with its owner and day; `reminded_on` is the last day a mail went out."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="dues")
    step = models.CharField(max_length=12, choices=[(step.value, step.value) for step in Step])
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    due_on = models.DateField()
    reminded_on = models.DateField(null=True)

    class Meta:
        """Each step once."""

        ordering: ClassVar = ["due_on", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["evaluation", "step"], name="due_once")]

    def __str__(self) -> str:
        """Give the step."""
        return self.step


class EvidenceItem(models.Model):
    """What a judgement rests on. `part` is a key of the criteria; `subject` a deal_id where it is a deal."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="evidence")
    part = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in EvidenceKind])
    text = models.TextField()
    subject = models.CharField(max_length=120, blank=True, default="")
    seen_on = models.DateField(null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """By part and day."""

        ordering: ClassVar = ["part", "seen_on", "pk"]

    def __str__(self) -> str:
        """Give the key."""
        return f"evidence {self.pk}"


class PeerRequest(models.Model):
    """A colleague was asked. That is all that is kept of who answered where names are not shown."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="peer_requests")
    peer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    is_answered = models.BooleanField(default=False)

    class Meta:
        """Each colleague once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["evaluation", "peer"], name="peer_once")]

    def __str__(self) -> str:
        """Give the key."""
        return f"request {self.pk}"


class PeerInputItem(models.Model):
    """What a colleague said. Where names are not shown there is no author, no moment, and no order to guess from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="peer_inputs")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    ratings: Kept = models.JSONField(default=dict)
    text = models.TextField(blank=True, default="")

    class Meta:
        """By a key that chance made."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        """Give the key."""
        return "peer input"


class Calibration(models.Model):
    """A rating was changed when several managers looked at one table; both values stay, with the reason."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="calibrations")
    part = models.CharField(max_length=40)
    before = models.PositiveSmallIntegerField(null=True)
    after = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """In their order."""

        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        """Give the key."""
        return f"calibration {self.pk}"


class Overruling(models.Model):
    """A finding of the guard was overruled, with a reason that the person and the next level read."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="overrulings")
    finding = models.CharField(max_length=80)
    reason = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Each finding once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["evaluation", "finding"], name="overruling_once")]

    def __str__(self) -> str:
        """Give the finding."""
        return self.finding


class Answer(models.Model):
    """What the person said to the evaluation; an appeal is decided by somebody else, with a reason."""

    evaluation = models.OneToOneField(Evaluation, on_delete=models.CASCADE, related_name="answer")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in AnswerKind])
    text = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    is_upheld = models.BooleanField(null=True)
    decision = models.TextField(blank=True, default="")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Give the kind."""
        return self.kind


class BiasAttribute(models.Model):
    """Something given only to check a round for bias (gender, part time); never shown beside a person."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="bias_attributes")
    name = models.CharField(max_length=40)
    value = models.CharField(max_length=40)

    class Meta:
        """Each once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["evaluation", "name"], name="bias_attribute_once")]

    def __str__(self) -> str:
        """Give the name, never the value."""
        return self.name


class DataNotice(models.Model):
    """What staff were told about the use of their data; a version is never changed."""

    version = models.PositiveSmallIntegerField(unique=True)
    text = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-version"]

    def __str__(self) -> str:
        """Give the version."""
        return f"notice {self.version}"


class DataNoticeReading(models.Model):
    """Somebody has read a notice."""

    notice = models.ForeignKey(DataNotice, on_delete=models.CASCADE, related_name="readings")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Each once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["notice", "user"], name="notice_reading_once")]

    def __str__(self) -> str:
        """Give the key."""
        return f"reading {self.pk}"
