"""What one question costs a program that runs already, as the server does: no start, and no answer that is kept.

`python -m benchmarks.running HOME compare` prints seconds, CPU seconds and peak memory as JSON; `benchmarks.commands`
asks it in a process of its own. The first answer of the process is not counted: it loads what later ones find loaded.
Of a review it is that of one more week, so that what hangs on the day alone is there for the one that counts.
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
from bokgi.apps.reviews.pack import review_pack
from bokgi.domain.period import Period
from bokgi.questions.answers import Answers
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.compare import compare
from bokgi.questions.forecast import ask_forecast

DAY: Final = date(2025, 12, 28)
REVIEW: Final = "review, another week"
QUESTIONS: Final[dict[str, Callable[..., Any]]] = {
    REVIEW: review_pack,
    "compare": compare,
    "bottlenecks": find_bottlenecks,
    "forecast": ask_forecast,
}
WEEKS: Final = ("2025-W50", "2025-W51")
_MIB: Final = 1024


def main() -> None:
    """Ask twice, and print what the second answer cost."""
    home, name = Path(sys.argv[1]), sys.argv[2]
    answers = Answers(home)
    begun, work = 0.0, 0.0
    for week in WEEKS:
        for path in (home / "lake" / "state").rglob("answers/*.json"):
            if name != REVIEW or json.loads(path.read_text(encoding="utf-8")).get("week") == week:
                path.unlink()
        asked = {"period": Period.week(week)} if name == REVIEW else {}
        begun, work = time.perf_counter(), time.process_time()
        answers.ask(QUESTIONS[name], as_of=DAY, **asked)
    spent = {"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - work}
    print(json.dumps(spent | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB}))


if __name__ == "__main__":
    main()
