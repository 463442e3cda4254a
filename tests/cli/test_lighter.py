"""Commands start without what nothing here uses of other libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bokgi.cli.faults import EXIT_CODES
from bokgi.cli.program import run
from bokgi.facts.lake import Lake


@pytest.mark.parametrize(
    ("used", "unused"),
    [
        ("import pyarrow as pa; assert pa.array([1, 2]).to_pylist() == [1, 2]", "pandas"),
        ("from scipy import linalg, special; assert special.expit(0) == linalg.det([[0.5]])", "numpy.f2py.f2py2e"),
        (
            "import ibis, pyarrow as pa; assert ibis.memtable(pa.table({'n': [1]})).n.sum().to_pyarrow().as_py() == 1",
            "ibis.backends.sql.compilers.bigquery",
        ),
        ("from bokgi.analysis.comparison import compare_people", "scipy.sparse"),
    ],
)
def test_what_nothing_uses_is_not_loaded(used: str, unused: str) -> None:
    code = f"import sys\nfrom bokgi.cli.lighter import without_unused\nwithout_unused()\n{used}\n"
    subprocess.run([sys.executable, "-c", f"{code}assert {unused!r} not in sys.modules, 'loaded'"], check=True)


_SPECIAL = """
import sys
from bokgi.cli.lighter import without_unused
without_unused()
from scipy import special, stats
assert [name for name in special.__all__ if not hasattr(special, name)] == []
assert special.digamma(1.0) == special.psi(1.0) and special.multigammaln(3.0, 1) == special.gammaln(3.0)
assert stats.norm.cdf(0.0) == 0.5
assert not hasattr(sys.modules["scipy.special._support_alternative_backends"], "_FuncInfo"), "loaded"
"""


def test_special_functions_are_all_there_and_not_wrapped_for_other_arrays() -> None:
    subprocess.run([sys.executable, "-c", _SPECIAL], check=True)


_RUN = """
import sys
from bokgi.cli import program
program.without_unused()
assert program.run(sys.argv[1:]) == 0
loaded = set(sys.modules)
assert "pydantic" not in loaded, "pydantic"
assert "bokgi.cli.commands.data_imports" in loaded
assert "bokgi.cli.commands.review" not in loaded, "another command"
"""


def test_a_command_loads_neither_the_others_nor_what_reads_texts(tmp_path: Path) -> None:
    Lake.open(tmp_path, create=True)
    command = [sys.executable, "-c", _RUN, "--lang", "en", "data", "imports", "--home", str(tmp_path)]
    subprocess.run(command, check=True)


def test_an_option_that_is_no_text_is_still_read_and_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["changes", "--weeks", "many", "--lang", "en"]) == EXIT_CODES["usage"]
    assert "--weeks" in capsys.readouterr().err
