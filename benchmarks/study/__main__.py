"""Run the study of the statistics on organisations with known truth: `python3 run.py study [small|full] [TOPIC …]`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.study.rows import Row

SEED = 20_260_105
TOPICS = tuple(
    sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in {"__init__", "__main__", "rows"}
    )
)


def table(rows: list[Row]) -> str:
    """Write the rows as a Markdown table."""
    lines = ["| topic | measure | goal | reached | 95 % interval | n | met |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row.topic} | {row.measure} | {row.goal} | {row.reached:.3f} | {row.low:.3f} to {row.high:.3f} "
        f"| {row.n} | {'yes' if row.met else 'no'} |"
        for row in rows
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the topics asked for (all without a name) and print the table."""
    scale = arguments[0] if arguments and arguments[0] in {"small", "full"} else "full"
    topics = [name for name in arguments if name in TOPICS] or list(TOPICS)
    rows: list[Row] = []
    for topic in topics:
        print(f"{topic} …", file=sys.stderr, flush=True)
        rows += import_module(f"benchmarks.study.{topic}").run(scale, SEED)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
