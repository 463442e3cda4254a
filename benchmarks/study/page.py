"""The page of the study: a table for each topic, written topic by topic as they are run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.study.rows import Row

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "study.md"
HEAD: Final = """# The study of the statistics

What each statistic reaches on simulated organisations with known truth, against its goal. The tables are written by
`python3 run.py study [small|medium|full] [TOPIC …]`; a smaller run never replaces a larger one. The interval is that of
what was reached, at 95 %, given so many simulated cases (n): where the goal lies inside it, chance may have decided.
"""
SCALES: Final = ("small", "medium", "full")
_TOPIC: Final = re.compile(
    r"^## (\w+)\n\n_(\d{4}-\d\d-\d\d), (\w+), seed (\d+)_\n\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Section:
    """One topic's table, with the day, scale and seed of its run."""

    topic: str
    day: str
    scale: str
    seed: int
    table: str

    def text(self) -> str:
        """Write the section."""
        return f"## {self.topic}\n\n_{self.day}, {self.scale}, seed {self.seed}_\n\n{self.table.strip()}\n"


def table(rows: list[Row]) -> str:
    """Write the rows of one topic as a Markdown table."""
    lines = ["| measure | goal | reached | 95 % interval | n | met |", "|---|---|--:|---|--:|---|"]
    lines += [
        f"| {row.measure} | {row.goal} | {row.reached:.3f} | {row.low:.3f} to {row.high:.3f} "
        f"| {row.n:,} | {'yes' if row.met else 'no'} |"
        for row in rows
    ]
    return "\n".join(lines)


def sections(text: str) -> dict[str, Section]:
    r"""Read the sections of a page.

    >>> section = Section("funnel", "2026-01-05", "small", 1, "| a |")
    >>> sections("# Head\n\n" + section.text()) == {"funnel": section}
    True
    """
    return {
        found[1]: Section(found[1], found[2], found[3], int(found[4]), found[5].strip())
        for found in _TOPIC.finditer(text)
    }


def merged(text: str, new: Section) -> str:
    """Put a section into the text of a page, in the order of topics; what a larger run found stays."""
    there = sections(text)
    old = there.get(new.topic)
    if old is None or SCALES.index(new.scale) >= SCALES.index(old.scale):
        there[new.topic] = new
    return "\n".join([HEAD, *(there[topic].text() for topic in sorted(there))])
