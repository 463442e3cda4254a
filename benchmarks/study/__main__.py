"""Run the study of the statistics: `python3 run.py study [small|medium|full] [TOPIC …]` (`full` and all without)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.study.page import PAGE, SCALES, Section, merged, table

SEED = 20_260_105
OTHERS = {"__init__", "__main__", "page", "rows"}
TOPICS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in OTHERS))
HELP = {"help", "--help", "-h"}


def usage() -> str:
    """Say what can be run, and how long it takes."""
    width = max(map(len, TOPICS)) + 2
    about = [(topic, (import_module(f"benchmarks.study.{topic}").__doc__ or "").splitlines()[0]) for topic in TOPICS]
    return "\n".join(
        [
            "python3 run.py study [small|medium|full] [TOPIC …]",
            "",
            "Simulates organisations with known truth and holds each statistic against its goals. Each table goes",
            f"into {PAGE.relative_to(PAGE.parents[2])}, too, where a smaller run replaces no larger one.",
            "",
            "small takes minutes, medium an hour, full (which runs without a size) many hours. Without a topic: all.",
            "",
            *(f"  {topic:<{width}}{what}" for topic, what in about),
        ]
    )


def main(arguments: list[str]) -> int:
    """Run the topics asked for, print each table as it is ready, and write it into `docs/reference/study.md`."""
    if HELP & set(arguments):
        print(usage())
        return 0
    unknown = [name for name in arguments if name not in (*SCALES, *TOPICS)]
    if unknown:
        print(f"no size and no topic: {unknown[0]}\n\n{usage()}", file=sys.stderr)
        return 2
    wanted = next((name for name in arguments if name in SCALES), "full")
    for topic in [name for name in arguments if name in TOPICS] or list(TOPICS):
        module = import_module(f"benchmarks.study.{topic}")
        scale = wanted if wanted in getattr(module, "SCALES", ("small", "full")) else "small"
        print(f"{topic}, {scale} …", file=sys.stderr, flush=True)
        told = "\n\n".join([table(module.run(scale, SEED)), *filter(None, [getattr(module, "NOTE", "")])])
        section = Section(topic, datetime.now(UTC).date().isoformat(), scale, SEED, told)
        print(section.text(), flush=True)
        before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        PAGE.write_text(merged(before, section), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
