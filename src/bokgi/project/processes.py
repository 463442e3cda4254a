"""The processes of a running Bokgi: a server and a worker, started together and stopped together.

A child reads its input until it ends: when the parent goes, however it goes, its children go, too (`stopping`).
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings

from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.facts.locks import Lock
from bokgi.project import COLLECTION, TURN
from bokgi.project.environment import kept_secret
from bokgi.project.stopping import FINISH_SECONDS, Stop, leave, serve_until

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8230
_PORTS_TRIED: Final = 20
_THREADS: Final = 8
_BESIDE_FILES: Final = 64 << 20
"""Bytes of a request beside the files of an upload; who gives a little too much of these is told by a page."""
_GRACE_SECONDS: Final = 10.0
_CALM_SECONDS: Final = 5.0
_TURN_SECONDS: Final = 300.0
"""How long a process waits while another one brings the database up to date."""


def set_up(home: Path) -> None:
    """Make Django ready for a home in this process; the home is made where there is none."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ["BOKGI_HOME"] = str(home.absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "bokgi.project.settings"
    django.setup()


def migrate() -> None:
    """Bring the database of the home up to date; of processes that start together each waits for its turn.

    Raises `ConflictError` (`database_busy`) when another one is still at it after some minutes.
    """
    from django.core.management import call_command  # noqa: PLC0415 - needs Django set up

    with Lock(settings.HOME / TURN) as turn:
        if not turn.acquire(_TURN_SECONDS):
            raise ConflictError(
                "database_busy",
                Message(N_("Another program is bringing the database up to date.")),
                Message(N_("Try again when it has finished.")),
            )
        call_command("migrate", interactive=False, verbosity=0)


def prepare() -> None:
    """Bring the database up to date; in a home of the sample, make its organisation and demo users."""
    migrate()
    if settings.DEMO:
        from bokgi.apps.access.demo import demo_prepare  # noqa: PLC0415 - as above
        from bokgi.apps.coaching.demo import demo_coaching  # noqa: PLC0415 - as above
        from bokgi.apps.evaluation.demo import demo_evaluations  # noqa: PLC0415 - as above
        from bokgi.apps.forecast.demo import demo_submissions  # noqa: PLC0415 - as above
        from bokgi.apps.jobs.services import enqueue  # noqa: PLC0415 - as above
        from bokgi.apps.reviews.demo import demo_meetings  # noqa: PLC0415 - as above
        from bokgi.facts.lake import Lake  # noqa: PLC0415 - as above

        with suppress(NotFoundError):
            demo_prepare(lake=Lake.open(settings.HOME))
            enqueue(demo_coaching, key="demo coaching")
            enqueue(demo_submissions, key="demo submissions")
            enqueue(demo_evaluations, key="demo evaluations")
            demo_meetings()


def entrance(host: str) -> str:
    """Give the path where a visitor comes in, once the database is up to date.

    The demo roles of a sample are for this machine only. Before the first run the path carries the set-up code, so
    that only who sees the terminal can set Bokgi up.
    """
    from bokgi.apps.access.first_run import CODE  # noqa: PLC0415 - needs Django set up
    from bokgi.apps.access.selectors import organisation  # noqa: PLC0415 - as above

    if host not in {LOOPBACK, "::1", "localhost"}:
        os.environ["BOKGI_DEMO"] = "0"
        settings.DEMO = False
    if organisation() is None:
        return f"/account/start/?code={kept_secret(settings.HOME, CODE)}"
    return "/account/demo/" if settings.DEMO else "/"


def free_port(wanted: int | None, host: str = LOOPBACK) -> int:
    """Give the port that was asked for, or the first free one from 8230 on.

    Raises `UsageError` (`port_taken`) when the wanted port is in use.
    """
    for port in (wanted,) if wanted is not None else range(PORT, PORT + _PORTS_TRIED):
        with socket.socket() as probe:
            if os.name != "nt":
                # A port that was just given back may be taken again.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((host, port))
                return port
    raise UsageError(
        "port_taken",
        Message(N_("Port {port} is in use."), {"port": str(wanted or PORT)}),
        Message(N_("Name another one with --port.")),
    )


