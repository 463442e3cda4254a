"""One attempt at an import: judge the files against the lake as it is, and write what is new.

Nothing becomes visible by it; whoever calls commits, and tries again when somebody else was first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from bokgi.domain.errors import InternalError
from bokgi.domain.findings import Finding
from bokgi.facts.schema import TABLES, UNREAD
from bokgi.intake import sources
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.judging import context, decided, judge, refused, repeats, rules, typed
from bokgi.intake.judging.judge import Judged
from bokgi.intake.judging.known import Comparison, Fresh
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.rule import Bench
from bokgi.intake.mapping.model import Entity, FileMapping
from bokgi.intake.sql import identifier
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing import everything
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.home import Home

ATTEMPTS: Final = 5
"""How often an import is tried when others commit first."""
Progress = Callable[[str, int, int], None]
"""Called with the name of the step, how much is done, and how much there is."""

_STEPS = ("judging", "comparing", "writing")


class Releasable(Protocol):
    """Where a row waits in quarantine."""

    @property
    def import_no(self) -> int:
        """The import that refused it."""
        ...

    @property
    def file(self) -> str:
        """The file."""
        ...

    @property
    def row(self) -> int:
        """The row, as a person counts it."""
        ...


class Sink(Protocol):
    """Where rows go: the lake, or nowhere when an import is only tried."""

    import_no: int

    def path(self, table: str) -> Path:
        """Give a path for a Parquet file of a table."""
        ...

    def write(self, table: str, rows: Path | Sequence[Path] | pa.Table | pa.RecordBatchReader) -> int:
        """Take rows."""
        ...


@dataclass
class Counting:
    """A sink that writes nothing: for an import that is only tried."""

    folder: Path
    import_no: int = 0
    _paths: int = field(default=0, init=False)

    def path(self, table: str) -> Path:
        """Give a path in the temporary folder."""
        self._paths += 1
        return self.folder / f"{table}-{self._paths}.parquet"

    def write(self, table: str, rows: Path | Sequence[Path] | pa.Table | pa.RecordBatchReader) -> int:
        """Count Arrow rows; files are counted before they are written."""
        del table
        return rows.num_rows if isinstance(rows, pa.Table) else 0


@dataclass(frozen=True)
class Counts:
    """Rows of one file, or of all: `accepted + quarantined + known = read`."""

    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    known: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add up two files."""
        return Counts(
            self.read + other.read,
            self.accepted + other.accepted,
            self.quarantined + other.quarantined,
            self.known + other.known,
        )


@dataclass(frozen=True)
class Attempted:
    """What an attempt gave: counts of all files and of each, rows by table, findings.

    `news`: anything at all was written that is worth a commit.
    """

    counts: Counts
    by_file: Mapping[str, Counts]
    tables: Mapping[str, int]
    findings: tuple[Finding, ...]
    home: Home
    news: bool
    released: int = 0


@dataclass(frozen=True)
class Task:
    """What is to be imported, and when it was exported. `seen` tells that the same snapshot was imported before."""

    files: Sequence[tuple[StagedFile, FileMapping]]
    exported_at: datetime
    complete: bool = False
    seen: bool = False
    time_zone: str | None = None
    currency: str | None = None
    language: str = "ko"
    people_complete: bool = False
    releasing: Sequence[tuple[Releasable, str]] = ()
    """Rows that wait in quarantine and are judged again here, and how they leave it when they pass."""
    decided: Sequence[decided.Decided] | None = ()
    """Rows about which a person decided: they are refused as they were. Null: all of which the lake knows."""


