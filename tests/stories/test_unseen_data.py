"""Data of kinds nobody prepared for, through the commands: each says what it can, and why not more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bokgi.cli.program import run

DATA = Path(__file__).parents[3] / "shared" / "data"
AS_OF = "2025-12-31"
QUESTIONS = ("funnel", "bottlenecks", "compare", "concentration", "decompose")
HEAD = "Opportunity ID,Opportunity Owner,Stage,Lead Source,Amount,Created Date,Close Date\n"
Row = tuple[str, str, str]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run one command on the home of this test and give its JSON; it must answer, whatever the data are."""

    def _ask(*arguments: str) -> dict[str, Any]:
        code = run([*arguments, "--home", str(tmp_path / "home"), "--format", "json", "--lang", "en"])
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == 0, told
        return told

    return _ask


def deals(rows: list[Row]) -> str:
    """Write deals: owner, stage, source; created and closed over two years."""
    lines = []
    for n, (owner, stage, source) in enumerate(rows):
        month = 1 + n % 11
        closed = "" if stage == "Proposal" else f"2025-{month + 1:02d}-{n % 27 + 1:02d}"
        lines.append(f"D{n},{owner},{stage},{source},{1_000_000 + 1000 * n},2025-{month:02d}-03,{closed}")
    return HEAD + "\n".join(lines) + "\n"


def imported(ask: Ask, folder: Path, text: str, name: str = "opportunities.csv", *more: str) -> dict[str, Any]:
    (folder / name).write_text(text, encoding="utf-8")
    found = ask("import", str(folder / name), "--exported-at", "2026-01-01", "--currency", "KRW", *more)
    assert found["accepted"] + found["quarantined"] + found["known"] == found["read"]
    return found


def answers(ask: Ask) -> dict[str, dict[str, Any]]:
    """Ask every question; each says something, names its method, and ranks nobody unless it may."""
    told = {name: ask(name, "--as-of", AS_OF) for name in QUESTIONS}
    for name, found in told.items():
        assert found["said"], name
        assert all(sentence["text"] for sentence in found["said"]), name
        assert found["method"], name
    if not told["compare"]["heterogeneity"]["detectable"]:
        assert {person["verdict"] for person in told["compare"]["people"]} <= {"cannot_tell"}
    return told


def mixed(owner: str, won: int, lost: int, source: str = "web") -> list[Row]:
    return [(owner, "Closed Won", source)] * won + [(owner, "Closed Lost", source)] * lost


def test_all_won(ask: Ask, tmp_path: Path) -> None:
    imported(ask, tmp_path, deals(mixed("Kim", 20, 0) + mixed("Lee", 20, 0)))
    told = answers(ask)
    assert told["compare"]["reason"] == "only_won_cases"
    assert told["compare"]["people"] == []
    assert told["concentration"]["n"] == 40
    assert not any(unit["flagged"] for unit in told["bottlenecks"]["units"])


def test_all_lost(ask: Ask, tmp_path: Path) -> None:
    rows = deals(mixed("Kim", 0, 20) + mixed("Lee", 0, 20))
    # The import asks which stage is won rather than guess; none is.
    imported(ask, tmp_path, rows, "lost.csv", "--answer", "lost.csv:stage_won=none")
    told = answers(ask)
    assert told["compare"]["reason"] == "no_won_cases"
    assert (told["concentration"]["people"], told["concentration"]["reason"]) == (2, "too_few_wins")
    assert not any(unit["flagged"] for unit in told["bottlenecks"]["units"])


def test_one_deal_each(ask: Ask, tmp_path: Path) -> None:
    rows = [(f"Person {n:02d}", ("Closed Won", "Closed Lost")[n % 2], "web") for n in range(30)]
    imported(ask, tmp_path, deals(rows))
    told = answers(ask)
    assert not told["compare"]["heterogeneity"]["detectable"]
    assert {person["verdict"] for person in told["compare"]["people"]} == {"cannot_tell"}
    assert not told["concentration"]["top_share_luck_band"]["more_than_luck"]


