"""The walk: every address × every role × (may, may not, not signed in), looking for what belongs to other people."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponseBase
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import ANYONE, permits
from bokgi.apps.reviews.views.live import BY_SCRIPT
from bokgi.questions.answers import Answers
from bokgi.questions.deals import list_deals
from tests.homes import MARKS, PEOPLE, SELLERS, TODAY, amount, deal_name
from tests.project import things
from tests.project.addresses import ARGUMENTS, Page, pages

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


@pytest.mark.usefixtures("home_with_key")
def test_nothing_of_others_stands_in_what_people_made(users: dict[str, User]) -> None:
    """Meetings, evaluations, talks and plans of two teams: whoever is of one finds nothing of the other."""
    made = things.things(users)
    walked = [page for page in pages(ARGUMENTS | made) if made.keys() & set(page.arguments)]
    leaked: dict[str, list[str]] = {}
    read: dict[str, set[str]] = {}
    opened: set[str] = set()
    for user in User.objects.exclude(person_id="nam"):
        client, hidden = _signed_in(user), _hidden(user)
        words = read.setdefault(user.person_id or user.role, set())
        for page in walked:
            for address in page.addresses:
                answer = client.get(address)
                assert answer.status_code < 500, address
                if answer.status_code in {200, 405}:
                    opened.add(page.name)
                text = content(answer)
                words |= {word for word in (*things.WORDS.values(), *things.SECRETS.values()) if word in text}
                found = sorted(mark for mark in hidden if mark in text)
                if found:
                    leaked[f"{user.email} {address}"] = found
    assert leaked == {}
    # Who may read it does: the walk came to where it stands.
    both = {person: {things.WORDS[person], things.SECRETS[person]} for person in ("lee", "seo")}
    assert read == {
        "lee": both["lee"],
        "kim": both["lee"],
        "seo": both["seo"],
        "han": both["seo"],
        "leader": {*things.WORDS.values()},
        "admin": {*things.WORDS.values()},
        "viewer": set(),
    }
    assert {page.name for page in walked} - opened == set()


@pytest.mark.usefixtures("home_with_key")
def test_nobody_acts_on_what_another_team_made(users: dict[str, User]) -> None:
    made = things.things(users)
    theirs = {name: values[len(values) // 2 :] for name, values in made.items() if len(values) > 1}
    walked = [page for page in pages(ARGUMENTS | theirs) if theirs.keys() & set(page.arguments)]
    went = {
        f"{user.email} {address}": answer.status_code
        for user in (users["rep"], users["manager"], users["viewer"])
        for page in walked
        for address in page.addresses
        if (answer := _signed_in(user).post(address, {}, headers={BY_SCRIPT: "1"})).status_code not in {403, 404, 405}
    }
    assert went == {}


def _signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    return client


def _hidden(user: User) -> set[str]:
    """Give what this person may read nowhere among what people made."""
    team = {"lee": "lee", "kim": "lee", "seo": "seo", "han": "seo"}.get(user.person_id)
    others = {"lee": ("seo", "nam"), "seo": ("lee", "park", "choi")}
    if team is None:
        secrets = set(things.SECRETS.values())
        return secrets if user.role != Role.VIEWER else secrets | {*things.WORDS.values()} | set.union(*MARKS.values())
    (other,) = things.WORDS.keys() - {team}
    return {things.WORDS[other], things.SECRETS[other]}.union(*(MARKS[person] for person in others[team]))


def test_a_closed_account_opens_nothing(as_role: AsRole, users: dict[str, User]) -> None:
    client = as_role("leader")
    users["leader"].is_active = False
    users["leader"].save()
    assert client.get("/settings/")["Location"].startswith("/account/sign-in/")
