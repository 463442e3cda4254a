"""What cannot be read is refused with a code, and the message says what it is and what to do."""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import struct
import zipfile
from pathlib import Path

import duckdb
import pytest

from bokgi.domain.errors import BokgiError, InputError, SetupError
from bokgi.domain.messages import Message
from bokgi.intake.files import FoundBy
from bokgi.intake.files.faults import reading
from tests.intake.files.bench import Bench

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refusal(bench: Bench, content: bytes, name: str = "deals.csv", encoding: str | None = None) -> BokgiError:
    with pytest.raises(BokgiError) as refused:
        bench.stage(content, name, encoding)
    assert str(refused.value)
    return refused.value


@pytest.mark.parametrize("content", [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_an_empty_file_is_refused(bench: Bench, content: bytes) -> None:
    assert refusal(bench, content).code == "file_empty"


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"<html><body><table><tr><td>1</td></tr></table>", "report.xls", "HTML"),
        (b"\n <!-- x --><!DOCTYPE html><html>", "report.xls", "HTML"),
        (b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table>", "report.xls", "HTML"),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?><Workbook>', "r.xls", "XML Spreadsheet 2003"),
        (b"%PDF-1.7 ...", "deals.csv", "PDF"),
        (b"PAR1....", "deals.csv", "Parquet"),
        (b'{"deals": []}', "deals.csv", "JSON"),
        (bytes(range(256)) * 20, "deals.csv", Message("binary data")),
        (b"\x00\x01\x02\x03\x00\x00" * 100, "deals.csv", Message("binary data")),
    ],
)
def test_what_is_no_table_is_named(bench: Bench, content: bytes, name: str, kind: str | Message) -> None:
    error = refusal(bench, content, name)
    assert error.code == "file_not_a_table"
    assert error.message.values["kind"] == kind


