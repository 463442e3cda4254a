"""A manager who coaches a rep, and a leader above them."""

from __future__ import annotations

import pytest

from bokgi.apps.access.models import User
from bokgi.apps.coaching import services
from bokgi.apps.coaching.models import OneOnOne, Pair
from tests.homes import TODAY


@pytest.fixture
def pair(home: object, users: dict[str, User]) -> Pair:
    """Let the manager (kim) coach the rep (lee)."""
    del home
    return services.pair_begin(coach=users["manager"], member=users["rep"], on=TODAY)


@pytest.fixture
def talk(pair: Pair) -> OneOnOne:
    """Give a 1:1 of the two today."""
    return services.one_on_one_plan(pair=pair, on=TODAY, by=pair.coach, today=TODAY)
