"""What Django's tasks do not keep: the key of a task, its attempts, the beat of its worker; and schedules."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_tasks_db.models import DBTaskResult


class Attempt(models.Model):
    """Beside each task of the queue. `key` is empty for a task that may wait twice; `beat_at` is null until it runs.

    `fault` says why the last attempt failed (`faults.fault_json`); null where none did.
    """

    task = models.OneToOneField(DBTaskResult, primary_key=True, on_delete=models.CASCADE, related_name="attempt")
    key = models.CharField(max_length=200, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)
    fault = models.JSONField(null=True)

    class Meta:
        """Keys are looked up at each enqueue."""

        indexes: ClassVar = [models.Index(fields=["key"])]

    def __str__(self) -> str:
        """Give the key."""
        return self.key or str(self.pk)


class Schedule(models.Model):
    """When something comes again; what it is stands in the code (`schedules.SCHEDULED`)."""

    name = models.CharField(max_length=80, primary_key=True)
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Give the name."""
        return self.name
