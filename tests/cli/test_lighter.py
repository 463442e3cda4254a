"""Commands start without pandas: Arrow would load it at the first array."""

from __future__ import annotations

import subprocess
import sys


def test_an_array_loads_no_pandas() -> None:
    code = (
        "import sys\n"
        "from bokgi.cli.lighter import without_pandas\n"
        "without_pandas()\n"
        "import pyarrow as pa\n"
        "assert pa.array([1, 2]).to_pylist() == [1, 2]\n"
        "assert 'pandas' not in sys.modules, 'loaded'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
