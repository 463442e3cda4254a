"""The header is found below titles, over one row or two, and refused where there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.intake.files.dialect import newline_of, records_of, sniff
from bokgi.intake.files.exported import exported_at, found_in
from bokgi.intake.files.header import find_header, looks_like_data, unique_names
from bokgi.intake.files.staged import Place

GROUPED = [["영업", "", "금액", ""], ["번호", "이름", "예상", "확정"]]


@pytest.mark.parametrize(
    ("records", "first", "last"),
    [
        ([["id", "name"], ["1", "a"]], 1, 1),
        ([["Title"], [], ["id", "name", "x"], ["1", "a", "b"]], 3, 3),
        ([["Title", "2026-11-23"], ["id", "name", "x", "y"], ["1", "a", "b", "c"]], 2, 2),
        ([["작성자", "김서연"], ["id", "name", "x"], ["1", "a", "b"]], 2, 2),
        ([["1", "2026-11-23"], ["2", "2026-11-24"]], 0, 0),
        ([["name", "2025"], ["a", "x"]], 1, 1),
        ([["name", "amount", "x" * 400], ["a", "1", "y"]], 0, 0),
        ([[*row] for row in GROUPED] + [["D1", "a", "5", "6"]], 1, 2),
        ([["", "name", "owner"], ["x", "Kim", "Lee"], ["y", "Park", "Choi"]], 1, 1),
        ([["", "a", "b"], ["", "x", "1"]], 1, 1),
        ([[], []], 0, 0),
    ],
)
def test_headers_are_found_where_they_stand(records: list[list[str]], first: int, last: int) -> None:
    header = find_header(records)
    assert (header.first, header.last, header.found) == (first, last, last > 0)


def test_group_names_reach_as_far_as_their_merged_cell() -> None:
    records = [["", "money", "", ""], ["id", "sum", "paid", "note"], ["D1", "5", "6", "x"]]
    merged = [((0, 1), (0, 2))]
    assert find_header(records, merged=merged).headers == ("id", "money - sum", "money - paid", "note")
    assert find_header([["a", "b", ""], ["", "", "c"], ["1", "2", "3"]]).headers == ("a", "b", "b - c")


def test_what_looks_like_data_is_no_label() -> None:
    data = [
        "1,000",
        "(500)",
        "₩1,200",
        "2026-11-23",
        "2026년 11월 3일",
        "15:30",
        "a@b.kr",
        "https://x",
        "TRUE",
        "10%",
        "1e5",
    ]
    labels = ["Amount (USD)", "2026 실적", "Q1", "담당자", "10월 매출", ""]
    assert all(map(looks_like_data, data))
    assert not any(map(looks_like_data, labels))


@given(st.lists(st.sampled_from(["a", "A", "a (2)", "", " ", "column 2", "{x}"]), max_size=8))
def test_names_are_unique_and_never_blank(headers: list[str]) -> None:
    names, _ = unique_names(headers, file="f", row=1)
    assert len(set(names)) == len(headers)
    assert all(name.strip() for name in names)


@given(st.lists(st.lists(st.text('a",;\n 가', max_size=5), min_size=2, max_size=4), min_size=1, max_size=5))
def test_quoted_records_are_cut_where_they_were_joined(table: list[list[str]]) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    text = "\r\n".join(",".join(map(quoted, row)) for row in table)
    assert list(records_of(text, ",")) == table


def test_the_first_line_end_outside_quotes_counts() -> None:
    assert newline_of('"a\nb",c\rd\n') == "\r"
    assert newline_of("nothing") is None


def test_the_last_record_of_a_cut_text_says_nothing() -> None:
    dialect = sniff("id;name;x\n1;a;b\n2;c", whole=False)
    assert (dialect.delimiter, dialect.width, dialect.short_records) == (";", 3, False)
    assert sniff("one line, and no end", whole=False).width == 2
    assert sniff("제목\n1,2,3\n4,5,6\n", whole=True).skip == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("영업기회_20261123_1530", "2026-11-23T15:30:00"),
        ("deals-20261123153045", "2026-11-23T15:30:45"),
        ("2026. 11. 3. 오후 3:05 기준", "2026-11-03T15:05:00"),
        ("2026년 11월 3일 오전 12:10", "2026-11-03T00:10:00"),
        ("as of 2026-11-23 03:05 PM", "2026-11-23T15:05:00"),
        ("from 2025-01-01 to 2026-11-23", "2026-11-23T00:00:00"),
        ("report 1732345678901", None),
        ("20261345", None),
        ("20260230", None),
        ("v1.2026", None),
    ],
)
def test_moments_of_export_are_found_in_names(text: str, expected: str | None) -> None:
    found = found_in(text, Place.FILE_NAME)
    assert (found.moment.isoformat() if found else None) == expected


def test_a_title_counts_only_when_it_speaks_of_the_export() -> None:
    assert exported_at("deals", ["기간: 2026-01-01 ~ 2026-03-31"]) is None
    spoken = exported_at("deals_20260101", ["기준일", "2026-11-23"])
    assert spoken is not None
    assert (spoken.place, spoken.text) == (Place.TITLE, "2026-11-23")
