"""Run R as a referee: a table in, a named list of numbers out."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def run_r(script: str, columns: Mapping[str, Sequence[Any] | np.ndarray[Any, Any]]) -> dict[str, list[float]]:
    """Run an R script that reads the data frame `d` and leaves a named list of numbers in `out`.

    Skips the test where R or one of its packages is missing; an error of the script fails it.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed (Rscript is not on the path)")
    packages = [line.split("(")[1].split(")")[0] for line in script.splitlines() if line.strip().startswith("library(")]
    with tempfile.TemporaryDirectory() as folder:
        data, result, program = (Path(folder) / name for name in ("d.csv", "out.txt", "script.R"))
        with data.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        need = "\n".join(f'if (!requireNamespace("{name}", quietly = TRUE)) quit(status = 77)' for name in packages)
        vector = 'paste(ifelse(is.na(x), "null", sprintf("%.17g", x)), collapse = ", ")'
        write = f"""
        parts <- sapply(names(out), function(name) {{ x <- out[[name]]; sprintf('"%s": [%s]', name, {vector}) }})
        cat(paste0("{{", paste(parts, collapse = ", "), "}}"), file = "{result}")
        """
        program.write_text(f'{need}\nd <- read.csv("{data}")\n{script}\n{write}\n', encoding="utf-8")
        done = subprocess.run([rscript, "--vanilla", str(program)], capture_output=True, text=True, check=False)
        if done.returncode == 77:
            pytest.skip(f"R lacks one of the packages {', '.join(packages)}")
        assert done.returncode == 0, done.stderr
        answer: dict[str, list[float]] = json.loads(result.read_text())
        return answer
