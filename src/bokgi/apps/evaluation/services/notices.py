"""Writes of what staff were told about the use of their data, and of who has read it."""

from __future__ import annotations

from django.db import transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.evaluation.clock import now
from bokgi.apps.evaluation.letters import tell
from bokgi.apps.evaluation.models import DataNotice, DataNoticeReading
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message


@transaction.atomic
def notice_publish(*, text: str, by: User) -> DataNotice:
    """Write down what staff are told about the use of their data; everybody is asked to read the new version."""
    said = text.strip()
    if not said:
        raise UsageError("text_missing", Message(N_("Write what staff are told.")))
    last = DataNotice.objects.first()
    made = DataNotice.objects.create(version=(last.version if last else 0) + 1, text=said, by=by, at=now())
    for user in User.objects.filter(is_active=True):
        tell("evaluation/notice", user)
    audit(by=by, action="notice_publish", subject=f"notice {made.version}")
    return made


@transaction.atomic
def notice_read(*, notice: DataNotice, by: User) -> None:
    """Note that somebody has read a notice; the first time counts."""
    _reading, made = DataNoticeReading.objects.get_or_create(notice=notice, user=by, defaults={"at": now()})
    if made:
        audit(by=by, action="notice_read", subject=f"notice {notice.version}")
