"""Files of one import: what each is, what they name in each other, what is taken for granted and said."""

from __future__ import annotations

import pytest

from bokgi.domain.findings import Severity
from bokgi.intake.mapping.contents import dated
from bokgi.intake.mapping.detect import stages_of
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, Entity, FoundBy, Hints
from bokgi.intake.mapping.vocabularies import said_in_header
from tests.intake.mapping.small_files import Bench, codes, fields, table

DEALS = table(
    ("deal id", "deal name", "account", "owner", "product", "stage", "amount", "created"),
    ("D1", "Rollout", "Hill Ltd", "Ann Lee", "GT Basic", "Proposal", "100", "2026-01-05"),
    ("D2", "Pilot", "Dale Ltd", "Cy Day", "GTPro", "Won", "200", "2026-01-06"),
    ("D3", "Renewal", "Dale Ltd", "Cy Day", "GTPro", "Lost", "300", "2026-01-07"),
)
PEOPLE = table(("name", "team", "manager"), ("Ann Lee", "East", "Bo Hill"), ("Dee Fox", "East", "Bo Hill"))
ACCOUNTS = table(("account", "industry", "employees"), ("Hill Ltd", "retail", "20"), ("dale ltd.", "steel", "30"))
PRODUCTS = table(("product", "series", "list price"), ("GT Basic", "GT", "5"), ("GT Pro", "GT", "9"))


STAGE_HISTORY = table(("deal id", "stage", "changed at", "changed by"), ("D1", "Won", "2026-01-01", "Ann"))
FIELD_HISTORY = table(
    ("deal id", "field", "old value", "new value", "changed at"), ("D1", "Amount", "1", "2", "2026-01-01")
)
ACTIVITIES = table(("activity id", "type", "date", "subject", "deal id"), ("1", "call", "2026-01-01", "Hi", "D1"))
CONTACTS = table(("first name", "last name", "email", "company", "title"), ("A", "B", "a@b.example", "Hill", "CFO"))
LEADS = table(("lead id", "lead source", "company", "converted"), ("L1", "Web", "Hill", "0"))
TARGETS = table(("owner", "month", "quota"), ("Ann Lee", "2026-01", "100"))
RATES = table(("currency", "month", "exchange rate"), ("USD", "2026-01", "1300"))
RESPONSES = table(("score", "responded at", "company", "comment"), ("9", "2026-01-01", "Hill", "ok"))
STAGES = table(("stage", "order", "probability", "kind"), ("Lead", "1", "0.1", "open"))
TEAMS = table(("name", "team", "valid from", "valid to"), ("Ann Lee", "East", "2026-01-01", ""))
STANDARDS = table(("role", "metric", "per", "minimum"), ("AE", "meetings", "week", "5"))
CONTENT = table(("content id", "title", "content type", "journey stage"), ("C1", "Guide", "pdf", "interest"))
EXPOSURES = table(("content id", "event type", "timestamp", "deal id"), ("C1", "viewed", "2026-01-01", "D1"))
ROLES = table(("deal id", "contact id", "contact role"), ("D1", "K1", "champion"))


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        (DEALS, Entity.DEALS),
        (PEOPLE, Entity.PEOPLE),
        (ACCOUNTS, Entity.ACCOUNTS),
        (STAGE_HISTORY, Entity.STAGE_HISTORY),
        (FIELD_HISTORY, Entity.DEAL_HISTORY),
        (ACTIVITIES, Entity.ACTIVITIES),
        (CONTACTS, Entity.CONTACTS),
        (LEADS, Entity.LEADS),
        (TARGETS, Entity.TARGETS),
        (RATES, Entity.RATES),
        (RESPONSES, Entity.RESPONSES),
        (STAGES, Entity.STAGES),
        (TEAMS, Entity.TEAMS),
        (STANDARDS, Entity.STANDARDS),
        (CONTENT, Entity.CONTENT),
        (EXPOSURES, Entity.CONTENT_EVENTS),
        (ROLES, Entity.DEAL_CONTACTS),
        (PRODUCTS, Entity.IGNORE),
    ],
)
def test_a_file_is_known_by_its_headers(bench: Bench, text: str, entity: Entity) -> None:
    assert bench.one(text, "x.csv").entity is entity


