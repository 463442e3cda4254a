"""Commitments after the meeting: verdicts against a hand count, kept rate, own word, rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.reviews.keeping import selectors
from bokgi.apps.reviews.keeping.checking import commitments_check, meeting_days
from bokgi.apps.reviews.keeping.rates import kept_rate
from bokgi.apps.reviews.selectors import commitments_to_check
from tests.apps.reviews.closed_meetings import agreed, discussed, meeting_held
from tests.homes import TODAY, deal_name

AsRole = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home", "english")]
MEETING = date(2026, 10, 26)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return unescape(answer.content.decode())


def test_what_was_agreed_is_checked_against_the_facts_by_itself(users: dict[str, User]) -> None:
    # lee-13 was won on 2026-11-05 (see tests.homes); lee-12 is open and never moves again.
    meeting = meeting_held(users, MEETING)
    kept = agreed(meeting, deal_id="lee-13", metric="won", due_on=date(2026, 11, 5))
    late = agreed(meeting, deal_id="lee-13", metric="won")
    not_kept = agreed(meeting, deal_id="lee-12", metric="won")
    words = agreed(meeting, what="고객을 더 잘 듣기")
    assert commitments_check(as_of=TODAY) == 4
    for one, verdict in ((kept, "kept"), (late, "not_kept"), (not_kept, "not_kept"), (words, "cannot_tell")):
        one.refresh_from_db()
        assert one.verdict == verdict
    assert kept.checked is not None
    assert kept.checked["fulfilled_on"] == "2026-11-05"
    # Nothing new, nothing written; and the words of people stay as they are.
    assert commitments_check(as_of=TODAY) == 0
    assert kept.version == 1
    assert late.checked is not None
    assert "after the day agreed" in late.checked["evidence"][-1]["message"]


def test_what_is_agreed_for_weeks_comes_up_until_its_day_has_passed(users: dict[str, User]) -> None:
    first = meeting_held(users, date(2026, 10, 26))
    long = agreed(first, due_on=date(2026, 11, 6))
    short = agreed(first, due_on=date(2026, 10, 30))
    agreed(meeting_held(users, date(2026, 10, 26), team="2팀"), due_on=date(2026, 11, 20))
    second = meeting_held(users, date(2026, 11, 2))
    later = agreed(second, due_on=date(2026, 11, 6))
    third, fourth = (meeting_held(users, date(2026, 11, day)) for day in (9, 16))
    found = {one.on.day: commitments_to_check(one) for one in (first, second, third, fourth)}
    assert found == {26: [], 2: [long, short], 9: [long, later], 16: []}


def test_the_kept_rate_needs_enough_and_counts_only_what_can_be_judged() -> None:
    few = kept_rate(["kept", "not_kept", "cannot_tell", None])
    assert (few.judged, few.cannot_tell, few.waiting, few.rate) == (2, 1, 1, None)
    many = kept_rate(["kept"] * 9 + ["not_kept"] * 3 + ["cannot_tell"] * 8)
    assert (many.judged, many.rate) == (12, 0.75)
    assert many.low is not None
    assert many.high is not None
    # Wilson 1927 for 9 of 12.
    assert (round(many.low, 3), round(many.high, 3)) == (0.468, 0.911)


def test_the_owner_says_own_word_and_nobody_else(users: dict[str, User], as_role: AsRole) -> None:
    one = agreed(meeting_held(users, MEETING))
    address = f"/reviews/commitments/{one.pk}/word/"
    assert as_role("rep").post(address, {"said": "partly", "note": "반만 보냄"}).status_code == 302
    one.refresh_from_db()
    assert (one.said, one.said_note) == ("partly", "반만 보냄")
    assert as_role("manager").post(address, {"said": "kept"}).status_code == 404
    assert as_role("rep").post(address, {"said": "maybe"}).status_code == 400
    one.refresh_from_db()
    assert one.said == "partly"
    assert "says it is kept in part" in page(as_role("manager"), "/reviews/commitments/")


def test_a_word_never_leads_away_to_another_site(users: dict[str, User], as_role: AsRole) -> None:
    one = agreed(meeting_held(users, MEETING))
    given = {"said": "kept", "next": "https://elsewhere.example/"}
    assert as_role("rep").post(f"/reviews/commitments/{one.pk}/word/", given)["Location"] == "/reviews/commitments/"


def test_everybody_sees_the_commitments_of_those_they_may_see(users: dict[str, User], as_role: AsRole) -> None:
    meeting = meeting_held(users, MEETING)
    agreed(meeting, "lee", what="내 약속", deal_id="lee-12", metric="won")
    agreed(meeting, "seo", what="남의 약속", deal_id="seo-12", metric="won")
    mine = page(as_role("rep"), "/reviews/commitments/")
    assert "내 약속" in mine
    assert deal_name("lee", 12) in mine
    # Without a word the browser sends nothing: what was typed beside it stays.
    assert ' name="said" required>' in mine
    assert "남의 약속" not in mine
    assert "남의 약속" in page(as_role("leader"), "/reviews/commitments/")
    assert "내 약속" in page(as_role("rep"), "/reviews/commitments/of/lee/")
    assert as_role("rep").get("/reviews/commitments/of/seo/").status_code == 404


def test_a_deal_shows_what_was_agreed_on_it_however_long_ago(users: dict[str, User], as_role: AsRole) -> None:
    long_ago, meeting, later = (meeting_held(users, on) for on in (date(2026, 3, 2), MEETING, TODAY))
    agreed(long_ago, "lee", what="오래된 약속", deal_id="lee-12", metric="won")
    agreed(meeting, "lee", what="내 약속", deal_id="lee-12", metric="won")
    agreed(meeting, "lee", what="다른 기회", deal_id="lee-13", metric="won")
    agreed(meeting, "seo", what="남의 약속", deal_id="lee-12", metric="won")
    agreed(later, "lee", what="오늘 약속", deal_id="lee-12", metric="won")
    assert 'hx-get="/reviews/commitments/on/lee-12/"' in page(as_role("rep"), "/deals/lee-12/")
    mine = page(as_role("rep"), "/reviews/commitments/on/lee-12/")
    assert [mine.count(what) for what in ("오래된 약속", "내 약속", "오늘 약속")] == [1, 1, 1]
    assert "다른 기회" not in mine
    assert "남의 약속" not in mine
    assert "남의 약속" in page(as_role("leader"), "/reviews/commitments/on/lee-12/")
    assert 'name="next" value="/deals/lee-12/"' in mine
    yesterday = f"?as_of={TODAY - timedelta(days=1)}"
    leader = as_role("leader")
    assert f'hx-get="/reviews/commitments/on/lee-12/{yesterday}"' in page(leader, f"/deals/lee-12/{yesterday}")
    then = page(leader, f"/reviews/commitments/on/lee-12/{yesterday}")
    assert "내 약속" in then
    assert "오늘 약속" not in then
    assert f'hx-get="/reviews/commitments/of/lee/{yesterday}"' in page(leader, f"/people/lee/{yesterday}")
    then = page(leader, f"/reviews/commitments/of/lee/{yesterday}")
    assert "내 약속" in then
    assert "오늘 약속" not in then
    assert as_role("rep").get("/reviews/commitments/on/seo-12/").status_code == 404
    assert as_role("rep").get("/reviews/commitments/on/nothing/").status_code == 404
    assert page(as_role("rep"), "/reviews/commitments/on/lee-1/").strip() == ""


def test_open_ones_come_first_and_a_day_that_is_over_is_done(users: dict[str, User]) -> None:
    meeting = meeting_held(users)
    agreed(meeting, due_on=TODAY + timedelta(days=3), deal_id="lee-12", metric="won")
    near = agreed(meeting, due_on=TODAY, deal_id="lee-12", metric="won")
    agreed(meeting, due_on=TODAY - timedelta(days=1), deal_id="lee-12", metric="won")
    listed = selectors.commitments_of(["lee"], as_of=TODAY)
    waiting = selectors.still_open(listed, as_of=TODAY)
    assert waiting[0].commitment.pk == near.pk
    assert len(waiting) == 2


def test_windows_of_one_team_never_overlap(users: dict[str, User]) -> None:
    first = meeting_held(users, date(2026, 11, 2))
    second = meeting_held(users, date(2026, 11, 6))
    other = meeting_held(users, date(2026, 11, 4), team="2팀")
    for meeting in (first, second, other):
        discussed(meeting, "lee-0")
    assert [(day.on, day.until, day.team) for day in meeting_days()] == [
        (date(2026, 11, 2), date(2026, 11, 6), "1팀"),
        (date(2026, 11, 6), date(2026, 11, 13), "1팀"),
        (date(2026, 11, 4), date(2026, 11, 11), "2팀"),
    ]


def test_the_page_says_that_discussed_deals_are_no_effect(users: dict[str, User], as_role: AsRole) -> None:
    meeting = meeting_held(users, MEETING)
    discussed(meeting, "lee-12", "park-12")
    shown = page(as_role("leader"), "/reviews/commitments/")
    assert "too few to compare" in shown
    assert "no effect of the meeting" in shown


def test_a_rate_that_would_give_one_person_away_is_not_shown(users: dict[str, User], as_role: AsRole) -> None:
    meeting = meeting_held(users, MEETING)
    for _ in range(3):
        agreed(meeting, "park", deal_id="park-12", metric="won")
    assert "of 3 kept so far" not in page(as_role("rep"), "/reviews/commitments/")
    assert "of 3 kept so far" in page(as_role("leader"), "/reviews/commitments/")
    for person in ("choi", "seo", "nam"):
        agreed(meeting, person, deal_id="park-12", metric="won")
    assert "of 6 kept so far" in page(as_role("rep"), "/reviews/commitments/")
