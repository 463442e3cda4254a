"""The page on mappings says what the source says."""

from __future__ import annotations

import re

from bokgi.intake.mapping.model import Entity, FoundBy
from bokgi.intake.mapping.saved import KEYS, read
from tests.intake.mapping.field_table import PAGE, with_made


def test_the_tables_of_presets_and_fields_are_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_made(page) == page


def test_the_example_reads() -> None:
    example = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (mapping,) = [read(text) for text in example]
    assert mapping.entity is Entity.DEALS
    assert [stage.kind.value for stage in mapping.stages] == ["open", "open", "won", "lost"]
    assert mapping.stage_columns()[0].stage == "제안"
    assert mapping.values["deals.type"]["시험"] == ""


def test_every_key_and_every_way_of_finding_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for key in KEYS:
        assert re.search(rf"`\[?{key}[\]`.\[]", page), key
    for found_by in FoundBy:
        assert f"| `{found_by.value}` |" in page
