"""The deals behind a figure, one deal's story, and the bridge of the pipeline with its deals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bokgi.analysis.forecast import Scope
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.period import Period
from bokgi.domain.sentences import decoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import asked
from bokgi.questions.deal import tell_deal
from bokgi.questions.deals import Where, list_deals, listed
from bokgi.questions.forecast_categories import categories
from bokgi.questions.funnel import MODES, ask_funnel
from bokgi.questions.people import person_id
from bokgi.questions.pipeline import tell_pipeline_change
from bokgi.ui.format import NBSP
from bokgi.ui.spoken import spoken
from tests.cast import CAST, facts_of
from tests.questions.schemas import fits

AS_OF = date(2026, 11, 22)
_MANY = 10

KNOWN = ",owner_id,source,account_id,has_next_step,attributes,"
DEALS = """
    deal_id | owner_id | account_id | stage       | outcome | amount | created_on | expected_close_on | closed_on  \
| source | has_next_step | known_at_creation | attributes
    d1 | lee  | a1 | proposal    | open | 300 | 2026-09-01 | 2026-11-10 |            | web   | false | (dated) | 등급=A
    d2 | lee  | a2 | won         | won  | 700 | 2026-09-02 | 2026-11-18 | 2026-11-18 | event | true  | (dated) | 등급=B
    d3 | park | a1 | qualified   | open |     | 2026-11-17 | 2026-12-20 |            | web   | true  | (dated) | 등급=A
    d4 | park | a3 | lost        | lost | 900 | 2026-08-08 | 2026-11-19 | 2026-11-19 |       | true  | (dated) |
    d5 | lee  | a2 | negotiation | open | 500 | 2026-08-08 | 2026-12-24 |            | web   | true  | (known) |
""".replace("(dated)", f"{KNOWN}amount,expected_close_on,").replace("(known)", KNOWN)
TABLES = CAST | {
    "deals": DEALS,
    "accounts": """
        account_id | name       | segment
        a1         | 한빛소프트 | SMB
        a2         | 서울전자   | ENT
        a3         | Acme Korea | ENT
    """,
    "contacts": """
        contact_id | account_id | title
        c1         | a2         | 본부장
    """,
    "deal_contacts": """
        deal_id | contact_id | role       | first_seen_on
        d2      | c1         | 의사결정자 | 2026-11-22
    """,
    "texts": """
        kind             | key | text
        deal_name        | d1  | 그룹웨어 도입
        deal_name        | d5  | 서울전자 보안 점검
        activity_subject | m1  | 견적 설명
    """,
    "stage_events": """
        deal_id | stage       | entered_on | by_id
        d1      | prospecting | 2026-09-01 | lee
        d1      | proposal    | 2026-10-01 | lee
        d2      | prospecting | 2026-09-02 |
        d2      | won         | 2026-11-18 |
        d3      | qualified   | 2026-11-17 |
        d5      | proposal    | 2026-09-08 |
        d5      | negotiation | 2026-11-22 |
    """,
    "deal_changes": """
        deal_id | field             | old        | new        | changed_on | by_id
        d5      | amount            |            | 400        | 2026-08-08 | lee
        d5      | amount            | 400        | 500        | 2026-11-20 | lee
        d5      | expected_close_on |            | 2026-11-24 | 2026-08-08 | lee
        d5      | expected_close_on | 2026-11-24 | 2026-12-24 | 2026-11-22 | lee
    """,
    "activities": """
        activity_id | kind    | deal_id | happened_on | automatic | outcome
        m1          | meeting | d1      | 2026-10-20  | false     |
        m2          | email   | d1      | 2026-10-21  | true      |
        m3          | call    | d2      | 2026-11-01  | false     |
        m4          | meeting | d2      | 2026-10-30  | false     | cancelled
        m5          | meeting | d2      | 2026-10-31  | false     | planned
    """,
    "activity_people": """
        activity_id | person_id
        m1          | lee
    """,
    "content": """
        content_id | title
        k1         | 도입 사례집
    """,
    "content_events": """
        event_id | content_id | deal_id | kind   | happened_on
        e1       | k1         | d1      | opened | 2026-10-22
    """,
    "responses": """
        response_id | account_id | kind    | score | happened_on
        r1          | a1         | nps     | 9     | 2026-10-25
        r2          | a1         | nps     | 3     | 2026-08-25
        r3          | a1         | feeling | 4     | 2026-10-26
    """,
}


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give the cast with five deals."""
    return facts_of(None, **TABLES)


