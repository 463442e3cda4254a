"""Import numbers: each is reserved by creating a file exclusively and is never used twice.

So rows that an import wrote before it died can never become visible: its number never comes into the ledger. While
an import lives it holds a lock on its number.
"""

from __future__ import annotations

from pathlib import Path

from bokgi.facts.locks import Lock


def reserve(folder: Path) -> tuple[int, Lock]:
    """Reserve the next number in a folder and hold it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, second = reserve(Path(folder)), reserve(Path(folder))
    ...     print(first[0], second[0], living(Path(folder)))
    ...     first[1].release()
    ...     print(living(Path(folder)))
    ...     second[1].release()
    1 2 {1, 2}
    {2}
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = max(reserved(folder), default=0) + 1
    while True:
        path = folder / str(number)
        try:
            path.open("x").close()
        except FileExistsError:
            number += 1
            continue
        lock = Lock(path)
        lock.acquire(1)
        return number, lock


def reserved(folder: Path) -> list[int]:
    """List all numbers ever reserved."""
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit()) if folder.exists() else []


def living(folder: Path) -> set[int]:
    """Give the numbers of imports that are at work now."""
    found = set()
    for number in reserved(folder):
        lock = Lock(folder / str(number))
        if lock.acquire():
            lock.release()
        else:
            found.add(number)
    return found
