"""An erasure reaches what people wrote in meetings, and what closed meetings keep."""

from __future__ import annotations

import json

import pytest
from django.core import serializers

from bokgi.apps.access.erasing import person_erase
from bokgi.apps.access.models import User
from bokgi.apps.reviews import models
from bokgi.apps.reviews.models import Commitment, Meeting, Note
from bokgi.apps.reviews.services import closing, preparing, writing
from tests import homes
from tests.apps.reviews.meeting.conftest import NOW, note, promise, seat

pytestmark = pytest.mark.django_db
NAME = homes.PEOPLE["lee"]
TABLES = (models.Meeting, models.Note, models.Commitment, models.Preparation, models.WinLossAnswer, models.Snapshot)


def test_nothing_of_a_meeting_names_who_was_erased(live: Meeting, team: dict[str, User]) -> None:
    rep = seat(live, team["rep"])
    answers = {True: {"situation": f"{NAME} 담당"}, False: {}}
    preparing.preparation_save(
        participant=rep, help_wanted="소개", answers=answers, done=True, version=0, by=team["rep"], at=NOW
    )
    writing.note_add(meeting_id=live.pk, new=note(f"{NAME}님이 현장을 만남"), by=team["park"], at=NOW)
    writing.note_add(meeting_id=live.pk, new=note("말이 빨라짐", about=rep, private=True), by=team["leader"], at=NOW)
    writing.commitment_add(meeting_id=live.pk, new=promise(rep, f"{NAME}: 제안서"), by=team["rep"], at=NOW)
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=NOW)
    assert NAME in kept()
    person_erase(person_id="lee", words=[NAME, "lee@example.com"])
    assert NAME not in kept()
    assert json.dumps(NAME)[1:-1] not in kept()
    assert Note.objects.filter(private=True).count() == 0
    assert Commitment.objects.get().person_id == "lee"
    assert "lee님이 현장을 만남" in kept()


def kept() -> str:
    """Give everything that the tables of a meeting hold, as text."""
    rows = [row for table in TABLES for row in table._default_manager.all()]  # noqa: SLF001 - Django's public name
    return str(serializers.serialize("json", rows, ensure_ascii=False))
