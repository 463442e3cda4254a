"""Codes of a forecast: numbers for people, teams, stages and conditions, and columns of Arrow read as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bokgi.analysis.forecast.counting import UNKNOWN

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OTHER: Final = "(other)"
LARGEST_FACTOR: Final = 40
"""A condition keeps at most so many levels; the rarest are counted together."""


@dataclass(frozen=True)
class Coding:
    """Names behind the codes: `levels[f][k]` is level `k` of factor `f`; `profile` × factor gives each code."""

    factors: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    profile: Ints
    persons: tuple[str, ...]
    teams: tuple[str, ...]
    stages: tuple[tuple[str, str], ...]

    @property
    def pipelines(self) -> tuple[str, ...]:
        """Give the pipelines that have stages, in order."""
        return tuple(sorted({pipeline for pipeline, _stage in self.stages}))

    @property
    def pipeline_of_stage(self) -> Ints:
        """Give the code of the pipeline of each stage."""
        names = self.pipelines
        return np.array([names.index(pipeline) for pipeline, _stage in self.stages], dtype=np.int64)


def levels_of(names: pa.Table, factors: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], Ints]:
    """Code the levels of each factor by name; the rarest of a factor with many levels are one."""
    levels, codes = [], []
    for factor in factors:
        column = names[factor].to_pylist()
        labels = sorted(set(column))
        place = {label: code for code, label in enumerate(labels)}
        code = np.array([place[label] for label in column], dtype=np.int64)
        if len(labels) > LARGEST_FACTOR:
            size = np.bincount(code, minlength=len(labels))
            kept = np.argsort(np.argsort(-size, kind="stable"), kind="stable") < LARGEST_FACTOR - 1
            code = np.where(kept, np.cumsum(kept) - 1, kept.sum())[code]
            labels = [label for label, stays_own in zip(labels, kept, strict=True) if stays_own] + [OTHER]
        levels.append(tuple(labels))
        codes.append(code)
    return tuple(levels), np.stack(codes, axis=1) if codes else np.zeros((names.num_rows, 0), dtype=np.int64)


def days_of(column: pa.ChunkedArray) -> Ints:
    """Read days as numbers; see `day_number`."""
    out: Ints = column.cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    return out


def floats_of(column: pa.ChunkedArray) -> Floats:
    """Read numbers; null is NaN."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def ints_of(column: pa.ChunkedArray) -> Ints:
    """Read whole numbers; none is null."""
    return np.asarray(column.to_numpy(), dtype=np.int64)


def bools_of(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Read truth values; none is null."""
    return np.asarray(column.to_numpy(), dtype=np.bool_)


def codes_of(column: pa.ChunkedArray, names: Sequence[str]) -> Ints:
    """Read names by their place in `names`; -1: not among them, null is `UNKNOWN`."""
    found = pc.index_in(pc.fill_null(column, UNKNOWN), pa.array(names, pa.string()))
    return ints_of(pc.fill_null(found, -1))


def stages_of(table: pa.Table, column: str, coding: Coding) -> Ints:
    """Read the stages in a column, each of its pipeline, as codes; -1: none."""
    joined = pc.binary_join_element_wise(table["pipeline"].cast(pa.string()), table[column].cast(pa.string()), "\x1f")
    names = ["\x1f".join(key) for key in coding.stages]
    return ints_of(pc.index_in(joined, pa.array(names, pa.string())))


def traits_of(table: pa.Table, coding: Coding) -> tuple[Ints, Ints, Ints]:
    """Read profile, person and team of each row."""
    return ints_of(table["profile"]), codes_of(table["person"], coding.persons), codes_of(table["team"], coding.teams)


def numbered(codes: Ints) -> tuple[Ints, Ints]:
    """Give the different whole numbers, ascending, and the place of each number among them.

    What `numpy.unique` gives, without sorting all of them.

    >>> numbered(np.array([7, 3, 7]))
    (array([3, 7]), array([1, 0, 1]))
    """
    found = pa.array(codes, pa.int64()).dictionary_encode()
    names = np.asarray(found.dictionary, dtype=np.int64)
    order = np.argsort(names)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return names[order], place[np.asarray(found.indices)]
