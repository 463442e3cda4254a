"""What few people won is withheld alike on every page, so that no two pages together show one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.forecast.few_people import without_trials
from bokgi.apps.pipeline.few_winners import won_shown
from bokgi.apps.pipeline.selectors import WHOLE, Screen
from bokgi.apps.planning.kpi_views import seen
from bokgi.domain.period import Period
from bokgi.questions.answers import Question
from bokgi.questions.asked import Json
from bokgi.questions.roster import ask_roster
from bokgi.questions.sellers import Moment, ask_sellers

ON = date(2026, 11, 24)
QUARTER, JULY, AUGUST = (Period.parse(name) for name in ("2026-Q3", "2026-07", "2026-08"))
Wins = Mapping[str, Sequence[tuple[str, str | None, str]]]
"""By month: who won, in which team and pipeline."""


class Company:
    """Answers of a company whose teams are given; each of `wins` is of a deal that was there in that month alone."""

    def __init__(self, teams: Mapping[str, str | None], wins: Wins) -> None:
        self._teams = teams
        self._wins = wins

    def _rows(self, won: Sequence[tuple[str, str | None, str]]) -> list[Json]:
        return [{"pipeline": pipeline, "team": team, "people": [person]} for person, team, pipeline in won]

    def _in(self, period: Moment) -> list[tuple[str, str | None, str]]:
        assert isinstance(period, Period)
        return [one for month, won in self._wins.items() if Period.parse(month).start in period for one in won]

    def ask(self, question: Question, *, also: Sequence[Moment] = (), periods: Sequence[Period] = ()) -> Json:
        """Answer as the questions of the same names do, as far as is asked here."""
        if question is ask_roster:
            people = [{"person_id": one, "name": one, "team": team} for one, team in self._teams.items()]
            return {"people": people}
        if question is ask_sellers:
            today = self._rows([(one, team, "a") for one, team in self._teams.items()])
            moments = [today, *(self._rows(self._in(one)) for one in also)]
            return {"pipelines": ["a", "b"], "managers": [], "moments": moments}
        names = ("person_id", "team", "pipeline")
        whose = [[dict(zip(names, one, strict=True)) for one in self._in(period)] for period in periods]
        return {"periods": [{"whose": one} for one in whose]}


def screen(
    monkeypatch: pytest.MonkeyPatch, company: Company, *also: Period, pipeline: str | None = None, on: date = ON
) -> Screen:
    """Give the screen of a viewer of a company on a day; today is `ON`."""
    monkeypatch.setenv("BOKGI_TODAY", ON.isoformat())

    def ask(_screen: Screen, question: Question, /, **parameters: Sequence[Period]) -> Json:
        return company.ask(question, **parameters)

    monkeypatch.setattr(Screen, "ask", ask)
    monkeypatch.setattr(Screen, "year_starts", 1)
    viewer = Viewer(Role.VIEWER)
    return Screen(PageRequest(), viewer, on, None, "en", "KRW", pipeline=pipeline, shows="sums", also=also)


def test_a_month_is_judged_with_the_teams_that_other_pages_show(monkeypatch: pytest.MonkeyPatch) -> None:
    teams = {"lee": "1팀", "park": "1팀", "choi": "1팀", "seo": "2팀", "nam": "2팀", "han": "2팀"}
    wins: Wins = {
        "2026-07": [("lee", "1팀", "a"), ("seo", "2팀", "a"), ("nam", "2팀", "a")],
        "2026-08": [("park", "1팀", "a")],
        "2026-09": [("choi", "1팀", "a")],
    }
    company = Company(teams, wins)
    # The quarter less that of the first team is what seo and nam won in July: the others of July would be lee's.
    of_quarter = screen(monkeypatch, company, QUARTER)
    assert won_shown(of_quarter, [QUARTER, JULY]) == {(WHOLE, QUARTER), ("1팀", QUARTER)}
    # The page of July does not show the first team, of which only lee sold then.
    of_july = screen(monkeypatch, company, JULY)
    assert of_july.shown == {WHOLE}
    assert not won_shown(of_july, [JULY])


def test_a_month_of_a_pipeline_is_shown_where_that_of_all_is(monkeypatch: pytest.MonkeyPatch) -> None:
    four, others = ("lee", "park", "choi", "kim"), ("seo", "nam", "han", "min", "oh", "yu")
    wins: Wins = {
        "2026-07": [(one, None, pipeline) for one in four for pipeline in ("a", "b")],
        "2026-08": [(one, None, "a" if place % 2 else "b") for place, one in enumerate(others)],
        "2026-09": [("lee", None, "a")],
    }
    company = Company(dict.fromkeys((*four, *others)), wins)
    # The quarter less August and July is September, which is lee's: of all August is shown.
    assert won_shown(screen(monkeypatch, company), [QUARTER, JULY, AUGUST]) == {(WHOLE, QUARTER), (WHOLE, AUGUST)}
    # In each pipeline July is larger; both of them together would be July of all.
    narrowed = screen(monkeypatch, company, pipeline="a")
    assert won_shown(narrowed, [QUARTER, JULY, AUGUST]) == {(WHOLE, QUARTER)}


def test_on_a_past_day_what_was_over_is_shown_as_today(monkeypatch: pytest.MonkeyPatch) -> None:
    of_july, of_august = ("lee", "seo", "nam"), ("park", "choi", "han")
    wins: Wins = {
        "2026-07": [(one, None, "a") for one in of_july],
        "2026-08": [(one, None, "a") for one in of_august],
        "2026-09": [("lee", None, "a")],
    }
    company, asked = Company(dict.fromkeys((*of_july, *of_august)), wins), [QUARTER, JULY, AUGUST]
    # The quarter less two of its months would be September, which is lee's.
    assert won_shown(screen(monkeypatch, company), asked) == {(WHOLE, QUARTER), (WHOLE, JULY)}
    # On the last Sunday of August the quarter was nothing but these two months.
    assert won_shown(screen(monkeypatch, company, on=date(2026, 8, 30)), asked) == {(WHOLE, JULY)}


def test_a_month_in_which_nobody_of_a_team_won_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    teams = {"lee": "1팀", "park": "1팀", "choi": "1팀", "seo": "2팀", "nam": "2팀", "han": "2팀"}
    everybody, second = ([(one, team, "a") for one, team in teams.items() if team in of] for of in ("1팀2팀", "2팀"))
    company = Company(teams, {"2026-07": everybody, "2026-08": second, "2026-09": everybody})
    # The quarter less July and September would tell it anyway.
    assert ("1팀", AUGUST) in won_shown(screen(monkeypatch, company), [QUARTER, JULY, AUGUST])


def test_kpis_that_hold_what_was_won_go_by_who_won(monkeypatch: pytest.MonkeyPatch) -> None:
    three = [(one, None, "a") for one in ("lee", "park", "choi")]
    rows = [
        {"key": key, "value": 1, "n": 5, "reason": None}
        for key in ("win-rate", "attainment", "coverage", "pipeline-conversion")
    ]
    for july, october, told in (
        (three, three, {"attainment", "coverage", "pipeline-conversion"}),
        (three[:1], three, {"attainment", "coverage"}),
        (three, three[:1], {"pipeline-conversion"}),
    ):
        company = Company(dict.fromkeys(("lee", "park", "choi")), {"2026-07": july, "2026-10": october})
        found = seen(screen(monkeypatch, company), rows)
        assert {row["key"] for row in found if row["value"] is not None} == told | {"win-rate"}


def test_how_a_forecast_did_is_told_where_no_period_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    three = [(one, None, "a") for one in ("lee", "park", "choi")]
    tried: Json = {"calibration": {"since": "2026-08-10", "bias": 0.1}, "benchmarks": {"run_rate": {"crps": 7}}}
    for september, hides in ((three, False), (three[:1], True)):
        wins: Wins = {"2026-08": three, "2026-09": september, "2026-10": three}
        company = Company(dict.fromkeys(("lee", "park", "choi")), wins)
        found = without_trials(screen(monkeypatch, company), tried)
        assert (found["calibration"] is None) is hides
        assert (found["benchmarks"]["run_rate"]["crps"] is None) is hides
