"""Imports that are killed, that race each other, or that the machine refuses leave nothing half done."""

from __future__ import annotations

import errno
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake.exceptions import DeltaError

from bokgi.domain.errors import ConflictError, InputError, SetupError
from bokgi.domain.messages import Message
from bokgi.facts.deriving import Derivation
from bokgi.facts.lake import Writing
from bokgi.intake import importing, sources
from bokgi.intake.importing import import_files
from bokgi.intake.workbench import Workbench, told_apart
from tests.intake.homes import AT, Company, codes, counts, deals_mapping, table
from tests.unmeasured import unmeasured

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
TEXT = "\n".join([HEAD, *(f"D{n} | n{n} | Acme | Kim | Talk | {n} | 2026-01-05 | | " for n in range(1, 40))])
STATEMENTS = 60


def start(company: Company, file: Path, where: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "tests.intake.dying", str(company.home), str(file), where]
    environment = unmeasured() if where else None
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(company: Company, file: Path, where: str) -> None:
    """Import in a process of its own that dies at a place."""
    process = start(company, file, where)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, (where, errors)


def written(company: Company) -> Path:
    file = company.folder / "deals.csv"
    file.write_text(table(TEXT), encoding="utf-8")
    return file


def places() -> list[str]:
    """Give three random statements and every step after judging."""
    chosen = random.Random(20261123)  # noqa: S311 - picks places, nothing secret
    return [*(str(number) for number in chosen.sample(range(1, STATEMENTS), 3)), "keep", "register", "append"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX")
def test_an_import_killed_anywhere_leaves_nothing_visible_and_the_next_one_works(company: Company) -> None:
    file = written(company)
    for where in places():
        killed(company, file, where)
        assert company.lake.imports() == (), where
        assert company.rows("deals") == [], where

    result = company.load(TEXT)

    assert counts(result) == (39, 39, 0, 0)
    assert len(company.rows("deals", "deal_id")) == 39
    assert [one.import_no for one in company.lake.imports()] == [result.import_no]
    gone = sources.purge(company.lake, at=AT)
    assert result.import_no not in gone
    assert [path.name for path in (company.home / "sources").iterdir()] == [str(result.import_no)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX")
def test_an_import_killed_between_the_commits_of_its_tables_is_not_there(company: Company, tmp_path: Path) -> None:
    file = written(company)
    (tmp_path / "whole").mkdir()
    whole = Company(tmp_path / "whole")
    whole.load(TEXT)
    tables = whole.lake.imports()[0].tables
    assert len(tables) > 5
    for where in (*(f"after {name}" for name in tables), "before imports"):
        killed(company, file, where)
        assert company.lake.imports() == (), where
        assert company.rows("deals") == [], where

    result = company.load(TEXT)

    assert counts(result) == (39, 39, 0, 0)
    assert {name: len(company.rows(name)) for name in tables} == {name: len(whole.rows(name)) for name in tables}
    assert [one.import_no for one in company.lake.imports()] == [result.import_no]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX")
@pytest.mark.parametrize("where", ["after imports", "mappings", "derive", "derived"])
def test_an_import_killed_after_its_line_in_the_ledger_is_there_whole(company: Company, where: str) -> None:
    killed(company, written(company), where)

    assert [one.status for one in company.lake.imports()] == ["committed"]
    assert len(company.rows("deals", "deal_id")) == 39
    assert counts(company.load(TEXT)) == (39, 0, 0, 39)
    again = company.load(TEXT.replace("D1 ", "D100 "))
    assert counts(again) == (39, 1, 0, 38)
    assert len(company.rows("deals", "deal_id")) == 40


@pytest.mark.slow
def test_two_processes_that_import_one_file_at_once_take_it_in_once(company: Company) -> None:
    file = written(company)
    processes = [start(company, file) for _ in range(2)]
    outputs = [process.communicate(timeout=300) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted(text.split() for text, _ in outputs) == [["0", "39"], ["39", "0"]]
    assert len(company.lake.imports()) == 1
    assert len(company.rows("deals", "deal_id")) == 39


def test_who_loses_the_race_for_the_ledger_judges_again(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Writing.commit
    rivals = [TEXT.replace("D1 ", "D100 ")]

    def overtaken(self: Writing, *arguments: Any) -> int:  # noqa: ANN401 - as the method it stands in for
        if rivals:
            self.close()
            company.load(rivals.pop())
        return commit(self, *arguments)

    monkeypatch.setattr(Writing, "commit", overtaken)
    result = company.load(TEXT)

    assert counts(result) == (39, 1, 0, 38)
    assert len(company.rows("deals", "deal_id")) == 40
    assert len(list((company.home / "sources").iterdir())) == 2


def test_who_keeps_losing_is_told_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(self: Writing, *_arguments: object) -> int:
        del self
        raise ConflictError("ledger_moved", Message("Somebody else imported at the same time."))

    monkeypatch.setattr(Writing, "commit", overtaken)
    with pytest.raises(ConflictError):
        company.load(TEXT)

    assert company.lake.imports() == ()
    assert list((company.home / "sources").iterdir()) == []


def test_a_file_that_changed_after_it_was_read_is_not_imported(company: Company) -> None:
    with company.plan({"deals.csv": TEXT}, (deals_mapping(),)) as plan:
        plan.files[0].staged.path.write_text("id\nD1\n")
        with pytest.raises(InputError) as refused:
            import_files(company.lake, plan, by="test", at=AT)

    assert refused.value.code == "file_changed"
    assert company.lake.imports() == ()
    assert list((company.home / "sources").iterdir()) == []


@pytest.mark.parametrize(("where", "what"), [(Derivation, "manifest"), (importing, "save_mappings")])
def test_a_disk_that_fills_up_after_the_commit_keeps_the_import_and_says_so(
    company: Company, monkeypatch: pytest.MonkeyPatch, where: object, what: str
) -> None:
    def full(*_given: object) -> None:
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    with company.plan({"deals.csv": TEXT}, (deals_mapping(),)) as plan, monkeypatch.context() as patched:
        patched.setattr(where, what, full)
        with pytest.raises(SetupError) as refused:
            import_files(company.lake, plan, by="test", at=AT)

    assert refused.value.code == "disk_full_after_import"
    assert refused.value.message.text("en").startswith("Import 1 is in, but the disk is full")
    assert refused.value.hint is not None
    assert "nothing has to be imported again" in refused.value.hint.text("en")
    assert [one.committed for one in company.lake.imports()] == [True]
    assert company.lake.state()["deals"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (PermissionError(errno.EACCES, "Permission denied", "home"), "home_not_writable"),
        (OSError(errno.EROFS, "Read-only file system"), "home_not_writable"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "home"), "home_no_folder"),
        (OSError("Unable to copy data to file\n No space left on device (os error 28)"), "disk_full"),
        (DeltaError("Generic LocalFileSystem error: Permission denied (os error 13)"), "home_not_writable"),
        (duckdb.IOException("IO Error: No space left on device"), "disk_full"),
        (duckdb.IOException("IO Error: Permission denied"), "home_not_writable"),
        (duckdb.OutOfMemoryException("Out of Memory Error"), "memory_short"),
    ],
)
def test_what_the_machine_refuses_is_said_and_nothing_is_imported(
    company: Company, monkeypatch: pytest.MonkeyPatch, fault: Exception, code: str
) -> None:
    def failing(self: Workbench, query: str, path: Path) -> None:
        del self, query, path
        with told_apart():
            raise fault

    monkeypatch.setattr(Workbench, "copy", failing)
    with pytest.raises(SetupError) as refused:
        company.load(TEXT)

    assert refused.value.code == code
    assert company.lake.imports() == ()
    monkeypatch.undo()
    assert counts(company.load(TEXT)) == (39, 39, 0, 0)


def test_other_faults_pass_as_they_are() -> None:
    for fault in (OSError(errno.EIO, "broken"), duckdb.IOException("IO Error: broken")):
        with pytest.raises(type(fault)), told_apart():
            raise fault


def test_temporary_files_go_with_the_import(company: Company, tmp_path: Path) -> None:
    company.load(TEXT)

    assert list(tmp_path.glob("work-*")) == []
    assert list(company.home.rglob("bokgi-*")) == []
    assert codes(company.load(TEXT)) == {"nothing_new": 1}
