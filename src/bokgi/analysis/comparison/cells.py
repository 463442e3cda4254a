"""Cases counted into cells by the engine, and the cells as levels of factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bokgi.analysis.mixed_logit import Cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNKNOWN: Final = "(unknown)"
OTHER: Final = "(other)"
SMALLEST_LEVEL: Final = 5
"""Levels of a condition with fewer cases are counted together."""
LARGEST_FACTOR: Final = 40
"""A condition keeps at most so many levels; the rarest are counted together."""

_MOST_RANKS: Final = 2**62


@dataclass(frozen=True)
class CountedCases:
    """Cells with the names of their levels; `names[f][k]` is level `k` of factor `f`, factors are `columns`."""

    columns: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    cells: Cells

    @property
    def persons(self) -> tuple[str, ...]:
        """Person ids in the order of their levels."""
        return self.names[self.cells.person]

    def by_person(self, values: Floats) -> Floats:
        """Sum a figure of the cells by person."""
        total: Floats = np.bincount(self.cells.levels[self.cells.person], values, len(self.persons)).astype(np.float64)
        return total


def count_cases(
    cases: ibis.Table,
    *,
    person: str,
    success: str,
    factors: Sequence[str],
    territory: str | None,
) -> CountedCases:
    """Count cases and successes by person, territory and conditions.

    Reads one row per case: `person` (rows without one are left out), `success` (boolean, never null) and a column of
    text for each condition. The engine counts; only the cells leave it. A null condition is a level of its own.
    """
    keys = [*factors, *([territory] if territory else [])]
    found = counted(cases, keys=keys, person=person, success=success).to_pyarrow()
    return cells_of(in_order(found, [*keys, person]), keys=[*keys, person], territory=territory)


def counted(cases: ibis.Table, *, keys: Sequence[str], person: str, success: str) -> ibis.Table:
    """Cases (`n`) and successes (`wins`) by person and `keys` as text, null as `UNKNOWN`; who is nobody's is left out.

    >>> cases = ibis.memtable(pa.table({"who": ["a", "a", None], "won": [True, False, True], "size": ["S", "S", "S"]}))
    >>> counted(cases, keys=["size"], person="who", success="won").to_pyarrow().to_pylist()
    [{'size': 'S', 'who': 'a', 'n': 2, 'wins': 1}]
    """
    text = {key: cases[key].cast("string").fill_null(UNKNOWN) for key in keys}
    named = cases.filter(cases[person].notnull()).mutate(**text)
    return named.group_by([*keys, person]).agg(n=ibis._.count(), wins=ibis._[success].cast("int64").sum())


def in_order(found: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Sort a table by columns of text (never null) and list the texts of each: faster than an engine sorts them.

    >>> found = in_order(pa.table({"size": ["S", "L", "L"], "who": ["a", "b", "a"], "n": [1, 2, 3]}), ["size", "who"])
    >>> found.to_pylist()
    [{'size': 'L', 'who': 'a', 'n': 3}, {'size': 'L', 'who': 'b', 'n': 2}, {'size': 'S', 'who': 'a', 'n': 1}]
    """
    coded = {key: _coded(found[key]) for key in keys}
    rank, ranks = np.zeros(found.num_rows, dtype=np.int64), 1
    for code, labels in coded.values():
        if ranks * len(labels) > _MOST_RANKS:
            present, rank = np.unique(rank, return_inverse=True)
            ranks = len(present)
        rank, ranks = rank * len(labels) + code, ranks * len(labels)
    place = np.argsort(rank, kind="stable")
    listed = {key: pa.DictionaryArray.from_arrays(code[place], labels) for key, (code, labels) in coded.items()}
    return pa.table({name: listed[name] if name in listed else found[name].take(place) for name in found.column_names})


def _coded(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Number the texts of a column in their order: the number in each row, and the texts."""
    listed = column.combine_chunks()
    encoded = listed if pa.types.is_dictionary(listed.type) else listed.cast(pa.string()).dictionary_encode()
    code = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(np.array(encoded.dictionary.to_pylist(), dtype=str), kind="stable")
    return np.argsort(order)[code], encoded.dictionary.take(order)


def cells_of(found: pa.Table, *, keys: Sequence[str], territory: str | None) -> CountedCases:
    """Turn a table of counts (`keys`, `n`, `wins`; the person is the last key) into cells with coded levels."""
    n = found["n"].to_numpy().astype(np.float64)
    wins = found["wins"].to_numpy().astype(np.float64)
    levels, names = [], []
    for key in keys:
        code, texts = _coded(found[key])
        labels = texts.to_pylist()
        if key not in (keys[-1], territory):
            code, labels = _merge_rare(code, labels, n)
        levels.append(code)
        names.append(tuple(labels))
    cells = Cells(
        tuple(levels),
        tuple(len(labels) for labels in names),
        len(keys) - 1,
        len(keys) - 2 if territory else None,
        n,
        wins,
    )
    return CountedCases(tuple(keys), tuple(names), cells)


def _merge_rare(code: Ints, labels: list[str], n: Floats) -> tuple[Ints, list[str]]:
    """Count rare levels together, so that a condition has as many effects as the cases can bear."""
    size = np.bincount(code, n, len(labels))
    keep = (size >= SMALLEST_LEVEL) & (np.argsort(np.argsort(-size, kind="stable"), kind="stable") < LARGEST_FACTOR)
    if keep.all():
        return code, labels
    new = np.where(keep, np.cumsum(keep) - 1, keep.sum())
    return new[code], [label for label, kept in zip(labels, keep, strict=True) if kept] + [OTHER]


def components(counted: CountedCases) -> Ints:
    """Tell which people can be compared: those whom shared territories connect, directly or through others.

    Gives a component number (from 1, largest group first) for each person. Without territories all are in one.
    Source: Abowd, Kramarz & Margolis (1999).
    """
    cells, persons = counted.cells, len(counted.persons)
    if cells.territory is None:
        return np.ones(persons, dtype=np.int64)
    person, territory = cells.levels[cells.person], cells.levels[cells.territory]
    first, before = np.arange(persons), np.full(persons, -1)
    while not np.array_equal(first, before):
        before = first.copy()
        of_territory = np.full(cells.sizes[cells.territory], persons)
        np.minimum.at(of_territory, territory, first[person])
        np.minimum.at(first, person, of_territory[territory])
    label = np.unique(first, return_inverse=True)[1]
    size = np.bincount(label)
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(1, len(size) + 1)
    out: Ints = rank[label]
    return out