def keys(facts: Facts, order: str = "amount", **where: Any) -> list[str]:  # noqa: ANN401 - filters of several kinds
    found = fits(list_deals(facts, as_of=AS_OF, where=Where(**where), order=order), "deals")
    assert found["total"]["count"] == len(found["deals"])
    return [deal["deal_id"] for deal in found["deals"]]


def test_a_list_of_more_than_a_thousand_deals_is_given_whole() -> None:
    many = "\n".join(f"n{number} | lee | open | 2026-11-01" for number in range(1001))
    found = facts_of(None, **CAST | {"deals": f"deal_id | owner_id | outcome | created_on\n{many}"})
    assert len(list_deals(found, as_of=AS_OF, limit=5000)["deals"]) == 1001


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["d5", "d1", "d3"]),
        ({"outcome": "all"}, ["d4", "d2", "d5", "d1", "d3"]),
        ({"outcome": "closed"}, ["d4", "d2"]),
        ({"outcome": "won", "closed": (date(2026, 11, 16), date(2026, 11, 18))}, []),
        ({"outcome": "won", "closed": (date(2026, 11, 18), None)}, ["d2"]),
        ({"person": "park"}, ["d3"]),
        ({"owners": ()}, []),
        ({"team": "1팀", "stage": "proposal"}, ["d1"]),
        ({"columns": (("source", "web"),)}, ["d5", "d1", "d3"]),
        ({"columns": (("source", None),), "outcome": "all"}, ["d4"]),
        ({"columns": (("segment", "SMB"),)}, ["d1", "d3"]),
        ({"columns": (("등급", "A"),)}, ["d1", "d3"]),
        ({"created": (date(2026, 11, 1), None)}, ["d3"]),
        ({"due": (None, date(2026, 11, 30))}, ["d1"]),
        ({"outcome": "all", "stage": "prospecting", "entered": (date(2026, 9, 2), None)}, ["d2"]),
        ({"attention": "close_passed"}, ["d1"]),
        ({"attention": "any"}, ["d5", "d1", "d3"]),
        ({"search": "ㅎㅂ"}, ["d1", "d3"]),
        ({"search": "그룹웨"}, ["d1"]),
        ({"search": "acme", "outcome": "all"}, ["d4"]),
        ({"search": "d5"}, ["d5"]),
        ({"search": ".*"}, []),
    ],
    ids=str,
)
def test_a_filter_gives_its_deals_the_largest_first(facts: Facts, where: dict[str, Any], expected: list[str]) -> None:
    assert keys(facts, **where) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("attention", ["d1", "d5", "d3"]),
        ("created", ["d3", "d1", "d5"]),
        ("due", ["d1", "d3", "d5"]),
        ("stage", ["d5", "d1", "d3"]),
    ],
)
def test_the_order_is_the_one_asked_for(facts: Facts, order: str, expected: list[str]) -> None:
    assert keys(facts, order=order) == expected


def test_sums_are_exact_and_unknown_amounts_are_counted_apart(facts: Facts) -> None:
    none: dict[str, dict[str, int]] = {"without_rate": {}}
    total = list_deals(facts, as_of=AS_OF)["total"]
    assert total == {"count": 3, "amount": {"amount": "800", "currency": "KRW"}, "amount_unknown": 1} | none
    unknown = list_deals(facts, as_of=AS_OF, where=Where(person="park"))["total"]
    assert unknown == {"count": 1, "amount": None, "amount_unknown": 1} | none


def test_a_page_is_a_part_of_the_list_and_its_sum_that_of_all(facts: Facts) -> None:
    page = list_deals(facts, as_of=AS_OF, limit=1, offset=1)
    assert [deal["deal_id"] for deal in page["deals"]] == ["d1"]
    assert page["total"]["count"] == 3


