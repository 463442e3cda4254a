"""Models beside other software that fits the like: the comparison of people, and the parts of a change.

    python3 run.py bench models --deals 10000 100000

The comparison runs whole: counted by the engine, fitted over a grid of both spreads, 2,000 draws, expected and adjusted
results of everybody. Its peers fit one model of the cells that the engine has counted, and stop there: `lme4` the same
mixed model once, without its uncertainty in the spreads; `statsmodels` a logistic model with a column for each person,
without shrinkage. lme4 only where R has it. The parts of a change are held against the plain average over all orders.
CPU seconds; writes its table into docs/reference/benchmarks.md.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import ibis
import numpy as np
import statsmodels.api as sm

from benchmarks import results
from benchmarks.analyses import COMPARED, handed, timed
from benchmarks.company import FOLDER, make
from bokgi.analysis.comparison.cells import CountedCases, count_cases
from bokgi.analysis.comparison.conditions import varied
from bokgi.analysis.comparison.people import compare_people
from bokgi.analysis.decomposition.shapley import shapley

TERRITORY: Final = "region"
LARGEST_FOR_PEERS: Final = 10_000
"""Beyond so many deals the peers take minutes, or more memory than the machine has."""
GROUPS: Final = 7

_GLMER: Final = """
library(lme4)
d <- read.csv("{data}")
for (name in setdiff(names(d), c("n", "wins"))) d[[name]] <- factor(d[[name]])
spent <- system.time(glmer({formula}, data = d, family = binomial, nAGQ = 0))
cat(spent[["user.self"]] + spent[["sys.self"]])
"""


def _comparison(deals: int, folder: Path) -> Iterator[dict[str, Any]]:
    paths = make(folder / str(deals), deals)
    connection = ibis.duckdb.connect(threads=2)
    tables = {name: connection.read_parquet(str(path), table_name=name) for name, path in paths.items()}
    traits = connection.create_table("traits", handed(SimpleNamespace(**tables)), temp=True)
    cases = traits.filter(ibis._.won.notnull())
    factors = varied(cases, [name for name in COMPARED if name != TERRITORY])
    ours = min(timed(partial(compare_people, cases, factors=factors, territory=TERRITORY))[1] for __ in range(2))
    counted = count_cases(cases, person="owner_id", success="won", factors=factors, territory=TERRITORY)
    row = {"model": "comparison of people", "deals": deals, "cpu_seconds": ours}
    if deals > LARGEST_FOR_PEERS:
        yield row | {"peer": "", "peer_cpu_seconds": None}
        return
    yield row | {"peer": "statsmodels, one logistic fit", "peer_cpu_seconds": timed(partial(_logistic, counted))[1]}
    spent = _glmer(counted)
    if spent is not None:
        yield row | {"peer": "lme4, one mixed fit", "peer_cpu_seconds": spent}


def _logistic(counted: CountedCases) -> None:
    cells = counted.cells
    columns = [np.ones((len(cells.n), 1))]
    columns += [np.eye(size)[level][:, 1:] for level, size in zip(cells.levels, cells.sizes, strict=True)]
    outcome = np.stack([cells.wins, cells.n - cells.wins], axis=1)
    sm.GLM(outcome, np.hstack(columns), family=sm.families.Binomial()).fit()


def _glmer(counted: CountedCases) -> float | None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    cells = counted.cells
    names = [f"f{place}" for place in range(len(cells.levels))]
    mixed = {cells.person, cells.territory}
    parts = [f"(1 | {name})" if place in mixed else name for place, name in enumerate(names)]
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "cells.csv"
        with data.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*names, "n", "wins"])
            writer.writerows(zip(*cells.levels, cells.n, cells.wins, strict=True))
        script = _GLMER.format(data=data, formula=f"cbind(wins, n - wins) ~ {' + '.join(parts)}")
        done = subprocess.run([rscript, "--vanilla", "-e", script], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def _parts() -> dict[str, Any]:
    """Parts of a change of 165 cells by seven groups: the closed form, and the average over all orders."""
    rng = np.random.default_rng(1)
    before, after = rng.uniform(0.5, 2.0, (2, GROUPS, 165))
    by_order: list[Any] = []
    ours = min(timed(partial(shapley, before, after))[1] for __ in range(3))
    peer = timed(lambda: by_order.append(_by_order(before, after)))[1]
    found = np.asarray(shapley(before, after))
    if not np.allclose(found, by_order[0]):
        message = "the parts of a change differ from the average over all orders"
        raise SystemExit(message)
    row = {"model": f"parts of a change, {GROUPS} groups, 165 cells", "deals": 0, "cpu_seconds": ours}
    return row | {"peer": "average over all orders", "peer_cpu_seconds": peer}


def _by_order(before: Any, after: Any) -> Any:  # noqa: ANN401 - arrays
    total = np.zeros_like(before)
    orders = list(permutations(range(GROUPS)))
    for order in orders:
        now = before.copy()
        for group in order:
            was = now.prod(axis=0)
            now[group] = after[group]
            total[group] += now.prod(axis=0) - was
    return total.sum(axis=1) / len(orders)


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the generated Parquet is kept")
    parser.add_argument("--no-table", action="store_true", help="leave the document as it is")
    given = parser.parse_args()
    rows = [row for deals in given.deals for row in _comparison(deals, given.folder)]
    rows.append(_parts())
    rows = [row | {"order": place} for place, row in enumerate(rows)]
    print(results.models(rows), flush=True)
    if not given.no_table:
        results.keep("models", rows, key=("model", "deals", "peer"))


if __name__ == "__main__":
    main()