def attempt(
    bench: Workbench, task: Task, held: Held, sink: Sink, *, dry_run: bool, progress: Progress | None = None
) -> Attempted:
    """Judge the files of a task against what the lake holds and hand what is new to the sink."""
    tell = progress or (lambda _step, _done, _all: None)
    home = context.home(bench, task.files, held, task.currency, task.time_zone, task.language)
    readings = _readings(task, home)
    exported_on = task.exported_at.astimezone(ZoneInfo(home.time_zone)).date()
    tell(_STEPS[0], 0, len(readings))
    ladder = context.ladder(bench, readings, held)
    judged = _judge(bench, readings, ladder, held, task, exported_on, tell)
    tell(_STEPS[1], 0, 1)
    found = everything.yields(bench, readings, held, ladder, exported_on=exported_on, import_no=sink.import_no)
    comparison = Comparison(bench, held.then)
    fresh = [comparison.fresh(part) for part in found.yields]
    refused.collect(bench, readings, held)
    findings = [finding for one in judged for finding in one.findings]
    findings += [*found.findings, *context.currencies(bench, readings, held, home)]
    by_file, anything = _count(bench, readings, judged, fresh)
    releases = refused.released(bench, readings, held)
    if task.releasing:
        releases = _release(bench, readings, task)
    sighted = _sightings(bench, readings, fresh, held, complete=task.complete)
    new_refusals = bench.number("SELECT count(*) FROM refusals WHERE fresh")
    news = anything or releases > 0 or new_refusals > 0 or (sighted and not task.seen)
    tables: Counter[str] = Counter()
    if news:
        tell(_STEPS[2], 0, 1)
        tables = _write(bench, fresh, sink, dry_run=dry_run)
        _write_rest(bench, readings, home, held, exported_on, sink, tables, dry_run=dry_run)
    tell(_STEPS[-1], 1, 1)
    total = sum(by_file.values(), Counts())
    if total.accepted + total.quarantined + total.known != total.read:
        message = f"{total} does not add up"
        raise InternalError(message)
    written = {name: n for name, n in sorted(tables.items()) if n}
    return Attempted(total, by_file, written, tuple(findings), home, news, releases)


def _release(bench: Workbench, readings: Sequence[Reading], task: Task) -> int:
    """Let rows that were judged again leave quarantine: those that pass, and those refused for another reason now."""
    passed = {
        (reading.label, row) for reading in readings for (row,) in bench.rows(f"SELECT _row FROM {reading.kept}")
    } | {(file, row) for file, row in bench.rows("SELECT file, row FROM refusals WHERE fresh")}
    bench.run("DELETE FROM released")
    leaving = [(p.import_no, p.file, p.row, how) for p, how in task.releasing if (p.file, p.row) in passed]
    if leaving:
        bench.connection.executemany("INSERT INTO released VALUES (?, ?, ?, ?)", leaving)
    return len(leaving)


def _readings(task: Task, home: Home) -> list[Reading]:
    labels = sources.labels([staged for staged, _ in task.files])
    return [
        Reading(place, staged, mapping, home.time_zone, home.currency, label, home.year_starts)
        for place, ((staged, mapping), label) in enumerate(zip(task.files, labels, strict=True))
    ]


def _judge(
    bench: Workbench,
    readings: Sequence[Reading],
    ladder: Ladder,
    held: Held,
    task: Task,
    exported_on: date,
    tell: Progress,
) -> list[Judged]:
    for reading in readings:
        typed.define(bench, reading, ladder)
    known = context.references_known(bench, readings, held)
    around = Bench(
        ladder,
        exported_on,
        people_complete=task.people_complete,
        people_listed=known.people,
        deals_listed=known.deals,
        shared_names=known.shared_names,
    )
    decided.find(bench, readings, task.decided, held)
    marked = []
    for done, reading in enumerate(readings):
        marked.append(judge.mark(bench, reading, rules.rules_for(reading, around)))
        tell(_STEPS[0], done + 1, len(readings))
    repeats.find(bench, readings)
    for one in marked:
        judge.set_aside(bench, one)
    repeats.compare(bench, readings)
    return [judge.judge(bench, one, ladder) for one in marked]


def _count(
    bench: Workbench, readings: Sequence[Reading], judged: Sequence[Judged], fresh: Sequence[Fresh]
) -> tuple[dict[str, Counts], bool]:
    """Count, file by file, rows that say something new, rows refused, and rows that say nothing new."""
    new_rows: dict[int, int] = {}
    kept: dict[int, int] = {}
    for reading in readings:
        kept[reading.place] = bench.number(f"SELECT count(*) FROM {reading.kept_values}")
        mine = [part for part in fresh if part.source.place == reading.place]
        if any(part.source.main and part.compared is None for part in mine):
            new_rows[reading.place] = kept[reading.place]
            continue
        queries = " UNION ALL ".join(part.rows for part in mine)
        new_rows[reading.place] = bench.number(f"SELECT count(DISTINCT _row) FROM ({queries})") if queries else 0
    setup = [part for part in fresh if part.source.place < 0]
    changed = any(bench.number(f"SELECT count(*) FROM ({part.rows})") for part in setup)
    anything = changed or any(new_rows.values())
    by_file: dict[str, Counts] = {}
    for reading, one in zip(readings, judged, strict=True):
        refusals = bench.number(f"SELECT count(*) FROM refusals WHERE place = {reading.place} AND fresh")
        accepted = new_rows[reading.place]
        silent = one.read - one.refused - one.repeated - kept[reading.place]
        if reading.entity in {Entity.STAGES, Entity.PIPELINES, Entity.LINKS}:
            silent += kept[reading.place] - accepted
        accepted += silent if anything else 0
        known = one.read - accepted - refusals
        by_file[reading.label] = by_file.get(reading.label, Counts()) + Counts(one.read, accepted, refusals, known)
    return by_file, anything


