"""What waits to become facts: uploads, work on the facts that is done outside a request, corrections, tokens."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models

from bokgi.apps.access.models import User
from bokgi.apps.data.rules import KEEPERS


class Upload(models.Model):
    """Files that somebody gave and that are not facts yet; they lie in `uploads/<id>/` of the home.

    `hints` are what a person said about them (see `rules.hints_of`); `plan` is what they were taken for, in both
    languages. Both are emptied of values of the data once the import is done; the files go then, too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    came_by = models.CharField(max_length=8, choices=[(way, way) for way in ("screen", "drop", "address")])
    created_at = models.DateTimeField(auto_now_add=True)
    files: models.JSONField[Any, Any] = models.JSONField(default=list)
    hints: models.JSONField[Any, Any] = models.JSONField(default=dict)
    plan: models.JSONField[Any, Any] = models.JSONField(null=True)
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        """Give the names of the files."""
        return ", ".join(file["name"] for file in self.files)


class WorkKind(models.TextChoices):
    """What is done to the facts outside a request."""

    PLAN = "plan"
    TRY = "try"
    IMPORT = "import"
    UNDO = "undo"
    RELEASE = "release"


class WorkState(models.TextChoices):
    """How far work is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Work(models.Model):
    """One piece of work on the facts that a worker does; it can be done again without doing it twice.

    `result` and `fault` hold sentences as JSON (`domain.sentences`), so that they are read in any language.
    """

    kind = models.CharField(max_length=8, choices=WorkKind.choices)
    upload = models.ForeignKey(Upload, null=True, on_delete=models.CASCADE, related_name="works")
    import_no = models.BigIntegerField(null=True)
    given: models.JSONField[Any, Any] = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=WorkState.choices, default=WorkState.WAITING)
    result: models.JSONField[Any, Any] = models.JSONField(null=True)
    fault: models.JSONField[Any, Any] = models.JSONField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-asked_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["state"]), models.Index(fields=["import_no"])]

    def __str__(self) -> str:
        """Give kind and state."""
        return f"{self.kind} {self.state}"

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state in {WorkState.DONE, WorkState.FAILED}

    @property
    def is_behind(self) -> bool:
        """Tell whether it waits for other work on the facts to end: that is done one after the other."""
        return self.state == WorkState.WAITING and Work.objects.filter(state=WorkState.RUNNING).exists()


class CorrectionState(models.TextChoices):
    """How far an entry is; `overtaken`: its deal was gone before it could be written.

    Whether a written correction still stands, the facts say (`standing`).
    """

    PENDING = "pending"
    WRITTEN = "written"
    OVERTAKEN = "overtaken"
    TAKEN_BACK = "taken_back"


class Correction(models.Model):
    """One field of a deal that somebody corrected: the value the CRM shows, the value that is right, why.

    Values are canonical text (ISO date, plain decimal, key), null is an empty field. Pending ones are shown at once and
    written into the facts by the worker; a written one is listed as long as it stands. Of the field
    `contact:<contact_id>` the value is the contact's role in the decision, the empty text where none is said, null
    where the contact takes no part in the deal. `closed_at`: when it was taken back or went on as another one.
    """

    deal_id = models.CharField(max_length=200, db_index=True)
    field = models.CharField(max_length=255)
    seen = models.TextField(null=True)  # noqa: DJ001 - null is an empty field, the empty text is none
    value = models.TextField(null=True)  # noqa: DJ001 - as above
    reason = models.CharField(max_length=300, blank=True, default="")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    person_id = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=CorrectionState.choices, default=CorrectionState.PENDING)
    import_no = models.BigIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first; one open correction for a field of a deal."""

        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        """Give deal and field."""
        return f"{self.deal_id} {self.field}"


class EnteredDeal(models.Model):
    """A deal that somebody entered on screen: it waits here until the worker writes it into the facts.

    Values are canonical text as in `Correction`. `deal_id` is its key from the first moment on; once it is `written`
    the words of it are emptied here, and it is corrected as any other deal.
    """

    deal_id = models.CharField(max_length=40, unique=True)
    account = models.CharField(max_length=200, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    pipeline = models.CharField(max_length=200)
    stage = models.CharField(max_length=200)
    amount = models.CharField(max_length=20, blank=True, default="")
    expected_close_on = models.DateField(null=True)
    next_step = models.CharField(max_length=500, blank=True, default="")
    next_step_on = models.DateField(null=True)
    owner_id = models.CharField(max_length=64, blank=True, default="")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=CorrectionState.choices, default=CorrectionState.PENDING)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        """Give the key."""
        return self.deal_id


class EnteredContact(models.Model):
    """Somebody at a customer's whom somebody entered at a deal: waits here until the worker writes the facts.

    The part in the deal is a `Correction`; once this is `written` or taken back, its words are emptied.
    """

    contact_id = models.CharField(max_length=40, unique=True)
    account_id = models.CharField(max_length=255, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    title = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=CorrectionState.choices, default=CorrectionState.PENDING)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        """Give the key."""
        return self.contact_id


class UploadToken(models.Model):
    """A token with which a program may upload files to the address; only its digest is kept."""

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        """Give the name."""
        return self.name

    @property
    def opens(self) -> bool:
        """Tell whether it lets files in: not once whoever made it brings in no data any more, who still knows it."""
        maker = self.by
        return self.revoked_at is None and maker is not None and maker.is_active and maker.role in KEEPERS


class ExportReminder(models.Model):
    """Who is reminded of the next export, and how old the data may become; there is one row (pk 1) or none."""

    to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    every_days = models.PositiveSmallIntegerField(default=7)
    reminded_on = models.DateField(null=True)

    def __str__(self) -> str:
        """Give how often."""
        return f"every {self.every_days} days"
