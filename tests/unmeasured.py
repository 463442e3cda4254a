"""Processes that tests kill are not measured: half a file of coverage would break the report of the whole run."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """Give the environment without what starts the measuring of coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS_")}