def test_one_person(ask: Ask, tmp_path: Path) -> None:
    imported(ask, tmp_path, deals(mixed("Kim", 20, 20)))
    told = answers(ask)
    assert told["compare"]["reason"] == "too_few_people"
    assert told["concentration"]["reason"] == "too_few_people"


def test_no_deals_at_all(ask: Ask, tmp_path: Path) -> None:
    imported(ask, tmp_path, "Name,Team,Role\nKim,A,AE\nLee,B,AE\n", "people.csv")
    told = answers(ask)
    assert told["decompose"]["reason"] == "no_deals"
    assert told["bottlenecks"]["units"] == told["funnel"]["stages"] == []


def test_no_amount_is_no_zero(ask: Ask, tmp_path: Path) -> None:
    rows = deals([*mixed("Kim", 20, 30), *mixed("Lee", 25, 25), *[("Park", "Proposal", "web")] * 12])
    bare = "\n".join(",".join(part for at, part in enumerate(row.split(",")) if at != 4) for row in rows.splitlines())
    imported(ask, tmp_path, bare + "\n")
    told = answers(ask)
    assert told["concentration"]["reason"] == "too_few_wins"
    assert "45 deals were won, none with an owner and an amount" in told["concentration"]["said"][0]["text"]
    assert {unit["gain"] and unit["gain"]["amount"] for unit in told["bottlenecks"]["units"]} <= {None}
    assert (told["decompose"]["reason"], told["decompose"]["whole"]) == ("no_won_amounts", None)
    forecast = ask("forecast", "--as-of", AS_OF, "--period", "2026-01-01..2026-02-01")
    assert (forecast["reason"], forecast["mean"]) == ("no_won_amounts", None)
    assert ask("backtest", "--as-of", AS_OF)["reason"] == "no_won_amounts"
    value = ask("compare", "--as-of", AS_OF, "--metric", "value")
    assert {person["value"] for person in value["people"]} == {None}
    assert "of value nothing can be said" in str([sentence["text"] for sentence in value["caveats"]])


def test_deals_won_without_an_amount_are_counted_beside_those_with_one(ask: Ask, tmp_path: Path) -> None:
    rows = deals(mixed("Kim", 30, 20)).splitlines()
    some = [
        row if at % 3 else ",".join([*row.split(",")[:4], "", *row.split(",")[5:]]) for at, row in enumerate(rows, 1)
    ]
    imported(ask, tmp_path, "\n".join(some) + "\n")
    found = ask("decompose", "--as-of", AS_OF, "--period", "2025-Q4", "--against", "2025-Q3")
    assert found["reason"] is None
    lacking = [
        sentence["text"] for sentence in found["caveats"] if "have no amount and add nothing" in sentence["text"]
    ]
    assert len(lacking) == 1


def test_people_on_won_deals_only(ask: Ask, tmp_path: Path) -> None:
    imported(ask, tmp_path, deals(mixed("Kim", 15, 0) + mixed("Lee", 15, 0) + mixed("", 0, 40)))
    told = answers(ask)
    assert told["compare"]["reason"] == "only_won_cases"
    assert "won deals only" in told["compare"]["said"][0]["text"]


