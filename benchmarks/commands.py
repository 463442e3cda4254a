"""The weekly review, `bokgi compare`, `bottlenecks` and `forecast` on a home of any size, each as a whole process.

    python3 run.py bench commands --deals 10000 1000000

Every figure is that of a process of its own, from the start of Python to the JSON: seconds, CPU seconds, peak memory.
The review is made three times. `first`: nothing is kept yet but the derived state, which the import makes. `again`: it
is an answer that is kept. `another week`: what depends on the lake version or its day alone lies there (tables of
`Facts.kept`, the funnel of the day with its search for a bottleneck, and the answers to other questions that the
review quotes); the week's own part of the pack is worked out. The other commands find no answer kept, only
tables of the day. The forecast (2,000 paths) goes with its backtest: `first` reads what it learns from; `day kept`
finds that among the tables of the day, as another team's forecast does, for it follows from the facts, the day and the
period.
`running` is the same question to a program that runs already, as the server does (`benchmarks.running`): without start
and imports, and no answer kept, except what a review of another week finds of its day.
As with an installed program, Python finds its byte code.
Writes its table into docs/reference/benchmarks.md; `--no-table` only prints it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks import results
from benchmarks.company import FOLDER, home

WEEK: Final = "2025-W52"
WEEK_BEFORE: Final = "2025-W51"
DAY: Final = "2025-12-28"
FORECAST_DEALS: Final = 200_000
"""Of so many some 20,000 are open. The forecast is measured up to here; of more, the first review tells it."""
SMALLEST: Final = 10_000
"""What is run once before anything is measured, so that Python finds its byte code."""
_MIB: Final = 1024

# What is measured, in this order: words of the command line, and the goal in seconds by number of deals.
COMMANDS: Final[dict[str, tuple[list[str], dict[int, float]]]] = {
    "review, first": (["review", "--week", WEEK, "--as-of", DAY], {}),
    "review, again": (["review", "--week", WEEK, "--as-of", DAY], {1_000_000: 5.0}),
    "review, another week": (["review", "--week", WEEK_BEFORE, "--as-of", DAY], {1_000_000: 5.0}),
    "compare": (["compare", "--as-of", DAY], {100_000: 1.0, 1_000_000: 5.0}),
    "bottlenecks": (["bottlenecks", "--as-of", DAY], {1_000_000: 5.0}),
    "forecast, first": (["forecast", "--as-of", DAY], {FORECAST_DEALS: 3.0}),
    "forecast, day kept": (["forecast", "--as-of", DAY], {FORECAST_DEALS: 3.0}),
}
RUNNING: Final[dict[str, dict[int, float]]] = {
    "review, another week": {1_000_000: 5.0},
    "compare": {100_000: 1.0, 1_000_000: 5.0},
    "bottlenecks": {1_000_000: 5.0},
    "forecast": {FORECAST_DEALS: 3.0},
}
"""What a running program is asked, too, with the same goals."""


def run(words: list[str], place: Path) -> dict[str, float]:
    """Run one command to its end: seconds, CPU seconds, peak memory in MiB.

    Byte code is kept beside the homes: an installer writes it once, and not every start of the program.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(place.parents[1] / "bytecode")
    command = [sys.executable, "-m", "bokgi.cli", *words, "--format", "json", "--home", str(place)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    __, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(command)} ended with {process.returncode}"
        raise SystemExit(message)
    work = usage.ru_utime + usage.ru_stime
    return {"seconds": time.perf_counter() - begun, "cpu_seconds": work, "peak_mib": usage.ru_maxrss / _MIB}


def ask_running(name: str, place: Path) -> dict[str, float]:
    """Ask a program that runs, and give what `run` gives."""
    command = [sys.executable, "-m", "benchmarks.running", str(place), name]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def forget(place: Path, *patterns: str) -> None:
    """Delete what was kept beside the derived states: tables, and answers to questions; with `patterns` only those."""
    for pattern in patterns or ("*-????-??-??-*.parquet", "moves*.parquet", "acted*.parquet", "answers/*.json"):
        for path in (place / "lake" / "state").rglob(pattern):
            path.unlink()


def measure(deals: int, folder: Path, only: str) -> list[dict[str, Any]]:
    """Measure every command on a home of this size."""
    lake = home(folder / str(deals), deals)
    found = []
    for order, (what, (words, goals)) in enumerate(COMMANDS.items(), start=100):
        if only not in what or (what.startswith("forecast") and deals > FORECAST_DEALS):
            continue
        print(f"{deals:,} {what} …", file=sys.stderr, flush=True)
        if what == "forecast, first":
            forget(lake.home, "forecast_*.parquet", "answers/*.json")
        elif what.endswith("first"):
            forget(lake.home)
        elif not what.startswith("review"):
            forget(lake.home, "answers/*.json")
        found.append({"what": what, "order": order, "deals": deals, "goal": goals.get(deals)} | run(words, lake.home))
    for order, (name, goals) in enumerate(RUNNING.items(), start=100 + len(COMMANDS)):
        if only not in name or (name == "forecast" and deals > FORECAST_DEALS):
            continue
        print(f"{deals:,} {name}, running …", file=sys.stderr, flush=True)
        row = {"what": f"{name}, running", "order": order, "deals": deals, "goal": goals.get(deals)}
        found.append(row | ask_running(name, lake.home))
    return found


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the generated home is kept")
    parser.add_argument("--only", default="", help="part of the name of a command")
    parser.add_argument("--no-table", action="store_true", help="leave the document as it is")
    given = parser.parse_args()
    smallest = home(given.folder / str(SMALLEST), SMALLEST)
    for what, (words, __) in COMMANDS.items():
        if given.only in what:
            run(words, smallest.home)
    for deals in given.deals:
        rows = measure(deals, given.folder, given.only)
        print(results.commands(rows), flush=True)
        if not given.no_table:
            results.keep("commands", rows, key=("what", "deals"))


if __name__ == "__main__":
    main()