def _sightings(
    bench: Workbench, readings: Sequence[Reading], fresh: Sequence[Fresh], held: Held, *, complete: bool
) -> bool:
    """Collect deals that the files hold unchanged, or refused: table `sighted` (`deal_id, as_in`).

    A refused row says that its deal was there and nothing else, also of a deal that only another file tells of, be it
    an earlier one that arrives later. A complete file takes away what it does not hold. So a deal whose id is a cell of
    a record that could not be read counts as held by it, too.
    """
    bench.run("CREATE TEMP TABLE sighted (deal_id VARCHAR, as_in BIGINT)")
    for part in fresh:
        if part.source.table == "deals" and part.compared is not None:
            bench.run(
                f"INSERT INTO sighted SELECT deal_id, as_in FROM {part.compared} WHERE NOT fresh AND as_in IS NOT NULL"
            )
    for reading in readings:
        if reading.entity is Entity.DEALS and reading.says("deals.deal_id"):
            bench.run(
                f"""INSERT INTO sighted SELECT DISTINCT {reading.sql("deals.deal_id")} AS id, {UNREAD}
                    FROM {reading.typed}
                    WHERE _row IN (SELECT _row FROM refused_{reading.place}) AND id IS NOT NULL"""
            )
        if complete and "deals" in held.then and reading.entity is Entity.DEALS and reading.staged.rejected:
            bench.run(
                f"""INSERT INTO sighted SELECT DISTINCT d.deal_id, {UNREAD} FROM {held.then["deals"]} AS d
                    SEMI JOIN ({reading.staged.rejected_cells}) AS r ON r.cell = d.deal_id"""
            )
    return bench.number("SELECT count(*) FROM sighted") > 0


def _write(bench: Workbench, fresh: Sequence[Fresh], sink: Sink, *, dry_run: bool) -> Counter[str]:
    """Write the new rows of every yield as Parquet files of its table."""
    tables: Counter[str] = Counter()
    for part in fresh:
        name = part.source.table
        columns = ", ".join(
            [f"{sink.import_no}::BIGINT AS import_no", *(identifier(c.name) for c in TABLES[name].own_columns)]
        )
        query = f"SELECT {columns} FROM ({part.query})"
        if dry_run:
            tables[name] += bench.number(f"SELECT count(*) FROM ({part.query})")
            continue
        path = sink.path(name)
        bench.copy(query, path)
        tables[name] += sink.write(name, path)
    return tables


def _write_rest(
    bench: Workbench,
    readings: Sequence[Reading],
    home: Home,
    held: Held,
    exported_on: date,
    sink: Sink,
    tables: Counter[str],
    *,
    dry_run: bool,
) -> None:
    """Write what does not come from accepted rows: sightings, quarantine, releases, settings, calendar."""
    number = f"{sink.import_no}::BIGINT AS import_no"
    queries = {
        "sightings": f"SELECT {number}, deal_id, max(as_in) AS as_in FROM sighted GROUP BY deal_id",
        "quarantine": f"SELECT {number}, file, row, raw, findings FROM refusals WHERE fresh",
        "releases": f"SELECT DISTINCT {number}, quarantined_by, file, row, how FROM released",
    }
    for name, query in queries.items():
        count = bench.number(f"SELECT count(*) FROM ({query})")
        tables[name] += count
        if count and not dry_run:
            path = sink.path(name)
            bench.copy(query, path)
            sink.write(name, path)
    rows = {
        "settings": home.settings() if home.new else None,
        "calendar": context.calendar(bench, readings, home, held, exported_on),
    }
    for name, table in rows.items():
        if table is not None:
            sink.write(name, table)
            tables[name] += table.num_rows