def test_eighteen_sellers_of_whom_twelve_have_few_deals(ask: Ask, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    counts = [60, 55, 50, 45, 40, 35, *(int(n) for n in rng.integers(1, 10, 12))]
    rows = [
        (f"Seller {seller:02d}", "Closed Won" if rng.random() < 0.35 else "Closed Lost", "web")
        for seller, count in enumerate(counts)
        for __ in range(count)
    ]
    imported(ask, tmp_path, deals(rows))
    told = answers(ask)
    people = {person["name"]: person for person in told["compare"]["people"]}
    assert len(people) == 18
    few = [person["high"] - person["low"] for name, person in people.items() if person["n"] < 10]
    many = [person["high"] - person["low"] for name, person in people.items() if person["n"] >= 35]
    assert len(few) == 12
    assert min(few) > max(many) * 0.8
    assert {person["verdict"] for person in people.values()} == {"cannot_tell"}


def test_the_same_file_twice_changes_no_answer(ask: Ask, tmp_path: Path) -> None:
    rows = deals(mixed("Kim", 20, 30) + mixed("Lee", 30, 20))
    imported(ask, tmp_path, rows)
    once = answers(ask)
    assert imported(ask, tmp_path, rows, "again.csv")["accepted"] == 0
    assert answers(ask) == once


def test_rows_doubled_inside_a_file_count_once(ask: Ask, tmp_path: Path) -> None:
    rows = deals(mixed("Kim", 20, 30) + mixed("Lee", 30, 20))
    body = rows.removeprefix(HEAD)
    imported(ask, tmp_path, HEAD + body + body)
    assert ask("compare", "--as-of", AS_OF)["n"] == 100


def test_an_event_log_with_ties_automatic_actors_and_open_cases(ask: Ask, tmp_path: Path) -> None:
    lines = ["case,activity,timestamp,resource"]
    for n in range(60):
        day = f"2025-{1 + n % 9:02d}-{1 + n % 27:02d}"
        lines += [
            f"c{n},Receive,{day}T09:00:00,Robot",
            f"c{n},Check,{day}T09:00:00,Clerk {n % 4}",  # at the same second as the entry before
            f"c{n},Check,{day}T09:00:00,Clerk {n % 4}",  # the very same event again
        ]
        if n % 3:
            lines.append(f"c{n},Decide,{day}T15:30:00,Clerk {(n + 1) % 4}")  # somebody else goes on
    imported(ask, tmp_path, "\n".join(lines) + "\n", "log.csv")
    told = answers(ask)
    stages = {stage["label"]: stage for stage in told["funnel"]["stages"]}
    assert set(stages) == {"Receive", "Check", "Decide"}
    # Nothing in a log says what winning is, so nobody can be compared by it.
    assert told["compare"]["people"] == []
    assert told["concentration"]["reason"] in {"too_few_people", "too_few_wins"}
    assert not any(unit["flagged"] for unit in told["bottlenecks"]["units"])


@pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")
def test_people_of_the_public_sales_pipeline_cannot_be_told_apart(ask: Ask) -> None:
    ask("import", str(DATA / "maven-crm-sales-opportunities"))
    found = ask("compare", "--as-of", "2017-12-31")
    assert not found["heterogeneity"]["detectable"]
    assert {person["verdict"] for person in found["people"]} == {"cannot_tell"}
    assert "cannot tell the 30 people apart" in found["said"][0]["text"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")
def test_the_public_permit_log_and_open_opportunities_are_answered(ask: Ask) -> None:
    ask("import", str(DATA / "receipt-permit-log"))
    log = {name: ask(name, "--as-of", "2012-01-31") for name in ("funnel", "bottlenecks", "compare")}
    assert any(stage["conversion"] for stage in log["funnel"]["stages"])
    assert log["compare"]["people"] == []
    # Printing (T05) comes before the advice (T06), though most cases that need no printing come to the advice sooner.
    assert not any("is listed before" in part["text"] and "T05" in part["text"] for part in log["funnel"]["caveats"])


@pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")
def test_public_opportunities_that_never_close_have_no_win_rate(ask: Ask) -> None:
    ask("import", str(DATA / "opportunity-tracking" / "opportunities_flat.csv"), "--exported-at", "2015-12-31")
    found = ask("compare", "--as-of", "2015-12-31")
    assert found["people"] == []
    assert found["reason"] in {"too_few_people", "no_won_cases"}
    assert ask("concentration", "--as-of", "2015-12-31")["reason"] in {"too_few_people", "too_few_wins"}