def test_ids_that_repeat_make_a_history_and_ids_that_do_not_make_deals(bench: Bench) -> None:
    headers = ("deal id", "stage", "date", "amount")
    once = [(f"D{number}", "Proposal", "2026-01-01", "5") for number in range(20)]
    twice = [(f"D{number // 4}", "Proposal", "2026-01-01", "5") for number in range(20)]
    assert bench.one(table(headers, *once), "x.csv").entity is Entity.DEALS
    assert bench.one(table(headers, *twice), "x.csv").entity is Entity.STAGE_HISTORY


def test_the_name_of_a_file_helps_where_headers_are_few(bench: Bench) -> None:
    text = table(("id", "name", "owner", "status"), ("1", "Hill", "Ann Lee", "open"))
    assert bench.one(text, "deals.csv").entity is Entity.DEALS
    assert bench.one(text, "leads.csv").entity is Entity.LEADS


def test_an_unclear_file_is_asked_for_and_the_answer_counts(bench: Bench) -> None:
    text = table(("id", "name", "owner", "status", "created"), ("1", "Hill", "Ann Lee", "open", "2026-01-01"))
    detection = bench.map({"export.csv": text}, among=())
    question = next(question for question in detection.questions if question.code == "entity_unclear")
    assert question.suggestion == detection.mappings[0].entity.value
    assert "ignore" in {option.answer for option in question.options}
    told = Hints(answers={question.key: "leads"})
    answered = bench.map({"export.csv": text}, among=(), hints=told)
    assert (answered.mappings[0].entity, answered.mappings[0].found_by) == (Entity.LEADS, FoundBy.HAND)
    assert "entity_unclear" not in {question.code for question in answered.questions}


def test_a_hand_says_what_a_file_is(bench: Bench) -> None:
    hints = Hints(entities={"c.csv": Entity.IGNORE}, source="own", time_zone="Europe/Berlin", currency="EUR")
    detection = bench.map({"a.csv": DEALS, "c.csv": ACCOUNTS}, hints=hints)
    assert detection.mappings[1].columns == ()
    assert {mapping.source for mapping in detection.mappings} == {"own"}
    assert (detection.mappings[0].time_zone, detection.mappings[0].currency) == ("Europe/Berlin", "EUR")


def test_a_file_about_something_else_is_left_aside_and_said(bench: Bench) -> None:
    detection = bench.map({"weather.csv": table(("day", "sunshine"), ("1", "yes"))})
    mapping = detection.mappings[0]
    assert (mapping.entity, mapping.found_by, mapping.columns) == (Entity.IGNORE, FoundBy.NOTHING, ())
    finding = detection.findings[0]
    assert (finding.code, finding.severity) == ("file_unknown", Severity.WARNING)
    assert "sunshine" in finding.message.text("en")


def test_a_header_without_rows_is_mapped(bench: Bench) -> None:
    detection = bench.map({"deals.csv": table(("Deal id", "Deal name", "Stage", "Amount", "Close date"))})
    assert detection.mappings[0].entity is Entity.DEALS
    assert detection.mappings[0].stages == ()


def test_names_that_do_not_join_are_found_with_what_they_are_like(bench: Bench) -> None:
    detection = bench.map(
        {"deals.csv": DEALS, "accounts.csv": ACCOUNTS, "products.csv": PRODUCTS, "people.csv": PEOPLE}
    )
    found = {
        finding.values["column"]: finding for finding in detection.findings if finding.code == "reference_unmatched"
    }
    assert found["product"].count == 2
    assert (found["product"].values["value"], found["product"].values["like"]) == ("GTPro", "GT Pro")
    assert (found["account"].values["value"], found["account"].values["like"]) == ("Dale Ltd", "dale ltd.")
    assert found["owner"].count == 2
    assert "Cy Day" not in str(found["owner"].as_json("en"))


