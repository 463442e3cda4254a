"""What one file says of another is there, except where dirt was planted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

import pytest

from bokgi.sample.truth import PLANTED_DIRT, UNKNOWN_OWNER
from tests.sample.exports import Columns, dotted, moment, rows_of

Table = Callable[[str], Columns]

LINKS = [
    ("단계이력.csv", "영업기회 ID", "영업기회.csv", "영업기회 ID"),
    ("단계이력.csv", "변경자", "구성원.csv", "이름"),
    ("기회변경이력.csv", "영업기회 ID", "영업기회.csv", "영업기회 ID"),
    ("기회변경이력.csv", "변경자", "구성원.csv", "이름"),
    ("연락처.csv", "고객사", "고객사.csv", "고객사명"),
    ("기회연락처.csv", "영업기회 ID", "영업기회.csv", "영업기회 ID"),
    ("기회연락처.csv", "연락처 ID", "연락처.csv", "연락처 ID"),
    ("리드.csv", "담당자", "구성원.csv", "이름"),
    ("리드.csv", "회사명", "고객사.csv", "고객사명"),
    ("리드.csv", "전환 영업기회 ID", "영업기회.csv", "영업기회 ID"),
    ("영업기회.csv", "리드 ID", "리드.csv", "리드 ID"),
    ("활동.csv", "담당자", "구성원.csv", "이름"),
    ("활동.csv", "영업기회 ID", "영업기회.csv", "영업기회 ID"),
    ("활동.csv", "리드 ID", "리드.csv", "리드 ID"),
    ("활동.csv", "고객사", "고객사.csv", "고객사명"),
    ("활동.csv", "연락처 ID", "연락처.csv", "연락처 ID"),
    ("콘텐츠.csv", "다음 콘텐츠 ID", "콘텐츠.csv", "콘텐츠 ID"),
    ("콘텐츠.csv", "담당자", "구성원.csv", "이름"),
    ("콘텐츠노출.csv", "콘텐츠 ID", "콘텐츠.csv", "콘텐츠 ID"),
    ("콘텐츠노출.csv", "영업기회 ID", "영업기회.csv", "영업기회 ID"),
    ("콘텐츠노출.csv", "연락처 ID", "연락처.csv", "연락처 ID"),
    ("고객응답.csv", "영업기회 ID", "영업기회.csv", "영업기회 ID"),
    ("고객응답.csv", "연락처 ID", "연락처.csv", "연락처 ID"),
    ("구성원.csv", "직속 상사", "구성원.csv", "이름"),
]
KEYS = [
    ("고객사.csv", "고객사 ID"),
    ("고객사.csv", "고객사명"),
    ("연락처.csv", "연락처 ID"),
    ("리드.csv", "리드 ID"),
    ("활동.csv", "활동 ID"),
    ("콘텐츠.csv", "콘텐츠 ID"),
    ("고객응답.csv", "응답 ID"),
    ("구성원.csv", "이름"),
    ("구성원.csv", "사번"),
]


@pytest.mark.parametrize(("name", "column", "other", "key"), LINKS)
def test_a_link_leads_somewhere(table: Table, name: str, column: str, other: str, key: str) -> None:
    named = set(table(name)[column]) - {""}
    assert named
    assert named <= set(table(other)[key])


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_keys_are_unique(table: Table, name: str, key: str) -> None:
    keys = table(name)[key]
    assert len(set(keys)) == len(keys)


def test_deals_lead_to_people_and_accounts_but_for_the_planted_dirt(table: Table) -> None:
    deals = table("영업기회.csv")
    owners = set(table("구성원.csv")["이름"])
    accounts = set(table("고객사.csv")["고객사명"])
    assert {name.strip() for name in deals["담당자"]} - owners == {UNKNOWN_OWNER}
    assert sum(name not in accounts for name in deals["고객사"]) == PLANTED_DIRT["account_spelling"]


def test_every_deal_of_new_business_has_its_lead_and_back(table: Table) -> None:
    converted = {row["전환 영업기회 ID"]: row["리드 ID"] for row in rows_of(table("리드.csv")) if row["결과"] == "전환"}
    deals = rows_of(table("영업기회.csv"))
    assert converted == {row["영업기회 ID"]: row["리드 ID"] for row in deals if row["유형"] == "신규"}
    assert {row["리드 ID"] for row in deals if row["유형"] != "신규"} == {""}


def test_the_stage_history_ends_where_the_deal_stands(table: Table) -> None:
    history = defaultdict(list)
    for row in rows_of(table("단계이력.csv")):
        history[row["영업기회 ID"]].append((moment(row["진입일시"]), row["단계"]))
    for row in rows_of(table("영업기회.csv")):
        events = history[row["영업기회 ID"]]
        assert all(earlier[0] < later[0] for earlier, later in pairwise(events))
        assert events[0][0].date() == dotted(row["생성일"])
        assert row["영업단계"] in {events[-1][1], "제안/견적"}
        closed = row["상태"] != "진행 중"
        assert (row["종료일"] != "") == closed
        if closed and dotted(row["종료일"]) >= dotted(row["생성일"]):
            assert dotted(row["종료일"]) == events[-1][0].date()


def test_the_field_history_is_a_chain_that_ends_in_the_present_value(table: Table) -> None:
    chains = defaultdict(list)
    for row in rows_of(table("기회변경이력.csv")):
        chains[row["영업기회 ID"], row["항목"]].append((row["이전 값"], row["새 값"]))
    deals = {row["영업기회 ID"]: row for row in reversed(rows_of(table("영업기회.csv")))}
    spoilt = 0
    for (deal_id, field), changes in chains.items():
        assert all(old != new for old, new in changes)
        assert all(earlier[1] == later[0] for earlier, later in pairwise(changes))
        spoilt += deals[deal_id][field] != changes[-1][1]
    kinds = ("malformed_date", "unknown_owner", "negative_amount", "owner_trailing_space", "conflicting_duplicate")
    assert spoilt <= sum(PLANTED_DIRT[kind] for kind in kinds)
    assert {field for _, field in chains} == {"금액(만원)", "예상 종료일", "담당자", "다음 단계"}


def test_nobody_acts_on_a_deal_after_it_closed_or_before_its_lead(table: Table) -> None:
    entered: dict[str, str] = {}
    for row in rows_of(table("단계이력.csv")):
        entered.setdefault(row["영업기회 ID"], row["진입일시"])
    closed = {row["영업기회 ID"] for row in rows_of(table("영업기회.csv")) if row["상태"] == "수주"}
    last = {row["영업기회 ID"]: row["진입일시"] for row in rows_of(table("단계이력.csv"))}
    for row in rows_of(table("활동.csv")):
        deal_id = row["영업기회 ID"]
        if deal_id and not row["리드 ID"]:
            assert row["활동일시"] >= entered[deal_id]
        if deal_id in closed and not row["리드 ID"]:
            assert row["활동일시"] <= last[deal_id]