def serve(host: str, port: int, stop: Stop) -> None:
    """Answer requests until stopped."""
    from waitress.server import create_server  # noqa: PLC0415 - only the server needs it

    from bokgi.apps.data.rules import MOST_BYTES  # noqa: PLC0415 - needs Django set up
    from bokgi.project.wsgi import application  # noqa: PLC0415 - as above

    _load_pages()
    sockets: dict[int, Any] = {}
    create_server(
        application,
        map=sockets,
        host=host,
        port=port,
        threads=_THREADS,
        max_request_body_size=MOST_BYTES + _BESIDE_FILES,
        ident="",
        clear_untrusted_proxy_headers=False,
    )
    serve_until(sockets, stop)


def _load_pages() -> None:
    """Load what pages are made with before the first one is asked for: addresses, templates, charts, the facts."""
    import altair as alt  # noqa: F401, PLC0415 - draws the first chart, and is slow to load
    from django.template import engines  # noqa: PLC0415 - needs Django set up
    from django.template.backends.jinja2 import Jinja2  # noqa: PLC0415 - as above
    from django.urls import get_resolver  # noqa: PLC0415 - as above

    from bokgi.apps.access.asking import answers  # noqa: PLC0415 - as above

    get_resolver().url_patterns  # noqa: B018 - imports every view
    for engine in engines.all():
        if isinstance(engine, Jinja2):
            for name in engine.env.list_templates():
                engine.get_template(name)
    # Before the first import there are none.
    with suppress(NotFoundError):
        answers().facts()


def work(stop: Stop) -> None:
    """Do what waits in the queue until stopped."""
    from bokgi.apps.access.selectors import time_zone  # noqa: PLC0415 - needs Django set up
    from bokgi.apps.jobs.worker import Worker  # noqa: PLC0415 - as above

    worker = Worker(zone=time_zone)
    stop.by(lambda: worker.stop(FINISH_SECONDS, leave))
    worker.run()


class Child:
    """One process beside this one; `stop` asks it to end and insists after a while."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._started = 0.0
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        # A terminal's Ctrl-C goes to its foreground group: only the parent hears it, and stops the children in order.
        apart = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]  # Windows only
            if os.name == "nt"
            else {"start_new_session": True}
        )
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "bokgi.project.processes", *self._arguments],
            stdin=subprocess.PIPE,
            env={**os.environ, "BOKGI_ATTACHED": "1"},
            **apart,
        )

    @property
    def code(self) -> int | None:
        """Give the exit code, None while it runs."""
        return self._process.poll()

    def again(self) -> None:
        """Start it anew after it ended by itself; one that ends at once is not started in a circle."""
        if time.monotonic() - self._started < _CALM_SECONDS:
            time.sleep(_CALM_SECONDS)
        self._process = self._start()

    def stop(self) -> None:
        """End it: its input ends, and when that does not suffice, by force."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Say whether something listens at a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def run_together(host: str, port: int, *, worker: bool, ready: Callable[[], None]) -> int:
    """Run the server, and a worker beside it, until interrupted or until the server ends; give its exit code.

    `ready` is called once the server answers. A worker that dies is started again.
    """
    children = [Child("server", host, str(port))]
    if worker:
        children.append(Child("worker"))
    told = False
    try:
        with _ended_by_signal():
            while children[0].code is None:
                if not told and answers(port, host):
                    told = True
                    ready()
                for child in children[1:]:
                    if child.code is not None:
                        child.again()
                time.sleep(0.2)
        return children[0].code
    except KeyboardInterrupt:
        return 0
    finally:
        for child in children:
            child.stop()


class _ended_by_signal:  # noqa: N801 - reads as a context
    """While it lasts, SIGTERM ends as Ctrl-C does."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)


def main(arguments: Sequence[str]) -> None:
    """Run as a child: `server HOST PORT` or `worker`; the home comes from the environment."""
    stop = Stop()
    gc.set_threshold(*COLLECTION)
    set_up(Path(os.environ["BOKGI_HOME"]))
    if arguments[0] == "server":
        serve(arguments[1], int(arguments[2]), stop)
    else:
        work(stop)
    leave()


if __name__ == "__main__":
    main(sys.argv[1:])
