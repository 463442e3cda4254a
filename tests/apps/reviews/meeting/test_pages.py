"""Pages of meetings: who sees what, what a poll costs, a past meeting when the facts have changed since."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.data.models import Correction
from bokgi.apps.data.pending import write_pending
from bokgi.apps.reviews.models import Meeting, Note, Preparation
from bokgi.apps.reviews.services import closing, preparing, running, writing
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.intake.undoing import undo_import
from bokgi.questions.deal_contacts import ask_contacts
from tests import homes
from tests.apps.reviews.closed_meetings import agreed, meeting_held, recorded
from tests.apps.reviews.meeting.conftest import NOW, SignedIn, promise, seat, text
from tests.cast import rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_home(home: Path, tmp_path: Path, settings: Settings) -> Path:
    """Give a copy of the home that this test may write into."""
    folder = homes.copied(home, tmp_path / "home")
    settings.HOME = folder
    return folder


def prepare(meeting: Meeting, user: User) -> Preparation:
    return preparing.preparation_save(
        participant=seat(meeting, user),
        help_wanted="본부장 소개가 필요합니다",
        answers={True: {"what_decided": "현장을 먼저 만났다"}, False: {}},
        done=True,
        version=0,
        by=user,
        at=NOW,
    )


def test_each_sees_own_meetings_only(meeting: Meeting, team: dict[str, User], signed_in: SignedIn) -> None:
    for who in ("admin", "leader", "manager", "rep", "park"):
        assert "1팀" in text(signed_in(team[who]), "/reviews/"), who
        text(signed_in(team[who]), f"/reviews/{meeting.pk}/")
    assert "1팀" not in text(signed_in(team["seo"]), "/reviews/")
    for path in ("", "prepare/", "live/", "live/state/", "past/", "past/today/", "past/file/"):
        text(signed_in(team["seo"]), f"/reviews/{meeting.pk}/{path}", 404)
    text(signed_in(team["viewer"]), "/reviews/", 403)


def test_past_meetings_say_what_became_of_what_was_agreed(team: dict[str, User], signed_in: SignedIn) -> None:
    held = meeting_held(team)
    meeting_held(team, on=date(2026, 11, 9))
    for verdict in ("kept", "kept", "not_kept", "cannot_tell", ""):
        agreed(held, verdict=verdict)
    agreed(held, verdict="kept", withdrawn_at=NOW)
    page = text(signed_in(team["leader"]), "/reviews/")
    assert "5 commitments · 2 kept · 1 not kept · 1 the data cannot judge · 1 waiting" in page
    assert page.count("Nothing agreed") == 1


def test_the_preparation_of_a_past_meeting_is_asked_for_no_more(team: dict[str, User], signed_in: SignedIn) -> None:
    held = meeting_held(team)
    recorded(held, before=[])
    page = text(signed_in(team["rep"]), f"/reviews/{held.pk}/prepare/")
    assert "not prepared" in page
    assert "On time until" not in page


def test_a_preparation_is_seen_by_its_writer_and_who_leads(
    meeting: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    made = prepare(meeting, team["rep"])
    path = f"/reviews/{meeting.pk}/prepare/{made.participant_id}/"
    for who, status in (("rep", 200), ("manager", 200), ("leader", 200), ("park", 404), ("seo", 404)):
        page = text(signed_in(team[who]), path, status)
        assert ("본부장 소개가 필요합니다" in page) is (status == 200), who
        text(signed_in(team[who]), f"{path}did/", status)
    # Who has prepared is for who leads; the others see the agenda.
    assert "Who has prepared" in text(signed_in(team["manager"]), f"/reviews/{meeting.pk}/")
    assert "Who has prepared" not in text(signed_in(team["park"]), f"/reviews/{meeting.pk}/")


def test_a_rep_does_nothing_that_is_the_leaders(meeting: Meeting, team: dict[str, User], signed_in: SignedIn) -> None:
    rep = signed_in(team["rep"])
    for act in ("open", "focus", "agenda", "move", "cancel", "live/part", "live/extend", "live/deal", "live/close"):
        assert rep.post(f"/reviews/{meeting.pk}/{act}/", {"focus": "x"}).status_code == 403, act
    assert signed_in(team["seo"]).post(f"/reviews/{meeting.pk}/live/notes/", {"text": "x"}).status_code in {302, 404}
    assert Note.objects.count() == 0
    # A manager runs the meeting of the own team, not that of another.
    other = signed_in(team["manager"]).post(
        "/reviews/plan/", {"team": "2팀", "on": "2026-11-30", "at": "10:00", "minutes": "25"}
    )
    assert other.status_code == 302
    assert Meeting.objects.count() == 1


def test_a_meeting_is_planned_ahead_and_led_by_who_can_lead(
    meeting: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    leader = signed_in(team["leader"])
    once = {"team": "1팀", "at": "10:00", "minutes": "25"}
    wrong = {"2026-11-23": "has passed", "2062-11-30": "more than a year ahead", "9999-12-31": "after 2200"}
    for on, said in wrong.items():
        assert said in page(leader, "/reviews/plan/", once | {"on": on})
        assert said in page(leader, f"/reviews/{meeting.pk}/move/", {"on": on, "at": "10:00"})
    weekly = once | {"weekday": "1"}
    for who in (str(team["rep"].pk), "999999", "x"):
        assert "Choose who leads" in page(leader, "/reviews/series/", weekly | {"led_by": who})
    assert Meeting.objects.get().on == homes.TODAY


def page(client: Client, address: str, given: dict[str, str]) -> str:
    return unescape(client.post(address, given, follow=True).content.decode())


def test_a_deal_is_put_in_order_in_one_step(
    own_home: Path, meeting: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    deals = """
        deal_id   | owner_id | stage    | amount   | created_on | expected_close_on | source
        overdue-1 | lee      | proposal | 55000000 | 2026-10-02 | 2026-11-10        | web
        overdue-2 | park     | proposal | 44000000 | 2026-10-02 | 2026-11-10        | web
    """
    moment = datetime(2026, 11, 23, 20, tzinfo=UTC)
    with Lake.open(own_home).begin() as given:
        given.write("deals", rows_of("deals", deals).drop_columns(["import_no"]))
        given.commit(Entry(kind="file", source="crm", by="tests", at=moment, exported_at=moment))
    rep, path = signed_in(team["rep"]), f"/reviews/{meeting.pk}/prepare/"
    page = text(rep, path)
    assert "overdue-1" in page
    assert "overdue-2" not in page
    sent = {"deal_id": "overdue-1", "amount": "77,000,000", "was-amount": "55000000", "stage": "proposal"}
    sent |= {"was-stage": "proposal", "expected_close_on": "2026-12-11", "was-expected_close_on": "2026-11-10"}
    sent |= {"next_step": "견적 보내기", "was-next_step": ""}
    # What is refused is said above the page; the form stays as it was filled in.
    refused = rep.post(f"{path}tidy/", sent | {"amount": "이십억"}, headers={"HX-Request": "true"})
    assert (refused.status_code, refused["HX-Reswap"]) == (200, "none")
    assert "이십억" in refused.content.decode()
    assert "<form" not in refused.content.decode()
    assert rep.post(f"{path}tidy/", sent).status_code == 302
    kept = {(one.field, one.value) for one in Correction.objects.all()}
    assert kept == {("amount", "77000000"), ("expected_close_on", "2026-12-11"), ("next_step", "견적 보내기")}
    assert 'value="77,000,000"' in text(rep, path)
    assert 'value="견적 보내기"' in text(rep, path)
    write_pending()
    now = timezone.now().date() + timedelta(days=1)
    assert ask_contacts(answers().facts(), as_of=now, deal_ids=["overdue-1"])["next_steps"] == {
        "overdue-1": "견적 보내기"
    }
    # Who takes part is put in order in the same step.
    rep.post(f"{path}tidy/", {"deal_id": "overdue-1", "new-name": "정다은", "new-role": "의사결정자"})
    assert "정다은 (의사결정자)" in text(rep, path)
    write_pending()
    told = ask_contacts(answers().facts(), as_of=now, deal_ids=["overdue-1"])["contacts"]["overdue-1"]
    assert [(who["name"], who["role"]) for who in told] == [("정다은", "의사결정자")]
    rep.post(f"{path}tidy/", {"deal_id": "overdue-2", "amount": "1", "was-amount": ""})
    rep.post(f"{path}tidy/", {"deal_id": "overdue-2", "new-name": "정다은"})
    assert Correction.objects.filter(deal_id="overdue-2").count() == 0


def test_a_form_that_lost_the_race_gives_back_what_was_typed(
    meeting: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    rep = signed_in(team["rep"])
    prepare(meeting, team["rep"])
    answer = rep.post(f"/reviews/{meeting.pk}/prepare/", {"help_wanted": "다른 창의 글", "version": "0", "act": "save"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "다른 창의 글" in page
    assert "본부장 소개가 필요합니다" in page


def test_a_past_meeting_stays_as_it_was_seen_after_an_import_and_its_undo(
    own_home: Path, live: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    writing.commitment_add(
        meeting_id=live.pk, new=promise(seat(live, team["rep"]), "결정권자 만나기"), by=team["rep"], at=NOW
    )
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=NOW)
    leader = signed_in(team["leader"])
    seen = text(leader, f"/reviews/{live.pk}/past/")
    kept = text(leader, f"/reviews/{live.pk}/past/file/")
    assert "nothing came into the facts since" in text(leader, f"/reviews/{live.pk}/past/today/")
    rep = signed_in(team["rep"])
    own = [f"/reviews/{live.pk}/prepare/", f"/reviews/{live.pk}/prepare/{seat(live, team['rep']).pk}/did/"]
    prepared = [text(rep, address) for address in own]
    # Tidying is for a meeting to come: nothing of today's deals stands on the page of a past one.
    assert "My deals to tidy" not in prepared[0]
    assert "Where I need help" not in prepared[0]

    lake, moment = Lake.open(own_home), datetime(2026, 11, 30, 18, tzinfo=UTC)
    with lake.begin() as writing_deals:
        deals = """
            deal_id | owner_id | stage | outcome | amount   | created_on | expected_close_on | closed_on  | source
            new-1   | lee      | won   | won     | 55000000 | 2026-11-02 | 2026-11-20        | 2026-11-18 | web
        """
        writing_deals.write("deals", rows_of("deals", deals).drop_columns(["import_no"]))
        writing_deals.commit(Entry(kind="file", source="crm", by="tests", at=moment, exported_at=moment))
        number = writing_deals.import_no
    today = text(leader, f"/reviews/{live.pk}/past/today/")
    assert "1 import came in since." in today
    assert "Deals won in the week" in today
    assert without_token(text(leader, f"/reviews/{live.pk}/past/")) == without_token(seen)
    assert text(leader, f"/reviews/{live.pk}/past/file/") == kept
    assert [without_token(text(rep, address)) for address in own] == [without_token(page) for page in prepared]

    undo_import(Lake.open(own_home), number, by="tests", at=moment + timedelta(hours=1))
    today = text(leader, f"/reviews/{live.pk}/past/today/")
    assert "Deals won in the week" not in today
    assert without_token(text(leader, f"/reviews/{live.pk}/past/")) == without_token(seen)


def without_token(page: str) -> str:
    """Leave out what differs on every page: the token of forms, and the age of the data."""
    lines = [line for line in page.splitlines() if "csrf" not in line.lower() and "asof" not in line]
    return "\n".join(lines)


@time_machine.travel(NOW, tick=True)
def test_corrections_are_facts_before_a_meeting_opens(
    own_home: Path, meeting: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    del own_home
    rep = signed_in(team["rep"])
    rep.post(f"/reviews/{meeting.pk}/prepare/tidy/", {"deal_id": "lee-0", "amount": "990000000", "was-amount": "1"})
    running.meeting_open(meeting_id=meeting.pk, by=team["leader"], at=NOW)
    assert Correction.objects.get().import_no is not None
    meeting.refresh_from_db()
    deals = {deal["deal_id"]: deal["amount"]["amount"] for deal in meeting.snapshot.blocks[0]["result"]}
    assert Decimal(deals["lee-0"]) == Decimal(990_000_000)


def test_a_number_of_thousands_of_digits_is_answered_like_any_that_is_not_there(
    meeting: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    leader, many = signed_in(team["leader"]), "1" * 5000
    agenda = leader.post(f"/reviews/{meeting.pk}/agenda/", {"act": "remove", "part": many})
    assert agenda.status_code < 500
    note = leader.post(f"/reviews/{meeting.pk}/live/notes/", {"text": "고객이 물은 것", "amends": many})
    assert note.status_code < 500
    assert leader.get("/reviews/pack/", {"team": "1팀", "waited": many}).status_code == 200


def test_a_page_that_waits_for_figures_says_so_and_goes_on_by_itself(
    own_home: Path, meeting: Meeting, team: dict[str, User], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, htmx = signed_in(team["leader"]), {"HX-Request": "true"}
    shutil.rmtree(own_home / "lake" / "state", ignore_errors=True)
    with monkeypatch.context() as nobody_works:
        nobody_works.setattr("bokgi.apps.reviews.tasks.enqueue", lambda *_, **__: "")
        opening = leader.post(f"/reviews/{meeting.pk}/open/")
        assert opening["Location"] == f"/reviews/{meeting.pk}/?opens=1"
        for path in (opening["Location"], "/reviews/pack/?team=1팀"):
            assert "The figures are being put together" in text(leader, path), path
        assert b'"waited": "4"' in leader.post(f"/reviews/{meeting.pk}/open/", {"waited": "3"}, headers=htmx).content
        assert b"put together" in leader.get("/reviews/pack/?team=1팀&waited=1", headers=htmx).content
        meeting.refresh_from_db()
        assert meeting.opened_at is None
        # After a hundred seconds without a worker who asks makes the pack, and the page does not wait anew.
        in_vain = leader.get("/reviews/pack/?team=1%ED%8C%80&waited=50", headers=htmx)
        assert "HX-Refresh" not in in_vain
        assert "put together" not in text(leader, in_vain["HX-Redirect"])
        shutil.rmtree(own_home / "lake" / "state", ignore_errors=True)
    assert leader.get("/reviews/pack/?team=1팀", headers=htmx)["HX-Refresh"] == "true"
    drawn = text(leader, "/reviews/pack/?team=1팀")
    assert "put together" not in drawn
    # The week is named in the chip as everywhere, not by the key of its address.
    assert re.search(r'<span class="k">\w+</span>2026-W', drawn) is None
    opened = leader.post(f"/reviews/{meeting.pk}/open/", {"waited": "4"}, headers=htmx)
    assert opened["HX-Redirect"] == f"/reviews/{meeting.pk}/live/"
    assert text(leader, f"/reviews/{meeting.pk}/live/")
