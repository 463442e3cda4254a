"""How many records a delimited file holds, and where its empty lines are: counted apart from the reader.

DuckDB reads a large file from several places at once and guesses where a record starts. A broken quote, or a cell that
itself looks like a table, can make it skip rows or invent them without a word. So the records are counted here too, by
the parity of the quotes before each line end, and what was staged must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

_QUOTE: Final = 0x22
_LINE_FEED: Final = 0x0A
_CARRIAGE_RETURN: Final = 0x0D
_FORMULA_SIGN: Final = 0x3D
_BOM: Final = b"\xef\xbb\xbf"
MOST_BLANK_LINES: Final = 20_000_000

Bytes = npt.NDArray[np.uint8]


@dataclass
class Structure:
    r"""What the line ends and quotes of a file say, fed block by block.

    `records` counts line ends outside quotes, and what stands after the last one. `longest` is the length in bytes of
    the longest record, `quoted_end` tells that the file ends inside quotes, `formulas` counts cells that begin with
    "=".

    >>> structure = Structure(newline=b"\n", delimiter=b",")
    >>> for block in (b'a,b\n1,"x', b'\ny"\n\n2,=1+1'):
    ...     structure.feed(block)
    >>> structure.close()
    >>> structure.records, structure.blank.tolist(), structure.formulas
    (4, [3], 1)
    """

    newline: bytes
    delimiter: bytes
    records: int = 0
    blank_lines: int = 0
    longest: int = 0
    nuls: int = 0
    formulas: int = 0
    quoted_end: bool = False
    _blank: list[npt.NDArray[np.int64]] = field(default_factory=list)
    _position: int = 0
    _record_start: int = 0
    _last: int = -1

    def feed(self, block: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the file."""
        view: Bytes = np.frombuffer(block, dtype=np.uint8)
        if not len(view):
            return
        if self._position == 0 and bytes(view[:3]) == _BOM:
            self._record_start = 3
        ends: npt.NDArray[np.intp] = np.flatnonzero(view == self.newline[-1])
        quotes: npt.NDArray[np.intp] = np.flatnonzero(view == _QUOTE)
        if len(quotes):
            inside = (np.searchsorted(quotes, ends) + self.quoted_end) & 1
            ends = ends[inside == 0]
            self.quoted_end = bool((len(quotes) + self.quoted_end) & 1)
        elif self.quoted_end:
            ends = ends[:0]
        self._count_rare(view)
        if len(ends):
            self._count_records(view, ends)
        self._position += len(view)
        self._last = int(view[-1])

    def close(self) -> None:
        """Count what stands after the last line end."""
        if self._position > self._record_start:
            self.records += 1
            self.longest = max(self.longest, self._position - self._record_start)

    @property
    def blank(self) -> npt.NDArray[np.int64]:
        """Give the record numbers of empty lines, in order; not more than `MOST_BLANK_LINES`."""
        return np.concatenate(self._blank) if self._blank else np.empty(0, dtype=np.int64)

    def _count_rare(self, view: Bytes) -> None:
        signs = np.flatnonzero(view == _FORMULA_SIGN)
        if len(signs):
            before = view[signs - 1]
            if signs[0] == 0:
                before = before.copy()
                before[0] = self._last if self._last >= 0 else _LINE_FEED
            first = (before == self.delimiter[0]) | (before == _QUOTE) | (before == _LINE_FEED)
            self.formulas += int(np.count_nonzero(first))
        if not view.all():
            self.nuls += int(np.count_nonzero(view == 0))

    def _count_records(self, view: Bytes, ends: npt.NDArray[np.intp]) -> None:
        starts = np.empty(len(ends), dtype=np.int64)
        starts[0] = self._record_start - self._position
        starts[1:] = ends[:-1] + 1
        lengths = ends - starts
        before = view[ends - 1]
        if ends[0] == 0:
            before = before.copy()
            before[0] = max(self._last, 0)
        returns = before == _CARRIAGE_RETURN
        if self.newline[-1] == _LINE_FEED:
            returns &= lengths > 0
            lengths = lengths - returns
        empty = np.flatnonzero(lengths == 0)
        if len(empty):
            self.blank_lines += len(empty)
            if self.blank_lines <= MOST_BLANK_LINES:
                self._blank.append(empty.astype(np.int64) + (self.records + 1))
        self.records += len(ends)
        self.longest = max(self.longest, int(lengths.max()))
        self._record_start = self._position + int(ends[-1]) + 1
