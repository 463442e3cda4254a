"""What is told after a meeting and before the next: written down once for each place, sent until it has arrived."""

from __future__ import annotations

import logging
import secrets
from datetime import date, datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Final

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import Organisation, User
from bokgi.apps.access.selectors import organisation, time_zone
from bokgi.apps.access.services import audit
from bokgi.apps.reviews.keeping.selectors import commitments_of, still_open
from bokgi.apps.reviews.models import (
    Delivery,
    DeliveryState,
    MailKind,
    MailRefusal,
    Meeting,
    MeetingState,
    Receiver,
    Snapshot,
)
from bokgi.apps.reviews.telling import letters, webhook
from bokgi.apps.reviews.telling.rules import REMINDS_FROM, TAKEN_OVER_AFTER, gives_up, wait
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.questions.deals import ANY_REASON, Where, list_deals

_LOG: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 100


# ---------------------------------------------------------------- what is to be sent


@transaction.atomic
def minutes_tell(*, meeting: Meeting, at: datetime) -> int:
    """Put the minutes of a closed meeting on their way to who takes part and to the receivers; twice is once.

    Who does not want minutes by mail, and who has no account any more, gets none.
    """
    refusing = MailRefusal.objects.filter(kind=MailKind.MINUTES).values("user_id")
    users = User.objects.filter(pk__in=meeting.participants.filter(user__is_active=True).values("user_id"))
    receivers = Receiver.objects.filter(removed_at=None).filter(Q(team="") | Q(team=meeting.team))
    made = [_delivery(meeting, MailKind.MINUTES, at, user=user) for user in users.exclude(pk__in=refusing)]
    made += [_delivery(meeting, MailKind.MINUTES, at, receiver=receiver) for receiver in receivers]
    return sum(made)


def _delivery(
    meeting: Meeting, kind: str, at: datetime, *, user: User | None = None, receiver: Receiver | None = None
) -> bool:
    _, is_new = Delivery.objects.get_or_create(
        meeting=meeting, kind=kind, user=user, receiver=receiver, defaults={"next_at": at}
    )
    return is_new


@transaction.atomic
def minutes_forget(*, meeting: Meeting) -> None:
    """Let nobody get minutes that are not on their way yet: of a meeting that is only told of as long past."""
    Delivery.objects.filter(meeting=meeting, kind=MailKind.MINUTES, state=DeliveryState.WAITING).delete()


def reminders_tell(*, today: date, at: datetime) -> int:
    """Remind who takes part in a meeting from its first day of preparation on: two working days ahead.

    Each meeting once, and nobody before the morning. Nobody is reminded who has prepared, does not want it, or has
    nothing to tidy and nothing open.
    """
    told, first = 0, max(at, datetime.combine(today, REMINDS_FROM, time_zone()))
    ahead = Meeting.objects.filter(
        state__in=[MeetingState.SCHEDULED, MeetingState.PREPARING],
        reminded_at=None,
        prepare_from__lte=today,
        on__gte=today,
    )
    for one in ahead.order_by("pk"):
        with transaction.atomic():
            found = Meeting.objects.select_for_update().filter(pk=one.pk, reminded_at=None).first()
            if found is None:
                continue
            told += sum(
                _delivery(found, MailKind.REMINDER, first, user=user)
                for user in _to_remind(found)
                if any(to_say(found, user, today=today))
            )
            Meeting.objects.filter(pk=found.pk).update(reminded_at=at)
    return told


@transaction.atomic
def reminders_forget(*, meeting: Meeting) -> None:
    """Take back that a meeting was reminded of: it takes place at another time, and everybody is to hear of that.

    `meeting` is held by the caller, who keeps it with `reminded_at` null.
    """
    Delivery.objects.filter(meeting=meeting, kind=MailKind.REMINDER).delete()
    meeting.reminded_at = None


@transaction.atomic
def moved_tell(*, meeting: Meeting, by: User | None, at: datetime) -> None:
    """Tell who has prepared already that a meeting takes place at another time; the others are reminded of that again.

    Who moved it (null: the calendar did) knows, and nobody hears of it before the morning. What was on its way of an
    earlier move is not sent.
    """
    Delivery.objects.filter(meeting=meeting, kind=MailKind.MOVED).delete()
    first = max(at, datetime.combine(timezone.localtime(at, time_zone()).date(), REMINDS_FROM, time_zone()))
    refusing = MailRefusal.objects.filter(kind=MailKind.MOVED).values("user_id")
    ready = meeting.participants.filter(user__is_active=True, preparation__prepared_at__isnull=False)
    told = User.objects.filter(pk__in=ready.values("user_id")).exclude(pk__in=refusing)
    for user in told.exclude(pk=by.pk) if by is not None else told:
        _delivery(meeting, MailKind.MOVED, first, user=user)