@pytest.mark.parametrize(
    ("part", "name", "kind"),
    [
        ("deals.csv", "export.zip", "ZIP"),
        ("Index/Document.iwa", "deals.numbers", "Numbers"),
        ("word/document.xml", "deals.docx", "Word"),
    ],
)
def test_an_archive_of_other_files_is_no_table(bench: Bench, part: str, name: str, kind: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(part, "id\n1\n")
    error = refusal(bench, packed.getvalue(), name)
    assert (error.code, error.message.values["kind"]) == ("file_not_a_table", kind)
    assert error.hint is not None
    assert ("Unpack" in error.hint.msgid) == (kind == "ZIP")


@pytest.mark.parametrize("kind", [0, 1])
def test_an_old_workbook_with_a_password_is_said_to_be_protected(bench: Bench, kind: int) -> None:
    """Both ways of BIFF8: by obfuscation (0), of which the reader of workbooks knows nothing, and by RC4 (1)."""
    begins = bytes.fromhex("0908100000060500bb0dcc070000000006000000")
    asks = bytes.fromhex("2f000600" + f"{kind:02x}00" + "34127856")
    assert refusal(bench, OLE + bytes(1_016) + begins + asks + bytes(5_000), "deals.xls").code == "file_protected"


def test_a_protected_workbook_is_said_to_be_protected(bench: Bench) -> None:
    content = OLE + bytes(5_000) + "EncryptedPackage".encode("utf-16-le") + bytes(5_000)
    assert refusal(bench, content, "deals.xlsx").code == "file_protected"


@pytest.mark.parametrize("content", [OLE + bytes(4_000), b"PK\x03\x04" + bytes(100)])
def test_a_damaged_workbook_is_said_to_be_damaged(bench: Bench, content: bytes) -> None:
    assert refusal(bench, content, "deals.xls").code == "file_damaged"


def test_a_damaged_gzip_is_said_to_be_damaged(bench: Bench) -> None:
    content = gzip.compress(b"id,name\n" * 1_000)
    assert refusal(bench, content[:-20], "deals.csv.gz").code == "file_damaged"
    assert refusal(bench, content[:20] + b"xxxx" + content[24:], "deals.csv.gz").code == "file_damaged"
    assert refusal(bench, b"\x1f\x8b" + bytes(30), "deals.csv.gz").code == "file_damaged"


def test_a_gzip_bomb_is_refused_before_it_fills_the_disk(bench: Bench) -> None:
    bomb = gzip.compress(b"a,b\n" + bytes(1 << 27))
    assert refusal(bench, bomb, "deals.csv.gz").code == "file_bomb"


def test_an_encoding_that_cannot_be_decided_is_asked_for(bench: Bench) -> None:
    error = refusal(bench, b"id,name\n1,caf\xe9,\n2,\x81\x20\n")
    assert error.code == "encoding_undecided"
    assert error.hint is not None


def test_a_late_byte_decides_against_utf8(bench: Bench) -> None:
    head = b"id,name\n" + b"1,a\n" * 400_000
    staged = bench.stage(head + "2,수주\n".encode("cp949"))
    assert (staged.encoding, staged.rows) == ("cp949", 400_001)
    assert bench.connection.sql(f"SELECT c2 FROM {staged.relation} WHERE c1 = '2'").fetchall() == [("수주",)]

    assert refusal(bench, head + b"2,\xff\xff\n").code == "encoding_undecided"


def test_utf16_without_a_mark_is_recognised_and_asked_for(bench: Bench) -> None:
    content = "id,name\n1,abc\n".encode("utf-16-be")
    error = refusal(bench, content)
    assert (error.code, error.message.values["codec"]) == ("encoding_undecided", "utf-16-be")

    staged = bench.stage(content, encoding="utf-16-be")
    assert bench.rows(staged) == [(2, "1", "abc")]


@pytest.mark.parametrize(
    ("text", "encoding", "found_by"),
    [
        ("id,담당\n1,김\n".encode("utf-8-sig"), "utf-8", FoundBy.BOM),
        ("id,담당\n1,김\n".encode(), "utf-8", FoundBy.STRICT_UTF8),
        ("id,담당\n1,김\n".encode("utf-16"), "utf-16-le", FoundBy.BOM),
        (codecs.BOM_UTF16_BE + "id,담당\n1,김\n".encode("utf-16-be"), "utf-16-be", FoundBy.BOM),
        ("id,담당\n1,김\n".encode("cp949"), "cp949", FoundBy.STRICT_CP949),
    ],
)
def test_encodings_are_decided_by_mark_then_utf8_then_cp949(
    bench: Bench, text: bytes, encoding: str, found_by: FoundBy
) -> None:
    staged = bench.stage(text)
    assert (staged.encoding, staged.encoding_found_by) == (encoding, found_by)
    assert [column.name for column in staged.columns] == ["id", "담당"]
    assert bench.rows(staged) == [(2, "1", "김")]


def test_cp949_reads_letters_that_euc_kr_has_not(bench: Bench) -> None:
    text = "id,이름\n1,똠방각하 펲시\n"
    assert bench.rows(bench.stage(text.encode("cp949"))) == [(2, "1", "똠방각하 펲시")]
    assert bench.rows(bench.stage(text.encode("cp949"), encoding="euc-kr")) == [(2, "1", "똠방각하 펲시")]


def test_a_named_encoding_is_followed_or_refused(bench: Bench) -> None:
    assert bench.rows(bench.stage("id,name\n1,café\n".encode("latin-1"), encoding="latin-1")) == [(2, "1", "café")]
    assert bench.rows(bench.stage("id,a\n1,b\n".encode("utf-8-sig"), encoding="utf-8-sig")) == [(2, "1", "b")]
    assert bench.rows(bench.stage("id,a\n1,b\n".encode("utf-16"), encoding="utf-16-le")) == [(2, "1", "b")]
    assert refusal(bench, b"id\n\xff\n", encoding="euc-jp").code == "encoding_wrong"
    assert refusal(bench, b"id\n1\n", encoding="klingon").code == "encoding_unknown"
    assert refusal(bench, b"id\n1\n", encoding="rot13").code == "encoding_unknown"


def test_korean_with_a_bad_byte_is_read_but_for_its_row_once_it_is_called_cp949(bench: Bench) -> None:
    lines = [line.encode("cp949") for line in ("id,이름", "1,김민수", "2,이", "3,박서준")]
    lines[2] += b"\xff"
    text = b"\n".join(lines)
    assert refusal(bench, text).code == "encoding_undecided"
    staged = bench.stage(text, encoding="cp949")
    assert bench.rows(staged) == [(2, "1", "김민수"), (4, "3", "박서준")]
    assert staged.rejected == 1


def test_a_lone_cut_character_after_ascii_is_cp949_when_cp949_reads_it(bench: Bench) -> None:
    assert bench.stage(b"id,name\n1,\xea\xb0").encoding == "cp949"
    assert bench.stage(b"id,name\n1,\xea").encoding == "utf-8"


def test_missing_files_and_folders_are_told_apart(bench: Bench) -> None:
    with pytest.raises(InputError) as missing:
        bench.stage_all(bench.folder / "no.csv")
    assert missing.value.code == "file_missing"

    (bench.folder / "empty").mkdir()
    with pytest.raises(InputError) as empty:
        bench.stage_all(bench.folder / "empty")
    assert empty.value.code == "folder_empty"


def test_a_folder_stands_for_its_tables(bench: Bench) -> None:
    folder = bench.folder / "export"
    (folder / "older").mkdir(parents=True)
    for name in ("b.csv", "a.TSV", "~$a.xlsx", ".hidden.csv", "readme.md"):
        (folder / name).write_bytes(b"id,name\n1,x\n")
    staging = bench.stage_all(folder)

    assert [staged.path.name for staged in staging.files] == ["a.TSV", "b.csv"]
    assert [(finding.code, finding.count) for finding in staging.findings] == [
        ("files_ignored", 1),
        ("folders_ignored", 1),
    ]


def test_a_name_that_misleads_is_said(bench: Bench) -> None:
    staging = bench.stage_all(bench.write("deals.xls", b"id\tname\n1\tx\n"))
    assert [finding.code for finding in staging.findings] == ["ending_misleads"]
    assert staging.files[0].delimiter == "\t"


@pytest.mark.parametrize(
    ("fault", "family", "code"),
    [
        (PermissionError(errno.EACCES, "denied", "deals.csv"), InputError, "file_forbidden"),
        (IsADirectoryError(errno.EISDIR, "is a directory", "deals.csv"), InputError, "file_is_folder"),
        (OSError(errno.ENOSPC, "No space left on device"), SetupError, "disk_full"),
        (OSError(errno.EIO, "Input/output error"), InputError, "file_unreadable"),
        (duckdb.IOException("Could not write: No space left on device"), SetupError, "disk_full"),
        (duckdb.IOException("Cannot open file"), InputError, "file_unreadable"),
        (duckdb.OutOfMemoryException("failed to allocate"), SetupError, "memory_short"),
        (duckdb.OutOfMemoryException("failed to offload: max_temp_directory_size, disk"), SetupError, "disk_full"),
        (struct.error("not ours"), struct.error, None),
    ],
)
def test_faults_of_the_machine_become_ours(fault: Exception, family: type[Exception], code: str | None) -> None:
    with pytest.raises(family) as caught, reading(Path("deals.csv")):
        raise fault
    assert getattr(caught.value, "code", None) == code
