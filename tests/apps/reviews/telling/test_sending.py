"""What is told after a meeting: mails caught by a server of our own, a receiver that was down, wishes, minutes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import takewhile
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.test import Client
from pypdf import PdfReader

from bokgi.apps.access.mail import letter_send
from bokgi.apps.access.models import Organisation, User
from bokgi.apps.reviews.models import Delivery, DeliveryState, MailKind, MailRefusal, Meeting, MeetingState, Preparation
from bokgi.apps.reviews.services import planning
from bokgi.apps.reviews.telling import letters, services, webhook
from bokgi.domain.errors import UsageError
from tests.apps.conftest import Caught, parts_of
from tests.apps.reviews.closed_meetings import agreed, meeting_held, recorded
from tests.homes import TODAY

AsRole = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home")]
NOW = datetime(2026, 11, 16, 3, tzinfo=UTC)


def held(users: dict[str, User]) -> Meeting:
    meeting = meeting_held(users)
    agreed(meeting, "lee", what="견적을 다시 보내기", deal_id="lee-0")
    agreed(meeting, "park", what="결정권자를 만나기", deal_id="park-0")
    recorded(meeting)
    return meeting


# ---------------------------------------------------------------- mail


def test_everybody_who_took_part_gets_the_minutes_once_with_pdf_and_calendar(
    users: dict[str, User], mails: Caught
) -> None:
    meeting = held(users)
    assert services.minutes_tell(meeting=meeting, at=NOW) == 3
    assert services.minutes_tell(meeting=meeting, at=NOW) == 0
    assert services.deliveries_send(at=NOW) == 3
    assert services.deliveries_send(at=NOW + timedelta(days=1)) == 0
    to = {str(found["To"]): found for found in mails.mails}
    assert set(to) == {"leader@team.example", "manager@team.example", "rep@team.example"}
    rep = parts_of(to["rep@team.example"])
    body = rep["text/plain"].decode()
    assert body.index("내가 하기로 한 일") < body.index("견적을 다시 보내기") < body.index("다른 사람이 하기로 한 일")
    assert "박민서: 결정권자를 만나기" in body
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(rep["application/pdf"])).pages)
    assert "주간 리뷰 회의록" in text
    # The other one's deal has no name in the rep's minutes; the leader's name it.
    assert "가람" not in text
    leader = parts_of(to["leader@team.example"])["application/pdf"]
    assert "가람" in "".join(page.extract_text() for page in PdfReader(BytesIO(leader)).pages)
    entries = calendar(rep["text/calendar"].decode())
    assert [(entry["SUMMARY"], entry["DTSTART;VALUE=DATE"]) for entry in entries] == [
        ("견적을 다시 보내기", "20261121")
    ]
    assert (
        str(to["rep@team.example"]["List-Unsubscribe"])
        .strip()
        .startswith("<https://bokgi.example.com/reviews/mail/stop/")
    )


def test_a_mail_server_that_is_down_for_an_hour_loses_nothing_and_sends_once(
    users: dict[str, User], mails: Caught
) -> None:
    services.minutes_tell(meeting=held(users), at=NOW)
    mails.down = True
    for minute in range(60):
        assert services.deliveries_send(at=NOW + timedelta(minutes=minute)) == 0
    mails.down = False
    for minute in range(60, 130):
        services.deliveries_send(at=NOW + timedelta(minutes=minute))
    assert len(mails.mails) == 3
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_who_does_not_want_a_mail_gets_none_and_says_so_by_the_link_alone(
    users: dict[str, User], as_role: AsRole, mails: Caught
) -> None:
    link = f"/reviews/mail/stop/{letters.token_of(users['rep'], 'minutes')}/"
    assert as_role("").get(link).status_code == 200
    assert not MailRefusal.objects.exists()
    assert as_role("").post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert as_role("").post(link[:-6] + "xxxxx/").status_code == 404
    services.minutes_tell(meeting=held(users), at=NOW)
    services.deliveries_send(at=NOW)
    assert {str(found["To"]) for found in mails.mails} == {"leader@team.example", "manager@team.example"}
    as_role("rep").post("/reviews/mail/", {"kind": ["minutes", "moved", "reminder"]})
    assert not MailRefusal.objects.exists()


def test_a_wish_while_the_mail_waits_still_counts(users: dict[str, User]) -> None:
    services.minutes_tell(meeting=held(users), at=NOW)
    services.mail_wish(user=users["leader"], kind="minutes", wanted=False)
    users["manager"].is_active = False
    users["manager"].save()
    assert services.deliveries_send(at=NOW) == 1
    assert [found.to for found in mail.outbox] == [["rep@team.example"]]
    assert Delivery.objects.filter(state=DeliveryState.GIVEN_UP).count() == 2


# ---------------------------------------------------------------- reminders


def ahead(users: dict[str, User], on: date, prepare_from: date) -> Meeting:
    return meeting_held(users, on, state=MeetingState.SCHEDULED, prepare_from=prepare_from, closed_at=None)


def test_a_reminder_comes_two_working_days_before_once_and_only_where_there_is_something_to_say(
    users: dict[str, User],
) -> None:
    # Chuseok is on 24 to 26 September 2026: two working days before Monday the 28th is Tuesday the 22nd.
    meeting = ahead(users, date(2026, 9, 28), date(2026, 9, 22))
    agreed(meeting, "lee", due_on=date(2026, 9, 28))
    for day in (20, 21):
        assert services.reminders_tell(today=date(2026, 9, day), at=NOW) == 0
    assert services.reminders_tell(today=date(2026, 9, 22), at=NOW) == 1
    assert services.reminders_tell(today=date(2026, 9, 23), at=NOW) == 0
    told = Delivery.objects.filter(kind=MailKind.REMINDER).select_related("user")
    # Leader and manager own no deals and promised nothing: there is nothing to say to them.
    assert [row.user.person_id for row in told if row.user is not None] == ["lee"]


def test_what_waits_for_the_morning_waits_for_that_of_another_zone(users: dict[str, User]) -> None:
    meeting = ahead(users, date(2026, 9, 28), date(2026, 9, 22))
    agreed(meeting, "lee", due_on=date(2026, 9, 28))
    services.reminders_tell(today=date(2026, 9, 22), at=datetime(2026, 9, 21, 15, 5, tzinfo=UTC))
    Organisation.objects.update(time_zone="Europe/Berlin")
    morning = datetime(2026, 9, 22, 6, tzinfo=UTC)
    # It waits for 8:00 in Seoul, where it is 1:00 in Berlin.
    assert services.deliveries_send(at=datetime(2026, 9, 21, 23, tzinfo=UTC)) == 0
    assert services.deliveries_send(at=morning - timedelta(minutes=1)) == 0
    assert services.deliveries_send(at=morning) == 1


def test_nobody_is_reminded_who_has_prepared_or_has_nothing_to_tidy(users: dict[str, User]) -> None:
    meeting = ahead(users, TODAY, TODAY - timedelta(days=4))
    seat = meeting.participants.get(user=users["rep"])
    Preparation.objects.create(participant=seat, prepared_at=NOW)
    services.reminders_tell(today=TODAY, at=NOW)
    # The manager owns no deals and promised nothing; the rep has prepared.
    assert not Delivery.objects.exists()


def test_the_reminder_says_how_much_there_is_in_the_readers_language_and_zone(users: dict[str, User]) -> None:
    meeting = ahead(users, TODAY + timedelta(days=3), TODAY - timedelta(days=1))
    agreed(meeting, "lee", due_on=TODAY + timedelta(days=3))
    services.reminders_tell(today=TODAY, at=datetime(2026, 11, 24, 1, tzinfo=UTC))
    for language, zone, when in (("en", "Asia/Seoul", "10:00"), ("ko", "America/New_York", "20:00")):
        Organisation.objects.update(time_zone=zone, language=language)
        Delivery.objects.update(state=DeliveryState.WAITING, next_at=NOW)
        services.deliveries_send(at=datetime(2026, 11, 24, 1, tzinfo=UTC))
        body = str(mail.outbox[-1].body)
        assert when in body
        assert ("Promises of yours that are open: 1" if language == "en" else "남아 있는 내 약속: 1건") in body


def test_who_was_reminded_of_a_meeting_hears_again_when_it_moves(users: dict[str, User]) -> None:
    meeting = planning.meeting_plan(team="1팀", on=date(2026, 11, 26), at=time(10), minutes=25, by=users["leader"])
    agreed(meeting, "lee", due_on=date(2026, 11, 30))
    move = partial(planning.meeting_move, meeting_id=meeting.pk, on=date(2026, 11, 26), by=users["leader"])
    tell = partial(services.reminders_tell, today=TODAY, at=datetime(2026, 11, 24, 1, tzinfo=UTC))
    assert tell() == 1
    services.deliveries_send(at=datetime(2026, 11, 24, 1, tzinfo=UTC))
    move(at=time(10))
    assert tell() == 0
    move(at=time(15))
    assert tell() == 1
    services.deliveries_send(at=datetime(2026, 11, 24, 2, tzinfo=UTC))
    assert ["10:00" in str(mail.outbox[0].body), "15:00" in str(mail.outbox[1].body)] == [True, True]


def test_who_is_prepared_hears_of_the_new_time_and_who_moved_it_does_not(
    users: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    meeting = planning.meeting_plan(team="1팀", on=date(2026, 11, 26), at=time(10), minutes=25, by=users["leader"])
    for who in ("rep", "leader"):
        Preparation.objects.create(participant=meeting.participants.get(user=users[who]), prepared_at=NOW)
    for on, at in ((27, time(15)), (27, time(15)), (30, time(9))):
        planning.meeting_move(meeting_id=meeting.pk, on=date(2026, 11, on), at=at, by=users["leader"])
    assert [one.user for one in Delivery.objects.filter(kind=MailKind.MOVED)] == [users["rep"]]
    services.deliveries_send(at=Delivery.objects.get().next_at)
    assert [letter.to for letter in mail.outbox] == [[users["rep"].email]]
    assert "09:00" in str(mail.outbox[0].body)
    services.mail_wish(user=users["rep"], kind=MailKind.MOVED, wanted=False)
    planning.meeting_move(meeting_id=meeting.pk, on=date(2026, 11, 30), at=time(11), by=users["leader"])
    assert not Delivery.objects.filter(kind=MailKind.MOVED).exists()


def test_nobody_is_reminded_in_the_night_or_of_nothing(users: dict[str, User]) -> None:
    meeting = ahead(users, TODAY + timedelta(days=2), TODAY)
    agreed(meeting, "lee", due_on=TODAY + timedelta(days=2))
    midnight = datetime(2026, 11, 23, 15, 1, tzinfo=UTC)
    services.reminders_tell(today=TODAY, at=midnight)
    assert Delivery.objects.get().next_at == datetime(2026, 11, 23, 23, tzinfo=UTC)  # 08:00 in Seoul
    seat = meeting.participants.get(user=users["rep"])
    Preparation.objects.create(participant=seat, prepared_at=midnight)
    services.deliveries_send(at=datetime(2026, 11, 24, 1, tzinfo=UTC))
    assert Delivery.objects.get().fault == "nothing_to_say"
    assert not mail.outbox


# ---------------------------------------------------------------- webhook


class Receiving(BaseHTTPRequestHandler):
    """A receiver in the form of Slack; while it is down it answers 503."""

    got: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        """Take a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Receiving.status == 200:
            Receiving.got.append((dict(self.headers), body))
        self.send_response(Receiving.status)
        self.end_headers()

    def log_message(self, *_given: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiving.got, Receiving.status = [], 200
    served = ThreadingHTTPServer(("127.0.0.1", 0), Receiving)
    beside = threading.Thread(target=served.serve_forever, daemon=True)
    beside.start()
    yield f"http://127.0.0.1:{served.server_port}/services/T0/B0/secret"
    served.shutdown()
    served.server_close()
    beside.join()


def test_a_receiver_that_is_down_for_an_hour_gets_it_once_signed_and_without_deals(
    users: dict[str, User], receiver: str, as_role: AsRole
) -> None:
    made = services.receiver_add(name="슬랙", address=receiver, by=users["admin"], private=True)
    other = services.receiver_add(name="2팀", address=receiver, by=users["admin"], private=True, team="2팀")
    meeting = held(users)
    services.minutes_tell(meeting=meeting, at=NOW)
    Delivery.objects.filter(receiver=None).delete()
    assert not Delivery.objects.filter(receiver=other).exists()
    Receiving.status = 503
    for minute in range(60):
        assert services.deliveries_send(at=NOW + timedelta(minutes=minute)) == 0
    row = Delivery.objects.get()
    assert (row.state, row.fault, row.attempts) == (DeliveryState.WAITING, "HTTP 503", 6)
    page = as_role("admin").get("/reviews/receivers/").content.decode()
    # The sixth attempt was at 12:31 in Seoul, the seventh comes 32 minutes later.
    assert "서버의 응답: HTTP 503" in page
    assert re.search("다음 시도 (2026년\u00a0)?11월\u00a016일\u00a013:03", page)
    Receiving.status = 200
    for minute in range(60, 180):
        services.deliveries_send(at=NOW + timedelta(minutes=minute))
    [(headers, body)] = Receiving.got
    assert headers["Idempotency-Key"] == str(row.key)
    base = b"v0:" + headers["X-Bokgi-Timestamp"].encode() + b":" + body
    expected = hmac.new(made.secret.encode(), base, hashlib.sha256).hexdigest()
    assert headers["X-Bokgi-Signature"] == f"v0={expected}"
    told = json.loads(body)
    assert "이준호: 견적을 다시 보내기" in told["text"]
    assert "해솔" not in body.decode()
    assert "lee-0" not in body.decode()


@pytest.mark.usefixtures("mails")
def test_a_channel_takes_all_of_a_large_meeting_and_is_called_by_no_text(users: dict[str, User]) -> None:
    meeting = meeting_held(users)
    for number in range(60):
        agreed(meeting, "lee", what=f"{number}번: <!channel> @Channel & " + "견적을 다시 보내기 " * 8)
    recorded(meeting)
    company = Organisation.objects.get()
    told = letters.slack_payload(services.told_of(meeting, company), "ko")
    sections = [block["text"] for block in told["blocks"] if block["type"] == "section"]
    assert len(told["blocks"]) <= 50
    assert all(len(text["text"]) <= 3000 and text["verbatim"] for text in sections)
    whole = "\n".join(text["text"] for text in sections)
    assert [f"{number}번: " in whole and f"{number}번: " in told["text"] for number in range(60)] == [True] * 60
    for text in (whole, told["text"]):
        assert "<!" not in text
        assert "@channel" not in text.lower()
        assert "&lt;!channel&gt;" in text
    link = told["blocks"][-1]["elements"][0]["text"]
    assert link == f"<https://bokgi.example.com/reviews/{meeting.pk}/>"
    assert told["text"].endswith(link[1:-1])


def test_a_channel_refuses_no_meeting_however_large_and_no_line_passes_for_another(users: dict[str, User]) -> None:
    """Slack takes 50 blocks, 3,000 letters a section, 40,000 a text, and refuses or cuts what is longer."""
    meeting = meeting_held(users)
    agreed(meeting, "lee", what="견적\n• 박민서: 사표 쓰기 (11월 30일까지)")
    for _ in range(300):
        agreed(meeting, "lee", what="&<" * 250)
    snapshot = recorded(meeting)
    snapshot.record["commitments"][1]["who"] = "&" * 700
    snapshot.save()
    told = letters.slack_payload(services.told_of(meeting, Organisation.objects.get()), "ko")
    sections = [block["text"]["text"] for block in told["blocks"] if block["type"] == "section"]
    assert len(told["blocks"]) <= 50
    assert max(map(len, sections)) <= 3000
    assert len(told["text"]) <= 40_000
    assert not any("&a" in line.replace("&amp;", "") for text in sections for line in text.splitlines())
    assert sections[0].splitlines()[0] == "• 이준호: 견적 • 박민서: 사표 쓰기 (11월 30일까지) (11월 21일까지)"
    left = 301 - sum(text.count("• 이준호") + text.count("• &") for text in sections)
    assert left > 0
    assert sections[-1].endswith(f"… 그 밖에 {left}건은 회의록에 있습니다.")


HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x.example")',
    "END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:가짜",
    "가짜\u2028줄\u0085나눔",
    "👩🏽‍💻🇰🇷 이모지 ﷽",
    '#import "/etc/passwd": * $x^2$ `raw` @ref <label> \\',
    "![x](javascript:alert(1)) | # 제목 <img src=x onerror=alert(1)>",
    "가" * 500,
)