def test_files_that_join_have_nothing_to_say(bench: Bench) -> None:
    history = table(("deal id", "stage", "changed at"), ("D1", "Proposal", "2026-01-05"), ("D2", "Won", "2026-01-06"))
    detection = bench.map({"deals.csv": DEALS, "stage_history.csv": history})
    assert "reference_unmatched" not in codes(detection)


def test_what_is_known_at_creation_is_an_assumption_and_said(bench: Bench) -> None:
    detection = bench.map({"deals.csv": DEALS})
    assert detection.mappings[0].known_at_creation == ("account_id", "owner_id", "product")
    finding = next(finding for finding in detection.findings if finding.code == "known_at_creation_assumed")
    assert "no history of changes" in finding.message.text("en")


def test_what_a_history_tells_is_not_assumed(bench: Bench) -> None:
    history = table(
        ("deal id", "field", "old value", "new value", "changed at"),
        ("D1", "Owner", "Cy Day", "Ann Lee", "2026-01-05"),
        ("D1", "Something else", "1", "2", "2026-01-05"),
    )
    detection = bench.map({"deals.csv": DEALS, "field_history.csv": history})
    assert detection.mappings[0].known_at_creation == ("account_id", "product")
    assert detection.mappings[1].values == {"deal_history.field": {"Owner": "owner_id"}}


def test_words_of_a_closed_vocabulary_that_nobody_knows_are_found(bench: Bench) -> None:
    text = table(
        ("deal id", "deal name", "status", "amount"),
        ("D1", "A", "Won", "1"),
        ("D2", "B", "진행중", "2"),
        ("D3", "C", "frozen", "3"),
    )
    detection = bench.map({"deals.csv": text})
    assert detection.mappings[0].values == {"deals.outcome": {"Won": "won", "진행중": "open"}}
    finding = next(finding for finding in detection.findings if finding.code == "value_unknown")
    assert (finding.count, finding.examples[0].value) == (1, "frozen")


def test_a_status_without_any_word_for_an_end_is_the_stage(bench: Bench) -> None:
    text = table(("deal id", "deal name", "status", "amount"), ("D1", "A", "Talking", "1"), ("D2", "B", "Writing", "2"))
    assert fields(bench.one(text))["status"] == "deals.stage"


def test_a_list_of_labels_is_put_in_place_of_ids(bench: Bench) -> None:
    people = table(
        ("Id", "Username", "Email", "LastName", "FirstName", "UserRoleId"),
        ("005000000000001AAA", "ann", "ann@firm.example", "Lee", "Ann", "00E000000000001AAA"),
    )
    roles = table(("Id", "Name", "ParentRoleId"), ("00E000000000001AAA", "Account Executive", ""))
    detection = bench.map({"User.csv": people, "UserRole.csv": roles})
    assert detection.mappings[0].values["people.role"] == {"00E000000000001AAA": "Account Executive"}
    assert detection.mappings[1].entity is Entity.IGNORE
    assert "file_ignored" not in codes(detection)


def test_the_header_of_an_amount_can_say_more(bench: Bench) -> None:
    text = table(("영업기회번호", "영업단계", "계약금액(VAT 별도)"), ("1", "제안", "100"))
    assert bench.one(text, "영업기회.csv").constants == {"deals.vat": "excluded"}
    assert said_in_header(["연간 계약금액"]) == {"deals.amount_kind": "annual"}
    assert said_in_header(["Amount"]) == {}


def test_deals_of_two_files_share_one_ladder(bench: Bench) -> None:
    more = table(("deal id", "deal name", "stage", "amount"), ("E1", "Other", "Lead", "5"))
    detection = bench.map(
        {"a.csv": table(("deal id", "deal name", "amount"), ("F1", "x", "1")), "deals.csv": DEALS, "b.csv": more}
    )
    assert [stage.stage for stage in stages_of(detection)] == ["Lead", "Proposal", "Won", "Lost"]
    assert detection.mappings[0].stages == ()


def test_a_pivot_table_says_that_it_is_one(bench: Bench) -> None:
    text = table(("Row Labels", "Revenue"), ("Deal 1", "5"), ("Grand Total", "5"))
    detection = bench.map({"pivot.csv": text})
    assert "file_is_pivot" in codes(detection)
    assert detection.mappings[0].total_rows == {"Row Labels": ("Grand Total",)}