def test_an_open_deal_says_what_it_lacks_in_both_languages(facts: Facts) -> None:
    found = list_deals(facts, as_of=AS_OF, where=Where(deal_ids=("d1",)))
    (deal,) = found["deals"]
    assert deal["title"] == "한빛소프트 그룹웨어 도입"
    assert deal["owner"] == "이준호"
    assert deal["reasons"][:1] == ["close_passed"]
    assert "no_next_step" in deal["reasons"]
    assert next(note["text"] for note in spoken(found, "en")["deals"][0]["notes"]) == "close date 12 days ago"
    assert next(note["text"] for note in spoken(found, "ko")["deals"][0]["notes"]) == "종료 예정일 12일 지남"


def test_a_list_of_a_past_day_shows_the_deals_as_they_stood(facts: Facts) -> None:
    then = list_deals(facts, as_of=date(2026, 11, 17), where=Where(outcome="all"))["deals"]
    known = {deal["deal_id"]: (deal["outcome"], deal["amount"] and deal["amount"]["amount"]) for deal in then}
    assert known["d2"] == ("open", "700")
    assert known["d5"] == ("open", "400")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"where": Where(outcome="gone")}, "--outcome"),
        ({"order": "luck"}, "--sort"),
        ({"where": Where(attention="mood")}, "--attention"),
    ],
)
def test_what_it_does_not_know_it_refuses(facts: Facts, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        list_deals(facts, as_of=AS_OF, **options)


def test_one_deal_tells_everything_that_happened_with_the_newest_first(facts: Facts) -> None:
    found = fits(tell_deal(facts, as_of=AS_OF, deal_id="d1"), "deal")
    told = [(event["on"], event["kind"], event["sentence"]["text"]) for event in spoken(found, "en")["events"]]
    assert told == [
        ("2026-10-26", "response", "The customer answered feeling: 4"),
        ("2026-10-25", "response", "The customer answered NPS: 9"),
        ("2026-10-22", "content", "도입 사례집 was opened"),
        ("2026-10-20", "activity", "Meeting"),
        ("2026-10-01", "stage", "Entered 제안 after 30 days."),
        ("2026-09-01", "stage", "Entered 발굴."),
        ("2026-09-01", "created", "The deal was created."),
    ]
    assert spoken(found, "ko")["events"][0]["sentence"]["text"] == "고객 응답 감정: 4"
    meeting = found["events"][3]
    assert (meeting["detail"], meeting["by"]) == ("견적 설명", "이준호")


@pytest.mark.parametrize(
    ("created_on", "at_least", "told"),
    [
        (
            "2026-08-01",
            True,
            ["30일 이상 머문 뒤 검증 단계에 들어갔습니다.", "발굴 단계에 있었습니다. 언제부터였는지는 알 수 없습니다."],
        ),
        ("2026-09-01", False, ["30일 만에 검증 단계에 들어갔습니다.", "발굴 단계에 들어갔습니다."]),
    ],
)
def test_a_deal_that_a_first_export_found_in_a_stage_has_stood_there_for_at_least_the_days_since(
    created_on: str, *, at_least: bool, told: list[str]
) -> None:
    head = "deal_id | owner_id | stage | outcome | amount | created_on"
    deals = (
        f"{head}\nf1 | lee | qualified | open | 100 | {created_on}\nf2 | lee | prospecting | open | 1 | {created_on}"
    )
    events = """
        deal_id | stage       | entered_on | origin
        f1      | prospecting | 2026-09-01 | snapshot
        f1      | qualified   | 2026-10-01 | recorded
        f2      | prospecting | 2026-09-01 | snapshot
    """
    facts = facts_of(None, **CAST, deals=deals, stage_events=events)
    found = spoken(fits(tell_deal(facts, as_of=AS_OF, deal_id="f1"), "deal"), "ko")
    assert [e["sentence"]["text"].replace(NBSP, " ") for e in found["events"] if e["kind"] == "stage"] == told
    listed = {one["deal_id"]: one for one in fits(list_deals(facts, as_of=AS_OF), "deals")["deals"]}
    assert [listed[key]["days_in_stage_at_least"] for key in ("f1", "f2")] == [False, at_least]


def test_a_won_deal_shows_who_it_was_won_with(facts: Facts) -> None:
    found = fits(tell_deal(facts, as_of=AS_OF, deal_id="d2"), "deal")
    assert found["contacts"] == [{"contact_id": "c1", "name": None, "title": "본부장", "role": "의사결정자"}]
    assert [event["kind"] for event in found["events"]] == ["closed", "activity", "planned", "stage", "created"]


def test_changes_are_written_like_any_amount_and_date(facts: Facts) -> None:
    found = spoken(tell_deal(facts, as_of=AS_OF, deal_id="d5"), "ko")
    told = [event["sentence"]["text"] for event in found["events"] if event["kind"] == "change"]
    assert told == [
        "종료 예정일: 11월 24일 → 12월 24일",
        "금액: 400원 → 500원",
        "금액: 400원",
        "종료 예정일: 11월 24일",
    ]


def test_a_deal_that_is_not_there_yet_is_not_found(facts: Facts) -> None:
    with pytest.raises(NotFoundError, match="d3"):
        tell_deal(facts, as_of=date(2026, 11, 1), deal_id="d3")


def test_people_are_found_by_key_name_or_address(facts: Facts) -> None:
    assert {person_id(facts, who) for who in ("lee", "이준호", "junho.lee@example.com")} == {"lee"}
    with pytest.raises(NotFoundError, match="나몰라"):
        person_id(facts, "나몰라")


def test_a_person_of_another_team_is_refused_with_the_own_teams() -> None:
    teams = """
        person_id | team   | role | valid_from | valid_to
        lee       | North  | AE   |            |
        kim       | South  | AE   |            |
    """
    facts = facts_of(None, **CAST | {"memberships": teams})
    assert person_id(facts, "이준호", "North") == "lee"
    with pytest.raises(UsageError, match=r"이준호 never was in the team “South”.*North") as refused:
        person_id(facts, "이준호", "South")
    assert refused.value.code == "person_of_other_team"
    # A team that is none is told of with the teams there are, by whoever reads its deals.
    assert person_id(facts, "이준호", "nowhere") == "lee"


def test_two_people_of_one_name_must_be_told_apart() -> None:
    twins = CAST["identities"] + "\n        person | lee2 | crm | lee2 | 이준호 |"
    with pytest.raises(UsageError, match="이준호"):
        person_id(facts_of(None, **CAST | {"identities": twins}), "이준호")


def change(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    return fits(tell_pipeline_change(facts, as_of=AS_OF, start=date(2026, 11, 16), **options), "pipeline")


def test_the_bridge_adds_up_and_each_part_opens_its_deals(facts: Facts) -> None:
    found = change(facts)
    parts = {part["code"]: part for part in found["parts"]}
    assert found["start"]["count"] + sum(part["count"] for part in parts.values()) == found["end"]["count"] == 3
    level = {name: Decimal(found[name]["amount"]["amount"]) for name in ("start", "end")}
    assert level["start"] + sum(Decimal(part["amount"]["amount"]) for part in parts.values()) == level["end"]
    told = {
        part: [(row["deal_id"], row["change"] and row["change"]["amount"]) for row in rows]
        for part, rows in found["deals"].items()
    }
    assert told == {
        "created": [("d3", None)],
        "amount_up": [("d5", "100")],
        "won": [("d2", "-700")],
        "lost": [("d4", "-900")],
    }
    assert {code: part["deals"] for code, part in parts.items()} == {code: len(rows) for code, rows in told.items()}


@pytest.mark.parametrize("later", [0, 2])
def test_moves_on_the_last_day_with_any_are_counted_and_told(facts: Facts, later: int) -> None:
    day = AS_OF + timedelta(days=later)
    found = fits(tell_pipeline_change(facts, as_of=day, start=date(2026, 11, 16)), "pipeline")
    eve = found["eve"]
    assert (eve["on"], eve["count"], eve["of"]) == ("2026-11-22", 1, 1)
    (moved,) = eve["deals"]
    assert (moved["deal_id"], moved["stage_before"], moved["due_before"]) == ("d5", "제안", "2026-11-24")
    (pushed,) = found["pushed"]
    assert (pushed["deal_id"], pushed["due_before"], pushed["expected_close_on"]) == ("d5", "2026-11-24", "2026-12-24")


def test_where_nothing_moved_no_day_is_named(facts: Facts) -> None:
    found = fits(tell_pipeline_change(facts, as_of=date(2026, 11, 19), start=date(2026, 11, 18)), "pipeline")
    assert (found["eve"], found["pushed"]) == ({"on": None, "count": 0, "of": 0, "deals": []}, [])


def test_a_day_that_holds_most_moves_is_named() -> None:
    day = date(2026, 11, 20)
    deals = "\n".join(f"m{n} | lee | qualified | open | 100 | 2026-10-01 | 2026-12-20" for n in range(_MANY))
    events = "\n".join(
        f"m{n} | prospecting | 2026-10-01\nm{n} | qualified | {day - timedelta(days=n // 6)}" for n in range(_MANY)
    )
    head = "deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on"
    facts = facts_of(None, **CAST, deals=f"{head}\n{deals}", stage_events=f"deal_id | stage | entered_on\n{events}")
    told = [sentence["text"].replace(NBSP, " ") for sentence in spoken(change(facts), "ko")["said"]]
    assert "단계나 종료 예정일 변경 10건 가운데 6건이 11월 20일 하루에 이루어졌습니다." in told


def test_too_few_due_deals_have_no_slippage(facts: Facts) -> None:
    due = change(facts)["due"]
    assert (due["due"], due["slipped"], due["slippage"], due["reason"]) == (4, 0, None, "too_few")


def test_one_persons_bridge_holds_nobody_elses_deals(facts: Facts) -> None:
    found = change(facts, owners=("park",))
    assert {row["owner_id"] for rows in found["deals"].values() for row in rows} == {"park"}
    assert found["end"]["count"] == 1


def test_a_deal_that_went_to_somebody_else_is_counted_and_not_listed() -> None:
    facts = facts_of(
        None,
        **CAST,
        deals="""
            deal_id | owner_id | stage     | outcome | amount | created_on | expected_close_on
            h1      | lee      | qualified | open    | 100    | 2026-10-01 | 2026-12-20
        """,
        stage_events="""
            deal_id | stage     | entered_on
            h1      | qualified | 2026-10-01
        """,
        deal_changes="""
            deal_id | field    | old  | new  | changed_on | by_id
            h1      | owner_id |      | park | 2026-10-01 | lee
            h1      | owner_id | park | lee  | 2026-11-18 | lee
        """,
    )
    found = change(facts, owners=("park",))
    assert (found["start"]["count"], found["end"]["count"]) == (1, 0)
    assert [(part["code"], part["deals"]) for part in found["parts"]] == [("moved_out", 1)]
    assert [rows for rows in found["deals"].values() if rows] == []
    came = change(facts, owners=("lee",))
    assert [(part["code"], part["count"]) for part in came["parts"]] == [("moved_in", 1)]
    assert [row["deal_id"] for row in came["deals"]["moved_in"]] == ["h1"]
    opened: dict[str, Any] = {"outcome": "all", "within": (date(2026, 11, 16), date(2026, 11, 23))}
    assert keys(facts, person="park", figure="change.moved_out", **opened) == ["h1"]
    # Who may see own deals only is not shown where it went.
    assert keys(facts, person="park", owners=("park",), figure="change.moved_out", **opened) == []


@pytest.mark.parametrize("inside", [{"person": "lee"}, {"owners": ("lee",)}, {"team": "1팀"}])
def test_a_deal_whose_owner_was_not_known_came_from_nowhere(inside: dict[str, Any]) -> None:
    head = "deal_id | owner_id | stage | outcome | amount | created_on | first_seen_on | observed_on"
    deals = f"{head}\nf1 | lee | qualified | open | 100 | 2026-10-01 | 2026-11-20 | 2026-11-20"
    events = "deal_id | stage | entered_on\nf1 | qualified | 2026-10-01"
    facts = facts_of(None, **CAST, deals=deals, stage_events=events)
    found = change(facts, **inside)
    assert [(part["code"], part["count"]) for part in found["parts"]] == [("owner_filled", 1)]
    assert (found["start"]["count"], found["end"]["count"]) == (0, 1)
    assert (found["difference"], found["reason"]) == (None, "owners_unknown")
    assert "1건은 11월 15일의 담당자를 알 수 없어" in spoken(found, "ko")["sentence"]["text"].replace(NBSP, " ")


def test_a_deal_that_had_no_owner_came_from_elsewhere() -> None:
    facts = facts_of(
        None,
        **CAST,
        deals="""
            deal_id | owner_id | stage     | outcome | amount | created_on
            f1      | lee      | qualified | open    | 100    | 2026-10-01
        """,
        stage_events="deal_id | stage | entered_on\nf1 | qualified | 2026-10-01",
        deal_changes="""
            deal_id | field    | old  | new | changed_on
            f1      | owner_id | park |     | 2026-10-05
            f1      | owner_id |      | lee | 2026-11-18
        """,
    )
    for inside in ({"person": "lee"}, {"owners": ("lee",)}, {"team": "1팀"}):
        assert [part["code"] for part in change(facts, **inside)["parts"]] == ["moved_in"]


def test_a_team_that_nobody_knows_is_refused(facts: Facts) -> None:
    with pytest.raises(NotFoundError, match="9팀"):
        change(facts, team="9팀")


@pytest.mark.parametrize("inside", [{}, {"team": "1팀"}, {"pipeline": "default"}])
@pytest.mark.parametrize("first", [date(2026, 11, 16), date(2026, 9, 2)])
def test_every_part_of_a_change_opens_exactly_its_deals(facts: Facts, first: date, inside: dict[str, str]) -> None:
    found = tell_pipeline_change(facts, as_of=AS_OF, start=first, **inside)  # type: ignore[arg-type]  # names of two filters
    counts = {part["code"]: part["deals"] for part in found["parts"]} | found["moved"] | {"eve": found["eve"]["count"]}
    assert sum(counts.values()) > 3
    within = (first, AS_OF + timedelta(days=1))
    everything: dict[str, Any] = {"outcome": "all", "within": within, **inside}
    with asked(facts, as_of=AS_OF) as here:
        lists = {code: listed(here, Where(figure=f"change.{code}", **everything)) for code in counts}
    assert {code: told["total"]["count"] for code, told in lists.items()} == counts
    opened = {code: [deal["deal_id"] for deal in told["deals"]] for code, told in lists.items()}
    assert {code: len(deals) for code, deals in opened.items()} == counts
    assert sorted(opened["won"]) == sorted(deal["deal_id"] for deal in found["deals"]["won"])


def test_a_part_of_a_change_ends_with_the_day_of_the_list(facts: Facts) -> None:
    for within in (None, (date(2026, 11, 16), date(2026, 11, 20))):
        with pytest.raises(UsageError, match="belongs to days"):
            keys(facts, outcome="all", figure="change.won", within=within)


def test_a_pipeline_has_the_stages_and_the_change_of_its_own_deals() -> None:
    facts = facts_of(
        None,
        **CAST
        | {
            "stages": f"{CAST['stages'].rstrip()}\n        renewal | talk | 논의 | 1 | open | 0.5",
            "deals": """
                deal_id | owner_id | pipeline | stage    | outcome | amount | created_on | expected_close_on
                n1      | lee      | default  | proposal | open    | 300    | 2026-11-17 | 2026-12-10
                r1      | lee      | renewal  | talk     | open    | 500    | 2026-11-18 | 2026-12-10
                r2      | park     | renewal  | talk     | open    | 700    | 2026-09-01 | 2026-12-10
            """,
            "stage_events": """
                deal_id | pipeline | stage    | entered_on
                n1      | default  | proposal | 2026-11-17
                r1      | renewal  | talk     | 2026-11-18
                r2      | renewal  | talk     | 2026-09-01
            """,
        },
    )
    of_each = {name: change(facts, pipeline=name) for name in ("default", "renewal")}
    whole = change(facts)
    for end in ("start", "end"):
        assert sum(found[end]["count"] for found in of_each.values()) == whole[end]["count"]
    assert [row["deal_id"] for row in of_each["renewal"]["deals"]["created"]] == ["r1"]
    assert [row["deal_id"] for row in of_each["default"]["deals"]["created"]] == ["n1"]
    assert keys(facts, pipeline="renewal") == ["r1", "r2"]
    for mode in MODES:
        whole = ask_funnel(facts, as_of=AS_OF, mode=mode)["stages"]
        mine = fits(ask_funnel(facts, as_of=AS_OF, mode=mode, pipeline="renewal"), "funnel")["stages"]
        assert mine == [stage for stage in whole if stage["pipeline"] == "renewal"] != []
    with pytest.raises(NotFoundError, match="nonsense"):
        change(facts, pipeline="nonsense")


def test_each_forecast_category_opens_the_deals_that_it_counts() -> None:
    head = (
        "deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on | forecast_category "
        "| observed_on"
    )
    given = ("commit", "commit", "best_case", "pipeline", "omitted", "closed", "")
    deals = [
        f"c{n} | lee | proposal | open | 100 | 2026-10-01 | 2026-12-{n + 1:02} | {one} | 2026-11-20"
        for n, one in enumerate(given)
    ]
    late = ["past | lee | proposal | open | 100 | 2026-08-01 | 2026-08-30 | commit | 2026-11-20"]
    late += ["next | lee | proposal | open | 100 | 2026-10-01 | 2027-01-02 | commit | 2026-11-20"]
    facts = facts_of(None, **CAST, deals="\n".join([head, *deals, *late]))
    quarter = Period.quarter_of(AS_OF)
    with asked(facts, as_of=AS_OF) as here:
        parts = categories(here, quarter, Scope())["parts"]
    counts = {part["code"]: part["n"] for part in parts}
    assert counts == {"commit": 3, "best_case": 1, "pipeline": 1, "omitted": 1, "none": 2}
    opened = {code: len(keys(facts, category=code, due=(None, quarter.end))) for code in counts}
    assert opened == counts
    with pytest.raises(UsageError, match="hope"):
        keys(facts, category="hope")


def test_an_amount_without_an_exchange_rate_stands_in_its_own_currency() -> None:
    rows = "deal_id | owner_id | stage | amount | currency\na | lee | proposal | 5 |\nb | lee | proposal | 7 | USD\n"
    found, seen_on = facts_of(None, **CAST, deals=f"{rows}c | lee | proposal | |"), date(2026, 11, 24)
    answer = fits(list_deals(found, as_of=seen_on), "deals")
    assert answer["total"] == {
        "count": 3,
        "amount": {"amount": "5", "currency": "KRW"},
        "amount_unknown": 2,
        "without_rate": {"USD": 1},
    }
    told = {deal["deal_id"]: (deal["amount"], deal["unconverted"]) for deal in answer["deals"]}
    assert told["b"] == (None, {"amount": "7.00", "currency": "USD"})
    assert told["c"] == (None, None)
    assert fits(tell_deal(found, as_of=seen_on, deal_id="b"), "deal")["deal"]["unconverted"] == told["b"][1]


def test_amounts_that_are_not_known_are_counted_on_the_day_on_which_they_are_missing() -> None:
    deals = "deal_id | owner_id | stage | created_on | outcome\nd1 | lee | proposal | 2026-11-18 | open"
    found = tell_pipeline_change(facts_of(None, **CAST, deals=deals), as_of=AS_OF, start=date(2026, 11, 16))
    assert found["reason"] == "amounts_unknown"
    said = decoded(found["sentence"]).text("en")
    assert said.startswith("There were 0 open deals and are 1. Sums are not compared: 1 amount is not known as of")
