"""Whatever is wrong with a file, `bokgi import` says it clearly, keeps every row and leaves a sound home behind."""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest

from bokgi.cli.program import run

HEAD: Final = "Deal ID,Deal name,Owner,Stage,Amount,Created,Closed,Outcome"
GOOD: Final = (
    "D1,Server,Lee Junho,Proposal,500,2026-10-05,,open",
    "D2,Cloud,Lee Junho,Won,700,2026-10-06,2026-11-17,won",
)
EXPORTED: Final = ("--exported-at", "2026-11-22T18:00")


def deals(*rows: str, head: str = HEAD) -> bytes:
    """Give a sound deals file with some more rows."""
    return "\n".join([head, *GOOD, *rows, ""]).encode()


def bomb() -> bytes:
    """Give a workbook that unpacks to a thousand times its size."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 300_000_000)
    return content.getvalue()


def wide() -> bytes:
    """Give a table of a thousand columns."""
    names = ["Deal ID", "Deal name", "Stage", "Outcome", *(f"c{number}" for number in range(996))]
    return (",".join(names) + "\n" + ",".join(["D1", "Server", "Proposal", "open", *["x"] * 996]) + "\n").encode()


@dataclass(frozen=True)
class Refused:
    """A file of which nothing can be taken: the code of the error and of the exit."""

    content: Callable[[], bytes]
    error: str
    exit: int
    name: str = "deals.csv"


@dataclass(frozen=True)
class Taken:
    """A file with something wrong in it: the finding, and how many rows are accepted, quarantined, known."""

    content: Callable[[], bytes]
    finding: str | None
    counts: tuple[int, int, int]
    name: str = "deals.csv"
    others: dict[str, bytes] = field(default_factory=dict)


REFUSED: Final = {
    "an empty file": Refused(lambda: b"", "file_empty", 3),
    "only spaces": Refused(lambda: b" \n\n \n", "file_of_empty_lines", 3),
    "an unknown encoding": Refused(lambda: deals("D3,Caf\u00e9,Lee,Won,1,,,open").decode().encode("latin-1"),
                                   "encoding_undecided", 3),
    "utf-16 without a mark": Refused(lambda: deals().decode().encode("utf-16-le"), "encoding_undecided", 3),
    "a bomb": Refused(bomb, "file_bomb", 3, "deals.xlsx"),
    "a picture": Refused(lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "file_not_a_table", 3),
    "a damaged workbook": Refused(lambda: b"PK\x03\x04" + b"\x00" * 200, "file_damaged", 3, "deals.xlsx"),
    "a table of something else": Refused(lambda: b"colour,shape\nred,round\n", "nothing_to_import", 4),
}  # fmt: skip
TAKEN: Final = {
    "a header only": Taken(f"{HEAD}\n".encode, "header_only", (0, 0, 0)),
    "cut in the middle of a letter": Taken(
        lambda: deals("D3,서버 도입")[:-2], "text_truncated", (2, 1, 0)
    ),
    "a thousand columns": Taken(wide, None, (1, 0, 0)),
    "a cell of a megabyte": Taken(
        lambda: deals(f"D3,{'x' * 1_000_000},Lee,Proposal,5,2026-10-05,,open"), None, (3, 0, 0)
    ),
    "duplicate headers": Taken(
        lambda: b"Deal ID,Deal name,Stage,Outcome,Region,Region\nD1,a,Proposal,open,north,south\n",
        "header_duplicate", (1, 0, 0),
    ),
    "a row twice": Taken(lambda: deals(GOOD[0]), "row_repeated", (2, 0, 1)),
    "one id with two contents": Taken(
        lambda: deals("D1,Other,Lee Junho,Proposal,900,2026-10-05,,open"), "id_repeated", (1, 2, 0)
    ),
    "closed before created": Taken(
        lambda: deals("D3,x,Lee Junho,Won,1,2026-10-05,2026-10-01,won"), "closed_before_created", (2, 1, 0)
    ),
    "an unknown owner": Taken(
        lambda: deals("D3,x,Nobody Known,Proposal,1,2026-10-05,,open"), "owner_unknown", (4, 0, 0),
        others={"people.csv": b"Name,Email,Team\nLee Junho,lee@example.com,A\n"},
    ),
    "a negative amount": Taken(
        lambda: deals("D3,x,Lee Junho,Proposal,-100,2026-10-05,,open"), "amount_negative", (2, 1, 0)
    ),
    "an amount in words": Taken(
        lambda: deals("D3,x,Lee Junho,Proposal,about ten,2026-10-05,,open"), "amount_malformed", (2, 1, 0)
    ),
    "a date that is none": Taken(lambda: deals("D3,x,Lee Junho,Proposal,1,soon,,open"), "date_malformed", (2, 1, 0)),
    "mixed currencies": Taken(
        lambda: deals("D3,x,Lee,Proposal,$100,2026-10-05,,open", "D4,x,Lee,Proposal,€1,2026-10-05,,open"),
        "currency_mixed", (4, 0, 0),
    ),
    "a formula in a cell": Taken(
        lambda: deals('D3,"=HYPERLINK(""http://x"",""y"")",Lee Junho,Proposal,1,2026-10-05,,open'),
        "formula_text", (3, 0, 0),
    ),
    "a formula for an amount": Taken(
        lambda: deals("D3,x,Lee Junho,Proposal,=1+1,2026-10-05,,open"), "amount_malformed", (2, 1, 0)
    ),
    "a row with too many cells": Taken(
        lambda: deals("D3,x,Lee Junho,Proposal,1,2026-10-05,,open,more,and more"), "too_many_cells", (2, 1, 0)
    ),
}  # fmt: skip


def imported(
    capsys: pytest.CaptureFixture[str], home: Path, paths: Sequence[Path], *more: str, code: int = 0
) -> dict[str, Any]:
    """Import through the command line; the answer, or what is in `error`."""
    capsys.readouterr()
    words = ["import", *map(str, paths), "--home", str(home), "--format", "json", "--lang", "en", *EXPORTED, *more]
    assert run(words) == code
    shown = capsys.readouterr()
    assert shown.err == ""
    found: dict[str, Any] = json.loads(shown.out)
    return found


def sound(capsys: pytest.CaptureFixture[str], folder: Path, home: Path) -> None:
    """A sound file can be imported afterwards, whatever happened before."""
    (folder / "sound.csv").write_bytes(deals("S1,After,Lee Junho,Proposal,5,2026-10-05,,open"))
    found = imported(capsys, home, [folder / "sound.csv"])
    assert found["accepted"] + found["known"] >= 1
    assert run(["doctor", "--home", str(home), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_taken_is_refused_with_what_to_do(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = REFUSED[case]
    (tmp_path / wrong.name).write_bytes(wrong.content())
    error = imported(capsys, tmp_path / "home", [tmp_path / wrong.name], code=wrong.exit)["error"]
    assert error["code"] == wrong.error
    assert wrong.name in error["message"]
    assert error["hint"]
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_wrong_in_a_file_is_a_finding_and_no_row_is_lost(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = TAKEN[case]
    paths = [tmp_path / wrong.name, *(tmp_path / name for name in wrong.others)]
    for path, content in zip(paths, [wrong.content(), *wrong.others.values()], strict=True):
        path.write_bytes(content)
    found = imported(capsys, tmp_path / "home", paths)
    assert (found["accepted"], found["quarantined"], found["known"]) == wrong.counts
    assert found["read"] == sum(wrong.counts)
    told = {finding["code"]: finding for finding in found["findings"]}
    assert wrong.finding is None or wrong.finding in told
    if found["quarantined"]:
        assert run(["data", "quarantine", "--home", str(tmp_path / "home"), "--format", "json", "--lang", "en"]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        assert len(rows) == found["quarantined"]
        assert all(row["findings"] for row in rows)


def test_a_stage_that_no_ladder_has_waits_in_quarantine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_bytes(deals())
    imported(capsys, tmp_path / "home", [tmp_path / "deals.csv"])
    (tmp_path / "deals.csv").write_bytes(deals("D3,x,Lee Junho,Flummox,1,2026-10-05,,open"))
    found = imported(capsys, tmp_path / "home", [tmp_path / "deals.csv"])
    assert (found["accepted"], found["quarantined"], found["known"]) == (0, 1, 2)
    assert "stage_unknown" in {finding["code"] for finding in found["findings"]}


def test_a_folder_stands_for_its_tables_and_an_empty_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none").mkdir()
    error = imported(capsys, tmp_path / "home", [tmp_path / "none"], code=3)["error"]
    assert (error["code"], bool(error["hint"])) == ("folder_empty", True)
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "deals.csv").write_bytes(deals())
    (tmp_path / "some" / "notes.docx").write_bytes(b"PK\x03\x04")
    assert imported(capsys, tmp_path / "home", [tmp_path / "some"])["accepted"] == 2


def test_a_missing_file_says_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_bytes(deals())
    error = imported(capsys, tmp_path / "home", [tmp_path / "deal.csv"], code=3)["error"]
    assert error["code"] == "file_missing"
    assert not (tmp_path / "home").exists()


def test_each_sheet_of_a_workbook_has_its_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    first, second = book.create_sheet("Deals"), book.create_sheet("More")
    for sheet, key in ((first, "D"), (second, "E")):
        sheet.append(HEAD.split(","))
        sheet.append([f"{key}1", "Server", "Lee Junho", "Proposal", 500, "2026-10-05", None, "open"])
    second.append(["E2", "Cloud", "Lee Junho", "Proposal", "abc", "2026-10-05", None, "open"])
    book.save(tmp_path / "book.xlsx")
    words = ["import", str(tmp_path / "book.xlsx"), "--home", str(tmp_path / "home"), "--lang", "en", *EXPORTED]
    assert run(words) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("book.xlsx")]
    assert [line[-4:] for line in lines if line[-1].isdigit()] == [["1", "1", "0", "0"], ["2", "1", "1", "0"]]


def bokgi(*words: str, **given: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - as subprocess takes them
    """Run the program as a process of its own."""
    command = [sys.executable, "-m", "bokgi.cli", *words, "--format", "json", "--lang", "en"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **given)


def without_privilege() -> None:
    """Take from an administrator the right to read and write whatever the permissions say."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.skipif(sys.platform != "linux", reason="taking privileges away is asked of Linux")
