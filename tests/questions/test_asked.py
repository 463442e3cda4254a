"""What holds for a day is worked out once and kept beside the facts, and says the same as when it is not kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import ibis
import pyarrow.parquet as pq
import pytest
from ibis import _

from bokgi.domain.hangul import search_pattern
from bokgi.facts.currency import in_one_currency
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.facts.model import Facts
from bokgi.facts.read import facts, facts_on
from bokgi.questions.asked import asked, care_of_day
from bokgi.questions.changes import weekly_counts_of_day
from bokgi.questions.deals import ALL, Where, list_deals
from bokgi.questions.search import search
from tests.cast import rows_of

DAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, tzinfo=UTC)
COMPANY = {
    "deals": """
        deal_id|owner_id|account_id|created_on|assigned_on|outcome|closed_on|pipeline|stage|amount|currency
        d1 | kim | hanbit | 2026-11-01 | 2026-11-01 | open | | p | offer | 100 | KRW
        d2 | lee | hanul | 2026-11-02 | 2026-11-05 | won | 2026-11-20 | p | won | 300 | KRW
        d3 | lee | hanbit | 2026-11-03 | 2026-11-03 | removed | 2026-11-21 | p | talk | 900 | KRW
    """,
    "accounts": """
        account_id | name
        hanbit | 한빛소프트
        hanul | 하늘테크
    """,
    "stage_events": """
        deal_id | seq | pipeline | stage | entered_on | origin
        d1 | 0 | p | talk | 2026-11-01 | recorded
        d1 | 1 | p | offer | 2026-11-10 | recorded
        d2 | 0 | p | talk | 2026-11-02 | recorded
        d2 | 1 | p | won | 2026-11-20 | recorded
        d3 | 0 | p | talk | 2026-11-03 | recorded
    """,
    "stages": """
        pipeline | stage | label | stage_order | kind
        p | talk | Talk | 1 | open
        p | offer | Offer | 2 | open
        p | won | Won | 3 | won
    """,
    "deal_changes": """
        deal_id | seq | field | old | new | changed_on | origin
        d2 | 1 | owner_id | kim | lee | 2026-11-22 | recorded
    """,
    "texts": """
        kind | key | text
        deal_name | d1 | 한빛 그룹웨어
        deal_name | d2 | 서울 물류
    """,
    "identities": """
        kind | key | name
        person | kim | 김한결
        person | lee | 이준
    """,
}


@pytest.fixture
def read_facts(tmp_path: Path) -> Facts:
    return facts(ibis.duckdb.connect(), written(tmp_path, COMPANY))


def written(home: Path, company: Mapping[str, str]) -> Lake:
    lake = Lake.open(home, create=True)
    with lake.begin() as writing:
        for name, text in company.items():
            lines = "\n".join(line.strip() for line in text.strip().splitlines())
            writing.write(name, rows_of(name, lines).drop_columns(["import_no"]))
        writing.commit(Entry(kind="file", source="crm", by="tests", at=AT, exported_at=AT))
    return lake


def told(read: Facts, on: date) -> list[list[dict[str, object]]]:
    with asked(read, as_of=on) as here:
        visits = here.visits()
        tables = (here.deals.drop("attributes", "attributes_seen"), visits, here.progressions())
        return [sorted(table.to_pyarrow().to_pylist(), key=str) for table in tables]


def test_a_question_kept_for_its_day_has_the_answer_of_one_that_is_not(read_facts: Facts, tmp_path: Path) -> None:
    plain = replace(read_facts, keeping=None)
    for on in (DAY, date(2026, 11, 12)):
        first, again = told(read_facts, on), told(read_facts, on)
        assert first == again == told(plain, on)
    kept = {path.name.partition("-2026")[0] for path in tmp_path.rglob("*-2026-11-12*.parquet")}
    assert kept == {"deals", "handed", "visits", "progressions"}


def test_owners_on_the_closing_day_are_kept_apart_from_what_else_is_kept_for_the_day(read_facts: Facts) -> None:
    def owners(read: Facts, *, then: bool) -> list[set[tuple[str, str]]]:
        with asked(read, as_of=DAY, owner_then=then) as here:
            tables = (here.deals, here.visits(), here.progressions(), here.care())
            rows = [table.select("deal_id", "owner_id").to_pyarrow() for table in tables]
            return [set(zip(one["deal_id"].to_pylist(), one["owner_id"].to_pylist(), strict=True)) for one in rows]

    first = owners(read_facts, then=True)
    assert ("d2", "kim") in first[0]
    now = owners(read_facts, then=False)
    assert [("d2", "lee") in rows for rows in now] == [True, True, True, False]
    plain = replace(read_facts, keeping=None)
    assert (first, now) == (owners(plain, then=True), owners(plain, then=False))
    assert owners(read_facts, then=True) == first


def test_only_deals_that_changed_hands_are_kept_for_the_owner_of_the_closing_day(tmp_path: Path) -> None:
    lake = written(tmp_path, COMPANY)
    with asked(facts(ibis.duckdb.connect(), lake), as_of=DAY, owner_then=True) as here:
        assert here.deals.count().to_pyarrow().as_py() > 1
    (kept,) = tmp_path.rglob("closed_by-*.parquet")
    assert pq.read_table(kept, columns=["deal_id", "owner_id"]).to_pylist() == [{"deal_id": "d2", "owner_id": "kim"}]


def test_what_people_did_on_each_day_is_counted_once_for_all_days(tmp_path: Path) -> None:
    days = [date(2026, 11, day) for day in range(2, 23)]
    company = COMPANY | {
        "calendar": "day | working | week_start | iso_week | working_days\n"
        + "\n".join(
            f"{day} | {'true' if day.weekday() < 5 else 'false'} | {day - timedelta(day.weekday())} | {day:%G-W%V} | 1"
            for day in days
        ),
        "activities": """
            activity_id | kind | happened_on | automatic | done
            a | call | 2026-11-03 | false | true
            b | call | 2026-11-03 | false | true
            c | call | 2026-11-17 | false | true
            d | call | 2026-11-17 | true | true
        """,
        "activity_people": """
            activity_id | person_id
            a | kim
            b | kim
            c | kim
            d | kim
        """,
    }
    read = facts(ibis.duckdb.connect(), written(tmp_path, company))
    plain = replace(read, keeping=None)

    def calls(of: Facts, on: date) -> list[tuple[date, int]]:
        counted = weekly_counts_of_day(of, facts_on(of, on), until=on)
        rows = counted.filter((_.metric == "call") & (_.subject_id == "kim")).to_pyarrow().to_pylist()
        return sorted((row["week"], row["count"]) for row in rows)

    assert calls(read, date(2026, 11, 8)) == calls(plain, date(2026, 11, 8)) == [(days[0], 2)]
    assert (
        calls(read, date(2026, 11, 22))
        == calls(plain, date(2026, 11, 22))
        == [(days[0], 2), (days[7], 0), (days[14], 1)]
    )
    (kept,) = tmp_path.rglob("acted-*.parquet")
    assert sorted(pq.read_table(kept)["n"].to_pylist()) == [1, 2]


def test_what_is_kept_of_converted_deals_is_kept_apart_from_what_was_not_converted(tmp_path: Path) -> None:
    abroad = {"deals": COMPANY["deals"].replace("100 | KRW", "100 | USD")}
    abroad["rates"] = "month | currency | rate\n2026-10-01 | USD | 1300\n2026-11-01 | USD | 1400"
    read = facts(ibis.duckdb.connect(), written(tmp_path, COMPANY | abroad))
    then = facts_on(read, DAY)
    for __ in range(2):
        amounts = [
            care_of_day(read, now).amount.sum().to_pyarrow().as_py()
            for now in (then, in_one_currency(then, date(2026, 10, 31)), in_one_currency(then, DAY))
        ]
        assert amounts == [100, 130_000, 140_000]


def test_a_list_that_reads_what_is_kept_for_its_day_tells_what_one_tells_that_does_not(read_facts: Facts) -> None:
    plain = replace(read_facts, keeping=None)
    for order in ("attention", "stage"):
        first = list_deals(read_facts, as_of=DAY, where=Where(outcome=ALL), order=order)
        assert first["total"]["count"] == len(first["deals"]) > 1
        assert any(deal["reasons"] for deal in first["deals"])
        again = list_deals(read_facts, as_of=DAY, where=Where(outcome=ALL), order=order)
        assert first == again == list_deals(plain, as_of=DAY, where=Where(outcome=ALL), order=order)


@pytest.mark.parametrize("words", ["ㅎㅂ", "하", "그룹 웨어", "물류", "d3", "없음", "ㅎ"])
@pytest.mark.parametrize("owners", [None, ("lee",), ()])
def test_names_held_in_memory_are_found_as_others_are(
    read_facts: Facts, words: str, owners: tuple[str, ...] | None
) -> None:
    found = search(read_facts, words=words, owners=owners)
    assert found == search(read_facts, words=words, owners=owners)
    assert found == search(replace(read_facts, keeping=None), words=words, owners=owners)


@pytest.mark.parametrize("words", ["ㅎㅂ", "하", "그룹 웨어", "물류", "d3", "없음", "ㅎ", "테"])
@pytest.mark.parametrize("owners", [None, ("lee",)])
def test_names_are_found_row_by_row_as_by_plain_matching(
    read_facts: Facts, words: str, owners: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bokgi.questions.search._FIRST_LOOK", 1)
    texts = {row["key"]: row["text"] for row in read_facts.texts.to_pyarrow().to_pylist()}
    names = {row["account_id"]: row["name"] for row in read_facts.accounts.to_pyarrow().to_pylist()}
    deals = read_facts.deals.to_pyarrow().to_pylist()
    deals.sort(key=lambda row: (row["outcome"] != "open", -row["created_on"].toordinal(), row["deal_id"]))
    kept = [row for row in deals if owners is None or row["owner_id"] in owners]
    said = {row["deal_id"]: (names[row["account_id"]], texts.get(row["deal_id"], "")) for row in kept}
    plain = [key for key, told in said.items() if key == words or any(fits(words, name) for name in told)]
    found = search(read_facts, words=words, owners=owners)
    assert [row["deal_id"] for row in found["deals"]] == plain
    counted = Counter(row["account_id"] for row in kept if fits(words, names[row["account_id"]]))
    assert {row["account_id"]: row["deals"] for row in found["accounts"]} == counted


def fits(words: str, name: str) -> bool:
    return re.search(search_pattern(words), name) is not None


def test_a_table_that_was_made_anew_is_held_anew(read_facts: Facts, tmp_path: Path) -> None:
    first = search(read_facts, words="그룹웨어")["deals"]
    assert [deal["owner"] for deal in first] == ["김한결"]
    (path,) = tmp_path.rglob("search-deals-*.parquet")
    path.unlink()
    forgotten = replace(read_facts, texts=read_facts.texts.filter(read_facts.texts.key != "d1"), keeping=None)
    made = replace(forgotten, keeping=read_facts.keeping)
    # As an erasure does it: the file goes, and the next question makes it of what is left.
    assert read_facts.keeping is not None
    keeping = replace(read_facts.keeping, tables=made.tables)
    assert search(replace(made, keeping=keeping), words="그룹웨어")["deals"] == []


def test_the_day_before_knows_nothing_of_the_day_after(read_facts: Facts) -> None:
    deals, visits, courses = told(read_facts, date(2026, 11, 12))
    assert [(row["deal_id"], row["won"]) for row in deals] == [("d1", None), ("d2", None), ("d3", None)]
    assert sorted((row["deal_id"], row["stage"], row["exit"]) for row in visits)[1] == ("d1", "talk", "advanced")
    assert {row["end"] for row in courses if row["deal_id"] == "d2"} == {"open"}
    today = told(read_facts, DAY)
    assert [(row["deal_id"], row["won"]) for row in today[0]] == [("d1", None), ("d2", True)]
