"""The table of fields in `docs/reference/mapping.md`, made from the source.

`python -m tests.intake.mapping.field_table` writes it.
"""

from __future__ import annotations

from pathlib import Path

from bokgi.intake.mapping.fields import FIELDS, Field
from bokgi.intake.mapping.model import STAGE_ENTERED, STAGE_LEFT, TARGET_OF, Entity
from bokgi.intake.mapping.preset import presets
from bokgi.intake.mapping.recognise import ENTITY_LABELS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "mapping.md"
START = "<!-- Made from the source by `python -m tests.intake.mapping.field_table`; change the source instead. -->"
END = "<!-- End of what is made from the source. -->"


def _row(field: Field) -> str:
    stage = "STAGE" if field.name in {STAGE_ENTERED, STAGE_LEFT} else "PERIOD" if field.name == TARGET_OF else ""
    feeds = ", ".join(f"`{column}`" for column in field.feeds) or "–"
    labels = " · ".join(field.label.text(lang) for lang in ("en", "ko"))
    return f"| `{field.name}{stage}` | {field.kind.value} | {labels} | {feeds} |"


def made() -> str:
    """Write the presets and, entity by entity, the fields."""
    lines = [START, "", "### Presets", "", "| preset | for | files it knows |", "|---|---|---|"]
    for preset in sorted(presets(), key=lambda preset: preset.name):
        known = ", ".join(dict.fromkeys(file.about for file in preset.files if file.entity is not Entity.IGNORE))
        lines.append(f"| `{preset.name}` | {preset.label} | {known} |")
    lines += ["", "### Fields", ""]
    head = ["| field | read as | what it is | feeds |", "|---|---|---|---|"]
    for entity in Entity:
        own = [field for field in FIELDS.values() if field.entities and field.entities[0] is entity]
        if own:
            label = " · ".join(ENTITY_LABELS[entity].text(lang) for lang in ("en", "ko"))
            lines += [f"#### {entity.value}", "", f"A row is {label}.", "", *head, *map(_row, own), ""]
    everywhere = [field for field in FIELDS.values() if not field.entities]
    lines += ["#### in any file", "", *head, *map(_row, everywhere), "", END]
    return "\n".join(lines)


def with_made(page: str) -> str:
    """Put the made part into the page."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return before + made() + after


if __name__ == "__main__":
    PAGE.write_text(with_made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
