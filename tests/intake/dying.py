"""Import one deals file in a process of its own, and die where told: `python -m tests.intake.dying HOME FILE [WHERE]`.

WHERE is a number (the how-manieth statement of the engine) or a step after judging: `keep`, `register`, `before TABLE`
or `after TABLE` (its commit; the ledger is `imports`), `append`, `mappings`, `derive`, `derived`.
Prints accepted and known rows.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from deltalake import DeltaTable

from bokgi.facts import delta, ledger
from bokgi.facts.deriving import Derivation
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.schema.columns import Table
from bokgi.intake import importing, sources
from bokgi.intake.files import stage_files
from bokgi.intake.importing import import_files
from bokgi.intake.plan import Exported, ExportedBy, ImportPlan, PlannedFile
from bokgi.intake.workbench import Workbench
from tests.intake.homes import AT, deals_mapping

_STEPS: Final = {
    "keep": (sources, "keep"),
    "register": (Writing, "register"),
    "append": (ledger, "append"),
    "mappings": (importing, "save_mappings"),
    "derive": (Derivation, "manifest"),
}
"""Steps that are one function: where it stands."""


def die(*_arguments: object, **_named: object) -> Any:  # noqa: ANN401 - stands in for functions of any type
    """End this process without a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_commit(when: str, name: str) -> Callable[..., bool]:
    """Give what commits to tables, but dies before or after it commits to one of them."""
    add = delta.add

    def dying(table: DeltaTable, of: Table, *given: Any, **named: Any) -> bool:  # noqa: ANN401 - as `delta.add`
        if of.name == name and when == "before":
            die()
        done = add(table, of, *given, **named)
        if of.name == name:
            die()
        return done

    return dying


def arrange(where: str) -> None:
    """Have the process die at a place."""
    if where in _STEPS:
        setattr(*_STEPS[where], die)
    elif where.startswith(("before ", "after ")):
        when, _, name = where.partition(" ")
        delta.add = at_commit(when, name)
    elif where == "derived":
        made = Derivation.manifest
        Derivation.manifest = lambda *given: die(made(*given))  # type: ignore[method-assign] # dies before it is named
    elif where:
        run, left = Workbench.run, [int(where)]

        def counted(self: Workbench, sql: str, parameters: Sequence[object] = ()) -> None:
            left[0] -= 1
            if left[0] == 0:
                die()
            run(self, sql, parameters)

        Workbench.run = counted  # type: ignore[method-assign] # dies at the statement asked for


def main(home: Path, file: Path, where: str = "") -> None:
    """Import the file into the home."""
    lake = Lake.open(home, create=True)
    work = home.parent / f"work-{os.getpid()}"
    with Workbench(work) as bench:
        [staged] = stage_files([file], work=work / "staged", connection=bench.connection).files
    planned = PlannedFile(staged, deals_mapping(staged.name))
    arrange(where)
    with ImportPlan((planned,), (), (), Exported(AT, ExportedBy.GIVEN), work) as plan:
        result = import_files(lake, plan, by="test", at=AT)
    sys.stdout.write(f"{result.accepted} {result.known}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
