"""Links that come by mail, the whole way: asked for, sent by the worker to a mail server, opened, a password set."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message as Mail
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.jobs.worker import Worker
from tests.apps.conftest import Caught, parts_of

AsRole = Callable[[str], Client]
NEW = "quiet-river-four-stones"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queue", "home")]


@pytest.fixture(autouse=True)
def nobody_tried_before() -> None:
    """Forget how often somebody asked."""
    cache.clear()


def work() -> None:
    Worker(zone=lambda: ZoneInfo("Asia/Seoul"), batch=True, interval=0).run()


def link_of(mails: Caught, to: str) -> str:
    """Send what waits, and give the path of the link in the newest mail to an address."""
    work()
    found: Mail = next(one for one in reversed(mails.mails) if one["To"] == to)
    words = parts_of(found)["text/plain"].decode()
    (path,) = re.findall(r"https?://[^/\s]+(/\S+)", words)
    return str(path)


def test_a_forgotten_password_is_set_by_a_link_that_a_mail_server_got(as_role: AsRole, mails: Caught) -> None:
    client = as_role("")
    client.post("/account/password/reset/", {"email": "rep@team.example"})
    assert mails.mails == []
    form = client.get(link_of(mails, "rep@team.example"))["Location"]
    assert client.post(form, {"password1": NEW, "password2": NEW}).status_code == 302
    entered = as_role("").post("/account/sign-in/", {"login": "rep@team.example", "password": NEW})
    assert entered["Location"] == "/"
    work()
    assert "비밀번호가 바뀌었습니다" in str(mails.mails[-1]["Subject"])


def test_an_invitation_that_a_mail_server_got_makes_an_account(as_role: AsRole, mails: Caught) -> None:
    given = {"name": "남궁슬기", "email": "nam@team.example", "role": "rep", "person_id": "nam"}
    shown = as_role("admin").post("/settings/users/", given).content.decode()
    link = link_of(mails, "nam@team.example")
    assert link in shown
    client = as_role("")
    assert client.post(link, {"name": "남궁슬기", "password": NEW})["Location"] == "/"
    made = User.objects.get(email="nam@team.example")
    assert (made.role, made.person_id) == ("rep", "nam")
    entered = as_role("").post("/account/sign-in/", {"login": "nam@team.example", "password": NEW})
    assert entered["Location"] == "/"
