"""How a delimited text is written: which delimiter, which line end, how many cells a record.

Decided on the first records. A delimiter is the right one when it cuts the header and the records below it into the
same number of cells; commas inside amounts do not stand in the header.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from bokgi.intake.files.header import SAMPLE_RECORDS, Header, find_header

DELIMITERS: Final = (",", ";", "\t", "|")
_HINT: Final = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)
_MOSTLY: Final = 0.5


@dataclass(frozen=True)
class Dialect:
    """A delimiter, a line end, the header, and how wide a record is.

    `skip` counts the records before the first row of data. `hinted` tells that the file opens with a `sep=` line, which
    a spreadsheet does not show, so that row numbers start below it. `short_records` tells that most records leave out
    their last cells.
    """

    delimiter: str
    newline: str
    header: Header
    skip: int
    width: int
    hinted: bool
    short_records: bool


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    stop = re.escape(delimiter) + r"\r\n"
    return re.compile(rf'"([^"]*+(?:""[^"]*+)*+)"[ \t]*(?=[{stop}]|\Z)|([^{stop}]*)')


def records_of(text: str, delimiter: str) -> Iterator[list[str]]:
    r"""Cut text into records of cells; a quote that does not close a cell is a letter like any other.

    >>> list(records_of('a,"b, c"\r\n\r\n5" pipe,x', ","))
    [['a', 'b, c'], [''], ['5" pipe', 'x']]
    """
    cell, at, record = _cell(delimiter), 0, list[str]()
    while True:
        match = cell.match(text, at)
        if match is None:
            raise AssertionError("a cell may be empty, so it always matches")
        quoted, plain = match.groups()
        record.append(plain if quoted is None else quoted.replace('""', '"'))
        at = match.end()
        if at >= len(text):
            if len(record) > 1 or record[0] or quoted is not None:
                yield record
            return
        if text[at] == delimiter:
            at += 1
            continue
        yield record
        record = []
        at += 2 if text.startswith("\r\n", at) else 1


def newline_of(text: str) -> str | None:
    r"""Find the first line end outside quotes; null: none.

    >>> newline_of('a,"b\nc"\r\n1,2')
    '\r\n'
    """
    at, inside = 0, False
    for match in re.finditer(r'"|\r\n|\n|\r', text):
        at = match.start()
        if text[at] == '"':
            inside = not inside
        elif not inside:
            return match.group()
    return None


def sniff(text: str, *, whole: bool) -> Dialect:
    r"""Decide delimiter, line end and header from the beginning of a text; its last record is cut off unless `whole`.

    >>> dialect = sniff("id;금액\n1;1,5\n2;2,5\n", whole=True)
    >>> dialect.delimiter, dialect.header.headers, dialect.skip
    (';', ('id', '금액'), 1)
    """
    hint = _HINT.match(text)
    body = text[hint.end() :] if hint else text.removeprefix("\ufeff")
    choices = (hint.group(1),) if hint else DELIMITERS
    read = {delimiter: _sample(body, delimiter, whole=whole) for delimiter in choices}
    delimiter = max(choices, key=lambda one: _fit(read[one]))
    records = read[delimiter]
    usual = _usual_width(records)
    header = find_header([[] if record == [""] else record for record in records], width=usual)
    names = len(header.headers)
    return Dialect(
        delimiter,
        newline_of(body) or "\n",
        header,
        (1 if hint else 0) + (header.last if header.found else _title_records(header, records, usual)),
        names,
        hint is not None,
        short_records=_short_share(records[header.last :], names) > _MOSTLY,
    )


def _sample(text: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    records: list[list[str]] = []
    complete = True
    for record in records_of(text, delimiter):
        records.append(record)
        if len(records) > SAMPLE_RECORDS:
            break
    else:
        complete = whole
    return records if complete or len(records) == 1 else records[:-1]


def _usual_width(records: Sequence[Sequence[str]]) -> int:
    """Find the commonest number of cells, the larger of two equally common; a record of one cell counts last."""
    widths = Counter(len(record) for record in records if any(cell.strip() for cell in record))
    several = {width: n for width, n in widths.items() if width > 1}
    return max(several or widths or {1: 1}, key=lambda width: ((several or widths or {1: 1})[width], width))


def _share(records: Sequence[Sequence[str]], width: int) -> float:
    filled = [record for record in records if any(cell.strip() for cell in record)]
    return sum(1 for record in filled if len(record) == width) / len(filled) if filled else 0.0


def _short_share(records: Sequence[Sequence[str]], width: int) -> float:
    filled = [record for record in records if any(cell.strip() for cell in record)]
    return sum(1 for record in filled if len(record) < width) / len(filled) if filled else 0.0


def _fit(records: Sequence[Sequence[str]]) -> tuple[bool, float, int]:
    """Score a delimiter: does it cut at all, how much alike are the records, how many cells."""
    width = _usual_width(records)
    if width == 1:
        return (False, 0.0, 0)
    filled = [record for record in records if any(cell.strip() for cell in record)]
    share = _share(filled, width)
    header = any(len(record) == width and all(cell.strip() for cell in record) for record in filled[:10])
    return (True, round(share + (0.5 if header else 0.0), 1), width)


def _title_records(header: Header, records: Sequence[Sequence[str]], usual: int) -> int:
    """Count the title records above the data of a file without a header."""
    if not header.titles:
        return 0
    return next((i for i, record in enumerate(records) if len(record) == usual), 0)
