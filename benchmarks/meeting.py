"""Forty participants who look at one meeting: what a poll costs, beside a page that reads nothing (`/health/`).

    python3 run.py bench meeting

Both are asked of the same server process in turn; the ratio is what counts. The table goes into
docs/reference/benchmarks.md.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.results import Row, keep
from benchmarks.results import meeting as meeting_table

PEOPLE: Final = 40
SECONDS: Final = 20.0
EVERY: Final = 2.0
ASKED: Final = 100


def main() -> None:
    """Make a home with one live meeting, serve it, let everybody look, keep and print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["BOKGI_HOME"] = str(folder)
        os.environ["BOKGI_TODAY"] = "2026-11-24"
        os.environ["DJANGO_SETTINGS_MODULE"] = "bokgi.project.settings"
        import django  # noqa: PLC0415 - needs the home

        django.setup()
        meeting, cookies = _meeting(folder)
        from waitress.server import create_server  # noqa: PLC0415 - as above

        from bokgi.project.wsgi import application  # noqa: PLC0415 - as above

        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # what waits is measured below
        server = create_server(application, host="127.0.0.1", port=0, threads=8)
        threading.Thread(target=server.run, daemon=True).start()
        _measured(int(server.effective_port), meeting, cookies)


def _meeting(folder: Path) -> tuple[int, list[str]]:
    from datetime import UTC, datetime  # noqa: PLC0415 - after Django is set up
    from datetime import time as clock  # noqa: PLC0415 - as above
    from importlib import import_module  # noqa: PLC0415 - as above

    from django.conf import settings  # noqa: PLC0415 - as above
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415 - as above
    from django.core.management import call_command  # noqa: PLC0415 - as above

    from bokgi.apps.access.permissions import Role  # noqa: PLC0415 - as above
    from bokgi.apps.access.services import organisation_create, user_create  # noqa: PLC0415 - as above
    from bokgi.apps.reviews.models import Participant  # noqa: PLC0415 - as above
    from bokgi.apps.reviews.services import planning, running  # noqa: PLC0415 - as above
    from tests import homes  # noqa: PLC0415 - as above

    homes.write_home(folder)
    call_command("migrate", verbosity=0)
    organisation_create(name="Forty")
    leader = user_create(email="leader@team.example", name="Leader", role=Role.LEADER)
    meeting = planning.meeting_plan(team="1팀", on=homes.TODAY, at=clock(10), minutes=25, by=leader)
    users = [leader]
    for number in range(PEOPLE - 1):
        user = user_create(email=f"rep{number}@team.example", name=f"Rep {number}", role=Role.REP)
        Participant.objects.create(meeting=meeting, user=user)
        users.append(user)
    running.meeting_open(meeting_id=meeting.pk, by=leader, at=datetime.now(UTC))
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    cookies = []
    for user in users:
        session = store()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    return meeting.pk, cookies


def _measured(port: int, meeting: int, cookies: list[str]) -> None:
    path = f"/reviews/{meeting}/live/state/"
    tags = dict.fromkeys(cookies, "")

    def ask(connection: HTTPConnection, cookie: str, to: str) -> tuple[int, float]:
        begun = time.perf_counter()
        headers = {"Cookie": cookie, "Host": f"127.0.0.1:{port}"}
        if to == path and tags[cookie]:
            headers["If-None-Match"] = tags[cookie]
        connection.request("GET", to, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if to == path:
            tags[cookie] = answer.headers.get("ETag", "")
        return answer.status, time.perf_counter() - begun

    def whole(cookie: str) -> tuple[int, float]:
        tags[cookie] = ""
        return ask(one, cookie, path)

    def in_turn(what: str, acts: Sequence[Callable[[], tuple[int, float]]]) -> Row:
        used = time.process_time()
        found = [act() for act in acts]
        return _row(len(rows), what, found, (time.process_time() - used) / len(found))

    rows: list[Row] = []
    one = HTTPConnection("127.0.0.1", port)
    for cookie in cookies:
        ask(one, cookie, path)
    nothing, new = [lambda: ask(one, cookies[0], path)] * ASKED, [partial(whole, cookie) for cookie in cookies]
    rows.append(in_turn("`/health/`, one after another", [lambda: ask(one, cookies[0], "/health/")] * ASKED))
    rows.append(in_turn("nothing new, one after another", nothing))
    rows.append(in_turn("everything new, one after another", new))
    found, used, core = _together(lambda cookie: _watch(port, cookie, ask, path), cookies)
    together = f"{len(cookies)} screens together, every {EVERY:.0f} s for {SECONDS:.0f} s"
    rows.append(_row(len(rows), together, found, used / len(found)) | {"core": core})
    health = rows[0]["cpu_ms"]
    rows = [row | {"ratio": row["cpu_ms"] / health} for row in rows]
    keep("meeting", rows, key=("order",))
    print(meeting_table(rows))


def _row(order: int, what: str, found: list[tuple[int, float]], cpu_seconds: float) -> Row:
    took = sorted(seconds * 1000 for _, seconds in found)
    return {
        "what": what,
        "order": order,
        "asked": len(found),
        "failed": sum(1 for status, _ in found if status not in {200, 304}),
        "median_ms": median(took),
        "most_ms": took[int(len(took) * 0.95)],
        "cpu_ms": cpu_seconds * 1000,
        "core": None,
    }


def _watch(port: int, cookie: str, ask: Callable[..., tuple[int, float]], path: str) -> list[tuple[int, float]]:
    connection, found = HTTPConnection("127.0.0.1", port), []
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        found.append(ask(connection, cookie, path))
        time.sleep(EVERY)
    return found


def _together(
    watch: Callable[[str], list[tuple[int, float]]], cookies: list[str]
) -> tuple[list[tuple[int, float]], float, float]:
    """Let every screen look at once; gives the answers, CPU seconds, and the share of one core that all of it took."""
    found: list[tuple[int, float]] = []
    lock = threading.Lock()

    def run(cookie: str) -> None:
        mine = watch(cookie)
        with lock:
            found.extend(mine)

    begun, used = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=run, args=(cookie,)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = time.process_time() - used
    return found, used, used / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
