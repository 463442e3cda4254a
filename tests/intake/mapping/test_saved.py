"""A saved mapping reads back as it was written, says where it is wrong, and notices a changed file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bokgi.domain.errors import MappingError
from bokgi.domain.findings import Severity
from bokgi.domain.stage import StageKind
from bokgi.intake.mapping.fields import fields_for
from bokgi.intake.mapping.model import (
    ATTRIBUTES,
    LEAVE_OUT,
    ColumnMapping,
    Entity,
    FileMapping,
    FoundBy,
    StageDefinition,
    StageFoundBy,
)
from bokgi.intake.mapping.saved import read, read_file, read_folder, write
from tests.intake.mapping.small_files import Bench, codes, fields, table

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NAMES = st.one_of(TEXTS, st.sampled_from(["금액(만원)", 'Date entered "Won"', "a.b", "#1", "=x", "[columns]"]))
FORMATS = st.one_of(st.none(), st.sampled_from(["%Y-%m-%d", "day %d/%m/%Y", "1,234.56 × 10000 KRW"]))
CHANCES = st.one_of(st.none(), st.floats(0, 1))
COLUMNS_OF_DEALS = ("owner_id", "source", "type")


@st.composite
def columns(draw: st.DrawFn, entity: Entity) -> tuple[ColumnMapping, ...]:
    """Draw columns that a file of an entity can have."""
    names = [field.name for field in fields_for(entity) if not field.name.endswith(":")]
    if entity is Entity.DEALS:
        names.append(f"stage_entered:{draw(TEXTS)}")
    headers = draw(st.lists(NAMES, unique=True, max_size=6))
    return tuple(
        ColumnMapping(
            header,
            field,
            draw(st.sampled_from(FoundBy)),
            draw(st.sampled_from([0.0, 0.5, 0.99])),
            format=draw(FORMATS),
            samples=("a person's name",),
            pipeline=draw(st.one_of(st.none(), TEXTS)),
        )
        for header in headers
        for field in draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
    )


@st.composite
def stages(draw: st.DrawFn) -> StageDefinition:
    """Draw a stage."""
    return StageDefinition(
        pipeline=draw(TEXTS),
        stage=draw(TEXTS),
        label=draw(TEXTS),
        stage_order=draw(st.integers(1, 99)),
        kind=draw(st.sampled_from(StageKind)),
        origin=draw(st.sampled_from(["given", "inferred"])),
        found_by=draw(st.sampled_from(StageFoundBy)),
        probability=draw(CHANCES),
        journey_stage=draw(st.one_of(st.none(), TEXTS)),
        exit_criterion=draw(st.one_of(st.none(), TEXTS)),
        expected_days=draw(st.one_of(st.none(), st.integers(0, 400))),
    )


@st.composite
def mappings(draw: st.DrawFn) -> FileMapping:
    """Draw a mapping with anything in it that a mapping can hold."""
    entity = draw(st.sampled_from([Entity.DEALS, Entity.ACCOUNTS, Entity.STAGE_HISTORY, Entity.TARGETS, Entity.IGNORE]))
    names = [field.name for field in fields_for(entity) if not field.name.endswith(":")]
    words = st.dictionaries(TEXTS, st.one_of(TEXTS, st.just("")), min_size=1, max_size=3)
    found = draw(columns(entity))
    headers = sorted({column.column for column in found})
    return FileMapping(
        file=draw(st.one_of(st.just(""), NAMES)),
        entity=entity,
        columns=found,
        source=draw(NAMES),
        name=draw(TEXTS),
        preset=draw(st.one_of(st.none(), st.just("hubspot"))),
        found_by=draw(st.sampled_from(FoundBy)),
        confidence=draw(st.sampled_from([0.1, 1.0])),
        keys=tuple(draw(st.lists(st.sampled_from(names), max_size=2))),
        derived_deals=draw(st.booleans()),
        one_table=draw(st.booleans()),
        stages=tuple(draw(st.lists(stages(), max_size=3))),
        known_at_creation=tuple(draw(st.lists(st.sampled_from(COLUMNS_OF_DEALS), unique=True))),
        time_zone=draw(st.one_of(st.none(), st.just("Asia/Seoul"))),
        currency=draw(st.one_of(st.none(), st.just("KRW"))),
        constants=draw(st.dictionaries(st.sampled_from(names), TEXTS, max_size=2)),
        values=draw(st.dictionaries(st.sampled_from(names), words, max_size=2)),
        null_values=tuple(draw(st.lists(TEXTS, max_size=2))),
        total_rows=dict.fromkeys(headers[:1], ("Grand Total",)),
        history_formats=draw(st.dictionaries(st.sampled_from(COLUMNS_OF_DEALS), st.just("%Y-%m-%d"), max_size=2)),
    )


@settings(deadline=None, max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(mappings())
def test_what_is_written_reads_back_the_same_and_holds_no_sample(mapping: FileMapping) -> None:
    text = write(mapping)
    assert read(text) == mapping.as_saved()
    assert write(read(text)) == write(mapping.as_saved())
    assert "a person's name" not in text


def test_comments_say_what_found_each_column() -> None:
    column = ColumnMapping("Amount", "deals.amount", FoundBy.NAME, 0.9, format="1,234.56")
    text = write(FileMapping("a.csv", Entity.DEALS, (column,), "crm"))
    assert '"Amount" = { field = "deals.amount", format = "1,234.56" }  # found by name, 0.90' in text


GOOD = """version = 1
source = "crm"
entity = "deals"
keys = ["deals.deal_id"]
stages = [
  { stage = "Won", kind = "won" },
]

