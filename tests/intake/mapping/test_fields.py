"""The vocabulary of fields agrees with the facts, the synonyms and the presets."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import bokgi.intake.mapping as package
from bokgi.domain.errors import InternalError, MappingError
from bokgi.facts.schema import TABLES
from bokgi.intake.mapping.fields import FIELDS, Kind, field_named, field_of, fields_for
from bokgi.intake.mapping.headers import entity_words
from bokgi.intake.mapping.model import ATTRIBUTES, Entity
from bokgi.intake.mapping.preset import preset_named, presets

_FOLDER = Path(package.__path__[0])


def _toml(name: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((_FOLDER / "synonyms" / f"{name}.toml").read_text(encoding="utf-8"))


def test_every_field_feeds_columns_that_exist() -> None:
    for field in FIELDS.values():
        for column in field.feeds:
            if column != ATTRIBUTES:
                table, _, name = column.partition(".")
                assert TABLES[table].column(name).name == name


def test_what_is_about_a_person_feeds_only_erasable_tables_and_keys() -> None:
    erasable = {"identities.", "texts."}
    for field in FIELDS.values():
        if field.personal:
            others = [column for column in field.feeds if not any(column.startswith(name) for name in erasable)]
            assert all(column.endswith(("_id", "by_id", "key", "has_next_step", ".new")) for column in others), (
                field.name
            )


@pytest.mark.parametrize("language", ["en", "ko", "cs"])
def test_synonyms_name_fields_that_exist(language: str) -> None:
    named = {f"{section}.{field}" for section, fields in _toml(language).items() for field in fields}
    assert named <= FIELDS.keys()


def test_words_of_values_belong_to_fields_that_exist() -> None:
    assert _toml("values").keys() <= FIELDS.keys()


def test_marks_of_entities_name_fields_of_that_entity() -> None:
    for entity, words in entity_words().items():
        for field in (*words.tells, *(name for group in words.needs for name in group)):
            assert field.startswith(f"{entity.value}."), field
            assert field in FIELDS


def test_presets_map_to_fields_that_a_file_of_the_entity_can_carry() -> None:
    for preset in presets():
        for file in preset.files:
            names = [part.field for parts in file.columns.values() for part in parts] + list(file.constants)
            for name in names:
                field = field_of(name)
                assert field is not None, (preset.name, file.about, name)
                assert not field.entities or file.entity in field.entities, (preset.name, file.about, name)


def test_presets_assume_columns_of_deals_but_never_what_is_edited_all_the_time() -> None:
    columns = {column.name for column in TABLES["deals"].columns}
    for preset in presets():
        assert set(preset.known_at_creation) <= columns
        assert not {"amount", "stage", "expected_close_on", "has_next_step"} & set(preset.known_at_creation)


def test_an_unknown_preset_says_which_there_are() -> None:
    with pytest.raises(MappingError, match=r"There is no preset sugar.*salesforce") as raised:
        preset_named("sugar")
    assert raised.value.code == "preset_unknown"


def test_a_field_is_found_by_name_and_a_stage_field_by_its_family() -> None:
    entered = field_of("stage_entered:Proposal")
    assert entered is not None
    assert entered.kind is Kind.MOMENT
    assert field_of("deals.amuont") is None
    assert field_of("stage_entered:") is None
    assert field_of("deals.amount:x") is None
    with pytest.raises(InternalError):
        field_named("deals.amuont")


def test_a_file_of_deals_can_describe_its_account_but_not_name_a_target() -> None:
    names = [field.name for field in fields_for(Entity.DEALS)]
    assert names[0].startswith("deals.")
    assert "accounts.industry" in names
    assert "targets.amount" not in names
    assert "accounts.name" not in names
