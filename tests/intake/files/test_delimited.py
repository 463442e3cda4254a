"""Delimited text comes out cell by cell as it was written, with the row numbers of a spreadsheet."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bokgi.intake.files import FoundBy, Place, stage_files
from tests.intake.files.bench import Bench, codes

HEADER = ["기회번호", "영업기회명", "금액"]


def test_rows_keep_their_numbers_and_cells_are_text_or_null(bench: Bench) -> None:
    staged = bench.stage('id,name,amount\nD1,"Kim, Lee","1,000"\nD2,"",\n')

    assert [column.name for column in staged.columns] == ["id", "name", "amount"]
    assert bench.rows(staged) == [(2, "D1", "Kim, Lee", "1,000"), (3, "D2", None, None)]
    assert (staged.rows, staged.rejected, staged.read, staged.findings) == (2, 0, 2, ())


def test_what_is_known_of_the_bytes_is_kept(bench: Bench) -> None:
    content = "id,담당자\nD1,김서연\n".encode("cp949")
    staged = bench.stage(content, "deals_20261123.csv")

    assert staged.sha256 == hashlib.sha256(content).hexdigest()
    assert (staged.size, staged.encoding, staged.encoding_found_by) == (len(content), "cp949", FoundBy.STRICT_CP949)
    assert staged.exported is not None
    assert (staged.exported.moment.isoformat(), staged.exported.place) == ("2026-11-23T00:00:00", Place.FILE_NAME)


def test_columns_come_with_a_profile(bench: Bench) -> None:
    staged = bench.stage("id,stage,lost\n1,제안,\n2,협상,\n3,제안,\n")
    _, stage, lost = staged.columns

    assert (stage.filled, stage.distinct, stage.least, stage.greatest) == (3, 2, "제안", "협상")
    assert stage.samples == ("제안", "협상")
    assert (lost.filled, lost.distinct, lost.least, lost.samples) == (0, 0, None, ())
    assert staged.column("stage").sql == '"c2"'
    with pytest.raises(KeyError):
        staged.column("nothing")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(bench: Bench, delimiter: str) -> None:
    lines = [["id", "name", "amount"], ["1", "a b", "1.5"], ["2", "c", "2"]]
    staged = bench.stage("\n".join(delimiter.join(line) for line in lines))

    assert staged.delimiter == delimiter
    assert bench.rows(staged) == [(2, "1", "a b", "1.5"), (3, "2", "c", "2")]


def test_commas_of_decimals_are_no_delimiter(bench: Bench) -> None:
    staged = bench.stage("id;amount;share\n1;1,5;0,1\n2;2,5;0,2\n")

    assert staged.delimiter == ";"
    assert bench.rows(staged) == [(2, "1", "1,5", "0,1"), (3, "2", "2,5", "0,2")]


def test_a_sep_line_names_the_delimiter_and_is_no_row(bench: Bench) -> None:
    staged = bench.stage("sep=;\r\nid;name\r\n1;a\r\n2\r\n3;c\r\n")

    assert staged.delimiter == ";"
    assert bench.rows(staged) == [(2, "1", "a"), (4, "3", "c")]
    assert bench.refused(staged) == [(3, "2", "too_few_cells")]


def test_a_single_column_is_a_table(bench: Bench) -> None:
    staged = bench.stage("id\n1\n\n2\n")

    assert bench.rows(staged) == [(2, "1"), (4, "2")]
    assert (staged.rows, staged.blank_rows) == (2, 1)


def test_titles_above_the_header_are_kept_apart(bench: Bench) -> None:
    staged = bench.stage("영업기회 현황\n기준일: 2026. 11. 23.\n\nid,name,amount\nD1,a,500\nD2,b,600\n")

    assert (staged.header_row, staged.titles) == (4, ("영업기회 현황", "기준일: 2026. 11. 23."))
    assert bench.rows(staged) == [(5, "D1", "a", "500"), (6, "D2", "b", "600")]
    assert staged.exported is not None
    assert staged.exported.place is Place.TITLE


def test_a_header_cell_may_hold_line_breaks(bench: Bench) -> None:
    staged = bench.stage('"Deal\r\nname",amount\n"a\r\nb",5\nc,6\n')

    assert [column.name for column in staged.columns] == ["Deal name", "amount"]
    assert bench.rows(staged) == [(2, "a\r\nb", "5"), (3, "c", "6")]


def test_a_file_without_a_header_gets_numbered_columns(bench: Bench) -> None:
    staged = bench.stage("D1,2026-11-23,500\nD2,2026-11-24,600\n")

    assert codes(staged) == {"header_missing", "header_blank"}
    assert [column.name for column in staged.columns] == ["column 1", "column 2", "column 3"]
    assert bench.rows(staged)[0] == (1, "D1", "2026-11-23", "500")


def test_empty_lines_count_as_rows_of_the_sheet(bench: Bench) -> None:
    staged = bench.stage("id,name\n\n1,a\n,\n\n2,b\n\n\n")

    assert bench.rows(staged) == [(3, "1", "a"), (6, "2", "b")]
    assert (staged.rows, staged.rejected, staged.blank_rows) == (2, 0, 3)


def test_rows_with_too_few_or_too_many_cells_are_set_aside_with_their_text(bench: Bench) -> None:
    staged = bench.stage('id,name,amount\n1,a,5\n2,b\n3,c,7,8\n  \n4,"d\ne",9\n5,f,10\n')

    assert bench.rows(staged) == [(2, "1", "a", "5"), (6, "4", "d\ne", "9"), (7, "5", "f", "10")]
    assert bench.refused(staged) == [(3, "2,b", "too_few_cells"), (4, "3,c,7,8", "too_many_cells")]
    assert staged.read == 5
    few = next(finding for finding in staged.findings if finding.code == "too_few_cells")
    assert (few.count, few.examples[0].row, few.examples[0].value) == (1, 3, "2,b")


def test_cells_left_out_by_most_rows_are_empty(bench: Bench) -> None:
    staged = bench.stage("id,name,note\n1,a\n2,b\n3,c,x\n")

    assert bench.rows(staged) == [(2, "1", "a", None), (3, "2", "b", None), (4, "3", "c", "x")]
    assert "cells_left_out" in codes(staged)


def test_many_gaps_leave_row_numbers_right(bench: Bench) -> None:
    lines = [f"{i},a" if i % 2 else f"{i}" for i in range(2, 4002)]
    staged = bench.stage("id,name\n" + "\n".join(lines) + "\n")

    wrong = bench.connection.sql(f"SELECT count(*) FROM {staged.relation} WHERE _row <> c1::INT").fetchall()
    assert wrong == [(0,)]
    assert (staged.rows, staged.rejected) == (2000, 2000)


def test_duplicate_and_blank_headers_get_names_of_their_own(bench: Bench) -> None:
    staged = bench.stage("Amount,Amount,,Amount (2),\n1,2,3,4,\n")

    assert [column.name for column in staged.columns] == ["Amount", "Amount (3)", "column 3", "Amount (2)"]
    assert codes(staged) == {"header_duplicate", "header_blank"}


def test_a_thousand_columns_and_a_cell_of_a_megabyte(bench: Bench) -> None:
    wide = ",".join(f"c{i}" for i in range(1000)) + "\n" + ",".join(str(i) for i in range(1000)) + "\n"
    assert bench.rows(bench.stage(wide, "wide.csv")) == [(2, *(str(i) for i in range(1000)))]

    tall = "가" * 350_000
    staged = bench.stage(f'id,note\n1,"{tall}"\n2,"{tall}{tall}{tall}"\n3,x\n', "tall.csv")
    assert bench.rows(staged) == [(2, "1", tall), (3, "2", tall * 3), (4, "3", "x")]


def test_a_header_alone_is_a_finding(bench: Bench) -> None:
    for content in ("id,name", "id,name\n", "\ufeffid,name\r\n\r\n"):
        staged = bench.stage(content)
        assert (staged.rows, codes(staged)) == (0, {"header_only"})


def test_formulas_stay_text_and_are_counted(bench: Bench) -> None:
    staged = bench.stage('id,name\n1,=1+1\n2,"=HYPERLINK(""x"")"\n3,a=b\n')

    assert [row[2] for row in bench.rows(staged)] == ["=1+1", '=HYPERLINK("x")', "a=b"]
    formula = next(finding for finding in staged.findings if finding.code == "formula_text")
    assert formula.count == 2


def test_nul_characters_are_kept_and_said(bench: Bench) -> None:
    staged = bench.stage(b"id,name\n1,a\x00b\n")

    assert bench.rows(staged) == [(2, "1", "a\x00b")]
    assert "text_has_nul" in codes(staged)


def test_a_packed_text_is_unpacked(bench: Bench) -> None:
    content = gzip.compress(b"id,name\n1,a\n")
    staged = bench.stage(content, "deals.csv.gz")

    assert bench.rows(staged) == [(2, "1", "a")]
    assert staged.sha256 == hashlib.sha256(content).hexdigest()


def test_progress_reaches_the_size_of_the_file(bench: Bench) -> None:
    told: list[tuple[str, int, int]] = []
    path = bench.write("deals.csv", b"id,name\n" + b"1,a\n" * 200_000)
    stage_files(
        [path],
        work=bench.folder / "work",
        connection=bench.connection,
        progress=lambda name, done, size: told.append((name, done, size)),
    )

    size = path.stat().st_size
    assert told[-1] == ("deals.csv", size, size)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_large_text_is_staged_in_the_parts_it_is_read_in_and_repeating_texts_are_told(bench: Bench) -> None:
    rows = "".join(f'D{n:07},"{"가" * 60}, {n}\n긴급",₩{n % 9_000 + 1}만원,{"설명" * 20}\n' for n in range(60_000))
    staged = bench.stage(f"id,name,amount,note\n{rows}")

    parts = bench.connection.execute(
        f"""SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata('{bench.folder / "work"}/*.parquet')
            WHERE file_name NOT LIKE '%sample%' ORDER BY ALL"""
    ).fetchall()
    read_at_once = 8_000_000 * 60_000 // len(rows.encode())
    assert max(count for _, count in parts) < read_at_once + 1_000, "rows are not put together anew"
    assert len(parts) > 1
    assert (staged.rows, staged.rejected) == (60_000, 0)
    # More different amounts than a part keeps a list of.
    assert [column.repeats for column in staged.columns] == [False, False, True, True]


def test_nothing_but_staged_tables_is_left_behind(bench: Bench) -> None:
    bench.stage("id,담당자\n1,김\n2\n".encode("cp949"))

    assert {path.suffix for path in (bench.folder / "work").iterdir()} == {".parquet"}


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters='\n\r\t"'), max_size=12)
hangul = st.text(st.sampled_from("가나다라마한빛수주ab 1,;|\"'\n\t="), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_table_comes_back_as_it_was_written(data: st.DataObject) -> None:
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"]))
    table = data.draw(st.lists(st.tuples(*[hangul if encoding == "cp949" else cells] * 3), min_size=1, max_size=30))
    newline = data.draw(st.sampled_from(["\n", "\r\n"]))
    delimiter = data.draw(st.sampled_from([",", ";", "\t", "|"]))
    # Before Python 3.13 the writer leaves a carriage return bare where lines end without one: nobody could read that.
    all_quoted = data.draw(st.booleans()) or any("\r" in cell for row in table for cell in row)
    text = io.StringIO()
    if all_quoted:
        writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    else:
        writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    writer.writerow(HEADER)
    writer.writerows(table)
    expected = [
        (number, *(cell or None for cell in row))
        for number, row in enumerate(table, start=2)
        if any(cell for cell in row)
    ]

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "table.csv"
        path.write_bytes(text.getvalue().encode(encoding))
        (staged,) = stage_files([path], work=Path(folder) / "work", connection=connection).files
        rows = connection.sql(f"SELECT * FROM {staged.relation} ORDER BY _row").fetchall()

    assert staged.rejected == 0
    assert [row for row in rows if any(cell is not None for cell in row[1:])] == expected
