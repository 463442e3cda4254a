"""Stage a delimited text: CSV, TSV, semicolons or bars; UTF-8 read in place, anything else through a UTF-8 copy.

DuckDB reads the text into Parquet while one pass of ours over the bytes takes the SHA-256 and counts the records. Only
when both agree the reading counts; otherwise the text is read again carefully (`careful`), where a broken record costs
one line. Either way: rows + rejected + empty lines + lines of a footer = records in the file.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import duckdb
import numpy as np

from bokgi.domain.errors import InputError, InternalError
from bokgi.domain.messages import N_, Message
from bokgi.intake.files import groups, notes
from bokgi.intake.files.careful import copy_sound
from bokgi.intake.files.dialect import Dialect, sniff
from bokgi.intake.files.encoding import (
    CP949,
    Encoding,
    copy_with_faults,
    decide,
    decode_strictly,
    mark_of,
    named,
    not_in,
    sample_fits,
)
from bokgi.intake.files.exported import exported_at
from bokgi.intake.files.faults import empty, of_empty_lines
from bokgi.intake.files.quick import Quick, read_quickly
from bokgi.intake.files.rejects import Rejects, rows_of
from bokgi.intake.files.source import Source, examine, free_name
from bokgi.intake.files.staged import FoundBy, Progress, StagedFile
from bokgi.intake.files.structure import MOST_BLANK_LINES, Structure
from bokgi.intake.files.table import describe, lines_below

_HEAD: Final = 1 << 20
_LARGEST_HEAD: Final = 1 << 26
_MOST_EXPANSION: Final = 200
_ALWAYS_ALLOWED: Final = 1 << 26
_UNPACK_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class _Text:
    """A text to be read: its file, its encoding, its dialect, where copies go, and how far it was read is told."""

    source: Source
    path: Path
    encoding: Encoding
    dialect: Dialect
    work: Path

    @property
    def stem(self) -> str:
        return self.source.path.stem


@dataclass(frozen=True)
class _Read:
    """A reading that counts: where rows and refused records are, and what the bytes look like."""

    parquet: Path
    rejects: Rejects
    structure: Structure
    quick: Quick
    sha256: str
    careful: bool


def stage_delimited(
    source: Source,
    *,
    work: Path,
    connection: duckdb.DuckDBPyConnection,
    encoding: str | None = None,
    packed: bool = False,
    progress: Progress | None = None,
) -> StagedFile:
    """Stage one delimited text; `packed` means gzip, `encoding` overrides the decision."""
    path = _unpacked(source, work) if packed else source.path
    found = named(encoding) if encoding is not None else _decided(path, source.path.name)
    read = _staged(source, path, found, work, connection, progress)
    if read is None:
        with path.open("rb") as stream:
            strict = decode_strictly(stream, found.codec)
        if encoding is None and (strict.failed_at is not None or not strict.beyond_ascii):
            found = decide(partial(_bytes_of, path), file=source.path.name)
        else:
            found = replace(found, truncated=strict.truncated)
        read = _staged(source, path, found, work, connection, progress, distrust=True)
        if read is None:
            raise InternalError(f"{source.path.name}: the careful reading was refused")
    staged = _described(read[0], read[1], connection)
    if packed:
        path.unlink()
    return staged


def _bytes_of(path: Path) -> BinaryIO:
    return path.open("rb")


def _unpacked(source: Source, work: Path) -> Path:
    """Unpack a gzip file into the work folder, within reason."""
    most = max(source.size * _MOST_EXPANSION, _ALWAYS_ALLOWED)
    target = free_name(work, source.path.stem, ".txt")
    with gzip.open(source.path, "rb") as packed, target.open("wb") as unpacked:
        while block := packed.read(_UNPACK_BLOCK):
            if unpacked.tell() + len(block) > most:
                message = Message(
                    N_("{file} would unpack to more than {n} {n:time|times} its size."),
                    {"file": source.path.name, "n": _MOST_EXPANSION},
                )
                raise InputError("file_bomb", message, Message(N_("Unpack it yourself if it is trustworthy.")))
            unpacked.write(block)
    return target


def _decided(path: Path, file: str) -> Encoding:
    """Decide the encoding; UTF-8 is believed after its beginning, and checked for all of it by the reading."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        whole = len(head) < _HEAD
    if marked := mark_of(head):
        return marked
    if sample_fits(head, "utf-8", whole=whole):
        return Encoding("utf-8", FoundBy.STRICT_UTF8)
    return decide(partial(_bytes_of, path), file=file)


