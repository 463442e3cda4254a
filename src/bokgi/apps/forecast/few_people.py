"""What few people have of a forecast: it is not told apart for who may not see these people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from bokgi.analysis.forecast.benchmarks import AMOUNT_DAYS, RUN_RATE, RUN_RATE_DAYS, SEASONAL_NAIVE, YEAR_DAYS
from bokgi.apps.pipeline.change import few_as_one
from bokgi.apps.pipeline.few_winners import Scoped, months_of, told_of, won_by_month, won_shown
from bokgi.apps.pipeline.selectors import WHOLE, Screen
from bokgi.domain.measures import Between
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.questions.asked import Json
from bokgi.questions.forecast_categories import BEST_CASE, COMMIT, NONE, PIPELINE, ask_category_people
from bokgi.questions.sellers import Moment
from bokgi.ui.speaker import amount_of

_LEVELS: Final = {
    COMMIT: {COMMIT},
    BEST_CASE: {COMMIT, BEST_CASE},
    PIPELINE: {COMMIT, BEST_CASE, PIPELINE, NONE},
}
"""The categories that each level adds up, to what is won."""
_MONTHS: Final = 60
"""How far back a forecast was tried is judged; of one tried on older months nothing is told."""


def seen(screen: Screen, answer: Json) -> Json:
    """Give the forecast of a page as this person may see it: what was won by who won it, the rest by whose deals it is.

    Parts that few people have are told as one. A level to which such a part belongs is null, and so is a change of
    which not even start and end may be told. Where few people won, `won_so_far` is null, and so are the levels that
    hold it and, of a team, the parts beside it; there are no `benchmarks`, and no figures of those that carry on what
    few people sold before. Elsewhere what was won is told by month
    (`won_by_day`). `few` is true where the forecast itself would give what was won away.
    """
    if screen.owners is None or screen.person is not None or screen.hidden:
        return answer | {"few": False}
    period = period_of(answer["period"])
    shown = won_shown(screen, [period, *months_of(period)])
    change = _change(screen, answer["change"])
    said = answer["said"]
    if change is not answer["change"] and answer["change"]["parts"]:
        # The last sentence says what moved the forecast most.
        said = [*said[:-1], *([] if change is None else [_moved(screen, change)])]
    told = answer | {
        "categories": _categories(screen, answer, period, shown),
        "change": change,
        "said": said,
        "teams": [row if (row["team"], period) in shown else _without_won(row) for row in answer["teams"]],
        "benchmarks": _benchmarks(screen, answer, period),
        "few": False,
    }
    if (screen.team or WHOLE, period) in shown:
        return told | {"won_by_day": won_by_month(screen, period, shown, answer["won_by_day"])}
    lowest = min((amount_of(found) or Decimal(0) for found in answer["quantiles"].values()), default=Decimal(0))
    if answer["mean"] is None or lowest <= (amount_of(answer["won_so_far"]) or Decimal(0)):
        return told | {"few": True}
    lead = [_lead(screen, answer, period), *said[1:]]
    # The ranges of simple methods begin with what is won.
    return told | {"won_so_far": None, "won_so_far_n": None, "won_by_day": [], "benchmarks": {}, "said": lead}


def without_trials(screen: Screen, answer: Json) -> Json:
    """Leave out how the forecast did on past periods where the back test leaves one out: the scores would tell it.

    `calibration` is null then, and so is the `crps` of the simple methods.
    """
    since = answer["calibration"]["since"]
    if not screen.sums_only or screen.hidden or since is None:
        return answer
    months, first = months_before(screen.as_of), date.fromisoformat(since)
    told = told_of(screen, months, screen.team or WHOLE)
    tried = [may for one, may in zip(months, told, strict=True) if one.end > first]
    if months[0].start <= first and tried and all(tried):
        return answer
    benchmarks = {name: one | {"crps": None} for name, one in answer["benchmarks"].items()}
    return answer | {"calibration": None, "benchmarks": benchmarks}


def months_before(on: date) -> tuple[Period, ...]:
    """Give the whole months of five years up to a day; a forecast that was tried on older ones is not told of them."""
    found = [Period.month_of(on + timedelta(days=1)).before()]
    while len(found) < _MONTHS:
        found.append(found[-1].before())
    return tuple(reversed(found))


def period_of(found: Json) -> Period:
    """Read a period of an answer, `{start, end}`."""
    return Period(*(date.fromisoformat(found[end]) for end in ("start", "end")))


def _without_won(row: Json) -> Json:
    """Leave out of a team's part what was won, and what would give it away."""
    low, won = (amount_of(row[name]) or Decimal(0) for name in ("low", "won_so_far"))
    hidden = ("won_so_far", "open", "new", *(("mean", "low", "high") if low <= won else ()))
    return row | dict.fromkeys(hidden)


def _lead(screen: Screen, answer: Json, period: Period) -> Json:
    """Say the forecast without what is won of it."""
    mean, low, high = (
        Money(amount_of(found) or Decimal(0), screen.currency)
        for found in (answer["mean"], answer["quantiles"]["0.10"], answer["quantiles"]["0.90"])
    )
    text = N_("By {last} about {mean} will be won; eight of ten such periods end within {ends}.")
    return encoded(Message(text, {"last": period.last, "mean": mean, "ends": Between(low, high)}))


def past_of(period: Period, as_of: date) -> dict[str, tuple[Moment, ...]]:
    """Give by simple method the periods whose wins it carries on, as far as they lie before the day."""
    tomorrow = as_of + timedelta(days=1)
    late = [Period(tomorrow - timedelta(days=days), tomorrow) for days in (RUN_RATE_DAYS, AMOUNT_DAYS)]
    year = timedelta(days=YEAR_DAYS)
    first = max(period.start, tomorrow)
    again = (Period(first - year, period.end - year),) if first < period.end else ()
    return {RUN_RATE: tuple(late), SEASONAL_NAIVE: again}


def _benchmarks(screen: Screen, answer: Json, period: Period) -> Json:
    """Take the figures of those simple methods away that carry on what few people sold, see `past_of`."""
    past = past_of(period, screen.as_of)
    nothing = dict.fromkeys(("mean", "low", "high"))
    return {
        name: one | nothing if past.get(name) and replace(screen, also=(*screen.also, *past[name])).hidden else one
        for name, one in answer["benchmarks"].items()
    }


def _categories(screen: Screen, answer: Json, period: Period, won: frozenset[Scoped]) -> Json:
    of_all = screen.ask(ask_category_people, period=period, pipeline=screen.pipeline)["parts"]

    def shown(team: str | None) -> frozenset[str]:
        parts = {code: [row for row in rows if team in {None, row["team"]}] for code, rows in of_all.items()}
        return screen.parts_shown(parts, of_all, team=team) or frozenset()

    def levels(row: Json, team: str | None, own: frozenset[str]) -> Json:
        tells = (team or WHOLE, period) in won
        return row | {name: row[name] if tells and codes <= own else None for name, codes in _LEVELS.items()}

    told, own = answer["categories"], shown(screen.team)
    teams = [levels(row, row["team"], shown(row["team"])) for row in told["teams"] if row["team"] in screen.shown]
    return levels(told, screen.team, own) | {
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
