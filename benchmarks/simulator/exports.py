"""A simulated world written as the CSV files a CRM would export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

if TYPE_CHECKING:
    from benchmarks.simulator.organisation import World


def write_exports(world: World, folder: Path) -> list[Path]:
    """Write deals, stage history, activities and people into `folder`; gives the paths in that order."""
    folder.mkdir(parents=True, exist_ok=True)
    deals, people = world.tables["deals"], world.tables["people"]
    names = pa.array([f"Seller {person[1:]}" for person in people["person_id"].to_pylist()])
    by_id = dict(zip(people["person_id"].to_pylist(), names.to_pylist(), strict=True))

    def named(column: pa.ChunkedArray) -> pa.Array:
        encoded = column.combine_chunks().dictionary_encode()
        return pa.DictionaryArray.from_arrays(
            encoded.indices, pa.array([by_id[key] for key in encoded.dictionary.to_pylist()])
        ).cast(pa.string())

    attributes = deals["attributes"].to_pylist()
    extra = {name: pa.array([dict(row)[name] for row in attributes]) for name in ("territory", "segment", "industry")}
    files = {
        "opportunities.csv": pa.table(
            {
                "Opportunity ID": deals["deal_id"],
                "Account ID": deals["account_id"],
                "Opportunity Owner": named(deals["owner_id"]),
                "Stage": deals["stage"],
                "Type": deals["type"],
                "Lead Source": deals["source"],
                "Lead Grade": deals["lead_grade"],
                "Amount": deals["amount"].cast(pa.string()),
                "Created Date": deals["created_on"],
                "Close Date": deals["closed_on"],
                "Expected Close Date": deals["expected_close_on"],
                **extra,
            }
        ),
        "stage_history.csv": world.tables["stage_events"]
        .select(["deal_id", "stage", "entered_on"])
        .rename_columns(["Opportunity ID", "Stage", "Entered Date"]),
        "activities.csv": pa.table(
            {
                "Activity ID": world.tables["activities"]["activity_id"],
                "Opportunity ID": world.tables["activities"]["deal_id"],
                "Type": world.tables["activities"]["kind"],
                "Date": world.tables["activities"]["happened_on"],
                "Assigned To": named(world.tables["activity_people"]["person_id"]),
            }
        ),
        "people.csv": pa.table(
            {"Name": names, "Team": world.tables["memberships"]["team"], "Role": world.tables["memberships"]["role"]}
        ),
    }
    paths = []
    for name, table in files.items():
        csv.write_csv(table, folder / name)
        paths.append(folder / name)
    return paths
