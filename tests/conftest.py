"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import organisation_create, user_create
from bokgi.facts import state
from bokgi.facts.model import Facts
from tests import cast, homes

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

USERS = {
    "admin": ("정하늘", ""),
    "leader": ("한서윤", ""),
    "manager": (homes.PEOPLE["kim"], "kim"),
    "rep": (homes.PEOPLE["lee"], "lee"),
    "viewer": ("백도윤", ""),
}
"""One user of each role: a name, and the person of the cast whose rows are the user's own."""
PASSWORD = "jade-stone-at-dawn"  # noqa: S105 - of the tests


@pytest.fixture
def facts_of() -> Callable[..., Facts]:
    """Turn small text tables into facts; see `tests.cast.facts_of`."""
    return cast.facts_of


@pytest.fixture(scope="session")
def home_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Give homes with the facts of `tests.homes` and further imports, each made once; see `tests.homes.made_once`.

    All processes of a run share them; with `BOKGI_TEST_HOMES` so do runs, as that on the other database.
    """
    own = tmp_path_factory.getbasetemp()
    place = Path(os.environ.get("BOKGI_TEST_HOMES") or (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own))
    return lambda *imports, known=(): homes.made_once(place, imports, known)


@pytest.fixture(scope="session")
def written_home(home_of: Callable[..., Path]) -> Path:
    """Write the facts of `tests.homes` once; nobody writes into this home afterwards."""
    return home_of()


@pytest.fixture
def home(written_home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let pages read the facts of `tests.homes`, on its day."""
    settings.HOME = written_home
    monkeypatch.setenv("BOKGI_TODAY", homes.TODAY.isoformat())
    # Tests look at more days of one home at once than people do: what one works with is not dropped by another.
    monkeypatch.setattr(state, "KEPT_DAYS", 40)
    return written_home


@pytest.fixture
def reading(home: Path, home_of: Callable[..., Path], settings: Settings) -> Callable[..., Path]:
    """Let pages read the facts of `tests.homes` and further imports."""
    del home

    def read(*imports: Mapping[str, str], known: Sequence[str] = ()) -> Path:
        made = home_of(*imports, known=known)
        settings.HOME = made
        return made

    return read


@pytest.fixture
def home_with_key(home: Path, tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Keep the key of private notes in a home of its own that has the facts of the tests."""
    (tmp_path / "lake").symlink_to(home / "lake")
    settings.HOME, settings.NOTES_KEY = tmp_path, ""
    yield tmp_path
    (tmp_path / "lake").unlink()


@pytest.fixture
def users(db: None) -> dict[str, User]:
    """Make the organisation and one user of each role."""
    del db
    organisation_create(name="시험 회사")
    return {
        role: user_create(email=f"{role}@team.example", name=name, role=Role(role), person_id=person, password=PASSWORD)
        for role, (name, person) in USERS.items()
    }


@pytest.fixture
def as_role(users: dict[str, User]) -> Callable[[str], Client]:
    """Give a client that is signed in as the user of a role; `as_role("")` is not signed in. It speaks English."""

    def client(role: str) -> Client:
        made = Client(headers={"accept-language": "en"})
        if role:
            made.force_login(users[role], backend=django_settings.AUTHENTICATION_BACKENDS[0])
        return made

    return client


@pytest.fixture
def english(users: dict[str, User]) -> None:
    """Let everybody who is signed in read English."""
    for user in users.values():
        user.language = "en"
        user.save()


@pytest.fixture
def window() -> Iterator[Chrome]:
    """Open a browser as wide as a desk."""
    from tests.ui.browser import browser  # noqa: PLC0415 - loads Selenium, which few tests need

    with browser() as driver:
        yield driver


@pytest.fixture
def phone() -> Iterator[Chrome]:
    """Open a browser as narrow as a hand."""
    from tests.ui.browser import WIDTHS, browser  # noqa: PLC0415 - as above

    with browser(WIDTHS[-1]) as driver:
        yield driver
