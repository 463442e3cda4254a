"""What one question costs a program that runs already, as the server does: no start, and no answer that is kept.

`python -m benchmarks.running HOME compare` prints seconds, CPU seconds and peak memory as JSON; `benchmarks.commands`
asks it in a process of its own. The first answer of the process is not counted: it loads what later ones find loaded.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import bokgi.cli  # noqa: F401 - first: sets what numpy reads when it is loaded, as the program does
from bokgi.questions.answers import Answers
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.compare import compare
from bokgi.questions.forecast import ask_forecast

DAY: Final = date(2025, 12, 28)
QUESTIONS: Final[dict[str, Callable[..., Any]]] = {
    "compare": compare,
    "bottlenecks": find_bottlenecks,
    "forecast": ask_forecast,
}
_MIB: Final = 1024


def main() -> None:
    """Ask twice, and print what the second answer cost."""
    home, name = Path(sys.argv[1]), sys.argv[2]
    answers = Answers(home)
    begun, work = 0.0, 0.0
    for _time in range(2):
        for path in (home / "lake" / "state").rglob("answers/*.json"):
            path.unlink()
        begun, work = time.perf_counter(), time.process_time()
        answers.ask(QUESTIONS[name], as_of=DAY)
    spent = {"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - work}
    print(json.dumps(spent | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB}))


if __name__ == "__main__":
    main()
