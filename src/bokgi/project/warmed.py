"""What the main screens ask when they are opened: the worker asks it first, after an import and every morning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from typing import Final

from bokgi.analysis.forecast.benchmarks import RUN_RATE, SEASONAL_NAIVE
from bokgi.analysis.funnel import FunnelMode
from bokgi.analysis.trends import windows
from bokgi.apps.access.asking import answers, main_question, open_questions, viewer_for
from bokgi.apps.access.selectors import managers, organisation
from bokgi.apps.forecast.few_people import months_before, past_of
from bokgi.apps.pipeline.bottleneck import costliest, first_deals, where_of
from bokgi.apps.pipeline.change import WEEKS as SPANS
from bokgi.apps.pipeline.change import starts_of
from bokgi.apps.pipeline.few_winners import months_judged, months_of
from bokgi.apps.pipeline.win_loss import weeks_up_to
from bokgi.apps.reviews.pack import review_pack
from bokgi.apps.reviews.record import ask_page_of_pack
from bokgi.apps.reviews.rules import reviewed_week
from bokgi.apps.today.news import since
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import LANGUAGES
from bokgi.domain.period import Period
from bokgi.questions.answers import Question
from bokgi.questions.attributes import ask_attributes
from bokgi.questions.backtest import ask_backtest
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.changes import ask_changes
from bokgi.questions.compare import compare
from bokgi.questions.concentration import ask_concentration
from bokgi.questions.content_effect import ask_content_effect
from bokgi.questions.data_quality import ask_data_quality
from bokgi.questions.deals import ANY_REASON, Where, list_deals
from bokgi.questions.decompose import decompose
from bokgi.questions.forecast import MONTH, ask_forecast
from bokgi.questions.forecast_categories import ask_category_people
from bokgi.questions.funnel import WINDOW_DAYS, ask_funnel
from bokgi.questions.kpis import WEEKS, ask_kpis
from bokgi.questions.newest import ask_newest
from bokgi.questions.person import ask_won_by_month, tell_person
from bokgi.questions.pipeline import tell_pipeline_change
from bokgi.questions.roster import ask_roster
from bokgi.questions.search import prepare_search
from bokgi.questions.sellers import Moment, ask_sellers
from bokgi.questions.trends import COUNT, ask_trends
from bokgi.questions.win_loss import ask_win_loss
from bokgi.questions.won import ask_won
from bokgi.questions.working_calendar import ask_working_calendar
from bokgi.ui.listing import SIZE


def _tomorrow(on: date) -> date:
    return on + timedelta(days=1)


def _quarter(on: date) -> Period:
    """Give the company's quarter of a day."""
    company = organisation()
    return Period.quarter_of(on, 1 if company is None else company.fiscal_year_starts)


def _window(back: int) -> dict[str, object]:
    """Give the funnel's window, or the one before it (`back` = 1)."""
    return {
        "start": lambda on: _tomorrow(on) - timedelta(days=WINDOW_DAYS * (back + 1)),
        "end": lambda on: _tomorrow(on) - timedelta(days=WINDOW_DAYS * back),
    }


def _months_so_far(on: date) -> tuple[Period, ...]:
    return tuple(month for month in months_of(_quarter(on)) if month.start <= on)


def _judged(periods: Sequence[Period], on: date) -> tuple[Period, ...]:
    company = organisation()
    year_starts = 1 if company is None else company.fiscal_year_starts
    return months_judged((month for one in periods for month in months_of(one)), on, year_starts)


def _last(on: date, days: int = WINDOW_DAYS) -> Period:
    return Period(_tomorrow(on) - timedelta(days=days), _tomorrow(on))


def _week_before(on: date) -> tuple[Moment, ...]:
    return (on - timedelta(days=7),)


def _compared(on: date) -> tuple[Moment, ...]:
    """Give the funnel's window and the one before it."""
    return _last(on), _last(on).previous()


def _carried_on(on: date, *, method: str) -> tuple[Moment, ...]:
    """Give the company's quarter, and the periods whose wins a simple method of its forecast carries on."""
    return _quarter(on), *past_of(_quarter(on), on)[method]


def _of_dictionary(on: date) -> tuple[Moment, ...]:
    return _last(on, 7 * WEEKS), _last(on)


def _of_change(on: date) -> tuple[Moment, ...]:
    return tuple(start - timedelta(days=1) for start in starts_of(on))


def _start(on: date, *, place: int) -> date:
    """Give the first day of one of the changes that the page of the pipeline's change offers."""
    return starts_of(on)[place]


def _of_trends(on: date) -> tuple[Moment, ...]:
    return windows(on, weeks=WEEKS, count=COUNT)


