"""Where the header is, of how many rows, and what the columns are called.

Reports put a title, a date and empty lines above the header; Korean forms merge cells over two header rows. Decided on
the first records of a file alone, so that it costs nothing on a large one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message

SAMPLE_RECORDS: Final = 60
_LONGEST_LABEL: Final = 300
_MIN_TITLE_WIDTH: Final = 2
_JOINED: Final = " - "

_GROUP: Final = re.compile(r"[^\d:：]{1,20}")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\x00"))
_DATA_LIKE: Final = re.compile(
    r"""
      [-+(₩$€£¥−△▲]{0,3}\s*\d[\d,.\s]*(?:[eE][-+]?\d+)?\s*[)%원KMB]?      # a number or an amount
    | \d{1,4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,4}\s*[.일]?(?:[T\s(].*)?  # a date, with a time or a weekday
    | \d{1,2}:\d{2}(?::\d{2})?                                               # a time
    | [^@\s]+@[^@\s]+\.[^@\s]+                                               # an e-mail address
    | https?://\S+
    | (?i:true|false)
    """,
    re.VERBOSE,
)

_PERIOD: Final = re.compile(
    r"20\d\d(?:[-./]?(?:0[1-9]|1[0-2])(?:[-./]01(?: 00:00:00)?)?|[-./]\s?[1-9]\.?)?"
    r"|['’]?[2-4]\d[-./]\s?(?:0?[1-9]|1[0-2])\.?"
)
"""A month or a year as a header writes it that is all digits: `202601`, `2026.1`, `26-01`, `2026`."""


@dataclass(frozen=True)
class Header:
    """Where the header stands (row numbers from 1; `last` 0: none), and its names as written, one per column."""

    first: int
    last: int
    headers: tuple[str, ...]
    titles: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Tell whether the file has a header at all."""
        return self.last > 0


def looks_like_data(cell: str) -> bool:
    """Tell whether a cell holds a number, a date, an address: something no header says.

    >>> [looks_like_data(cell) for cell in ("2026. 11. 23.", "₩1,200만", "금액(만원)", "Q3 2026")]
    [True, False, False, False]
    """
    return _DATA_LIKE.fullmatch(cell.strip()) is not None


def find_header(
    records: Sequence[Sequence[str]],
    *,
    width: int | None = None,
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]] = (),
) -> Header:
    """Find the header in the first records of a file; empty records count.

    The header is the first record that fills at least half as many cells as the fullest record and holds labels only.
    A second row belongs to it where it fills the holes of the first (merged cells) and data follow that look different.
    `width` is the usual number of cells of a record where records may differ, else the most that any has; the header
    may be wider. `merged` lists merged cells as ((row, column), (row, column)) from 0, when the file tells.

    >>> find_header([["Report"], [], ["id", "amount"], ["D1", "500"]])
    Header(first=3, last=3, headers=('id', 'amount'), titles=('Report',))
    >>> find_header([["deal", "", "money", ""], ["id", "name", "sum", "paid"], ["D1", "x", "5", "1"]]).headers
    ('deal - id', 'deal - name', 'money - sum', 'money - paid')
    """
    head = records[:SAMPLE_RECORDS]
    filled = [sum(1 for cell in record if cell.strip()) for record in head]
    if width is None:
        width = max((len(record) for record in head), default=0)
    widest = max(filled, default=0)
    if widest == 0:
        return Header(0, 0, (), ())
    enough = max(1, min(widest, max(_MIN_TITLE_WIDTH, (widest + 1) // 2)))
    at = next((i for i, n in enumerate(filled) if n >= enough), 0)
    while (below := _below_title(head, at, merged)) is not None:
        at = below
    if at and (
        any(start[0] == at - 1 and 0 < start[1] < stop[1] for start, stop in merged) or _names_groups(head, at - 1)
    ):
        at -= 1
    titles = tuple(cell.strip() for record in head[:at] for cell in record if cell.strip())
    if not _is_label_row(head, at):
        return Header(0, 0, ("",) * width, titles if at else ())
    width = max(width, len(head[at]))
    names = _padded(head[at], width)
    if at + 1 < len(head) and _is_second_row(head, at, width, merged):
        names = _joined(names, _padded(head[at + 1], width), at, merged)
        return Header(at + 1, at + 2, names, titles)
    return Header(at + 1, at + 1, names, titles)


def _below_title(
    records: Sequence[Sequence[str]], at: int, merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> int | None:
    """Give the place of the fuller row of labels below a row that says something of the report; null for a header.

    Such a row holds a value ("printed on", "2026-11-23"), or fills a few cells from the left.
    """
    below = next((i for i in range(at + 1, len(records)) if any(cell.strip() for cell in records[i])), None)
    if below is None or any(looks_like_data(cell) for cell in records[below]):
        return None
    cells = [i for i, cell in enumerate(records[at]) if cell.strip()]
    fuller = sum(1 for cell in records[below] if cell.strip())
    if len(cells) >= fuller:
        return None
    if any(looks_like_data(cell) for cell in records[at]):
        return below
    from_left = cells == list(range(len(cells))) and not any(start[0] == at for start, _ in merged)
    return below if from_left and len(cells) * 3 <= fuller * 2 else None


def _names_groups(records: Sequence[Sequence[str]], at: int) -> bool:
    """Tell whether a sparse row names groups of the columns below it, as merged cells leave it in a text.

    The first cell is filled, others follow after gaps, all of them are short words, and the row below, which names a
    column for each, has the same name twice: that is why there are groups.
    """
    cells = {i: cell.strip() for i, cell in enumerate(records[at]) if cell.strip()}
    below = [cell.strip() for cell in records[at + 1]]
    gaps = 0 in cells and len(cells) > 1 and max(cells) >= len(cells)
    words = all(_GROUP.fullmatch(cell) for cell in cells.values())
    return gaps and words and all(below) and len(set(below)) < len(below)


def _padded(record: Sequence[str], width: int) -> tuple[str, ...]:
    return (*record[:width], *("",) * (width - len(record)))


def _is_label_row(records: Sequence[Sequence[str]], at: int) -> bool:
    """Refuse a row as a header where most of it looks like data, or a quarter does and the row below looks alike."""
    cells = [cell for cell in records[at] if cell.strip()]
    if any(len(cell) > _LONGEST_LABEL for cell in cells):
        return False
    alike = sum(1 for cell in cells if looks_like_data(cell))
    if alike == 0 or _are_periods(records, at):
        return True
    if alike * 2 > len(cells):
        return False
    below = records[at + 1] if at + 1 < len(records) else ()
    both = sum(
        1
        for cell, under in zip(records[at], below, strict=False)
        if cell.strip() and looks_like_data(cell) and looks_like_data(under)
    )
    return both * 4 < len(cells)


def _are_periods(records: Sequence[Sequence[str]], at: int) -> bool:
    """Tell whether what looks like data in a row are names of different months or years ("202601"), beside a label.

    Below the names of periods stands something else: of amounts some may look like a year, but not all.
    """
    found = {place: cell.strip() for place, cell in enumerate(records[at]) if looks_like_data(cell)}
    labels = any(cell.strip() for place, cell in enumerate(records[at]) if place not in found)
    different = labels and len(set(found.values())) == len(found)
    if not different or not all(map(_PERIOD.fullmatch, found.values())):
        return False
    under = [
        _PERIOD.fullmatch(cell) is not None and _is_year(cell) == _is_year(name)
        for record in records[at + 1 :]
        for place, name in found.items()
        if place < len(record) and (cell := record[place].strip())
    ]
    return not under or not all(under)


def _is_year(period: str) -> bool:
    return len(period) == len("2026")


def _is_second_row(
    records: Sequence[Sequence[str]],
    at: int,
    width: int,
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]],
) -> bool:
    first, second = _padded(records[at], width), _padded(records[at + 1], width)
    holes = [i for i in range(width) if not first[i].strip()]
    if not any(second[i].strip() for i in holes) or any(looks_like_data(cell) for cell in second):
        return False
    if not any(a.strip() or b.strip() for a, b in zip(first, second, strict=True)):
        return False
    if any(start[0] == at and (stop[0] > at or stop[1] > start[1]) for start, stop in merged):
        return True
    if any(not a.strip() and not b.strip() for a, b in zip(first, second, strict=True)):
        return False
    below = [_padded(record, width) for record in records[at + 2 :] if any(cell.strip() for cell in record)]
    return any(looks_like_data(record[i]) for record in below for i in range(width) if second[i].strip())


def _joined(
    first: tuple[str, ...],
    second: tuple[str, ...],
    at: int,
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]],
) -> tuple[str, ...]:
    """Join two header rows: a group name holds to the right until the next one, as far as its merged cell reaches."""
    reach = {start: stop[1] for start, stop in merged if start[0] == at}
    names, group, until = [], "", -1
    for i, (upper, lower) in enumerate(zip(first, second, strict=True)):
        if upper.strip():
            group, until = upper.strip(), reach.get((at, i), i if merged else len(first))
        inside = group if i <= until else ""
        names.append(_JOINED.join(part for part in (inside, lower.strip()) if part))
    return tuple(names)


