"""Whole imports of public files, as their publishers left them: sums, a second import, honest answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from bokgi.cli.program import run

DATA = Path(__file__).parents[3] / "shared" / "data"
SAMPLES: Final = "crm-export-samples"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")


@dataclass(frozen=True)
class Public:
    """Files of one publisher: where they are, rows read and quarantined, and rows of the lake by table."""

    path: str
    read: int
    quarantined: int
    tables: dict[str, int]
    findings: frozenset[str] = frozenset()


FILES: Final = {
    "permit log": Public(
        "receipt-permit-log/receipt.csv",
        8577,
        0,
        {"deals": 1434, "stage_events": 8577},
        frozenset({"stages_inferred", "stages_without_won"}),
    ),
    "opportunities as xlsx": Public(
        "opportunity-tracking/Opportunity Tracking Sample no PV.xlsx",
        486,
        0,
        {"deals": 486},
        frozenset({"file_is_pivot", "sheet_hidden"}),
    ),
    "opportunities as csv": Public(
        "opportunity-tracking/opportunities_flat.csv",
        487,
        2,
        {"deals": 485, "accounts": 357},
        frozenset({"id_repeated"}),
    ),
    "leads": Public("x-education-lead-scoring/Leads.csv", 9240, 0, {"leads": 9240}),
    "Salesforce, developer org": Public(
        f"{SAMPLES}/salesforce-devorg-csv",
        149,
        19,
        {"deals": 17, "stage_events": 48, "deal_changes": 167},
        frozenset({"closed_before_created", "file_ignored", "currency_assumed"}),
    ),
    "Salesforce, raw objects": Public(
        f"{SAMPLES}/salesforce-raw-objects",
        148,
        18,
        {"deals": 13, "stage_events": 31, "deal_changes": 155},
        frozenset({"closed_before_created", "file_ignored"}),
    ),
    "Salesforce, landed": Public(
        f"{SAMPLES}/fivetran-salesforce-seeds",
        50,
        2,
        {"deals": 9, "activities": 20},
        frozenset({"header_only", "probability_malformed", "reference_unmatched"}),
    ),
    "HubSpot, landed": Public(
        f"{SAMPLES}/fivetran-hubspot-seeds",
        681,
        0,
        {"deals": 44, "stage_events": 14, "content_events": 100},
        frozenset({"stage_missing", "deal_unknown", "stages_not_in_list"}),
    ),
    "Maven": Public(
        "maven-crm-sales-opportunities", 8920, 0, {"deals": 8800}, frozenset({"reference_unmatched", "created_assumed"})
    ),
}


def asked(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    code = run([*words, "--home", str(home), "--format", "json", "--lang", "en"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == 0, found
    return found


@pytest.mark.parametrize("name", FILES)
def test_public_files_go_in_whole_and_once_and_are_reviewed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, home = FILES[name], tmp_path / "home"
    words = ("import", str(DATA / files.path))
    first = asked(capsys, home, *words)
    assert first["accepted"] + first["quarantined"] + first["known"] == first["read"]
    assert (first["read"], first["quarantined"]) == (files.read, files.quarantined)
    assert {table: first["tables"][table] for table in files.tables} == files.tables
    assert files.findings <= {finding["code"] for finding in first["findings"]}

    again = asked(capsys, home, *words)
    assert (again["import_no"], again["read"], again["known"]) == (None, files.read, files.read)

    deals = first["tables"].get("deals", 0)
    review = asked(capsys, home, "review")
    assert (review["data"]["deals"], review["data"]["quarantined"]) == (deals, files.quarantined)
    standing = asked(capsys, home, "funnel", "--mode", "snapshot")["stages"]
    assert sum(stage["counts"].get("deals", 0) for stage in standing) <= deals
