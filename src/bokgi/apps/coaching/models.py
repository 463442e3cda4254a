"""Two people who talk, what they write to each other, what they agree on, and the rubric of skills.

What people write is sealed (`access.sealing`); keys, days and figures are not. There is no history of these tables.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from bokgi.apps.access.models import User
from bokgi.apps.access.sealing import sealed


class Pair(models.Model):
    """A coach and the person who is coached; everything written belongs to the two, also after their ways part."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    coach = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    begun_on = models.DateField()

    class Meta:
        """Two people are one pair."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["coach", "member"], name="pair_once"),
            models.CheckConstraint(condition=~Q(coach=F("member")), name="pair_of_two"),
        ]

    def __str__(self) -> str:
        """Give the key; names stay out of logs."""
        return f"pair {self.pk}"


class PassedOn(models.Model):
    """The person lets another coach read the papers of a pair, until they are taken back; own notes never."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="passed_on")
    to = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Once to each."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["pair", "to"], name="passed_on_once")]

    def __str__(self) -> str:
        """Give pair and reader."""
        return f"pair {self.pair_id} to user {self.to_id}"


class OneOnOne(models.Model):
    """One talk of a pair on a day; closed when both have said what they had to say."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="one_on_ones")
    on = models.DateField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first; one a day."""

        ordering: ClassVar = ["-on"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["pair", "on"], name="one_on_one_a_day")]

    def __str__(self) -> str:
        """Give pair and day."""
        return f"1:1 {self.pk}"


class PaperKind(models.TextChoices):
    """What a paper of a 1:1 is; `OWN_NOTE` is for its author alone."""

    AGENDA = "agenda"
    NOTE = "note"
    OWN_NOTE = "own_note"
    FEEDBACK = "feedback"
    FOLLOW_UP = "follow_up"


@sealed("pair", "one_on_one__pair_id")
class Paper(models.Model):
    """Something written for a 1:1. `sealed` holds `{"words": …}`, or situation, behaviour and effect of feedback.

    A follow-up goes into the weekly review when both have agreed; `commitment` is then its key there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    one_on_one = models.ForeignKey(OneOnOne, on_delete=models.CASCADE, related_name="papers")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=PaperKind.choices)
    sealed = models.TextField()
    written_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    coach_agreed_at = models.DateTimeField(null=True)
    member_agreed_at = models.DateTimeField(null=True)
    commitment = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        """As they were written."""

        ordering: ClassVar = ["written_at", "pk"]

    def __str__(self) -> str:
        """Give kind and key; never the words."""
        return f"{self.kind} {self.pk}"


class PlanState(models.TextChoices):
    """Where a plan is: waits for the other's yes, is tried, was brought to an end, was not wanted."""

    PROPOSED = "proposed"
    RUNNING = "running"
    ENDED = "ended"
    DECLINED = "declined"


@sealed("pair", "pair_id")
class Plan(models.Model):
    """One or two behaviours that the person wants to change, and the measure both agreed on with its baseline.

    `sealed` holds `{"behaviours": […], "reason": …, "support": …, "learned": …}`. `measure` is a key of
    `analysis.coaching_check`; `baseline` and the results of checks are figures of that question.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="plans")
    proposed_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=PlanState.choices, default=PlanState.PROPOSED)
    sealed = models.TextField()
    cause = models.CharField(max_length=16, blank=True, default="")
    measure = models.CharField(max_length=80)
    baseline: models.JSONField[Any, Any] = models.JSONField(null=True)
    proposed_at = models.DateTimeField()
    coach_agreed_at = models.DateTimeField(null=True)
    member_agreed_at = models.DateTimeField(null=True)
    begun_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-proposed_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(begun_on__isnull=False, baseline__isnull=False),
                name="plan_running_has_begun",
            ),
        ]

    def __str__(self) -> str:
        """Give state and key; never the words."""
        return f"plan {self.pk} {self.state}"


class PlanCheck(models.Model):
    """What the measure showed four or eight weeks after a plan began, as `questions.coaching` gives it."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="checks")
    weeks = models.PositiveSmallIntegerField()
    on = models.DateField()
    result: models.JSONField[Any, Any] = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        """Each check once."""

        ordering: ClassVar = ["weeks"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "weeks"], name="plan_check_once")]

    def __str__(self) -> str:
        """Give plan and weeks."""
        return f"plan {self.plan_id} after {self.weeks} weeks"


class Skill(models.Model):
    """A skill of the rubric in one version: where in the funnel it shows, and what one sees at levels 1, 3 and 5.

    The newest version of a key counts; older ones stay, because evaluations name them. `texts` holds, for `ko` and
    `en`, `stage`, `name` and the anchors `1`, `3`, `5`.
    """

    key = models.SlugField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    position = models.PositiveSmallIntegerField()
    texts: models.JSONField[Any, Any] = models.JSONField()
    retired = models.BooleanField(default=False)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        """In the order of the funnel."""

        ordering: ClassVar = ["position", "key", "-version"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "version"], name="skill_version_once")]

    def __str__(self) -> str:
        """Give key and version."""
        return f"{self.key} v{self.version}"
