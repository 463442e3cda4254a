"""Forty participants who look at one meeting: what a poll costs, beside a page that reads nothing (`/health/`).

Run: python -m benchmarks.meeting. Both are asked of the same server process in turn; the ratio is what counts.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, Final

PEOPLE: Final = 40
SECONDS: Final = 20.0
EVERY: Final = 2.0


def main() -> None:
    """Make a home with one live meeting, serve it, let everybody look, print a table."""
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

    one = HTTPConnection("127.0.0.1", port)
    ask(one, cookies[0], path)
    print(f"{'one after another':<34}{'median ms':>10}{'of /health/':>12}")
    health = median(ask(one, cookies[0], "/health/")[1] for _ in range(100))
    for cookie in cookies:
        ask(one, cookie, path)
    print(f"{'/health/':<34}{health * 1000:>10.2f}{1:>12.1f}")
    _line("poll, nothing new (304)", [ask(one, cookies[0], path) for _ in range(100)], health, 304)
    tags[cookies[0]] = ""

    def whole() -> tuple[int, float]:
        tags[cookies[0]] = ""
        return ask(one, cookies[0], path)

    _line("poll, everything new (200)", [whole() for _ in range(20)], health, 200)
    _together(lambda cookie: _watch(port, cookie, ask, path), cookies)


def _line(name: str, found: list[tuple[int, float]], health: float, status: int) -> None:
    took = [seconds for code, seconds in found if code == status]
    print(f"{name:<34}{median(took) * 1000:>10.2f}{median(took) / health:>12.1f}   ({len(took)} of {len(found)})")


def _watch(port: int, cookie: str, ask: Callable[..., tuple[int, float]], path: str) -> list[tuple[int, float]]:
    connection, found = HTTPConnection("127.0.0.1", port), []
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        found.append(ask(connection, cookie, path))
        time.sleep(EVERY)
    return found


def _together(watch: Callable[[str], list[tuple[int, float]]], cookies: list[str]) -> None:
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
    share = (time.process_time() - used) / (time.perf_counter() - begun)
    took = sorted(seconds for _, seconds in found)
    failed = sum(1 for status, _ in found if status not in {200, 304})
    print(f"\n{len(cookies)} screens, every {EVERY:.0f} s, {SECONDS:.0f} s: {len(found)} polls, {failed} failed,")
    print(f"median {median(took) * 1000:.1f} ms, 95 % within {took[int(len(took) * 0.95)] * 1000:.1f} ms, ", end="")
    print(f"{share:.0%} of one core (server and all clients)")


if __name__ == "__main__":
    main()
