"""Run the benchmarks: `python3 run.py bench [NAME] [OPTIONS …]`; without a name they are listed."""

from __future__ import annotations

import runpy
import sys

BENCHMARKS = {
    "analyses": "each analysis against hand-written SQL and pandas; --deals N",
    "commands": "the weekly review, bokgi compare, bottlenecks and forecast, whole processes; --deals N",
    "models": "the comparison of people against lme4 and statsmodels, parts of a change against all orders; --deals N",
    "tables": "these three, with the tables in docs/reference/benchmarks.md (under 12 minutes on two quiet cores)",
    "meeting": "forty screens of one meeting that goes on, against a page that reads nothing",
    "pages": "the main pages beside an empty one: first view, median, 95 %, fifty people at once; --deals N",
    "import_1gb": "import of a large deals CSV against DuckDB's own copy to Parquet; --megabytes N",
}


def main() -> int:
    """Run one benchmark by name, or say which there are."""
    if len(sys.argv) < 2 or sys.argv[1] not in BENCHMARKS:  # noqa: PLR2004 - the program and a name
        for name, what in BENCHMARKS.items():
            print(f"{name:<12} {what}")
        return 0 if len(sys.argv) < 2 else 2  # noqa: PLR2004 - as above
    name = sys.argv.pop(1)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
