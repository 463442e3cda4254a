"""The meeting and what is written in it: agenda, participants, preparation, notes, commitments, what was shown.

Names of people and deals are not kept here: `person_id` and `deal_id` are keys of the facts. What people wrote
themselves is text, and the snapshot of a closed meeting holds what was on the screen.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from bokgi.apps.access.models import User
from bokgi.apps.access.sealing import sealed
from bokgi.domain.messages import N_


class MeetingState(models.TextChoices):
    """Where a meeting stands in its life."""

    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    LIVE = "live"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Part(models.TextChoices):
    """What a part of the agenda is about; `own` is one that the team added, with a title of its own."""

    EXECUTION = "execution"
    BOTTLENECK = "bottleneck"
    FEEDBACK = "feedback"
    LEARNING = "learning"
    MOTIVATION = "motivation"
    OWN = "own"


PARTS: Final = (Part.EXECUTION, Part.BOTTLENECK, Part.FEEDBACK, Part.LEARNING, Part.MOTIVATION)
"""The five parts in the order of the pack."""


class NoteKind(models.TextChoices):
    """What a note is."""

    NOTE = "note"
    FEEDBACK = "feedback"
    LEARNING = "learning"


class Effect(models.TextChoices):
    """The figure that a commitment is to move: the first four of its deal, the others of its stage or person."""

    MOVED = "moved", N_("the deal moves to the next stage")
    WON = "won", N_("the deal is won")
    TOUCHED = "touched", N_("a meeting or a call with the customer")
    NEXT_STEP = "next_step", N_("a next step with its date")
    CONVERSION = "conversion", N_("conversion of the stage")
    DAYS_IN_STAGE = "days_in_stage", N_("days in the stage")
    MEETINGS = "meetings", N_("meetings a week")
    UNTOUCHED = "untouched", N_("deals without contact")
    NEW_DEALS = "new_deals", N_("new deals a week")


class OwnWord(models.TextChoices):
    """What the owner of a commitment says became of it."""

    KEPT = "kept"
    PARTLY = "partly"
    NOT_KEPT = "not_kept"


class Verdict(models.TextChoices):
    """What the facts say became of a commitment."""

    KEPT = "kept"
    NOT_KEPT = "not_kept"
    CANNOT_TELL = "cannot_tell"


class MeetingSeries(models.Model):
    """The weekly meeting of a team: on which weekday, at what time of the organisation's clock, how long.

    `team` is empty for everybody. `agenda` is the agenda of the next meeting where the team changed it: a list of
    `{part, title, minutes}`; empty for the usual one.
    """

    team = models.CharField(max_length=200, blank=True, default="")
    weekday = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)])
    at = models.TimeField()
    minutes = models.PositiveSmallIntegerField(default=60)
    agenda: models.JSONField[Any, Any] = models.JSONField(default=list)
    led_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A team has one series at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(ended_at=None), name="meeting_series_one_of_a_team"
            )
        ]

    def __str__(self) -> str:
        """Give the key."""
        return f"series {self.pk}"


class Meeting(models.Model):
    """One weekly review of one team (`team` empty: everybody).

    `week` is the ISO week it looks back on, `planned_on` the day of the series, `on` the day it takes place: another
    one where a holiday or somebody (`placed_by_hand`) moved it. `at` is the time on the organisation's clock,
    `starts_at` the moment that is in its zone. From `prepare_from` on the participants prepare, `prepared_by` is the
    last day that is on time. `revision` grows with everything that is written, so that screens know whether anything
    is new.
    """

    series = models.ForeignKey(MeetingSeries, null=True, on_delete=models.SET_NULL, related_name="meetings")
    team = models.CharField(max_length=200, blank=True, default="")
    week = models.CharField(max_length=8)
    planned_on = models.DateField()
    on = models.DateField(db_index=True)
    at = models.TimeField()
    starts_at = models.DateTimeField()
    placed_by_hand = models.BooleanField(default=False)
    minutes = models.PositiveSmallIntegerField(default=60)
    prepare_from = models.DateField()
    prepared_by = models.DateField()
    state = models.CharField(max_length=9, choices=MeetingState.choices, default=MeetingState.SCHEDULED)
    led_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    focus = models.TextField(blank=True, default="")
    revision = models.PositiveBigIntegerField(default=1)
    current = models.ForeignKey("AgendaPart", null=True, on_delete=models.SET_NULL, related_name="+")
    deal_now = models.CharField(max_length=200, blank=True, default="")
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first; a series has one meeting for a planned day."""

        ordering: ClassVar = ["-on", "-starts_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "planned_on"], name="meeting_once_for_a_planned_day"),
        ]

    def __str__(self) -> str:
        """Give the key."""
        return f"meeting {self.pk}"


class AgendaPart(models.Model):
    """One part of the agenda with its time box. `spent` seconds were used before `begun_at`, null while it rests.

    `version` grows with each change, so that whoever changes what somebody else just changed is told.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=10, choices=Part.choices)
    title = models.CharField(max_length=80, blank=True, default="")
    minutes = models.PositiveSmallIntegerField()
    begun_at = models.DateTimeField(null=True)
    spent = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """In the order of the meeting."""

        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        """Give part and time."""
        return f"{self.part} {self.minutes}"


class Participant(models.Model):
    """Somebody who takes part: a user, a person of the facts, or both in one. `leads` is who runs the meeting."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    person_id = models.CharField(max_length=64, blank=True, default="")
    leads = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        """Everybody once."""

        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "person_id"],
                condition=~models.Q(person_id=""),
                name="participant_person_once",
            ),
            models.UniqueConstraint(
                fields=["meeting", "user"], condition=models.Q(user__isnull=False), name="participant_user_once"
            ),
        ]

    def __str__(self) -> str:
        """Give the key; names stand in the facts."""
        return f"participant {self.pk}"