def test_what_people_typed_stays_words_in_every_form_of_the_minutes(
    users: dict[str, User], as_role: AsRole, mails: Caught
) -> None:
    meeting = meeting_held(users, team="1팀\r\nBcc: x@x.example")
    for text in HOSTILE:
        agreed(meeting, "lee", what=text)
    note = {"by": HOSTILE[0], "text": "\n".join(HOSTILE), "id": 1, "key": "k", "time": "10:00"}
    notes = [{"id": 1, "part": "execution", "kind": "note", "about": "", "current": [note], "earlier": []}]
    recorded(meeting, notes=notes, focus=HOSTILE[6])
    client = as_role("leader")
    paper = client.get(f"/reviews/{meeting.pk}/minutes.pdf").content
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages)
    assert '#import "/etc/passwd"' in words
    assert "<script>" in words
    text = client.get(f"/reviews/{meeting.pk}/minutes.md").content.decode()
    assert "<script" not in text.replace("\\<", "")
    assert "](javascript" not in text.replace("\\]", "")
    entries = calendar(client.get(f"/reviews/{meeting.pk}/minutes.ics").content.decode())
    assert len(entries) == len(HOSTILE)
    assert [entry["UID"] for entry in entries] == [f"commitment-{one.pk}@bokgi" for one in meeting.commitments.all()]
    services.minutes_tell(meeting=meeting, at=NOW)
    assert services.deliveries_send(at=NOW) == 3
    assert all(found["Bcc"] is None for found in mails.mails)
    body = parts_of(mails.mails[0])["text/plain"].decode()
    assert sum(line.startswith("- ") for line in body.splitlines()) == len(HOSTILE)


