"""The expressions in analysis run on every engine: nothing that DuckDB and Spark answer differently or not at all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "src" / "bokgi" / "analysis").rglob("*.py"))

# Method or function of Ibis → why not, and what instead.
REFUSED = {
    "asof_join": "no as-of join on Spark: join on an inequality and rank by a window",
    "hash": "each engine hashes in its own way: use the key itself",
    "hashbytes": "each engine hashes in its own way: use the key itself",
    "sql": "SQL is one engine's dialect: write the expression",
    "raw_sql": "SQL is one engine's dialect: write the expression",
    "udf": "a function of our own runs on one engine only",
    "collect": "the order of collected values is the engine's: use a window",
    "group_concat": "the order of joined values is the engine's: use a window",
    "arbitrary": "any row may answer: rank by a total order",
    "mode": "ties are broken by the engine: count and rank by a total order",
    "topk": "ties are broken by the engine: rank by a total order",
    "bit_or": "Ibis has it on DuckDB only: compare by a window",
    "bit_and": "Ibis has it on DuckDB only: compare by a window",
    "approx_median": "approximations differ between engines",
    "approx_nunique": "approximations differ between engines",
    "approx_quantile": "approximations differ between engines",
    "random": "a random number has no place in an answer",
    "uuid": "a random number has no place in an answer",
    "sample": "a random number has no place in an answer",
    "now": "as_of is an argument",
    "today": "as_of is an argument",
    "date": "a moment cut to a date follows the engine's zone: use the …_on column",
    "time": "a moment cut to an hour follows the engine's zone: intake makes civil columns",
    "strftime": "formats differ between engines: format in ui",
    "as_date": "formats differ between engines: intake reads dates",
    "as_timestamp": "formats differ between engines: intake reads moments",
    "to_timestamp": "formats differ between engines: intake reads moments",
    "epoch_seconds": "follows the engine's zone: subtract civil dates",
    "epoch": "follows the engine's zone: subtract civil dates",
    "tz_localize": "zones belong to intake",
    "tz_convert": "zones belong to intake",
    "week_of_year": "ISO weeks come from the calendar table",
    "iso_year": "ISO weeks come from the calendar table",
    "day_of_week": "weekdays come from the calendar table",
    "day_of_year": "comes from the calendar table",
    "read_parquet": "tables are arguments",
    "read_csv": "tables are arguments",
    "read_json": "tables are arguments",
    "read_delta": "tables are arguments",
    "connect": "the engine is handed in",
}
# Fine as window functions (`x.first().over(window)`), not as aggregates.
ONLY_OVER_A_WINDOW = {"first", "last", "nth"}
# Fine in numpy, tie-breaking by the engine in Ibis.
TIED = {"argmax", "argmin"}


def uses_ibis(tree: ast.Module) -> bool:
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    return "ibis" in imported


def is_numpy(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in {"np", "numpy"}


def zoned(node: ast.Call) -> bool:
    """Say whether a call names a zone: `timezone=…`, or a cast to `timestamp('UTC')`."""
    texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    named = any(keyword.arg in {"timezone", "tz"} and not is_none(keyword.value) for keyword in node.keywords)
    return named or any(text.replace('"', "'").startswith("timestamp('") for text in texts)


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def faults(source: str) -> list[str]:
    """List what another engine would answer differently, as `line: name: reason`."""
    tree = ast.parse(source)
    if not uses_ibis(tree):
        return []
    windowed = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "over"
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "udf":
            found.append((node.lineno, "udf", REFUSED["udf"]))
        if not isinstance(node, ast.Call):
            continue
        if zoned(node):
            found.append((node.lineno, "timezone", "zones belong to intake"))
        if not isinstance(node.func, ast.Attribute) or is_numpy(node.func.value):
            continue
        name = node.func.attr
        if name in REFUSED:
            found.append((node.lineno, name, REFUSED[name]))
        elif name in ONLY_OVER_A_WINDOW and id(node) not in windowed:
            found.append((node.lineno, name, "an ordered aggregate: use it over a window with a total order"))
        elif name in TIED:
            found.append((node.lineno, name, "ties are broken by the engine: rank by a total order"))
    return [f"{line}: {name}: {reason}" for line, name, reason in sorted(found)]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_analysis_is_portable(module: Path) -> None:
    assert faults(module.read_text(encoding="utf-8")) == []


EXPRESSIONS = [
    ("a.asof_join(b, 'on')", "asof_join"),
    ("t.deal_id.hash()", "hash"),
    ("t.sql('SELECT 1')", "sql"),
    ("t.con.raw_sql('SELECT 1')", "raw_sql"),
    ("t.group_by('a').agg(x=t.b.collect(order_by='c'))", "collect"),
    ("t.agg(x=t.b.first(order_by='c'))", "first"),
    ("t.agg(x=t.b.last())", "last"),
    ("t.agg(x=t.b.argmax(t.c))", "argmax"),
    ("t.agg(x=t.b.arbitrary())", "arbitrary"),
    ("t.agg(x=t.b.approx_median())", "approx_median"),
    ("t.entered_at.date()", "date"),
    ("t.entered_at.time()", "time"),
    ("t.entered_at.epoch_seconds()", "epoch_seconds"),
    ("t.entered_on.strftime('%Y')", "strftime"),
    ("t.entered_on.week_of_year()", "week_of_year"),
    ("t.entered_on.day_of_week.index()", None),
    ("t.entered_on.cast('timestamp(\\'Asia/Seoul\\')')", "timezone"),
    ("dt.Timestamp(timezone='UTC')", "timezone"),
    ("dt.Timestamp(timezone=None)", None),
    ("ibis.now()", "now"),
    ("ibis.today()", "today"),
    ("ibis.random()", "random"),
    ("ibis.udf.scalar.builtin(f)", "udf"),
    ("ibis.read_parquet('x')", "read_parquet"),
    ("ibis.duckdb.connect()", "connect"),
    ("t.b.first().over(w)", None),
    ("t.agg(x=t.b.max())", None),
    ("np.random.default_rng(1).normal()", None),
    ("np.argmax(values)", None),
]


@pytest.mark.parametrize(("expression", "fault"), EXPRESSIONS)
def test_what_is_not_portable_is_refused(expression: str, fault: str | None) -> None:
    found = faults(f"import ibis\n\nx = {expression}\n")
    assert [line.split(": ")[:2] for line in found] == ([] if fault is None else [["3", fault]])


def test_modules_without_ibis_are_left_alone() -> None:
    assert faults("import numpy as np\n\nx = values.argmax()\n") == []
