"""Erasing a person reaches the library, thanks, and what waits to be sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from bokgi.apps.access.erasing import person_erase
from bokgi.apps.access.models import User
from bokgi.apps.reviews import recognition
from bokgi.apps.reviews.learning import services
from bokgi.apps.reviews.models import Case, Delivery, Recognition
from bokgi.apps.reviews.telling.services import minutes_tell
from tests.apps.reviews.closed_meetings import agreed, meeting_held, recorded
from tests.homes import PEOPLE

AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.django_db
def test_nothing_names_an_erased_person_after_the_meeting(users: dict[str, User]) -> None:
    name = PEOPLE["lee"]
    told = services.Told(
        title=f"{name}의 수주", ending="won", situation=f"{name} 님이 만났다", tags={"objection": [name]}
    )
    services.case_tell(told=told, by=users["rep"], at=AT, ended_on=date(2026, 11, 18), person_id="lee")
    day = date(2026, 11, 20)
    recognition.recognition_give(key=uuid4(), person_id="lee", text="고마워요", by=users["leader"], on=day, at=AT)
    words = f"{name}과 함께"
    recognition.recognition_give(key=uuid4(), person_id="park", text=words, by=users["leader"], on=day, at=AT)
    meeting = meeting_held(users)
    agreed(meeting)
    recorded(meeting)
    minutes_tell(meeting=meeting, at=AT)
    person_erase(person_id="lee", words=[name, "rep@team.example"])
    case = Case.objects.get()
    assert (case.person_id, case.told_by) == ("", None)
    everything = [case.title, case.situation, *(tag.word for tag in case.tags.all())]
    everything += [one.text for one in Recognition.objects.all()]
    assert [text for text in everything if name in text] == []
    assert [one.person_id for one in Recognition.objects.all()] == ["park"]
    assert not Delivery.objects.filter(user=users["rep"]).exists()
