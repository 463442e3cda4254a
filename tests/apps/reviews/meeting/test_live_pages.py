"""The pages of a meeting that is on: who sees what, what is refused, what nothing new costs."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bokgi.apps.access.models import User
from bokgi.apps.access.selectors import time_zone
from bokgi.apps.reviews import rules
from bokgi.apps.reviews.models import Meeting, Note, Preparation, Recognition
from bokgi.apps.reviews.services import closing, running, writing
from tests import homes
from tests.apps.reviews.meeting.conftest import NOW, SignedIn, note, promise, seat, text

pytestmark = pytest.mark.django_db


def test_a_private_note_stands_on_the_screens_of_two_people(
    live: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    about = seat(live, team["rep"])
    writing.note_add(meeting_id=live.pk, new=note("말이 빨라짐", about=about, private=True), by=team["manager"], at=NOW)
    for who in ("admin", "leader", "manager", "rep", "park"):
        page = text(signed_in(team[who]), f"/reviews/{live.pk}/live/")
        state = text(signed_in(team[who]), f"/reviews/{live.pk}/live/state/")
        assert ("말이 빨라짐" in page, "말이 빨라짐" in state) == ((who in {"manager", "rep"},) * 2), who
    for path in ("live/?wall=1", "live/state/?wall=1"):
        assert "말이 빨라짐" not in text(signed_in(team["manager"]), f"/reviews/{live.pk}/{path}")
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=NOW)
    for who in ("admin", "leader", "manager", "rep", "park"):
        assert ("말이 빨라짐" in text(signed_in(team[who]), f"/reviews/{live.pk}/past/")) is (who in {"manager", "rep"})


def test_nobody_reaches_for_deals_of_others(live: Meeting, team: dict[str, User], signed_in: SignedIn) -> None:
    """What the facts say of a promise would tell how somebody else's deal goes on; a title would name it."""
    rep = signed_in(team["rep"])
    mine = {"key": str(uuid4()), "who": str(seat(live, team["rep"]).pk), "what": "만나기", "due_on": "2026-11-27"}
    note_on = {"key": str(uuid4()), "text": "어떻게 되었나", "kind": "note", "deal_id": "seo-0"}
    for path, sent in (("commitments", mine | {"deal_id": "seo-0", "metric": "moved"}), ("notes", note_on)):
        answer = rep.post(f"/reviews/{live.pk}/live/{path}/", sent, headers={"X-Bokgi-Live": "1"})
        assert (answer.status_code, answer.json()["code"]) == (409, "deal_unlisted")
    told = {"act": "done", "version": "0", "won-deal_id": "seo-0", "won-situation": "x"}
    refused = rep.post(f"/reviews/{live.pk}/prepare/", told)
    assert refused.status_code == 422
    assert homes.deal_name("seo", 0) not in refused.content.decode()
    assert not Preparation.objects.exists()
    assert not Note.objects.exists()


def test_thanks_given_in_the_meeting_are_on_every_screen_in_the_record_and_in_the_minutes(
    live: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    """Recognition is for helping, too: it stands beside the progress, and stays with the team."""
    rep, park = signed_in(team["rep"]), signed_in(team["park"])
    sent = {"key": str(uuid4()), "about": str(seat(live, team["park"]).pk), "text": "견적을 함께 봐 줘서 <고맙습니다>"}
    where, by_script = f"/reviews/{live.pk}/live/thanks/", {"X-Bokgi-Live": "1"}
    for _ in range(2):
        assert rep.post(where, sent, headers=by_script).json() == {"ok": True}
    own = sent | {"key": str(uuid4()), "about": str(seat(live, team["rep"]).pk)}
    assert rep.post(where, own, headers=by_script).json()["code"] == "thanks_self"
    assert signed_in(team["seo"]).post(where, sent, headers=by_script).status_code == 404
    assert Recognition.objects.count() == 1
    part = live.parts.get(part="motivation")
    running.part_begin(meeting_id=live.pk, part_id=part.pk, by=team["leader"], at=NOW)
    words = "견적을 함께 봐 줘서 &lt;고맙습니다&gt;"
    assert words in text(park, f"/reviews/{live.pk}/live/")
    assert words in text(park, f"/reviews/{live.pk}/live/state/?wall=1")
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=timezone.now())
    assert words in text(park, f"/reviews/{live.pk}/past/")
    minutes = text(park, f"/reviews/{live.pk}/minutes.md")
    assert "박민서" in minutes[minutes.index("Thanks") :]
    assert words in text(park, "/reviews/thanks/")


