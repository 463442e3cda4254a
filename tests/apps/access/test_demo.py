"""Demo roles exist in a home of the sample only, on this machine only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from bokgi.apps.access.demo import ROLES
from bokgi.apps.access.models import User
from bokgi.apps.access.services import organisation_create, user_create
from bokgi.project.environment import is_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO = True
    organisation_create(name="복기 예제 회사")
    for role in ROLES:
        user_create(email=role.email, name=role.name, role=role.role)


def signed_in(client: Client) -> str:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else ""


@pytest.mark.usefixtures("demo")
def test_a_visitor_becomes_the_leader_and_can_change_the_role() -> None:
    client = Client()
    answer = client.get("/settings/", follow=True)
    assert answer.redirect_chain[0][0] == "/account/demo/?next=%2Fsettings%2F"
    assert answer.status_code == 200
    assert signed_in(client) == "leader@demo.example"
    for role in ROLES:
        client.post(f"/account/demo/{role.key}/")
        assert signed_in(client) == role.email


@pytest.mark.usefixtures("demo")
def test_a_role_is_changed_by_a_button_only() -> None:
    client = Client()
    client.get("/account/demo/")
    client.get("/account/demo/operations/")
    assert signed_in(client) == "leader@demo.example"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/account/demo/operations/").status_code == 403


@pytest.mark.usefixtures("demo")
def test_who_comes_back_after_the_session_has_the_role_chosen_last() -> None:
    client = Client()
    client.get("/account/demo/")
    client.post("/account/demo/rep/")
    client.cookies.pop("bokgi-session")
    client.get("/settings/", follow=True)
    assert signed_in(client) == "rep@demo.example"
    for nonsense in ("nobody", "rep@demo.example", "../leader"):
        client.cookies.pop("bokgi-session")
        client.cookies["bokgi-demo"] = nonsense
        client.get("/account/demo/")
        assert signed_in(client) == "leader@demo.example"


@pytest.mark.usefixtures("demo")
def test_who_sent_something_after_the_session_is_told_that_it_is_not_saved() -> None:
    client = Client(headers={"Accept-Language": "ko"})
    back = {"HTTP_REFERER": "http://testserver/settings/"}
    answer = client.post("/settings/users/", {"email": "new@team.example"}, follow=True, **back)  # type: ignore[arg-type]  # of the request, not of the client
    assert answer.redirect_chain[-1][0] == "/settings/"
    assert "아직 저장하지 못했습니다" in answer.content.decode()
    assert "data-lost" in answer.content.decode()
    assert "data-lost" not in client.get("/settings/").content.decode()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("role", ["nobody", "rep"])
@pytest.mark.parametrize(
    "reached",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_X_FORWARDED_PROTO": "http"},
        {"SERVER_PROTOCOL": "HTTP/1.0"},
        {"HTTP_HOST": "rebound.example"},
    ],
)
def test_nobody_from_elsewhere_takes_a_role(reached: dict[str, str], role: str) -> None:
    client = Client()
    client.cookies["bokgi-demo"] = role
    assert client.get("/account/demo/", **reached).status_code in {400, 404}  # type: ignore[arg-type]  # of the request, not of the client
    assert client.post("/account/demo/operations/", **reached).status_code in {400, 404}  # type: ignore[arg-type]  # as above
    assert signed_in(client) == ""


@pytest.mark.usefixtures("demo")
def test_elsewhere_there_is_no_demo(settings: Settings) -> None:
    settings.DEMO = False
    client = Client()
    assert client.get("/account/demo/").status_code == 404
    assert client.get("/settings/")["Location"].startswith("/account/sign-in/")
    assert "demo" not in client.get("/account/sign-in/").content.decode()


def test_only_a_home_that_the_sample_marked_is_one(tmp_path: Path) -> None:
    assert not is_sample(tmp_path)
    (tmp_path / "sample.json").write_text("{}", encoding="utf-8")
    assert is_sample(tmp_path)


def test_who_uses_the_fixture_of_roles_has_no_demo(as_role: Callable[[str], Client]) -> None:
    assert as_role("").get("/account/demo/").status_code == 404
