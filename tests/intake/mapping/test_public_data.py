"""Public files map to what they are. They are not part of the project: without them these tests are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bokgi.intake.mapping.detect import map_files
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, Detection, Entity, FileMapping
from tests.intake.mapping.small_files import Bench, codes, fields

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the public files are not beside the project")


def _map(bench: Bench, folder: str) -> Detection:
    paths = sorted(path for path in (DATA / folder).iterdir() if path.suffix in {".csv", ".xlsx"})
    return map_files(bench.stage_paths(paths), connection=bench.connection)


def _by_file(detection: Detection) -> Iterator[tuple[str, FileMapping]]:
    return ((mapping.file, mapping) for mapping in detection.mappings)


def test_maven(bench: Bench) -> None:
    detection = _map(bench, "maven-crm-sales-opportunities")
    found = dict(_by_file(detection))
    assert {name: mapping.entity for name, mapping in found.items()} == {
        "accounts.csv": Entity.ACCOUNTS,
        "data_dictionary.csv": Entity.IGNORE,
        "products.csv": Entity.IGNORE,
        "sales_pipeline.csv": Entity.DEALS,
        "sales_teams.csv": Entity.PEOPLE,
    }
    deals = found["sales_pipeline.csv"]
    assert fields(deals) == {
        "opportunity_id": "deals.deal_id",
        "sales_agent": "deals.owner_name",
        "product": "deals.product",
        "account": "deals.account_name",
        "deal_stage": "deals.stage",
        "engage_date": ["stage_entered:Engaging", "deals.created"],
        "close_date": "deals.closed",
        "close_value": "deals.amount",
    }
    assert deals.known_at_creation == ("account_id", "owner_id", "product")
    assert [(stage.stage, stage.kind.value) for stage in deals.stages] == [
        ("Prospecting", "open"),
        ("Engaging", "open"),
        ("Won", "won"),
        ("Lost", "lost"),
    ]
    assert fields(found["sales_teams.csv"]) == {
        "sales_agent": "people.name",
        "manager": "people.manager_name",
        "regional_office": "people.team",
    }
    unmatched = next(finding for finding in detection.findings if finding.code == "reference_unmatched")
    assert (unmatched.values["value"], unmatched.values["like"], unmatched.count) == ("GTXPro", "GTX Pro", 1480)
    assert {"known_at_creation_assumed", "created_assumed"} <= codes(detection)
    assert detection.open_questions == ()


def test_maven_is_found_by_names_alone_as_well(bench: Bench) -> None:
    path = DATA / "maven-crm-sales-opportunities" / "sales_pipeline.csv"
    mapping = map_files(bench.stage_paths([path]), connection=bench.connection, among=()).mappings[0]
    assert mapping.entity is Entity.DEALS
    found = fields(mapping)
    assert found["opportunity_id"] == "deals.deal_id"
    assert found["sales_agent"] == "deals.owner_name"
    assert found["close_value"] == "deals.amount"
    assert found["close_date"] == "deals.closed"
    assert found["engage_date"] == ATTRIBUTES
    assert [stage.kind.value for stage in mapping.stages] == ["open", "open", "won", "lost"]


def test_hubspot_as_an_elt_tool_lands_it(bench: Bench) -> None:
    detection = _map(bench, "crm-export-samples/fivetran-hubspot-seeds")
    found = dict(_by_file(detection))
    assert {mapping.source for mapping in found.values()} == {"hubspot"}
    entities = {name.removesuffix("_data.csv"): mapping.entity for name, mapping in found.items()}
    assert {name: entity for name, entity in entities.items() if entity is not Entity.IGNORE} == {
        "company": Entity.ACCOUNTS,
        "deal": Entity.DEALS,
        "deal_company": Entity.LINKS,
        "deal_contact": Entity.DEAL_CONTACTS,
        "deal_pipeline": Entity.PIPELINES,
        "deal_pipeline_stage": Entity.STAGES,
        "deal_property_history": Entity.DEAL_HISTORY,
        "deal_stage": Entity.STAGE_HISTORY,
        "email_campaign": Entity.CONTENT,
        "email_event": Entity.CONTENT_EVENTS,
        "engagement_call": Entity.ACTIVITIES,
        "engagement_deal": Entity.LINKS,
        "engagement_email": Entity.ACTIVITIES,
        "engagement_meeting": Entity.ACTIVITIES,
        "engagement_note": Entity.ACTIVITIES,
        "engagement_task": Entity.ACTIVITIES,
        "owner": Entity.PEOPLE,
        "owner_team": Entity.TEAMS,
    }
    deals = found["deal_data.csv"]
    assert fields(deals)["deal_pipeline_stage_id"] == "deals.stage"
    assert fields(deals)["property_closedate"] == "deals.close"
    given = [stage for stage in deals.stages if stage.origin == "given"]
    assert len(given) == 69  # 71 rows, two of them deleted
    kinds = {stage.stage: stage.kind.value for stage in given}
    assert (kinds["/n0+plNHbWErNq8Ek+NM3g=="], kinds["hVXu1Iul7Cc7DcPuxQpOfg=="]) == ("won", "lost")
    assert found["owner_team_data.csv"].values["teams.team"]["6789"] == "team_01"
    assert found["email_event_data.csv"].values["content_events.kind"]["OPEN"] == "opened"
    assert detection.open_questions == ()


@pytest.mark.parametrize("folder", ["salesforce-devorg-csv", "salesforce-raw-objects", "fivetran-salesforce-seeds"])
def test_salesforce_in_three_forms(bench: Bench, folder: str) -> None:
    detection = _map(bench, f"crm-export-samples/{folder}")
    assert {mapping.source for mapping in detection.mappings} == {"salesforce"}
    assert detection.open_questions == ()
    by_entity: dict[Entity, FileMapping] = {mapping.entity: mapping for mapping in detection.mappings}
    deals = by_entity[Entity.DEALS]
    by_field = {column.field: column.column.replace("_", "").casefold() for column in deals.columns}
    assert by_field["deals.deal_id"] == "id"
    assert by_field["deals.stage"] == "stagename"
    assert by_field["deals.close"] == "closedate"
    assert by_field["deals.created"] == "createddate"
    assert by_field["deals.is_won"] == "iswon"
    assert by_field["deals.is_closed"] == "isclosed"
    assert "000000000000000AAA" in deals.null_values
    history = by_entity[Entity.STAGE_HISTORY]
    assert history.of("stage_history.stage") is not None
    assert history.of("stage_history.entered") is not None
    if folder != "fivetran-salesforce-seeds":  # its stages are hashed
        assert [stage.stage for stage in deals.stages if stage.kind.value == "won"] == ["Closed Won"]
        assert deals.stages[0].stage == "Prospecting"
    contacts = by_entity[Entity.CONTACTS]
    phone = next(column for column in contacts.columns if column.column.casefold() == "phone")
    assert phone.field == LEAVE_OUT


def test_tasks_and_events_of_salesforce_are_activities(bench: Bench) -> None:
    found = dict(_by_file(_map(bench, "crm-export-samples/fivetran-salesforce-seeds")))
    task, event = found["sf_task_data.csv"], found["sf_event_data.csv"]
    assert (task.entity, event.entity) == (Entity.ACTIVITIES, Entity.ACTIVITIES)
    assert fields(task)["what_id"] == "activities.related_to"
    assert fields(task)["task_subtype"] == "activities.kind"
    assert event.constants == {"activities.kind": "meeting"}
    assert fields(event)["start_date_time"] == "activities.happened"
    assert found["sf_account_history_data.csv"].entity is Entity.ACCOUNTS
    assert fields(found["sf_account_history_data.csv"])["_fivetran_active"] == "row.current"


def test_the_opportunity_sample_flat_and_as_a_workbook(bench: Bench) -> None:
    detection = _map(bench, "opportunity-tracking")
    found = dict(_by_file(detection))
    flat = found["opportunities_flat.csv"]
    assert flat.entity is Entity.DEALS
    assert fields(flat)["ProductRevenue"] == "deals.amount"
    assert fields(flat)["FactoredProductRevenue"] == LEAVE_OUT
    assert fields(flat)["EstimatedCloseDate"] == "deals.expected_close"
    assert fields(flat)["Region"] == "accounts.region"
    assert [stage.stage for stage in flat.stages] == ["Lead", "Qualify", "Solution", "Proposal", "Finalize"]
    pivot = found["Opportunity Tracking Sample no PV.xlsx › Sheet1"]
    assert pivot.entity is Entity.DEALS
    assert pivot.total_rows == {"Row Labels": ("Grand Total",)}
    assert "file_is_pivot" in codes(detection)
    assert found["Opportunity Tracking Sample no PV.xlsx › Info"].entity is Entity.IGNORE


def test_the_lead_file(bench: Bench) -> None:
    found = dict(_by_file(_map(bench, "x-education-lead-scoring")))
    leads = found["Leads.csv"]
    assert leads.entity is Entity.LEADS
    assert fields(leads)["Prospect ID"] == "leads.lead_id"
    assert fields(leads)["Converted"] == "leads.is_converted"
    assert fields(leads)["Lead Quality"] == "leads.grade"
    assert fields(leads)["Total Time Spent on Website"] == ATTRIBUTES
    assert leads.null_values == ("Select",)


def test_the_permit_log(bench: Bench) -> None:
    detection = _map(bench, "receipt-permit-log")
    log = detection.mappings[0]
    assert (log.entity, log.derived_deals) == (Entity.STAGE_HISTORY, True)
    assert fields(log)["case:concept:name"] == "stage_history.deal_id"
    assert fields(log)["case:responsible"] == "deals.owner_name"
    assert fields(log)["case:department"] == ATTRIBUTES
    assert len(log.stages) == 27
    assert log.stages[0].stage == "Confirmation of receipt"
    assert {stage.found_by.value for stage in log.stages} == {"history"}
    assert "stages_without_won" in codes(detection)
    assert detection.open_questions == ()
