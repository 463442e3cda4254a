"""The worker asks beforehand what the main pages ask, word for word: their first viewer waits for no figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from bokgi.apps.access import asking
from bokgi.apps.access.models import User
from bokgi.apps.reviews import tasks
from bokgi.project import warmed
from bokgi.questions import answers
from tests.homes import TODAY

PAGES = ("/today/", "/funnel/", "/funnel/change/", "/deals/", "/forecast/", "/people/", "/kpi/", "/data/quality/")
WAITS = b'hx-trigger="load delay'


@pytest.mark.usefixtures("home")
def test_a_main_page_asks_nothing_that_was_not_asked(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = set()
    for question, parameters in asking._MAIN:  # noqa: SLF001 - what is registered is what is tried
        of_day = {name: value(TODAY) if callable(value) else value for name, value in parameters.items()}
        known.add(answers._key(question, {"as_of": TODAY} | of_day))  # noqa: SLF001 - under which key it is kept
    asked: dict[str, list[str]] = {}
    here = ""

    def place(folder: Path, question: answers.Question, parameters: dict[str, object]) -> Path:
        key = answers._key(question, parameters)  # noqa: SLF001 - as above
        if key not in known:
            asked.setdefault(here, []).append(f"{question.__qualname__} {parameters}")
        return folder / "answers" / f"{key}.json"

    monkeypatch.setattr(answers, "_place", place)
    client = as_role("leader")
    for here in PAGES:
        assert client.get(here).status_code == 200
    assert asked == {}


@pytest.mark.usefixtures("home")
def test_a_manager_waits_for_no_pack_up_to_so_many_teams(
    as_role: Callable[[str], Client], users: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, put = as_role("manager"), []
    key = answers._key  # noqa: SLF001 - other tests of this home may have asked for the pack: theirs is not found
    monkeypatch.setattr(answers, "_key", lambda question, parameters: f"own-{key(question, parameters)}")
    monkeypatch.setattr(asking, "_MAIN", [])
    monkeypatch.setattr(asking, "_OPEN", [warmed._of_managers])  # noqa: SLF001 - what is registered is what is tried
    monkeypatch.setattr(tasks, "enqueue", lambda *_given, **asked: put.append(asked["team"]))
    monkeypatch.setattr(warmed, "TEAMS", 0)
    assert asking.warm(TODAY) == 0
    assert WAITS in client.get("/reviews/pack/").content
    assert put == ["1팀"]
    monkeypatch.setattr(warmed, "TEAMS", 1)
    assert asking.warm(TODAY) == 2
    named = [asked for _, asked in warmed._of_managers(TODAY)]  # noqa: SLF001 - as above
    assert [asked.get("lang") for asked in named] == [None, users["manager"].language or "ko"]
    assert WAITS not in client.get("/reviews/pack/").content
    assert put == ["1팀"]
