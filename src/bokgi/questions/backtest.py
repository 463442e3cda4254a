"""How good the forecast has been: made again from past days, beside simple methods."""

from __future__ import annotations

from datetime import date
from typing import Final

from bokgi.analysis.forecast import Backtest, Scope
from bokgi.analysis.forecast import backtest as analysed
from bokgi.analysis.forecast.backtesting import BEST_SIMPLE, BLEND
from bokgi.analysis.forecast.benchmarks import RUN_RATE
from bokgi.analysis.forecast.result import NOTHING_SAID
from bokgi.analysis.forecast.scoring import judged, separate, wanted
from bokgi.domain.errors import UsageError
from bokgi.domain.measures import Rate
from bokgi.domain.messages import N_, Message
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.explained import explained
from bokgi.questions.forecast import MONTH, QUARTER, inputs_of, keeping
from bokgi.questions.forecast_told import HOW_OWNERS_COME, LEVEL, NOTHING, WIDER, tried

MONTHS: Final = {MONTH: 1, QUARTER: 3}
_HARDLY: Final = 0.005
"""Errors that differ by less are told as the same: in percent they would differ by nothing."""


def ask_backtest(
    facts: Facts,
    *,
    as_of: date,
    period: str = MONTH,
    team: str | None = None,
    pipeline: str | None = None,
    person: str | None = None,
) -> Json:
    """Ask how forecasts of whole months (or runs of three) made on past days came true.

    Reads all facts of a lake version, cut to `as_of`. Gives `origins[]` and `scores{method: {crps, wql, coverage80,
    bias}}`; see `docs/reference/backtest.schema.json`. Raises `UsageError` for another period, `NotFoundError` for an
    unknown team or pipeline.
    """
    if period not in MONTHS:
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": "--period", "given": period}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(MONTHS)}),
        )
    with asked(facts, as_of=as_of) as here:
        scope = Scope(team, pipeline, person)
        read = inputs_of(here, facts, scope)
        found = analysed(
            read.deals,
            read.visits,
            as_of=as_of,
            months=MONTHS[period],
            changes=read.changes,
            stages=read.stages,
            factors=read.factors,
            by_owner=read.by_owner,
            team=team,
            pipeline=pipeline,
            person=person,
            year_starts=facts.settings.year_starts,
            keep=keeping(facts, "backtest", as_of, period),
        )
        whose = {"team": team, "pipeline": pipeline, "person": person}
        return {"as_of": as_of.isoformat(), "period": period, **whose, **_answer(here, found, scope)}


def _answer(here: Asked, found: Backtest, scope: Scope) -> Json:
    return {
        "reason": found.reason,
        "origins": [
            {
                "on": one.origin.isoformat(),
                "start": one.start.isoformat(),
                "end": one.end.isoformat(),
                "mean": here.money(one.mean),
                "low": here.money(one.low),
                "high": here.money(one.high),
                "came": here.money(one.came),
                "weight": one.weight,
                "scale": one.scale,
                "methods": {name: here.money(mean) for name, mean in one.means.items()},
            }
            for one in found.origins
        ],
        "scores": {
            name: {
                "n": score.n,
                "crps": here.money(score.crps),
                "wql": _finite(score.wql),
                "coverage80": score.coverage80,
                "bias": _finite(score.bias),
            }
            for name, score in found.scores.items()
        },
        **explained("forecast", said=_said(found, scope), caveats=_caveats(found), would_change=_would_change(found)),
    }


def _finite(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124 - not a number is not equal to itself


def _said(found: Backtest, scope: Scope) -> list[Message]:
    score, rate, simple = (found.scores.get(name) for name in (BLEND, RUN_RATE, BEST_SIMPLE))
    if found.reason in NOTHING_SAID:
        return [Message(NOTHING[found.reason, scope == Scope()])]
    if found.reason == "only_won_deals":
        return [
            Message(N_("Only won deals are known, none that was lost: there is no forecast to try on past periods."))
        ]
    if found.reason == "owners_unknown":
        text = N_("Who owned the deals on past days is not known: no forecast of one person can be tried on them.")
        return [Message(text)]
    if score is None or rate is None or simple is None:
        return [Message(N_("There is no past period to try the forecast on: it takes 26 weeks of history before one."))]
    less = abs(1.0 - score.crps / rate.crps) if rate.crps > 0 else 0.0
    values = {"n": score.n, "inside": Rate(score.coverage80), "less": Rate(less)}
    said = [
        Message(
            N_(
                "On {n} past {n:period|periods}, seen from the day before, the range held what came in {inside} of "
                "them; about 80% is right."
            ),
            values,
        ),
        *_concluded(found),
    ]
    if less < _HARDLY:
        said.append(Message(N_("The forecast erred as much as carrying on at the pace of late would have.")))
    elif score.crps <= rate.crps:
        said.append(Message(N_("The forecast erred {less} less than carrying on at the pace of late."), values))
    else:
        said.append(
            Message(
                N_("The forecast erred {less} more than carrying on at the pace of late; do not rely on it."), values
            )
        )
    if simple.crps < score.crps:
        said.append(Message(N_("The simple method that had done best before would have erred less.")))
    return said


def _concluded(found: Backtest) -> list[Message]:
    """Say whether the ranges were right, and how much wider they should have been, where chance does not explain it."""
    score = found.scores[BLEND]
    verdict = judged(score.coverage80, separate(score.n, found.months), LEVEL)
    if verdict is None:
        return []
    times = wanted([(one.mean, one.low, one.high, one.came) for one in found.origins], LEVEL)
    if verdict == "too_wide":
        return [Message(N_("So many by chance is unlikely: the ranges were wider than they had to be."))]
    if times is None or times < WIDER:
        return [Message(N_("So few by chance is unlikely: the ranges were too narrow."))]
    text = N_(
        "So few by chance is unlikely: the ranges were too narrow. {times} times as wide they would have held {level}; "
        "allow for that where a plan hangs on the range."
    )
    return [Message(text, {"times": times, "level": Rate(LEVEL)})]


def _would_change(found: Backtest) -> list[Message]:
    if found.reason == "too_little_history":
        return [Message(N_("With 26 weeks of history the forecast looks at each open deal."))]
    if found.reason in NOTHING_SAID:
        return [Message(N_("From five won deals with their amounts on there is a forecast."))]
    if found.reason == "owners_unknown":
        return [Message(HOW_OWNERS_COME)]
    if found.reason == "only_won_deals":
        return [Message(N_("Import lost deals, too: then the forecast looks at each open deal."))]
    return [Message(N_("Field histories of amount, owner and expected close show past days as they were."))]


def _caveats(found: Backtest) -> list[Message]:
    score = found.scores.get(BLEND)
    if score is None:
        return [Message(N_("How far to trust a forecast can only be said from periods that are over."))]
    return [tried(score.n, found.months)]
