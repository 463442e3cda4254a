"""What the pages of the funnel are narrowed to: a team, a pipeline; and what leads from a figure to its deals."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from bokgi.apps.pipeline import deal_list
from bokgi.cli.program import run
from bokgi.questions.answers import Answers
from bokgi.questions.funnel import ask_funnel
from bokgi.questions.pipeline import tell_pipeline_change
from tests.homes import PEOPLE, SELLERS, TODAY, pipeline_of

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")
PAGES = ("/funnel/", "/funnel/compare/", "/funnel/change/", "/funnel/win-loss/", "/deals/")
TEAM = quote("1팀")


@pytest.fixture(scope="module")
def written_with_renewals(home_of: Callable[..., Path]) -> Path:
    """Add a second pipeline in which everybody sells."""
    return home_of(pipeline_of([*SELLERS, "han"]))


@pytest.fixture
def renewals(written_with_renewals: Path, home: Path, settings: Settings) -> Path:
    """Let pages read facts with two pipelines."""
    del home
    settings.HOME = written_with_renewals
    return written_with_renewals


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return unescape(answer.content.decode())


def rows(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"{address}&export=csv").content.decode("utf-8-sig"))))


@pytest.mark.parametrize("asked", ["", f"&team={TEAM}&weeks=13", f"&as_of={TODAY - timedelta(days=7)}&team={TEAM}"])
def test_every_number_of_a_change_opens_as_many_deals(as_role: AsRole, asked: str) -> None:
    client = as_role("leader")
    shown = page(client, f"/funnel/change/?weeks=4{asked}")
    links = re.findall(r'href="(/deals/[?][^"]+)"[^>]*>([0-9,]+)</a>', shown)
    assert len(links) > 2
    assert [address for address, number in links if len(rows(client, address)) != int(number)] == []
    # Every list below leads to all of its deals, too.
    assert shown.count("All of them") == len(re.findall(r'<section class="panel col" id="', shown)) > 1


def test_with_one_pipeline_there_is_none_to_choose(as_role: AsRole) -> None:
    for address in PAGES:
        assert "All pipelines" not in page(as_role("leader"), address)


def test_every_page_of_the_funnel_is_narrowed_to_a_pipeline_and_leads_to_the_others(
    as_role: AsRole, renewals: Path
) -> None:
    del renewals
    client = as_role("leader")
    for address in PAGES:
        assert "All pipelines" in page(client, address)
        shown = page(client, f"{address}?pipeline=renewal&team={TEAM}")
        tabs = shown.split('<nav class="tabs"')[1].split("</nav>")[0]
        assert tabs.count(f"?team={TEAM}&pipeline=renewal") == len(PAGES)
        assert "논의" in shown or "win-loss" in address, "only wins and losses tell of no stage"
        assert "협상" not in shown


def test_the_figures_of_a_pipeline_are_the_commands(as_role: AsRole, renewals: Path) -> None:
    client, answers = as_role("leader"), Answers(renewals)
    funnel = answers.ask(ask_funnel, as_of=TODAY, pipeline="renewal")["stages"]
    shown = page(client, "/funnel/?pipeline=renewal")
    (stage,) = funnel
    assert f">{stage['counts']['entered']}</a>" in shown
    assert (stage["conversion"], stage["reason"]) == (None, "too_few")
    assert "too few" in shown
    change = answers.ask(
        tell_pipeline_change, as_of=TODAY, start=TODAY - timedelta(days=6), team=None, pipeline="renewal"
    )
    shown = page(client, "/funnel/change/?pipeline=renewal")
    links = re.findall(r'href="(/deals/[?][^"]+)"[^>]*>([0-9,]+)</a>', shown)
    counts = [change["start"]["count"], *(part["deals"] for part in change["parts"]), change["end"]["count"]]
    assert [int(number) for _address, number in links] == [count for count in counts if count]
    for address, number in links:
        found = rows(client, address)
        assert len(found) == int(number)
        assert {row["Pipeline"] for row in found} == {"renewal"}


def test_a_person_has_the_funnel_and_the_change_of_own_deals(
    as_role: AsRole, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client, day = as_role("leader"), TODAY - timedelta(days=18)
    answer = Answers(home).ask(ask_funnel, as_of=TODAY, mode="snapshot", person="park")
    split = Answers(home).ask(ask_funnel, as_of=TODAY, mode="snapshot", by=("person",))
    theirs = [stage["counts"] for stage in split["stages"] if stage["groups"]["person"] == PEOPLE["park"]]
    assert [stage["counts"] for stage in answer["stages"]] == theirs != []
    for address in ("/funnel/?mode=snapshot&person=park", f"/funnel/change/?weeks=13&as_of={day}&person=park"):
        links = re.findall(r'href="(/deals/[?][^"]+)"[^>]*>([0-9,]+)</a>', page(client, address))
        assert len(links) > 2
        for link, number in links:
            found = rows(client, link)
            assert len(found) == int(number)
            assert {row["Owner"] for row in found} == {PEOPLE["park"]}
    shown = page(client, "/funnel/?person=park")
    assert shown.split('<nav class="tabs"')[1].split("</nav>")[0].count("?person=park") == len(PAGES)
    capsys.readouterr()
    words = [
        "pipeline",
        "--person",
        PEOPLE["park"],
        "--as-of",
        TODAY.isoformat(),
        "--home",
        str(home),
        "--format",
        "json",
    ]
    assert run(words) == 0
    assert json.loads(capsys.readouterr().out)["person"] == "park"


@pytest.mark.parametrize(("role", "seen"), [("rep", {"lee"}), ("manager", {"lee", "park", "choi"}), ("viewer", set())])
def test_a_person_is_looked_at_by_whom_may_see_that_person(as_role: AsRole, role: str, seen: set[str]) -> None:
    client = as_role(role)
    for address in ("/funnel/", "/funnel/change/", "/funnel/compare/"):
        opened = {who for who in PEOPLE if client.get(f"{address}?person={who}").status_code == 200}
        assert opened & {*SELLERS} == seen
        menu = set(re.findall(r"[?&]person=(\w+)", page(client, address))) & {*SELLERS}
        assert menu == seen


def test_the_command_line_is_narrowed_to_a_pipeline_like_a_page(
    renewals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        options = ["--as-of", TODAY.isoformat(), "--home", str(renewals), "--format", "json", "--lang", "en"]
        assert run([*words, "--pipeline", "renewal", *options]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    assert {stage["pipeline"] for stage in told("funnel")["stages"]} == {"renewal"}
    compared = told("funnel", "--compare", "2026-01-01..2026-03-31")
    assert {stage["pipeline"] for stage in compared["stages"]} == {"renewal"}
    parts = {part["code"]: part["deals"] for part in told("pipeline")["parts"]}
    opened = told("deals", "--figure", "change.won", "--within", "2026-11-18..2026-11-25", "--outcome", "all")
    assert opened["total"]["count"] == parts["won"] == len(SELLERS) + 1


def test_a_pipeline_that_is_not_there_is_refused(as_role: AsRole, renewals: Path) -> None:
    del renewals
    assert as_role("leader").get("/funnel/?pipeline=nonsense").status_code == 404


def test_a_page_that_cannot_be_narrowed_says_that_it_shows_all(as_role: AsRole, renewals: Path) -> None:
    del renewals
    assert "All pipelines" in page(as_role("leader"), "/forecast/submissions/?pipeline=renewal")
    assert "All pipelines" not in page(as_role("leader"), "/forecast/submissions/")


@pytest.mark.parametrize(
    ("role", "all_won"), [("rep", False), ("rep", True), ("viewer", False), ("viewer", True), ("manager", False)]
)
def test_sums_of_a_pipeline_in_which_few_sell_are_shown_to_nobody_but_who_sees_them(
    as_role: AsRole, reading: Callable[..., Path], role: str, *, all_won: bool
) -> None:
    # Also where all of it is won by now: the change begins on an earlier day.
    reading(pipeline_of(["seo"], all_won=all_won))
    shown, hidden = (as_role(one) for one in ("leader", role))
    assert shown.get("/funnel/change/?pipeline=renewal").status_code == 200
    for address in ("/funnel/", "/funnel/change/", "/funnel/compare/"):
        # Nor those of the other one: they are the whole less the few.
        for pipeline in ("renewal", "default"):
            assert hidden.get(f"{address}?pipeline={pipeline}").status_code == 404
        assert "All pipelines" not in page(hidden, address)
    # A stage belongs to one pipeline: its sums are the pipeline's.
    for address in ("/funnel/", "/funnel/?mode=period_flow", "/funnel/compare/", "/kpi/", "/today/"):
        assert "논의" not in page(hidden, address)
    assert ">논의" in page(shown, "/funnel/")
    for address in ("/funnel/", "/funnel/compare/"):
        assert "Sums over fewer than three people are not shown" in page(hidden, address)
        assert "Sums over fewer than three people are not shown" not in page(hidden, "/funnel/change/")


def test_each_filter_is_named_and_can_be_taken_away(as_role: AsRole) -> None:
    client = as_role("leader")
    shown = page(client, "/deals/?where=source:web&where=type:&stage=proposal&outcome=all")
    chips = dict(re.findall(r'<a class="chip" href="([^"]+)" aria-label="Take away: ([^"]+)"', shown))
    without = {words: address for address, words in chips.items()}
    assert set(without) == {"Lead source web", "Deal type Not known", "Stage 제안"}
    assert re.findall("where=[^&]+", without["Lead source web"]) == ["where=type%3A"]
    assert without["Stage 제안"].count("where=") == 2
    assert shown.count("where=source%3Aweb&where=type%3A") > 2


@pytest.mark.parametrize("address", PAGES)
def test_everybody_is_no_team(as_role: AsRole, address: str) -> None:
    assert as_role("leader").get(f"{address}?team=*").status_code == 404


def test_a_list_of_deals_leads_to_no_sums_that_are_not_shown(as_role: AsRole, reading: Callable[..., Path]) -> None:
    reading(pipeline_of(["seo", "lee"]))
    client = as_role("rep")
    for asked in ("pipeline=renewal", "person=park", "pipeline=renewal&person=lee"):
        shown = page(client, f"/deals/?{asked}")
        tabs = re.findall(r'href="([^"]+)"', shown.split('<nav class="tabs"')[1].split("</nav>")[0])
        assert [client.get(tab).status_code for tab in tabs] == [200] * len(PAGES)
        assert tabs[-1] == f"/deals/?{asked}"


def test_another_pipeline_takes_the_stage_and_its_count_away(as_role: AsRole, renewals: Path) -> None:
    del renewals
    client, at = as_role("leader"), "pipeline=default&stage=proposal"
    for counted in ("figure=period_flow.at_start&within=2026-11-02..2026-11-09", "entered=2026-11-02..2026-11-09"):
        shown = page(client, f"/deals/?{at}&{counted}&outcome=all")
        links = {link for link in re.findall(r'href="([^"]+)"', shown) if link.startswith("/deals/?outcome=all")}
        others = {link for link in re.findall(r'href="(/deals/[?][^"]+)"', shown) if "stage=proposal" not in link}
        assert any("pipeline=renewal" in link for link in others), links
        for link in others:
            page(client, link)
            assert "figure=period" not in link
            assert "entered=" not in link


def test_a_list_that_holds_fewer_deals_than_its_figure_says_so(as_role: AsRole) -> None:
    said = "Deals of others that you may not see are not listed here"
    change = next(
        link
        for link in re.findall(r'href="(/deals/[?][^"]+)"', page(as_role("rep"), "/funnel/change/?weeks=13&person=lee"))
        if "figure=change" in link
    )
    for role, address, shown in (
        ("rep", "/deals/", True),
        ("rep", "/deals/?person=lee", False),
        ("rep", change, True),
        ("manager", f"/deals/?team={TEAM}", False),
        ("manager", "/deals/", True),
        ("leader", "/deals/", False),
        ("leader", change, False),
    ):
        assert (said in page(as_role(role), address)) is shown, (role, address)


def test_a_file_holds_all_of_a_list_whatever_page_is_open_or_is_refused(
    as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_role("leader")
    whole = rows(client, "/deals/?outcome=all")
    assert len(whole) > 2
    assert rows(client, "/deals/?outcome=all&page=2") == whole
    monkeypatch.setattr(deal_list, "MOST", len(whole) - 1)
    answer = client.get("/deals/?outcome=all&export=csv")
    assert answer.status_code == 400
    assert f"These are {len(whole)} deals; a file holds {len(whole) - 1}." in answer.content.decode()
