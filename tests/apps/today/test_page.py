"""Today: each part for whom it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.pipeline.selectors import Screen
from bokgi.apps.reviews.services import planning
from bokgi.apps.today.news import since
from bokgi.apps.today.tasks import STEPS
from bokgi.domain.period import Period
from bokgi.questions.answers import Answers
from bokgi.questions.changes import ask_changes
from bokgi.questions.compare import compare
from bokgi.questions.deals import Where, list_deals
from bokgi.questions.forecast import ask_forecast
from bokgi.questions.pipeline import tell_pipeline_change
from bokgi.ui.format import percent
from bokgi.ui.speaker import Speaker
from tests.homes import SELLERS, TODAY, pipeline_of

AsRole = Callable[[str], Client]


@pytest.fixture(autouse=True)
def late(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look two months later: every close date that was expected has passed."""
    del home
    monkeypatch.setenv("BOKGI_TODAY", "2027-01-31")


def page(client: Client) -> str:
    answer = client.get("/today/")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_the_head_names_the_day_the_quarter_and_what_is_looked_at(as_role: AsRole) -> None:
    shown = unescape(as_role("leader").get("/today/?team=1팀").content.decode()).replace("\N{NO-BREAK SPACE}", " ")
    assert '<span class="sub sm">1월 31일 일요일 · 2027년 1분기 · 1팀</span>' in shown
    assert '<span class="sub sm">1월 31일 일요일 · 2027년 1분기</span>' in page(as_role("leader")).replace("\xa0", " ")


