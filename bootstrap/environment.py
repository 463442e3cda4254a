"""The environment `.venv`: made once from a lock, checked by a stamp, never half done.

A stamp is written when everything is installed; it names what was installed by which Python in which folder.
A mark is written before anything changes and removed after the stamp, so an interrupted set-up is seen the
next time and the environment is made anew.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap.interpreter import HIGHEST, LOWEST, text
from bootstrap.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each lock holds all that the one before it holds.
LEVELS = ("run", "test", "ci")
NEEDED_BYTES = {"run": 1_200_000_000, "test": 1_500_000_000, "ci": 2_300_000_000}
KEPT_LINES = 40

# The first whose words stand in an installer's output explains its failure.
DIAGNOSES = {
    "disk_full": ("No space left on device", "os error 28", "Errno 28", "enough space on the disk", "os error 112"),
    "wrong_hash": ("DO NOT MATCH THE HASHES", "Hash mismatch", "hash mismatch"),
    "no_network": (
        "emporary failure in name resolution",
        "ame or service not known",
        "getaddrinfo failed",
        "nodename nor servname",
        "NewConnectionError",
        "ConnectTimeout",
        "ReadTimeout",
        "ProxyError",
        "etwork is unreachable",
        "onnection refused",
        "onnection reset",
        "dns error",
        "ould not resolve host",
        "tcp connect error",
        "error sending request",
    ),
    "no_permission": ("ermission denied", "os error 13)", "Errno 13", "Access is denied"),
    "no_package": ("o matching distribution found", "no wheels with a matching", "there is no version of"),
}
# Printed by any Python: one that differs in version, build or place prints another line.
IDENTITY = (
    "import platform, sys; "
    "print(platform.python_implementation(), platform.python_version(), platform.machine(), sys.base_prefix)"
)


class SetUpError(Exception):
    """Setting up failed; `key` names the reason, the text says what to do."""

    def __init__(self, key: str, explained: str) -> None:
        super().__init__(explained)
        self.key = key


@dataclass(frozen=True)
class Environment:
    """Where the environment is, and the programs in it."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder of the environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The Python of the environment."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def stamp(self) -> Path:
        """The file that says what is installed."""
        return self.folder / "bokgi-stamp.json"

    @property
    def mark(self) -> Path:
        """The file that is there while something is being installed; beside the folder, which may not exist yet."""
        return self.root / ".venv-unfinished"

    def lock(self, level: str) -> Path:
        """The lock of a level."""
        return self.root / "locks" / f"{level}.txt"


def digest(*paths: Path) -> str:
    """Return one hash over the contents of the files, with line ends as git keeps them."""
    whole = hashlib.sha256()
    for path in paths:
        content = path.read_bytes().replace(b"\r\n", b"\n")
        whole.update(len(content).to_bytes(8, "big"))
        whole.update(content)
    return whole.hexdigest()


def interpreter_identity() -> str:
    """Name this Python, in the words of IDENTITY."""
    return f"{platform.python_implementation()} {platform.python_version()} {platform.machine()} {sys.base_prefix}"


def stamp_for(environment: Environment, level: str) -> dict[str, str]:
    """Say what the environment holds once `level` is installed.

    The folder belongs to it, because installed programs and our own package are found by their full path.
    """
    return {
        "level": level,
        "lock": digest(environment.lock(level)),
        "project": digest(environment.root / "pyproject.toml"),
        "interpreter": interpreter_identity(),
        "root": str(environment.root),
    }


def stamp_read(environment: Environment) -> dict[str, str] | None:
    """Read the stamp; none when there is none, when it cannot be read, or when a set-up was interrupted."""
    if environment.mark.exists() or not environment.python.exists():
        return None
    try:
        found = json.loads(environment.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def installed_level(environment: Environment) -> str | None:
    """Return the level that is completely installed now, or none."""
    found = stamp_read(environment)
    if found is None or found.get("level") not in LEVELS:
        return None
    return found["level"] if found == stamp_for(environment, found["level"]) else None


def is_enough(installed: str | None, wanted: str) -> bool:
    """Say whether what is installed covers what is wanted."""
    return installed is not None and LEVELS.index(installed) >= LEVELS.index(wanted)


def diagnose(output: str) -> str:
    """Return the key of the text that explains the output of a failed installer."""
    return next((key for key, words in DIAGNOSES.items() if any(word in output for word in words)), "install_failed")


def size_text(size: int) -> str:
    """Write a number of bytes as 1.2 GB."""
    return f"{size / 1e9:.1f} GB"


def debian_package() -> str:
    """Name the Debian package that brings the module venv for this Python."""
    return f"python{text(sys.version_info[:2])}-venv"


def _report(line: str, started: float) -> None:
    """Show progress: one changing line on a terminal, a line per event elsewhere."""
    shown = f"  {time.monotonic() - started:4.0f} s  {line}"
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write("\r\033[K" + shown[:width])
    else:
        sys.stderr.write(shown + "\n")
    sys.stderr.flush()


def _install(command: Sequence[str | Path], environment: Environment, level: str) -> None:
    """Run an installer, show what it is doing, and explain its failure."""
    started = time.monotonic()
    kept: deque[str] = deque(maxlen=KEPT_LINES)
    program = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        cwd=environment.root,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
    )
    shown = re.compile(r"^\s*(Collecting|Downloading|Installing|Building|Prepared|Resolved|Installed)\b")
    with program:
        for line in program.stdout or ():
            kept.append(line.rstrip())
            if shown.match(line) and ".whl" not in line:
                _report(re.split(r": | @ | \(from ", line.strip())[0], started)
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    if program.returncode != 0:
        raise failure("\n".join(kept), program.returncode, environment, level)


