"""The headers of each CRM are recognised: which file it is, and what its columns feed."""

from __future__ import annotations

import pytest

from bokgi.intake.mapping.describe import describe
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, Entity, FoundBy, Hints
from tests.intake.mapping.small_files import Bench, codes, fields, table

PIPEDRIVE = table(
    (
        "Deal - ID", "Deal - Title", "Deal - Creator", "Deal - Owner", "Deal - Value", "Deal - Currency of Value",
        "Deal - Weighted value", "Deal - Probability", "Deal - Organization", "Deal - Organization ID",
        "Deal - Pipeline", "Deal - Contact person", "Deal - Stage", "Deal - Status", "Deal - Deal created",
        "Deal - Last stage change", "Deal - Won time", "Deal - Lost time", "Deal - Deal closed on",
        "Deal - Lost reason", "Deal - Expected close date", "Deal - Next activity date",
    ),
    (
        "17", "Rollout", "Ann Lee", "Ann Lee", "1200", "EUR", "600", "50", "Hill Ltd", "4", "Sales", "Bo Hill",
        "Demo Scheduled", "open", "2026-01-05 10:00:00", "2026-02-01 09:00:00", "", "", "", "",
        "2026-06-30", "2026-03-02",
    ),
    (
        "18", "Pilot", "Ann Lee", "Cy Day", "900", "EUR", "0", "", "Dale Ltd", "5", "Sales", "",
        "Contact Made", "lost", "2026-01-07 10:00:00", "2026-02-03 09:00:00", "", "2026-02-20 12:00:00",
        "2026-02-20 12:00:00", "Price", "2026-05-31", "",
    ),
)  # fmt: skip


def test_pipedrive_deals_are_known_by_their_prefix(bench: Bench) -> None:
    detection = bench.map({"deals.csv": PIPEDRIVE})
    mapping = detection.mappings[0]
    assert (mapping.entity, mapping.preset, mapping.found_by) == (Entity.DEALS, "pipedrive", FoundBy.PRESET)
    found = fields(mapping)
    assert found["Deal - ID"] == "deals.deal_id"
    assert found["Deal - Owner"] == "deals.owner_name"
    assert found["Deal - Value"] == "deals.amount"
    assert found["Deal - Currency of Value"] == "deals.currency"
    assert found["Deal - Organization ID"] == "deals.account_id"
    assert found["Deal - Status"] == "deals.outcome"
    assert found["Deal - Last stage change"] == "deals.stage_changed"
    assert found["Deal - Won time"] == "deals.won"
    assert found["Deal - Lost time"] == "deals.lost"
    assert found["Deal - Expected close date"] == "deals.expected_close"
    assert found["Deal - Creator"] == LEAVE_OUT
    assert "column_personal" in codes(detection)


@pytest.mark.parametrize(
    ("prefix", "names", "cells"),
    [
        ("거래", "ID,제목,값,값의 통화,단계,상태,성사 시간,실패 시간",
         "1,도입,1000,KRW,제안,성사,2026-05-01 10:00:00,"),
        ("Deal", "ID,Titel,Wert,Währung von Wert,Phase,Status,Gewonnen um,Verloren um",
         "1,Projekt,1000,EUR,Angebot,Gewonnen,01.05.2026 10:00:00,"),
    ],
)  # fmt: skip
def test_amount_and_days_of_closing_of_a_localised_pipedrive_export_are_found(
    bench: Bench, prefix: str, names: str, cells: str
) -> None:
    headers = ",".join(f"{prefix} - {name}" for name in names.split(","))
    found = fields(bench.map({"deals.csv": f"{headers}\n{cells}\n"}).mappings[0])
    assert [str(field).removeprefix("deals.") for field in found.values()] == [
        "deal_id", "name", "amount", "currency", "stage", "outcome", "won", "lost"
    ]  # fmt: skip


