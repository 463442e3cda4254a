"""The worker asks beforehand what the main pages ask, word for word: their first viewer waits for no figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bokgi.apps.access import asking
from bokgi.apps.access.models import User
from bokgi.apps.evaluation.default_criteria import default_criteria
from bokgi.apps.evaluation.models import Round
from bokgi.apps.evaluation.selectors import questions_open
from bokgi.apps.evaluation.services import rounds
from bokgi.apps.reviews import tasks
from bokgi.project import warmed
from bokgi.questions import answers
from bokgi.questions.roster import ask_roster
from tests.homes import TODAY

PAGES = (
    "/today/",
    "/funnel/",
    "/funnel/change/",
    "/funnel/win-loss/",
    "/deals/",
    "/forecast/",
    "/people/",
    "/kpi/",
    "/data/quality/",
)
WAITS = b'hx-trigger="load delay'


@pytest.mark.usefixtures("home")
def test_a_main_page_asks_nothing_that_was_not_asked(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = named([])
    assert unknown_of(as_role("leader"), PAGES, known, monkeypatch) == {}


@pytest.mark.usefixtures("home")
def test_a_main_page_waits_for_nothing_to_know_what_may_be_shown(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = ("/today/", "/funnel/", "/funnel/change/", "/forecast/", "/kpi/")
    assert unknown_of(as_role("viewer"), pages, named([]), monkeypatch) == {}


@pytest.mark.usefixtures("home")
def test_the_change_of_a_team_that_one_does_not_lead_asks_nothing_that_was_not_asked(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = named(warmed._of_teams(TODAY))  # noqa: SLF001 - what is registered is what is tried
    assert unknown_of(as_role("viewer"), ["/funnel/change/?team=1팀"], known, monkeypatch) == {}


def unknown_of(
    client: Client, pages: Iterable[str], known: set[str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[str]]:
    """Open pages, and give what each asks that is not known by its key."""
    asked: dict[str, list[str]] = {}
    here = ""

    def place(folder: Path, question: answers.Question, parameters: dict[str, object]) -> Path:
        key = answers._key(question, parameters)  # noqa: SLF001 - under which key it is kept
        if key not in known:
            asked.setdefault(here, []).append(f"{question.__qualname__} {parameters}")
        return folder / "answers" / f"{key}.json"

    monkeypatch.setattr(answers, "_place", place)
    for here in pages:
        assert client.get(here).status_code == 200
    return asked


def named(questions: Iterable[tuple[answers.Question, dict[str, Any]]]) -> set[str]:
    """Give the keys under which questions are kept; the main ones of the day among them."""
    main = [(one, {k: v(TODAY) if callable(v) else v for k, v in given.items()}) for one, given in asking._MAIN]  # noqa: SLF001 - what is registered is what is tried
    return {answers._key(one, {"as_of": TODAY} | given) for one, given in [*main, *questions]}  # noqa: SLF001 - as above


@pytest.mark.usefixtures("home")
def test_the_page_of_each_person_asks_nothing_that_was_not_asked(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = asking.answers().ask(ask_roster, as_of=TODAY)["people"]
    pages = [f"/people/{row['person_id']}/" for row in people]
    assert len(pages) > 1
    known = named(warmed._of_people(TODAY))  # noqa: SLF001 - as above
    assert unknown_of(as_role("leader"), pages, known, monkeypatch) == {}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("closed", [False, True])
def test_a_form_of_a_round_asks_nothing_that_was_not_asked(
    as_role: Callable[[str], Client], users: dict[str, User], monkeypatch: pytest.MonkeyPatch, *, closed: bool
) -> None:
    start, end = TODAY - timedelta(days=120), TODAY - timedelta(days=20)
    made = rounds.round_create(
        name="Q3",
        start_on=start,
        end_on=end,
        participants=[rounds.Participant("lee", "AE", users["manager"])],
        criteria={"AE": default_criteria("AE")},
        by=users["leader"],
    )
    rounds.criteria_publish(version=made.versions.get(), by=users["leader"])
    if closed:
        Round.objects.update(closed_at=datetime(2026, 11, 20, tzinfo=UTC))
    known = named(questions_open(TODAY))
    pages = [f"/evaluation/forms/{form.pk}/" for form in made.evaluations.all()]
    assert pages
    assert unknown_of(as_role("manager"), pages, known, monkeypatch) == {}


@pytest.mark.usefixtures("home")
def test_a_manager_waits_for_no_pack_up_to_so_many_teams(
    as_role: Callable[[str], Client], users: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, put = as_role("manager"), []
    key, own = answers._key, uuid4().hex  # noqa: SLF001 - who asked for the pack before, here or in another run, kept it
    monkeypatch.setattr(answers, "_key", lambda question, parameters: f"{own}-{key(question, parameters)}")
    monkeypatch.setattr(asking, "_MAIN", [])
    monkeypatch.setattr(asking, "_OPEN", [warmed._of_managers])  # noqa: SLF001 - what is registered is what is tried
    monkeypatch.setattr(tasks, "enqueue", lambda *_given, **asked: put.append(asked["team"]))
    monkeypatch.setattr(warmed, "TEAMS", 0)
    assert asking.warm(TODAY) == 0
    assert WAITS in client.get("/reviews/pack/").content
    assert put == ["1팀"]
    monkeypatch.setattr(warmed, "TEAMS", 1)
    assert asking.warm(TODAY) == 2
    packs = [asked for _, asked in warmed._of_managers(TODAY)]  # noqa: SLF001 - as above
    assert [asked.get("lang") for asked in packs] == [None, users["manager"].language or "ko"]
    assert WAITS not in client.get("/reviews/pack/").content
    assert put == ["1팀"]
