"""Every figure of a page equals what the command answers as JSON to the same question: one walk over the pages.

What is compared is what a person reads: each cell of each table, each key figure, each sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from django.test import Client
from pytest_django import Settings

from bokgi.apps.access.models import User
from bokgi.apps.evaluation.default_criteria import default_criteria
from bokgi.apps.evaluation.services import rounds
from bokgi.cli.program import run
from bokgi.questions.answers import Answers
from bokgi.questions.fair_result import fair_results
from tests.homes import SELLERS, TODAY
from tests.project.figures import of_people, of_the_forecast, of_the_funnel
from tests.project.figures.reading import Expected, Read, missing_of, plain
from tests.project.figures.turned import OF_A_PAGE, unexplained
from tests.project.figures.writing import QUARTER, SAY, Json, interval, texts

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def fuller_home(home_of: Callable[..., Path]) -> Path:
    """Add to the facts of `tests.homes` what they lack: a year of older deals, gaps, categories, a target."""
    deals = ["deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | closed_on | source"]
    events = ["deal_id | stage | entered_on | seq"]
    for number in range(40):
        person, outcome = SELLERS[number % 5], ("won", "lost")[number % 2]
        created = TODAY - timedelta(days=420 - 6 * number)
        closed = created + timedelta(days=30 + number % 7)
        deals.append(
            f"old-{number} | {person} | {outcome} | {outcome} | {40_000_000 + 1_000_000 * number} | {created} "
            f"| {closed} | {closed} | web"
        )
        events.append(f"old-{number} | prospecting | {created} | 1")
        events.append(f"old-{number} | proposal | {created + timedelta(days=9)} | 2")
    due = TODAY + timedelta(days=20)
    for number, (amount, close) in enumerate((("", due), ("", due), ("90000000", ""))):
        created = TODAY - timedelta(days=40)
        deals.append(f"gap-{number} | lee | proposal | open | {amount} | {created} | {close} | | web")
        events.append(f"gap-{number} | proposal | {created} | 1")
    categories = ["deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | forecast_category"]
    categories += [
        f"sure-{number} | park | negotiation | open | {55_000_000 + number} | {TODAY - timedelta(days=30)} | {due} "
        f"| {category}"
        for number, category in enumerate(("commit", "commit", "best_case", "pipeline"))
    ]
    targets = (
        "metric | subject_kind | subject_id | period_start | period_end | lead_source | amount | currency\n"
        f"won_amount | organisation | all | {QUARTER.start} | {QUARTER.end} | all | 3000000000 | KRW"
    )
    return home_of(
        {"deals": "\n".join(deals), "stage_events": "\n".join(events), "targets": targets},
        {"deals": "\n".join(categories)},
    )


DAYS: Final = ("2026-08-26", "2026-11-24", "2026-05-27", "2026-08-25")
WALK: Final[tuple[tuple[str, list[str], Callable[[Json], Expected]], ...]] = (
    ("/today/", ["forecast"], of_the_forecast.today),
    ("/today/", ["bottlenecks"], of_the_funnel.no_bottleneck),
    ("/today/", ["changes"], of_the_forecast.sentences),
    ("/today/", ["deals", "--attention", "any", "--sort", "attention"], of_the_forecast.to_see_to),
    ("/deals/", ["deals"], of_the_funnel.deals),
    ("/deals/?outcome=won", ["deals", "--outcome", "won"], of_the_funnel.deals),
    ("/deals/sure-1/", ["deal", "sure-1"], of_the_funnel.deal),
    ("/forecast/", ["forecast"], of_the_forecast.forecast),
    ("/forecast/?person=park", ["forecast", "--person", "park"], of_the_forecast.narrowed),
    ("/forecast/backtest/", ["backtest"], of_the_forecast.sentences),
    ("/forecast/backtest/?person=park", ["backtest", "--person", "park"], of_the_forecast.sentences),
    ("/funnel/", ["funnel"], of_the_funnel.stage_entry_cohort),
    ("/funnel/?mode=created_cohort", ["funnel", "--mode", "created_cohort"], of_the_funnel.created_cohort),
    ("/funnel/?mode=period_flow", ["funnel", "--mode", "period_flow"], of_the_funnel.period_flow),
    ("/funnel/?mode=snapshot", ["funnel", "--mode", "snapshot"], of_the_funnel.snapshot),
    (
        "/funnel/?mode=snapshot&person=park",
        ["funnel", "--mode", "snapshot", "--person", "park"],
        of_the_funnel.snapshot,
    ),
    ("/funnel/", ["funnel", "--by", "person"], of_the_funnel.heat_map),
    (
        f"/funnel/compare/?from={DAYS[0]}&to={DAYS[1]}&past_from={DAYS[2]}&past_to={DAYS[3]}",
        ["funnel", "--from", DAYS[0], "--to", DAYS[1], "--compare", f"{DAYS[2]}..{DAYS[3]}"],
        of_the_funnel.compared,
    ),
    ("/funnel/change/", ["pipeline"], of_the_funnel.change),
    ("/funnel/win-loss/", ["win-loss"], of_the_funnel.win_loss),
    ("/data/quality/", ["data", "quality"], of_people.quality),
    ("/kpi/", ["kpis"], of_people.kpis),
    ("/people/", ["compare"], of_people.people),
    ("/people/park/", ["person", "park"], of_people.person),
    ("/coaching/causes/park/", ["causes", "park"], of_people.causes),
    ("/reviews/pack/", ["review", "--week", "2026-W47"], of_the_forecast.pack),
)
"""Each page, the words of the command that answers the same question, and what of the answer the page must say."""


@pytest.fixture(scope="module")
def stopping_home(home_of: Callable[..., Path]) -> Path:
    """Add a year in which the deals of the second team stop in one stage, and those of the first do not."""
    deals = ["deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | closed_on | source"]
    events = ["deal_id | stage | entered_on | seq"]
    for number in range(320):
        person = ("park", "seo")[number % 2]
        created = TODAY - timedelta(days=360 - number)
        moved = number % 10 < (8 if person == "park" else 3)
        outcome = "won" if moved and number % 7 else "lost"
        closed = created + timedelta(days=30)
        amount = 60_000_000 + 100_000 * number
        deals.append(
            f"year-{number} | {person} | {outcome} | {outcome} | {amount} | {created} | {closed} | {closed} | web"
        )
        path = ("prospecting", "proposal", "negotiation")[: 3 if moved else 2]
        events += [
            f"year-{number} | {stage} | {created + timedelta(days=9 * step)} | {step + 1}"
            for step, stage in enumerate(path)
        ]
    return home_of({"deals": "\n".join(deals), "stage_events": "\n".join(events)})


@pytest.mark.usefixtures("english")
def test_what_a_bottleneck_costs_is_the_commands(
    stopping_home: Path,
    as_role: AsRole,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.HOME = stopping_home
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    expected = of_the_funnel.bottleneck(_asked(capsys, stopping_home, ["bottlenecks"]))
    for page in ("/funnel/", "/today/"):
        assert missing_of(_read(as_role("leader"), page), expected[page]) == []


@pytest.mark.usefixtures("english")
def test_every_figure_of_a_page_is_the_commands(
    fuller_home: Path,
    as_role: AsRole,
    users: dict[str, User],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.HOME = fuller_home
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    client = as_role("leader")
    wrong: dict[tuple[str, ...], list[object]] = {}
    for page, words, expected in WALK:
        wrong[page, *words] = missing_of(_read(client, page), expected(_asked(capsys, fuller_home, words)))
    form, found = _evaluation(users["leader"], fuller_home)
    wrong[(form,)] = missing_of(_read(client, form), found)
    assert {page: missing for page, missing in wrong.items() if missing} == {}


def _asked(capsys: pytest.CaptureFixture[str], home: Path, words: Sequence[str]) -> Json:
    capsys.readouterr()
    options = ["--as-of", TODAY.isoformat(), "--home", str(home), "--format", "json", "--lang", "en"]
    assert run([*words, *options]) == 0
    found: Json = json.loads(capsys.readouterr().out)
    return found


def _read(client: Client, page: str) -> Read:
    answer = client.get(page)
    assert answer.status_code == 200, page
    found = Read()
    found.feed(answer.content.decode())
    found.words = plain(found.words)
    return found


def _evaluation(leader: User, home: Path) -> tuple[str, Expected]:
    """Make a round with one person: the form shows the fair result, which no command but a question answers."""
    start, end = QUARTER.before().start, QUARTER.before().end
    found = rounds.round_create(
        name="Q3",
        start_on=start,
        end_on=end,
        participants=[rounds.Participant("lee", "AE", None)],
        criteria={"AE": default_criteria("AE")},
        by=leader,
    )
    answer = Answers(home).ask(fair_results, as_of=end - timedelta(days=1), start=start, end=end)
    row = next(one for one in answer["people"] if one["person_id"] == "lee")
    rate, percent = row["win_rate"], SAY.percent
    ratio = rate["ratio"]
    cells = [
        "Win rate",
        str(rate["n"]),
        percent(rate["raw"]),
        percent(rate["expected"]),
        f"{percent(ratio['estimate'])} {interval(percent(ratio['low']), percent(ratio['high']))}",
    ]
    page = f"/evaluation/forms/{found.evaluations.get().pk}/"
    return page, Expected(rows={"Beside what was to be expected": [list(cells)]}, words=texts(row["said"]))


ALSO: Final[dict[str, tuple[list[str], ...]]] = {
    "/funnel/": (["funnel", "--from", "2026-05-27", "--to", "2026-11-24", "--compare", "2025-11-26..2026-05-26"],),
    "/funnel/?mode=created_cohort": (["funnel", "--by", "person"],),
    "/funnel/?mode=period_flow": (["funnel", "--by", "person", "--mode", "period_flow"],),
    "/funnel/?mode=snapshot": (["funnel", "--by", "person", "--mode", "period_flow"],),
    "/kpi/": (["trends"], ["funnel"], ["concentration"]),
    "/people/": tuple(["person", seller] for seller in SELLERS),
    "/people/park/": (["trends", "--person", "park"], ["funnel", "--by", "person"], ["funnel"], ["compare"]),
}
"""What else a page tells, by the commands that answer it: all its numbers are theirs."""
SUMMED: Final = {"/people/": "person"}
"""Pages that tell of an answer only what was won in its months."""


@pytest.mark.usefixtures("english")
def test_a_page_tells_no_number_that_is_not_in_an_answer(
    fuller_home: Path,
    as_role: AsRole,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.HOME = fuller_home
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    client = as_role("leader")
    asked: dict[str, list[list[str]]] = {}
    for page, words, _expected in WALK:
        asked.setdefault(page, [*ALSO.get(page, ())]).append(words)
    once = {
        words: _asked(capsys, fuller_home, words) for words in {tuple(one) for all_ in asked.values() for one in all_}
    }
    found: dict[str, dict[str, list[str]]] = {}
    used: set[str] = set()
    for page, commands in asked.items():
        told = client.get(page).content.decode()
        answers = [
            {"won": sum(month["won"] for month in once[tuple(words)]["months"])}
            if words[0] == SUMMED.get(page)
            else once[tuple(words)]
            for words in commands
        ]
        found[page] = unexplained(told, answers, used)
    assert {page: left for page, left in found.items() if left} == {}
    assert used == OF_A_PAGE.keys()


def test_a_number_that_no_answer_holds_is_found() -> None:
    page = "<main><h2>Stages</h2><p>8 deals, 41% of 19 days, worth ₩1.2B</p><svg><text>7</text></svg></main>"
    answer = {"n": 8, "share": 0.406, "days": 19.2, "amount": {"amount": "1234000000", "currency": "KRW"}}
    assert unexplained(page, [answer], set()) == {}
    assert unexplained(page, [answer | {"n": 9}], set()) == {"Stages": ["8 deals, 41% of 19 days, worth ₩1.2B"]}
