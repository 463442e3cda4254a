"""Set Bokgi up and run it: `python3 run.py`, or `python3 run.py help` for the other commands.

Any Python from 3.6 on can start this file; it goes on with a Python that fits.
"""

import sys
from pathlib import Path

from bootstrap import interpreter


def main() -> int:
    """Hand over to a fitting Python when this one is too old or too new, else do the job."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if not interpreter.fits(sys.version_info[:2]):
        return interpreter.hand_over(str(Path(__file__).resolve()), sys.argv[1:])
    from bootstrap import jobs  # noqa: PLC0415 - written for the Python that fits

    return jobs.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