def test_what_cannot_get_well_is_given_up_and_tried_again_when_a_person_asks(
    users: dict[str, User], receiver: str
) -> None:
    services.receiver_add(name="슬랙", address=receiver, by=users["admin"], private=True)
    services.minutes_tell(meeting=held(users), at=NOW)
    Delivery.objects.filter(receiver=None).delete()
    Receiving.status = 404
    services.deliveries_send(at=NOW)
    row = Delivery.objects.get()
    assert (row.state, row.fault) == (DeliveryState.GIVEN_UP, "HTTP 404")
    Receiving.status = 200
    assert services.delivery_retry(delivery_id=row.pk, by=users["admin"], at=NOW)
    assert services.deliveries_send(at=NOW) == 1


def test_a_worker_that_died_in_between_is_taken_over_and_two_workers_send_once(
    users: dict[str, User], receiver: str
) -> None:
    services.receiver_add(name="슬랙", address=receiver, by=users["admin"], private=True)
    services.minutes_tell(meeting=held(users), at=NOW)
    Delivery.objects.filter(receiver=None).delete()
    Delivery.objects.update(state=DeliveryState.SENDING, next_at=NOW + timedelta(minutes=10))
    assert services.deliveries_send(at=NOW + timedelta(minutes=9)) == 0
    assert services.deliveries_send(at=NOW + timedelta(minutes=10)) == 1
    assert services.deliveries_send(at=NOW + timedelta(minutes=10)) == 0
    assert len(Receiving.got) == 1