def register() -> None:
    """Name the questions of Today, Funnel, Forecast, People and the weekly review, as they are asked there."""
    mode = FunnelMode.STAGE_ENTRY_COHORT.value
    main_question(ask_working_calendar)
    main_question(ask_newest)
    main_question(find_bottlenecks)
    main_question(compare)
    main_question(ask_won_by_month)
    for period in (_quarter, Period.month_of):
        main_question(ask_forecast, period=period, team=None)
    main_question(ask_backtest, period=MONTH, team=None)
    main_question(ask_changes, team=None)
    main_question(ask_kpis, team=None)
    main_question(ask_trends, team=None)
    main_question(ask_win_loss, team=None)
    main_question(list_deals, where=Where(attention=ANY_REASON), order="attention", limit=10)
    main_question(list_deals, where=Where(), order="amount", reverse=False, limit=SIZE, offset=0)
    main_question(ask_data_quality)
    for by in ((), ("person",)):
        main_question(ask_funnel, mode=mode, by=by, **_window(0))
    main_question(ask_funnel, mode=mode, by=(), **_window(1))
    main_question(ask_attributes)
    main_question(ask_sellers)
    for also in (
        _week_before,
        _compared,
        _of_dictionary,
        _of_trends,
        lambda on: (weeks_up_to(on),),
        months_before,
        _of_change,
        lambda on: (_quarter(on),),
        lambda on: (_quarter(on), *_week_before(on)),
        lambda on: (_last(on),),
        *(partial(_carried_on, method=name) for name in (RUN_RATE, SEASONAL_NAIVE)),
    ):
        main_question(ask_sellers, also=also)
    main_question(ask_category_people, period=_quarter, pipeline=None)
    main_question(ask_won, periods=_months_so_far)
    main_question(ask_won, periods=lambda on: _judged((_quarter(on), _quarter(on).before()), on))
    main_question(ask_won, periods=lambda on: _judged(months_before(on), on))
    main_question(ask_won, periods=lambda on: (_last(on, 7 * WEEKS),))
    main_question(ask_content_effect)
    main_question(ask_concentration, team=None)
    main_question(decompose, period=_quarter, team=None)
    main_question(decompose, period=_quarter, to_target=True, team=None)
    main_question(prepare_search)
    main_question(review_pack, period=reviewed_week, team=None)
    week = {"week": lambda on: reviewed_week(on).iso_week, "team": None}
    for lang in LANGUAGES:
        main_question(ask_page_of_pack, **week, lang=lang)
    for place in range(len(SPANS)):
        main_question(tell_pipeline_change, start=partial(_start, place=place), team=None)
    main_question(tell_pipeline_change, start=since, team=None)
    open_questions(_of_bottleneck)
    open_questions(_of_people)
    open_questions(_of_teams)
    open_questions(_of_managers)


def _of_bottleneck(on: date) -> Iterator[tuple[Question, dict[str, object]]]:
    """Name what the funnel lists below the bottleneck: the deals that stand there, as who sees all deals asks for."""
    with suppress(NotFoundError):
        found = costliest(answers().ask(find_bottlenecks, as_of=on)["units"])
        if found is not None:
            yield list_deals, first_deals(where_of(found, owners=None, team=None))


PEOPLE: Final = 60
"""So many people's pages are asked beforehand at most; those of further people share what these leave in place."""


def _of_people(on: date) -> Iterator[tuple[Question, dict[str, object]]]:
    """Name what the pages of people ask. Their answers are kept, so that a server that has just started reads them."""
    with suppress(NotFoundError):
        people = dict.fromkeys(row["person_id"] for row in answers().ask(ask_roster, as_of=on)["people"])
        for person_id in list(people)[:PEOPLE]:
            for question in (tell_person, ask_trends):
                yield question, {"person_id": person_id}


TEAMS: Final = 12
"""So many teams are asked about beforehand at most; the page of another one waits when it is opened first."""


def _of_teams(on: date) -> Iterator[tuple[Question, dict[str, object]]]:
    """Name the changes of each team: who sees sums only is shown one after all spans that are offered were judged."""
    with suppress(NotFoundError):
        teams = {row["team"] for row in answers().ask(ask_roster, as_of=on)["people"] if row["team"]}
        for team in sorted(teams)[:TEAMS]:
            for start in starts_of(on):
                yield tell_pipeline_change, {"start": start, "team": team}


def _of_managers(on: date) -> Iterator[tuple[Question, dict[str, object]]]:
    """Name the packs that managers open first: each one's first team, those signed in last before others."""
    company = organisation()
    with suppress(NotFoundError):
        roster = answers().ask(ask_roster, as_of=on)["people"]
        opened: dict[str, list[str]] = {}
        for user in managers():
            managed = viewer_for(user, on=on).managed
            team = min((row["team"] for row in roster if row["team"] and row["person_id"] in managed), default=None)
            if team is not None and (team in opened or len(opened) < TEAMS):
                opened.setdefault(team, []).append(user.language or (company.language if company else LANGUAGES[0]))
        for team, languages in opened.items():
            week = reviewed_week(on)
            yield review_pack, {"period": week, "team": team}
            for lang in sorted(set(languages)):
                yield ask_page_of_pack, {"week": week.iso_week, "team": team, "lang": lang}
