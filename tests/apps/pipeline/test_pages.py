"""Pages about deals: they show what the commands answer, to whom it belongs, and give it as files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from django.test import Client

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.pipeline import funnel, views
from bokgi.apps.pipeline.change import moved_lists, part_lists
from bokgi.apps.pipeline.selectors import Screen
from bokgi.facts.model import Facts
from bokgi.questions.answers import Answers, Question
from bokgi.questions.asked import Json
from bokgi.questions.bottlenecks import find_bottlenecks
from bokgi.questions.deals import Where, list_deals
from bokgi.questions.funnel import ask_funnel
from bokgi.questions.pipeline import tell_pipeline_change
from bokgi.ui.blocks import Table
from bokgi.ui.format import ABSENT, NBSP, WORD_JOINER
from bokgi.ui.speaker import Speaker
from tests.homes import DEALS_EACH, PEOPLE, SELLERS, TODAY, deal_name, older_deals

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return unescape(answer.content.decode())


def test_the_funnel_shows_the_figures_of_the_command(as_role: AsRole, home: Path) -> None:
    shown = page(as_role("leader"), "/funnel/")
    answer = Answers(home).ask(ask_funnel, as_of=TODAY)
    for stage in answer["stages"]:
        assert stage["label"] in shown
        assert f">{stage['counts']['entered']}</a>" in shown
        conversion = stage["conversion"]
        if conversion is not None and conversion["low"] is not None:
            assert f"n\u00a0{conversion['n']}" in shown


@pytest.mark.parametrize("mode", ["created_cohort", "period_flow", "snapshot", "stage_entry_cohort"])
def test_every_mode_has_its_page(as_role: AsRole, mode: str) -> None:
    shown = page(as_role("leader"), f"/funnel/?mode={mode}&weeks=52&by=team&{mode}-columns=conversion")
    assert 'aria-current="true"' in shown
    assert "2팀" in shown
    # Of its columns those chosen are shown, and all are offered.
    heads = shown.split(" data-table>")[1].split("</thead>")[0]
    assert ("Conversion," in heads, "Days," in heads) == (True, False)
    assert f'name="{mode}-columns" value="days">' in shown


def test_the_win_of_a_created_cohort_has_a_row_and_no_conversion_by_person(as_role: AsRole, home: Path) -> None:
    shown = page(as_role("leader"), "/funnel/?mode=created_cohort")
    stages = Answers(home).ask(ask_funnel, as_of=TODAY, mode="created_cohort")["stages"]
    columns = shown.split('<table class="heat">')[1].split("</thead>")[0]
    assert [stage["stage"] for stage in stages if f">{stage['label']}<" in columns] == [
        stage["stage"] for stage in stages if stage["stage"] != "won"
    ]


def stopping_at(
    stage: str, by: str = "stage", unit: str | None = None, *, priced: bool = True, scale: float = 1.0
) -> Question:
    """Give a question that answers as the search for bottlenecks does, with one unit flagged."""

    def found(facts: Facts, *, as_of: date) -> Json:
        answer = find_bottlenecks(facts, as_of=as_of)
        gain = {"amount": "84000000", "low": "21000000", "high": "152000000", "currency": "KRW", "p_positive": 0.99}
        gain |= {"arrivals_a_month": 28.5, "chance_missing": 0.0421, "mean_amount": "70000000"}
        one: Json = {"pipeline": "default", "stage": stage, "label": stage, "by": by, "unit": unit or stage}
        one |= {"name": unit or stage, "n": 171, "conversion": 0.57, "expected": 0.66, "flagged": True}
        deals = {"n": 1.2 * scale, "low": 0.3 * scale, "high": 2.4 * scale, "p_positive": 0.99}
        deals |= {"arrivals_a_month": 28.5, "chance_missing": 0.0421}
        one |= {"gain": gain if priced else None, "gain_in_deals": deals}
        # A level that the page cannot know by itself.
        return answer | {"units": [one], "level": 0.8}

    found.__qualname__ = f"found_{stage}_{by}_{unit}_{priced}_{scale}"
    return found


@pytest.mark.parametrize(("by", "unit", "whose"), [("stage", None, ""), ("person", "park", "&person=park")])
def test_below_the_bottleneck_stand_its_cost_and_its_deals(
    as_role: AsRole, monkeypatch: pytest.MonkeyPatch, by: str, unit: str | None, whose: str
) -> None:
    monkeypatch.setattr(views, "find_bottlenecks", stopping_at("proposal", by, unit))
    shown = page(as_role("leader"), "/funnel/")
    assert re.findall(r"<dd>(.*?)</dd>", shown)[:3] == ["28.5", "4.2\u00a0pp", "₩70M"]
    assert "80% interval ₩21M to ₩152M a month" in shown
    there = shown.rsplit("Deals that stand in proposal", 1)[1].split("</table>")[0]
    below = re.findall(r'href="/deals/(\w+-\d+)/"', there)
    all_of_them = page(as_role("leader"), f"/deals/?stage=proposal&pipeline=default{whose}&sort=-attention")
    assert below == re.findall(r'href="/deals/(\w+-\d+)/"', all_of_them)[: len(below)]
    assert below
    assert "Deals that stand in " not in page(as_role("viewer"), "/funnel/")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_bottleneck_without_amounts_costs_deals(
    as_role: AsRole, monkeypatch: pytest.MonkeyPatch, users: dict[str, User], lang: str
) -> None:
    users["leader"].language = lang
    users["leader"].save()
    monkeypatch.setattr(views, "find_bottlenecks", stopping_at("proposal", priced=False))
    shown = page(as_role("leader"), "/funnel/")
    assert (
        re.findall(r"<dd>(.*?)</dd>", shown)[:3]
        == {
            "en": ["28.5", "4.2\u00a0pp", "1.2 deals"],
            "ko": ["28.5", "4.2%p", "1.2건"],
        }[lang]
    )
    interval = {"en": "80% interval 0.3 to 2.4 deals a month", "ko": "80% 구간: 한 달에 0.3~2.4건"}
    assert interval[lang] in shown.replace(WORD_JOINER, "")


def test_a_small_gain_in_deals_is_not_none(as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "find_bottlenecks", stopping_at("proposal", priced=False, scale=0.03))
    shown = page(as_role("leader"), "/funnel/").replace(WORD_JOINER, "")
    assert "0.04 deals" in shown
    assert "80% interval 0.009 to 0.07 deals a month" in shown
    assert "0 deals" not in re.sub(r"[\d.]*[1-9.]0 deals", "", shown)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("/funnel/?person=lee", "differs at no stage from what could be expected"),
        (f"/funnel/?team={quote('1팀')}", "1팀 differs at no stage from what could be expected"),
    ],
)
def test_of_whom_nothing_is_flagged_is_said_where_something_else_is(
    as_role: AsRole, monkeypatch: pytest.MonkeyPatch, address: str, text: str
) -> None:
    monkeypatch.setattr(views, "find_bottlenecks", stopping_at("proposal", "person", "park"))
    assert text in page(as_role("leader"), address)
    # Whose the flag is stays unsaid to who may not see that person's figures.
    shown = page(as_role("viewer"), "/funnel/")
    assert "neither of all deals together nor of the teams and people whose figures you see" in shown


@pytest.mark.parametrize("query", ["mode=mood", "weeks=7", "as_of=yesterday"])
def test_what_is_not_offered_is_refused_with_what_is(as_role: AsRole, query: str) -> None:
    answer = as_role("leader").get(f"/funnel/?{query}")
    assert answer.status_code == 400
    assert query.split("=")[1] in unescape(answer.content.decode())


def test_a_team_that_is_not_there_is_refused_and_one_of_three_who_sell_is_shown(as_role: AsRole) -> None:
    assert as_role("rep").get(f"/funnel/?team={quote('9팀')}").status_code == 404
    assert "1팀" in page(as_role("rep"), f"/funnel/?team={quote('1팀')}")
    # Of its three people two sell.
    assert as_role("rep").get(f"/funnel/?team={quote('2팀')}").status_code == 404
    assert "2팀" in page(as_role("leader"), f"/funnel/?team={quote('2팀')}")


def test_a_rep_may_not_split_by_what_would_show_a_colleague(as_role: AsRole) -> None:
    assert as_role("rep").get("/funnel/?by=source").status_code == 400
    assert as_role("leader").get("/funnel/?by=source").status_code == 200


def test_the_bridge_shows_what_the_command_answers(as_role: AsRole, home: Path) -> None:
    answer = Answers(home).ask(tell_pipeline_change, as_of=TODAY, start=TODAY.replace(day=18))
    shown = page(as_role("leader"), "/funnel/change/")
    assert f"{answer['end']['count']}" in shown
    for deals in answer["deals"].values():
        for deal in deals:
            assert f"/deals/{deal['deal_id']}/" in shown


def test_the_list_has_the_rows_and_the_sum_of_the_command(as_role: AsRole, home: Path) -> None:
    answer = Answers(home).ask(list_deals, as_of=TODAY, where=Where(person="park"), order="due")
    shown = page(as_role("leader"), "/deals/?person=park&sort=due")
    places = [shown.index(f"/deals/{deal['deal_id']}/") for deal in answer["deals"]]
    assert places == sorted(places)
    assert f"{answer['total']['count']} deals" in shown


def test_words_and_filters_narrow_the_list(as_role: AsRole) -> None:
    shown = page(as_role("leader"), f"/deals/?outcome=all&find={quote(deal_name('seo', 3))}")
    assert "/deals/seo-3/" in shown
    assert "/deals/seo-4/" not in shown
    assert "No deal fits" in page(as_role("leader"), "/deals/?find=nothing+like+it")


@pytest.mark.parametrize(
    ("span", "written"),
    [
        ("2026-11-18..2026-11-25", "Nov 18 – Nov 24, 2026"),
        ("2026-11", "Nov 2026"),
        ("2026-11-18..", "from Nov 18"),
        ("..2026-11-18", "until Nov 17"),
    ],
)
def test_a_filter_by_days_is_written_as_days_are(as_role: AsRole, span: str, written: str) -> None:
    shown = page(as_role("leader"), f"/deals/?outcome=all&created={span}").replace("\u00a0", " ").replace("\u2060", "")
    assert written in shown
    assert span not in re.sub(r"<[^>]*>", "", shown)


def test_a_page_beyond_the_end_is_the_last_one(as_role: AsRole) -> None:
    assert "/deals/" in page(as_role("leader"), "/deals/?outcome=all&page=99")
    assert "51–70 of 70" in page(as_role("leader"), "/deals/?outcome=all&page=99")


def test_a_rep_lists_own_deals_only_whatever_is_asked(as_role: AsRole) -> None:
    assert f"{DEALS_EACH} deals" in page(as_role("rep"), "/deals/?outcome=all")
    assert "No deal fits" in page(as_role("rep"), "/deals/?outcome=all&person=park")


@pytest.mark.parametrize("mode", ["created_cohort", "period_flow", "snapshot", "stage_entry_cohort"])
def test_a_number_of_the_funnel_opens_as_many_deals(as_role: AsRole, mode: str) -> None:
    client = as_role("leader")
    shown = page(client, f"/funnel/?mode={mode}")
    links = re.findall(r'href="(/deals/[?][^"]+figure=[^"]+)"[^>]*>([0-9,]+)</a>', shown)
    assert len(links) > 3
    for address, number in links:
        rows = list(csv.DictReader(io.StringIO(client.get(f"{address}&export=csv").content.decode("utf-8-sig"))))
        assert len(rows) == int(number.replace(",", "")), address


def test_a_number_of_the_funnel_says_what_it_counts_and_needs_all_of_it(as_role: AsRole) -> None:
    client, asked = as_role("leader"), "figure=period_flow.at_start&within=2026-11-02..2026-11-09"
    shown = (
        page(client, f"/deals/?{asked}&pipeline=default&stage=proposal").replace("\u00a0", " ").replace("\u2060", "")
    )
    assert "Period flow · At the start, Nov 2 – Nov 8" in shown
    for wrong in (asked, asked.replace("at_start", "at_noon"), "figure=entered"):
        assert client.get(f"/deals/?{wrong}").status_code == 400


def test_the_list_goes_along_as_csv_and_workbook(as_role: AsRole) -> None:
    client = as_role("leader")
    answer = client.get("/deals/?outcome=all&export=csv")
    assert answer["Content-Disposition"] == f'attachment; filename="deals-{TODAY.isoformat()}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 5 * DEALS_EACH
    assert {row["Owner"] for row in rows} == {PEOPLE[name] for name in ("lee", "park", "choi", "seo", "nam")}
    book = openpyxl.load_workbook(io.BytesIO(client.get("/deals/?outcome=all&export=xlsx").content))
    sheet = book.active
    assert sheet is not None
    assert sheet.max_row == 1 + 5 * DEALS_EACH


def test_a_deal_tells_its_story_to_whom_it_belongs(as_role: AsRole) -> None:
    shown = page(as_role("rep"), "/deals/lee-0/")
    assert deal_name("lee", 0) in shown
    assert "The deal was created." in shown
    theirs, nowhere = (as_role("rep").get(f"/deals/{key}/") for key in ("seo-0", "seo-99"))
    assert theirs.status_code == nowhere.status_code == 404
    token = re.compile(r'Token": "[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"')
    said, of_nobody = (token.sub("", answer.content.decode()) for answer in (theirs, nowhere))
    assert said.replace("seo-0", "seo-99") == of_nobody


def test_search_finds_by_initial_consonants_what_one_may_see(as_role: AsRole) -> None:
    assert "lee-0" in page(as_role("rep"), f"/search/?q={quote('ㅎㅅ')}")
    assert "Nothing is called like" in page(as_role("rep"), f"/search/?q={quote('온누리')}")
    assert 'href="/people/park/"' in page(as_role("leader"), f"/search/?q={quote(PEOPLE['park'])}")


def test_an_executive_sees_sums_and_no_rows(as_role: AsRole) -> None:
    assert as_role("viewer").get("/deals/").status_code == 403
    shown = page(as_role("viewer"), "/funnel/")
    assert "/deals/" not in shown


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2201-01-01", "9999-12-31"])
@pytest.mark.parametrize(
    "address", ["/funnel/?as_of={}", "/people/lee/?as_of={}", "/today/?as_of={}", "/deals/?due={}.."]
)
def test_a_day_with_which_nobody_can_reckon_is_refused(as_role: AsRole, address: str, day: str) -> None:
    assert as_role("leader").get(address.format(day)).status_code == 400


@pytest.mark.parametrize("period", ["0001-Q1", "9999-Q4", "9999-12", "9999-12-30..9999-12-31"])
def test_a_period_with_which_nobody_can_reckon_is_refused(as_role: AsRole, period: str) -> None:
    assert as_role("leader").get(f"/forecast/?period={period}").status_code == 400
    assert as_role("leader").get("/reviews/pack/?week=9999-W52").status_code == 400


def test_the_funnel_is_split_by_what_else_the_crm_has(as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    def graded(facts: Facts, *, as_of: date) -> Json:
        del facts
        return {"as_of": as_of.isoformat(), "attributes": [{"name": "고객 등급", "levels": 3}]}

    monkeypatch.setattr(funnel, "ask_attributes", graded)
    link = f'<a href="/funnel/?by={quote("고객 등급").replace("%20", "+")}">고객 등급</a>'
    assert link in page(as_role("leader"), "/funnel/")
    # To others a split may show a single colleague's share.
    assert "고객 등급" not in page(as_role("manager"), "/funnel/")


def test_the_funnel_is_split_by_every_condition_under_its_name(as_role: AsRole) -> None:
    for by, name in (("region", "Region"), ("lead_grade", "Lead grade")):
        assert f'<a href="/funnel/?by={by}">{name}</a>' in page(as_role("leader"), "/funnel/")
    # A pipeline is what each stage is of: whoever asks for it by the address gets the page.
    assert "Conversion and time by stage" in page(as_role("leader"), "/funnel/?by=pipeline")


def test_a_split_by_what_is_filled_in_after_the_outcome_says_why_it_has_no_conversions(
    as_role: AsRole, reading: Callable[..., Path]
) -> None:
    head, *deals = older_deals().splitlines()
    named = [f"{row} | {'ABC'[number % 3]}" for number, row in enumerate(deals)]
    reading({"deals": "\n".join([f"{head} | product", *named])})
    for by in ("product", "source"):
        shown = page(as_role("leader"), f"/funnel/?by={by}&weeks=52")
        assert ("is filled in when the outcome is known" in shown) is (by == "product")


def test_what_was_split_by_stands_above_the_people(as_role: AsRole) -> None:
    shown = page(as_role("leader"), "/funnel/?by=team")
    assert shown.index("Team and stage: conversion") < shown.index("Person and stage: conversion")


def changed_deal(amount: str, **more: object) -> dict[str, object]:
    named = dict.fromkeys(("account", "name", "owner", "stage_label", "expected_close_on"))
    worth = {"amount": amount, "currency": "KRW"}
    return named | {"deal_id": amount, "amount": worth, "change": worth} | more


def screen_for(owners: tuple[str, ...] | None = None) -> Any:  # noqa: ANN401 - what a list needs of a screen
    speaker = Speaker("en", TODAY, "KRW")

    scope = dict.fromkeys(("team", "person", "pipeline"))
    request, viewer = SimpleNamespace(GET={}), Viewer(Role.LEADER)
    return SimpleNamespace(speaker=speaker, owners=owners, say=speaker.text, request=request, viewer=viewer, **scope)


DAYS = {"as_of": "2026-11-24", "period": {"start": "2026-11-18", "end": "2026-11-25"}}


def test_the_lists_of_a_change_have_one_unit() -> None:
    screen, deal = screen_for(), changed_deal
    parts = [{"code": code, "deals": 1} for code in ("created", "amount_up")]
    told = part_lists(
        screen, DAYS | {"parts": parts, "deals": {"created": [deal("300000000")], "amount_up": [deal("2000000")]}}
    )
    assert [one.table.columns[3].label for one in told] == ["Adds, ₩M"] * 2
    assert [one.table.rows[0][3].text for one in told] == ["+300.0", "+2.0"]


@pytest.mark.parametrize(
    ("owners", "note"),
    [(None, "69 smaller deals not listed"), (("lee",), "69 smaller or other people's deals not listed")],
)
def test_a_list_of_a_change_says_how_many_it_leaves_out(owners: tuple[str, ...] | None, note: str) -> None:
    rows = [changed_deal("300000000"), changed_deal("2000000")]
    told = DAYS | {"parts": [{"code": "created", "deals": 71}, {"code": "won", "deals": 2}]}
    listed = part_lists(screen_for(owners), told | {"deals": {"created": rows, "won": rows}})
    assert [one.table.note for one in listed] == [note, ""]
    moved = changed_deal("5", due_before="2026-11-24", expected_close_on="2026-12-24", stage_before=None)
    eve = {"on": "2026-11-20", "count": 70, "of": 80, "deals": [moved]}
    change = DAYS | {"pushed": [moved], "moved": {"close_later": 70}, "eve": eve}
    assert [one.table.note for one in moved_lists(screen_for(owners), change)] == [note, note]


def test_what_was_put_off_and_what_moved_last_is_listed_with_what_it_was() -> None:
    pushed = changed_deal("2000000", due_before="2026-11-24", expected_close_on="2026-12-24", stage_label="Proposal")
    jumped = changed_deal("7", stage_before="Qualified", stage_label="Negotiation", due_before=None)
    change = DAYS | {
        "pushed": [pushed],
        "moved": {"close_later": 1},
        "eve": {"on": "2026-11-20", "count": 2, "of": 3, "deals": [jumped, pushed | {"stage_before": None}]},
    }

    def cells(table: Table) -> list[list[str]]:
        return [[cell.text.replace(NBSP, " ") for cell in row[2:]] for row in table.rows]

    first, second = moved_lists(screen_for(), change)
    assert first.title == "Close date put off: 1 deal"
    assert cells(first.table) == [["Proposal", "2,000,000", "Nov 24", "Dec 24"]]
    assert second.title.endswith(": 2 of 3")
    assert cells(second.table) == [["Qualified → Negotiation", ABSENT], [ABSENT, "Nov 24 → Dec 24"]]
    nothing = {"pushed": [], "moved": {}, "eve": {"on": None, "count": 0, "of": 0, "deals": []}}
    assert moved_lists(screen_for(), nothing) == []


def test_the_page_of_a_change_lists_others_moves_to_nobody(as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(screen: Screen, question: Question, /, **parameters: Any) -> Json:  # noqa: ANN401 - of the question
        answer = ask(screen, question, **parameters)
        if question is not tell_pipeline_change:
            return answer
        before = {"stage_before": None, "due_before": "2026-10-01"}
        rows = [deal | before for deal in answer["deals"]["won"]]
        eve = {"on": "2026-11-05", "count": len(rows), "of": len(rows), "deals": rows}
        return answer | {"pushed": rows, "eve": eve, "moved": {"close_later": len(rows)}, "deals": {}}

    ask = Screen.ask
    address = f"/funnel/change/?as_of={TODAY - timedelta(days=16)}"
    monkeypatch.setattr(Screen, "ask", moved)
    listed = {role: re.findall(r'href="/deals/(\w+)-13/"', page(as_role(role), address)) for role in ("leader", "rep")}
    assert {role: sorted(found) for role, found in listed.items()} == {
        "leader": sorted(2 * [*SELLERS]),
        "rep": ["lee", "lee"],
    }


def test_the_time_in_a_stage_has_its_interval(as_role: AsRole, home: Path) -> None:
    start, end = TODAY - timedelta(days=181), TODAY + timedelta(days=1)
    answer = Answers(home).ask(ask_funnel, as_of=TODAY, start=start, end=end)
    times = [stage["time"] for stage in answer["stages"] if stage["time"] and stage["time"]["median_low"] is not None]
    shown, speaker = page(as_role("leader"), "/funnel/").replace("\u2060", ""), Speaker("en", TODAY, "KRW")
    told = [speaker.days_ends(time["median_low"], time["median_high"]) for time in times]
    assert told
    assert [words for words in told if words not in shown] == []


def test_an_amount_without_an_exchange_rate_is_shown_in_its_currency_and_leads_to_the_rates(
    as_role: AsRole, reading: Callable[..., Path]
) -> None:
    row = f"usd-1 | lee | proposal | open | 32000 | USD | {TODAY}"
    reading({"deals": f"deal_id | owner_id | stage | outcome | amount | currency | created_on\n{row}"})
    client = as_role("leader")
    shown = page(client, "/deals/?person=lee")
    assert "$32,000" in shown
    assert "1 without an exchange rate" in shown.replace("\u00a0", " ")
    assert 'href="/settings/definitions/rates/"' in shown
    assert "$32,000 (no exchange rate)" in page(client, "/deals/usd-1/")
    quality = page(client, "/data/quality/")
    assert 'href="/settings/definitions/rates/"' in quality
    assert "usd-1" in quality


def test_an_empty_list_names_filters_only_where_there_are_some(as_role: AsRole) -> None:
    client = as_role("leader")
    assert "No deal ended without a decision." in page(client, "/deals/?outcome=no_decision")
    assert "No deal fits" in page(client, "/deals/?outcome=no_decision&created=2019-05")
