"""A process of its own that imports: it can be killed, and two can meet. Run with `python -m tests.facts.worker`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bokgi.domain.errors import ConflictError
from bokgi.facts import delta
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.ledger import Entry
from tests.cast import rows_of
from tests.facts.lakes import moment

ROWS = 200


def write(writing: Writing, name: str, n: int = ROWS) -> None:
    """Write deals and as many stage events."""
    ids = [f"{name}-{number}" for number in range(n)]
    for table, header in (("deals", "deal_id | stage"), ("stage_events", "deal_id | entered_on | stage")):
        day = " | 2026-01-05" if table == "stage_events" else ""
        lines = "\n".join(f"{one}{day} | talk" for one in ids)
        writing.write(table, rows_of(table, f"{header}\n{lines}").drop_columns(["import_no"]))


def entry(n: int = ROWS) -> Entry:
    """Give a plain entry for the ledger."""
    at = moment("2026-01-05")
    return Entry(kind="file", source="crm", by="test", at=at, exported_at=at, read=n, accepted=n)


def forever(lake: Lake) -> None:
    """Import again and again."""
    while True:
        with lake.begin() as writing:
            write(writing, f"i{writing.import_no}")
            writing.commit(entry())
        print(writing.import_no, flush=True)  # noqa: T201 - the parent reads it


def between_tables(lake: Lake) -> None:
    """Die after one table's log has the rows and before the next one has."""
    add = delta.add

    def dying(*given: object, **more: object) -> bool:
        add(*given, **more)  # type: ignore[arg-type] # handed on as it came
        os._exit(9)

    delta.add = dying
    with lake.begin() as writing:
        write(writing, "dead")
        writing.commit(entry())


def racing(lake: Lake, name: str) -> None:
    """Judge, meet the other process, commit; who loses judges again and finds everything known."""
    for attempt in (1, 2):
        with lake.begin(wait=0) as writing:
            held = any(found.committed for found in lake.imports(writing.version))
            if held:
                print(f"{name} known", flush=True)  # noqa: T201 - the parent reads it
                return
            write(writing, "same")
            if attempt == 1:
                meet(lake.home, name)
            try:
                writing.commit(entry())
            except ConflictError as error:
                print(f"{name} {error.code}", flush=True)  # noqa: T201 - as above
                continue
            print(f"{name} committed", flush=True)  # noqa: T201 - as above
            return


def meet(home: Path, name: str) -> None:
    """Wait until both processes have judged."""
    (home / f"judged-{name}").touch()
    while len(list(home.glob("judged-*"))) < 2:
        time.sleep(0.01)


if __name__ == "__main__":
    task, home = sys.argv[1], Lake.open(Path(sys.argv[2]), create=True)
    {"forever": lambda: forever(home), "between": lambda: between_tables(home)}.get(task, lambda: racing(home, task))()