def test_nothing_is_sent_where_it_must_not_go(receiver: str) -> None:
    given: dict[str, Any] = {"key": "k", "secret": "s", "at": 1}
    refused = webhook.post(receiver.replace("http:", "https:"), {}, private=False, **given)
    assert (refused.sent, refused.lasting, refused.fault) == (False, True, "address_refused")
    metadata = webhook.post("http://meta.example/", {}, private=True, resolve=lambda *_: ["169.254.169.254"], **given)
    assert metadata.fault == "address_refused"
    rebound = webhook.post(
        "https://good.example/", {}, private=False, resolve=lambda *_: ["52.1.1.1", "10.0.0.1"], **given
    )
    assert rebound.fault == "address_refused"
    mapped = webhook.allowed(["::ffff:127.0.0.1"], private=False)
    assert not mapped
    assert Receiving.got == []


@pytest.mark.parametrize(
    "address",
    [
        "ftp://x.example/",
        "hooks.slack.com/x",
        "http://hooks.slack.com/x",
        "https://user:word@x.example/",
        "https://x:nn/",
        "https://hooks.example/훅",
        "https://hooks.example/a b",
    ],
)
def test_an_address_that_is_none_or_in_the_clear_is_refused(users: dict[str, User], address: str) -> None:
    with pytest.raises(UsageError):
        services.receiver_add(name="x", address=address, by=users["admin"])


