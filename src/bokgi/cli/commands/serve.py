"""bokgi serve, bokgi worker: the web application."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import Annotated

import typer

from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_


def _browser() -> bool:
    """Say whether there is a browser with a window, and somebody in front of it."""
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@command("serve", N_("Start the web application: the server, and the worker beside it."), order=6)
def serve(
    session: Session,
    *,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar=N_("PORT"), help=N_("Port to listen on; otherwise a free one.")),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar=N_("ADDRESS"), help=N_("Address of this machine to listen on."))
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help=N_("Open the page in a browser."))] = True,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help=N_("Start a worker beside the server."))] = True,
) -> Answer:
    """Bring the database up to date, then serve until Ctrl-C."""
    from bokgi.project import processes

    processes.set_up(session.home)
    chosen = processes.free_port(port, host)
    session.say(N_("Bringing the database up to date."))
    processes.prepare()
    address = processes.entrance(host)
    page = f"http://{'localhost' if host in {'127.0.0.1', '::1'} else host}:{chosen}{address}"

    def ready() -> None:
        session.say(N_("Bokgi is open at {address}"), address=page)
        session.say(N_("Ctrl-C ends it."))
        if browser and _browser():
            webbrowser.open(page)

    code = processes.run_together(host, chosen, worker=worker, ready=ready)

    def screen(shown: Session) -> None:
        shown.say(N_("Bokgi has ended."))

    return Answer({"address": page, "exit_code": code}, screen, exit_code=code)


@command("worker", N_("Do the background work: imports, review packs, mail, schedules."), order=7)
def worker(session: Session) -> Answer:
    """Work until Ctrl-C."""
    from bokgi.project import processes
    from bokgi.project.stopping import Stop

    processes.set_up(session.home)
    session.say(N_("The worker is at work; Ctrl-C ends it."))
    processes.work(Stop())

    def screen(shown: Session) -> None:
        shown.say(N_("The worker has ended."))

    return Answer({}, screen)
