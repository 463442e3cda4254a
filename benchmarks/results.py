"""Measured rows of the benchmarks: kept as JSON, shown as tables and a plot in docs/reference/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import altair as alt
import vl_convert

Row = dict[str, Any]
ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENT: Final = ROOT / "docs" / "reference" / "benchmarks.md"
MEASURED: Final = ROOT / "docs" / "reference" / "benchmarks.json"
PLOT: Final = ROOT / "docs" / "images" / "benchmark-growth.svg"
_STEP: Final = 10
"""How many times as many deals a figure of growth is told for."""
_SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
_SECONDS: Final = (0.01, 0.1, 1, 10, 100)
"""Where the axes of the plot are marked."""


def keep(section: str, rows: Sequence[Row], *, key: Sequence[str]) -> None:
    """Put rows in the place of those with the same key, and write the document anew.

    Sizes that were not run this time keep what was measured before; every row carries its day and machine.
    """
    found: dict[str, list[Row]] = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    stamped = [row | {"measured": machine()} for row in rows]
    places = {tuple(row[name] for name in key): row for row in [*found.get(section, []), *stamped]}
    found[section] = sorted(places.values(), key=lambda row: (row.get("deals", 0), row.get("order", 0)))
    MEASURED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write(found)


def machine() -> str:
    """Say when and where something was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    engines = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "ibis-framework", "pandas"))
    day = datetime.now(UTC).date().isoformat()
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{day}, {os.cpu_count()} CPUs, {memory} GiB, {load}, Python {platform.python_version()}, {engines}"


def write(found: dict[str, list[Row]]) -> None:
    """Put the tables into the document, each between its marks, and draw the plot."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for section, rows in found.items():
        text = _between(text, section, f"{_TABLES[section](rows)}\n\n{_measured(rows)}")
    DOCUMENT.write_text(_between(text, "growth", growth(found)), encoding="utf-8")
    plot(found)


def _between(text: str, mark: str, made: str) -> str:
    """Put something between two marks of a document."""
    before, opening, rest = text.partition(f"<!-- {mark} -->\n")
    __, closing, after = rest.partition(f"<!-- /{mark} -->")
    return f"{before}{opening}\n{made}\n\n{closing}{after}"


def _measured(rows: Sequence[Row]) -> str:
    """Say it once for each day and machine, with the load that others put on it meanwhile."""
    loads: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        day, __, rest = row["measured"].partition("load ")
        load, __, engines = rest.partition(",")
        loads.setdefault((day, engines), []).append(float(load))
    lines = []
    for (day, engines), found in loads.items():
        least, most = f"{min(found):.1f}", f"{max(found):.1f}"
        lines.append(f"Measured {day}load {least if least == most else f'{least} to {most}'},{engines}.")
    return "\n".join(lines)


def analyses(rows: Sequence[Row]) -> str:
    """Show the analyses, a row for each size."""
    lines = [
        "| analysis | deals | ours, s | SQL, s | ratio | CPU ratio | building, s | pandas, s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in sorted(rows, key=lambda row: (row["order"], row["deals"])):
        pandas = "" if row.get("pandas_seconds") is None else f"{row['pandas_seconds']:.2f}"
        ratio, work = (row[name] / row[f"sql_{name}"] for name in ("seconds", "cpu_seconds"))
        lines.append(
            f"| {row['analysis']} | {row['deals']:,} | {row['seconds']:.3f} | {row['sql_seconds']:.3f} "
            f"| {ratio:.2f} | {work:.2f} | {row['build_seconds']:.2f} | {pandas} |"
        )
    return "\n".join(lines)


def commands(rows: Sequence[Row]) -> str:
    """Show whole commands: the review, comparison, bottlenecks."""
    lines = ["| what | deals | seconds | CPU seconds | peak, MiB | goal, s |", "|---|--:|--:|--:|--:|--:|"]
    for row in sorted(rows, key=lambda row: (row["order"], row["deals"])):
        goal = "" if row["goal"] is None else f"{row['goal']:g}"
        lines.append(
            f"| {row['what']} | {row['deals']:,} | {row['seconds']:.1f} | {row['cpu_seconds']:.1f} "
            f"| {row['peak_mib']:.0f} | {goal} |"
        )
    return "\n".join(lines)


def models(rows: Sequence[Row]) -> str:
    """Show models beside what other software takes for the like."""
    lines = ["| model | deals | ours, CPU s | peer | peer, CPU s | ratio |", "|---|--:|--:|---|--:|--:|"]
    for row in sorted(rows, key=lambda row: (row["model"], row["deals"], row["peer"])):
        peer = row["peer_cpu_seconds"]
        told = "" if peer is None else f"{peer:.2f}"
        ratio = "" if peer is None else f"{row['cpu_seconds'] / peer:.3f}"
        deals = f"{row['deals']:,}" if row["deals"] else ""
        lines.append(f"| {row['model']} | {deals} | {row['cpu_seconds']:.3f} | {row['peer']} | {told} | {ratio} |")
    return "\n".join(lines)


def meeting(rows: Sequence[Row]) -> str:
    """Show what the screens of a meeting ask for, beside a page that reads nothing."""
    lines = ["| what | asked | failed | median, ms | 95 % within, ms | CPU, ms | CPU of `/health/` | of one core |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        core = "" if row["core"] is None else f"{row['core']:.0%}"
        lines.append(
            f"| {row['what']} | {row['asked']:,} | {row['failed']} | {row['median_ms']:.1f} | {row['most_ms']:.1f} "
            f"| {row['cpu_ms']:.1f} | {row['ratio']:.1f} | {core} |"
        )
    return "\n".join(lines)


def pages(rows: Sequence[Row]) -> str:
    """Show the pages of the web application beside the empty one, and how long the worker took beforehand."""
    lines = [
        "| page | first, ms | median, ms | 95 %, ms | ratio | 50 at once: median, ms | 95 %, ms | errors |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in sorted(rows, key=lambda row: (row["deals"], row["order"])):
        first = "computed later" if row["waits"] else f"{row['first_ms']:.0f}"
        lines.append(
            f"| `{row['page']}` | {first} | {row['median_ms']:.1f} | {row['p95_ms']:.1f} | {row['ratio']:.1f} "
            f"| {row['crowd_median_ms']:.0f} | {row['crowd_p95_ms']:.0f} | {row['failed']} |"
        )
    lines += [
        f"\nIn Chromium without its cache `{row['page']}` of {row['deals']:,} deals is first painted after "
        f"{row['paint_ms']:.0f} ms (goal: under a second)."
        for row in rows
        if row.get("paint_ms") is not None
    ]
    told = {(row["deals"], row["warm_seconds"], row["warm_cpu_seconds"]) for row in rows}
    lines += [
        f"\nAfter an import of {deals:,} deals the worker computes for {seconds:.0f} s ({work:.0f} CPU seconds)."
        for deals, seconds, work in sorted(told)
    ]
    return "\n".join(lines)


def imports(rows: Sequence[Row]) -> str:
    """Show an import beside DuckDB's own copies of the same file, and where its CPU seconds went."""
    lines = ["| what | MB | CPU seconds | seconds | peak, MiB |", "|---|--:|--:|--:|--:|"]
    for row in sorted(rows, key=lambda row: (row["megabytes"], row["order"])):
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.2f}"
        peak = "" if row["peak_mib"] is None else f"{row['peak_mib']:.0f}"
        lines.append(f"| {row['what']} | {row['megabytes']:,} | {row['cpu_seconds']:.2f} | {seconds} | {peak} |")
    return "\n".join(lines)