def test_a_localised_pipedrive_export_is_known_by_its_prefix_and_language(bench: Bench) -> None:
    text = table(
        ("Obchod - ID", "Obchod - Název", "Obchod - Hodnota", "Obchod - Organizace", "Obchod - Fáze", "Obchod - Stav",
         "Obchod - Vlastník", "Obchod - Očekávané datum uzavření"),
        ("1", "Zakázka", "1000", "Firma s.r.o.", "Demo Scheduled", "open", "Jan Novák", "2026-05-01"),
        ("2", "Projekt", "2000", "Jiná a.s.", "Qualified", "won", "Eva Malá", "2026-06-01"),
    )  # fmt: skip
    mapping = bench.map({"obchody.csv": text}).mappings[0]
    assert mapping.entity is Entity.DEALS
    assert fields(mapping) == {
        "Obchod - ID": "deals.deal_id",
        "Obchod - Název": "deals.name",
        "Obchod - Hodnota": "deals.amount",
        "Obchod - Organizace": "deals.account_name",
        "Obchod - Fáze": "deals.stage",
        "Obchod - Stav": "deals.outcome",
        "Obchod - Vlastník": "deals.owner_name",
        "Obchod - Očekávané datum uzavření": "deals.expected_close",
    }


def test_a_german_pipedrive_export_and_the_words_of_its_outcomes(bench: Bench) -> None:
    text = table(
        ("Deal - ID", "Deal - Titel", "Deal - Wert", "Deal - Währung von Wert", "Deal - Organisation", "Deal - Phase",
         "Deal - Status", "Deal - Besitzer", "Deal - Deal erstellt", "Deal - Voraussichtliches Abschlussdatum",
         "Deal - Gewonnen am", "Deal - Verloren am", "Deal - Verlustgrund"),
        ("1", "Server", "12.000,50", "EUR", "Muster GmbH", "Angebot", "Gewonnen", "Anna Beck", "2026-03-01",
         "2026-04-01", "2026-04-02", "", ""),
        ("2", "Netz", "800,00", "EUR", "Beispiel AG", "Kontakt", "Verloren", "Ben Roth", "2026-03-02", "2026-05-01",
         "", "2026-04-05", "Preis"),
        ("3", "Cloud", "1.200,00", "EUR", "Beispiel AG", "Kontakt", "Offen", "Ben Roth", "2026-03-02", "2026-05-01",
         "", "", ""),
    )  # fmt: skip
    mapping = bench.map({"deals.csv": text}).mappings[0]
    assert fields(mapping) == {
        "Deal - ID": "deals.deal_id",
        "Deal - Titel": "deals.name",
        "Deal - Wert": "deals.amount",
        "Deal - Währung von Wert": "deals.currency",
        "Deal - Organisation": "deals.account_name",
        "Deal - Phase": "deals.stage",
        "Deal - Status": "deals.outcome",
        "Deal - Besitzer": "deals.owner_name",
        "Deal - Deal erstellt": "deals.created",
        "Deal - Voraussichtliches Abschlussdatum": "deals.expected_close",
        "Deal - Gewonnen am": "deals.won",
        "Deal - Verloren am": "deals.lost",
        "Deal - Verlustgrund": "deals.lost_reason",
    }
    assert mapping.values["deals.outcome"] == {"Gewonnen": "won", "Verloren": "lost", "Offen": "open"}


def test_a_deal_that_hubspot_calls_won_in_korean_is_won(bench: Bench) -> None:
    text = table(
        ("레코드 ID", "거래 이름", "거래 단계", "거래 소유자", "금액", "종료일", "생성일"),
        ("1", "서버", "성사됨", "김민준", "1000만원", "2026-10-01", "2026-09-01"),
        ("2", "망", "무산됨", "이서연", "2000만원", "2026-10-02", "2026-09-02"),
        ("3", "보안", "제안", "이서연", "3000만원", "2026-12-02", "2026-09-03"),
    )
    mapping = bench.map({"deals.csv": text}).mappings[0]
    assert {stage.stage: stage.kind.value for stage in mapping.stages} == {
        "성사됨": "won",
        "무산됨": "lost",
        "제안": "open",
    }


