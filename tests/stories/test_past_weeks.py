"""Past weeks of the sample company, as they stood then, against a replay of its history written without us."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from bokgi.cli.program import run
from bokgi.facts.lake import Lake
from bokgi.facts.read import facts
from bokgi.sample import write_company

TODAY = date(2026, 11, 23)
MANWON = 10_000
Changes = dict[tuple[str, str], list[dict[str, str]]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deals of the sample company with both histories."""
    folder = tmp_path_factory.mktemp("sample")
    write_company(folder, today=TODAY)
    for path in folder.iterdir():
        if path.name not in {"영업기회.csv", "단계이력.csv", "기회변경이력.csv"}:
            path.unlink()
    return folder


def histories(folder: Path) -> tuple[Changes, dict[str, date]]:
    """Read the field history: changes of each deal and field in order, and the oldest day of each field."""
    with (folder / "기회변경이력.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: row["변경일시"])
    changes: Changes = defaultdict(list)
    for row in rows:
        changes[row["영업기회 ID"], row["항목"]].append(row)
    oldest = {row["항목"]: datetime.fromisoformat(row["변경일시"]).date() for row in reversed(rows)}
    return changes, oldest


def value_on(changes: Changes, deal: dict[str, str], field: str, day: date) -> str:
    """Replay a field of a deal up to the end of a day, from the file's texts alone."""
    listed = changes[deal["영업기회 ID"], field]
    until = [row for row in listed if datetime.fromisoformat(row["변경일시"]).date() <= day]
    if until:
        return until[-1]["새 값"]
    return listed[0]["이전 값"] if listed else deal[field]


def shown(folder: Path, home: Path, day: date, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    if not home.exists():
        assert run(["import", str(folder), "--home", str(home), "--exported-at", TODAY.isoformat()]) == 0
        capsys.readouterr()
    deals = facts(ibis.duckdb.connect(), Lake.open(home), as_of=day).deals
    found: list[dict[str, Any]] = deals.filter(deals.outcome == "open").to_pyarrow().to_pylist()
    return found


def test_amounts_and_close_dates_of_a_past_week_are_those_of_the_replayed_history(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (files / "영업기회.csv").open(encoding="cp949", newline="") as stream:
        exported = {row["영업기회 ID"]: row for row in csv.DictReader(stream)}
    changes, oldest = histories(files)
    for day in (date(2025, 6, 1), date(2026, 10, 31)):
        assert all(start <= day for start in oldest.values())
        deals = shown(files, tmp_path / "home", day, capsys)
        assert len(deals) > 400
        for deal in deals:
            source = exported[deal["deal_id"]]
            amount = value_on(changes, source, "금액(만원)", day).replace(",", "")
            assert deal["amount"] == (Decimal(amount) * MANWON if amount else None), deal["deal_id"]
            due = value_on(changes, source, "예상 종료일", day)
            year, month, of_month = due.rstrip(".").split(". ")
            assert deal["expected_close_on"] == date(int(year), int(month), int(of_month)), deal["deal_id"]
            assert deal["has_next_step"] == bool(value_on(changes, source, "다음 단계", day))
            for column in ("amount", "owner_id", "expected_close_on", "has_next_step"):
                assert f",{column}," not in deal["unknown_then"]
