"""The forecast and what people submit: the figures of the command, whose they are, numbers that fit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from bokgi.apps.access.erasing import person_erase
from bokgi.apps.access.models import AuditEntry, Organisation
from bokgi.apps.forecast.models import Submission
from bokgi.domain.period import Period
from bokgi.questions.answers import Answers
from bokgi.questions.backtest import ask_backtest
from bokgi.questions.forecast import ask_forecast
from bokgi.ui.speaker import Speaker
from tests.homes import PEOPLE, SELLERS, TODAY, add, copied, older_deals, pipeline_of

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")
QUARTER = Period.quarter_of(TODAY)


@pytest.fixture
def own_home(home: Path, tmp_path: Path, settings: Settings) -> Path:
    """Copy the home of the tests, so that it can be written into."""
    folder = copied(home, tmp_path / "home")
    settings.HOME = folder
    return folder


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return unescape(answer.content.decode())


def submit(client: Client, **given: str) -> int:
    return client.post("/forecast/submit/", {"period": "2026-Q4", **given}).status_code


def test_the_page_shows_the_figures_of_the_command(as_role: AsRole, home: Path) -> None:
    answer = Answers(home).ask(ask_forecast, as_of=TODAY, period=QUARTER, team=None)
    shown, speaker = page(as_role("leader"), "/forecast/"), Speaker("en", TODAY, "KRW")
    for figure in (answer["mean"], answer["won_so_far"], *(answer["quantiles"][level] for level in ("0.10", "0.90"))):
        assert speaker.money_short(figure) in shown
    for row in answer["people"]:
        assert row["name"] in shown


@pytest.mark.parametrize("period", ["2026-Q4", "2026-12"])
def test_each_category_opens_the_deals_that_it_counts(as_role: AsRole, period: str) -> None:
    client = as_role("leader")
    (address, number), *_more = re.findall(
        r'href="(/deals/[?][^"]*category=none[^"]*)"[^>]*>([0-9,]+)</a>', page(client, f"/forecast/?period={period}")
    )
    listed = client.get(f"{address}&export=csv").content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(listed)))) == int(number) > 0
    assert "/deals/" not in page(as_role("viewer"), f"/forecast/?period={period}")


def test_another_period_and_a_team_have_their_page(as_role: AsRole, home: Path) -> None:
    answer = Answers(home).ask(ask_forecast, as_of=TODAY, period=Period.month_of(TODAY), team="1팀")
    shown = page(as_role("leader"), "/forecast/?period=2026-11&team=1%ED%8C%80")
    assert Speaker("en", TODAY, "KRW").money_short(answer["mean"]) in shown
    assert PEOPLE["seo"] not in shown


def rows(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"{address}&export=csv").content.decode("utf-8-sig"))))


def test_a_person_has_the_forecast_of_own_deals_and_a_colleague_none(as_role: AsRole, home: Path) -> None:
    answer, speaker = (
        Answers(home).ask(ask_forecast, as_of=TODAY, period=QUARTER, person="lee"),
        Speaker("en", TODAY, "KRW"),
    )
    for role in ("leader", "rep", "manager"):
        shown = page(as_role(role), "/forecast/?person=lee")
        assert speaker.money_short(answer["won_so_far"]) in shown
        assert speaker.say(answer["said"][0]) in shown
        tabs = shown.split('<nav class="tabs"')[1].split("</nav>")[0]
        assert tabs.count("?person=lee") == 3
        assert PEOPLE["seo"] not in shown.split('id="answer"')[1]
    for address in ("/forecast/", "/forecast/submissions/", "/forecast/backtest/"):
        page(as_role("rep"), f"{address}?person=lee")
        page(as_role("rep"), f"{address}?person=park", status=404)


def test_what_a_person_or_team_won_opens_those_deals(as_role: AsRole, reading: Callable[..., Path]) -> None:
    # A year of older deals: only then the forecast is told person by person.
    home = reading({"deals": older_deals()})
    client = as_role("leader")
    answer = Answers(home).ask(ask_forecast, as_of=TODAY, period=QUARTER, team=None)
    shown = page(client, "/forecast/")
    links = {
        **dict(re.findall(r'href="(/deals/[?][^"]*(person=[a-z]+)[^"]*outcome=won[^"]*)"', shown)),
        **dict(re.findall(r'href="(/deals/[?][^"]*(team=[^&"]+)[^"]*outcome=won[^"]*)"', shown)),
    }
    won = {f"person={row['person_id']}": row["won_so_far"] for row in answer["people"] if row["person_id"]}
    won |= {f"team={quote(row['team'])}": row["won_so_far"] for row in answer["teams"] if row["team"]}
    assert set(links.values()) == {key for key, amount in won.items() if Decimal(amount["amount"])}
    assert len(links) > 4
    for address, whose in links.items():
        assert sum(Decimal(row["Amount"]) for row in rows(client, address)) == Decimal(won[whose]["amount"])
    still = dict(re.findall(r'href="(/deals/[?][^"]*((?:person|team)=[^&"]+)[^"]*outcome=open[^"]*)"', shown))
    to_come = {f"person={row['person_id']}": row["open"] for row in answer["people"] if row["person_id"]}
    to_come |= {f"team={quote(row['team'])}": row["open"] for row in answer["teams"] if row["team"]}
    assert set(still.values()) == {key for key, amount in to_come.items() if Decimal(amount["amount"])}
    assert all(rows(client, address) for address in still)


def test_a_pipeline_has_its_forecast_without_what_is_of_all_of_them(
    as_role: AsRole, reading: Callable[..., Path]
) -> None:
    home = reading(pipeline_of([*SELLERS, "han"]))
    leader = as_role("leader")
    assert submit(leader, subject="organisation:all", amount="987,654,321") == 302
    assert submit(leader, subject="person:lee", amount="97,531,246", reason="x") == 302
    answer = Answers(home).ask(ask_forecast, as_of=TODAY, period=QUARTER, pipeline="renewal")
    shown = page(leader, "/forecast/?pipeline=renewal")
    assert answer["target"] is None
    assert answer["won_so_far_n"] == len(SELLERS) + 1
    assert Speaker("en", TODAY, "KRW").money_short(answer["won_so_far"]) in shown
    assert "are of all pipelines" in shown
    for said in ("987", "97,531", "97.5"):
        assert said not in shown.split('id="answer"')[1]
    for row in answer["people"]:
        found = rows(leader, f"/deals/?pipeline=renewal&person={row['person_id']}&outcome=won")
        assert sum(Decimal(one["Amount"]) for one in found) == Decimal(row["won_so_far"]["amount"])
    assert "All pipelines" in page(leader, "/forecast/submissions/?pipeline=renewal")


def test_a_person_who_never_won_is_told_so(as_role: AsRole) -> None:
    shown = page(as_role("leader"), "/forecast/?person=han")
    assert "None of these deals has been won yet, so there is nothing to forecast from." in shown


@pytest.mark.parametrize("query", ["period=soon", "period=2026-11-30..2026-11-01", "period=2029-01"])
def test_what_is_no_period_is_refused(as_role: AsRole, query: str) -> None:
    assert as_role("leader").get(f"/forecast/?{query}").status_code == 400


def test_people_and_teams_are_sorted_cut_to_columns_and_taken_along_each_by_itself(
    as_role: AsRole, own_home: Path
) -> None:
    add(own_home, {"deals": older_deals()})
    answer = Answers(own_home).ask(ask_forecast, as_of=TODAY, period=QUARTER, team=None)
    client = as_role("leader")
    shown = page(client, "/forecast/?people-sort=-mean&people-columns=&teams-find=none")
    people = shown[shown.index('id="by-people"') :]
    teams = shown[shown.index('id="by-teams"') : shown.index('id="by-people"')]
    assert 'aria-sort="descending"' in people
    assert 'aria-sort="descending"' not in teams
    assert "no rows" in teams
    assert "no rows" not in people
    assert 'id="by-people-by-won"' not in people
    wanted = [
        row["name"]
        for row in sorted(answer["people"], key=lambda row: Decimal(row["mean"]["amount"]), reverse=True)
        if row["person_id"]
    ]
    places = [people.index(f">{name}</a>") for name in wanted]
    assert places == sorted(places)
    file = client.get("/forecast/?people-sort=-mean&people-export=csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert [row["Person"] for row in rows] == wanted
    expected = {row["name"]: Decimal(row["mean"]["amount"]) for row in answer["people"]}
    assert all(Decimal(row["Expected"]) == expected[row["Person"]] for row in rows)
    own = as_role("rep").get("/forecast/?people-export=csv").content.decode("utf-8-sig")
    assert PEOPLE["lee"] in own
    assert PEOPLE["seo"] not in own


def test_the_backtest_has_its_page(as_role: AsRole, home: Path) -> None:
    answer = Answers(home).ask(ask_backtest, as_of=TODAY, period="month", team=None)
    shown = page(as_role("leader"), "/forecast/backtest/")
    assert Speaker("en", TODAY, "KRW").say(answer["said"][0]) in shown


def test_a_rep_submits_and_everything_submitted_before_stays(as_role: AsRole) -> None:
    rep = as_role("rep")
    assert submit(rep, subject="person:lee", amount="2.6억", commit="2억", best_case="3억", note="둘은 이달") == 302
    assert submit(rep, subject="person:lee", amount="3억") == 302
    assert [one.amount for one in Submission.objects.all()] == [Decimal(300000000), Decimal(260000000)]
    newest = Submission.objects.first()
    assert newest is not None
    assert (newest.on, newest.period, newest.is_override) == (TODAY, QUARTER, False)
    shown = page(rep, "/forecast/submissions/?person=lee")
    assert "둘은 이달" in shown
    assert AuditEntry.objects.filter(action="submission_save").count() == 2


def test_pressed_twice_it_is_one(as_role: AsRole) -> None:
    rep = as_role("rep")
    assert [submit(rep, subject="person:lee", amount="2억") for _ in range(2)] == [302, 422]
    assert Submission.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"amount": ""}, "The number is missing"),
        ({"amount": "many"}, "is no amount"),
        ({"amount": "2억", "commit": "3억"}, "Commit is more"),
        ({"amount": "2억", "best_case": "1억"}, "Best case is less"),
        ({"amount": "2억", "period": "2026-Q3"}, "This period is over"),
        ({"amount": "2000조"}, "too large"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_in_words(as_role: AsRole, given: dict[str, str], says: str) -> None:
    answer = as_role("rep").post("/forecast/submit/", {"subject": "person:lee", "period": "2026-Q4", **given})
    assert answer.status_code == 422
    assert says in unescape(answer.content.decode())
    assert not Submission.objects.exists()


def test_a_leader_overrides_with_a_reason_and_both_numbers_stand(as_role: AsRole) -> None:
    assert submit(as_role("rep"), subject="person:lee", amount="2억") == 302
    leader = as_role("leader")
    assert submit(leader, subject="person:lee", amount="1억") == 422
    assert submit(leader, subject="person:lee", amount="1억", reason="계약이 1월로") == 302
    shown = page(as_role("rep"), "/forecast/submit/?subject=person:lee")
    assert "계약이 1월로" in shown
    assert Submission.objects.filter(is_override=True, amount=Decimal(100000000)).exists()


def test_who_may_not_submit_for_somebody_does_not(as_role: AsRole) -> None:
    for role, subject, status in (
        ("rep", "person:seo", 404),
        ("rep", "person:park", 404),
        ("rep", "organisation:all", 403),
        ("rep", "team:1팀", 403),
        ("manager", "person:seo", 404),
        # Two people sell there: to others it is no team that has sums.
        ("manager", "team:2팀", 404),
        ("viewer", "organisation:all", 403),
        ("leader", "person:nobody", 404),
        ("leader", "mood:blue", 400),
    ):
        assert submit(as_role(role), subject=subject, amount="2억", reason="x") == status, (role, subject)
    assert not Submission.objects.exists()
    assert submit(as_role("manager"), subject="person:park", amount="2억", reason="x") == 302


def test_a_colleague_sees_no_number_of_a_colleague(as_role: AsRole) -> None:
    assert submit(as_role("leader"), subject="person:seo", amount="77,123,456", reason="비밀 이유") == 302
    for address in ("/forecast/", "/forecast/submissions/", "/forecast/submissions/?export=csv"):
        shown = page(as_role("rep"), address)
        assert "비밀 이유" not in shown
        assert "77,123,456" not in shown
        assert "77123456" not in shown
    assert "비밀 이유" in page(as_role("leader"), "/forecast/submissions/")


def test_a_note_to_the_number_of_a_team_is_for_who_leads(as_role: AsRole) -> None:
    assert submit(as_role("leader"), subject="organisation:all", amount="9억", note="박지훈 건은 미뤄짐") == 302
    assert "9" in page(as_role("rep"), "/forecast/submissions/")
    for address in ("/forecast/submissions/", "/forecast/submissions/?export=csv"):
        assert "박지훈" not in page(as_role("rep"), address)
        assert "박지훈" in page(as_role("manager"), address)


def test_what_was_submitted_goes_along_as_a_file(as_role: AsRole) -> None:
    rep = as_role("rep")
    assert submit(rep, subject="person:lee", amount="2억", note="=1+1") == 302
    answer = rep.get("/forecast/submissions/?export=csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["Period"], row["Submitted number"], row["Note"]) == ("2026-Q4", "200000000.00", "'=1+1")


def test_accuracy_is_said_from_four_periods_on(as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    rep, shown = as_role("rep"), ""
    for number, month in enumerate((7, 8, 9, 10), start=1):
        on = date(2026, month, 5)
        monkeypatch.setenv("BOKGI_TODAY", on.isoformat())
        assert submit(rep, subject="person:lee", amount="1.5억", period=f"2026-{month:02d}") == 302
        monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
        shown = page(rep, "/forecast/submissions/?person=lee")
        assert (f"{number} of at least 4 periods" in shown) is (number < 4)
    assert "over 4 periods" in shown.lower()


def test_an_erased_person_leaves_no_words(as_role: AsRole) -> None:
    assert submit(as_role("rep"), subject="person:lee", amount="2억", note="내가 씀") == 302
    assert submit(as_role("leader"), subject="person:lee", amount="1억", reason="본인과 이야기함") == 302
    assert submit(as_role("leader"), subject="organisation:all", amount="9억", note=f"{PEOPLE['lee']} 건은 빼고") == 302
    assert submit(as_role("leader"), subject="organisation:all", amount="8억", note="모두") == 302
    person_erase(person_id="lee", words=[PEOPLE["lee"]])
    assert sorted(one.note + one.reason for one in Submission.objects.all()) == ["", "lee 건은 빼고", "–", "모두"]
    assert Submission.objects.count() == 4


@pytest.mark.parametrize(
    ("year_starts", "name", "key"),
    [(4, "FY2026 Q3 (Oct–Dec)", "2026-Q4"), (2, "FY2026 Q4 (Nov–Jan)", "2026-11-01..2027-02-01")],
)
def test_a_company_sees_the_quarters_of_its_own_year(as_role: AsRole, year_starts: int, name: str, key: str) -> None:
    client = as_role("leader")
    Organisation.objects.update(fiscal_year_starts=year_starts)
    shown = page(client, "/forecast/").replace("\u00a0", " ")
    assert name in shown
    assert f"period={key}" in shown
    assert "FY2026 Q2" in shown or "FY2026 Q3" in shown
    assert name in page(client, "/forecast/submit/").replace("\u00a0", " ")


def test_the_page_of_submissions_keeps_the_pipeline_and_names_whose_it_is(as_role: AsRole, own_home: Path) -> None:
    add(own_home, pipeline_of([*SELLERS, "han"]))
    shown = page(as_role("leader"), "/forecast/submissions/?pipeline=renewal")
    tabs = shown.split('<nav class="tabs"')[1].split("</nav>")[0]
    assert tabs.count("pipeline=renewal") == 3
    assert "All pipelines" in shown


def test_a_rep_who_sees_no_sum_reads_the_own_name_where_the_own_numbers_stand(
    as_role: AsRole, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bokgi.apps.forecast.selectors.may_see", lambda _screen, subject: subject.id == "lee")
    del own_home
    chips = page(as_role("rep"), "/forecast/submissions/").split('id="answer"')[0]
    assert f'aria-current="true">{PEOPLE["lee"]}<' in chips


def test_somebody_who_left_keeps_the_name_beside_submitted_numbers(as_role: AsRole, own_home: Path) -> None:
    assert submit(as_role("leader"), subject="person:seo", amount="2억", reason="x") == 302
    members = "person_id | team | role | manager_id | share | started_on | valid_from | valid_to | left_on"
    members += f"\nseo | 2팀 | AE | han | 1 | 2021-01-04 | 2021-01-04 | {TODAY} | {TODAY}"
    add(own_home, {"memberships": members})
    shown = page(as_role("leader"), "/forecast/submissions/")
    assert PEOPLE["seo"] in shown.split('id="submitted"')[1]


def test_a_team_without_any_deal_has_pages_that_say_so(as_role: AsRole, own_home: Path) -> None:
    columns = "person_id | team | role | manager_id | share | started_on | valid_from | valid_to"
    add(own_home, {"memberships": f"{columns}\nyun | 9팀 | AE | | 1 | 2026-11-10 | 2026-11-10 |"})
    leader = as_role("leader")
    for address in ("/today/", "/forecast/", "/forecast/backtest/", "/funnel/", "/funnel/change/", "/kpi/"):
        shown = page(leader, f"{address}?team=9팀")
        if address in {"/today/", "/forecast/"}:
            assert "None of these deals has been won yet" in shown, address
    page(leader, "/today/?team=8팀", status=404)


def test_a_team_that_had_nobody_on_a_past_day_is_told_so(as_role: AsRole, own_home: Path) -> None:
    columns = "person_id | team | role | manager_id | share | started_on | valid_from | valid_to"
    add(own_home, {"memberships": f"{columns}\nhan | 3팀 | AE | | 1 | 2026-11-10 | 2026-11-10 |"})
    leader = as_role("leader")
    sums = ("/funnel/", "/funnel/compare/", "/funnel/change/", "/forecast/", "/forecast/backtest/")
    for address in ("/today/", *sums, "/kpi/"):
        shown = page(leader, f"{address}?team=3팀&as_of=2026-10-04")
        assert "Nobody was in this team on that day" in shown, address
    for address in ("/forecast/submissions/", "/deals/"):
        page(leader, f"{address}?team=3팀&as_of=2026-10-04")
    page(leader, "/funnel/?team=9팀&as_of=2026-10-04", status=404)


def test_a_page_that_waits_is_left_as_it_is_until_its_figures_are_there(
    as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = as_role("leader")
    pages = {"/forecast/": "forecast.views", "/kpi/": "planning.kpi_views", "/today/?person=lee": "pipeline.selectors"}
    for address, module in pages.items():
        with monkeypatch.context() as patched:
            patched.setattr(f"bokgi.apps.{module}.ask_later", lambda *_, **__: None)
            shown = page(leader, address)
            (parts,) = re.findall(r'id="waits"[^>]*hx-select-oob="([^"]*)"', shown)
            assert all(shown.count(f'id="{part[1:]}"') == 1 for part in parts.split(",")), address
            assert leader.get(address, headers={"hx-request": "true"}).status_code == 204, address
            # What is outside of these parts is not filled later.
            assert ("/forecast/submit/?" in shown) is (address == "/forecast/"), address
        there = page(leader, address)
        assert all(there.count(f'id="{part[1:]}"') == 1 for part in parts.split(",")), address
        assert 'id="waits"' not in there