@pytest.mark.parametrize(
    "word", ["합계", "총 합계", "소계 (3건)", "Total", "Grand Totals (12 records)", "Sub-total:", "누계"]
)
def test_a_line_of_totals_is_no_deal(bench: Bench, word: str) -> None:
    header = ("영업기회명", "고객사", "담당자", "영업단계", "예상매출(만원)")
    rows = (("도입", "한빛", "김철수", "제안", "1,200"), ("교체", "누리", "이영희", "협상", "3,000"))
    total = ("", "", word, "", "4,200")
    assert bench.one(table(header, *rows, total), "영업기회.csv").total_rows == {"담당자": (word,)}
    assert bench.one(table(header, *rows), "영업기회.csv").total_rows == {}


def test_a_deal_that_is_called_total_stays_a_deal(bench: Bench) -> None:
    header = ("deal id", "deal name", "owner", "stage", "amount")
    rows = (
        ("1", "Total", "Ann Lee", "Proposal", "5"),
        ("2", "Total", "", "", "7"),
        ("", "Total cost of care", "", "", "9"),
    )
    assert bench.one(table(header, *rows)).total_rows == {}


@pytest.mark.parametrize(
    ("headers", "preset"),
    [
        ("기회 소유자,계정 이름,기회 이름,단계,금액,마감일,만든 날짜,예상 수익", "salesforce"),
        ("거래 소유자,연관된 회사,거래 이름,거래 단계,금액,마감 날짜,작성 날짜", None),
        ("거래 - 소유자,거래 - 조직,거래 - 제목,거래 - 단계,거래 - 가치,거래 - 예상 마감일,거래 - 거래 생성일", None),
        ("담당자,잠재 고객,주제,파이프라인 국면,예상 수익,예상 마감일,만든 날짜", None),
    ],
)
def test_korean_labels_of_other_countries_products(bench: Bench, headers: str, preset: str | None) -> None:
    row = ("김철수", "한빛", "도입", "제안", "1200", "2026-12-01", "2026-11-02", "300")
    columns = headers.split(",")
    mapping = bench.map({"report.csv": table(columns, row[: len(columns)])}).mappings[0]
    assert (mapping.entity, mapping.preset) == (Entity.DEALS, preset)
    found = fields(mapping)
    assert [found[header] for header in columns[:5]] == [
        "deals.owner_name", "deals.account_name", "deals.name", "deals.stage", "deals.amount",
    ]  # fmt: skip
    assert found[columns[6]] == "deals.created"


def test_only_the_presets_that_are_asked_for_are_tried(bench: Bench) -> None:
    text = table(("Id", "StageName", "CloseDate", "Amount"), ("1", "Qualification", "2026-01-01", "5"))
    assert bench.map({"opportunity.csv": text}).mappings[0].preset == "salesforce"
    mapping = bench.map({"opportunity.csv": text}, among=()).mappings[0]
    assert mapping.preset is None
    assert fields(mapping)["StageName"] == "deals.stage"


def test_a_number_is_no_date_beyond_doubt() -> None:
    for text in ("2026-11-23", "2026. 11. 23.", "23/11/2026 10:00", "Nov 23, 2026", "23-Nov-2026", "2026년 11월 23일"):
        assert dated(text), text
    for text in ("46349", "20261123", "12.5", "010-0000-1234", "OPP-000001", "3.2.1"):
        assert not dated(text) or text == "3.2.1", text


def test_the_sample_of_korean_deals_keeps_other_columns(bench: Bench) -> None:
    text = table(
        ("영업기회 ID", "영업기회명", "고객사", "담당자", "영업단계", "상태", "금액(만원)", "경쟁사", "휴대폰"),
        ("OPP-1", "품질 분석", "맑은여울정밀", "김도현", "제안·견적", "진행 중", "12,500", "타사 A", "010-0000-1234"),
    )
    found = fields(bench.one(text, "영업기회.csv"))
    assert found["경쟁사"] == ATTRIBUTES
    assert found["휴대폰"] == LEAVE_OUT
    assert found["상태"] == "deals.outcome"
