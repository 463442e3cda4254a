"""Tasks of the tests, of which nothing is done yet."""

from __future__ import annotations

import pytest

from tests.apps.jobs import tasks


@pytest.fixture
def queue(queue: None) -> None:
    """Keep tasks in the database until `work`, and forget which were done before."""
    del queue
    tasks.DONE.clear()