@pytest.mark.parametrize(
    ("id_header", "account"), [("Record Id", "Account Name"), ("Deal Id", "Company Name")], ids=["standard", "older"]
)
def test_zoho_lookups_come_in_pairs(bench: Bench, id_header: str, account: str) -> None:
    text = table(
        (id_header, "Deal Owner.id", "Deal Owner", "Deal Name", f"{account}.id", account, "Amount", "Stage",
         "Closing Date", "Created Time", "Modified By", "Pipeline.id", "Pipeline"),
        ("zcrm_1", "zcrm_9", "Ann Lee", "Rollout", "zcrm_5", "Hill Ltd", "1200", "Needs Analysis", "2026-05-01",
         "2026-01-01 10:00:00", "Ann Lee", "zcrm_7", "Standard"),
    )  # fmt: skip
    mapping = bench.map({"Deals.csv": text}).mappings[0]
    assert mapping.preset == "zoho"
    found = fields(mapping)
    assert found[id_header] == "deals.deal_id"
    assert (found["Deal Owner.id"], found["Deal Owner"]) == ("deals.owner_id", "deals.owner_name")
    assert (found[f"{account}.id"], found[account]) == ("deals.account_id", "deals.account_name")
    assert found["Closing Date"] == "deals.close"
    assert found["Pipeline"] == "deals.pipeline"
    assert found["Modified By"] == LEAVE_OUT


def test_hubspot_labels_with_stage_dates_and_pipeline_in_the_header(bench: Bench) -> None:
    entered = 'Date entered "Closed Won (Sales Pipeline)"'
    text = table(
        ("Record ID", "Deal Name", "Deal Stage", "Pipeline", "Amount", "Close Date", "Create Date", "Deal owner",
         "Associated Company", entered, 'Date exited "Contract Sent (Sales Pipeline)"',
         'Cumulative time in "Contract Sent (Sales Pipeline)"', "Closed Lost Reason", "Number of Sales Activities"),
        ("101", "Rollout", "Closed Won", "Sales Pipeline", "$125000", "2026-03-01 10:00", "2026-01-01 09:00", "Ann Lee",
         "Hill Ltd", "2026-03-01 10:00", "2026-03-01 10:00", "86400", "", "12"),
        ("102", "Pilot", "Contract Sent", "Sales Pipeline", "£1001", "2026-04-01 10:00", "2026-01-03 09:00", "Cy Day",
         "Dale Ltd", "", "", "", "", "3"),
    )  # fmt: skip
    mapping = bench.map({"hubspot-deals.csv": text}).mappings[0]
    assert mapping.preset == "hubspot"
    won = next(column for column in mapping.columns if column.column == entered)
    assert (won.field, won.pipeline, won.stage) == ("stage_entered:Closed Won", "Sales Pipeline", "Closed Won")
    found = fields(mapping)
    assert found['Date exited "Contract Sent (Sales Pipeline)"'] == "stage_left:Contract Sent"
    assert found['Cumulative time in "Contract Sent (Sales Pipeline)"'] == LEAVE_OUT
    assert found["Close Date"] == "deals.close"
    assert found["Deal owner"] == "deals.owner_name"


def test_a_stage_that_deals_write_with_its_pipeline_keeps_it_in_the_header(bench: Bench) -> None:
    entered = 'Date entered "Closed Won (Sales Pipeline)"'
    text = table(
        ("Record ID", "Deal Name", "Deal Stage", "Close Date", entered),
        ("101", "Rollout", "Closed Won (Sales Pipeline)", "2026-03-01", "2026-03-01 10:00"),
    )
    mapping = bench.map({"deals.csv": text}).mappings[0]
    assert fields(mapping)[entered] == "stage_entered:Closed Won (Sales Pipeline)"
    assert [(stage.stage, stage.kind.value) for stage in mapping.stages] == [("Closed Won (Sales Pipeline)", "won")]


