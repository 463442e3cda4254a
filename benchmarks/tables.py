"""All tables of docs/reference/benchmarks.md that tell about analyses, commands and models, in one go.

    python3 run.py bench tables

Takes less than 12 minutes on two quiet cores. 10 million deals are apart, since they take longer and more disk:
`bench analyses --deals 10000000`.
"""

from __future__ import annotations

import sys

from benchmarks import analyses, commands, models


def main() -> None:
    """Run the three with the sizes and options given, or theirs by default."""
    sys.argv[0] = "benchmarks.tables"
    commands.main()
    models.main()
    analyses.main()


if __name__ == "__main__":
    main()
