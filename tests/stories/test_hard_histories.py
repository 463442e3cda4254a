"""Histories that mislead, from their files on: pure noise, old hopes, rushes, empty probabilities, logs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator import Organisation, simulate
from benchmarks.simulator.exports import write_exports
from benchmarks.study.bottleneck import noise
from bokgi.cli.program import run
from bokgi.questions.backtest import ask_backtest
from bokgi.questions.forecast import ask_forecast, period_of
from tests.analysis.worlds import facts_of_world

DATA = Path(__file__).parents[3] / "shared" / "data"
LAST = date(2025, 12, 31)
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run one command on the home of this test and give its JSON."""

    def _ask(*arguments: str) -> dict[str, Any]:
        code = run([*arguments, "--home", str(tmp_path / "home"), "--format", "json", "--lang", "en"])
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == 0, told
        return told

    return _ask


@pytest.mark.parametrize(("each", "drivers"), [(1, False), (2, True)])
def test_files_of_noise_show_nothing(ask: Ask, tmp_path: Path, each: int, *, drivers: bool) -> None:
    world = simulate(replace(noise(700, each, drivers=drivers), deals=1_000))
    write_exports(world, tmp_path / "files")
    told = ask("import", str(tmp_path / "files"), "--exported-at", "2026-01-01", "--currency", "KRW")
    assert told["tables"]["stage_events"] > 3_000
    found = ask("bottlenecks", "--by", "stage,person,team,segment,source", "--as-of", str(LAST))
    assert len(found["units"]) > 5
    assert not [unit for unit in found["units"] if unit["flagged"]]
    compared = ask("compare", "--as-of", str(LAST))
    assert not compared["heterogeneity"]["detectable"]
    assert {person["verdict"] for person in compared["people"]} == {"cannot_tell"}
    changed = ask("decompose", "--period", "2025-Q3", "--against", "2025-Q2", "--as-of", str(LAST))
    assert all(part["by_chance"] is not False for part in changed["parts"])


def test_stages_whose_probability_says_nothing_are_no_forecast() -> None:
    world = simulate(Organisation(seed=21, reps=8, deals=1_600))
    stages = world.tables["stages"]
    place = stages.column_names.index("probability")
    same = pa.array([0.9 if kind == "open" else None for kind in stages["kind"].to_pylist()], pa.float64())
    empty = stages.set_column(place, stages.schema.field(place), same)
    facts = facts_of_tables(world.tables | {"stages": empty})
    found = ask_forecast(facts, as_of=date(2025, 11, 30), period=period_of("quarter", date(2025, 11, 30)))
    assert found["calibration"]["weighted_pipeline"] is False
    assert any("not calibrated" in sentence["message"] for sentence in found["caveats"])
    scores = ask_backtest(facts, as_of=LAST)["scores"]
    assert abs(scores["weighted_pipeline"]["bias"]) > 3 * abs(scores["forecast"]["bias"])


def scores(organisation: Organisation) -> dict[str, Any]:
    found = ask_backtest(facts_of_world(simulate(organisation)), as_of=LAST)
    assert found["reason"] is None
    told: dict[str, Any] = found["scores"]
    return {name: score | {"crps": float(score["crps"]["amount"])} for name, score in told.items()}


def test_deals_that_never_close_carry_no_full_hope() -> None:
    found = scores(Organisation(seed=22, reps=10, deals=2_400, never_close=0.3))
    assert abs(found["forecast"]["bias"]) < 0.15
    assert found["weighted_pipeline"]["bias"] > 0.5
    assert found["forecast"]["crps"] < found["run_rate"]["crps"]


def test_a_rush_at_quarter_ends_is_foreseen() -> None:
    found = scores(Organisation(seed=23, reps=10, deals=2_400, rush=0.6))
    assert found["forecast"]["crps"] < 0.85 * found["run_rate"]["crps"]
    assert found["forecast"]["coverage80"] >= 0.6


@pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")
def test_the_forecast_of_the_public_pipeline_is_no_worse_than_its_pace(ask: Ask) -> None:
    ask("import", str(DATA / "maven-crm-sales-opportunities"))
    told = ask("backtest", "--period", "month", "--as-of", "2017-12-31")
    crps = {name: float(score["crps"]["amount"]) for name, score in told["scores"].items()}
    assert crps["forecast"] <= 1.03 * crps["run_rate"]
    assert crps["forecast"] < crps["weighted_pipeline"]
    found = ask("forecast", "--period", "2018-01-01..2018-02-01", "--as-of", "2017-12-31")
    low, high = (float(found["quantiles"][level]["amount"]) for level in ("0.10", "0.90"))
    assert 0 < low < float(found["mean"]["amount"]) < high


@pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")
def test_the_public_permit_log_counts_as_its_rows_say(ask: Ask) -> None:
    path = DATA / "receipt-permit-log" / "receipt.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    cases = {row["case:concept:name"] for row in rows}
    people = {case: set[str]() for case in cases}
    for row in rows:
        people[row["case:concept:name"]].add(row["org:resource"])
    # The log has what this is a test of: cases that several people worked on.
    assert sum(len(who) > 1 for who in people.values()) > 100
    told = ask("import", str(path))
    assert told["accepted"] + told["quarantined"] + told["known"] == told["read"] == len(rows)
    review = ask("review", "--as-of", "2012-01-31")
    begun = {row["case:concept:name"] for row in rows if row["time:timestamp"][:10] <= "2012-01-31"}
    assert review["data"]["deals"] == len(begun)
    assert review["data"]["open"] > 0
    assert review["bottlenecks"] == []
    assert review["concentration"]["top_share"] is None
    assert ask("compare", "--as-of", "2012-01-31")["people"] == []
