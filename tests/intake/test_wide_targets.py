"""Files of targets with a column for each month or quarter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bokgi.domain.errors import MappingError
from bokgi.facts.lake import Lake
from bokgi.intake import quarantine
from bokgi.intake.entering import enter
from bokgi.intake.importing import ImportResult, import_files
from bokgi.intake.mapping import saved
from bokgi.intake.mapping.model import Entity, FileMapping, Hints
from bokgi.intake.mapping.period_headers import year_in
from bokgi.intake.mapping.target_periods import periods
from bokgi.intake.plan import PlanOptions, plan_import, refuse_open_questions
from bokgi.intake.release import release_by_hand, release_by_mapping
from tests.intake.mapping.small_files import Bench, fields, table

AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
MONTHS: Final = tuple(f"{month}월" for month in range(1, 13))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.connection.close()


def taken_in(
    folder: Path, name: str, headers: Sequence[str], *rows: Sequence[str], answers: dict[str, str] | None = None
) -> tuple[Lake, ImportResult]:
    path = folder / name
    path.write_text(table(headers, *rows), encoding="utf-8")
    lake = Lake.open(folder / "home", create=True)
    options = PlanOptions(exported_at=AT, hints=Hints(answers=answers or {}))
    with plan_import([path], lake=lake, options=options) as plan:
        return lake, import_files(lake, plan, by="test", at=AT)


def targets(lake: Lake) -> list[tuple[Any, ...]]:
    """Give kind of subject, first day, first day after and amount of every target, in order."""
    names = ["subject_kind", "period_start", "period_end", "amount"]
    rows = [row for path in lake.state().get("targets", ()) for row in pq.read_table(path, columns=names).to_pylist()]
    return sorted(tuple(row[name] for name in names) for row in rows)


def month(number: int, amount: int, year: int = 2026, kind: str = "person") -> tuple[Any, ...]:
    end = date(year + number // 12, number % 12 + 1, 1)
    return (kind, date(year, number, 1), end, Decimal(amount))


def quarter(number: int, amount: int, year: int = 2026, kind: str = "person") -> tuple[Any, ...]:
    end = date(year + number // 4, 3 * number % 12 + 1, 1)
    return (kind, date(year, 3 * number - 2, 1), end, Decimal(amount))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (("1월", "2월"), {"1월": "01", "2월": "02"}),
        (("1월(만원)", "12월(만원)"), {"1월(만원)": "01", "12월(만원)": "12"}),
        (("2026-01", "2026-02"), {"2026-01": "2026-01", "2026-02": "2026-02"}),
        (("202601", "202602"), {"202601": "2026-01", "202602": "2026-02"}),
        (("2026-01-01", "2026-02-01"), {"2026-01-01": "2026-01", "2026-02-01": "2026-02"}),
        (("2026년 1월", "26년 2월"), {"2026년 1월": "2026-01", "26년 2월": "2026-02"}),
        (("Jan 2026", "Feb-26"), {"Jan 2026": "2026-01", "Feb-26": "2026-02"}),
        (("January", "Sept."), {"January": "01", "Sept.": "09"}),
        (("Q1", "2Q", "3/4분기", "4분기"), {"Q1": "Q1", "2Q": "Q2", "3/4분기": "Q3", "4분기": "Q4"}),
        (("2026 Q1", "Q2 FY26"), {"2026 Q1": "2026-Q1", "Q2 FY26": "FY2026-Q2"}),
        (("Q1 Target", "Q2 Target"), {"Q1 Target": "Q1", "Q2 Target": "Q2"}),
        (("1월 목표", "1월 실적", "2월 목표", "2월 실적"), {"1월 목표": "01", "2월 목표": "02"}),
        (("1월", "2월", "3월", "1분기", "2분기"), {"1월": "01", "2월": "02", "3월": "03", "2분기": "Q2"}),
        (("11월", "12월", "1월", "2월"), {"11월": "11", "12월": "12", "1월": "+01", "2월": "+02"}),
        (("4분기", "1분기"), {"4분기": "Q4", "1분기": "+Q1"}),
        (("상반기", "하반기(만원)"), {"상반기": "H1", "하반기(만원)": "H2"}),
        (("H1 2026", "2H26", "FY26 상반기"), {"H1 2026": "2026-H1", "2H26": "2026-H2", "FY26 상반기": "FY2026-H1"}),
        (("상반기", "1분기", "2분기", "하반기"), {"1분기": "Q1", "2분기": "Q2", "하반기": "H2"}),
        (("하반기", "상반기"), {"하반기": "H2", "상반기": "+H1"}),
        (("2026", "2027년"), {"2026": "2026", "2027년": "2027"}),
        (("FY26 Quota",), {"FY26 Quota": "FY2026"}),
        (("2026년 목표", "2025년 실적"), {"2026년 목표": "2026"}),
        (("연간 목표",), {"연간 목표": "year"}),
        (("1월", "2월", "연간 목표"), {"1월": "01", "2월": "02"}),
        (("2025", "2026-01", "2026-02"), {"2026-01": "2026-01", "2026-02": "2026-02"}),
        (("2026-01", "2026-02", "FY26 목표"), {"2026-01": "2026-01", "2026-02": "2026-02"}),
        (("2026.1", "2026.2", "2026.10"), {"2026.1": "2026-01", "2026.2": "2026-02", "2026.10": "2026-10"}),
        (("2026-1", "26.2", "2026. 3."), {"2026-1": "2026-01", "26.2": "2026-02", "2026. 3.": "2026-03"}),
        (("2026.09", "2026.1", "2026.11"), {"2026.09": "2026-09", "2026.1": "2026-10", "2026.11": "2026-11"}),
        (("2026.1", "2026.11"), {"2026.1": "2026-10", "2026.11": "2026-11"}),
        (("2026-1분기", "2026.2Q"), {"2026-1분기": "2026-Q1", "2026.2Q": "2026-Q2"}),
        (("2026.1~6", "2026.7~12"), None),
        (("연간",), None),
        (("2026년",), None),
        (("1~3월", "4~6월"), None),
        (
            ("2026 목표 (상반기)", "2026 목표 (하반기)"),
            {"2026 목표 (상반기)": "2026-H1", "2026 목표 (하반기)": "2026-H2"},
        ),
        (("2026 상/하반기",), None),
        (("2026 상·하반기 목표",), None),
        (("상반기/하반기 목표", "2027 상하반기 목표"), None),
        (("Jan-Mar target", "Apr-Jun target"), None),
        (("Q1-Q2", "3Q/4Q"), None),
        (("상반기", "하반기", "상/하반기"), {"상반기": "H1", "하반기": "H2"}),
        (("1월", "합계"), None),
        (("1월 실적", "2월 실적"), None),
        (("1월 수주목표", "1월 매출목표"), None),
        (("marketing", "mayor"), None),
    ],
)
def test_headers_name_periods(bench: Bench, headers: tuple[str, ...], expected: dict[str, str] | None) -> None:
    (staged,) = bench.stage({"plan.csv": table(("담당자", *headers), ("김민수", *("7,000" for _ in headers)))})
    found = periods(staged)
    assert (None if found is None else found.columns) == expected


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2026년 영업 목표", "2026"),
        ("26년 목표", "2026"),
        ("'26 목표", "2026"),
        ("목표_2026", "2026"),
        ("2026회계연도 목표", "FY2026"),
        ("FY'26 quota", "FY2026"),
        ("목표 2026-11-23", None),
        ("목표 20261123", None),
        ("작성일: 2026. 12. 23.", None),
        ("기준일 2026년 12월 23일", None),
        ("Generated by Kim 23/11/2026", None),
        ("Report date: Nov 23, 2026", None),
        ("2027년 목표 (2026. 12. 23. 작성)", "2027"),
        ("2026년 1월~12월 목표", "2026"),
        ("2025년 대비 2026년", None),
        ("목표", None),
    ],
)
def test_a_year_is_read_where_there_is_one_alone(text: str, year: str | None) -> None:
    assert year_in(text) == year


def test_a_column_for_each_month_is_a_target_each(tmp_path: Path) -> None:
    amounts = [str(100 * number) for number in range(1, 13)]
    lake, result = taken_in(
        tmp_path, "2026년 목표(만원).csv", ("담당자", *(f"{m}(만원)" for m in MONTHS)), ("김민수", *amounts)
    )
    assert targets(lake) == [month(number, 1_000_000 * number) for number in range(1, 13)]
    assert (result.read, result.accepted, result.tables["targets"]) == (1, 1, 12)
    assert result.plan.files[0].mapping.found_by.value == "name"


def test_an_empty_cell_is_no_target_and_a_zero_is_one(tmp_path: Path) -> None:
    rows = (("김민수", "", "-", "0"), ("이지은", "", "", ""))
    lake, result = taken_in(tmp_path, "2026 목표.csv", ("담당자", "1월", "2월", "3월"), *rows)
    assert targets(lake) == [month(3, 0)]
    assert (result.read, result.accepted, result.quarantined, result.known) == (2, 2, 0, 0)


def test_columns_of_sums_are_left_out_and_said(tmp_path: Path) -> None:
    headers = ("팀", "담당자", "1월", "2월", "3월", "1분기", "상반기", "연간 목표", "2026년", "합계")
    row = ("영업1팀", "김민수", *("100",) * 3, "300", "600", "1200", "1200", "1200")
    lake, result = taken_in(tmp_path, "2026 목표.csv", headers, row, ("합계", "", *("100",) * 3, "300", *("600",) * 4))
    assert targets(lake) == [month(number, 100) for number in (1, 2, 3)]
    (text,) = [f.message.text("en") for f in result.findings if f.code == "target_columns_left_out"]
    assert text.endswith("left out: 1분기, 상반기, 연간 목표, 2026년, 합계.")
    assert (result.read, result.quarantined) == (1, 0)


def test_the_sum_of_a_team_is_no_target_of_a_team_called_so(tmp_path: Path) -> None:
    rows = (
        ("영업1팀", "김민수", "5", "6"),
        ("영업1팀 소계", "", "5", "6"),
        ("영업2팀", "", "7", "8"),
        ("총합계", "", "12", "14"),
    )
    lake, result = taken_in(tmp_path, "2026 목표.csv", ("팀", "담당자", "1월", "2월"), *rows)
    assert targets(lake) == [month(1, 5), month(2, 6), month(1, 7, kind="team"), month(2, 8, kind="team")]
    assert result.read == 2


def test_rows_of_results_beside_rows_of_targets_are_left_out(tmp_path: Path) -> None:
    rows = (("김민수", "목표", "10", "20"), ("", "실적", "9", ""), ("", "달성률", "90%", ""))
    lake, result = taken_in(tmp_path, "2026년 현황.csv", ("담당자", "구분", "1월", "2월"), *rows)
    assert targets(lake) == [month(1, 10), month(2, 20)]
    assert (result.read, result.quarantined) == (1, 0)


def test_the_year_stands_in_a_column(tmp_path: Path) -> None:
    rows = (("영업1팀", "2026", "10", "20"), ("영업1팀", "2027년", "30", ""), ("영업2팀", "N/A", "1", "1"))
    lake, result = taken_in(tmp_path, "목표.csv", ("팀", "연도", "1분기", "2분기"), *rows)
    expected = [quarter(1, 10, kind="team"), quarter(2, 20, kind="team"), quarter(1, 30, 2027, kind="team")]
    assert targets(lake) == expected
    assert (result.accepted, result.quarantined) == (2, 1)


def test_months_that_go_on_after_december_are_of_the_next_year(tmp_path: Path) -> None:
    headers = ("담당자", *MONTHS[3:], *MONTHS[:3])
    lake, _ = taken_in(tmp_path, "2026년 목표.csv", headers, ("김민수", *("5",) * 12))
    assert [row[1] for row in targets(lake)] == [
        date(2026 + number // 12, number % 12 + 1, 1) for number in range(3, 15)
    ]


def organisation(folder: Path, *, year_starts: str) -> Lake:
    """Make a home whose fiscal year begins in a month."""
    lake = Lake.open(folder / "home", create=True)
    rows = {"name": ["fiscal_year_starts"], "setting": [year_starts], "valid_from": [None], "valid_to": [None]}
    enter(
        lake,
        {
            "settings": pa.table(
                rows,
                schema=pa.schema(
                    [(n, pa.string()) for n in ("name", "setting")]
                    + [(n, pa.date32()) for n in ("valid_from", "valid_to")]
                ),
            )
        },
        by="test",
        at=AT,
    )
    return lake


def test_a_fiscal_year_begins_when_the_organisation_says(tmp_path: Path) -> None:
    organisation(tmp_path, year_starts="4")
    lake, _ = taken_in(tmp_path, "FY26 목표.csv", ("담당자", "Q1", "Q4"), ("김민수", "5", "7"))
    assert [(row[1], row[2], row[3]) for row in targets(lake)] == [
        (date(2026, 4, 1), date(2026, 7, 1), Decimal(5)),
        (date(2027, 1, 1), date(2027, 4, 1), Decimal(7)),
    ]


def test_months_of_a_fiscal_year_that_go_on_after_december_are_of_the_same_fiscal_year(tmp_path: Path) -> None:
    organisation(tmp_path, year_starts="4")
    headers = ("담당자", *MONTHS[3:], *MONTHS[:3])
    lake, result = taken_in(tmp_path, "FY26 목표.csv", headers, ("김민수", *("5",) * 12))
    assert [row[1] for row in targets(lake)] == [
        date(2026 + number // 12, number % 12 + 1, 1) for number in range(3, 15)
    ]
    (said,) = [f.message.text("ko") for f in result.findings if f.code == "target_columns_of_next_year"]
    assert "‘1월’부터" in said


@pytest.mark.parametrize(
    ("name", "header", "start", "end"),
    [
        ("목표.csv", "2026년 연간 목표", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026 목표.csv", "연간", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026 목표.csv", "하반기 목표", date(2026, 7, 1), date(2027, 1, 1)),
        ("목표.csv", "2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("목표.csv", "FY26", date(2026, 4, 1), date(2027, 4, 1)),
        ("목표.csv", "FY26 하반기 목표", date(2026, 10, 1), date(2027, 4, 1)),
    ],
)
def test_a_column_may_be_for_a_whole_year_or_a_half(
    tmp_path: Path, name: str, header: str, start: date, end: date
) -> None:
    organisation(tmp_path, year_starts="4")
    lake, result = taken_in(tmp_path, name, ("담당자", header), ("김민수", "500"))
    assert targets(lake) == [("person", start, end, Decimal(500))]
    assert (result.read, result.accepted) == (1, 1)


def test_a_month_that_a_saved_mapping_does_not_know_is_a_target_too(tmp_path: Path) -> None:
    taken_in(tmp_path, "목표.csv", ("담당자", "2026-01", "2026-02", "2026-03"), ("김민수", "1", "2", "3"))
    lake, again = taken_in(tmp_path, "목표.csv", ("담당자", "2026-02", "2026-03", "2026-04"), ("김민수", "2", "3", "4"))
    assert again.plan.files[0].mapping.found_by.value == "saved"
    assert targets(lake) == [month(number, number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("before", "now", "january"),
    [(("1월", "2월"), ("12월", "1월", "2월"), 2027), (("12월", "1월", "2월"), ("1월", "2월", "12월"), 2026)],
)
def test_the_order_of_the_columns_tells_the_year_of_january_also_of_a_saved_mapping(
    tmp_path: Path, before: tuple[str, ...], now: tuple[str, ...], january: int
) -> None:
    taken_in(tmp_path, "2026 목표.csv", ("담당자", *before), ("이지은", *("5" for _ in before)))
    lake, again = taken_in(tmp_path, "2026 목표.csv", ("담당자", *now), ("김민수", "많이", *("7" for _ in now[1:])))
    assert again.plan.files[0].mapping.found_by.value == "saved"
    release_by_mapping(lake, 2, by="test", at=AT)
    [waiting] = quarantine.quarantined(lake)
    assert release_by_hand(lake, waiting.place, {now[0]: "7"}, by="test", at=AT).released == 1
    assert [row[1].year for row in targets(lake) if row[1].month == 1 and row[3] == 7] == [january]
    assert "+" not in (lake.home / "mappings" / "2026-목표.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("headers", "rows"),
    [
        (("담당자", "1월($)", "2월($)"), ("김민수", "500", "700")),
        (("담당자", "1월", "2월"), ("김민수", "$500", "USD 700")),
    ],
)
def test_targets_in_another_currency_keep_it(tmp_path: Path, headers: tuple[str, ...], rows: tuple[str, ...]) -> None:
    lake, _ = taken_in(tmp_path, "2026 목표.csv", headers, rows)
    found = [row for path in lake.state()["targets"] for row in pq.read_table(path).to_pylist()]
    assert sorted((row["amount"], row["currency"]) for row in found) == [(Decimal(500), "USD"), (Decimal(700), "USD")]


def test_rows_of_one_year_written_in_two_ways_contradict_each_other(tmp_path: Path) -> None:
    rows = (("김민수", "2026", "5", "6"), ("김민수", "2026년", "5", "7"), ("김민수", "2027", "8", "9"))
    lake, result = taken_in(tmp_path, "목표.csv", ("담당자", "연도", "1월", "2월"), *rows)
    assert targets(lake) == [month(1, 8, 2027), month(2, 9, 2027)]
    assert [f.count for f in result.findings if f.code == "target_contradicted"] == [2]


def test_without_a_year_anywhere_it_is_asked_for_each_time(tmp_path: Path) -> None:
    headers, row = ("담당자", "1월", "2월"), ("김민수", "500", "700")
    path = tmp_path / "목표.csv"
    path.write_text(table(headers, row), encoding="utf-8")
    with plan_import([path]) as plan:
        (question,) = plan.open_questions
    assert question.key == "목표.csv:year"
    assert question.message.text("ko") == "목표.csv의 목표는 몇 년 목표인가요?"
    assert len(question.options) == 6
    lake, _ = taken_in(tmp_path, "목표.csv", headers, row, answers={question.key: "2027"})
    assert targets(lake) == [month(1, 500, 2027), month(2, 700, 2027)]
    with plan_import([path], lake=lake) as again:
        assert [one.key for one in again.open_questions] == [question.key]
        assert again.files[0].mapping.found_by.value == "saved"
    assert "targets.year" not in (lake.home / "mappings" / "목표.toml").read_text(encoding="utf-8")


def test_a_row_waits_for_one_bad_cell_and_comes_in_when_it_is_mended(tmp_path: Path) -> None:
    lake, result = taken_in(
        tmp_path,
        "2026 목표.csv",
        ("담당자", "1월", "2월"),
        ("김민수", "500", "많이"),
        ("이지은", "1", "-2"),
        ("박서준", "3", "4"),
    )
    assert (result.accepted, result.quarantined) == (1, 2)
    codes = {f.code for f in result.findings if f.severity.value == "error"}
    assert codes == {"amount_malformed", "amount_negative"}
    (place, _) = [row.place for row in quarantine.quarantined(lake)]
    released = release_by_hand(lake, place, {"2월": "600"}, by="test", at=AT)
    assert released.released == 1
    assert len(targets(lake)) == 4
    assert release_by_mapping(lake, 1, by="test", at=AT).refused == 1
    assert all(row[1].year == 2026 for row in targets(lake))


def test_a_row_without_a_name_is_nobodys_target(tmp_path: Path) -> None:
    lake, result = taken_in(tmp_path, "2026 목표.csv", ("담당자", "1월", "2월"), ("", "5", "5"), ("김민수", "6", "6"))
    assert targets(lake) == [month(1, 6), month(2, 6)]
    assert result.quarantined == 1
    assert [f.code for f in result.findings if f.severity.value == "error"] == ["target_of_nobody"]


def test_names_in_a_column_that_says_nothing_are_whose_targets_these_are(bench: Bench) -> None:
    text = table(("구분", "1월", "2월"), ("영업1팀", "5", "6"), ("영업2팀", "5", "6"))
    assert fields(bench.one(text, "2026 목표.csv"))["구분"] == "targets.subject"


def test_amounts_by_month_are_targets_only_where_something_says_so(bench: Bench) -> None:
    text = table(("담당자", "1월", "2월"), ("김민수", "5", "6"))
    found = bench.map({"매출.csv": text})
    assert found.mappings[0].entity is Entity.IGNORE
    (said,) = [f.message.text("en") for f in found.findings if f.code == "periods_in_columns"]
    assert "매출.csv:entity=targets" in said
    with plan_import([bench.folder / "매출.csv"]) as plan, pytest.raises(MappingError) as refused:
        refuse_open_questions(plan)
    assert refused.value.hint is not None
    assert "매출.csv:entity=targets" in refused.value.hint.text("ko")
    told = bench.map({"매출.csv": text}, hints=Hints(answers={"매출.csv:entity": "targets"}))
    assert told.mappings[0].entity is Entity.TARGETS
    assert [q.code for q in told.open_questions] == ["target_year_unclear"]


def test_the_unit_of_all_months_is_asked_for_once(bench: Bench) -> None:
    text = table(("담당자", "1월", "2월"), ("김민수", "500", "700"))
    found = bench.map({"2026 목표.csv": text})
    assert [q.key for q in found.questions if q.code == "amount_unit_unclear"] == ["2026 목표.csv:unit:targets"]
    told = bench.map({"2026 목표.csv": text}, hints=Hints(answers={"2026 목표.csv:unit:targets": "10000"}))
    assert [c.format for c in told.mappings[0].target_columns] == ["1,234.56 × 10000"] * 2
    titled = "단위: 만원\n" + text
    mapping: FileMapping = bench.one(titled, "2026 목표.csv")
    assert ["× 10000" in (c.format or "") for c in mapping.target_columns] == [True, True]


def test_a_saved_mapping_of_columns_for_periods_reads_back(bench: Bench) -> None:
    mapping = bench.one(table(("담당자", "1월", "2027-02"), ("김민수", "5", "6")), "2026 목표.csv")
    assert saved.read(saved.write(mapping)) == mapping.as_saved()


def test_the_same_file_again_says_nothing_new(tmp_path: Path) -> None:
    rows = (("김민수", "5", "6"), ("이지은", "7", "8"))
    taken_in(tmp_path, "2026 목표.csv", ("담당자", "1월", "2월"), *rows)
    lake, again = taken_in(tmp_path, "2026 목표.csv", ("담당자", "1월", "2월"), *rows)
    assert (again.accepted, again.known, again.import_no) == (0, 2, None)
    assert len(targets(lake)) == 4