[columns]
"Id" = "deals.deal_id"
"""


def test_a_short_mapping_written_by_hand_is_enough() -> None:
    mapping = read(GOOD, name="crm")
    assert (mapping.name, mapping.entity) == ("crm", Entity.DEALS)
    assert mapping.stages[0] == StageDefinition("default", "Won", "Won", 1, StageKind.WON, "given", StageFoundBy.SAVED)


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('"Id" = "deals.deal_id"', '"Id" = "deals.dealid"', "mapping_value_unknown", r"Line 10, Id: .*deals\.deal_id"),
        ('"Id" = "deals.deal_id"', '"Id" = "targets.amount"', "mapping_value_unknown", "Line 10, Id"),
        ('"Id" = "deals.deal_id"', '"Id" = "deals.deal_id', "mapping_not_toml", "Line 10 of the mapping is no TOML"),
        ('"Id" = "deals.deal_id"', '"Id" = { feld = "x" }', "mapping_value_unknown", "Did you mean field"),
        ('"Id" = "deals.deal_id"', '"Id" = 5', "mapping_field_missing", "Line 10"),
        ('entity = "deals"', 'entity = "deal"', "mapping_value_unknown", "Line 3, entity: .*deals"),
        ('entity = "deals"', "entity = 5", "mapping_shape_wrong", "Line 3"),
        ('entity = "deals"', "", "mapping_key_missing", "“entity”"),
        ("version = 1", "version = 9", "mapping_version_unknown", "Line 1: version 9"),
        ("version = 1", "versoin = 1", "mapping_value_unknown", "there is no key “versoin”. Did you mean version"),
        ('kind = "won"', 'kind = "winn"', "mapping_value_unknown", "Line 6, Won: .*won"),
        ('stage = "Won", ', "", "mapping_stage_unnamed", "a stage has no name"),
        ('keys = ["deals.deal_id"]', 'keys = ["deals.id"]', "mapping_value_unknown", "Line 4, keys|Line 4, deals.id"),
        ('keys = ["deals.deal_id"]', 'keys = "deals.deal_id"', "mapping_shape_wrong", "Line 4"),
        ('keys = ["deals.deal_id"]', 'known_at_creation = ["ownr_id"]', "mapping_value_unknown", "owner_id"),
        ("[columns]", '[values]\n"deals.type" = "new"\n[columns]', "mapping_shape_wrong", "deals.type"),
        ("[columns]", '[total_rows]\n"Name" = ["Total"]\n[columns]', "mapping_value_unknown", "There are: Id"),
    ],
)  # fmt: skip
def test_an_error_names_the_place_and_what_exists_instead(old: str, new: str, code: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(MappingError, match=says) as raised:
        read(GOOD.replace(old, new))
    assert raised.value.code == code


def test_a_mapping_that_is_not_there_says_which_are(tmp_path: Path) -> None:
    (tmp_path / "crm.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(MappingError, match=r"There is no mapping other\.toml.*crm\.toml"):
        read_file(tmp_path / "other.toml")
    assert [mapping.name for mapping in read_folder(tmp_path)] == ["crm"]
    (tmp_path / "bad.toml").write_bytes('name = "한글"'.encode("cp949"))
    with pytest.raises(MappingError, match="UTF-8"):
        read_file(tmp_path / "bad.toml")


DEALS = table(("번호", "딜", "돈", "단계"), ("1", "한빛 도입", "100", "상담"), ("2", "별빛 도입", "200", "계약"))
SAVED = FileMapping(
    file="deals.csv",
    entity=Entity.DEALS,
    source="own",
    name="own",
    columns=(
        ColumnMapping("번호", "deals.deal_id", FoundBy.HAND, 1.0),
        ColumnMapping("딜", "deals.name", FoundBy.HAND, 1.0),
        ColumnMapping("돈", "deals.amount", FoundBy.HAND, 1.0, format="1,234.56 × 10000 KRW"),
        ColumnMapping("단계", "deals.stage", FoundBy.HAND, 1.0),
    ),
    stages=(StageDefinition("default", "상담", "상담", 1, StageKind.OPEN, "given", StageFoundBy.HAND),),
    currency="KRW",
    time_zone="Asia/Seoul",
    known_at_creation=("owner_id",),
    null_values=("-",),
)


def test_a_saved_mapping_goes_before_presets_and_names(bench: Bench) -> None:
    detection = bench.map({"any name.csv": DEALS}, saved=(read(write(SAVED)),))
    mapping = detection.mappings[0]
    assert mapping.found_by is FoundBy.SAVED
    assert {column.found_by for column in mapping.columns} == {FoundBy.SAVED}
    assert fields(mapping)["돈"] == "deals.amount"
    column = mapping.of("deals.amount")
    assert column is not None
    assert column.format == "1,234.56 × 10000 KRW"
    assert column.samples == ("100", "200")
    assert (mapping.source, mapping.currency, mapping.null_values) == ("own", "KRW", ("-",))
    assert [stage.found_by for stage in mapping.stages] == [StageFoundBy.SAVED]
    assert "header_changed" not in codes(detection)


def test_a_changed_header_says_what_is_missing_and_what_is_new(bench: Bench) -> None:
    text = table(("번호", "딜", "금액", "단계", "확도"), ("1", "한빛 도입", "100", "상담", "50%"))
    detection = bench.map({"deals.csv": text}, saved=(read(write(SAVED)),))
    finding = next(finding for finding in detection.findings if finding.code == "header_changed")
    assert finding.severity is Severity.ERROR
    assert (finding.values["missing"], finding.values["new"]) == ("돈", "금액, 확도")
    found = fields(detection.mappings[0])
    assert found["금액"] == "deals.amount"
    assert "돈" not in found


def test_a_new_column_alone_is_a_warning(bench: Bench) -> None:
    text = table(("번호", "딜", "돈", "단계", "날씨"), ("1", "한빛 도입", "100", "상담", "맑음"))
    detection = bench.map({"deals.csv": text}, saved=(read(write(SAVED)),))
    finding = next(finding for finding in detection.findings if finding.code == "header_changed")
    assert finding.severity is Severity.WARNING
    assert fields(detection.mappings[0])["날씨"] == ATTRIBUTES


def test_a_column_that_was_not_taken_may_go_missing(bench: Bench) -> None:
    more = read(write(SAVED).replace("[columns]", f'[columns]\n"메모지" = "{LEAVE_OUT}"'))
    detection = bench.map({"deals.csv": DEALS}, saved=(more,))
    finding = next(finding for finding in detection.findings if finding.code == "header_changed")
    assert finding.severity is Severity.WARNING


def test_a_saved_mapping_of_another_file_is_left_alone(bench: Bench) -> None:
    text = table(("deal id", "deal name", "stage"), ("D1", "Rollout", "Proposal"))
    mapping = bench.map({"deals.csv": text}, saved=(SAVED,)).mappings[0]
    assert mapping.found_by is FoundBy.NAME


def test_a_file_can_be_saved_as_it_was_found_and_is_then_mapped_alike(bench: Bench) -> None:
    text = table(
        ("deal id", "deal name", "stage", "amount", "phone"), ("D1", "Rollout", "Proposal", "12", "02-555-1234")
    )
    first = bench.map({"deals.csv": text}).mappings[0]
    again = bench.map({"deals.csv": text}, saved=(read(write(first)),)).mappings[0]
    assert again.as_saved() == first.as_saved()