def test_the_screen_says_when_the_meeting_ends_and_calls_for_one_thing(
    live: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    first = live.parts.first()
    assert first is not None
    with time_machine.travel(NOW + timedelta(minutes=first.minutes + 2), tick=False):
        shown = text(signed_in(team["leader"]), f"/reviews/{live.pk}/live/")
        ends = rules.ends_at(list(live.parts.all()), timezone.now()).astimezone(time_zone())
    rest = 60 * sum(part.minutes for part in live.parts.all() if part.pk != first.pk)
    # The part that is on is over time: what is left are the others.
    assert f'data-rest="{rest}" data-zone="Asia/Seoul" data-ends>{ends:%H:%M}<' in shown
    assert f'<progress max="{first.minutes * 60}" data-elapsed value="{first.minutes * 60}"' in shown
    assert shown.count("btn-primary") - shown.partition("<dialog")[2].count("btn-primary") == 1


def test_a_promise_is_taken_back_by_whose_it_is_and_who_leads(
    live: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    seats = {who: seat(live, team[who]) for who in ("rep", "park")}
    made = writing.commitment_add(meeting_id=live.pk, new=promise(seats["rep"], "견적"), by=team["leader"], at=NOW)
    act = f"/reviews/{live.pk}/live/commitments/{made.pk}/"
    for who, may in (("rep", True), ("leader", True), ("park", False)):
        assert (act in text(signed_in(team[who]), f"/reviews/{live.pk}/live/")) is may, who
    sent = {"act": "withdraw"}
    assert signed_in(team["park"]).post(act, sent, headers={"x-bokgi-live": "1"}).status_code == 404
    assert signed_in(team["rep"]).post(act, sent, headers={"x-bokgi-live": "1"}).status_code == 200
    made.refresh_from_db()
    assert made.withdrawn_at is not None


def test_nothing_new_costs_next_to_nothing(
    live: Meeting,
    team: dict[str, User],
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rep, path = signed_in(team["rep"]), f"/reviews/{live.pk}/live/state/"
    rep.get(path)
    tag = rep.get(path)["ETag"]
    # Session, user, organisation; the meeting with its participants and their preparation. No write.
    with django_assert_max_num_queries(6) as asked:
        assert rep.get(path, headers={"if-none-match": tag}).status_code == 304
    assert [one["sql"] for one in asked.captured_queries if not one["sql"].startswith("SELECT")] == []
    writing.note_add(meeting_id=live.pk, new=note("새 글"), by=team["leader"], at=NOW)
    answer = rep.get(path, headers={"if-none-match": tag})
    assert (answer.status_code, "새 글" in answer.content.decode()) == (200, True)
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=NOW)
    assert rep.get(path, headers={"if-none-match": tag}).status_code == 410


def test_the_script_is_told_what_was_refused(live: Meeting, team: dict[str, User], signed_in: SignedIn) -> None:
    rep = signed_in(team["rep"])
    path, by_script = f"/reviews/{live.pk}/live/notes/", {"x-bokgi-live": "1"}
    refused = rep.post(path, {"key": str(uuid4()), "text": " "}, headers=by_script)
    assert (refused.status_code, refused.json()["code"]) == (422, "text_missing")
    taken = rep.post(path, {"key": str(uuid4()), "text": "됐다"}, headers=by_script)
    assert (taken.status_code, taken.json()) == (200, {"ok": True})
    for part, kept in (("learning", "learning"), ("none such", "execution")):
        key = uuid4()
        rep.post(path, {"key": str(key), "text": "나중에 왔다", "part": part}, headers=by_script)
        assert Note.objects.get(key=key).part == kept
    commitment = {"key": str(uuid4()), "who": str(seat(live, team["rep"]).pk), "what": "하기", "due_on": "2026-11-27"}
    assert rep.post(f"/reviews/{live.pk}/live/commitments/", commitment, headers=by_script).status_code == 200
    amounts = (("열", "amount_unreadable"), ("NaN", "amount_unfit"), ("-Infinity", "amount_unfit"))
    for wrong, code in (*(({"amount": amount}, code) for amount, code in amounts), ({"due_on": ""}, "due_missing")):
        bad = commitment | {"key": str(uuid4())} | wrong
        refused = rep.post(f"/reviews/{live.pk}/live/commitments/", bad, headers=by_script)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