def test_hubspot_api_names_with_stage_ids(bench: Bench) -> None:
    text = table(
        ("hs_object_id", "dealname", "dealstage", "pipeline", "amount", "closedate", "createdate", "hubspot_owner_id",
         "hs_v2_date_entered_contractsent", "hs_date_entered_appointmentscheduled",
         "hs_v2_cumulative_time_in_contractsent"),
        ("1", "Rollout", "contractsent", "default", "100", "2026-03-01T10:00:00Z", "2026-01-01T09:00:00Z", "77",
         "2026-02-01T09:00:00Z", "2026-01-01T09:00:00Z", "86400"),
    )  # fmt: skip
    mapping = bench.map({"deals.csv": text}).mappings[0]
    found = fields(mapping)
    assert found["hs_v2_date_entered_contractsent"] == "stage_entered:contractsent"
    assert found["hs_date_entered_appointmentscheduled"] == "stage_entered:appointmentscheduled"
    assert found["hubspot_owner_id"] == "deals.owner_id"
    assert [stage.stage for stage in mapping.stages][:2] == ["appointmentscheduled", "qualifiedtobuy"]
    assert mapping.stages[4].label == "Contract Sent"


def test_dynamics_columns_not_to_modify(bench: Bench) -> None:
    text = table(
        ("(Do Not Modify) Opportunity", "(Do Not Modify) Row Checksum", "(Do Not Modify) Modified On", "Topic",
         "Potential Customer", "Owner", "Sales Stage", "Status", "Status Reason", "Close Probability",
         "Est. close date", "Est. revenue", "Actual close date", "Created On", "Next Step Due Date"),
        ("8f14e45f-ceea-467f-a0e6-4d2b1a2c3d4e", "abc==", "46000.5", "Rollout", "Hill Ltd", "Ann Lee",
         "1 - Lead Outreach", "Open", "In Progress", "20", "46100", "1200", "", "45900.25", "46050"),
        ("0cc175b9-c0f1-46b6-a831-c399e2697726", "def==", "46001.5", "Pilot", "Dale Ltd", "Cy Day",
         "3 - Proposal", "Lost", "Out-Sold", "0", "46010", "800", "46005", "45910.25", ""),
        ("92eb5ffe-e6ae-4fec-ad3a-811f4a4b3c2d", "ghi==", "46002.5", "Renewal", "Glen Ltd", "Cy Day",
         "2 - Opportunity Creation", "Won", "Won", "100", "46011", "300", "46006", "45911.25", ""),
    )  # fmt: skip
    mapping = bench.map({"Opportunities.csv": text}).mappings[0]
    assert mapping.preset == "dynamics"
    found = fields(mapping)
    assert found["(Do Not Modify) Opportunity"] == "deals.deal_id"
    assert found["(Do Not Modify) Row Checksum"] == LEAVE_OUT
    assert found["Est. close date"] == "deals.expected_close"
    assert found["Actual close date"] == "deals.closed"
    assert found["Status"] == "deals.outcome"
    assert mapping.values["deals.lost_reason"]["In Progress"] == ""
    assert [(stage.stage, stage.found_by.value) for stage in mapping.stages] == [
        ("1 - Lead Outreach", "numbers"),
        ("2 - Opportunity Creation", "numbers"),
        ("3 - Proposal", "numbers"),
    ]


def test_a_salesforce_report_with_labels(bench: Bench) -> None:
    text = table(
        (
            "Opportunity Name",
            "Account Name",
            "Opportunity Owner",
            "Stage",
            "Amount",
            "Close Date",
            "Type",
            "Probability (%)",
        ),
        ("Rollout", "Hill Ltd", "Ann Lee", "Qualification", "1200", "2026-05-01", "New Business", "10"),
        ("Add-on", "Hill Ltd", "Ann Lee", "Closed Won", "300", "2026-02-01", "Existing Business", "100"),
    )
    mapping = bench.map({"report.csv": text}).mappings[0]
    assert (mapping.preset, mapping.entity) == ("salesforce", Entity.DEALS)
    assert mapping.keys == ("deals.name", "deals.account_name")
    assert fields(mapping)["Opportunity Owner"] == "deals.owner_name"
    assert mapping.values["deals.type"] == {"New Business": "new", "Existing Business": "expansion"}


