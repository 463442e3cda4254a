"""What is learnt and what is thanked for: cases of wins and losses, their tags and votes, and recognition.

A case is for everybody in the organisation; the deal behind it is shown only to whom its rows belong. Names of people
and deals are not kept here: `person_id` and `deal_id` are keys of the facts.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models

from bokgi.apps.access.models import User
from bokgi.apps.reviews.models.meeting import WinLossAnswer
from bokgi.domain.messages import N_


class Ending(models.TextChoices):
    """How the deal of a case ended."""

    WON = "won", N_("Won")
    LOST = "lost", N_("Lost")
    NO_DECISION = "no_decision", N_("No decision")


class Reason(models.TextChoices):
    """Why a deal ended as it did, as the seller or the buyer sees it."""

    PRICE = "price", N_("price")
    COMPETITOR = "competitor", N_("competitor")
    BUDGET = "budget", N_("no budget")
    FEATURE = "feature", N_("missing feature")
    TIMING = "timing", N_("timing")
    DECIDER = "decider", N_("nobody who decides")
    RESPONSE = "response", N_("no response")
    FIT = "fit", N_("poor fit")
    STATUS_QUO = "status_quo", N_("nothing was decided")
    VALUE = "value", N_("value was clear")
    TRUST = "trust", N_("trust in people")
    REFERENCE = "reference", N_("references")
    OTHER = "other", N_("other")


class TagKind(models.TextChoices):
    """What a tag of a case names."""

    STAGE = "stage", N_("stage")
    INDUSTRY = "industry", N_("industry")
    SIZE = "size", N_("company size")
    SOURCE = "source", N_("lead source")
    PRODUCT = "product", N_("product")
    OBJECTION = "objection", N_("objection")
    COMPETITOR = "competitor", N_("competitor")


class Case(models.Model):
    """A win or a loss told so that others can use it: situation, what we did, what decided it, repeat or avoid.

    `answer` is what was prepared for the meeting and became this case. `rep_reason` is the seller's reason,
    `buyer_reason` the buyer's, with `buyer_words` as said. `ended_on` is the day the deal closed, or that of the
    telling. `withdrawn_at` takes it out of the library.
    """

    answer = models.OneToOneField(WinLossAnswer, null=True, on_delete=models.SET_NULL, related_name="case")
    ending = models.CharField(max_length=11, choices=Ending.choices)
    deal_id = models.CharField(max_length=200, blank=True, default="", db_index=True)
    title = models.CharField(max_length=120)
    situation = models.TextField(blank=True, default="")
    what_we_did = models.TextField(blank=True, default="")
    what_decided = models.TextField(blank=True, default="")
    repeat_or_avoid = models.TextField(blank=True, default="")
    rep_reason = models.CharField(max_length=10, choices=Reason.choices, blank=True, default="")
    buyer_reason = models.CharField(max_length=10, choices=Reason.choices, blank=True, default="")
    buyer_words = models.TextField(blank=True, default="")
    ended_on = models.DateField(db_index=True)
    told_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    person_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    told_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-told_at", "-pk"]

    def __str__(self) -> str:
        """Give the key; what was told is in the text."""
        return f"case {self.pk}"


class CaseTag(models.Model):
    """One thing by which a case is found."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tags")
    kind = models.CharField(max_length=10, choices=TagKind.choices)
    word = models.CharField(max_length=120)

    class Meta:
        """Each once, in the order of kinds."""

        ordering: ClassVar = ["kind", "word"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "kind", "word"], name="case_tag_once")]

    def __str__(self) -> str:
        """Give kind and word."""
        return f"{self.kind}: {self.word}"


class CaseVote(models.Model):
    """Somebody found a case useful; one vote a person."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="votes")
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Once a person."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "by"], name="case_vote_once_a_person")]

    def __str__(self) -> str:
        """Give the key."""
        return f"vote {self.pk}"


class RecognitionKind(models.TextChoices):
    """For what somebody is recognised."""

    THANKS = "thanks", N_("Thanks")
    IMPROVED = "improved", N_("Improved")


class Recognition(models.Model):
    """A thank-you, or an improvement said aloud; for helping and improving, not only for revenue.

    `key` is made by the browser, so that what is sent twice is kept once. `team` is whose it is to see (empty:
    everybody). `evidence` is the sentence of an improvement that the facts carry, as JSON; null for words.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    kind = models.CharField(max_length=8, choices=RecognitionKind.choices, default=RecognitionKind.THANKS)
    person_id = models.CharField(max_length=64, db_index=True)
    team = models.CharField(max_length=200, blank=True, default="")
    text = models.CharField(max_length=500)
    evidence: models.JSONField[Any, Any] = models.JSONField(null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    on = models.DateField(db_index=True)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        """Give the key; the text is for the team."""
        return f"recognition {self.pk}"


class ReviewSetting(models.Model):
    """What the organisation decided about its reviews; one row. Without it nobody is ranked in public."""

    public_ranking = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """There is one row."""

        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="review_setting_is_one")]

    def __str__(self) -> str:
        """Give the key."""
        return "review settings"
