"""The content of the review, on facts small enough to count by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import jsonschema
import pytest

from bokgi.apps.reviews.pack import review_pack
from bokgi.apps.reviews.rendering import FORMATS, document, rendered
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.period import Period
from bokgi.domain.sentences import decoded
from bokgi.facts.model import Facts
from bokgi.questions.forecast import ask_forecast
from bokgi.ui.spoken import spoken
from tests.cast import CAST, facts_of
from tests.questions.schemas import Schema, nulls

WEEK = Period.week("2026-W47")
SCHEMA = json.loads((Path(__file__).parents[4] / "docs/reference/review.schema.json").read_text(encoding="utf-8"))

DEALS = """
    deal_id|account_id|owner_id|stage|outcome|created_on|closed_on|amount|currency|expected_close_on|has_next_step
    d1|a1|lee|won|won|2026-10-01|2026-11-17|120000000|KRW|2026-11-30|
    d2|a2|lee|lost|lost|2026-11-02|2026-11-18|30000|USD|2026-11-30|
    d3|a1|lee|proposal|open|2026-10-05||260000000|KRW|2026-11-10|false
    d4|a2|park|qualified|open|2026-11-16||7000|USD|2026-12-10|true
    d5|a2|park|prospecting|open|2026-11-20||5000000|KRW|2026-12-20|true
    d6|a1|park|no_decision|no_decision|2026-09-01|2026-11-09|7000000|KRW|2026-11-30|
    d7|a1|park|won|won|2026-09-01|2026-11-24|9000000|KRW|2026-11-30|
"""
EVENTS = """
    deal_id | seq | stage       | entered_on
    d1      | 1   | prospecting | 2026-10-01
    d1      | 2   | won         | 2026-11-17
    d2      | 1   | qualified   | 2026-11-02
    d2      | 2   | lost        | 2026-11-18
    d3      | 1   | prospecting | 2026-10-05
    d3      | 2   | proposal    | 2026-11-17
    d4      | 1   | qualified   | 2026-11-16
    d5      | 1   | prospecting | 2026-11-20