def test_where_nothing_was_recorded_for_long_a_page_says_so_and_leads_to_the_day(
    as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = re.search(r"가장 최근 기록이 ([^<]+)입니다.*?as_of=([0-9-]+)", page(as_role("leader")))
    assert strip is not None
    day = strip[2]
    assert date.fromisoformat(day) <= TODAY
    assert strip[1].replace("\N{NO-BREAK SPACE}", " ") == "{0:%Y}년 {0.month}월 {0.day}일".format(
        date.fromisoformat(day)
    )
    assert "가장 최근 기록이" not in as_role("leader").get(f"/today/?as_of={day}").content.decode()
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    assert "가장 최근 기록이" not in page(as_role("leader"))


def test_a_leader_sees_the_deals_to_see_to_of_everybody(as_role: AsRole) -> None:
    shown = page(as_role("leader"))
    assert len([person for person in SELLERS if f"/deals/{person}-" in shown]) > 1
    assert "챙길 기회" in shown


def test_a_rep_sees_own_deals_and_own_result(as_role: AsRole) -> None:
    shown = page(as_role("rep"))
    assert {person for person in SELLERS if f"/deals/{person}-" in shown} == {"lee"}
    assert "/people/lee/" in shown


def test_who_sells_begins_with_the_own_deals_and_what_to_do_about_each(as_role: AsRole, home: Path) -> None:
    shown = page(as_role("rep"))
    places = [shown.index(part) for part in ("챙길 기회", "나의 결과", "주요 수치")]
    assert places == sorted(places)
    where = Where(owners=("lee",))
    found = Answers(home).ask(list_deals, as_of=date(2027, 1, 31), where=where, order="attention", limit=5)
    for deal in found["deals"]:
        assert f'href="/deals/{deal["deal_id"]}/?edit=' in shown, deal["reasons"]
    assert as_role("rep").get(f"/deals/{found['deals'][0]['deal_id']}/?edit=expected_close_on").status_code == 200
    assert "?edit=" not in page(as_role("leader"))
    past = as_role("rep").get("/today/?as_of=2026-11-20").content.decode()
    assert "챙길 기회" in past
    assert "?edit=" not in past


def test_the_own_result_has_its_interval_and_its_cases(as_role: AsRole, home: Path) -> None:
    shown = page(as_role("rep")).replace("\u2060", "").replace("\u00a0", " ")
    answer = Answers(home).ask(compare, as_of=date(2027, 1, 31))
    row = next(row for row in answer["people"] if row["person_id"] == "lee")
    assert f"90% 구간 {percent(row['low'])[:-1]}~{percent(row['high'])}" in shown
    assert f"n {row['n']}" in shown
    assert f"원래 {percent(row['raw'])}, 기대 {percent(row['expected'])}" in shown


def test_each_is_reminded_of_the_review_to_prepare_for(as_role: AsRole, users: dict[str, User]) -> None:
    leader = users["leader"]
    meeting = planning.meeting_plan(team="", on=date(2027, 2, 1), at=time(10), minutes=60, by=leader)
    for role in ("leader", "rep"):
        assert f"/reviews/{meeting.pk}/" in page(as_role(role))
    assert f"/reviews/{meeting.pk}/" not in page(as_role("viewer"))


def test_an_executive_sees_no_rows(as_role: AsRole) -> None:
    assert "/deals/" not in page(as_role("viewer"))


def test_that_nothing_agreed_is_open_is_said_to_those_who_agree_things(as_role: AsRole) -> None:
    shown = {role: "남은 약속이 없습니다" in page(as_role(role)) for role in ("leader", "rep", "viewer")}
    assert shown == {"leader": True, "rep": True, "viewer": False}


def test_home_leads_to_today(as_role: AsRole) -> None:
    answer = as_role("leader").get("/")
    assert answer.status_code == 302
    assert answer["Location"] == "/today/"


def test_what_happened_to_deals_since_the_last_working_day_is_told_to_whom_it_belongs(
    as_role: AsRole, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The fourteenth deal of everybody was won nineteen days before: on a Thursday.
    on = TODAY - timedelta(days=18)
    monkeypatch.setenv("BOKGI_TODAY", on.isoformat())
    told = Answers(home).ask(tell_pipeline_change, as_of=on, start=on - timedelta(days=1))
    won = {deal["deal_id"] for deal in told["deals"]["won"]}
    assert won == {f"{person}-13" for person in SELLERS}
    leader, rep = page(as_role("leader")), page(as_role("rep"))
    assert "11월\u00a05일부터 바뀐 것" in leader
    # Most amounts of the day before were never seen: that they are there now is no news.
    assert told["reason"] == "amounts_unknown"
    assert told["deals"]["amount_filled"]
    assert "금액 채움" not in leader
    assert {key for key in won if f"/deals/{key}/" in leader} == won
    assert {key for key in won if f"/deals/{key}/" in rep} == {"lee-13"}
    assert "부터 바뀐 것" not in page(as_role("viewer"))


@pytest.mark.usefixtures("home", "users")
def test_a_new_deal_without_an_exchange_rate_is_told_in_its_own_currency(
    as_role: AsRole, reading: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_TODAY", TODAY.isoformat())
    row = f"usd-1 | lee | proposal | open | 32000 | USD | {TODAY}"
    reading({"deals": f"deal_id | owner_id | stage | outcome | amount | currency | created_on\n{row}"})
    news = page(as_role("leader")).split("부터 바뀐 것")[-1]
    assert 'href="/deals/usd-1/"' in news
    assert "<small>환율 없음</small>" in news.split("/deals/usd-1/")[1].split("</tr>")[0]


@pytest.mark.usefixtures("home", "users")
def test_a_week_begins_with_what_happened_on_its_last_working_day() -> None:
    assert since(date(2026, 11, 23)) == since(date(2026, 11, 22)) == since(date(2026, 11, 21)) == date(2026, 11, 20)
    assert since(date(2026, 12, 28)) == date(2026, 12, 24), "Friday is Christmas"


def test_a_close_date_that_was_pushed_asks_for_a_next_step_and_not_for_another_date() -> None:
    assert STEPS["pushed"] == STEPS["no_next_step"]
    assert STEPS["pushed"][0] == "next_step"


def test_what_did_not_change_is_said_with_what_was_watched_and_of_what_one_sees(
    as_role: AsRole, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answers(home).ask(ask_changes, as_of=date(2027, 1, 31))
    assert answer["alerts"] == []
    watched = Speaker("ko", date(2027, 1, 31), "KRW").say(answer["said"][0])
    assert watched in page(as_role("leader")).replace("\u2060", "")
    # To who does not see everybody, that there is something unseen looks like nothing.
    of = {"subject_kind": "person", "subject_id": "seo"}
    hidden = of | {"sentence": {}, "name": "", "direction": "down"}
    ask = Screen.ask
    shown = []
    for alerts in ([], [hidden]):
        monkeypatch.setattr(Screen, "ask", _with(ask, alerts=alerts, series=[of]))
        shown.append(page(as_role("viewer")))
    for text in shown:
        assert "볼 수 있는 것 가운데 평소와 우연 이상으로 달라진 것이 없습니다." in text
        assert watched not in text.replace("\u2060", "")


def _with(ask: Callable[..., Any], **given: Any) -> Callable[..., Any]:  # noqa: ANN401 - as of the answer
    def asked(screen: Screen, question: Any, **parameters: Any) -> Any:  # noqa: ANN401 - as of the screen
        answer = ask(screen, question, **parameters)
        return answer | given if question is ask_changes else answer

    return asked


def test_one_deal_that_is_new_is_a_new_deal(as_role: AsRole, english: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del english
    # The fourteenth deal of everybody came in on the Saturday before.
    monkeypatch.setenv("BOKGI_TODAY", "2026-09-28")
    shown = page(as_role("leader"))
    assert "New deal" in shown
    assert "New deals" not in shown


def test_it_is_narrowed_to_a_person_whose_deals_one_may_see(as_role: AsRole, home: Path) -> None:
    day = date(2027, 1, 31)
    answer = Answers(home).ask(ask_forecast, as_of=day, period=Period.quarter_of(day), person="park")
    for role in ("leader", "manager"):
        shown = unescape(as_role(role).get("/today/?person=park").content.decode())
        assert {person for person in SELLERS if f"/deals/{person}-" in shown} == {"park"}
        assert Speaker("ko", day, "KRW").say(answer["said"][0]) in shown
        assert "/forecast/?person=park" in shown
        assert "attention=any&sort=-attention&person=park" in shown
    assert as_role("rep").get("/today/?person=park").status_code == 404
    own = unescape(as_role("rep").get("/today/?person=lee").content.decode())
    assert "나의 결과" in own


def test_it_is_narrowed_to_a_pipeline_and_says_what_is_of_all(as_role: AsRole, reading: Callable[..., Path]) -> None:
    reading(pipeline_of([*SELLERS, "han"]))
    shown = unescape(as_role("leader").get("/today/?pipeline=renewal").content.decode())
    rows = set(re.findall(r"/deals/(\w+)-(r?)\d", shown))
    assert len(rows) > 1
    assert {kind for _person, kind in rows} == {"r"}
    assert "모든 파이프라인을 합해서만" in shown


@pytest.mark.parametrize(("today", "words"), [("2026-11-24", "지금"), ("2026-12-10", "11/24까지의 자료")])
def test_what_was_won_is_drawn_up_to_the_last_day_of_the_data(
    as_role: AsRole, monkeypatch: pytest.MonkeyPatch, today: str, words: str
) -> None:
    monkeypatch.setenv("BOKGI_TODAY", today)
    shown = page(as_role("leader"))
    # In an attribute: what a page swaps in when figures are computed has its scripts taken out.
    (drawn,) = re.findall("data-chart='([^']+)'", shown)
    assert words in json.dumps(json.loads(drawn)["wide"], ensure_ascii=False)
    assert ("지금" in drawn.encode().decode("unicode_escape")) is (words == "지금")
    assert ("자료는 11월 24일까지입니다" in shown.replace("\u00a0", " ").replace("\u2060", "")) is (words != "지금")
