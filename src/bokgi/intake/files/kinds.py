"""What kind of file some bytes are: decided from the first of them, not from the ending of the name."""

from __future__ import annotations

import re
import zipfile
from codecs import BOM_UTF8
from enum import StrEnum
from pathlib import Path
from typing import Final

from bokgi.domain.errors import InputError
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.faults import damaged

HEAD: Final = 1 << 16
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le")) + rb"|\x09\x08.\x00\x00\x06.{14}(?:\x86\x00\x00\x00)?\x2f\x00",
    re.DOTALL,
)
"""An encrypted part of a workbook, or a book of old (BIFF8) that begins with the record for a password."""
_LONGEST_SIGN: Final = 32
_MARKUP: Final = (
    (
        re.compile(
            rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|div)\b", re.IGNORECASE | re.DOTALL
        ),
        "HTML",
    ),
    (
        re.compile(rb"\s*<\?(?:xml|mso)[^>]*>.{0,400}(?:<\?mso-application|<(?:ss:)?Workbook)", re.DOTALL),
        "XML Spreadsheet 2003",
    ),
    (re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[{\[])"), "JSON"),
)
_SIGNATURES: Final = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3", "SQLite"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\x7fELF", "ELF"),
    (b"MZ\x90", "EXE"),
)
_DOCUMENTS: Final = {"Index/Document.iwa": "Numbers", "word/document.xml": "Word", "ppt/presentation.xml": "PowerPoint"}
"""Documents that are archives, by a part that they have."""
_MOSTLY_NUL: Final = 0.1
_CONTROL: Final = bytes(code for code in range(32) if code not in b"\t\n\r\x0b\x0c\x1a\x1b\x00")
_MOSTLY_CONTROL: Final = 0.02


class Kind(StrEnum):
    """A kind of file that holds tables."""

    TEXT = "text"
    GZIP = "gzip"
    XLSX = "xlsx"
    WORKBOOK = "workbook"


def kind_of(path: Path, head: bytes, *, trust_text: bool = False) -> Kind:
    """Tell what a file is; an InputError says what it is when it holds no table that can be read.

    `head` are its first `HEAD` bytes; `trust_text` takes bytes that look binary for text. HTML that calls itself .xls
    comes from the web reports of CRMs.
    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_archive(path)
    if head.startswith(_OLE):
        if _holds_encrypted(path):
            raise protected(path)
        return Kind.WORKBOOK
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    for pattern, name in _MARKUP:
        if pattern.match(head.removeprefix(BOM_UTF8)):
            raise _no_table(path, name, Message(N_("Open it in Excel and save it as .xlsx or CSV UTF-8.")))
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            raise _no_table(path, name)
    if not trust_text:
        _refuse_binary(path, head)
    return Kind.TEXT


def protected(path: Path) -> InputError:
    """Say that a workbook asks for a password."""
    message = Message(N_("{file} is protected by a password."), {"file": path.name})
    return InputError("file_protected", message, Message(N_("Open it in Excel and save it without a password.")))


def _kind_of_archive(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise damaged(path) from error
    if "xl/workbook.xml" in names:
        return Kind.XLSX
    if "xl/workbook.bin" in names or ("mimetype" in names and "content.xml" in names):
        return Kind.WORKBOOK
    for part, name in _DOCUMENTS.items():
        if part in names:
            raise _no_table(path, name, Message(N_("Export it as .xlsx or CSV and import that file.")))
    raise _no_table(path, "ZIP", Message(N_("Unpack it and import the files in it.")))


def _holds_encrypted(path: Path) -> bool:
    """Look for the stream of an encrypted workbook in the directory of the container, or a book with a password."""
    overlap = b""
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            if _ENCRYPTED.search(overlap + block):
                return True
            overlap = block[-_LONGEST_SIGN:]
    return False


def _refuse_binary(path: Path, head: bytes) -> None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    if head.count(b"\x00") > _MOSTLY_NUL * len(head):
        even, odd = head[::2].count(b"\x00"), head[1::2].count(b"\x00")
        if min(even, odd) * 10 < max(even, odd):
            codec = "utf-16-le" if odd > even else "utf-16-be"
            message = Message(N_("{file} seems to be {codec} without a mark."), {"file": path.name, "codec": codec})
            raise InputError(
                "encoding_undecided", message, Message(N_("Name the encoding: {codec}."), {"codec": codec})
            )
        raise _no_table(path, Message(N_("binary data")))
    if len(head) - len(head.translate(None, _CONTROL)) > _MOSTLY_CONTROL * len(head):
        raise _no_table(path, Message(N_("binary data")))


def _no_table(path: Path, kind: str | Message, hint: Message | None = None) -> InputError:
    message = Message(N_("{file} is no table: its content is {kind}."), {"file": path.name, "kind": kind})
    if hint is None:
        hint = Message(N_("Tables are read from CSV, TSV, text and Excel workbooks."))
    return InputError("file_not_a_table", message, hint)
