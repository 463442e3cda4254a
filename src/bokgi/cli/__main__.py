"""Start of the command line: `bokgi …` or `python -m bokgi.cli …`."""

from __future__ import annotations

import os
import signal
from typing import Final

INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line of this process and leave with its exit code; Ctrl-C ends it quietly while it loads, too."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(INTERRUPTED))
    from bokgi.cli import program

    signal.signal(signal.SIGINT, before)
    program.main()


if __name__ == "__main__":
    main()
