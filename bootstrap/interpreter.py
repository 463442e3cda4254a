"""Which Python runs Bokgi: the one at hand when it fits, else another one on this machine.

Read by whatever Python starts run.py, however old: no syntax here is newer than 3.6.
"""

import os
import shutil
import subprocess
import sys

from bootstrap.messages import say

LOWEST = (3, 11)
HIGHEST = (3, 14)
# Fetched by uv when nothing fits.
PREFERRED = (3, 13)
_HANDED_OVER = "BOKGI_PYTHON_CHOSEN"


def fits(version: "tuple[int, ...]") -> bool:
    """Say whether this version of Python can run Bokgi."""
    return LOWEST <= tuple(version[:2]) <= HIGHEST


def text(version: "tuple[int, ...]") -> str:
    """Write a version as 3.11."""
    return ".".join(str(part) for part in version[:2])


def candidates(windows: bool) -> "list[list[str]]":  # noqa: FBT001 - one flag, passed by name
    """List the commands that may start a fitting Python, the newest first."""
    versions = [(3, minor) for minor in range(HIGHEST[1], LOWEST[1] - 1, -1)]
    found = [["python" + text(version)] for version in versions]
    if windows:
        found += [["py", "-" + text(version)] for version in versions]
    return found


def ask(command: "list[str]") -> str:
    """Return the path of the Python that `command` starts, or nothing when there is none or it does not fit.

    A name on the path proves nothing: version managers and Windows put placeholders there.
    """
    if shutil.which(command[0]) is None:
        return ""
    code = "import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)"
    try:
        output = subprocess.check_output([*command, "-c", code], stderr=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    answer = output.decode(errors="replace").strip().split(" ", 2)
    if len(answer) != 3 or not fits((int(answer[0]), int(answer[1]))):  # noqa: PLR2004 - the three values printed
        return ""
    return answer[2]


def from_uv() -> str:
    """Return the path of a fitting Python that uv knows or fetches, or nothing."""
    wanted = f">={text(LOWEST)},<{text((HIGHEST[0], HIGHEST[1] + 1))}"
    find = ["uv", "python", "find", wanted]
    fetch = ["uv", "python", "install", text(PREFERRED)]
    if shutil.which("uv") is None:
        return ""
    for step in (find, fetch, find):
        if step is fetch:
            sys.stderr.write(say("fetch_python", version=text(PREFERRED)) + "\n")
        try:
            output = subprocess.check_output(step, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError):
            continue
        path = output.decode(errors="replace").strip()
        if step is find and path:
            return ask([path])
    return ""


def find() -> str:
    """Return the path of a fitting Python on this machine, or nothing."""
    for command in candidates(windows=os.name == "nt"):
        path = ask(command)
        if path:
            return path
    return from_uv()


def hand_over(script: str, arguments: "list[str]") -> int:
    """Run `script` again with a fitting Python and return its exit code; 3 when there is none."""
    found = text(sys.version_info[:2])
    path = "" if os.environ.get(_HANDED_OVER) else find()
    if not path:
        sys.stderr.write(say("too_old", low=text(LOWEST), high=text(HIGHEST), found=found) + "\n")
        return 3
    sys.stderr.write(say("other_python", found=found, path=path) + "\n")
    environment = dict(os.environ, **{_HANDED_OVER: "1"})
    try:
        return subprocess.call([path, script, *arguments], env=environment)
    except KeyboardInterrupt:
        return 130