def test_only_an_administrator_names_receivers_and_their_address_is_never_shown_whole(
    users: dict[str, User], as_role: AsRole
) -> None:
    for role in ("leader", "manager", "rep", "viewer"):
        assert as_role(role).get("/reviews/receivers/").status_code == 403
    client = as_role("admin")
    given = {"name": "슬랙", "address": "https://hooks.slack.com/services/T0/B0/geheim"}
    assert client.post("/reviews/receivers/", given).status_code == 200
    shown = client.get("/reviews/receivers/").content.decode()
    assert "hooks.slack.com" in shown
    assert "geheim" not in shown
    # A team that is not there would never be heard of.
    assert client.post("/reviews/receivers/", given | {"team": "1 팀"}).status_code == 422
    assert client.post("/reviews/receivers/", given | {"team": "1팀"}).status_code == 200
    del users


# ---------------------------------------------------------------- minutes to take along


def calendar(text: str) -> list[dict[str, str]]:
    """Read the entries of a calendar: unfold lines (RFC 5545 3.1), part names from values, take escapes back."""
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    entries: list[dict[str, str]] = []
    for line in text.replace("\r\n ", "").split("\r\n"):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            entries.append({})
        elif entries and line:
            entries[-1][name] = value.replace("\\,", ",").replace("\\;", ";").replace("\\n", "\n").replace("\\\\", "\\")
    return entries


