"""Whoever waits for figures is told when nobody works on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from bokgi.apps.jobs.models import Schedule

WAITS = {
    "/forecast/": "bokgi.apps.forecast.views",
    "/kpi/": "bokgi.apps.planning.kpi_views",
    "/today/?person=lee": "bokgi.apps.pipeline.selectors",
}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", WAITS)
def test_a_page_that_waits_says_that_no_worker_runs(
    page: str, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{WAITS[page]}.ask_later", lambda *_, **__: None)
    leader = as_role("leader")
    warm = Schedule.objects.create(name="warm", next_at=timezone.now() + timedelta(minutes=1))
    assert "백그라운드 작업이 멈춰 있습니다." not in leader.get(page).content.decode()
    warm.next_at = timezone.now() - timedelta(minutes=5)
    warm.save()
    told = leader.get(page).content.decode()
    assert "백그라운드 작업이 멈춰 있습니다." in told
    assert "bokgi worker" in told
