"""The jobs of run.py: the sample company, tests, checks, benchmarks, locks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap.environment import Environment, SetUpError, ensure, working_uv
from bootstrap.messages import say, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = Environment(ROOT)

# Held to the coverage of pyproject.toml one by one, each by its own tests.
COVERED = {"domain": 95, "facts": 95, "intake": 95, "analysis": 95}
MEASURE = ("--cov", "--cov-report=", "--cov-fail-under=0")
WORKERS = 2

# What may stand behind `python3 run.py` without the name of a job.
OPTIONS_OF_START = ("--no-browser", "--port")

FAILED = 1
USAGE = 2
SET_UP_FAILED = 3
INTERRUPTED = 130


def no_skips() -> bool:
    """Say whether a skipped test counts as failed, as it does where everything optional is installed."""
    return os.environ.get("BOKGI_NO_SKIPS") == "1"


def python(*arguments: str | Path) -> int:
    """Run the environment's Python in the project's folder and return its exit code."""
    return subprocess.call([str(ENVIRONMENT.python), *map(str, arguments)], cwd=ROOT)


def sample_home() -> str:
    """Name the home of the sample company as the person would."""
    return str(Path(os.path.relpath(ROOT / "sample-home")) if Path.cwd().is_relative_to(ROOT) else ROOT / "sample-home")


def start(arguments: Sequence[str]) -> int:
    """Make the sample company where there is none of today, and open the web application on it.

    Where CI is set nobody will press Ctrl-C: only the sample is made.
    """
    code = sample([])
    if code != 0 or os.environ.get("CI"):
        return code
    return bokgi(["serve", "--home", sample_home(), *arguments])


def sample(arguments: Sequence[str]) -> int:
    """Make the sample company, import it, show this week's review."""
    return bokgi(["sample", "--home", sample_home(), *arguments])


def bokgi(arguments: Sequence[str]) -> int:
    """Run the bokgi command where the person stands, so that relative paths mean what they say."""
    ensure(ENVIRONMENT, "run")
    environment = {**os.environ, "BOKGI_LANG": spoken()}
    with subprocess.Popen([str(ENVIRONMENT.python), "-m", "bokgi.cli", *arguments], env=environment) as command:
        while True:
            try:
                return command.wait()
            except KeyboardInterrupt:
                continue  # Ctrl-C reaches the command, too: it ends by itself and says so.


def pytest(*arguments: str) -> int:
    """Run tests in two processes."""
    return python("-m", "pytest", "-n", str(WORKERS), "--dist", "worksteal", *arguments)


def covered_places() -> list[str]:
    """List the tests of the parts that are held to a coverage."""
    return [f"{top}/{part}" for part in COVERED for top in ("tests", "src/bokgi") if (ROOT / top / part).exists()]


def test(arguments: Sequence[str]) -> int:
    """Run the tests; all of them, where skips are forbidden, with everything optional and measured for the checks.

    A test takes twice as long when it is measured: only those of the covered parts are.
    """
    if not no_skips():
        ensure(ENVIRONMENT, "test")
        return pytest(*arguments)
    ensure(ENVIRONMENT, "ci")
    if arguments:
        return pytest(*arguments)
    places = covered_places()
    covered = pytest("--durations=15", *MEASURE, *places)
    return pytest("--durations=15", *(f"--ignore={place}" for place in places)) or covered


def just_tested() -> bool:
    """Say whether all tests ran just now, and measured: where everything optional is installed, before the checks."""
    return no_skips() and (ROOT / ".coverage").exists()


def coverage() -> int:
    """Hold each covered part to the minimum; measure first, unless the tests that just ran have done it."""
    measured = 0
    if not just_tested():
        measured = pytest("-q", *MEASURE, *covered_places())
    reports = [
        python("-m", "coverage", "report", f"--include=src/bokgi/{part}/*", f"--fail-under={minimum}")
        for part, minimum in COVERED.items()
    ]
    return measured or max(reports)


def checks() -> list[tuple[str, Callable[[], int]]]:
    """List all that must hold before a change lands, the quick ones first."""
    return [
        ("ruff check", lambda: python("-m", "ruff", "check", ".")),
        ("ruff format", lambda: python("-m", "ruff", "format", "--check", ".")),
        ("mypy", lambda: python("-m", "mypy")),
        ("import contracts", lambda: python("-c", "from importlinter.cli import lint_imports_command as c; c()")),
        ("messages, documents, borders", lambda: 0 if just_tested() else pytest("-q", "tests/architecture")),
        ("coverage", coverage),
    ]


def check(arguments: Sequence[str]) -> int:
    """Run every check, also after one failed, and name those that did."""
    known = [name for name, _ in checks()]
    unknown = [name for name in arguments if name not in known]
    if unknown:
        listed = ", ".join(f'"{name}"' for name in known)
        print(say("unknown_check", names=", ".join(unknown), checks=listed), file=sys.stderr)
        return USAGE
    ensure(ENVIRONMENT, "ci")
    steps = [step for step in checks() if not arguments or step[0] in arguments]
    failed = []
    for position, (name, step) in enumerate(steps, start=1):
        print(say("step", position=position, total=len(steps), name=name), flush=True)
        if step() != 0:
            failed.append(name)
    print(say("step_failed", names=", ".join(failed)) if failed else say("all_passed", total=len(steps)), flush=True)
    return FAILED if failed else 0


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks."""
    ensure(ENVIRONMENT, "test")
    return python("-m", "benchmarks", *arguments)


def study(arguments: Sequence[str]) -> int:
    """Run the long study of the statistics, beside the forecasts it compares with."""
    ensure(ENVIRONMENT, "ci")
    return python("-m", "benchmarks.study", *arguments)


def lock(arguments: Sequence[str]) -> int:
    """Renew the locks: the widest first, and the others from it, so that all three agree.

    Arguments go to uv, for instance `--upgrade-package duckdb`; without any, pins stay where they can.
    """
    uv = working_uv()
    if uv is None:
        raise SetUpError("lock_needs_uv", say("lock_needs_uv"))
    make = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    make += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "pyproject.toml"]
    inputs = {
        "ci": ["locks/run.in", "locks/test.in", "locks/ci.in", "--extra", "spark", *arguments],
        "test": ["locks/run.in", "locks/test.in", "--constraint", "locks/ci.txt"],
        "run": ["locks/run.in", "--constraint", "locks/ci.txt"],
    }
    codes = [subprocess.call([*make, *given, "-o", f"locks/{name}.txt"], cwd=ROOT) for name, given in inputs.items()]
    return max(codes)


def show_help(_arguments: Sequence[str]) -> int:
    """Say what the commands are."""
    print(say("help"))
    return 0


JOBS: dict[str, Callable[[Sequence[str]], int]] = {
    "start": start,
    "sample": sample,
    "test": test,
    "check": check,
    "bench": bench,
    "study": study,
    "bokgi": bokgi,
    "lock": lock,
    "help": show_help,
}


def run(arguments: Sequence[str]) -> int:
    """Do the job named first (the web application when there is none) and return the exit code."""
    name, *rest = arguments if arguments and arguments[0] not in OPTIONS_OF_START else ["start", *arguments]
    name = {"-h": "help", "--help": "help"}.get(name, name)
    if name not in JOBS:
        print(say("unknown_command", name=name, names=", ".join(JOBS)), file=sys.stderr)
        return USAGE
    # Many containers set it. Every process would compile all packages anew: four times the work of a command.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        return JOBS[name](rest)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return SET_UP_FAILED
    except KeyboardInterrupt:
        print("\n" + say("interrupted"), file=sys.stderr)
        return INTERRUPTED
