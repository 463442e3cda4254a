"""What few people have of a forecast: it is not told apart for who may not see these people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from bokgi.apps.pipeline.change import few_as_one
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.questions.asked import Json
from bokgi.questions.forecast_categories import BEST_CASE, COMMIT, NONE, PIPELINE, ask_category_people
from bokgi.ui.speaker import amount_of

_LEVELS: Final = {
    COMMIT: {COMMIT},
    BEST_CASE: {COMMIT, BEST_CASE},
    PIPELINE: {COMMIT, BEST_CASE, PIPELINE, NONE},
}
"""The categories that each level adds up, to what is won."""


def seen(screen: Screen, answer: Json) -> Json:
    """Give the forecast of a page as this person may see it: `categories` and `change` by who has these deals.

    Parts that few people have are told as one. A level to which such a part belongs is null, and so is a change of
    which not even start and end may be told.
    """
    if screen.owners is None or screen.person is not None or screen.hidden:
        return answer
    change = _change(screen, answer["change"])
    said = answer["said"]
    if change is not answer["change"] and answer["change"]["parts"]:
        # The last sentence says what moved the forecast most.
        said = [*said[:-1], *([] if change is None else [_moved(screen, change)])]
    return answer | {"categories": _categories(screen, answer), "change": change, "said": said}


def _categories(screen: Screen, answer: Json) -> Json:
    period = Period(*(date.fromisoformat(answer["period"][end]) for end in ("start", "end")))
    of_all = screen.ask(ask_category_people, period=period, pipeline=screen.pipeline)["parts"]

    def shown(team: str | None) -> frozenset[str]:
        parts = {code: [row for row in rows if team in {None, row["team"]}] for code, rows in of_all.items()}
        return screen.parts_shown(parts, of_all, team=team) or frozenset()

    def levels(row: Json, own: frozenset[str]) -> Json:
        return row | {name: row[name] if codes <= own else None for name, codes in _LEVELS.items()}

    told, own = answer["categories"], shown(screen.team)
    teams = [levels(row, shown(row["team"])) for row in told["teams"] if row["team"] in screen.shown]
    return levels(told, own) | {
        "teams": teams,
        "parts": few_as_one(screen, told["parts"], own, ("n", "amount_unknown")),
    }


def _change(screen: Screen, change: Json | None) -> Json | None:
    if change is None:
        return None
    if replace(screen, also=(*screen.also, date.fromisoformat(change["since"]))).hidden:
        return None
    # A forecast of a team is no part of that of all: chances differ. So its parts are judged for themselves.
    own = screen.parts_shown({part["code"]: part["people"] for part in change["parts"] if part["n"] is not None}, {})
    if own is None:
        return None
    kept = own | {part["code"] for part in change["parts"] if part["n"] is None}
    parts = few_as_one(screen, change["parts"], kept, ("n",))
    return change if len(kept) == len(change["parts"]) else change | {"parts": parts}


def _moved(screen: Screen, change: Json) -> Json:
    before, now = (amount_of(change[end]) or Decimal(0) for end in ("before", "now"))
    values = {"since": date.fromisoformat(change["since"]), "amount": Money(abs(now - before), screen.currency)}
    if now >= before:
        return encoded(Message(N_("Since {since} the forecast rose by {amount}."), values))
    return encoded(Message(N_("Since {since} the forecast fell by {amount}."), values))