def _to_remind(meeting: Meeting) -> list[User]:
    refusing = MailRefusal.objects.filter(kind=MailKind.REMINDER).values("user_id")
    waiting = meeting.participants.filter(user__is_active=True).exclude(preparation__prepared_at__isnull=False)
    return list(User.objects.filter(pk__in=waiting.values("user_id")).exclude(pk__in=refusing).exclude(person_id=""))


def to_say(meeting: Meeting, user: User, *, today: date) -> tuple[int, int]:
    """Count what a reminder has to say: own deals that want attention, own promises that are open."""
    del meeting
    try:
        where = Where(owners=(user.person_id,), attention=ANY_REASON)
        deals = answers().ask(list_deals, as_of=today, where=where, limit=1)["total"]["count"]
    except NotFoundError:
        return (0, 0)
    return deals, len(still_open(commitments_of([user.person_id], as_of=today), as_of=today))


# ---------------------------------------------------------------- sending


def deliveries_send(*, at: datetime) -> int:
    """Send what is due, and give how much arrived. What fails is tried again, later each time.

    A delivery is taken before it is sent: two workers never send the same. One whose worker died in between is sent
    again after ten minutes, with the same key. What reminds waits for the morning of the zone that holds by now.
    """
    due = Delivery.objects.filter(state__in=[DeliveryState.WAITING, DeliveryState.SENDING], next_at__lte=at)
    if timezone.localtime(at, time_zone()).time() < REMINDS_FROM:
        due = due.exclude(kind__in=[MailKind.REMINDER, MailKind.MOVED])
    arrived = 0
    for one in due.select_related("meeting", "user", "receiver").order_by("next_at", "pk")[:_AT_ONCE]:
        mine = Delivery.objects.filter(pk=one.pk, state=one.state, next_at=one.next_at).update(
            state=DeliveryState.SENDING, attempts=F("attempts") + 1, next_at=at + TAKEN_OVER_AFTER
        )
        if mine:
            arrived += _send(one, at)
    return arrived


def _send(one: Delivery, at: datetime) -> bool:
    attempts = one.attempts + 1
    try:
        answer = _hand_over(one, at)
    except SMTPRecipientsRefused:
        answer = webhook.Answer(sent=False, lasting=True, fault="recipient_refused")
    except (OSError, SMTPException) as error:
        answer = webhook.Answer(sent=False, lasting=False, fault=webhook.unreached(error))
    except Exception:  # noqa: BLE001 - ours to mend; the delivery waits so long, and nothing else of the queue with it
        _LOG.exception("delivery %s failed", one.pk)
        answer = webhook.Answer(sent=False, lasting=False, fault="internal")
    row = Delivery.objects.filter(pk=one.pk)
    if answer.sent:
        row.update(state=DeliveryState.SENT, sent_at=at, fault="")
    elif gives_up(attempts, lasting=answer.lasting):
        row.update(state=DeliveryState.GIVEN_UP, fault=answer.fault)
    else:
        row.update(state=DeliveryState.WAITING, next_at=at + wait(attempts), fault=answer.fault)
    return answer.sent


def _hand_over(one: Delivery, at: datetime) -> webhook.Answer:
    company = organisation()
    if company is None:
        return webhook.Answer(sent=False, lasting=True, fault="no_organisation")
    if one.receiver is not None:
        return _to_receiver(one, one.receiver, company, at)
    if one.user is None or not one.user.is_active:
        return webhook.Answer(sent=False, lasting=True, fault="account_closed")
    if MailRefusal.objects.filter(user=one.user, kind=one.kind).exists():
        return webhook.Answer(sent=False, lasting=True, fault="not_wanted")
    write = {MailKind.REMINDER.value: _reminder, MailKind.MOVED.value: _moved}.get(one.kind, _minutes)
    letter = write(one, one.user, company, at)
    if isinstance(letter, str):
        return webhook.Answer(sent=False, lasting=True, fault=letter)
    letter.extra_headers["Message-ID"] = f"<{one.key}@bokgi>"
    letter.send()
    return webhook.Answer(sent=True, lasting=False, fault="")


def _minutes(one: Delivery, user: User, company: Organisation, at: datetime) -> EmailMessage | str:
    return letters.minutes_letter(told_of(one.meeting, company), user, at=at)


def _reminder(one: Delivery, user: User, company: Organisation, at: datetime) -> EmailMessage | str:
    """Write a reminder as things stand now; the code of why not where it has nothing to say any more."""
    today = timezone.localtime(at, letters.zone_of(company)).date()
    if one.meeting.on < today or one.meeting.state not in {MeetingState.SCHEDULED, MeetingState.PREPARING}:
        return "too_late"
    deals, promises = to_say(one.meeting, user, today=today)
    prepared = one.meeting.participants.filter(user=user, preparation__prepared_at__isnull=False).exists()
    if prepared or not (deals or promises):
        return "nothing_to_say"
    return letters.reminder_letter(one.meeting, user, company, deals=deals, promises=promises)


