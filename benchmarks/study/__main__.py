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


def main(arguments: list[str]) -> int:
    """Run the topics asked for, print each table as it is ready, and write it into `docs/reference/study.md`."""
    unknown = [name for name in arguments if name not in (*SCALES, *TOPICS)]
    if unknown:
        print(f"no topic {unknown[0]}; there are: {', '.join(TOPICS)}", file=sys.stderr)
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
