"""The KPI dictionary: every KPI of the product, values as the question gives them, owners that are set."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from bokgi.analysis.win_loss import win_loss
from bokgi.apps.planning.kpis import KPIS
from bokgi.domain.period import Period
from bokgi.facts.read import facts_on
from bokgi.questions.answers import Answers
from bokgi.questions.kpis import ask_kpis
from bokgi.ui.format import percent
from tests.homes import TODAY
from tests.questions.schemas import fits

AsRole = Callable[[str], Client]


def page(client: Client) -> str:
    answer = client.get("/kpi/")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


@pytest.mark.usefixtures("home", "english")
def test_the_page_shows_every_kpi_with_the_values_of_the_question(as_role: AsRole, home: Path) -> None:
    shown = page(as_role("leader"))
    found = {row["key"]: row for row in Answers(home).ask(ask_kpis, as_of=TODAY, team=None)["kpis"]}
    assert set(found) <= {kpi.key for kpi in KPIS}
    for kpi in KPIS:
        assert f'id="{kpi.key}"' in shown
    rates = [row["value"] for row in found.values() if row["kind"] == "rate" and row["value"] is not None]
    assert rates
    for rate in rates:
        assert percent(rate) in shown


@pytest.mark.usefixtures("home")
def test_the_answer_fits_its_schema_and_the_win_rate_is_that_of_the_analysis(home: Path) -> None:
    answer = fits(Answers(home).ask(ask_kpis, as_of=TODAY, team=None), "kpis")
    found = next(row for row in answer["kpis"] if row["key"] == "win-rate")
    deals = facts_on(Answers(home).facts(), TODAY).deals
    (row,) = win_loss(deals, period=Period.parse("2026-08-26..2026-11-25")).to_pyarrow().to_pylist()
    assert (found["value"], found["low"], found["n"]) == (row["win_rate"], row["win_rate_low"], row["n"])
    assert found["period"] == {"start": "2026-08-26", "end": "2026-11-25"}


@pytest.mark.usefixtures("own_home", "english")
def test_an_owner_is_set_by_who_leads_and_shown_to_everybody(as_role: AsRole) -> None:
    given = {"owner": "Sales operations", "cadence": "weekly"}
    assert as_role("rep").post("/kpi/win-rate/care/", given).status_code == 403
    assert as_role("leader").post("/kpi/win-rate/care/", given).status_code == 302
    shown = page(as_role("rep"))
    assert "owner Sales operations" in shown
    assert "every week" in shown
    assert as_role("leader").post("/kpi/mood/care/", given).status_code == 404
    assert as_role("leader").post("/kpi/win-rate/care/", {**given, "cadence": "never"}).status_code == 400