def failure(output: str, code: int, environment: Environment, level: str) -> SetUpError:
    """Explain a failed installer: what is wrong and what to do, then its own last lines where ours do not suffice."""
    key = diagnose(output)
    explained = say(
        key,
        code=code,
        path=environment.root,
        free=size_text(shutil.disk_usage(environment.root).free),
        needed=size_text(NEEDED_BYTES[level]),
        low=text(LOWEST),
        high=text(HIGHEST),
    )
    return SetUpError(key, explained if key in {"disk_full", "no_network"} else f"{explained}\n{output}")


def working_uv() -> str | None:
    """Return the path of uv when it is there and runs; a placeholder of a version manager is not enough."""
    path = shutil.which("uv")
    if path is None:
        return None
    try:
        subprocess.run([path, "--version"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return path


def remove(environment: Environment) -> None:
    """Delete the environment, the stamp first, so that it never looks complete while it is going."""
    environment.stamp.unlink(missing_ok=True)
    if environment.folder.exists():
        shutil.rmtree(environment.folder)


def base_python() -> str:
    """Return the Python that environments are made from, also when this one runs in an environment."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def create(environment: Environment, uv: str | None, level: str) -> None:
    """Make an empty environment with this version of Python."""
    version = platform.python_version()
    print(say("making_environment", path=environment.folder.name, version=version), file=sys.stderr)
    if uv is not None:
        make = [uv, "venv", "--quiet", "--no-project", "--python", base_python(), str(environment.folder)]
    elif importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise SetUpError("no_venv", say("no_venv", package=debian_package()))
    else:
        make = [base_python(), "-m", "venv", str(environment.folder)]
    _install(make, environment, level)


def install(environment: Environment, uv: str | None, level: str) -> None:
    """Install a lock and our own package into the environment."""
    lock = environment.lock(level)
    print(say("installing", installer="uv" if uv else "pip", lock=f"locks/{lock.name}"), file=sys.stderr)
    if uv is not None:
        pip = [uv, "pip", "install", "--python", str(environment.python)]
    else:
        # Python compiles what it imports; compiling everything at once takes longer than the rest.
        pip = [str(environment.python), "-m", "pip", "install", "--no-compile"]
    # A lock names every package there is, so nothing is left to resolve.
    _install([*pip, "--require-hashes", "--no-deps", "-r", str(lock)], environment, level)
    print(say("own_package"), file=sys.stderr)
    _install([*pip, "--no-deps", "--no-build-isolation", "-e", str(environment.root)], environment, level)


def catalogues_compile(environment: Environment) -> None:
    """Compile each message catalogue whose source is newer."""
    folder = environment.root / "src" / "bokgi" / "locale"
    stale = [
        source
        for source in folder.glob("*/LC_MESSAGES/*.po")
        if not source.with_suffix(".mo").exists() or source.with_suffix(".mo").stat().st_mtime < source.stat().st_mtime
    ]
    if stale:
        command = [environment.python, "-m", "babel.messages.frontend", "compile", "-D", "bokgi", "-d", folder]
        _install([str(part) for part in command], environment, "run")


def is_usable(environment: Environment, uv: str | None) -> bool:
    """Say whether the environment may be completed: of this Python, in this folder, with an installer for it."""
    if environment.mark.exists() or not environment.python.exists():
        return False
    stamp = stamp_read(environment)
    if stamp is not None and stamp.get("root") != str(environment.root):
        return False
    asked = ["-c", IDENTITY] if uv is not None else ["-c", f"import pip; {IDENTITY}"]
    try:
        answer = subprocess.run([environment.python, *asked], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.stdout.decode(errors="replace").strip() == interpreter_identity()


def _build(environment: Environment, level: str) -> None:
    """Make or complete the environment; uv first, and pip when uv cannot."""
    uv = working_uv()
    if environment.mark.exists():
        print(say("half_done"), file=sys.stderr)
    usable = is_usable(environment, uv)
    environment.mark.touch()
    environment.stamp.unlink(missing_ok=True)
    if not usable:
        remove(environment)
        create(environment, uv, level)
    try:
        install(environment, uv, level)
    except SetUpError as error:
        # uv does not read the settings of pip, where a company names its own index.
        if uv is None or error.key == "disk_full" or importlib.util.find_spec("ensurepip") is None:
            raise
        print(say("uv_failed"), file=sys.stderr)
        remove(environment)
        create(environment, None, level)
        install(environment, None, level)


def ensure(environment: Environment, level: str) -> None:
    """Make sure that everything of `level` is installed; quick when it is."""
    if not is_enough(installed_level(environment), level):
        started = time.monotonic()
        free = shutil.disk_usage(environment.root).free
        if not environment.folder.exists() and free < NEEDED_BYTES[level]:
            needed = size_text(NEEDED_BYTES[level])
            explained = say("disk_full", free=size_text(free), path=environment.root, needed=needed)
            raise SetUpError("disk_full", explained)
        before = stamp_read(environment)
        # What was installed before for the tests stays installed.
        kept = before["level"] if before and before.get("level") in LEVELS else level
        wanted = max(level, kept, key=LEVELS.index)
        try:
            _build(environment, wanted)
            written = environment.stamp.with_suffix(".tmp")
            written.write_text(json.dumps(stamp_for(environment, wanted), indent=2), encoding="utf-8")
            written.replace(environment.stamp)
            environment.mark.unlink()
        except OSError as error:
            raise failure(str(error), error.errno or 1, environment, wanted) from error
        print(say("ready", seconds=time.monotonic() - started), file=sys.stderr)
    catalogues_compile(environment)