def test_salesforce_field_history_becomes_changes_of_fields(bench: Bench) -> None:
    text = table(
        ("Id", "IsDeleted", "OpportunityId", "CreatedById", "CreatedDate", "Field", "OldValue", "NewValue"),
        ("017000000000001AAA", "0", "006000000000001AAA", "005000000000001AAA", "2026-01-02 10:00:00", "StageName",
         "Qualification", "Closed Won"),
        ("017000000000002AAA", "0", "006000000000001AAA", "005000000000001AAA", "2026-01-02 10:00:00", "CloseDate",
         "2026-02-01", "2026-03-01"),
    )  # fmt: skip
    mapping = bench.map({"OpportunityFieldHistory.csv": text}).mappings[0]
    assert mapping.entity is Entity.DEAL_HISTORY
    assert fields(mapping)["NewValue"] == "deal_history.new"
    assert mapping.values["deal_history.field"] == {"StageName": "stage", "CloseDate": "expected_close_on"}


def test_an_empty_lookup_of_salesforce_means_nothing(bench: Bench) -> None:
    text = table(
        ("Id", "StageName", "CloseDate", "AccountId"),
        ("006000000000001AAA", "Qualification", "2026-01-02", "000000000000000AAA"),
    )
    mapping = bench.map({"opportunity.csv": text}).mappings[0]
    assert "000000000000000AAA" in mapping.null_values
    assert fields(mapping)["AccountId"] == "deals.account_id"


def test_ids_of_15_and_of_18_characters_are_the_same(bench: Bench) -> None:
    report = table(
        ("Opportunity ID", "Opportunity Name", "Stage", "Close Date"),
        ("006bm00000LKJNN", "Rollout", "Qualification", "2026-05-01"),
    )
    history = table(
        ("Id", "OpportunityId", "StageName", "CreatedDate"),
        ("008bm00000UoqOjAAJ", "006bm00000LKJNNAA5", "Qualification", "2026-01-02 10:00:00"),
    )
    detection = bench.map({"report.csv": report, "OpportunityHistory.csv": history})
    short, long = (mapping.columns for mapping in detection.mappings)
    assert short[0].format == "salesforce_id"
    assert {column.format for column in long if column.field.endswith("_id")} == {None}
    assert "reference_unmatched" not in codes(detection)
    assert describe(detection.mappings[0], "en")[0].format == "ids of 15 characters, completed to 18"


@pytest.mark.parametrize(
    ("headers", "row", "expected"),
    [
        (
            ("연도", "번호", "사업유형", "담당", "거래처(END)", "영업기회명", "진행단계", "예상매출(원)", "예상GP(원)"),
            ("2026", "3", "신규", "김서연", "한빛전자", "품질 분석 도입", "제안", "120000000", "30000000"),
            {
                "사업유형": "deals.type",
                "담당": "deals.owner_name",
                "거래처(END)": "deals.account_name",
                "영업기회명": "deals.name",
                "진행단계": "deals.stage",
                "예상매출(원)": "deals.amount",
                "예상GP(원)": ATTRIBUTES,
                "연도": ATTRIBUTES,
                "번호": ATTRIBUTES,
            },
        ),
        (
            ("영업기회명", "고객사", "상태", "영업단계", "예상마감일자", "가능성", "담당자"),
            ("품질 분석 도입", "한빛전자", "진행", "제안", "2026-05-01", "60%", "김서연"),
            {
                "영업기회명": "deals.name",
                "고객사": "deals.account_name",
                "상태": "deals.outcome",
                "영업단계": "deals.stage",
                "예상마감일자": "deals.expected_close",
                "가능성": "deals.probability",
                "담당자": "deals.owner_name",
            },
        ),
        (
            ("생성일", "영업기회명", "Stage", "담당자", "Account", "Won/Lost"),
            ("2026. 1. 5.", "품질 분석 도입", "계약완료", "김서연", "한빛전자", "Won"),
            {
                "생성일": "deals.created",
                "영업기회명": "deals.name",
                "Stage": "deals.stage",
                "담당자": "deals.owner_name",
                "Account": "deals.account_name",
                "Won/Lost": "deals.outcome",
            },
        ),
        (
            ("회사명", "담당자명", "직함", "이메일", "전화번호", "영업단계", "예상매출", "메모"),
            ("한빛전자", "이준호", "부장", "lee@hanbit.example", "02-555-1234", "제안", "1,200만", "좋은 분"),
            {
                "회사명": "deals.account_name",
                "담당자명": "deals.contact_name",
                "영업단계": "deals.stage",
                "예상매출": "deals.amount",
                "전화번호": LEAVE_OUT,
                "이메일": LEAVE_OUT,
                "메모": "deals.note",
                "직함": ATTRIBUTES,
            },
        ),
    ],
    ids=["upload form", "list screen", "report", "template"],
)
def test_korean_headers_of_deals(
    bench: Bench, headers: tuple[str, ...], row: tuple[str, ...], expected: dict[str, str]
) -> None:
    mapping = bench.one(table(headers, row))
    assert mapping.entity is Entity.DEALS
    assert fields(mapping) == expected


