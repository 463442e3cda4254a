"""Pages of meetings: who sees what, what a poll costs, a past meeting when the facts have changed since."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.access.selectors import time_zone
from bokgi.apps.data.models import Correction
from bokgi.apps.data.pending import write_pending
from bokgi.apps.reviews import rules
from bokgi.apps.reviews.models import Meeting, Note, Preparation, Recognition
from bokgi.apps.reviews.services import closing, preparing, running, writing
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.intake.undoing import undo_import
from bokgi.questions.deal_contacts import ask_contacts
from tests import homes
from tests.apps.reviews.closed_meetings import agreed, meeting_held
from tests.apps.reviews.meeting.conftest import NOW, SignedIn, note, promise, seat
from tests.cast import rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_home(home: Path, tmp_path: Path, settings: Settings) -> Path:
    """Give a copy of the home that this test may write into."""
    folder = tmp_path / "home"
    shutil.copytree(home, folder)
    settings.HOME = folder
    return folder


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path, follow=True)
    assert answer.status_code == status, path
    return answer.content.decode()


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
    for amount, code in (("열", "amount_unreadable"), ("NaN", "amount_unfit"), ("-Infinity", "amount_unfit")):
        bad = commitment | {"key": str(uuid4()), "amount": amount}
        refused = rep.post(f"/reviews/{live.pk}/live/commitments/", bad, headers=by_script)
        assert (refused.status_code, refused.json()["code"]) == (422, code)


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
    assert "put together" not in text(leader, "/reviews/pack/?team=1팀")
    opened = leader.post(f"/reviews/{meeting.pk}/open/", {"waited": "4"}, headers=htmx)
    assert opened["HX-Redirect"] == f"/reviews/{meeting.pk}/live/"
    assert text(leader, f"/reviews/{meeting.pk}/live/")
