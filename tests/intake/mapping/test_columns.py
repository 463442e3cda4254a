"""Which column is what: names, values, hands; questions instead of guesses; nothing personal without a tick."""

from __future__ import annotations

import pytest

from bokgi.domain.errors import MappingError
from bokgi.intake.mapping.columns import stage_of
from bokgi.intake.mapping.headers import common_prefix, key, named, without_brackets
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, Entity, FoundBy, Hints
from tests.intake.mapping.small_files import Bench, codes, fields, table

DEALS = ("deal id", "deal name", "stage", "amount", "owner")
ROW = ("D1", "Rollout", "Proposal", "1200", "Ann Lee")


def test_spelling_of_a_header_does_not_matter() -> None:
    for header in ("Stage Name", "StageName", "stage_name", "STAGE-NAME", "Stage_Name__c", "property_stage_name"):
        assert ("deals.stage") in [field for field, _ in named(header)], header


def test_a_known_name_counts_for_more_than_one_with_a_bracket() -> None:
    exact = dict(named("예상매출"))["deals.amount"]
    assert dict(named("예상매출(만원)"))["deals.amount"] < exact
    assert named("완전히 모르는 열") == ()


def test_a_prefix_counts_only_when_most_headers_carry_it() -> None:
    assert common_prefix(["Deal - A", "Deal - B", "Deal - C", "Other"]) is None
    assert common_prefix(["Deal - A", "Deal - B", "Deal - C", "Deal - D", "Other"]) == "Deal"
    assert common_prefix(["Deal - A", "Deal - B"]) is None
    assert without_brackets("(only)") == "(only)"


def test_every_column_says_what_found_it_and_how_sure(bench: Bench) -> None:
    mapping = bench.one(table((*DEALS, "favourite colour"), (*ROW, "blue")))
    by_header = {column.column: column for column in mapping.columns}
    assert by_header["deal id"].found_by is FoundBy.NAME
    assert 0.9 <= by_header["deal id"].confidence < 1
    assert by_header["favourite colour"].field == ATTRIBUTES
    assert by_header["favourite colour"].found_by is FoundBy.NOTHING
    assert by_header["favourite colour"].confidence == 0
    assert by_header["amount"].samples == ("1200",)


def test_a_name_whose_values_say_otherwise_is_not_believed(bench: Bench) -> None:
    mapping = bench.one(
        table(DEALS, ("D1", "Rollout", "Proposal", "large", "Ann"), ("D2", "Pilot", "Won", "small", "Cy"))
    )
    assert fields(mapping)["amount"] == ATTRIBUTES


def test_a_column_without_values_is_less_sure(bench: Bench) -> None:
    mapping = bench.one(table((*DEALS, "close date"), (*ROW, "")))
    column = mapping.of("deals.close")
    assert column is not None
    assert column.confidence == 0.85


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (("ann@firm.example", "cy@firm.example"), "deals.owner_email"),
        (("005bm00000NCJmQAAX", "005bm00000NCJmRAAX"), "deals.owner_id"),
        (("E-1001", "E-1002"), "deals.owner_id"),
        (("Ann Lee", "Cy Day"), "deals.owner_name"),
    ],
    ids=["address", "long id", "number", "name"],
)
def test_a_person_is_read_as_what_the_values_are(bench: Bench, values: tuple[str, str], field: str) -> None:
    rows = [("D1", "Rollout", "Proposal", "1200", values[0]), ("D2", "Pilot", "Won", "300", values[1])]
    assert fields(bench.one(table(DEALS, *rows)))["owner"] == field


def test_two_columns_that_claim_one_field_are_asked_for(bench: Bench) -> None:
    text = table(
        ("deal id", "stage", "created", "creation date"),
        ("D1", "Proposal", "2026-01-05", "2026-01-07"),
        ("D2", "Won", "2026-01-06", "2026-01-08"),
    )
    detection = bench.map({"deals.csv": text}, among=())
    (question,) = detection.open_questions
    assert question.code == "two_columns_one_field"
    assert question.columns == ("created", "creation date")
    assert [option.answer for option in question.options] == ["created", "creation date"]
    column = detection.mappings[0].of("deals.created")
    assert column is not None
    assert column.confidence == 0.5

    answered = bench.map({"deals.csv": text}, among=(), hints=Hints(answers={question.key: "creation date"}))
    assert answered.open_questions == ()
    found = fields(answered.mappings[0])
    assert found == {
        "deal id": "deals.deal_id",
        "stage": "deals.stage",
        "created": ATTRIBUTES,
        "creation date": "deals.created",
    }


def test_two_columns_that_say_the_same_are_no_question(bench: Bench) -> None:
    text = table(("deal id", "stage", "created", "creation date"), ("D1", "Proposal", "2026-01-05", "2026-01-05"))
    assert bench.map({"deals.csv": text}, among=()).questions == ()


def test_of_two_columns_for_a_mere_text_the_first_is_suggested(bench: Bench) -> None:
    text = table(("deal id", "stage", "notes", "description"), ("D1", "Proposal", "nice", "a long story"))
    detection = bench.map({"deals.csv": text}, among=())
    assert detection.open_questions == ()
    assert [question.suggestion for question in detection.questions] == ["notes"]


def test_an_empty_rival_loses(bench: Bench) -> None:
    text = table(("deal id", "stage", "created", "creation date"), ("D1", "Proposal", "", "2026-01-05"))
    detection = bench.map({"deals.csv": text}, among=())
    assert detection.questions == ()
    assert fields(detection.mappings[0])["creation date"] == "deals.created"


