"""Signing in, the second step, sessions, passwords forgotten, invitations, the first run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from bokgi.apps.access import first_run
from bokgi.apps.access.first_run import CODE
from bokgi.apps.access.models import AuditEntry, Invitation, Organisation, User
from bokgi.apps.access.session_views import sessions_of
from bokgi.apps.access.signing_in import MFAAdapter
from bokgi.facts.lake import Lake
from bokgi.facts.read import Settings as FactSettings
from tests.conftest import PASSWORD

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def sign_in(client: Client, email: str = "rep@team.example", password: str = PASSWORD) -> int:
    return client.post("/account/sign-in/", {"login": email, "password": password}).status_code


def confirmed(client: Client, email: str = "rep@team.example") -> None:
    sign_in(client, email)
    assert client.post("/account/security/confirm/", {"password": PASSWORD}).status_code == 302


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def test_a_wrong_password_is_refused_and_after_some_even_the_right_one(as_role: AsRole) -> None:
    client = as_role("")
    for _ in range(5):
        assert sign_in(client, password=PASSWORD[::-1]) == 200
    assert sign_in(client) == 200
    again = {"login": "rep@team.example", "password": PASSWORD}
    assert "in five minutes" in client.post("/account/sign-in/", again).content.decode()
    assert sign_in(client, "leader@team.example") == 302
    assert AuditEntry.objects.filter(action="sign_in_refused").count() == 5
    assert AuditEntry.objects.filter(action="sign_in").count() == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/account/password/change/", "10자 이상"),
        ("/account/security/confirm/", "비밀번호"),
        ("/account/security/app/on/", '<label for="id_code">코드</label>'),
        ("/account/security/passkeys/add/", "비밀번호 없이 이 패스키만으로 로그인"),
        ("/account/security/passkeys/add/", 'value="패스키 1"'),
    ],
)
def test_what_signing_in_asks_for_is_in_our_words(address: str, words: str, as_role: AsRole) -> None:
    client = as_role("")
    confirmed(client)
    page = client.get(address).content.decode()
    assert words in page
    assert "&lt;" not in page
    assert "placeholder" not in page


def test_a_new_passkey_gets_a_name_that_no_other_has(as_role: AsRole) -> None:
    client = as_role("")
    confirmed(client)
    owner = User.objects.get(email="rep@team.example")
    # Of three keys the first was removed.
    for name in ("패스키 2", "패스키 3"):
        Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": name})
    named = MFAAdapter().generate_authenticator_name
    with override("ko"):
        assert named(owner, Authenticator.Type.WEBAUTHN) == "패스키 4"


@pytest.mark.parametrize("address", ["/account/security/confirm/passkey/", "/account/security/passkeys/add/"])
@pytest.mark.parametrize("kept", [{}, {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}])
def test_a_damaged_passkey_is_said_on_a_page_that_leads_on(
    address: str, kept: dict[str, object], as_role: AsRole
) -> None:
    client = as_role("")
    confirmed(client)
    owner = User.objects.get(email="rep@team.example")
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "키", "credential": kept})
    answer = client.get(address)
    assert answer.status_code == 409
    assert "읽을 수 없는 것이 있습니다." in answer.content.decode()
    assert client.get("/account/security/passkeys/").status_code == 200


@pytest.mark.parametrize("kept", [{}, {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}])
def test_who_has_a_damaged_passkey_comes_in_with_a_code(as_role: AsRole, kept: dict[str, object]) -> None:
    client = as_role("")
    owner = User.objects.get(email="rep@team.example")
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "키", "credential": kept})
    assert sign_in(client) == 302
    assert "ask an administrator to remove it" in client.get("/account/sign-in/second-step/").content.decode()
    code = RecoveryCodes.activate(owner).get_unused_codes()[0]
    page = client.get("/account/sign-in/second-step/").content.decode()
    assert "cannot be read any more" in page
    assert 'name="code"' in page
    assert "passkey-use" not in page
    # Nor does a key that was sent all the same break anything.
    sent = {"credential": json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {}})}
    assert client.post("/account/sign-in/second-step/", sent).status_code == 200
    assert client.post("/account/sign-in/second-step/", {"code": code}).status_code == 302
    assert AuditEntry.objects.filter(action="sign_in", user=owner).exists()


@pytest.mark.usefixtures("english")
def test_an_administrator_removes_the_second_step_of_who_lost_it(
    as_role: AsRole, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    owner = User.objects.get(email="rep@team.example")
    RecoveryCodes.activate(owner)
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "키", "credential": {}})
    address = f"/settings/users/{owner.pk}/second-step/remove/"
    assert as_role("leader").post(address).status_code == 403
    admin = as_role("admin")
    assert "Remove the second step" in admin.get(f"/settings/users/{owner.pk}/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert admin.post(address).status_code == 302
    assert not Authenticator.objects.filter(user=owner).exists()
    assert [letter.to for letter in mail.outbox] == [["rep@team.example"]]
    assert AuditEntry.objects.get(action="second_step_remove").details == {"removed": 2}
    assert "Remove the second step" not in admin.get(f"/settings/users/{owner.pk}/").content.decode()
    client = as_role("")
    assert sign_in(client) == 302
    assert client.get("/today/").status_code != 302


@pytest.mark.usefixtures("english")
def test_the_own_second_step_is_not_removed_without_the_password(as_role: AsRole) -> None:
    admin, own = as_role("admin"), User.objects.get(email="admin@team.example")
    RecoveryCodes.activate(own)
    assert "Remove the second step" not in admin.get(f"/settings/users/{own.pk}/").content.decode()
    assert admin.post(f"/settings/users/{own.pk}/second-step/remove/").status_code == 404
    assert Authenticator.objects.filter(user=own).exists()


def test_after_too_many_wrong_codes_the_page_speaks_of_codes(as_role: AsRole) -> None:
    client = as_role("")
    confirmed(client)
    pages = [client.post("/account/security/app/on/", {"code": "000000"}).content.decode() for _ in range(7)]
    assert "코드를 여러 번 잘못 입력했습니다." not in pages[0]
    assert "코드를 여러 번 잘못 입력했습니다." in pages[-1]


def test_a_new_password_is_asked_for_in_our_words_and_kept_under_the_address(as_role: AsRole) -> None:
    page = as_role("rep").get("/account/password/change/").content.decode()
    assert [label.strip() for label in re.findall(r"<label for=[^>]*>([^<]*)", page)] == [
        "현재 비밀번호",
        "새 비밀번호",
        "새 비밀번호 확인",
    ]
    client = as_role("")
    client.post("/account/password/reset/", {"email": "rep@team.example"})
    link = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))[0]
    page = client.get(link, follow=True).content.decode()
    assert re.findall(r"<label for=[^>]*>([^<]*)", page) == ["New password", "New password once more"]
    assert 'autocomplete="username" value="rep@team.example"' in page


def test_who_tries_too_often_gets_a_page_that_says_so_and_changes_nothing(as_role: AsRole) -> None:
    client = as_role("rep")
    wrong = {"oldpassword": "wrong", "password1": PASSWORD * 2, "password2": PASSWORD * 2}
    answers = [client.post("/account/password/change/", wrong) for _ in range(8)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    page = answers[-1].content.decode()
    assert "<h1>너무 잦은 시도</h1>" in page
    assert 'rel="stylesheet"' in page


def test_nobody_signs_up(as_role: AsRole) -> None:
    client = as_role("")
    given = {"email": "new@team.example", "password1": PASSWORD, "password2": PASSWORD}
    page = client.post("/account/sign-up/", given).content.decode()
    assert "by invitation" in page
    assert not User.objects.filter(email="new@team.example").exists()


def test_an_authenticator_app_becomes_the_second_step(
    as_role: AsRole, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = as_role("")
    confirmed(client)
    page = client.get("/account/security/app/on/").content.decode()
    secret = re.findall(r"Enter this key in the app: (\w+)", page) or re.findall(
        r"앱에 이 키를 입력하세요: (\w+)", page
    )
    assert client.post("/account/security/app/on/", {"code": "000000"}).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post("/account/security/app/on/", {"code": code_of(secret[0])})
    assert done["Location"] == "/account/security/codes/"
    codes = re.findall(r'<li class="mono">(\d+)</li>', client.get("/account/security/codes/").content.decode())
    assert len(codes) == 10
    assert [letter.to for letter in mail.outbox] == [["rep@team.example"]]

    fresh = as_role("")
    assert fresh.post("/account/sign-in/", {"login": "rep@team.example", "password": PASSWORD})["Location"] == (
        "/account/sign-in/second-step/"
    )
    assert fresh.get("/settings/").status_code == 302
    assert fresh.post("/account/sign-in/second-step/", {"code": "123456"}).status_code == 200
    assert fresh.post("/account/sign-in/second-step/", {"code": codes[0]}).status_code == 302
    assert fresh.get("/settings/").status_code == 200

    again = as_role("")
    sign_in(again)
    assert again.post("/account/sign-in/second-step/", {"code": codes[0]}).status_code == 200
    assert again.get("/settings/").status_code == 302


def test_a_code_of_the_app_opens_once(as_role: AsRole) -> None:
    client = as_role("")
    with time_machine.travel(datetime(2026, 11, 24, 1, tzinfo=UTC), tick=False) as clock:
        confirmed(client)
        page = client.get("/account/security/app/on/").content.decode()
        secret = re.findall(r": (\w{32})", page)[0]
        client.post("/account/security/app/on/", {"code": code_of(secret)})
        clock.shift(60)
        opened = []
        for _ in range(2):
            fresh = as_role("")
            sign_in(fresh)
            opened.append(fresh.post("/account/sign-in/second-step/", {"code": code_of(secret)}).status_code)
    assert opened == [302, 200]


def test_before_a_change_of_the_way_in_the_password_is_asked_again(as_role: AsRole) -> None:
    client = as_role("")
    with time_machine.travel(datetime(2026, 11, 24, 1, tzinfo=UTC), tick=False) as clock:
        confirmed(client)
        assert client.get("/account/security/app/on/").status_code == 200
        clock.shift(3600)
        answer = client.get("/account/security/app/on/")
        assert answer["Location"].startswith("/account/security/confirm/")
        assert client.post(answer["Location"], {"password": "wrong"}).status_code == 200
        assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == "/account/security/app/on/"


def test_other_sessions_are_listed_and_ended(as_role: AsRole) -> None:
    here, there = as_role(""), as_role("")
    for client, agent in (
        (here, "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"),
        (there, "Mozilla/5.0 (iPhone) Safari/1"),
    ):
        given = {"login": "rep@team.example", "password": PASSWORD}
        client.post("/account/sign-in/", given, headers={"user-agent": agent})
        client.get("/settings/", headers={"user-agent": agent})
    agent = "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"
    page = here.get("/account/security/sessions/", headers={"user-agent": agent}).content.decode()
    assert "Firefox · Windows" in page
    assert "Safari · iPhone" in page
    here.post("/account/security/sessions/")
    assert there.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200


AGENT = "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"


def signed_in(client: Client) -> int:
    """Open a session as the rep does, and give its number."""
    client.post("/account/sign-in/", {"login": "rep@team.example", "password": PASSWORD}, headers={"user-agent": AGENT})
    client.get("/settings/", headers={"user-agent": AGENT})
    return int(UserSession.objects.get(session_key=client.session.session_key).pk)


def test_one_session_is_ended_and_the_others_stay(
    as_role: AsRole, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    here, there, elsewhere = as_role(""), as_role(""), as_role("")
    _, ended, _ = (signed_in(client) for client in (here, there, elsewhere))
    rep = User.objects.get(email="rep@team.example")
    with django_assert_num_queries(2):
        assert [one.pk for one in sessions_of(rep)][1] == ended
    assert f"/account/security/sessions/{ended}/end/" in here.get("/account/security/sessions/").content.decode()
    assert here.get(f"/account/security/sessions/{ended}/end/").status_code == 405
    assert here.post(f"/account/security/sessions/{ended}/end/").status_code == 302
    assert [client.get("/settings/").status_code for client in (here, there, elsewhere)] == [200, 302, 200]
    entry = AuditEntry.objects.get(action="session_end")
    assert (entry.details, entry.user) == ({"session": ended}, User.objects.get(email="rep@team.example"))
    assert here.post(f"/account/security/sessions/{ended}/end/").status_code == 404
    # One whose days are over, and one from before another password was set, sign nobody in.
    Session.objects.filter(pk=elsewhere.session.session_key).update(expire_date=datetime(2020, 1, 1, tzinfo=UTC))
    assert [one.session_key for one in sessions_of(rep)] == [here.session.session_key]
    rep.set_password("another-password-9")
    assert (sessions_of(rep), UserSession.objects.filter(user=rep).exists()) == ([], False)


def test_who_ends_the_session_that_asks_is_signed_out(as_role: AsRole) -> None:
    here = as_role("")
    number = signed_in(here)
    assert here.post(f"/account/security/sessions/{number}/end/")["Location"] == "/account/sign-in/"
    assert here.get("/settings/").status_code == 302


def test_nobody_ends_the_session_of_somebody_else_but_an_administrator(as_role: AsRole) -> None:
    there = as_role("")
    number = signed_in(there)
    rep = User.objects.get(email="rep@team.example")
    for role in ("leader", "manager", "viewer", "admin"):
        assert as_role(role).post(f"/account/security/sessions/{number}/end/").status_code == 404, role
    for role in ("leader", "manager", "rep", "viewer"):
        answer = as_role(role).post(f"/settings/users/{rep.pk}/sessions/{number}/end/")
        assert answer.status_code == 403, role
    admin = as_role("admin")
    assert there.get("/settings/", headers={"user-agent": AGENT}).status_code == 200
    assert admin.post(f"/settings/users/{rep.pk + 1}/sessions/{number}/end/").status_code == 404
    page = admin.get(f"/settings/users/{rep.pk}/").content.decode()
    assert f"/settings/users/{rep.pk}/sessions/{number}/end/" in page
    assert "Firefox · Windows" in page
    assert admin.post(f"/settings/users/{rep.pk}/sessions/{number}/end/").status_code == 302
    assert there.get("/settings/").status_code == 302


def test_a_forgotten_password_is_set_by_the_link_of_a_mail_once(as_role: AsRole) -> None:
    client = as_role("")
    sent = client.post("/account/password/reset/", {"email": "Rep@team.example"})
    assert sent["Location"] == "/account/password/reset/sent/"
    (letter,) = mail.outbox
    assert letter.subject == "비밀번호 다시 정하기"
    link = re.findall(r"http://testserver(\S+)", str(letter.body))[0]
    form = client.get(link)["Location"]
    assert client.post(form, {"password1": "short", "password2": "short"}).status_code == 200
    new = "quiet-river-four-stones"
    assert client.post(form, {"password1": new, "password2": new}).status_code == 302
    assert sign_in(as_role("")) == 200
    assert sign_in(as_role(""), password=new) == 302
    assert "no longer valid" in as_role("").get(link).content.decode()
    assert "바뀌었습니다" in mail.outbox[-1].subject


def test_a_link_to_a_new_password_ends_after_a_day(as_role: AsRole) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 1, tzinfo=UTC), tick=False) as clock:
        as_role("").post("/account/password/reset/", {"email": "rep@team.example"})
        link = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))[0]
        clock.shift(24 * 3600 - 1)
        opened = as_role("")
        form = opened.get(link)["Location"]
        assert "New password" in opened.get(form).content.decode()
        clock.shift(2)
        page = as_role("").get(link).content.decode()
        assert "older than a day" in page
        assert 'href="/account/password/reset/"' in page
        # Who opened it in time and waited too long is told so, too, and keeps the password of before.
        new = {"password1": "quiet-river-four-stones", "password2": "quiet-river-four-stones"}
        assert "older than a day" in opened.post(form, new).content.decode()
        assert sign_in(as_role("")) == 302


def test_who_may_confirm_in_another_way_is_offered_it_in_our_words(as_role: AsRole) -> None:
    client = as_role("")
    confirmed(client)
    page = client.get("/account/security/app/on/").content.decode()
    secret = re.findall(r": (\w{32})", page)[0]
    client.post("/account/security/app/on/", {"code": code_of(secret)})
    assert "비밀번호 사용</a>" in client.get("/account/security/confirm/code/").content.decode()
    assert "코드 사용</a>" in client.get("/account/security/confirm/").content.decode()


def test_who_has_no_account_sees_the_same_answer(as_role: AsRole) -> None:
    known = as_role("").post("/account/password/reset/", {"email": "rep@team.example"})
    unknown = as_role("").post("/account/password/reset/", {"email": "nobody@team.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert "http" not in str(mail.outbox[-1].body)


def test_a_link_makes_one_account_with_its_role_and_person(as_role: AsRole, home: Path) -> None:
    del home
    admin = as_role("admin")
    given = {"name": "남궁슬기", "email": "Nam@team.example", "role": "rep", "person_id": "nam"}
    page = admin.post("/settings/users/", given).content.decode()
    link = re.findall(r'href="http://testserver(/account/invitation/[^"]+)"', page)[0]
    assert link in str(mail.outbox[0].body)
    assert link.split("/")[-2] not in str(list(Invitation.objects.values()))
    client = as_role("")
    assert "nam@team.example" in client.get(link).content.decode()
    assert client.post(link, {"name": "남궁슬기", "password": "1234567890"}).status_code == 200
    assert client.post(link, {"name": "남궁슬기", "password": "river-and-stone-7"})["Location"] == "/"
    made = User.objects.get(email="nam@team.example")
    assert (made.role, made.person_id) == ("rep", "nam")
    assert client.get("/settings/").status_code == 200
    assert as_role("").get(link).status_code == 404
    assert as_role("").post(link, {"name": "x", "password": "river-and-stone-7"}).status_code == 404


def test_an_invitation_ends_by_time_by_hand_and_by_a_newer_one(as_role: AsRole, home: Path) -> None:
    del home
    admin = as_role("admin")

    def invite() -> str:
        given = {"name": "가", "email": "new@team.example", "role": "viewer", "person_id": ""}
        page = admin.post("/settings/users/", given).content.decode()
        return str(re.findall(r'href="http://testserver(/account/invitation/[^"]+)"', page)[0])

    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False) as clock:
        admin = as_role("admin")
        first = invite()
        second = invite()
        assert [as_role("").get(link).status_code for link in (first, second)] == [404, 200]
        clock.shift(8 * 24 * 3600)
        assert as_role("").get(second).status_code == 404
        admin = as_role("admin")
        third = invite()
        newest = Invitation.objects.first()
        assert newest is not None
        admin.post(f"/settings/invitations/{newest.pk}/withdraw/")
        assert as_role("").get(third).status_code == 404


def test_an_address_or_a_person_with_an_account_is_not_invited(as_role: AsRole, home: Path) -> None:
    del home
    admin = as_role("admin")
    page = admin.post(
        "/settings/users/", {"name": "x", "email": "REP@team.example", "role": "rep", "person_id": ""}
    ).content.decode()
    assert "account already" in page or "이미 있습니다" in page
    # lee has one: not even offered.
    answer = admin.post("/settings/users/", {"name": "x", "email": "x@team.example", "role": "rep", "person_id": "lee"})
    assert Invitation.objects.count() == 0
    assert answer.status_code == 200


def test_the_last_administrator_stays(as_role: AsRole, users: dict[str, User]) -> None:
    admin = as_role("admin")
    own = f"/settings/users/{users['admin'].pk}/"
    for given in ({"role": "rep", "is_active": "on"}, {"role": "admin"}):
        assert admin.post(own, given).status_code == 200
    users["admin"].refresh_from_db()
    assert (users["admin"].role, users["admin"].is_active) == ("admin", True)
    admin.post(f"/settings/users/{users['leader'].pk}/", {"role": "admin", "is_active": "on"})
    assert admin.post(own, {"role": "rep", "is_active": "on"}).status_code == 302


def test_who_is_closed_is_signed_out_at_once(as_role: AsRole, users: dict[str, User]) -> None:
    client = as_role("")
    sign_in(client)
    assert client.get("/settings/").status_code == 200
    as_role("admin").post(f"/settings/users/{users['rep'].pk}/", {"role": "rep"})
    assert client.get("/settings/").status_code == 302
    assert sign_in(as_role("")) in {200, 302}
    assert as_role("").get("/settings/").status_code == 302


COMPANY = {
    "company-name": "한빛소프트",
    "company-language": "ko",
    "company-time_zone": "Asia/Seoul",
    "company-currency": "USD",
    "company-money_unit": "short",
    "company-fiscal_year_starts": "4",
    "company-week_starts": "1",
    "company-country": "KR",
    "admin-name": "정하늘",
    "admin-email": "haneul@team.example",
    "admin-password": "river-and-stone-7",
}


@pytest.mark.parametrize(
    ("country", "zone", "currency", "week_starts"),
    [
        ("KR", "Asia/Seoul", "KRW", 1),
        ("US", "America/New_York", "USD", 7),
        ("DE", "Europe/Berlin", "EUR", 1),
        ("AU", "Australia/Adelaide", "AUD", 1),
        ("AQ", "Antarctica/Casey", "USD", 1),
    ],
)
def test_set_up_begins_with_what_is_usual_in_the_country(
    country: str, zone: str, currency: str, week_starts: int
) -> None:
    assert first_run.usual_of(country) == {
        "time_zone": zone,
        "currency": currency,
        "week_starts": week_starts,
        "country": country,
    }


def test_countries_have_names() -> None:
    assert all(code != name for code, name in first_run.countries("en"))


def test_the_first_run_makes_company_and_administrator_once(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / CODE).write_text("the-code", encoding="utf-8")
    client = Client()
    assert client.get("/settings/")["Location"] == "/account/start/"
    assert client.post("/account/start/", {"code": "wrong"} | COMPANY).status_code == 403
    assert client.post("/account/start/", COMPANY).status_code == 200
    assert not Organisation.objects.exists()
    weak = {"code": "the-code"} | COMPANY | {"admin-password": "1234567890"}
    assert client.post("/account/start/", weak).status_code == 200
    assert not Organisation.objects.exists()
    form = client.get("/account/start/?code=the-code", headers={"Accept-Language": "en-US,en;q=0.9"})
    for usual in ("America/New_York", "USD", "US", "7"):
        assert f'<option value="{usual}" selected>' in form.content.decode()
    assert client.post("/account/start/", {"code": "the-code"} | COMPANY)["Location"] == "/"
    assert client.get("/settings/").status_code == 200
    assert client.get("/")["Location"] == "/data/upload/"
    made = User.objects.get()
    assert (made.email, made.role) == ("haneul@team.example", "admin")
    rows = pa.concat_tables(
        [pq.read_table(path, partitioning=None) for path in Lake.open(tmp_path).state()["settings"]],
        promote_options="permissive",
    )
    held = FactSettings.of(rows)
    assert (held.currency, held.organisation, held.country) == ("USD", "한빛소프트", "KR")
    assert ("fiscal_year_starts", "4") in held.others
    assert Client().post("/account/start/", {"code": "the-code"} | COMPANY)["Location"] == "/"
    assert Organisation.objects.count() == 1


def test_an_administrator_who_ends_the_own_session_signs_in_again(as_role: AsRole) -> None:
    admin = as_role("admin")
    assert admin.get("/settings/").status_code == 200
    own = UserSession.objects.get(session_key=admin.session.session_key)
    answer = admin.post(f"/settings/users/{own.user_id}/sessions/{own.pk}/end/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/sign-in/")
    assert admin.get("/settings/").status_code == 302