class Preparation(models.Model):
    """What a participant prepared: where help is needed, and that it is done (`prepared_at`)."""

    participant = models.OneToOneField(Participant, on_delete=models.CASCADE, related_name="preparation")
    help_wanted = models.TextField(blank=True, default="")
    prepared_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        """Give the key."""
        return f"preparation {self.pk}"


class WinLossAnswer(models.Model):
    """The five short questions about a participant's win or loss of the week; the draft of a case to learn from."""

    preparation = models.ForeignKey(Preparation, on_delete=models.CASCADE, related_name="answers")
    won = models.BooleanField()
    deal_id = models.CharField(max_length=200, blank=True, default="")
    situation = models.TextField(blank=True, default="")
    what_we_did = models.TextField(blank=True, default="")
    what_decided = models.TextField(blank=True, default="")
    repeat_or_avoid = models.TextField(blank=True, default="")
    buyer_reason = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """One win and one loss."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["preparation", "won"], name="answer_one_win_one_loss"),
        ]

    def __str__(self) -> str:
        """Give the key."""
        return f"{'win' if self.won else 'loss'} {self.pk}"


class DiscussedDeal(models.Model):
    """A deal on the meeting's list, in the order of the list; `discussed_at` is null for one not talked about."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="deals")
    position = models.PositiveSmallIntegerField()
    deal_id = models.CharField(max_length=200)
    person_id = models.CharField(max_length=64, blank=True, default="")
    pipeline = models.CharField(max_length=200, blank=True, default="")
    stage = models.CharField(max_length=200, blank=True, default="")
    discussed_at = models.DateTimeField(null=True)

    class Meta:
        """In the order of the list; each deal once."""

        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "deal_id"], name="discussed_deal_once"),
        ]

    def __str__(self) -> str:
        """Give the key of the deal."""
        return self.deal_id


@sealed("note", "key")
class Note(models.Model):
    """Something written in the meeting. Entries are only added: a correction is another one that `amends` the first.

    `key` is made by the browser, so that what is sent again after a lost connection is kept once. A private note is
    for its writer and the user of `about`, nobody else, whatever the role; its words are `sealed` and `text` is empty.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=8, choices=NoteKind.choices, default=NoteKind.NOTE)
    part = models.CharField(max_length=10, choices=Part.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    about = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="notes")
    deal_id = models.CharField(max_length=200, blank=True, default="")
    private = models.BooleanField(default=False)
    text = models.TextField(blank=True, default="")
    sealed = models.TextField(blank=True, default="")
    amends = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="amended_by")
    at = models.DateTimeField()

    class Meta:
        """In the order of arrival; what is private stands nowhere in plain text."""

        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(private=True, text="") & ~models.Q(sealed="") | models.Q(private=False, sealed=""),
                name="note_private_is_sealed",
            ),
        ]

    def __str__(self) -> str:
        """Give the key; the text is nobody else's business."""
        return f"note {self.pk}"


class Commitment(models.Model):
    """What somebody will do by when, on which deal or stage, and which figure that is to move.

    `said`, `said_note` and `said_at` are the owner's own word; `verdict`, `checked` (evidence as JSON), `checked_on`
    and `checked_version` (the lake version) what the facts say. `withdrawn_at` takes one back that was a mistake.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="commitments")
    participant = models.ForeignKey(Participant, null=True, on_delete=models.SET_NULL, related_name="commitments")
    person_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    what = models.CharField(max_length=500)
    due_on = models.DateField()
    deal_id = models.CharField(max_length=200, blank=True, default="")
    pipeline = models.CharField(max_length=200, blank=True, default="")
    stage = models.CharField(max_length=200, blank=True, default="")
    metric = models.CharField(max_length=16, choices=Effect.choices, blank=True, default="")
    rising = models.BooleanField(default=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    said = models.CharField(max_length=8, choices=OwnWord.choices, blank=True, default="")
    said_note = models.TextField(blank=True, default="")
    said_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=11, choices=Verdict.choices, blank=True, default="")
    checked: models.JSONField[Any, Any] = models.JSONField(null=True)
    checked_on = models.DateField(null=True)
    checked_version = models.BigIntegerField(null=True)

    class Meta:
        """In the order in which they were made."""

        ordering: ClassVar = ["made_at", "pk"]

    def __str__(self) -> str:
        """Give the key."""
        return f"commitment {self.pk}"


class Snapshot(models.Model):
    """What a meeting shows: the pack as it was when the meeting opened, and from its closing on the page itself.

    `pack` is the content of the review with its `schema_version`; `blocks` are the results that stand beside it (deals
    to talk about, execution check of commitments), each `{name, schema_version, result}`. `pages` holds the parts of
    the pack as drawn at the opening (`parts`), from the closing on the whole page by language and its style `sheet`;
    `record` what was written in the meeting, null until it is closed.
    """

    meeting = models.OneToOneField(Meeting, on_delete=models.CASCADE, related_name="snapshot")
    as_of = models.DateField()
    lake_version = models.BigIntegerField()
    schema_version = models.PositiveSmallIntegerField()
    pack: models.JSONField[Any, Any] = models.JSONField()
    blocks: models.JSONField[Any, Any] = models.JSONField(default=list)
    record: models.JSONField[Any, Any] = models.JSONField(null=True)
    pages: models.JSONField[Any, Any] = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        """Give the key."""
        return f"snapshot {self.pk}"
