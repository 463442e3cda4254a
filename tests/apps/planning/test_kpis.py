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
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.answers import Answers
from bokgi.questions.kpis import NOT_OF, ask_kpis
from bokgi.ui.format import percent
from tests.cast import CAST
from tests.homes import SELLERS, TODAY, add, pipeline_of
from tests.questions.schemas import fits

AsRole = Callable[[str], Client]


def page(client: Client, address: str = "/kpi/") -> str:
    answer = client.get(address)
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


def figure_of(shown: str, key: str) -> str:
    """Give what stands in the place of a KPI's value."""
    return shown.split(f'id="value-{key}"')[1].split("</section>", maxsplit=1)[0]


@pytest.mark.usefixtures("own_home", "english")
def test_the_kpis_of_a_person_and_a_pipeline_are_those_of_the_question(as_role: AsRole, own_home: Path) -> None:
    add(own_home, pipeline_of([*SELLERS, "han"]))
    leader, answers = as_role("leader"), Answers(own_home)
    for query, scope, kind in (
        ("?person=lee", {"person": "lee"}, "person"),
        ("?pipeline=default", {"pipeline": "default"}, "pipeline"),
        ("?team=1팀&pipeline=default", {"team": "1팀", "pipeline": "default"}, "pipeline"),
    ):
        found = {row["key"]: row for row in fits(answers.ask(ask_kpis, as_of=TODAY, **scope), "kpis")["kpis"]}
        shown = page(leader, f"/kpi/{query}")
        for key, row in found.items():
            told = figure_of(shown, key)
            if key in NOT_OF[kind]:
                assert f"not told of one {kind}" in told, (query, key)
            elif row["kind"] == "rate" and row["value"] is not None:
                assert percent(row["value"]) in told, (query, key)
        assert f"not told of one {kind}" in figure_of(shown, "star-dependency")
        assert ('id="trends"' in shown) == (query == "?person=lee"), query
    assert 'id="trends"' in page(leader)
    assert 'id="trends"' not in page(leader, "/kpi/?team=1팀&person=lee")


@pytest.mark.usefixtures("own_home", "english")
def test_who_may_not_see_the_share_of_the_top_person_reads_why(as_role: AsRole) -> None:
    told = "the result of one person: sales leaders see it"
    shown = {role: told in figure_of(page(as_role(role)), "star-dependency") for role in ("leader", "manager", "rep")}
    assert shown == {"leader": False, "manager": True, "rep": True}


@pytest.mark.usefixtures("home", "english")
def test_the_kpis_of_a_person_are_for_who_may_see_that_person(as_role: AsRole) -> None:
    for role, person, status in (
        ("rep", "lee", 200),
        ("rep", "park", 404),
        ("viewer", "lee", 404),
        ("manager", "park", 200),
    ):
        assert as_role(role).get(f"/kpi/?person={person}").status_code == status, (role, person)


def test_of_a_person_counts_what_closed_in_own_hands(facts_of: Callable[..., Facts]) -> None:
    deals = "deal_id | owner_id | stage | outcome | amount | created_on | closed_on | known_at_creation"
    rows = [f"d{n} | park | won | won | 1000 | 2026-09-01 | 2026-10-{n + 1:02d} | ,amount," for n in range(12)]
    changes = "deal_id | field | old | new | changed_on\n" + "\n".join(
        f"d{n} | owner_id | lee | park | 2026-10-20" for n in range(12)
    )
    facts = facts_of(deals="\n".join([deals, *rows]), deal_changes=changes)
    told = {who: ask_kpis(facts, as_of=TODAY, person=who)["kpis"] for who in ("lee", "park")}
    n = {who: next(row["n"] for row in rows if row["key"] == "win-rate") for who, rows in told.items()}
    assert n == {"lee": 12, "park": 0}


def test_a_deal_that_was_due_counts_for_who_had_it_when_the_quarter_began(facts_of: Callable[..., Facts]) -> None:
    """Handed on and won by somebody else it is won, not gone."""
    deals = ["deal_id | owner_id | stage | outcome | created_on | closed_on | expected_close_on | amount"]
    deals[0] += " | known_at_creation"
    changes = ["deal_id | field | old | new | changed_on | seq"]
    for n in range(12):
        closed = f"2026-08-{n + 1:02d} | 2026-08-20"
        deals.append(f"d{n} | park | won | won | 2026-05-04 | {closed} | 1000 | ,amount,expected_close_on,")
        changes += [f"d{n} | owner_id | | lee | 2026-05-04 | 1", f"d{n} | owner_id | lee | park | 2026-07-20 | 2"]
    facts = facts_of(deals="\n".join(deals), deal_changes="\n".join(changes))
    for who, expected in (("lee", [(1.0, 12), (0.0, 12)]), ("park", [(None, 0), (None, 0)])):
        told = {row["key"]: row for row in ask_kpis(facts, as_of=TODAY, person=who)["kpis"]}
        assert [(told[key]["value"], told[key]["n"]) for key in ("pipeline-conversion", "slippage")] == expected


def test_the_target_of_somebody_in_two_teams_is_not_held_against_one_of_them(facts_of: Callable[..., Facts]) -> None:
    deals = "deal_id | owner_id | stage | outcome | amount | created_on | closed_on\n"
    deals += "d | lee | won | won | 100 | 2026-09-01 | 2026-11-20"
    targets = "subject_kind | subject_id | period_start | period_end | amount\n"
    targets += "person | lee | 2026-10-01 | 2027-01-01 | 400"
    one = CAST["memberships"].rstrip()
    both = f"{one}\n lee | 2팀 | AE | | 0.5 | 2026-10-01 | | 2026-10-01"

    def attained(memberships: str, team: str | None) -> tuple[float | None, str | None]:
        facts = facts_of(**{**CAST, "memberships": memberships}, deals=deals, targets=targets)
        found = fits(ask_kpis(facts, as_of=TODAY, team=team, person="lee"), "kpis")["kpis"]
        return next((row["value"], row["reason"]) for row in found if row["key"] == "attainment")

    assert attained(one, "1팀") == attained(both, None) == (0.25, None)
    assert attained(both, "1팀") == (None, "target_of_teams")


@pytest.mark.usefixtures("home", "english")
def test_velocity_from_which_what_was_won_in_13_weeks_follows_is_not_for_who_sees_sums_only(as_role: AsRole) -> None:
    for role, query, hides in (
        ("leader", "", False),
        ("manager", "?team=1팀", False),
        ("rep", "?person=lee", False),
        ("rep", "", True),
        ("viewer", "", True),
    ):
        told = figure_of(page(as_role(role), f"/kpi/{query}"), "velocity")
        assert ("what was won is told by month only" in told) is hides, (role, query)
