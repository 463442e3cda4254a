"""A server that is told to stop answers what it was asked, takes nothing more, and ends with 0."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from typing import Any

import pytest
from waitress.server import create_server

from bokgi.project.stopping import serve_until
from tests.unmeasured import unmeasured

BUSY = """
import threading, time
from bokgi.project.stopping import Stop, leave
stop = Stop()
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print("ready", flush=True)
time.sleep(600)
"""


class Told:
    """Stands for `Stop`: keeps how to stop, until the test says so."""

    def by(self, how: Callable[[], object]) -> None:
        """Keep it."""
        self.how = how


def test_what_was_asked_is_answered_and_nothing_else_is_taken() -> None:
    asked, told, sockets = threading.Event(), Told(), dict[int, Any]()

    def slow(_environ: object, start: Callable[..., object]) -> Iterable[bytes]:
        asked.set()
        time.sleep(0.5)
        start("200 OK", [("Content-Length", "200000")])
        return [b"x" * 200_000]

    server = create_server(slow, map=sockets, host="127.0.0.1", port=0, threads=1)
    serving = threading.Thread(target=serve_until, args=(sockets, told))
    serving.start()
    visitor = HTTPConnection("127.0.0.1", server.effective_port, timeout=10)
    visitor.request("GET", "/")
    assert asked.wait(10)
    told.how()
    answer = visitor.getresponse()
    assert (answer.status, len(answer.read())) == (200, 200_000)
    serving.join(10)
    assert not serving.is_alive()
    visitor.close()
    with pytest.raises(ConnectionError):
        visitor.request("GET", "/")
    server.task_dispatcher.shutdown()


@pytest.mark.parametrize("how", ["parent", signal.SIGTERM, signal.SIGINT])
def test_a_child_ends_with_0_and_says_nothing_however_it_is_told(
    how: str | signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_ATTACHED", "1")
    child = subprocess.Popen(
        [sys.executable, "-c", BUSY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=unmeasured(),
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    if isinstance(how, str):
        said, _ = child.communicate(timeout=30)
    else:
        child.send_signal(how)
        said = child.stdout.read()
        child.wait(30)
        child.communicate()
    assert (child.returncode, said) == (0, "")