def test_minutes_go_along_in_three_forms_to_who_took_part(users: dict[str, User], as_role: AsRole) -> None:
    meeting = held(users)
    following = meeting_held(users, date(2026, 11, 23), state=MeetingState.SCHEDULED, closed_at=None)
    pdf = as_role("rep").get(f"/reviews/{meeting.pk}/minutes.pdf")
    assert pdf.content.startswith(b"%PDF")
    written = as_role("rep").get(f"/reviews/{meeting.pk}/minutes.md").content.decode()
    assert written.startswith("# ")
    assert "결정권자를 만나기" in written
    assert "가람" not in written
    entries = calendar(as_role("leader").get(f"/reviews/{meeting.pk}/minutes.ics").content.decode())
    assert {entry["UID"] for entry in entries} >= {f"meeting-{following.pk}@bokgi"}
    last = entries[-1]
    assert (last["DTSTART"], last["DTEND"]) == ("20261123T010000Z", "20261123T020000Z")
    assert as_role("viewer").get(f"/reviews/{meeting.pk}/minutes.pdf").status_code in {403, 404}
    assert as_role("rep").get(f"/reviews/{following.pk}/minutes.pdf").status_code == 404
    assert as_role("rep").get(f"/reviews/{meeting.pk}/minutes.exe").status_code == 404


def test_a_long_korean_subject_begins_on_its_first_line_and_is_read_whole(mails: Caught) -> None:
    subject = "주간 세일즈 리뷰 회의록: 전략영업본부 공공사업1팀 · 2026년 11월 27일(금) 오전 10시 30분, 결정한 일 12건"
    letter_send.func(to="lee@team.example", subject=subject, body="본문")
    (raw,) = mails.raw
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    first = next(place for place, line in enumerate(lines) if line.startswith(b"Subject:"))
    folded = [lines[first], *takewhile(lambda line: line.startswith(b" "), lines[first + 1 :])]
    # Each piece is a line of its own and holds whole letters.
    pieces = [re.fullmatch(rb"(?:Subject:)? =\?utf-8\?b\?([^?]+)\?=", line) for line in folded]
    assert "".join(b64decode(piece[1]).decode() for piece in pieces if piece) == subject
    assert all(pieces)
    assert max(map(len, lines)) <= 78
    assert mails.mails[0]["Subject"] == subject
