"""Files of targets with the year in one column and the quarter or month in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import pytest

from bokgi.analysis.progress import Subject, targets_for
from bokgi.domain.period import Period
from bokgi.facts.lake import Lake
from bokgi.facts.read import open_facts
from bokgi.intake.importing import ImportResult, import_files
from bokgi.intake.mapping.model import Entity
from bokgi.intake.plan import PlanOptions, plan_import
from tests.intake.mapping.small_files import Bench, table

AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
KOREAN: Final = ("팀", "연도", "분기", "목표(만원)")
ENGLISH: Final = ("rep", "year", "month", "quota")
JANUARY, APRIL, JULY = date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)


def taken_in(folder: Path, headers: Sequence[str], *rows: Sequence[str]) -> tuple[Lake, ImportResult]:
    path = folder / "plan.csv"
    path.write_text(table(headers, *rows), encoding="utf-8")
    lake = Lake.open(folder / "home", create=True)
    with plan_import([path], lake=lake, options=PlanOptions(exported_at=AT)) as plan:
        return lake, import_files(lake, plan, by="test", at=AT)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.connection.close()


def periods(lake: Lake) -> list[tuple[Any, ...]]:
    """Give first day, first day after and amount of every target, in order."""
    names = ["period_start", "period_end", "amount"]
    rows = [row for path in lake.state().get("targets", ()) for row in pq.read_table(path, columns=names).to_pylist()]
    return sorted(tuple(row[name] for name in names) for row in rows)


def found(result: ImportResult, code: str) -> list[str]:
    return [finding.message.text("en") for finding in result.findings if finding.code == code]


@pytest.mark.parametrize(
    ("year", "quarter"), [("2026", "2"), ("2026년", "2분기"), ("2026년도", "Q2"), ("2026", "2/4분기")]
)
def test_a_year_and_a_quarter_are_the_period(tmp_path: Path, year: str, quarter: str) -> None:
    lake, result = taken_in(tmp_path, KOREAN, ("동부", year, quarter, "3,000"))
    assert periods(lake) == [(APRIL, JULY, Decimal(30_000_000))]
    assert (result.read, result.accepted) == (1, 1)


@pytest.mark.parametrize("month", ["4", "04", "4월", "Apr", "April"])
def test_a_year_and_a_month_are_the_period(tmp_path: Path, month: str) -> None:
    lake, _ = taken_in(tmp_path, ENGLISH, ("Ann Lee", "2026", month, "2500000"))
    assert periods(lake) == [(APRIL, date(2026, 5, 1), Decimal(2_500_000))]


def test_a_month_counts_before_the_quarter_beside_it(tmp_path: Path) -> None:
    lake, _ = taken_in(tmp_path, ("팀", "연도", "분기", "월", "목표(만원)"), ("동부", "2026", "1분기", "3월", "1"))
    assert [row[:2] for row in periods(lake)] == [(date(2026, 3, 1), APRIL)]


def test_targets_of_a_team_add_up_to_its_year(tmp_path: Path) -> None:
    lake, _ = taken_in(tmp_path, KOREAN, *(("동부", "2026년", f"{n}분기", f"{n}00") for n in range(1, 5)))
    facts = open_facts(lake.home)
    for period, target in (("2026-Q3", 3_000_000), ("2026-Q4", 4_000_000), ("2026-01-01..2027-01-01", 10_000_000)):
        rows = targets_for(facts.targets, period=Period.parse(period), subject=Subject.TEAM).to_pyarrow().to_pylist()
        assert [(row["subject_id"], row["target"]) for row in rows] == [("동부", target)]


def test_a_year_beside_what_is_no_quarter_is_no_target_of_the_year(bench: Bench) -> None:
    assert (
        bench.one(table(("팀", "연도", "기간", "목표"), ("동부", "2026", "상반기", "1"))).entity is not Entity.TARGETS
    )
    assert bench.one(table(("팀", "연도", "목표"), ("동부", "2026", "1"))).entity is not Entity.TARGETS


def test_a_whole_period_in_the_column_stays_the_period(tmp_path: Path) -> None:
    lake, _ = taken_in(tmp_path, ("팀", "분기", "목표(만원)"), ("동부", "2026-Q2", "1"), ("동부", "2026년 1분기", "2"))
    assert [row[:2] for row in periods(lake)] == [(JANUARY, APRIL), (APRIL, JULY)]


def test_rows_whose_period_cannot_be_read_wait_in_quarantine(tmp_path: Path) -> None:
    sound = [("동부", year, quarter, "5") for year, quarter in zip(("2026", "2026년") * 2, "1234", strict=True)]
    bad = [("가", "2026", "12", "5"), ("나", "2026", "5분기", "5"), ("다", "26", "1", "5"), ("라", "2026", "", "5")]
    bad += [("바", "2026", "N/A", "5"), ("사", "N/A", "1", "5")]
    lake, result = taken_in(tmp_path, KOREAN, *sound, *bad, ("마", "", "1", "5"))
    assert [row[0] for row in periods(lake)] == [JANUARY, APRIL, JULY, date(2026, 10, 1)]
    assert (result.read, result.accepted, result.quarantined, result.known) == (11, 4, 7, 0)
    assert found(result, "period_malformed") == [
        "1 period in “연도” cannot be read.",
        "4 periods in “분기” cannot be read.",
    ]
    assert sorted(found(result, "value_missing")) == [
        "1 row has no text in “분기”, without which it says nothing.",
        "1 row has no text in “연도”, without which it says nothing.",
    ]


@pytest.mark.parametrize("year", ["2026-03", "2026-Q1", "202603"])
def test_a_year_that_says_more_than_a_year_is_set_aside_alone(tmp_path: Path, year: str) -> None:
    sound = [("동부", "2026", quarter, "5") for quarter in "1234"]
    _, result = taken_in(tmp_path, KOREAN, *sound, ("서부", year, "1", "5"))
    assert (result.accepted, result.quarantined) == (4, 1)
    assert found(result, "period_malformed") == ["1 period in “연도” cannot be read."]


@pytest.mark.parametrize(
    ("headers", "sound", "bad"),
    [
        (("팀", "기간", "분기", "목표(만원)"), ("동부", "2026-01", "1분기", "5"), ("서부", "", "1분기", "5")),
        (
            ("팀", "시작일", "종료일", "연도", "월", "목표(만원)"),
            ("동부", "2026-01-01", "2026-01-31", "2026", "1월", "5"),
            ("서부", "", "", "2026", "3월", "5"),
        ),
    ],
    ids=["period", "first day"],
)
def test_a_row_without_the_period_that_others_have_is_set_aside_alone(
    tmp_path: Path, headers: tuple[str, ...], sound: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    _, result = taken_in(tmp_path, headers, sound, bad)
    assert (result.accepted, result.quarantined) == (1, 1)
    assert found(result, "value_missing") == [f"1 row has no text in “{headers[1]}”, without which it says nothing."]


def test_the_same_file_again_says_nothing_new(tmp_path: Path) -> None:
    rows = (("동부", "2026", "1분기", "100"), ("동부", "2026", "2분기", "200"))
    taken_in(tmp_path, KOREAN, *rows)
    lake, again = taken_in(tmp_path, KOREAN, *rows)
    assert (again.accepted, again.known, again.import_no) == (0, 2, None)
    assert len(periods(lake)) == len(rows)


@pytest.mark.parametrize(
    "headers",
    [("담당자", "1월(만원)", "2월(만원)"), ("담당자", "팀", "1분기", "2분기"), ("rep", "team", "2026-01", "2026-02")],
)
def test_a_column_for_each_period_is_said_and_how_targets_are_read(bench: Bench, headers: tuple[str, ...]) -> None:
    row = tuple("Ann Lee" if header == headers[0] else "7" for header in headers)
    said = bench.map({"plan.csv": table(headers, row)}).findings
    (text,) = [finding.message.text("en") for finding in said if finding.code == "periods_in_columns"]
    assert headers[-1] in text
    assert "one row per person or team and period" in text
