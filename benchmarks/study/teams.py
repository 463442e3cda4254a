"""Fair comparison of teams: coverage, verdicts that are false, equal teams told apart."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.simulator import Organisation, simulate
from benchmarks.simulator.analysed import analysed
from benchmarks.study.comparison import FACTORS
from benchmarks.study.rows import Row, share_row
from bokgi.analysis.comparison import Comparison, compare_people

TOPIC: Final = "teams"
NOTE: Final = """\
A team is as good as its people, weighted by the deals they closed: no team has an effect of its own, so that teams
differ by who happens to be in them."""
SCALES: Final = {"small": 3, "medium": 30, "full": 120}
OWN_SEEDS: Final = 190_000
"""Organisations that decided nothing."""
CASES: Final = {
    "24 people in 3 teams, 3,000 deals": (24, 3, 3_000),
    "30 people in 10 teams, 3,000 deals": (30, 10, 3_000),
}


def compared(organisation: Organisation) -> tuple[Comparison, dict[str, float]]:
    """Compare the teams of an organisation; gives the comparison and what each team's people reach in truth."""
    world = simulate(organisation)
    with analysed(world) as tables:
        ended = tables.deals.filter(tables.deals.won.notnull())
        found = compare_people(ended, factors=FACTORS, territory="region", person="team", draws=1_000)
        owners = np.array(ended.owner_id.to_pyarrow().to_pylist())
    person = np.array([int(owner[1:]) for owner in owners])
    rate = world.truth.standardised_win_rate[person]
    team = person % organisation.teams
    return found, {f"team{number + 1}": float(rate[team == number].mean()) for number in range(organisation.teams)}


def run(scale: str, seed: int) -> list[Row]:
    """Measure how often a team's interval holds the truth, how often a verdict is false, and equal teams."""
    rows = []
    for name, (people, teams, deals) in CASES.items():
        covered, false, equal = [], [], []
        for each in range(SCALES[scale]):
            made = Organisation(seed=seed + OWN_SEEDS + each, reps=people, teams=teams, deals=deals, turnover=0.0)
            found, truth = compared(made)
            usual = float(np.mean(list(truth.values())))
            covered += [one.low <= truth[one.person_id] <= one.high for one in found.people]
            told = {one.person_id: one.verdict for one in found.people if one.verdict != "cannot_tell"}
            false += [(verdict == "above") != (truth[team] > usual) for team, verdict in told.items()]
            equal.append(compared(made.plain())[0].detectable)
        rows += [
            share_row(TOPIC, f"90 % intervals cover, {name}", covered, least=0.87, most=0.95),
            share_row(TOPIC, f"verdicts that are false, {name}", false or [False], most=0.05),
            share_row(TOPIC, f"equal teams told apart, {name}", equal, most=0.02),
        ]
    return rows
