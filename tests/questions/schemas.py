"""The schemas of docs/reference that answers are held to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def fits(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the answer when it is JSON and fits `docs/reference/<name>.schema.json`."""
    schema = json.loads((REFERENCE / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(answer)), schema)
    return answer