def clean_label(text: str) -> str:
    r"""Give a header as a person reads it: composed Hangul, no invisible characters, single spaces.

    >>> clean_label("\ufeff 예상매출\n(만원) ")
    '예상매출 (만원)'
    """
    return " ".join(unicodedata.normalize("NFC", text).translate(_INVISIBLE).split())


def unique_names(headers: Sequence[str], *, file: str, row: int) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Make clean names unique: the second "Amount" becomes "Amount (2)", an empty one "column 3"; each is a finding.

    >>> names, findings = unique_names(["Amount", "", "Amount"], file="a.csv", row=1)
    >>> names, [finding.code for finding in findings]
    (('Amount', 'column 2', 'Amount (2)'), ['header_duplicate', 'header_blank'])
    """
    labels = [clean_label(header) for header in headers]
    taken = {label for label in labels if label}
    seen: Counter[str] = Counter()
    names: list[str] = []
    twice: dict[str, None] = {}
    blank: list[str] = []
    for position, label in enumerate(labels, start=1):
        seen[label] += 1
        if label and seen[label] == 1:
            names.append(label)
            continue
        number = position if not label else seen[label]
        pattern = "column {}" if not label else label.replace("{", "{{").replace("}", "}}") + " ({})"
        while (name := pattern.format(number)) in taken:
            number += 1
        taken.add(name)
        names.append(name)
        if label:
            twice[label] = None
        else:
            blank.append(name)
    findings = []
    if twice:
        message = Message(
            N_("Several columns are called {names}; later ones got a number."), {"names": ", ".join(twice)}
        )
        places = tuple(Example(file, row, name) for name in twice)
        findings.append(Finding("header_duplicate", Severity.WARNING, message, len(twice), places))
    if blank:
        message = Message(N_("{n} {n:column has|columns have} no name; they are called {names}."), _some(blank))
        places = tuple(Example(file, row, name) for name in blank[:5])
        findings.append(Finding("header_blank", Severity.INFO, message, len(blank), places))
    return tuple(names), tuple(findings)


def _some(names: Sequence[str], most: int = 5) -> dict[str, object]:
    listed = ", ".join(names[:most]) + (" …" if len(names) > most else "")
    return {"n": len(names), "names": listed}