"""


@pytest.fixture(scope="module")
def known() -> Facts:
    days = "\n".join(
        f"2026-11-{day:02d} | {'true' if date(2026, 11, day).weekday() < 5 else 'false'} | "
        f"2026-11-{day - date(2026, 11, day).weekday():02d} | 2026-W{date(2026, 11, day).isocalendar().week} | {day}"
        for day in range(2, 29)
    )
    return facts_of(
        people=CAST["people"],
        memberships=CAST["memberships"],
        identities=CAST["identities"],
        stages=CAST["stages"],
        deals=DEALS,
        stage_events=EVENTS,
        accounts="""
            account_id | name
            a1         | 두레식품
            a2         | 한결금융
        """,
        texts="""
            kind      | key | text
            deal_name | d3  | 두레식품 발주 자동화
        """,
        activities="""
            activity_id | kind    | deal_id | happened_on | done | automatic
            m1          | meeting | d3      | 2026-11-17  | true | false
            m2          | meeting | d4      | 2026-11-18  | true | false
            c1          | call    | d4      | 2026-11-18  | true | false
            r1          | email   | d4      | 2026-11-18  | true | true
            c0          | call    | d3      | 2026-11-10  | true | false
        """,
        activity_people="""
            activity_id | person_id
            m1          | lee
            m2          | park
            m2          | lee
            c1          | park
            r1          | park
            c0          | lee
        """,
        targets="""
            subject_kind | subject_id | metric     | period_start | period_end | amount    | currency
            organisation | all        | won_amount | 2026-10-01   | 2027-01-01 | 400000000 | KRW
        """,
        calendar=f"day | working | week_start | iso_week | working_days\n{days}",
    )


@pytest.fixture(scope="module")
def review(known: Facts) -> dict[str, Any]:
    return review_pack(known, period=WEEK, as_of=date(2026, 11, 23))


def of(review: dict[str, Any], name: str) -> dict[str, Any]:
    return next(person for person in review["execution"] if person["name"] == name)


def money(amount: int) -> dict[str, str]:
    return {"amount": str(amount), "currency": "KRW"}


def test_the_review_keeps_to_its_schema(review: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(review, SCHEMA)
    assert json.loads(json.dumps(review)) == review
    assert sorted(set(nulls(review, parts=[Schema.read("review")]))) == []


def test_each_part_of_the_meeting_has_something_to_say(review: dict[str, Any]) -> None:
    assert list(review["said"]) == ["execution", "bottleneck", "feedback", "learning", "motivation"]
    assert all(review["said"].values())


def test_what_each_person_created_won_and_lost_in_the_week(review: dict[str, Any]) -> None:
    lee, park = of(review, "이준호"), of(review, "박민서")
    assert (lee["created"]["count"], lee["won"], lee["lost"]["count"]) == (
        0,
        {"count": 1, "amount": money(120_000_000), "amount_unknown": 0},
        1,
    )
    assert park["created"] == {"count": 2, "amount": money(5_000_000), "amount_unknown": 1}
    assert (park["won"]["count"], park["lost"]["count"], park["no_decision"]["count"]) == (0, 0, 0)


def test_an_activity_of_two_people_counts_for_both_and_once_in_the_sum(review: dict[str, Any]) -> None:
    assert of(review, "이준호")["activities"] == {"meeting": 2}
    assert of(review, "박민서")["activities"] == {"meeting": 1, "call": 1}
    # Nothing is recorded before the week of the first call.
    assert (of(review, "이준호")["weeks"], of(review, "박민서")["weeks"]) == ([1, 2], [0, 2])
    assert review["execution_total"]["this_week"]["activities"] == {"meeting": 2, "call": 1}


def test_a_week_that_still_runs_is_no_point_of_the_line(known: Facts) -> None:
    running = review_pack(known, period=WEEK, as_of=WEEK.last - timedelta(days=1))
    assert of(running, "이준호")["weeks"] == [1]


def test_entries_into_stages_belong_to_the_owner(review: dict[str, Any]) -> None:
    assert of(review, "이준호")["entered"] == {"proposal": 1}
    assert of(review, "박민서")["entered"] == {"qualified": 1, "prospecting": 1}


def test_who_left_and_has_nothing_is_not_listed_and_a_newcomer_is(review: dict[str, Any]) -> None:
    names = {person["name"] for person in review["execution"]}
    assert "정우석" not in names
    assert "최하나" in names


def test_a_win_after_the_day_is_still_open(review: dict[str, Any]) -> None:
    # d3, d4, d5 and d7, which is won on the next day.
    assert review["data"]["open"] == 4
    assert review["execution_total"]["this_week"]["open"]["count"] == 4


def test_a_sum_of_which_nothing_is_known_is_null_and_not_zero(review: dict[str, Any]) -> None:
    stage = next(stage for stage in review["stages"] if stage["key"] == "qualified")
    assert stage["open"] == {"count": 1, "amount": None, "amount_unknown": 1}


def test_with_few_deals_nothing_is_claimed(review: dict[str, Any]) -> None:
    assert review["bottlenecks"] == []
    assert all(stage["conversion"] is None and stage["verdict"] is None for stage in review["stages"])
    assert decoded(review["said"]["bottleneck"][0]).text("en").startswith("There are too few deals")
    assert {found["verdict"] for found in review["execution_total"]["usual"].values()} <= {"within"}


def test_no_point_is_made_from_one_deal(review: dict[str, Any]) -> None:
    for person in review["feedback"]:
        for point in person["points"]:
            assert point["n"] >= (1 if point["code"] in {"won", "moved_on"} else 2)
        assert (person["reason"] is None) == bool(person["points"])


def test_deals_are_named_by_account_and_subject(review: dict[str, Any]) -> None:
    listed = {deal["deal_id"]: deal for stage in review["standing"] for deal in stage["deals"]}
    assert (listed["d3"]["account"], listed["d3"]["title"]) == ("두레식품", "두레식품 발주 자동화")
    assert "close date 13 days ago" in {decoded(note).text("en", _plain) for note in listed["d3"]["notes"]}


def _plain(value: object, lang: str) -> str:
    from bokgi.ui.format import plain, show  # noqa: PLC0415 - for one line

    return plain(show(value, lang))


def test_wins_and_losses_are_told_with_what_is_known(review: dict[str, Any]) -> None:
    (won,) = review["learning"]["won"]
    (lost,) = review["learning"]["lost"]
    assert (won["deal_id"], won["amount"], won["days"]) == ("d1", money(120_000_000), 47)
    assert (lost["deal_id"], lost["outcome"]) == ("d2", "lost")


def test_an_amount_without_an_exchange_rate_is_told_in_its_own_currency(review: dict[str, Any]) -> None:
    (won,), (lost,) = review["learning"]["won"], review["learning"]["lost"]
    assert (won["amount"], won["unconverted"]) == (money(120_000_000), None)
    assert (lost["amount"], lost["unconverted"]) == (None, {"amount": "30000.00", "currency": "USD"})
    listed = [deal for person in review["feedback"] for point in person["points"] for deal in point["deals"]]
    listed += [deal for stage in review["standing"] for deal in stage["deals"]]
    assert {deal["deal_id"]: deal["unconverted"] for deal in listed} == {"d3": None}


def test_the_parts_of_the_change_add_up(review: dict[str, Any]) -> None:
    change = review["pipeline_change"]
    assert change["start"]["count"] + sum(part["count"] for part in change["parts"]) == change["end"]["count"]
    known_start, known_end = (Decimal((change[end]["amount"] or {"amount": "0"})["amount"]) for end in ("start", "end"))
    assert known_start + sum(Decimal(part["amount"]["amount"]) for part in change["parts"]) == known_end


def test_progress_counts_what_was_won_in_the_quarter(review: dict[str, Any]) -> None:
    (target,) = review["progress"]["targets"]
    assert (target["reached"], target["left"], target["share"]) == (money(120_000_000), money(280_000_000), 0.3)


def test_what_was_won_by_day_is_what_the_forecast_tells(known: Facts, review: dict[str, Any]) -> None:
    told = review["progress"]["won_by_day"]
    span = Period(*(date.fromisoformat(review["progress"]["period"][end]) for end in ("start", "end")))
    asked = ask_forecast(known, as_of=date.fromisoformat(review["as_of"]), period=span)["won_by_day"]
    assert asked
    first, last = ({"on": on, "amount": asked[-1]["amount"]} for on in (span.start.isoformat(), review["as_of"]))
    assert told == [first | {"amount": money(0)}, *asked, *([] if asked[-1] == last else [last])]


def test_a_past_week_does_not_see_the_future(known: Facts) -> None:
    past = review_pack(known, period=Period.week("2026-W45"), as_of=date(2026, 11, 8))
    assert past["data"]["deals"] == 5
    assert past["execution_total"]["this_week"]["won"]["count"] == 0
    assert past["learning"] == {"won": [], "lost": []}
    jsonschema.validate(past, SCHEMA)


def test_a_week_long_after_the_last_thing_says_where_the_data_end(known: Facts, review: dict[str, Any]) -> None:
    assert "data_end" not in {found["code"] for found in review["data"]["findings"]}
    unstaged = replace(known, deals=known.deals.mutate(stage=ibis.null("string")))
    later = review_pack(unstaged, period=Period.week("2027-W03"), as_of=date(2027, 1, 24))
    (missing,) = (found for found in later["data"]["findings"] if found["code"] == "stage_missing")
    assert missing["count"] == later["data"]["open"] > 0
    (end,) = (found for found in spoken(later, "en")["data"]["findings"] if found["code"] == "data_end")
    assert end["count"] == 61
    assert "Nov 24, 2026" in str(end["sentence"])


def test_one_team_is_the_same_as_all_where_there_is_one(known: Facts, review: dict[str, Any]) -> None:
    team = review_pack(known, period=WEEK, as_of=date(2026, 11, 23), team="1팀")
    assert team["execution_total"] == review["execution_total"]


def test_an_unknown_team_is_refused_with_those_that_exist(known: Facts) -> None:
    with pytest.raises(NotFoundError) as caught:
        review_pack(known, period=WEEK, as_of=date(2026, 11, 23), team="2팀")
    assert caught.value.code == "team_unknown"
    assert "1팀" in str(caught.value)


def test_a_week_that_begins_after_the_day_it_is_seen_from_is_refused(known: Facts) -> None:
    with pytest.raises(UsageError) as caught:
        review_pack(known, period=WEEK, as_of=WEEK.start - timedelta(days=1))
    assert caught.value.code == "week_ahead"


def test_a_home_without_anything_still_has_a_review() -> None:
    empty = review_pack(facts_of(), period=WEEK, as_of=date(2026, 11, 23))
    jsonschema.validate(empty, SCHEMA)
    assert [found["code"] for found in empty["data"]["findings"]] == ["no_deals"]
    for form in ("text", "md", "html"):
        assert rendered(empty, form, "ko")
    won = {lang: spoken(empty, lang)["said"]["learning"][0]["text"] for lang in ("en", "ko")}
    assert won["en"] == "0 deals were won (₩0), 0 were lost or ended without a decision."
    assert won["ko"] == "수주 0건(0원), 실주·무결정 0건입니다."


def test_a_week_before_the_first_deal_says_when_deals_begin(known: Facts) -> None:
    period = Period.parse("2019-W02")
    pack = review_pack(known, period=period, as_of=period.end - timedelta(days=1))
    [said] = [decoded(found["sentence"]) for found in pack["data"]["findings"] if found["code"] == "no_deals"]
    first = known.deals.created_on.min().to_pyarrow().as_py()
    assert said.values == {"day": date(2019, 1, 13), "first": first}
    assert "import" not in said.text("en")


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_form_says_what_the_parts_found(review: dict[str, Any], lang: str) -> None:
    told = spoken(review, lang)
    jsonschema.validate(told, SCHEMA)
    lead = told["said"]["execution"][0]["text"]
    assert lead in rendered(review, "text", lang).decode()
    own = {"ko": "3만 달러 (환율 없음)", "en": "$30,000 (no exchange rate)"}[lang]
    for form in ("text", "md", "html"):
        shown = rendered(review, form, lang).decode().replace("\\", "")
        assert own in shown.replace("\u2060", "").replace("\N{NO-BREAK SPACE}", " ")
    assert lead.split("(")[0] in rendered(review, "md", lang).decode().replace("\\", "")
    assert json.loads(rendered(review, "json", lang)) == told
    assert rendered(review, "pdf", lang).startswith(b"%PDF-")
    assert set(FORMATS) == {"text", "json", "html", "pdf", "md"}
    assert len(document(review, lang).sections) == 5
