"""Damage costs the lines that are damaged, and no record is lost or invented."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.intake.files import FoundBy, stage_files
from bokgi.intake.files.careful import Refused, copy_sound
from bokgi.intake.files.structure import Structure
from tests.intake.files.bench import Bench, codes


def test_a_quote_that_never_closes_costs_its_line(bench: Bench) -> None:
    lines = [f'{i},"note, {i}",x' for i in range(1, 2000)]
    lines[1000] = '1001,"open,x'
    staged = bench.stage("id,note,more\n" + "\n".join(lines) + "\n")

    assert bench.refused(staged) == [(1002, '1001,"open,x', "broken_quotes")]
    assert staged.rows == 1998
    assert bench.connection.sql(f"SELECT count(*) FROM {staged.relation} WHERE _row <> c1::INT + 1").fetchall() == [
        (0,)
    ]
    assert codes(staged) == {"broken_quotes", "text_irregular"}


def test_quotes_inside_plain_cells_are_letters(bench: Bench) -> None:
    staged = bench.stage('id,name\n1,5" pipe\n2,a "b" c\n3,"d"\n')

    assert bench.rows(staged) == [(2, "1", '5" pipe'), (3, "2", 'a "b" c'), (4, "3", "d")]
    assert staged.rejected == 0


def test_a_quote_inside_a_quoted_cell_costs_its_line(bench: Bench) -> None:
    staged = bench.stage('id,name\n1,"5" pipe"\n2,"b"\n')

    assert bench.rows(staged) == [(3, "2", "b")]
    assert bench.refused(staged) == [(2, '1,"5" pipe"', "broken_quotes")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,name\r\n1,a\n2,b\r\n3,c\n", [(2, "1", "a"), (3, "2", "b"), (4, "3", "c")]),
        ("id,name\n1,a\r\n2,b\n", [(2, "1", "a"), (3, "2", "b")]),
        ("id,name\n1,a\rb\n2,c\n", [(2, "1", "a\rb"), (3, "2", "c")]),
        ("id,name\r\r\n1,a\r\r\n2,b\r\r\n", [(2, "1", "a"), (3, "2", "b")]),
        ("id,name\r1,a\r2,b\r", [(2, "1", "a"), (3, "2", "b")]),
        ('id,name\r\n1,"a\nb"\r\n2,c\r\n', [(2, "1", "a\nb"), (3, "2", "c")]),
    ],
)
def test_line_ends_of_every_kind_are_read(bench: Bench, content: str, expected: list[tuple[int, str, str]]) -> None:
    staged = bench.stage(content)

    assert bench.rows(staged) == expected
    assert staged.rejected == 0


def test_an_end_within_a_character_keeps_the_rows_before(bench: Bench) -> None:
    whole = "id,담당자\n1,김서연\n2,박지호\n".encode()
    staged = bench.stage(whole[:-2])

    assert bench.rows(staged) == [(2, "1", "김서연")]
    assert bench.refused(staged) == [(3, "2,박지\\xed\\x98", "undecodable")]
    assert "text_truncated" in codes(staged)


def test_an_end_within_a_record_keeps_the_rows_before(bench: Bench) -> None:
    staged = bench.stage('id,note,x\n1,a,b\n2,c,d\n3,e,f\n4,"open note\nmore')

    assert bench.rows(staged) == [(2, "1", "a", "b"), (3, "2", "c", "d"), (4, "3", "e", "f")]
    assert [(row, problem) for row, _, problem in bench.refused(staged)] == [
        (5, "broken_quotes"),
        (6, "too_few_cells"),
    ]


def test_bytes_that_are_no_text_cost_their_row_when_the_encoding_is_named(bench: Bench) -> None:
    content = "id,담당자\n1,김\n".encode() + b"2,\xff\xfe\n" + "3,박\n".encode()
    staged = bench.stage(content, encoding="utf-8")

    assert staged.encoding_found_by is FoundBy.GIVEN
    assert bench.rows(staged) == [(2, "1", "김"), (4, "3", "박")]
    assert bench.refused(staged) == [(3, "2,\\xff\\xfe", "undecodable")]


def test_cells_that_look_like_tables_do_not_become_rows(bench: Bench) -> None:
    inside = "x,y,z\n" * 30_000
    lines = [f'{i},"{inside}",end{i}' for i in range(150)]
    staged = bench.stage("a,b,c\n" + "\n".join(lines) + "\n")

    assert (staged.rows, staged.rejected) == (150, 0)
    wrong = bench.connection.sql(f"SELECT count(*) FROM {staged.relation} WHERE c3 <> 'end' || c1").fetchall()
    assert wrong == [(0,)]


def test_a_broken_line_in_a_large_file_loses_no_other(bench: Bench) -> None:
    lines = [f"{i},text {i},zzz{i}" for i in range(1_000_000)]
    lines[400_000] = '400000,"open,zzz'
    staged = bench.stage("a,b,c\n" + "\n".join(lines) + "\n")

    assert (staged.rows, staged.rejected) == (999_999, 1)
    wrong = bench.connection.sql(f"SELECT count(*) FROM {staged.relation} WHERE _row <> c1::INT + 2").fetchall()
    assert wrong == [(0,)]


plain = st.text("abc 가나-", min_size=1, max_size=6)


@settings(max_examples=40)
@given(table=st.lists(st.tuples(plain, plain, plain), min_size=3, max_size=20), data=st.data())
def test_one_stray_quote_anywhere_costs_at_most_one_line(
    table: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    lines = [",".join((f"D{i}", *row)) for i, row in enumerate(table)]
    broken = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[broken])))
    lines[broken] = lines[broken][:at] + '"' + lines[broken][at:]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "table.csv"
        path.write_text("\n".join(["기회번호,이름,단계,메모", *lines]) + "\n", encoding="utf-8")
        (staged,) = stage_files([path], work=Path(folder) / "work", connection=connection).files
        rows = dict(connection.sql(f"SELECT _row, [c1, c2, c3, c4] FROM {staged.relation}").fetchall())
        refused = connection.sql(f"SELECT _row, raw FROM {staged.rejects_relation}").fetchall()

    assert staged.read == len(lines)
    assert refused in ([], [(broken + 2, lines[broken])])
    for i, row in enumerate(table):
        if i != broken:
            assert rows[i + 2] == [f"D{i}", *row]


@settings(max_examples=40)
@given(table=st.lists(st.tuples(plain, plain), min_size=1, max_size=12), data=st.data())
def test_cutting_a_file_anywhere_keeps_every_whole_line(table: list[tuple[str, str]], data: st.DataObject) -> None:
    head = "기회번호,이름,단계\n".encode()
    body = "".join(f"D{i},{a},{b}\n" for i, (a, b) in enumerate(table)).encode()
    cut = body[: data.draw(st.integers(0, len(body)))]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "table.csv"
        path.write_bytes(head + cut)
        (staged,) = stage_files([path], work=Path(folder) / "work", connection=connection).files
        rows = connection.sql(f"SELECT * FROM {staged.relation} ORDER BY _row").fetchall()

    whole = cut.count(b"\n")
    assert rows[:whole] == [(i + 2, f"D{i}", a, b) for i, (a, b) in enumerate(table[:whole])]
    assert staged.read == whole + (0 if cut.endswith(b"\n") or not cut else 1)


@settings(max_examples=200)
@given(content=st.text('ab",\n\r', max_size=40), size=st.integers(1, 7))
def test_the_careful_reader_keeps_or_refuses_every_line_however_the_bytes_arrive(content: str, size: int) -> None:
    class Slow(io.BytesIO):
        def read(self, _asked: int | None = -1) -> bytes:
            return super().read(size)

    raw = content.encode()
    whole, slow = io.BytesIO(), io.BytesIO()
    refused: list[Refused] = []
    again: list[Refused] = []
    structure = copy_sound(io.BytesIO(raw), whole, ",", refused.append)
    copy_sound(Slow(raw), slow, ",", again.append)

    assert (slow.getvalue(), again) == (whole.getvalue(), refused)
    counted = Structure(newline=b"\n", delimiter=b",")
    counted.feed(whole.getvalue())
    counted.close()
    assert structure.records == counted.records
    assert not counted.quoted_end
    kept = sum(raw.count(letter) for letter in (b"a", b"b"))
    set_aside = "".join(one.raw for one in refused)
    assert sum(whole.getvalue().count(x) for x in (b"a", b"b")) + sum(map(set_aside.count, "ab")) == kept


@given(content=st.text('a",\n', max_size=60), cuts=st.lists(st.integers(1, 5), max_size=20))
def test_records_are_counted_the_same_in_any_blocks(content: str, cuts: list[int]) -> None:
    raw = content.encode()
    whole, parts = (Structure(newline=b"\n", delimiter=b",") for _ in range(2))
    whole.feed(raw)
    at = 0
    for cut in cuts:
        parts.feed(raw[at : at + cut])
        at += cut
    parts.feed(raw[at:])
    whole.close()
    parts.close()

    assert (parts.records, parts.longest, parts.formulas, parts.quoted_end) == (
        whole.records,
        whole.longest,
        whole.formulas,
        whole.quoted_end,
    )
    assert parts.blank.tolist() == whole.blank.tolist()
