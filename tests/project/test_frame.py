"""The frame of every page: languages, themes, rail, faults, headers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
import waitress.server
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django_tasks.base import Task
from pytest_django import Settings

from bokgi import apps
from bokgi.apps.access.models import User
from bokgi.apps.access.permitting import permits
from bokgi.apps.data.rules import MOST_BYTES
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import Message
from bokgi.project import processes
from bokgi.project.middleware import DeclaredAccess, FaultPages
from bokgi.project.queue import ONCE, name_of
from bokgi.project.stopping import Stop

AsRole = Callable[[str], Client]


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_page_has_the_rail_with_what_exists_and_where_one_is(as_role: AsRole) -> None:
    page = text(as_role("rep"), "/settings/")
    assert '<a class="nav" href="/settings/" aria-current="page">' in page
    assert "Evaluation" not in page
    assert "이준호" in page


def test_the_address_of_a_form_opened_as_a_page_says_what_it_is(as_role: AsRole) -> None:
    client = as_role("rep")
    answer = client.get("/account/language/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "<h1>열 화면이 없는 주소</h1>" in answer.content.decode()
    assert 'href="/"' in answer.content.decode()
    assert client.put("/settings/").content == b""


def test_the_language_is_kept_for_the_user(as_role: AsRole, users: dict[str, User]) -> None:
    client = as_role("rep")
    for language, word in (("en", "Settings"), ("ko", "설정")):
        answer = client.post("/account/language/", {"language": language, "next": "/settings/"})
        assert answer["Location"] == "/settings/"
        page = text(client, "/settings/")
        assert f'<html lang="{language}">' in page
        assert f"<h1>{word}</h1>" in page
    users["rep"].refresh_from_db()
    assert users["rep"].language == "ko"


def test_before_signing_in_the_browser_decides_and_then_the_visitor(as_role: AsRole) -> None:
    client = as_role("")
    assert "Sign in" in text(client, "/account/sign-in/")
    assert "로그인" in client.get("/account/sign-in/", headers={"accept-language": "ko-KR"}).content.decode()
    client.post("/account/language/", {"language": "ko"})
    assert "로그인" in text(client, "/account/sign-in/")


@pytest.mark.parametrize(
    ("theme", "shown"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ("", "")]
)
def test_the_theme_is_kept(as_role: AsRole, theme: str, shown: str) -> None:
    for role in ("leader", ""):
        client = as_role(role)
        client.post("/account/theme/", {"theme": theme})
        assert f'<html lang="{"ko" if role else "en"}"{shown}>' in text(
            client, "/settings/" if role else "/account/sign-in/"
        )


@pytest.mark.parametrize("address", ["/account/language/", "/account/theme/"])
def test_a_choice_that_is_none_is_refused(as_role: AsRole, address: str) -> None:
    assert as_role("rep").post(address, {"language": "xx", "theme": "pink"}).status_code == 403


def test_nobody_is_led_to_another_site(as_role: AsRole) -> None:
    answer = as_role("rep").post("/account/language/", {"language": "ko", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_who_is_not_signed_in_comes_back_after_signing_in(as_role: AsRole) -> None:
    client = as_role("")
    answer = client.get("/settings/?a=1")
    assert answer["Location"] == "/account/sign-in/?next=%2Fsettings%2F%3Fa%3D1"
    given = {"login": "REP@team.example", "password": "jade-stone-at-dawn"}
    assert client.post(answer["Location"], given)["Location"] == "/settings/?a=1"
    part = as_role("").get(
        "/settings/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/deals/?a=1"}
    )
    assert (part.status_code, part["HX-Redirect"]) == (401, "/account/sign-in/?next=%2Fdeals%2F%3Fa%3D1")
    # What a form sends leads back to where the form stands; another site's address leads nowhere.
    for sent_from, back in (
        ("http://testserver/deals/new/", "%2Fdeals%2Fnew%2F"),
        ("http://evil.example/deals/", "%2F"),
        ("http://testserver//evil.example/deals/", "%2F%252Fevil.example%2Fdeals%2F"),
    ):
        sent = as_role("").post("/deals/new/", {}, headers={"Referer": sent_from})
        assert sent["Location"] == f"/account/sign-in/?next={back}"


def test_a_form_that_was_open_for_too_long_leads_back_to_itself(users: dict[str, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(users["rep"], backend=settings.AUTHENTICATION_BACKENDS[0])
    refused = client.post("/deals/new/", {"name": "x"}, headers={"Referer": "http://testserver/deals/new/?a=1"})
    assert refused.status_code == 403
    assert 'data-lost><a class="btn btn-primary" href="/deals/new/?a=1">' in refused.content.decode()
    # Where it is not known which form it was, nothing promises that it is filled in again.
    unknown = client.post("/deals/new/", {"name": "x"}).content.decode()
    assert "다시 보내 주세요" in unknown
    assert "입력하신 내용이 그대로" not in unknown
    assert "data-lost" not in unknown


def test_a_page_that_is_not_there_says_so_in_the_frame(as_role: AsRole) -> None:
    answer = as_role("rep").get("/nowhere/")
    assert answer.status_code == 404
    assert "Skip to the content" in answer.content.decode() or "본문으로 건너뛰기" in answer.content.decode()
    assert "Page not found" in as_role("").get("/nowhere/").content.decode()


def test_a_fault_of_ours_becomes_a_page_with_what_to_do(rf: RequestFactory, users: dict[str, User]) -> None:
    request = rf.get("/")
    request.user = users["rep"]
    error = NotFoundError("x", Message("There is no {what}.", {"what": "<deal>"}), Message("Do it so."))
    answer = FaultPages(lambda _: None).process_exception(request, error)  # type: ignore[arg-type, return-value]  # never called
    assert answer is not None
    assert answer.status_code == 404
    assert "There is no &lt;deal&gt;." in answer.content.decode()
    assert "Do it so." in answer.content.decode()


@pytest.mark.parametrize(
    ("said", "told"), [("database is locked", "다른 프로그램이 데이터베이스를"), ("no such table", "")]
)
def test_a_database_that_is_held_is_said_to_be(
    rf: RequestFactory, users: dict[str, User], home: Path, said: str, told: str
) -> None:
    del home
    request = rf.get("/")
    request.user = users["rep"]
    answer = FaultPages(lambda _: None).process_exception(request, OperationalError(said))  # type: ignore[arg-type, return-value]  # never called
    assert bool(answer) == bool(told)
    assert answer is None or told in answer.content.decode()


@pytest.mark.django_db
def test_a_view_that_does_not_say_for_whom_it_is_is_refused(rf: RequestFactory) -> None:
    def undeclared(request: HttpRequest) -> None:
        del request

    assert permits(undeclared) is None
    with pytest.raises(PermissionDenied):
        DeclaredAccess(lambda _: None).process_view(rf.get("/"), undeclared, (), {})  # type: ignore[arg-type, return-value]  # never called


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/reviews/thanks/", {"text": "Thank\0 you"}),
        ("/settings/", {"na\0me": "x"}),
        ("/search/?q=a%00b", None),
        ("/deals/d%00/", None),
    ],
)
def test_a_nul_character_is_refused_before_any_view_sees_it(
    as_role: AsRole, address: str, sent: dict[str, str] | None
) -> None:
    rep = as_role("rep")
    answer = rep.get(address) if sent is None else rep.post(address, sent)
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()


@pytest.mark.usefixtures("home", "english")
def test_who_sends_too_much_at_once_is_told_so_on_a_page(as_role: AsRole) -> None:
    rep = as_role("rep")
    for sent in ({"text": "가" * (1 << 20)}, {f"field-{number}": "1" for number in range(2001)}):
        answer = rep.post("/reviews/thanks/", sent)
        assert answer.status_code == 413
        assert "Nothing was changed" in answer.content.decode()


def test_the_server_takes_a_whole_upload_with_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, int] = {}
    monkeypatch.setattr(waitress.server, "create_server", lambda _application, **options: given.update(options))
    for left_out in ("_load_pages", "serve_until"):
        monkeypatch.setattr(processes, left_out, lambda *_given: None)
    processes.serve(processes.LOOPBACK, 0, Stop())
    assert MOST_BYTES < given["max_request_body_size"] < 2 * MOST_BYTES


def test_what_waits_is_called_as_people_call_it() -> None:
    tasks = {one.module_path for one in _tasks()}
    assert len(tasks) > 15
    assert not {path for path in tasks if name_of(path) == path.rpartition(".")[2]}
    assert set(ONCE) <= tasks


def _tasks() -> Iterator[Task[..., object]]:
    """Find every task of the apps."""
    for info in walk_packages(apps.__path__, f"{apps.__name__}."):
        if "migrations" not in info.name:
            yield from (one for one in vars(import_module(info.name)).values() if isinstance(one, Task))


def test_headers_are_strict(as_role: AsRole) -> None:
    answer = as_role("rep").get("/settings/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(("given", "encrypted"), [("", False), ("https://sales.team.example", True)])
def test_cookies_are_closed_to_scripts_and_leave_encrypted_where_the_address_is(
    given: str, *, encrypted: bool, tmp_path: Path
) -> None:
    # Settings are read once: those of another address by another process.
    code = (
        "import json; from bokgi.project import settings as s\n"
        "names = [f'{of}_COOKIE_{what}' for of in ('SESSION', 'CSRF') for what in ('SECURE', 'HTTPONLY', 'SAMESITE')]\n"
        "print(json.dumps([*(getattr(s, name) for name in names), s.SECURE_HSTS_SECONDS > 0]))"
    )
    environment = os.environ | {"BOKGI_HOME": str(tmp_path), "BOKGI_ADDRESS": given}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == [encrypted, True, "Lax"] * 2 + [encrypted]


def test_another_name_of_the_server_is_not_answered(as_role: AsRole) -> None:
    assert as_role("rep").get("/settings/", headers={"host": "evil.example"}).status_code == 400


def test_a_browser_that_looks_for_the_icon_finds_it_and_gets_no_cookie(as_role: AsRole) -> None:
    answer = as_role("").get("/favicon.ico")
    assert answer["Location"].endswith("icon.svg")
    assert not answer.cookies


def test_health_needs_no_sign_in(as_role: AsRole) -> None:
    assert as_role("").get("/health/").json() == {"status": "ok"}


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("address", "status"),
    [
        *((address, 404) for address in ("/today/", "/funnel/", "/kpi/", "/search/?q=a", "/people/lee/")),
        ("/settings/definitions/stages/", 200),
    ],
)
def test_before_the_first_import_a_screen_says_what_to_do_and_names_no_folder(
    as_role: AsRole, settings: Settings, tmp_path: Path, address: str, status: int
) -> None:
    settings.HOME = tmp_path
    for role, way in (("leader", True), ("rep", False)):
        answer = as_role(role).get(address)
        shown = answer.content.decode()
        assert answer.status_code == status
        assert "Nothing was imported yet" in shown
        assert ('href="/data/upload/"' in shown) is way
        assert "This did not work" not in shown
        assert str(tmp_path) not in shown
        assert "--home" not in shown


@pytest.mark.usefixtures("english")
def test_before_the_first_import_the_pack_of_a_review_says_so_and_misses_no_team(
    as_role: AsRole, settings: Settings, tmp_path: Path
) -> None:
    settings.HOME = tmp_path
    shown = as_role("leader").get("/reviews/pack/").content.decode()
    assert "Nothing was imported yet" in shown
    assert "There is no team" not in shown