def test_what_may_not_be_read_or_written_is_said(tmp_path: Path) -> None:
    path, closed = tmp_path / "deals.csv", tmp_path / "closed"
    path.write_bytes(deals())
    path.chmod(0)
    closed.mkdir()
    closed.chmod(0o555)
    unread = bokgi("import", str(path), "--home", str(tmp_path / "home"), *EXPORTED, preexec_fn=without_privilege)
    assert unread.returncode == 3, unread.stdout + unread.stderr
    assert json.loads(unread.stdout)["error"]["code"] == "file_forbidden"
    path.chmod(0o444)
    home = closed / "home"
    unwritten = bokgi("import", str(path), "--home", str(home), *EXPORTED, preexec_fn=without_privilege)
    assert unwritten.returncode == 8, unwritten.stdout + unwritten.stderr
    assert json.loads(unwritten.stdout)["error"]["code"] == "home_not_writable"
    written = bokgi("import", str(path), "--home", str(tmp_path / "home"), *EXPORTED)
    assert written.returncode == 0, written.stdout
    out = closed / "review.html"
    review = bokgi("review", "--home", str(tmp_path / "home"), "--out", str(out), preexec_fn=without_privilege)
    assert review.returncode == 8, review.stdout + review.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="limits on files are asked of Linux")
