"""The nightly upkeep of the facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from bokgi.apps.data import tasks
from bokgi.apps.data.tasks import keep_up_facts
from bokgi.domain.errors import SetupError
from bokgi.facts.lake import Lake
from bokgi.intake.upkeep import keep_up
from bokgi.project import environment
from tests.facts.lakes import imported, moment

pytestmark = pytest.mark.django_db


def test_each_night_what_is_older_than_was_set_goes(home: Path, settings: Settings) -> None:
    imported(Lake.open(home, create=True), "2026-01-05", at="2026-01-05", deals="deal_id\nd1")
    kept = home / "sources" / "1"
    kept.mkdir(parents=True)
    settings.KEEP_DAYS = 30
    for days, stays in ((29, True), (31, False)):
        with time_machine.travel(moment("2026-01-05") + timedelta(days=days), tick=False):
            keep_up_facts.call()
        assert kept.exists() == stays


def test_a_night_in_which_somebody_imports_is_left_out(
    home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "keep_up", partial(keep_up, wait=0.0))
    lake = Lake.open(home, create=True)
    imported(lake, "2026-01-05", at="2026-01-05", deals="deal_id\nd1")
    kept = home / "sources" / "1"
    kept.mkdir(parents=True)
    settings.KEEP_DAYS = 30
    with lake.begin(), time_machine.travel(datetime(2036, 1, 1, tzinfo=UTC), tick=False):
        keep_up_facts.call()
    assert kept.exists()


def test_without_facts_there_is_nothing_to_keep_up(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path
    keep_up_facts.call()
    assert list(tmp_path.iterdir()) == []


def test_days_that_are_none_are_refused_where_the_server_starts() -> None:
    for given in ("0", "soon", "-3"):
        with pytest.raises(SetupError) as caught:
            environment.keep_days(given)
        assert caught.value.code == "setting_unreadable"


def test_every_variable_of_the_environment_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")] == list(environment.VARIABLES)
