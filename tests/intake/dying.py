"""Import one deals file in a process of its own, and die where told: `python -m tests.intake.dying HOME FILE [WHERE]`.

WHERE is a number (the how-manieth statement of the engine) or a step after judging: `keep`, `register`, `append`.
Prints accepted and known rows.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bokgi.facts import ledger
from bokgi.facts.lake import Lake, Writing
from bokgi.intake import sources
from bokgi.intake.files import stage_files
from bokgi.intake.importing import import_files
from bokgi.intake.plan import Exported, ExportedBy, ImportPlan, PlannedFile
from bokgi.intake.workbench import Workbench
from tests.intake.homes import AT, deals_mapping


def die(*_arguments: object, **_named: object) -> Any:  # noqa: ANN401 - stands in for functions of any type
    """End this process without a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def arrange(where: str) -> None:
    """Have the process die at a place."""
    if where == "keep":
        sources.keep = die
    elif where == "register":
        Writing.register = die  # type: ignore[method-assign] # dies between two tables and the ledger
    elif where == "append":
        ledger.append = die
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
