"""Follow-ups that both agreed on reach the live meeting of the team, once; others never leave the room."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from bokgi.apps.access.erasing import person_erase
from bokgi.apps.coaching import services
from bokgi.apps.coaching.models import OneOnOne, Pair, Paper, PaperKind
from bokgi.apps.coaching.tasks import follow_ups_bring
from bokgi.apps.reviews.models import Commitment, Meeting, MeetingState, Participant
from tests.apps.coaching.papers import AT, SECRET, note
from tests.homes import TODAY

DUE = TODAY + timedelta(days=3)


def live_meeting(on: date = TODAY) -> Meeting:
    """Give a live meeting in which the rep takes part."""
    meeting = Meeting.objects.create(
        team="1팀",
        week="2026-W48",
        planned_on=on,
        on=on,
        at=time(10),
        starts_at=AT,
        prepare_from=on,
        prepared_by=on,
        state=MeetingState.LIVE,
        opened_at=AT,
    )
    Participant.objects.create(meeting=meeting, person_id="lee")
    return meeting


@pytest.mark.usefixtures("home")
def test_only_what_both_agreed_on_is_told_and_once(pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)
    words = {"words": "금요일까지 제안서 틀 만들기"}
    follow = services.paper_write(
        one_on_one=talk, kind=PaperKind.FOLLOW_UP, words=words, by=pair.coach, at=AT, today=TODAY, due_on=DUE
    )
    live_meeting()
    assert follow_ups_bring(at=AT) == 0
    services.follow_up_agree(paper=follow, by=pair.member, at=AT, today=TODAY)
    assert follow_ups_bring(at=AT) == 1
    assert follow_ups_bring(at=AT) == 0
    made = Commitment.objects.get()
    assert (made.what, made.due_on, made.person_id) == (words["words"], DUE, "lee")
    assert SECRET not in made.what
    assert Paper.objects.get(pk=follow.pk).commitment == str(made.pk)


@pytest.mark.usefixtures("home")
def test_without_a_live_meeting_it_waits(pair: Pair, talk: OneOnOne) -> None:
    follow = note(talk, pair.coach, PaperKind.FOLLOW_UP)
    services.follow_up_agree(paper=follow, by=pair.member, at=AT, today=TODAY)
    assert follow_ups_bring(at=AT) == 0
    assert Paper.objects.get(pk=follow.pk).commitment == ""


@pytest.mark.usefixtures("talk")
def test_the_erasure_of_a_person_reaches_the_papers(pair: Pair) -> None:
    person_erase(person_id=pair.member.person_id, words=[pair.member.name])
    assert not Pair.objects.exists()
