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
from bokgi.intake.mapping.model import Entity, Hints
from bokgi.intake.plan import PlanOptions, plan_import
from tests.intake.mapping.small_files import Bench, fields, table

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


@pytest.mark.parametrize("period", ["2026 2/4분기", "2026년 2사분기", "2026 Q2 (4~6월)", "2026 2분기"])
def test_a_quarter_of_four_is_that_quarter(tmp_path: Path, period: str) -> None:
    lake, _ = taken_in(tmp_path, ("팀", "기간", "목표(만원)"), ("동부", period, "1"))
    assert [row[:2] for row in periods(lake)] == [(APRIL, JULY)]


@pytest.mark.parametrize(
    "period",
    [
        "2026 상/하반기",
        "2026 상하반기",
        "2026 Q1/Q2",
        "2026 1Q-2Q",
        "2026 1·2분기",
        "2026-01-01 ~ 2026-03-31",
        "Jan-Mar 2026",
    ],
)
def test_several_periods_in_one_cell_are_none_of_them(tmp_path: Path, period: str) -> None:
    header = ("팀", "기간", "목표(만원)")
    _, result = taken_in(tmp_path, header, *(("동부", f"2026-0{n}", "1") for n in range(1, 5)), ("동부", period, "1"))
    assert (result.accepted, found(result, "period_malformed")) == (4, ["1 period in “기간” cannot be read."])


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
        "2 periods in “분기” cannot be read.",
    ]
    assert set(found(result, "value_missing")) == {
        "2 rows have no text in “분기”, without which they say nothing.",
        "2 rows have no text in “연도”, without which they say nothing.",
    }


def test_a_month_that_is_not_known_leaves_the_quarter_beside_it(tmp_path: Path) -> None:
    rows = (("동부", "2026", "1분기", "N/A", "9"), ("동부", "2026", "2분기", "4월", "3"))
    lake, result = taken_in(tmp_path, ("팀", "연도", "분기", "월", "목표(만원)"), *rows)
    assert [row[:2] for row in periods(lake)] == [(JANUARY, APRIL), (APRIL, date(2026, 5, 1))]
    assert result.quarantined == 0


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


def test_rows_that_give_one_target_two_amounts_are_both_set_aside(tmp_path: Path) -> None:
    rows = (("동부", "2026", "1분기", "100"), ("동부", "2026", "1분기", "200"), ("서부", "2026", "1분기", "100"))
    lake, result = taken_in(tmp_path, KOREAN, *rows)
    assert [row[2] for row in periods(lake)] == [Decimal(1_000_000)]
    assert (result.accepted, result.quarantined) == (1, 2)
    (text,) = found(result, "target_contradicted")
    assert text == "2 rows give another “목표(만원)” than another row about the same target."


def test_results_beside_targets_are_no_targets(tmp_path: Path) -> None:
    headers = ("담당자", "구분", "연도", "월", "목표(만원)")
    rows = [
        ("김민수", kind, "2026", "1월", amount) for kind, amount in (("목표", "9"), ("실적", "7"), ("달성률", "78%"))
    ]
    lake, result = taken_in(tmp_path, headers, *rows)
    assert [row[2] for row in periods(lake)] == [Decimal(90_000)]
    assert (result.read, result.accepted, result.quarantined) == (1, 1, 0)
    assert found(result, "totals_left_out") == ["2 lines of totals or of results are no targets and were left out."]


@pytest.mark.parametrize(
    ("name", "year"),
    [("목표.csv", None), ("2026년 목표.csv", "2026"), ("FY26 목표.csv", "FY2026"), ("목표_20261123.csv", None)],
)
def test_the_year_of_months_is_found_in_the_name_or_asked_for(bench: Bench, name: str, year: str | None) -> None:
    detection = bench.map({name: table(("담당자", "월", "목표"), ("김민수", "1월", "5000000"))})
    assert detection.mappings[0].entity is Entity.TARGETS
    assert detection.mappings[0].constants.get("targets.year") == year
    asked = [question for question in detection.open_questions if question.code == "target_year_unclear"]
    assert (len(asked) == 0) == (year is not None)
    answered = bench.map(
        {name: table(("담당자", "월", "목표"), ("김민수", "1월", "5000000"))},
        hints=Hints(answers={f"{name}:year": "2027"}),
    )
    assert answered.mappings[0].constants["targets.year"] == "2027"
    assert not answered.open_questions


def test_amounts_by_month_of_nobody_knows_what_are_no_targets(bench: Bench) -> None:
    text = table(("담당자", "월", "금액"), ("김민수", "1월", "5000000"))
    assert bench.one(text, "월별.csv").entity is Entity.IGNORE


@pytest.mark.parametrize("headers", [("202601", "202602"), ("2026-01-01", "2026-02-01"), ("2026.1", "2026.2")])
def test_amounts_that_look_like_a_year_make_no_data_of_a_header(bench: Bench, headers: tuple[str, str]) -> None:
    found = bench.one(table(("담당자", *headers), ("김민수", "2000", "2050"), ("이지은", "3000", "2010")), "목표.csv")
    assert [column.period for column in found.target_columns] == ["2026-01", "2026-02"]


@pytest.mark.parametrize(("of", "rows"), [("분기", ("1분기", "2분기")), ("기간", ("2026-01", "2026-02"))])
def test_the_year_beside_targets_of_rows_is_their_sum(bench: Bench, of: str, rows: tuple[str, str]) -> None:
    text = table(("담당자", of, "목표", "연간 목표"), *(("김민수", row, "500", "2000") for row in rows))
    found = fields(bench.one(text, "2026 목표.csv"))
    assert (found["목표"], found["연간 목표"]) == ("targets.amount", "leave_out")
    assert found[of] in {"targets.quarter", "targets.period"}
