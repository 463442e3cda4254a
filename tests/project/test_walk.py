"""The walk: every address × every role × (may, may not, not signed in), looking for what belongs to other people."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.http import HttpResponseBase
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import ANYONE, permits
from bokgi.questions.answers import Answers
from bokgi.questions.deals import list_deals
from tests.homes import MARKS, PEOPLE, SELLERS, TODAY, amount, deal_name
from tests.project.addresses import Page, pages

AsRole = Callable[[str], Client]

SEEN = {
    "admin": set(SELLERS),
    "leader": set(SELLERS),
    "manager": {"lee", "park", "choi"},
    "rep": {"lee"},
    "viewer": set(),
}
"""Whose rows each user of `tests.conftest` may see."""


def content(answer: HttpResponseBase) -> str:
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]  # one has the one, one the other
    return unescape(whole.decode("utf-8", errors="replace"))


def test_what_the_walk_looks_for_is_what_a_leak_would_show(home: Path) -> None:
    rows = json.dumps(Answers(home).ask(list_deals, as_of=TODAY), ensure_ascii=False)
    for person in SELLERS:
        found = {mark for mark in MARKS[person] if mark in rows}
        assert PEOPLE[person] in found
        assert {deal_name(person, 0), f"{person}-0", str(amount(person, 0))} <= found


def test_every_view_says_for_whom_it_is() -> None:
    assert [page.name for page in pages() if permits(page.view) is None] == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_who_is_not_signed_in_sees_nothing(page: Page, as_role: AsRole) -> None:
    everything = set.union(*MARKS.values())
    for address in page.addresses:
        for ask in (as_role("").get, as_role("").post):
            answer = ask(address)
            if permits(page.view) != ANYONE:
                assert answer.status_code == 302
                assert answer["Location"].startswith("/account/sign-in/")
            assert [mark for mark in everything if mark in content(answer)] == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_nothing_of_other_people_stands_in_an_answer(page: Page, role: Role, as_role: AsRole) -> None:
    declared = permits(page.view)
    allowed = declared == ANYONE or role in (declared or ())
    others = {person: MARKS[person] for person in SELLERS if person not in SEEN[role.value]}
    client = as_role(role.value)
    for address in page.addresses:
        answer = client.get(address)
        if not allowed:
            assert answer.status_code == 403
            assert client.post(address).status_code == 403
        else:
            assert answer.status_code < 500
        page_text = content(answer)
        found = {person: sorted(mark for mark in marks if mark in page_text) for person, marks in others.items()}
        assert {person: marks for person, marks in found.items() if marks} == {}, address


def test_a_closed_account_opens_nothing(as_role: AsRole, users: dict[str, User]) -> None:
    client = as_role("leader")
    users["leader"].is_active = False
    users["leader"].save()
    assert client.get("/settings/")["Location"].startswith("/account/sign-in/")
