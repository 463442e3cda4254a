"""Speed and memory of the commands as benchmarks measured them last, and the distance from a NUTS run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.results import MEASURED
from benchmarks.study.rows import Row
from bokgi.analysis.mixed_logit import fit
from tests.analysis.test_mixed_logit import cells

TOPIC: Final = "speed"
NOTE: Final = """\
Seconds of whole commands, from the start of Python to the answer, on two cores, and their largest memory: the rows of
[benchmarks](benchmarks.md), which are measured by `python3 run.py bench commands` on a day of their own. The forecast
is of a company with 200,000 deals, some 20,000 of them open; `first` reads what it learns from, `day kept` finds it
among the tables of the day, `running` asks a program that is loaded. Of a NUTS run the stored summary is held against
our fit (`tests/referees/nuts_mixed_logit.py` made it)."""
SCALES: Final = {"small": 1, "full": 1}
SUMMARY: Final = Path(__file__).resolve().parents[2] / "tests" / "referees" / "nuts_mixed_logit.json"
ANALYSES: Final = ("compare", "bottlenecks", "forecast")
MOST_DEALS: Final = 1_000_000
MEBIBYTES: Final = 2_048.0
MOST_APART: Final = 0.05


def measured(measure: str, reached: float, most: float, n: int = 1) -> Row:
    """Give a row of one measurement, which has no interval.

    >>> measured("seconds", 0.5, 1.0).met
    True
    """
    return Row(TOPIC, measure, f"≤ {most:g}", reached, reached, reached, n, reached <= most, most=most)


def run(scale: str, seed: int) -> list[Row]:  # noqa: ARG001 - as every topic
    """Read what was measured; `scale` is the same for all."""
    found: list[dict[str, Any]] = json.loads(MEASURED.read_text(encoding="utf-8"))["commands"]
    rows = [
        measured(f"seconds, {row['what']}, {row['deals']:,} deals", row["seconds"], row["goal"])
        for row in found
        if row["goal"] is not None and row["what"].startswith(ANALYSES)
    ]
    largest = max(row["peak_mib"] for row in found if row["deals"] == MOST_DEALS)
    rows.append(measured(f"MiB, the largest of the commands, {MOST_DEALS:,} deals", largest, MEBIBYTES))
    summary = json.loads(SUMMARY.read_text(encoding="utf-8"))
    person = fit(cells(11, persons=6, territories=3, rows=120), draws=20_000, seed=1).factor(2)
    person = person - person.mean(axis=1, keepdims=True)
    apart = max(
        float(np.abs(figure - np.array(summary[name])).max())
        for name, figure in (("person_mean", person.mean(axis=0)), ("person_sd", person.std(axis=0)))
    )
    return [*rows, measured("largest distance of a person's mean or sd from a NUTS run", apart, MOST_APART, 12)]
