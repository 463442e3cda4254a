"""Decisions about people where the truth is known: from the raw ranking, and from the page of the fair result."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.simulator import Organisation
from benchmarks.study.comparison import CASES, SCALES, compared
from benchmarks.study.rows import Row, share_row

TOPIC: Final = "fair_decisions"
NOTE: Final = """\
Where good people are handed the hard deals, a third of the bottom quarter by raw rate is truly above the average; of
those whom the comparison says to be below it hardly one in fifty is. Where they are handed the easy ones the raw rate
exaggerates what is true, so that few of them land at the bottom by it: right for the wrong reason."""
QUARTER: Final = 4


def run(scale: str, seed: int) -> list[Row]:
    """Measure who lands in the bottom quarter, or is told to be below, and is truly above the average of the team."""
    rows = []
    for name, case in CASES.items():
        raw: list[bool] = []
        adjusted: list[bool] = []
        told: list[bool] = []
        for each in range(SCALES[scale]):
            found, truth = compared(Organisation(seed=seed + each, **case))  # type: ignore[arg-type]  # as `CASES` has it
            above = truth > truth.mean()
            size = len(truth) // QUARTER
            raw += above[np.argsort([person.raw for person in found.people], kind="stable")[:size]].tolist()
            adjusted += above[np.argsort([person.adjusted for person in found.people], kind="stable")[:size]].tolist()
            told += [
                bool(is_above) for is_above, one in zip(above, found.people, strict=True) if one.verdict == "below"
            ]
        rows.append(share_row(TOPIC, f"truly above average in the bottom quarter by raw rate, {name}", raw))
        rows.append(share_row(TOPIC, f"truly above average in the bottom quarter by adjusted rate, {name}", adjusted))
        if told:
            rows.append(share_row(TOPIC, f"truly above average among those told to be below, {name}", told, most=0.05))
    return rows
