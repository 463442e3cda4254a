"""Commands start without what nothing here uses of other libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("used", "unused"),
    [
        ("import pyarrow as pa; assert pa.array([1, 2]).to_pylist() == [1, 2]", "pandas"),
        ("from scipy import linalg, special; assert special.expit(0) == linalg.det([[0.5]])", "numpy.f2py.f2py2e"),
        (
            "import ibis, pyarrow as pa; assert ibis.memtable(pa.table({'n': [1]})).n.sum().to_pyarrow().as_py() == 1",
            "ibis.backends.sql.compilers.bigquery",
        ),
    ],
)
def test_what_nothing_uses_is_not_loaded(used: str, unused: str) -> None:
    code = f"import sys\nfrom bokgi.cli.lighter import without_unused\nwithout_unused()\n{used}\n"
    subprocess.run([sys.executable, "-c", f"{code}assert {unused!r} not in sys.modules, 'loaded'"], check=True)
