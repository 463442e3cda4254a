"""Taking a person's traces out of kept source files: text in any encoding we read, workbooks, compressed text."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

from bokgi.facts.erasure.traces import Traces

_BLOCK: Final = 1 << 22
_GZIP: Final = b"\x1f\x8b"
_SURROGATE: Final = re.compile("[\udc80-\udcff]")
_XML: Final = (".xml", ".rels", ".vml", ".txt", ".html")
_SHARED: Final = re.compile(r"<((?:\w+:)?)si>(.*?)</(?:\w+:)?si>", re.DOTALL)
_TEXT: Final = re.compile(r"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</(?:\w+:)?t>")


class Result(Enum):
    """What became of a file."""

    UNTOUCHED = "held no traces"
    REWRITTEN = "traces were taken out"
    DELETED = "held traces and could not be rewritten"


def cleaned(path: Path, traces: Traces) -> Result:
    """Take traces out of a file in its place; one that holds traces in a way unknown to us is deleted."""
    work = path.with_name(f"{uuid4().hex}.part")
    try:
        if zipfile.is_zipfile(path):
            changed, clean = _workbook(path, work, traces), True
        else:
            with path.open("rb") as file:
                opening = gzip.open if file.read(2) == _GZIP else open
            changed, clean = _text(path, work, opening, traces)
        if not clean and _holds(work if changed else path, traces):
            path.unlink()
            return Result.DELETED
        if changed:
            work.replace(path)
        return Result.REWRITTEN if changed else Result.UNTOUCHED
    finally:
        work.unlink(missing_ok=True)


def _text(path: Path, work: Path, opening: Callable[..., Any], traces: Traces) -> tuple[bool, bool]:
    """Copy a text without traces; tell whether there were any, and whether all bytes were text."""
    encoding = _encoding(path, opening)
    changed, clean = False, True
    with opening(path, "rb") as source, opening(work, "wb") as target:
        for block in _lines(source, encoding):
            without = traces.replaced(block)
            changed = changed or without != block
            clean = clean and _SURROGATE.search(block) is None
            target.write(without.encode(encoding, "surrogateescape"))
    return changed, clean


def _encoding(path: Path, opening: Callable[..., Any]) -> str:
    """Decide as intake does: by BOM, then UTF-8 where it holds throughout, then CP949."""
    with opening(path, "rb") as source:
        head = source.read(2)
        if head in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16-le" if head == codecs.BOM_UTF16_LE else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(head)
            while block := source.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp949"
    return "utf-8"


def _lines(source: IO[bytes], encoding: str) -> Iterator[str]:
    """Give the text in blocks that end with a line, so that no word is cut."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    rest = ""
    while block := source.read(_BLOCK):
        text = rest + decoder.decode(block)
        end = text.rfind("\n") + 1
        yield text[:end]
        rest = text[end:]
    yield rest + decoder.decode(b"", final=True)


def _workbook(path: Path, work: Path, traces: Traces) -> bool:
    """Copy a workbook without traces; a part that is no text and holds some is emptied."""
    changed = False
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(work, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            content = source.read(part)
            if part.filename.lower().endswith(_XML):
                text = content.decode("utf-8", "surrogateescape")
                without = traces.replaced(_joined(text, traces)).encode("utf-8", "surrogateescape")
            else:
                without = b"" if _inside(content, traces) else content
            name = traces.replaced(part.filename)
            changed = changed or without != content or name != part.filename
            target.writestr(name, without)
    return changed


def _joined(text: str, traces: Traces) -> str:
    """Put a cell's text together where its formatting cuts a word in two."""

    def cell(found: re.Match[str]) -> str:
        whole = "".join(_TEXT.findall(found[2]))
        if not traces.found(whole) or traces.found(found[2]):
            return found[0]
        prefix = found[1]
        return f"<{prefix}si><{prefix}t>{traces.replaced(whole)}</{prefix}t></{prefix}si>"

    return _SHARED.sub(cell, text)


def _holds(path: Path, traces: Traces) -> bool:
    content = path.read_bytes()
    return _inside(gzip.decompress(content) if content.startswith(_GZIP) else content, traces)


def _inside(content: bytes, traces: Traces) -> bool:
    """Tell whether bytes hold traces; of a zip inside a zip, its parts."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(traces.found(part) or traces.inside(archive.read(part)) for part in archive.namelist())
    return traces.inside(content)
