"""A team with accounts, and its meeting on the day of `tests.homes`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import user_create
from bokgi.apps.reviews.models import Meeting, Participant
from bokgi.apps.reviews.services import planning, running, writing
from tests import homes
from tests.conftest import PASSWORD

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
"""10:00 in Seoul on the day of `tests.homes`, a Tuesday."""
SignedIn = Callable[[User], Client]


@pytest.fixture
def team(users: dict[str, User], home: Path) -> dict[str, User]:
    """Give everybody of the first team an account, and one person of the second."""
    del home
    made = dict(users)
    for person in ("park", "choi", "seo"):
        made[person] = user_create(
            email=f"{person}@team.example",
            name=homes.PEOPLE[person],
            role=Role.REP,
            person_id=person,
            password=PASSWORD,
        )
    return made


@pytest.fixture
def meeting(team: dict[str, User]) -> Meeting:
    """Plan the meeting of the first team for today, in the short form."""
    return planning.meeting_plan(team="1팀", on=homes.TODAY, at=time(10), minutes=25, by=team["leader"])


@pytest.fixture
def live(meeting: Meeting, team: dict[str, User]) -> Meeting:
    """Open the meeting."""
    running.meeting_open(meeting_id=meeting.pk, by=team["leader"], at=NOW)
    meeting.refresh_from_db()
    return meeting


@pytest.fixture
def signed_in() -> SignedIn:
    """Give a client that is signed in as a user and reads English."""

    def client(user: User) -> Client:
        User.objects.filter(pk=user.pk).update(language="en")
        made = Client()
        made.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
        return made

    return client


def seat(meeting: Meeting, user: User) -> Participant:
    return Participant.objects.get(meeting=meeting, user=user)


def note(text: str, **more: object) -> writing.NewNote:
    return writing.NewNote(key=uuid4(), text=text, part="execution", **more)  # type: ignore[arg-type]  # by name


def promise(who: Participant, what: str, due_on: date = date(2026, 11, 27)) -> writing.NewCommitment:
    return writing.NewCommitment(key=uuid4(), participant=who, what=what, due_on=due_on)


def text(client: Client, path: str, status: int = 200) -> str:
    """Give the page at an address."""
    answer = client.get(path, follow=True)
    assert answer.status_code == status, path
    return answer.content.decode()
