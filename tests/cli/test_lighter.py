"""Commands start without what nothing here uses: Arrow would load pandas, SciPy NumPy's Fortran interface."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("used", "unused"),
    [
        ("import pyarrow as pa; assert pa.array([1, 2]).to_pylist() == [1, 2]", "pandas"),
        ("from scipy import linalg, special; assert special.expit(0) == linalg.det([[0.5]])", "numpy.f2py.f2py2e"),
    ],
)
def test_what_nothing_uses_is_not_loaded(used: str, unused: str) -> None:
    code = f"import sys\nfrom bokgi.cli.lighter import without_unused\nwithout_unused()\n{used}\n"
    subprocess.run([sys.executable, "-c", f"{code}assert {unused!r} not in sys.modules, 'loaded'"], check=True)