def test_a_file_that_may_not_grow_leaves_nothing_half(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"X{number},Deal {number},Lee Junho,Proposal,{number},2026-10-05,,open" for number in range(20_000)]
    (tmp_path / "deals.csv").write_bytes(deals(*rows))
    limit = 200_000

    def short() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = bokgi("import", str(tmp_path / "deals.csv"), "--home", str(tmp_path / "home"), *EXPORTED, preexec_fn=short)
    assert done.returncode == 8, done.stdout + done.stderr
    assert json.loads(done.stdout)["error"]["code"] == "file_size_limited"
    found = imported(capsys, tmp_path / "home", [tmp_path / "deals.csv"])
    assert (found["import_no"] is not None, found["accepted"]) == (True, 20_002)
    sound(capsys, tmp_path, tmp_path / "home")


def test_files_that_are_nothing_known_make_no_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wide.csv").write_text("a,b,c\n1,2,3\n", encoding="utf-8")
    error = imported(capsys, tmp_path / "home", [tmp_path / "wide.csv"], code=4)["error"]
    assert error["code"] == "nothing_to_import"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["deals.csv", "deals.csv/home", "n" * 300])
def test_a_home_that_cannot_be_a_folder_is_said(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deals.csv").write_bytes(deals())
    words = ["import", str(tmp_path / "deals.csv"), "--home", str(tmp_path / name), *EXPORTED, "--format", "json"]
    assert run(words) == 8
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "home_no_folder"
    assert (tmp_path / "deals.csv").read_bytes() == deals()
