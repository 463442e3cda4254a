"""Running: opening, the clock, notes and commitments of several people at once, closing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bokgi.apps.access.models import AuditEntry, User
from bokgi.apps.reviews import rules, selectors, tasks
from bokgi.apps.reviews.models import Commitment, Meeting, MeetingState, Note, Snapshot
from bokgi.apps.reviews.services import closing, planning, preparing, running, writing
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from tests import homes
from tests.apps.reviews.meeting.conftest import NOW, SignedIn, note, promise, seat

pytestmark = pytest.mark.django_db


def test_opening_keeps_the_pack_and_lists_the_deals(live: Meeting, team: dict[str, User]) -> None:
    snapshot = Snapshot.objects.get(meeting=live)
    assert live.state == MeetingState.LIVE
    assert snapshot.pack["team"] == "1팀"
    assert {deal["owner_id"] for deal in snapshot.blocks[0]["result"]} <= {"lee", "park", "choi"}
    assert [deal.deal_id for deal in live.deals.all()] == [deal["deal_id"] for deal in snapshot.blocks[0]["result"]]
    assert live.current == live.parts.all()[0]
    again = running.meeting_open(meeting_id=live.pk, by=team["manager"], at=NOW)
    assert again.pk == live.pk
    assert Snapshot.objects.count() == 1
    assert AuditEntry.objects.filter(action="meeting_open").count() == 1


def test_a_meeting_is_not_opened_before_the_week_that_it_looks_at(
    team: dict[str, User], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, by = homes.TODAY + timedelta(days=14), team["leader"]
    later = planning.meeting_plan(team="1팀", on=on, at=time(10), minutes=25, by=by)
    Meeting.objects.filter(pk=later.pk).update(state=MeetingState.PREPARING)
    asked: list[object] = []
    monkeypatch.setattr(tasks, "enqueue", lambda task, **_: asked.append(task))
    answer = signed_in(by).post(f"/reviews/{later.pk}/open/", follow=True)
    assert "it can be opened from then on" in answer.content.decode()
    assert asked == []
    with pytest.raises(ConflictError) as caught:
        running.meeting_open(meeting_id=later.pk, by=by, at=NOW, on=homes.TODAY)
    assert caught.value.code == "meeting_early"
    assert list(tasks._looked_at(homes.TODAY)) == []  # noqa: SLF001 - whose packs are made beforehand


def test_the_clock_runs_on_the_server(live: Meeting, team: dict[str, User]) -> None:
    first, second = live.parts.all()[:2]
    running.part_begin(meeting_id=live.pk, part_id=second.pk, by=team["leader"], at=NOW + timedelta(minutes=6))
    first.refresh_from_db()
    second.refresh_from_db()
    later = NOW + timedelta(minutes=9)
    assert (first.spent, first.begun_at) == (360, None)
    assert rules.clock(first, later).left == -60
    assert rules.clock(second, later) == rules.Clock(180, 480, running=True)
    running.part_extend(meeting_id=live.pk, part_id=second.pk, minutes=3, by=team["leader"])
    running.part_begin(meeting_id=live.pk, part_id=first.pk, by=team["leader"], at=later)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.spent, second.minutes, first.spent) == (180, 11, 360)
    # What is still to come: three parts of 5, 4 and 3 minutes; the first is over time already.
    assert rules.ends_at(list(live.parts.all()), later) == later + timedelta(minutes=12)


def test_what_is_sent_twice_is_kept_once(live: Meeting, team: dict[str, User]) -> None:
    rep, new = team["rep"], note("고객이 예산을 미뤘습니다")
    first = writing.note_add(meeting_id=live.pk, new=new, by=rep, at=NOW)
    assert writing.note_add(meeting_id=live.pk, new=new, by=rep, at=NOW).pk == first.pk
    made = promise(seat(live, rep), "결정권자 만나기")
    for _ in range(2):
        writing.commitment_add(meeting_id=live.pk, new=made, by=rep, at=NOW)
    assert (Note.objects.count(), Commitment.objects.count()) == (1, 1)
    with pytest.raises(ConflictError):
        writing.note_add(meeting_id=live.pk, new=new, by=team["park"], at=NOW)


def test_two_who_reword_the_same_note_are_both_kept(live: Meeting, team: dict[str, User]) -> None:
    first = writing.note_add(meeting_id=live.pk, new=note("처음"), by=team["rep"], at=NOW)
    for who in ("rep", "park"):
        writing.note_add(meeting_id=live.pk, new=note(f"{who} 글", amends=first), by=team[who], at=NOW)
    entry = selectors.notes_open(live)[0]
    assert [one.text for one in entry.current] == ["rep 글", "park 글"]
    assert [one.text for one in entry.versions] == ["처음", "rep 글", "park 글"]


def test_a_commitment_changed_by_two_keeps_the_first_and_says_so(live: Meeting, team: dict[str, User]) -> None:
    made = writing.commitment_add(
        meeting_id=live.pk, new=promise(seat(live, team["rep"]), "제안서"), by=team["rep"], at=NOW
    )
    due = date(2026, 11, 30)
    writing.commitment_change(commitment=made, what="제안서 초안", due_on=due, version=1, by=team["rep"])
    with pytest.raises(ConflictError):
        writing.commitment_change(commitment=made, what="견적서", due_on=due, version=1, by=team["leader"])
    made.refresh_from_db()
    assert (made.what, made.version) == ("제안서 초안", 2)


def test_a_private_note_is_for_two_people(live: Meeting, team: dict[str, User]) -> None:
    for_rep = seat(live, team["rep"])
    writing.note_add(
        meeting_id=live.pk, new=note("말이 빨라짐", about=for_rep, private=True), by=team["leader"], at=NOW
    )
    readers = {name for name, user in team.items() if selectors.notes_private(live, user)}
    assert readers == {"leader", "rep"}
    assert selectors.notes_open(live) == []
    with pytest.raises(UsageError):
        writing.note_add(meeting_id=live.pk, new=note("혼잣말", private=True), by=team["leader"], at=NOW)
    kept = Note.objects.get()
    with pytest.raises(NotFoundError):
        writing.note_add(meeting_id=live.pk, new=note("고침", amends=kept), by=team["admin"], at=NOW)


def test_what_fits_no_commitment_is_refused(live: Meeting, team: dict[str, User]) -> None:
    who = seat(live, team["rep"])
    for new in (
        promise(who, " "),
        promise(who, "어제까지", date(2026, 11, 23)),
        writing.NewCommitment(key=uuid4(), participant=who, what="수주", due_on=date(2026, 11, 30), metric="won"),
        writing.NewCommitment(key=uuid4(), participant=who, what="?", due_on=date(2026, 11, 30), metric="luck"),
        # Either would take the meeting, its minutes or its calendar from everybody.
        promise(who, "언젠가", date(9999, 12, 31)),
        *(replace(promise(who, "많이"), amount=Decimal(size)) for size in ("1e400", "-1e12", "NaN")),
    ):
        with pytest.raises(UsageError):
            writing.commitment_add(meeting_id=live.pk, new=new, by=team["rep"], at=NOW)


def test_signs_that_nobody_types_are_kept_nowhere(live: Meeting, team: dict[str, User]) -> None:
    rep = team["rep"]
    said = writing.note_add(meeting_id=live.pk, new=note("가\x00나\r\n다\x1b"), by=rep, at=NOW)
    made = writing.commitment_add(meeting_id=live.pk, new=promise(seat(live, rep), "견\x00적"), by=rep, at=NOW)
    assert (said.text, made.what) == ("가나\n다", "견적")
    for focus, seen in (("첫째\r\n둘째", ""), ("셋째", "첫째\r\n둘째")):
        planning.focus_set(meeting_id=live.pk, focus=focus, seen=seen, by=rep)


def test_only_the_owner_says_what_became_of_a_commitment(live: Meeting, team: dict[str, User]) -> None:
    made = writing.commitment_add(
        meeting_id=live.pk, new=promise(seat(live, team["rep"]), "제안서"), by=team["leader"], at=NOW
    )
    with pytest.raises(NotFoundError):
        writing.commitment_say(commitment=made, said="kept", note="", by=team["park"], at=NOW)
    writing.commitment_say(commitment=made, said="partly", note="초안만", by=team["rep"], at=NOW)
    made.refresh_from_db()
    assert (made.said, made.said_note) == ("partly", "초안만")


def test_a_preparation_in_two_windows_is_not_overwritten(meeting: Meeting, team: dict[str, User]) -> None:
    who = seat(meeting, team["rep"])
    given: dict[str, Any] = {
        "participant": who,
        "answers": {True: {"situation": "가격만 봄"}, False: {}},
        "by": team["rep"],
        "at": NOW,
    }
    made = preparing.preparation_save(**given, help_wanted="소개", done=False, version=0)
    assert (made.prepared_at, made.answers.get().situation) == (None, "가격만 봄")
    made = preparing.preparation_save(**given, help_wanted="소개 부탁", done=True, version=made.version)
    assert made.prepared_at == NOW
    with pytest.raises(ConflictError):
        preparing.preparation_save(**given, help_wanted="다른 창", done=True, version=1)
    with pytest.raises(NotFoundError):
        preparing.preparation_save(**(given | {"by": team["park"]}), help_wanted="", done=True, version=2)


def test_closing_keeps_what_was_shown_and_nothing_can_be_written_after(live: Meeting, team: dict[str, User]) -> None:
    rep = seat(live, team["rep"])
    writing.note_add(meeting_id=live.pk, new=note("기준을 바꾸자"), by=team["rep"], at=NOW)
    writing.note_add(meeting_id=live.pk, new=note("비밀 이야기", about=rep, private=True), by=team["leader"], at=NOW)
    writing.commitment_add(meeting_id=live.pk, new=promise(rep, "결정권자 만나기"), by=team["rep"], at=NOW)
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=NOW + timedelta(minutes=25))
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=NOW + timedelta(minutes=26))
    live.refresh_from_db()
    snapshot = Snapshot.objects.get()
    assert (live.state, live.closed_at) == (MeetingState.CLOSED, NOW + timedelta(minutes=25))
    assert set(snapshot.pages) == {"ko", "en", "sheet"}
    for page in (snapshot.pages["ko"], snapshot.pages["en"]):
        assert "기준을 바꾸자" in page
        assert "결정권자 만나기" in page
        assert "비밀 이야기" not in page
    assert "비밀 이야기" not in str(snapshot.record)
    with pytest.raises(ConflictError):
        writing.note_add(meeting_id=live.pk, new=note("늦은 글"), by=team["rep"], at=NOW)
    with pytest.raises(ConflictError):
        running.meeting_open(meeting_id=live.pk, by=team["leader"], at=NOW)
    assert AuditEntry.objects.filter(action="meeting_close").count() == 1