def _moved(one: Delivery, user: User, company: Organisation, at: datetime) -> EmailMessage | str:
    if one.meeting.starts_at < at or one.meeting.state not in {MeetingState.SCHEDULED, MeetingState.PREPARING}:
        return "too_late"
    return letters.moved_letter(one.meeting, user, company)


def _to_receiver(one: Delivery, receiver: Receiver, company: Organisation, at: datetime) -> webhook.Answer:
    if receiver.removed_at is not None:
        return webhook.Answer(sent=False, lasting=True, fault="receiver_removed")
    return webhook.post(
        receiver.address,
        letters.slack_payload(told_of(one.meeting, company), receiver.language),
        key=str(one.key),
        secret=receiver.secret,
        at=int(at.timestamp()),
        private=receiver.private,
    )


def told_of(meeting: Meeting, company: Organisation) -> letters.Told:
    """Give what is told of a closed meeting. Raises `NotFoundError` while it is not closed."""
    snapshot = Snapshot.objects.filter(meeting=meeting).first()
    if meeting.state != MeetingState.CLOSED or snapshot is None or snapshot.record is None:
        raise NotFoundError("minutes_missing", Message(N_("Minutes are there once the meeting is closed.")))
    following = Meeting.objects.filter(
        team=meeting.team,
        starts_at__gt=meeting.starts_at,
        state__in=[MeetingState.SCHEDULED, MeetingState.PREPARING, MeetingState.LIVE],
    )
    return letters.Told(meeting, snapshot.record, following.order_by("starts_at", "pk").first(), company)


@transaction.atomic
def delivery_retry(*, delivery_id: int, by: User, at: datetime) -> bool:
    """Try once more what was given up, as a person asks."""
    found = Delivery.objects.filter(pk=delivery_id, state=DeliveryState.GIVEN_UP)
    changed = found.update(state=DeliveryState.WAITING, attempts=0, next_at=at)
    if changed:
        audit(by=by, action="delivery_retry", subject=f"delivery {delivery_id}")
    return bool(changed)


# ---------------------------------------------------------------- receivers and wishes


@transaction.atomic
def receiver_add(
    *, name: str, address: str, by: User, team: str = "", language: str = "ko", private: bool = False
) -> Receiver:
    """Name a receiver. Raises `UsageError` for an address that is none, or unencrypted outside one's own network."""
    if not name.strip():
        raise UsageError("receiver_unnamed", Message(N_("Give the receiver a name.")))
    webhook.checked_address(address.strip(), private=private)
    made = Receiver.objects.create(
        name=name.strip()[:80],
        address=address.strip(),
        secret=secrets.token_urlsafe(32),
        language=language,
        team=team,
        private=private,
        made_by=by,
    )
    audit(by=by, action="receiver_add", subject=f"receiver {made.pk}", details={"private": private})
    return made


@transaction.atomic
def receiver_remove(*, receiver: Receiver, by: User, at: datetime) -> None:
    """Take a receiver away; its address and secret are forgotten, and what waits for it is not sent."""
    Receiver.objects.filter(pk=receiver.pk).update(removed_at=at, address="", secret="")
    waiting = Delivery.objects.filter(receiver=receiver, state__in=[DeliveryState.WAITING, DeliveryState.SENDING])
    waiting.update(state=DeliveryState.GIVEN_UP, fault="receiver_removed")
    audit(by=by, action="receiver_remove", subject=f"receiver {receiver.pk}")


@transaction.atomic
def mail_wish(*, user: User, kind: str, wanted: bool) -> None:
    """Keep whether somebody wants a kind of mail; twice is once."""
    if kind not in MailKind.values:
        raise UsageError("mail_unknown", Message(N_("There is no such mail.")))
    if wanted:
        MailRefusal.objects.filter(user=user, kind=kind).delete()
    else:
        MailRefusal.objects.get_or_create(user=user, kind=kind)
    audit(by=user, action="mail_wish", details={"kind": kind, "wanted": wanted})


def mails_wanted(user: User) -> dict[str, bool]:
    """Say which mails somebody gets."""
    refused = set(MailRefusal.objects.filter(user=user).values_list("kind", flat=True))
    return {kind: kind not in refused for kind in MailKind.values}


def expire(*, before: datetime) -> int:
    """Forget deliveries that are done and older than a moment."""
    done = Delivery.objects.filter(state__in=[DeliveryState.SENT, DeliveryState.GIVEN_UP], next_at__lt=before)
    return done.delete()[0]


KEPT: Final = timedelta(days=90)
