"""Read a damaged delimited text so that one broken record costs one line.

Used only where the quick reading and the count disagree. The text is copied record by record: sound records as they
are, records with a quote inside an unquoted cell written with quotes, and each line whose quotes are broken, or that is
no text, replaced by an empty one and set aside. Numbers of records stay as they were. The copy is sound CSV with line
feeds as line ends (those inside cells too).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, Final

from bokgi.intake.files.structure import Structure

READ_AHEAD: Final = 1 << 22
LONGEST_RECORD: Final = 1 << 25
_LINE_END: Final = re.compile(rb"\r+\n")


@dataclass(frozen=True)
class Refused:
    """A record that is no table row: its number (the first of the text is 1), its bytes as text, the problem."""

    row: int
    raw: str
    problem: str


class _Kind(Enum):
    SOUND = "sound"
    LOOSE = "loose"
    BROKEN = "broken"


class _Grammar:
    """The patterns for one delimiter, on bytes.

    `run` takes as many sound records as follow each other, `loose` one record with quotes inside plain cells, `open`
    matches a record that goes on beyond the bytes at hand.
    """

    def __init__(self, delimiter: bytes) -> None:
        mark = re.escape(delimiter)
        stop = mark + rb"\r\n"
        inside = rb'"[^"]*+(?:""[^"]*+)*+'
        quoted = inside + rb'"[ \t]*+(?=[' + stop + rb"])"
        sound = rb"(?:" + quoted + rb'|[^"' + stop + rb"]*+)"
        plain = rb"(?:[^\n\r" + mark + rb"]|\r(?!\r*\n))*+"
        loose = rb"(?:" + quoted + rb'|(?!")' + plain + rb")"
        one = sound + rb"(?:" + mark + sound + rb")*+\r*\n"
        self.delimiter = delimiter
        self.one = re.compile(one)
        self.run = re.compile(rb"(?:" + one + rb")++")
        self.loose = re.compile(loose + rb"(?:" + mark + loose + rb")*+\r*\n")
        self.open = re.compile(rb"(?:" + loose + mark + rb")*+(?:" + inside + rb'"?[ \t]*+|(?!")' + plain + rb")\r*\Z")
        self.cell = re.compile(rb"(" + inside + rb'")[ \t]*+(?=[' + stop + rb"])|(" + plain + rb")")

    def requoted(self, record: bytes) -> bytes:
        """Write a loose record with every plain cell in quotes."""
        at, cells = 0, list[bytes]()
        while True:
            match = self.cell.match(record, at)
            if match is None:
                raise AssertionError("a plain cell may be empty, so one always matches")
            quoted, plain = match.groups()
            cells.append(b'"' + plain.replace(b'"', b'""') + b'"' if quoted is None else quoted)
            at = match.end()
            if record[at : at + 1] != self.delimiter:
                return self.delimiter.join(cells) + b"\n"
            at += 1


def as_text(raw: bytes) -> str:
    r"""Give refused bytes as text; those that are none appear as \\xNN.

    >>> as_text(b"a,\xff\r\n")
    'a,\\xff'
    """
    return raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")


def copy_sound(source: BinaryIO, target: BinaryIO, delimiter: str, refuse: Callable[[Refused], object]) -> Structure:
    r"""Copy the sound records of UTF-8 text, hand over the refused ones, give the structure of the copy.

    >>> import io
    >>> target, refused = io.BytesIO(), []
    >>> damaged = b'a,b\n1,"x\n2,"y" z\n3,5" pipe\n'
    >>> copy_sound(io.BytesIO(damaged), target, ",", refused.append).records
    4
    >>> target.getvalue(), [(one.row, one.raw) for one in refused]
    (b'a,b\n\n\n"3","5"" pipe"\n', [(2, '1,"x'), (3, '2,"y" z')])
    """
    grammar = _Grammar(delimiter.encode())
    structure = Structure(newline=b"\n", delimiter=delimiter.encode())

    def put(text: bytes) -> None:
        target.write(text)
        structure.feed(text)

    def set_aside(text: bytes, problem: str) -> None:
        refuse(Refused(structure.records + 1, as_text(text), problem))
        put(b"\n")

    for kind, text in _pieces(source, grammar):
        if kind is _Kind.BROKEN:
            set_aside(text, "broken_quotes" if _is_text(text) else "undecodable")
        elif kind is _Kind.LOOSE:
            if _is_text(text):
                put(grammar.requoted(text))
            else:
                set_aside(text, "undecodable")
        elif _is_text(text):
            put(_plain_ends(text))
        else:
            for record in grammar.one.findall(text):
                if _is_text(record):
                    put(_plain_ends(record))
                else:
                    set_aside(record, "undecodable")
    structure.close()
    return structure


def _plain_ends(text: bytes) -> bytes:
    return _LINE_END.sub(b"\n", text) if b"\r" in text else text


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _pieces(source: BinaryIO, grammar: _Grammar) -> Iterator[tuple[_Kind, bytes]]:
    """Cut a text into runs of sound records, loose records, and lines that are neither."""
    held, ended = b"", False
    while not ended:
        block = source.read(READ_AHEAD)
        ended = not block
        held += block
        if ended and held and not held.endswith(b"\n"):
            held += b"\n"
        at = 0
        while at < len(held):
            if match := grammar.run.match(held, at):
                yield _Kind.SOUND, match.group()
            elif match := grammar.loose.match(held, at):
                yield _Kind.LOOSE, match.group()
            else:
                stop = held.find(b"\n", at) + 1
                if not ended and len(held) - at <= LONGEST_RECORD and (stop == 0 or grammar.open.match(held, at)):
                    break
                stop = stop or len(held)
                yield _Kind.BROKEN, held[at:stop]
                at = stop
                continue
            at = match.end()
        held = held[at:]