def test_a_hand_goes_before_everything(bench: Bench) -> None:
    hints = Hints(columns={("deals.csv", "owner"): LEAVE_OUT, ("deals.csv", "amount"): ATTRIBUTES})
    mapping = bench.map({"deals.csv": table(DEALS, ROW)}, hints=hints).mappings[0]
    assert fields(mapping)["owner"] == LEAVE_OUT
    assert {column.found_by for column in mapping.columns if column.column in {"owner", "amount"}} == {FoundBy.HAND}


@pytest.mark.parametrize(
    ("hints", "missing"),
    [
        (Hints(columns={("deals.csv", "ownr"): LEAVE_OUT}), "ownr"),
        (Hints(columns={("deal.csv", "owner"): LEAVE_OUT}), "deal.csv"),
        (Hints(columns={("deals.csv", "owner"): "deals.ownr"}), "deals.ownr"),
        (Hints(entities={"deal.csv": Entity.DEALS}), "deal.csv"),
    ],
    ids=["column", "file of a column", "field", "file"],
)
def test_a_hint_about_nothing_says_what_there_is(bench: Bench, hints: Hints, missing: str) -> None:
    with pytest.raises(MappingError, match="There are: ") as raised:
        bench.map({"deals.csv": table(DEALS, ROW)}, hints=hints)
    assert raised.value.code == "hint_unknown"
    assert missing in str(raised.value)


def test_personal_columns_are_left_out_until_ticked(bench: Bench) -> None:
    text = table(
        (*DEALS, "휴대폰", "주민등록번호", "backup", "home page", "remark text"),
        (*ROW, "010-0000-1234", "900101-1234567", "kim@home.example", "hill.example", "short"),
    )
    detection = bench.map({"deals.csv": text}, among=())
    found = fields(detection.mappings[0])
    assert found["휴대폰"] == found["주민등록번호"] == found["backup"] == found["remark text"] == LEAVE_OUT
    assert found["home page"] == ATTRIBUTES
    finding = next(finding for finding in detection.findings if finding.code == "column_personal")
    assert finding.count == 4
    assert "010-0000-1234" not in finding.message.text("ko")
    ticked = Hints(ticked=frozenset({("deals.csv", "휴대폰")}))
    assert fields(bench.map({"deals.csv": text}, among=(), hints=ticked).mappings[0])["휴대폰"] == ATTRIBUTES


def test_a_flag_about_a_personal_thing_is_not_personal(bench: Bench) -> None:
    mapping = bench.one(table((*DEALS, "do not email"), (*ROW, "No")))
    assert fields(mapping)["do not email"] == ATTRIBUTES


def test_sentences_are_left_out_wherever_they_stand(bench: Bench) -> None:
    story = "Kim said on the phone that the budget had moved to next year and that he would call again."
    rows = [("D1", "Rollout", "Proposal", "1200", "Ann", story), ("D2", "A", "Won", "3", "Cy", story + " Soon."),
            ("D3", "B", "Won", "3", "Cy", story + " Later.")]  # fmt: skip
    assert fields(bench.one(table((*DEALS, "zz"), *rows)))["zz"] == LEAVE_OUT


def test_addresses_are_found_by_their_values_in_a_list_of_people(bench: Bench) -> None:
    text = table(
        ("name", "team", "login"), ("Ann Lee", "East", "ann@firm.example"), ("Cy Day", "West", "cy@firm.example")
    )
    mapping = bench.one(text, "people.csv")
    column = mapping.of("people.email")
    assert column is not None
    assert (column.column, column.found_by) == ("login", FoundBy.VALUES)


def test_other_columns_are_left_out_where_facts_have_no_place_for_them(bench: Bench) -> None:
    text = table(("deal id", "stage", "entered", "by", "weather"), ("D1", "Proposal", "2026-01-01", "Ann Lee", "fair"))
    mapping = bench.one(text, "stage_history.csv")
    assert mapping.entity is Entity.STAGE_HISTORY
    assert fields(mapping)["weather"] == LEAVE_OUT


def test_a_thousand_columns_are_mapped_quickly(bench: Bench) -> None:
    headers = (*DEALS, *(f"custom field {number}" for number in range(1000)))
    row = (*ROW, *("x" for _ in range(1000)))
    detection = bench.map({"deals.csv": table(headers, row)})
    assert len(detection.mappings[0].columns) == 1005
    assert "column_personal" not in codes(detection)


@pytest.mark.parametrize(
    ("text", "labels", "pipelines", "expected"),
    [
        ("Closed Won (Sales)", ("Closed Won (Sales)",), (), ("Closed Won (Sales)", None)),
        ("Closed Won (Sales)", ("Closed Won",), (), ("Closed Won", "Sales")),
        ("closed won (sales)", (), ("Sales",), ("closed won", "Sales")),
        ("Trial (paid)", ("Won",), ("Sales",), ("Trial (paid)", None)),
        ("Won", (), (), ("Won", None)),
        ("Won (Sales (EU))", ("Won",), (), ("Won", "Sales (EU)")),
    ],
)
def test_stage_and_pipeline_are_split_as_the_deals_write_them(
    text: str, labels: tuple[str, ...], pipelines: tuple[str, ...], expected: tuple[str, str | None]
) -> None:
    found = stage_of(text, {key(label): label for label in labels}, {key(name): name for name in pipelines})
    assert found == expected


def test_a_column_that_can_be_a_name_leaves_the_id_to_the_one_that_cannot(bench: Bench) -> None:
    text = table(("ID", "Opportunity", "Stage", "Amount"), ("G1", "Server", "Proposal", "5000"))
    found = bench.map({"deals.csv": text}, among=())
    assert fields(found.mappings[0])["ID"] == "deals.deal_id"
    assert fields(found.mappings[0])["Opportunity"] == "deals.name"
    assert found.open_questions == ()
