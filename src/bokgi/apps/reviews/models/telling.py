"""Telling who was there, and who was not: what is to be sent, to whom, and who does not want it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from bokgi.apps.access.models import User
from bokgi.apps.reviews.models.meeting import Meeting
from bokgi.domain.messages import N_


class Receiver(models.Model):
    """A webhook that takes messages in the form of Slack, named by an administrator.

    `address` often is a secret by itself, so no page shows it whole; `secret` signs what is sent. `private` lets it
    lie on the organisation's own network; without it such addresses are refused. `team` is whose meetings it hears of
    (empty: all).
    """

    name = models.CharField(max_length=80)
    address = models.CharField(max_length=500)
    secret = models.CharField(max_length=64)
    language = models.CharField(max_length=2, default="ko")
    team = models.CharField(max_length=200, blank=True, default="")
    private = models.BooleanField(default=False)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """In the order of making."""

        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        """Give the key."""
        return f"receiver {self.pk}"


class MailKind(models.TextChoices):
    """What is sent by mail, and can be done without."""

    MINUTES = "minutes", N_("Minutes of the meeting")
    REMINDER = "reminder", N_("Reminder to prepare")
    MOVED = "moved", N_("A meeting that was moved, after I prepared")


class MailRefusal(models.Model):
    """Somebody who does not want a kind of mail."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=MailKind.choices)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Once a kind."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "kind"], name="mail_refusal_once")]

    def __str__(self) -> str:
        """Give the key."""
        return f"refusal {self.pk}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands; `sending` is one whose sender has not said what became of it."""

    WAITING = "waiting", N_("waits")
    SENDING = "sending", N_("is being sent")
    SENT = "sent", N_("sent")
    GIVEN_UP = "given_up", N_("given up")


class Delivery(models.Model):
    """One thing to be sent to one place: by mail to a user, or to a receiver. Written once, tried until it is sent.

    `key` goes along, so that a receiver recognises what it has already.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=8, choices=MailKind.choices)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    receiver = models.ForeignKey(Receiver, null=True, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        """One thing goes to one place once."""

        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "kind", "user"], condition=models.Q(user__isnull=False), name="delivery_once_a_user"
            ),
            models.UniqueConstraint(
                fields=["meeting", "kind", "receiver"],
                condition=models.Q(receiver__isnull=False),
                name="delivery_once_a_receiver",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) ^ models.Q(receiver__isnull=False), name="delivery_to_one_place"
            ),
        ]

    def __str__(self) -> str:
        """Give the key."""
        return f"delivery {self.pk}"
