"""What pages read from their address: recorded while they are opened, with values for each.

A page that begins to read a new parameter is walked with it as soon as `VALUES` has some; until then `unknown` names
it, and the walk fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from bokgi.analysis.funnel import FIGURES
from bokgi.apps.pipeline import change, funnel
from bokgi.apps.pipeline.figures import CHANGES, MODES
from bokgi.domain.labels import ATTENTION
from bokgi.questions.asked import COLUMN_NAMES
from bokgi.questions.deals import ORDERS, OUTCOMES
from bokgi.questions.forecast_categories import CATEGORIES
from bokgi.ui.export import TYPES
from bokgi.ui.listing import Listing
from tests.homes import TODAY, deal_name

_ENDED: Final = f"{TODAY - timedelta(days=90)}..{TODAY + timedelta(days=1)}"
_WEEK: Final = f"{TODAY - timedelta(days=6)}..{TODAY + timedelta(days=1)}"
_DAYS: Final = tuple((TODAY - timedelta(days=back)).isoformat() for back in (7, 30, 95))
VALUES: Final[dict[str, tuple[str, ...]]] = {
    "team": ("1팀", "2팀"),
    "pipeline": ("renewal", "default"),
    "person": ("lee", "seo"),
    "as_of": _DAYS,
    "weeks": ("4", "13", "52"),
    "mode": ("period_flow", "snapshot", "created_cohort"),
    "by": ("team", "person", "source"),
    "where": ("source:web", "owner_id:seo", "segment:"),
    "from": _DAYS[1:],
    "to": _DAYS[:1],
    "past_from": _DAYS[2:],
    "past_to": _DAYS[1:],
    "outcome": ("all", "won", "closed"),
    "stage": ("proposal", "talk"),
    "figure": ("change.won", "change.moved_out", "snapshot.deals", "change.eve"),
    "within": (_WEEK, _ENDED),
    **dict.fromkeys(("entered", "created", "closed", "due"), (_ENDED,)),
    "category": ("none", "commit"),
    "attention": ("any",),
    "period": ("2026-Q3", "2026-11"),
    "length": ("quarter",),
    "subject": ("person:seo", "team:2팀", "organisation:all"),
    "week": ("2026-W45", "2026-W47"),
    "form": ("md", "html"),
    "q": ("seo", deal_name("seo", 0), "31"),
    "export": ("csv",),
    "deal": ("seo-0",),
    **dict.fromkeys(("find", "reason", "tag"), ("가람",)),
    **dict.fromkeys(("amount", "version", "edit", "import", "answer", "opens"), ("1",)),
    "month": ("2026-10",),
    "wall": ("1",),
    "state": ("done",),
    "ending": ("won",),
    **dict.fromkeys(("code", "next", "sort", "page", "columns"), ("1",)),
}
NAMED: Final[dict[str, tuple[str, ...]]] = VALUES | {
    "mode": tuple(MODES),
    "weeks": tuple({*funnel.WINDOWS, *map(str, change.WEEKS)}),
    "by": tuple(funnel.SPLITS),
    "where": tuple(f"{column}:web" for column in COLUMN_NAMES),
    "outcome": OUTCOMES,
    "figure": (
        *(f"{mode.value}.{count}" for mode, counts in FIGURES.items() for count in counts),
        *(f"change.{part}" for part in CHANGES),
        "closed_by",
        "ended_in",
    ),
    "category": CATEGORIES,
    "attention": ("any", *ATTENTION),
    "length": ("month", "quarter"),
    "form": ("md", "html", "pdf", "xlsx"),
    "sort": tuple(f"{sign}{order}" for order in ORDERS for sign in ("", "-")),
    "export": tuple(TYPES),
}
"""`VALUES` with all that the questions name: what may be asked without regard to what it tells of whom."""
NONSENSE: Final = ("no-such", "-1", "9" * 25, "2026-02-30", "9999-12-31..0001-01-01", "0000", "\x00", "'\u2028%:🦀")
"""What nobody would ask: a word, numbers that are none or too large, days that never were, odd characters."""
_READ_BY_ALL: Final = frozenset({"team", "pipeline", "person", "as_of"})
_BESIDE: Final = {"figure": {"pipeline": "default", "stage": "proposal", "within": _WEEK}, "entered": {"stage": "talk"}}
"""What must stand beside a name for it to mean something."""
_LISTS: Final = frozenset({"find", "sort", "page", "columns", "export"})
"""What a listing reads of the whole address at once; other readers of it are the frame's."""
_ASKED_BY_FRAME: Final = frozenset({"csrfmiddlewaretoken", "login", "subject_id"})


@contextmanager
def recorded(patch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Record the names that are read from an address while pages are opened."""
    read: set[str] = set()

    def note(original: Any) -> Any:  # noqa: ANN401 - a method of Django's
        def reading(query: QueryDict, *given: Any) -> Any:  # noqa: ANN401 - as above
            read.add(given[0])
            return original(query, *given)

        return reading

    def listing(*given: Any, **named: Any) -> Listing:  # noqa: ANN401 - as above
        read.update(_LISTS)
        return reads(*given, **named)

    reads = Listing.read
    with patch.context() as patched:
        for name in ("get", "getlist", "__getitem__", "__contains__"):
            patched.setattr(QueryDict, name, note(getattr(QueryDict, name)))
        patched.setattr(Listing, "read", listing)
        yield read


def unknown(names: set[str]) -> set[str]:
    """Give the names for which there are no values to try."""
    return names - VALUES.keys() - _ASKED_BY_FRAME


def addresses(page: str, names: set[str], *, tries: int, each: bool) -> list[str]:
    """Give addresses of a page: one for `each` value of what it reads, and `tries` of two to four of them together."""
    known = sorted(names & VALUES.keys())
    asked = [{name: value} for name in known for value in VALUES[name] if each]
    draw = Random(page)  # noqa: S311 - the same addresses every time
    for _try in range(tries if len(known) > 1 else 0):
        chosen = draw.sample(known, min(len(known), draw.choice((2, 3, 4))))
        asked.append({name: draw.choice(VALUES[name]) for name in chosen})
    return [_address(page, one) for one in asked]


def each_once(page: str, names: set[str]) -> list[str]:
    """Give addresses of a page for every value of `NAMED`: alone, but for what all pages read in the same way."""
    alone = sorted((names & NAMED.keys()) - _READ_BY_ALL)
    asked = [_BESIDE.get(name, {}) | {name: value} for name in alone for value in NAMED[name]]
    together = {name: VALUES[name][0] for name in sorted(names & _READ_BY_ALL)}
    return [_address(page, one) for one in (*asked, *([together] if together else ()))]


def nonsense(page: str, names: set[str], *, of: str) -> list[str]:
    """Give addresses of a page that ask for something of no sense by each name; `of` draws another."""
    draw = Random(f"{page} {of}")  # noqa: S311 - the same addresses every time
    return [_address(page, {name: draw.choice(NONSENSE)}) for name in sorted(names & NAMED.keys())]


def _address(page: str, asked: dict[str, str]) -> str:
    return f"{page}?{urlencode(asked)}"