_TABLES: Final[dict[str, Callable[[Sequence[Row]], str]]] = {
    "analyses": analyses,
    "commands": commands,
    "models": models,
    "imports": imports,
    "meeting": meeting,
    "pages": pages,
}


def growth(found: dict[str, list[Row]]) -> str:
    """Show how many times the CPU seconds grow when the deals grow ten times."""
    series = _series(found)
    sizes = sorted({size for points in series.values() for size in points})
    steps = [(size, _STEP * size) for size in sizes if _STEP * size in sizes]
    if not steps:
        return "Measured at one size only, so far."
    lines = [
        "| what | " + " | ".join(f"{small:,} → {large:,}" for small, large in steps) + " |",
        "|---|" + "--:|" * len(steps),
    ]
    for name, points in series.items():
        cells = [f"{points[b] / points[a]:.1f} ×" if a in points and b in points else "" for a, b in steps]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _series(found: dict[str, list[Row]]) -> dict[str, dict[int, float]]:
    """Give CPU seconds by size for everything measured."""
    series: dict[str, dict[int, float]] = {}
    for name, rows in (("analysis", found.get("analyses", [])), ("what", found.get("commands", []))):
        for row in sorted(rows, key=lambda row: (row["order"], row["deals"])):
            series.setdefault(row[name], {})[row["deals"]] = row["cpu_seconds"]
    return series


def plot(found: dict[str, list[Row]]) -> None:
    """Draw CPU seconds against deals, a small panel for each series, all on the same logarithmic scales.

    Beside an analysis stands its hand-written SQL, dashed: where the lines lie on one another, they cost the same.
    """
    analyses = found.get("analyses", [])
    peers: dict[str, dict[int, float]] = {}
    for row in analyses:
        peers.setdefault(row["analysis"], {})[row["deals"]] = row["sql_cpu_seconds"]
    ours = _series(found)
    points = [
        {"what": name, "deals": size, "seconds": seconds, "side": side}
        for side, series in (("Bokgi", ours), ("hand-written SQL", peers))
        for name, sizes in series.items()
        for size, seconds in sizes.items()
    ]
    chart = (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(point=alt.OverlayMarkDef(size=18))
        .encode(
            x=alt.X("deals:Q", scale=alt.Scale(type="log"), title=None, axis=alt.Axis(format="~s", values=_SIZES)),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title=None, axis=alt.Axis(format="~g", values=_SECONDS)),
            color=alt.Color("side:N", title=None, scale=alt.Scale(range=["#1f4e9c", "#d97706"])),
            strokeDash=alt.StrokeDash("side:N", title=None, scale=alt.Scale(range=[[1, 0], [4, 3]])),
        )
        .properties(width=130, height=90)
        .facet(
            facet=alt.Facet("what:N", title=None, sort=list(ours), header=alt.Header(labelFontSize=10)),
            columns=5,
            title=alt.TitleParams("CPU seconds by number of deals", anchor="start"),
        )
        .configure_legend(orient="top")
        .configure_view(stroke="#ddd")
    )
    PLOT.write_text(vl_convert.vegalite_to_svg(chart.to_json()), encoding="utf-8")