def test_a_person_beside_a_position_is_asked_for(bench: Bench) -> None:
    text = table(
        ("회사명", "담당자명", "직함", "영업단계", "예상매출"), ("한빛전자", "이준호", "부장", "제안", "1,200만")
    )
    detection = bench.map({"crm.csv": text}, among=())
    question = next(question for question in detection.questions if question.code == "person_unclear")
    assert question.suggestion == "deals.contact_name"
    answered = bench.map({"crm.csv": text}, among=(), hints=Hints(answers={question.key: "deals.owner_name"}))
    assert not [question for question in answered.questions if question.code == "person_unclear"]
    assert fields(answered.mappings[0])["담당자명"] == "deals.owner_name"


def test_an_event_log_becomes_a_stage_history_with_deals_of_its_own(bench: Bench) -> None:
    text = table(
        ("case", "activity", "person", "time"),
        ("c1", "call", "Ann", "2026-01-01 10:00:00"),
        ("c1", "visit", "Ann", "2026-01-03 10:00:00"),
        ("c2", "call", "Cy", "2026-01-02 10:00:00"),
    )
    mapping = bench.map({"log.csv": text}).mappings[0]
    assert mapping.entity is Entity.STAGE_HISTORY
    assert mapping.derived_deals
    assert fields(mapping) == {
        "case": "stage_history.deal_id",
        "activity": "stage_history.stage",
        "person": "stage_history.by_name",
        "time": "stage_history.entered",
    }
    assert [stage.stage for stage in mapping.stages] == ["call", "visit"]


def test_an_event_log_beside_a_deals_file_makes_no_deals(bench: Bench) -> None:
    log = table(("case", "activity", "time"), ("D1", "Proposal", "2026-01-01 10:00:00"))
    deals = table(("deal id", "deal name", "stage"), ("D1", "Rollout", "Proposal"))
    detection = bench.map({"log.csv": log, "deals.csv": deals})
    assert [mapping.entity for mapping in detection.mappings] == [Entity.STAGE_HISTORY, Entity.DEALS]
    assert not detection.mappings[0].derived_deals


@pytest.mark.parametrize(
    "headers",
    [
        ("Opportunity ID", "Stage", "Entered Date"),
        ("Deal ID", "Stage", "Entry Date", "Exit Date"),
        ("기회번호", "단계", "진입일자"),
    ],
)
def test_a_stage_history_of_three_columns_is_no_file_of_deals(bench: Bench, headers: tuple[str, ...]) -> None:
    rows = [
        (f"D{number // 3}", ("New", "Proposal", "Won")[number % 3], "2026-01-01", "2026-01-09") for number in range(30)
    ]
    text = table(headers, *(row[: len(headers)] for row in rows))
    mapping = bench.one(text, "stage_history.csv")
    assert mapping.entity is Entity.STAGE_HISTORY
    assert fields(mapping)[headers[2]] == "stage_history.entered"
