"""Stage files: any number of them, or a folder, each recognised by its content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from bokgi.domain.errors import InputError
from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.delimited import stage_delimited
from bokgi.intake.files.faults import empty, reading
from bokgi.intake.files.kinds import HEAD, Kind, kind_of
from bokgi.intake.files.source import Source
from bokgi.intake.files.staged import Progress, StagedFile, Staging
from bokgi.intake.files.workbook import stage_workbook

ENDINGS: Final = (
    ".csv",
    ".tsv",
    ".txt",
    ".tab",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".xls",
    ".ods",
    ".csv.gz",
    ".tsv.gz",
    ".txt.gz",
)
_WORKBOOK_ENDINGS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def stage_files(
    paths: Sequence[Path],
    *,
    work: Path,
    connection: duckdb.DuckDBPyConnection,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Staging:
    r"""Turn files into staged tables of text.

    `paths` are files or folders (of a folder, the files with an ending in `ENDINGS`, by name). `work` is a folder for
    the staged Parquet files, which live as long as the caller keeps it; `connection` is a DuckDB connection with its
    limits set. `encoding` overrides the decision for delimited texts. Raises InputError for a file that is missing,
    empty, forbidden, no table, a bomb, or in an unknown encoding, and SetupError when disk or memory are short;
    whatever else is wrong with the data is a finding.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "deals_20261123.csv"
    >>> _ = path.write_text("id,예상매출(만원)\nD1,500\nD2\n", encoding="cp949")
    >>> connection = duckdb.connect()
    >>> deals = stage_files([path], work=Path(folder.name) / "work", connection=connection).files[0]
    >>> deals.encoding, [column.name for column in deals.columns], deals.exported.text
    ('cp949', ['id', '예상매출(만원)'], '20261123')
    >>> connection.sql(f"SELECT * FROM {deals.relation}").fetchall()
    [(2, 'D1', '500')]
    >>> connection.sql(f"SELECT * FROM {deals.rejects_relation}").fetchall()
    [(3, 'D2', 'too_few_cells')]
    >>> connection.close()
    >>> folder.cleanup()
    """
    files: list[StagedFile] = []
    findings: list[Finding] = []
    with _in_order(connection):
        for path in paths:
            with reading(path):
                chosen, ignored = _expanded(path)
            findings.extend(ignored)
            for one in chosen:
                with reading(one):
                    staged, more = _stage(one, work=work, connection=connection, encoding=encoding, progress=progress)
                files.extend(staged)
                findings.extend(more)
    return Staging(tuple(files), tuple(findings))


@contextmanager
def _in_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep the order of what is read and written for a block: staged rows are numbered by their place.

    A file read from several places at once would be staged in any order where the connection asks for none.
    """
    setting = "preserve_insertion_order"
    ((before,),) = connection.execute(f"SELECT current_setting('{setting}')").fetchall()
    connection.execute(f"SET {setting} = true")
    try:
        yield
    finally:
        connection.execute(f"SET {setting} = {str(before).lower()}")


def _expanded(path: Path) -> tuple[list[Path], list[Finding]]:
    """List the files of a folder that may hold tables, and a finding on the others; a file stands for itself."""
    if not path.is_dir():
        return [path], []
    inside = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith((".", "~$")))
    chosen = [one for one in inside if one.name.lower().endswith(ENDINGS)]
    if not chosen:
        message = Message(N_("The folder {folder} holds no table."), {"folder": path.name})
        hint = Message(N_("Tables are read from CSV, TSV, text and Excel workbooks."))
        raise InputError("folder_empty", message, hint)
    ignored = [one.name for one in inside if one not in chosen]
    folders = sorted(one.name for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))
    found = [_not_entered(path, folders)] if folders else []
    if not ignored:
        return chosen, found
    n = {"n": len(ignored), "folder": path.name}
    message = Message(N_("{n} {n:file|files} of {folder} {n:is no table|are no tables}."), n)
    places = tuple(Example(name) for name in ignored[:5])
    return chosen, [Finding("files_ignored", Severity.INFO, message, len(ignored), places), *found]


def _not_entered(path: Path, folders: Sequence[str]) -> Finding:
    """Say that files in folders within a folder are not read."""
    values: dict[str, object] = {"n": len(folders), "folder": path.name, "names": ", ".join(folders[:5])}
    text = N_(
        "{n} {n:folder|folders} in {folder} {n:was|were} not looked into: {names}. Name them to import them, too."
    )
    return Finding("folders_ignored", Severity.WARNING, Message(text, values), len(folders))


def _stage(
    path: Path,
    *,
    work: Path,
    connection: duckdb.DuckDBPyConnection,
    encoding: str | None,
    progress: Progress | None,
) -> tuple[list[StagedFile], list[Finding]]:
    source = Source.of(path)
    head = source.head(HEAD)
    if not head:
        raise empty(path)
    kind = kind_of(path, head, trust_text=encoding is not None)
    findings: list[Finding] = []
    named_workbook = path.name.lower().endswith(_WORKBOOK_ENDINGS)
    if named_workbook == (kind in (Kind.TEXT, Kind.GZIP)):
        message = Message(
            N_("{file} is not what its name says; it was read as {kind}."), {"file": path.name, "kind": kind.value}
        )
        findings.append(Finding("ending_misleads", Severity.INFO, message, 1, (Example(path.name),)))
    if kind in (Kind.XLSX, Kind.WORKBOOK):
        staged, more = stage_workbook(source, kind, work=work, connection=connection, progress=progress)
        return staged, [*findings, *more]
    packed = kind is Kind.GZIP
    one = stage_delimited(source, work=work, connection=connection, encoding=encoding, packed=packed, progress=progress)
    return [one], findings
