"""The main pages on a home of 200,000 deals and 2 million activities, beside an empty signed-in page.

    python3 run.py bench pages

One server process, as `bokgi serve` starts it, answers everything. What the worker computes after an import is computed
first, in a process of its own; `first` is the first view after that, in a server that has just started. Then every
page is asked in turn with the empty one (`/settings/`), which reads no facts: `ratio` is median over median. Where
there is a Chromium, it opens Today without its cache: when does it paint first? At last fifty people, each signed in,
open all pages at once.
Writes its table into docs/reference/benchmarks.md; `--no-table` only prints it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from benchmarks import results
from benchmarks.commands import forget
from benchmarks.company import AS_OF, FOLDER, home

EMPTY: Final = "/settings/"
PAGES: Final = (
    EMPTY,
    "/today/",
    "/reviews/",
    "/reviews/pack/",
    "/funnel/",
    "/funnel/change/",
    "/deals/",
    "/deals/d7/",
    "/forecast/",
    "/people/",
    "/people/p1/",
    "/kpi/",
    "/data/quality/",
    "/search/?q=Deal+77",
)
PEOPLE: Final = 50
ACTIVITIES: Final = 10
_WAITS: Final = b'hx-trigger="load delay'
_PAINTED: Final = "/today/"
_PAINTS: Final = 5
_FIRST_PAINT: Final = (
    "return performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)[0] || null"
)


def prepared(folder: Path, deals: int) -> list[str]:
    """Make the home with its database and fifty signed-in people; gives their cookies."""
    place = home(folder, deals, activities=ACTIVITIES).home
    os.environ["BOKGI_TODAY"] = AS_OF
    from bokgi.project import processes  # noqa: PLC0415 - Django is set up by it

    processes.set_up(place)
    processes.prepare()
    from importlib import import_module  # noqa: PLC0415 - after Django is set up

    from django.conf import settings  # noqa: PLC0415 - as above
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415 - as above

    from bokgi.apps.access.models import User  # noqa: PLC0415 - as above
    from bokgi.apps.access.permissions import Role  # noqa: PLC0415 - as above
    from bokgi.apps.access.selectors import organisation  # noqa: PLC0415 - as above
    from bokgi.apps.access.services import organisation_create, user_create  # noqa: PLC0415 - as above

    if organisation() is None:
        organisation_create(name="Pages", language="en")
        for number in range(PEOPLE):
            # A page for every row is the most that anybody sees.
            user_create(email=f"person{number}@team.example", name=f"Person {number}", role=Role.LEADER)
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    cookies = []
    for user in User.objects.order_by("pk"):
        session = store()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    forget(place)
    return cookies


_WARM: Final = """
import django
django.setup()
from bokgi.apps.access.asking import today, warm
warm(today())
"""


def warmed() -> tuple[float, float]:
    """Compute what the worker computes after an import; gives seconds and CPU seconds."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", _WARM], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, work


class Visitor:
    """One browser that keeps its connection."""

    def __init__(self, port: int, cookie: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=900)
        self._headers = {"Cookie": cookie, "Host": f"127.0.0.1:{port}"}

    def ask(self, page: str) -> tuple[int, float, bool]:
        """Open a page: status, seconds, whether it waits for the worker still."""
        begun = time.perf_counter()
        self._connection.request("GET", page, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return answer.status, time.perf_counter() - begun, _WAITS in body


def measured(port: int, cookies: list[str], rounds: int) -> list[dict[str, Any]]:
    """Ask each page once, then all in turn, then all by everybody at once."""
    one = Visitor(port, cookies[0])
    one.ask("/health/")
    first = {page: one.ask(page) for page in PAGES}
    wrong = {page: found[0] for page, found in first.items() if found[0] != 200}  # noqa: PLR2004 - HTTP
    if wrong:
        message = f"pages that do not answer: {wrong}"
        raise SystemExit(message)
    paint = painted(port, cookies[0])
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    for _ in range(rounds):
        for page in PAGES:
            took[page].append(one.ask(page)[1])
    crowd, failed = together(port, cookies)
    empty = median(took[EMPTY])
    return [
        {
            "page": page,
            "order": order,
            "first_ms": first[page][1] * 1000,
            "waits": first[page][2],
            "median_ms": median(took[page]) * 1000,
            "p95_ms": quantiles(took[page], n=20)[-1] * 1000,
            "ratio": median(took[page]) / empty,
            "crowd_median_ms": median(crowd[page]) * 1000,
            "crowd_p95_ms": quantiles(crowd[page], n=20)[-1] * 1000,
            "failed": failed[page],
            "paint_ms": paint if page == _PAINTED else None,
        }
        for order, page in enumerate(PAGES)
    ]


def painted(port: int, cookie: str) -> float | None:
    """Open Today in a browser without its cache: median milliseconds to the first paint; null without a Chromium."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        return None
    from selenium import webdriver  # noqa: PLC0415 - of the tests' requirements
    from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415 - as above

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-component-update"):
        options.add_argument(argument)
    address, (name, value) = f"http://127.0.0.1:{port}", cookie.split("=", 1)
    found: list[float] = []
    with webdriver.Chrome(options, webdriver.ChromeService(driver)) as chromium:
        chromium.get(f"{address}/health/")
        chromium.add_cookie({"name": name, "value": value})
        for _ in range(_PAINTS):
            chromium.execute_cdp_cmd("Network.clearBrowserCache", {})
            chromium.get(f"{address}{_PAINTED}")
            found.append(WebDriverWait(chromium, 10).until(lambda here: here.execute_script(_FIRST_PAINT)))
    return median(found)


def together(port: int, cookies: list[str]) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Let everybody open every page at once; gives seconds and answers that were none, by page."""
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    failed = dict.fromkeys(PAGES, 0)
    lock = threading.Lock()

    def visit(number: int) -> None:
        visitor = Visitor(port, cookies[number])
        for step in range(len(PAGES)):
            page = PAGES[(step + number) % len(PAGES)]
            try:
                status, seconds, _ = visitor.ask(page)
            except OSError:
                status, seconds = 0, 0.0
            with lock:
                took[page].append(seconds)
                failed[page] += status != 200  # noqa: PLR2004 - HTTP

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(len(cookies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, failed


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=20, help="how often each page is asked in turn")
    parser.add_argument("--folder", type=Path, default=FOLDER / "pages", help="where the generated home is kept")
    parser.add_argument("--no-table", action="store_true", help="leave the document as it is")
    given = parser.parse_args()
    cookies = prepared(given.folder / str(given.deals), given.deals)
    seconds, work = warmed()
    print(f"after an import the worker computes {seconds:.0f} s, {work:.0f} CPU s", file=sys.stderr, flush=True)
    from bokgi.project import processes  # noqa: PLC0415 - as above

    port = processes.free_port(None)
    server = processes.Child("server", processes.LOOPBACK, str(port))
    try:
        while not processes.answers(port):
            time.sleep(0.2)
        rows = measured(port, cookies, given.rounds)
    finally:
        server.stop()
    found = [row | {"deals": given.deals, "warm_seconds": seconds, "warm_cpu_seconds": work} for row in rows]
    print(results.pages(found), flush=True)
    if not given.no_table:
        results.keep("pages", found, key=("page", "deals"))


if __name__ == "__main__":
    main()