def _dialect(path: Path, encoding: Encoding) -> Dialect:
    """Decide the dialect from as much of the beginning as holds several records."""
    size = _HEAD
    while True:
        with path.open("rb") as stream:
            stream.seek(encoding.mark)
            head = stream.read(size)
        whole = len(head) < size
        dialect = sniff(head.decode("utf-8", "replace").removesuffix("\ufffd"), whole=whole)
        if whole or size >= _LARGEST_HEAD or b"\n" in head[size // 2 :] or b"\r" in head[size // 2 :]:
            return dialect
        size *= 8


def _staged(
    source: Source,
    path: Path,
    encoding: Encoding,
    work: Path,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress | None,
    *,
    distrust: bool = False,
) -> tuple[_Text, _Read] | None:
    """Read a text; null when it turns out not to be the UTF-8 it seemed, unless that is accepted (`distrust`)."""
    advance = None if progress is None else partial(_advance, progress, source)
    copied = path if encoding.is_utf8 else _transcoded(path, encoding, source, work)
    if copied.stat().st_size <= encoding.mark * encoding.is_utf8:
        raise empty(source.path)
    text = _Text(source, copied, encoding, _dialect(copied, replace(encoding, mark=0)), work)
    if text.dialect.width == 0:
        raise of_empty_lines(source.path)
    read = _read(text, connection, advance, distrust=distrust)
    if not encoding.is_utf8:
        copied.unlink()
    return None if read is None else (text, read)


def _advance(progress: Progress, source: Source, done: int) -> None:
    progress(source.path.name, done, source.size)


def _transcoded(path: Path, encoding: Encoding, source: Source, work: Path) -> Path:
    """Write the text as UTF-8."""
    target = free_name(work, source.path.stem, ".utf8.txt")
    with path.open("rb") as stream, target.open("w", encoding="utf-8", newline="") as copy:
        stream.seek(encoding.mark or _mark_length(stream, encoding))
        decoded = decode_strictly(stream, encoding.codec, copy.write)
    if decoded.failed_at is not None:
        if encoding.codec != CP949:
            target.unlink()
            raise not_in(source.path.name, encoding.codec, decoded.failed_at)
        with path.open("rb") as stream, target.open("wb") as whole:
            copy_with_faults(stream, encoding.codec, whole.write)
    return target


def _mark_length(stream: BinaryIO, encoding: Encoding) -> int:
    marked = mark_of(stream.read(3))
    return marked.mark if marked is not None and marked.codec == encoding.codec else 0


def _read(
    text: _Text, connection: duckdb.DuckDBPyConnection, advance: Callable[[int], object] | None, *, distrust: bool
) -> _Read | None:
    """Read quickly, count beside it, and read carefully where the two disagree."""
    dialect = text.dialect
    structure = Structure(newline=dialect.newline.encode(), delimiter=dialect.delimiter.encode())
    parquet = free_name(text.work, text.stem, ".parquet")
    rejects = Rejects(free_name(text.work, text.stem, ".rejects.parquet"))
    cursor = connection.cursor()
    try:
        with rejects:
            with ThreadPoolExecutor(1) as beside:
                counting = beside.submit(_digest_and_count, text, structure, advance)
                quick = None if distrust else read_quickly(cursor, text.path, dialect, parquet)
                sha256 = counting.result()
            if structure.blank_lines > MOST_BLANK_LINES:
                raise of_empty_lines(text.source.path)
            if quick is not None and quick.undecodable and text.encoding.is_utf8:
                return None
            if quick is not None and _agree(quick, structure, dialect):
                quick = quick.with_footer(cursor, structure.records, structure.blank, dialect.delimiter)
                quick.set_aside(cursor, rejects)
                return _Read(parquet, rejects, structure, quick, sha256, careful=False)
            copied, quick = _read_carefully(text, cursor, parquet, rejects)
            copied.formulas, copied.nuls = structure.formulas, structure.nuls
            return _Read(parquet, rejects, copied, quick, sha256, careful=True)
    finally:
        cursor.close()


def _digest_and_count(text: _Text, structure: Structure, advance: Callable[[int], object] | None) -> str:
    if text.path == text.source.path:
        return examine(text.path, structure, digest=True, advance=advance)
    sha256 = examine(text.source.path, None, digest=True, advance=advance)
    examine(text.path, structure, digest=False)
    return sha256


def _agree(quick: Quick, structure: Structure, dialect: Dialect) -> bool:
    """Tell whether what was read and what was counted are the same records."""
    blank = 0 if dialect.width == 1 else int(np.count_nonzero(structure.blank > dialect.skip))
    return (
        quick.regular
        and not structure.quoted_end
        and quick.rows + quick.refused == max(structure.records - dialect.skip, 0) - blank
    )


def _read_carefully(
    text: _Text, cursor: duckdb.DuckDBPyConnection, parquet: Path, rejects: Rejects
) -> tuple[Structure, Quick]:
    copy = free_name(text.work, text.stem, ".sound.csv")
    with text.path.open("rb") as stream, copy.open("wb") as target:
        stream.seek(_mark_length(stream, Encoding("utf-8", FoundBy.BOM)))
        structure = copy_sound(stream, target, text.dialect.delimiter, rejects.add)
    dialect = replace(text.dialect, newline="\n")
    quick = read_quickly(cursor, copy, dialect, parquet, longest=structure.longest)
    if quick is None or not _agree(quick, structure, dialect):
        raise InternalError(f"{text.source.path.name}: {structure.records} records were counted, not what was read")
    quick = quick.with_footer(cursor, structure.records, structure.blank, dialect.delimiter)
    quick.set_aside(cursor, rejects)
    copy.unlink()
    return structure, quick


def _described(text: _Text, read: _Read, connection: duckdb.DuckDBPyConnection) -> StagedFile:
    """Put together what is known about a text that was read."""
    dialect, structure, rejects = text.dialect, read.structure, read.rejects
    shown_from = 1 if dialect.hinted else 0
    file = text.source.path.name
    empty = structure.blank if dialect.width > 1 else structure.blank[:0]
    left_out = np.union1d(empty, read.quick.refused_rows)
    left_out = left_out[left_out > dialect.skip].astype(np.int64) - shown_from
    cursor = connection.cursor()
    try:
        grouped = groups.fill(cursor, read.parquet, len(dialect.header.headers))
        table = describe(
            cursor,
            read.parquet,
            headers=dialect.header.headers,
            first_row=dialect.skip + 1 - shown_from,
            left_out=left_out,
            file=file,
            header_row=dialect.header.last,
        )
        below = (*lines_below(cursor, table), *read.quick.below)
        refused_lines = len(rows_of(cursor, rejects.path)) - read.quick.refused_kept
    finally:
        cursor.close()
    blank_rows = table.blank_rows + read.quick.refused_blank + _empty_between(structure, dialect) - refused_lines
    staged = StagedFile(
        path=text.source.path,
        sheet=None,
        sha256=read.sha256,
        size=text.source.size,
        modified_at=text.source.modified_at,
        encoding=text.encoding.codec,
        encoding_found_by=text.encoding.found_by,
        delimiter=dialect.delimiter,
        header_row=dialect.header.last,
        titles=dialect.header.titles,
        columns=table.columns,
        rows=table.rows,
        rejected=rejects.total,
        blank_rows=max(blank_rows, 0),
        exported=exported_at(text.stem, (*dialect.header.titles, *below)),
        findings=(*table.findings, *rejects.findings(file), *grouped.findings(file, dialect.header.headers)),
        sql=table.sql,
        placed_sql=table.placed_sql,
        sample_sql=table.sample_sql,
        rejects=rejects.path if rejects.total else None,
        stamp=text.source.stamp,
    )
    more = notes.on_text(
        staged,
        truncated=text.encoding.truncated,
        nuls=structure.nuls,
        formulas=structure.formulas,
        short_records=dialect.short_records,
        careful=read.careful,
        footer=len(read.quick.footer),
    )
    return replace(staged, findings=(*staged.findings, *more))


def _empty_between(structure: Structure, dialect: Dialect) -> int:
    """Count empty lines below the header that are followed by something."""
    if dialect.width == 1:
        return 0
    blank = structure.blank[structure.blank > dialect.skip]
    trailing = np.arange(structure.records - len(blank) + 1, structure.records + 1)
    at_end = 0
    for have, want in zip(blank[::-1], trailing[::-1], strict=True):
        if have != want:
            break
        at_end += 1
    return len(blank) - at_end
