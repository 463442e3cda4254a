"""How dates and amounts are written: decided on the whole column, then by the file's other dates, then asked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bokgi.facts.lake import Lake
from bokgi.intake.importing import import_files
from bokgi.intake.mapping import writings
from bokgi.intake.mapping.describe import describe
from bokgi.intake.mapping.formats import sortable
from bokgi.intake.mapping.model import ColumnMapping, Entity, FileMapping, FoundBy, Hints
from bokgi.intake.plan import plan_import
from tests.intake.mapping.small_files import Bench, table


def _format(mapping: FileMapping, header: str) -> str | None:
    return next(column.format for column in mapping.columns if column.column == header)


def _dates(*dates: str, header: str = "created") -> str:
    return table(("deal id", "stage", header), *((f"D{number}", "Proposal", text) for number, text in enumerate(dates)))


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("2026-11-23", "2026-01-05"), "%Y-%m-%d"),
        (("2026. 11. 23.", "2026. 1. 5."), "%Y. %m. %d."),
        (("23/11/2026", "05/01/2026"), "%d/%m/%Y"),
        (("11/23/2026", "01/05/2026"), "%m/%d/%Y"),
        (("02/23/26 08:55 PM", "02/03/26 09:00 AM"), "%m/%d/%y %I:%M %p"),
        (("2026-11-23 00:00:00", "2026-01-05 00:00:00"), "day %Y-%m-%d %H:%M:%S"),
        (("2026-11-23 10:00:00", "2026-01-05 00:00:00"), "%Y-%m-%d %H:%M:%S"),
        (("46349.5", "46350"), "excel"),
        (("2026-11-23", "2026. 11. 24."), "%Y-%m-%d | %Y. %m. %d."),
        (("23/11/2026", "46349"), "excel | %d/%m/%Y"),
        (("2026.12.20", "2026.12.21", "26.11.05"), "%Y.%m.%d | %y.%m.%d"),
        (("26-12-05", "26-12-5"), "%y-%m-%d"),
    ],
    ids=[
        "iso",
        "korean",
        "day",
        "month",
        "american times",
        "midnight",
        "times",
        "serial",
        "two ways",
        "mixed",
        "short years",
        "a day of one digit",
    ],
)
def test_the_whole_column_decides(bench: Bench, dates: tuple[str, ...], expected: str) -> None:
    detection = bench.map({"deals.csv": _dates(*dates)})
    assert _format(detection.mappings[0], "created") == expected
    assert detection.open_questions == ()


def test_short_years_beside_long_ones_are_read_in_this_century(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(_dates("2026.12.20", "2026.12.21", "26.11.05"), encoding="utf-8")
    lake = Lake.open(tmp_path / "home", create=True)
    with plan_import([path], lake=lake) as plan:
        import_files(lake, plan, by="test", at=datetime(2027, 1, 1, tzinfo=UTC))
    found = [day for file in lake.state()["deals"] for day in pq.read_table(file)["created_on"].to_pylist()]
    assert sorted(found) == [date(2026, 11, 5), date(2026, 12, 20), date(2026, 12, 21)]


def test_entries_with_short_years_stand_among_those_with_long_ones(bench: Bench) -> None:
    days = ("2026.12.20", "26.11.05", "2026.10.01")
    (staged,) = bench.stage({"history.csv": table(("entered", "stage"), *((day, "Talk") for day in days))})
    column = ColumnMapping("entered", "stage_history.entered", FoundBy.HAND, 1.0, format="%Y.%m.%d | %y.%m.%d")
    moment = sortable(staged, FileMapping("history.csv", Entity.STAGE_HISTORY, (column,), "crm"))
    found = bench.connection.execute(f"SELECT ({moment})::DATE FROM {staged.relation} ORDER BY 1").fetchall()
    assert found == [(date(2026, 10, 1),), (date(2026, 11, 5),), (date(2026, 12, 20),)]


def test_another_date_of_the_file_decides(bench: Bench) -> None:
    text = table(
        ("deal id", "stage", "created", "close date"),
        ("D1", "Proposal", "01/02/2026", "03/04/2026"),
        ("D2", "Proposal", "02/23/2026", "05/06/2026"),
    )
    detection = bench.map({"deals.csv": text})
    assert detection.open_questions == ()
    assert _format(detection.mappings[0], "close date") == "%m/%d/%Y"


def test_where_nothing_decides_it_must_be_answered(bench: Bench) -> None:
    text = _dates("01/02/2026", "03/04/2026")
    detection = bench.map({"deals.csv": text})
    (question,) = detection.open_questions
    assert question.code == "day_month_unclear"
    assert [option.answer for option in question.options] == ["mdy", "dmy"]
    assert question.options[1].meaning.text("en") == "day first: 23/11/2026"
    answered = bench.map({"deals.csv": text}, hints=Hints(answers={question.key: "dmy"}))
    assert answered.open_questions == ()
    assert _format(answered.mappings[0], "created") == "%d/%m/%Y"


def test_one_bad_date_among_many_does_not_turn_the_order(bench: Bench) -> None:
    dates = [f"{day:02}/11/2026" for day in range(1, 31)] * 3
    detection = bench.map({"deals.csv": _dates(*dates, "11/25/2026")})
    assert _format(detection.mappings[0], "created") == "%d/%m/%Y"
    assert detection.open_questions == ()


def test_a_decimal_mark_that_nothing_decides_is_asked_for(bench: Bench) -> None:
    text = table(("deal id", "stage", "amount"), ("D1", "Proposal", "1.234"), ("D2", "Proposal", "5.678"))
    detection = bench.map({"deals.csv": text})
    (question,) = detection.questions
    assert (question.code, question.suggestion) == ("decimal_mark_unclear", "1.234,56")
    answered = bench.map({"deals.csv": text}, hints=Hints(answers={question.key: "1,234.56"}))
    assert answered.questions == ()
    assert _format(answered.mappings[0], "amount") == "1,234.56"


@pytest.mark.parametrize(
    ("header", "amounts", "expected"),
    [
        ("amount", ("1,200.50", "300"), "1,234.56"),
        ("amount", ("1.200,50", "300"), "1.234,56"),
        ("amount", ("1.200.000", "300"), "1.234,56"),
        ("amount", ("$125,000", "£1001"), "1,234.56"),
        ("예상매출(만원)", ("1,200", "30"), "1,234.56 × 10000 KRW"),
        ("금액(원)", ("1,200", "30"), "1,234.56 KRW"),
        ("예상매출", ("1억 2천만원", "3000만원"), "1,234.56"),
    ],
    ids=["point", "comma", "dots", "signs", "ten thousands", "won", "words"],
)
def test_amounts_say_their_mark_unit_and_currency(
    bench: Bench, header: str, amounts: tuple[str, ...], expected: str
) -> None:
    rows = [(f"D{number}", "제안", text) for number, text in enumerate(amounts)]
    detection = bench.map({"영업기회.csv": table(("영업기회번호", "영업단계", header), *rows)})
    assert _format(detection.mappings[0], header) == expected
    assert detection.questions == ()


def test_small_amounts_in_won_are_asked_for(bench: Bench) -> None:
    text = table(("영업기회번호", "영업단계", "예상매출"), ("1", "제안", "1,200"), ("2", "제안", "300"))
    detection = bench.map({"영업기회.csv": text})
    (question,) = detection.questions
    assert (question.code, question.suggestion) == ("amount_unit_unclear", "1")
    assert question.options[2].meaning.text("ko") == "만원"
    answered = bench.map({"영업기회.csv": text}, hints=Hints(answers={question.key: "10000"}))
    assert answered.questions == ()
    assert _format(answered.mappings[0], "예상매출") == "1,234.56 × 10000"
    in_dollars = bench.map({"영업기회.csv": text}, hints=Hints(currency="USD"))
    assert in_dollars.questions == ()


def test_a_title_above_the_table_can_give_the_unit(bench: Bench) -> None:
    text = "영업 현황,,\n(단위: 만원),,\n영업기회번호,영업단계,예상매출\n1,제안,1200\n2,제안,300\n"
    detection = bench.map({"영업기회.csv": text})
    assert _format(detection.mappings[0], "예상매출") == "1,234.56 × 10000 KRW"
    assert detection.questions == ()


@pytest.mark.parametrize("close", ["예상 종료일", "종료 예정일"])
def test_a_history_of_fields_has_a_format_for_each_field(bench: Bench, close: str) -> None:
    text = table(
        ("영업기회 ID", "항목", "이전 값", "새 값", "변경일시"),
        ("1", "금액(만원)", "12,000", "12,500", "2026-11-23 14:10:00"),
        ("1", close, "2026. 12. 31.", "2027. 1. 31.", "2026-11-24 14:10:00"),
        ("1", "담당자", "김도현", "이서연", "2026-11-25 14:10:00"),
    )
    mapping = bench.map({"기회변경이력.csv": text}).mappings[0]
    assert mapping.history_formats == {"amount": "1,234.56 × 10000 KRW", "expected_close_on": "%Y. %m. %d."}


def test_entries_are_put_in_order_whatever_their_dates_look_like(bench: Bench) -> None:
    rows = [("1", "B", "05/01/2026"), ("1", "A", "23/11/2025"), ("2", "B", "02/02/2026"), ("2", "A", "30/12/2025")]
    mapping = bench.map({"history.csv": table(("deal id", "stage", "entered"), *rows)}).mappings[0]
    assert [stage.stage for stage in mapping.stages] == ["A", "B"]
    serial = [("1", "B", "46010"), ("1", "A", "9999"), ("2", "B", "46020"), ("2", "A", "46000")]
    mapping = bench.map({"history.csv": table(("deal id", "stage", "entered"), *serial)}).mappings[0]
    assert {stage.stage for stage in mapping.stages} == {"A", "B"}


def test_a_mapping_is_described_in_words_without_names_of_people(bench: Bench) -> None:
    text = table(
        ("영업기회번호", "담당자", "영업단계", "제안일", "예상매출(만원)", "휴대폰", "생성일"),
        ("1", "김서연", "제안", "2026-01-02", "1,200", "010-0000-1234", "2026. 1. 1."),
    )
    mapping = bench.map({"영업기회.csv": text}).mappings[0]
    rows = {row.column: row for row in describe(mapping, "ko")}
    assert rows["예상매출(만원)"].label == "금액"
    assert rows["예상매출(만원)"].format == "1,234.56처럼 쓰고 10000배, KRW"
    assert rows["생성일"].format == "2026. 11. 23. 형식"
    assert rows["제안일"].label == "제안 단계에 들어옴"
    assert rows["담당자"].samples == rows["휴대폰"].samples == ()
    assert rows["예상매출(만원)"].samples == ("1,200",)
    assert rows["담당자"].found_by_label == "열 이름"
    shown = rows["휴대폰"].as_json()
    assert shown["field"] == "leave_out"
    assert set(shown) == {"file", "column", "field", "label", "found_by", "confidence", "format", "samples"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(("10", "75"), "0-100"), (("0.1", "1"), "0-1"), (("10%", "75%"), "0-1"), (("10", "75%"), "0-100")],
    ids=["hundred", "one", "percent", "both"],
)
def test_probabilities_are_counted_to_one_or_to_a_hundred(bench: Bench, texts: tuple[str, ...], expected: str) -> None:
    rows = [(f"D{number}", "Proposal", text) for number, text in enumerate(texts)]
    mapping = bench.map({"deals.csv": table(("deal id", "stage", "probability"), *rows)}).mappings[0]
    assert _format(mapping, "probability") == expected
    assert describe(mapping, "en")[2].format == {"0-1": "0.25 means 25%", "0-100": "25 means 25%"}[expected]


@pytest.mark.parametrize(
    ("last", "expected"),
    [("2026-11-23 00:00:00", "day %Y-%m-%d %H:%M:%S"), ("2026-11-23 10:30:00", "%Y-%m-%d %H:%M:%S")],
    ids=["midnight", "a time"],
)
def test_in_a_large_file_every_row_is_asked_only_where_the_sample_leaves_a_doubt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, last: str, expected: str
) -> None:
    monkeypatch.setattr(writings, "SCANNED_ROWS", 100)
    rows = [(f"D{number}", "Proposal", "2026-01-05 00:00:00", "01/02/2026", "0.5") for number in range(8000)]
    rows[333] = ("D333", "Proposal", last, "02/23/2026", "60")
    headers = ("deal id", "stage", "created", "expected close date", "probability")
    detection = bench.map({"deals.csv": table(headers, *rows)})
    assert _format(detection.mappings[0], "created") == expected
    assert _format(detection.mappings[0], "expected close date") == "%m/%d/%Y"
    assert _format(detection.mappings[0], "probability") == "0-100"
    assert detection.open_questions == ()
