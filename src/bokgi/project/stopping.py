"""How server and worker stop: nothing new begins, what is at work is finished or put back, the process ends with 0."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn

FINISH_SECONDS: Final = 7.0
"""So long what is at work may take to be finished; the parent insists after ten."""
_LOOK_SECONDS: Final = 0.1


class Stop:
    """Says when this process is to stop: at SIGINT, at SIGTERM, and where it is a child, when its parent goes.

    Until `by` is told how, it stops at once: while a process loads nothing is at work.
    """

    def __init__(self) -> None:
        self._how: Callable[[], object] = leave
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._how())
        if os.environ.pop("BOKGI_ATTACHED", "") == "1":
            threading.Thread(target=self._watch, daemon=True).start()

    def by(self, how: Callable[[], object]) -> None:
        """Stop by this function from now on; it may be called in any thread, and more than once."""
        self._how = how

    def _watch(self) -> None:
        """Read the input until the parent closes it, by its will or by its end."""
        with suppress(OSError):
            while os.read(sys.stdin.fileno(), 1024):
                pass
        self._how()


def leave(code: int = 0) -> NoReturn:
    """End the process now, without taking the interpreter down.

    Threads that are at work in DuckDB or Arrow would be unwound there when they come back, which ends a process with
    "FATAL: exception not rethrown". What is written, is written whole or not at all.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def serve_until(sockets: dict[int, Any], stop: Stop) -> None:
    """Answer requests until stopped; then take none, and finish those at work. `sockets` is the map of a server."""
    from waitress import wasyncore  # noqa: PLC0415 - only the server needs it
    from waitress.channel import HTTPChannel  # noqa: PLC0415 - as above
    from waitress.server import BaseWSGIServer  # noqa: PLC0415 - as above

    listening = [one for one in sockets.values() if isinstance(one, BaseWSGIServer)]
    told = threading.Event()

    def end() -> None:
        told.set()
        for one in listening:
            one.pull_trigger()

    def is_at_work() -> bool:
        channels = [one for one in list(sockets.values()) if isinstance(one, HTTPChannel)]
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    stop.by(end)
    while not told.is_set():
        wasyncore.loop(timeout=1.0, map=sockets, count=1)
    for one in listening:
        # The listening socket alone: what was asked is still answered.
        wasyncore.dispatcher.close(one)
    until = time.monotonic() + FINISH_SECONDS
    while is_at_work() and time.monotonic() < until:
        wasyncore.loop(timeout=_LOOK_SECONDS, map=sockets, count=1)
    wasyncore.close_all(sockets)
