"""Differences between snapshots, also of late, partial and complete files, beside stored history."""

from __future__ import annotations

from pathlib import Path

import pytest

from bokgi.facts.lake import Lake
from tests.facts.lakes import imported, lake_in, read, rows

STAGES = """
    pipeline | stage    | label | stage_order | kind
    default  | talk     | Talk  | 1           | open
    default  | offer    | Offer | 2           | open
    default  | won      | Won   | 3           | won
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_in(tmp_path)


def deals(*lines: str) -> str:
    return "\n".join(["deal_id | stage | amount | outcome | closed_on", *lines])


def sightings(*lines: str) -> str:
    return "\n".join(["deal_id | as_in", *lines])


def events(lake: Lake) -> list[tuple[object, ...]]:
    return rows(read(lake).stage_events, "deal_id", "stage", "entered_on", "origin", "not_before_on", "not_after_on")


def changes(lake: Lake, field: str) -> list[tuple[object, ...]]:
    table = read(lake).deal_changes
    return rows(table.filter(table.field == field), "deal_id", "changed_on", "old", "new", "not_before_on", "origin")


def test_the_first_snapshot_gives_each_deal_its_stage_with_an_open_beginning(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | 100 | open |"))
    assert events(lake) == [("d1", "talk", "2026-01-05", "snapshot", None, "2026-01-05")]
    assert changes(lake, "amount") == []


def test_two_snapshots_give_the_difference_with_its_interval(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | 100 | open |", "d2 | talk | | open |"))
    imported(lake, "2026-01-12", deals=deals("d1 | offer | 120.50 | open |"), sightings=sightings("d2 | 1"))
    assert events(lake) == [
        ("d1", "offer", "2026-01-12", "snapshot", "2026-01-05", "2026-01-12"),
        ("d1", "talk", "2026-01-05", "snapshot", None, "2026-01-05"),
        ("d2", "talk", "2026-01-05", "snapshot", None, "2026-01-05"),
    ]
    assert changes(lake, "amount") == [
        ("d1", "2026-01-05", None, "100", None, "snapshot"),
        ("d1", "2026-01-12", "100", "120.5", "2026-01-05", "snapshot"),
    ]
    assert rows(read(lake).deals, "deal_id", "stage", "observed_on", "first_seen_on", "last_seen_on") == [
        ("d1", "offer", "2026-01-12", "2026-01-05", "2026-01-12"),
        ("d2", "talk", "2026-01-05", "2026-01-05", "2026-01-12"),
    ]


def test_a_sighting_narrows_the_interval(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | | open |"))
    imported(lake, "2026-01-12", sightings=sightings("d1 | 1"))
    imported(lake, "2026-01-19", deals=deals("d1 | offer | | open |"))
    assert ("d1", "offer", "2026-01-19", "snapshot", "2026-01-12", "2026-01-19") in events(lake)


def test_there_and_back_again_are_two_changes(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | 1 | open |"))
    imported(lake, "2026-01-12", deals=deals("d1 | offer | 2 | open |"))
    imported(lake, "2026-01-19", deals=deals("d1 | talk | 1 | open |"))
    assert [event[1:3] for event in sorted(events(lake), key=lambda event: str(event[2]))] == [
        ("talk", "2026-01-05"),
        ("offer", "2026-01-12"),
        ("talk", "2026-01-19"),
    ]
    assert [change[1:4] for change in changes(lake, "amount")] == [
        ("2026-01-05", None, "1"),
        ("2026-01-12", "1", "2"),
        ("2026-01-19", "2", "1"),
    ]


def test_back_to_an_earlier_row_by_sighting_is_a_change_and_holds_from_then(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | 1 | open |"))
    imported(lake, "2026-01-12", deals=deals("d1 | offer | 2 | open |"))
    imported(lake, "2026-01-19", sightings=sightings("d1 | 1"))
    imported(lake, "2026-01-26", sightings=sightings("d1 | 1"))
    assert rows(read(lake).deals, "stage", "amount", "observed_on", "last_seen_on") == [
        ("talk", 1, "2026-01-19", "2026-01-26")
    ]
    assert ("d1", "talk", "2026-01-19", "snapshot", "2026-01-12", "2026-01-19") in events(lake)


def test_a_late_snapshot_finds_its_place(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | | open |"))
    imported(lake, "2026-01-19", sightings=sightings("d1 | 1"))
    imported(lake, "2026-01-12", at="2026-01-20", deals=deals("d1 | offer | | open |"))
    assert rows(read(lake).deals, "stage", "observed_on") == [("talk", "2026-01-19")]
    assert [event[1:5:1] for event in sorted(events(lake), key=lambda event: str(event[2]))] == [
        ("talk", "2026-01-05", "snapshot", None),
        ("offer", "2026-01-12", "snapshot", "2026-01-05"),
        ("talk", "2026-01-19", "snapshot", "2026-01-12"),
    ]


def test_stored_history_is_not_repeated(lake: Lake) -> None:
    imported(
        lake,
        "2026-01-05",
        deals=deals("d1 | talk | 100 | open |"),
        stage_events="deal_id | stage | entered_on\nd1 | talk | 2025-12-01",
    )
    imported(
        lake,
        "2026-01-12",
        deals=deals("d1 | offer | 200.00 | open |"),
        stage_events="deal_id | stage | entered_on\nd1 | offer | 2026-01-07",
        deal_changes="deal_id | field | old | new | changed_on\nd1 | amount | 100.00 | 200.0 | 2026-01-08",
    )
    assert events(lake) == [
        ("d1", "offer", "2026-01-07", "recorded", None, None),
        ("d1", "talk", "2025-12-01", "recorded", None, None),
    ]
    assert changes(lake, "amount") == [
        ("d1", "2026-01-05", None, "100", None, "snapshot"),
        ("d1", "2026-01-08", "100.00", "200.0", None, "recorded"),
    ]


def test_what_stored_history_lacks_is_added_from_its_last_entry_on(lake: Lake) -> None:
    imported(
        lake,
        "2026-01-19",
        deals=deals("d1 | offer | 100 | open |"),
        stage_events="deal_id | stage | entered_on\nd1 | talk | 2026-01-07",
        deal_changes="deal_id | field | old | new | changed_on\nd1 | amount | 50 | 80 | 2026-01-08",
    )
    assert ("d1", "offer", "2026-01-19", "snapshot", "2026-01-07", "2026-01-19") in events(lake)
    assert ("d1", "2026-01-19", "80", "100", "2026-01-08", "snapshot") in changes(lake, "amount")


def test_an_event_on_the_day_of_the_export_settles_either_stage(lake: Lake) -> None:
    history = "deal_id | stage | entered_on\nd1 | talk | 2026-01-01\nd1 | offer | 2026-01-12"
    imported(lake, "2026-01-12", deals=deals("d1 | talk | | open |"), stage_events=history)
    imported(lake, "2026-01-19", deals=deals("d1 | offer | | open |"))
    assert [event[3] for event in events(lake)] == ["recorded", "recorded"]


def test_a_third_stage_on_the_day_of_an_event_is_added(lake: Lake) -> None:
    history = "deal_id | stage | entered_on\nd1 | talk | 2026-01-01\nd1 | offer | 2026-01-12"
    imported(lake, "2026-01-12", deals=deals("d1 | won | | open |"), stage_events=history)
    found = read(lake).stage_events
    assert rows(found.filter(found.entered_on == "2026-01-12"), "seq", "stage", "origin") == [
        (1, "offer", "recorded"),
        (2, "won", "snapshot"),
    ]


def test_a_deal_found_closed_entered_its_closing_stage_when_it_closed(lake: Lake) -> None:
    imported(lake, "2026-01-05", stages=STAGES, deals=deals("d1 | talk | | open |", "d2 | won | | won | 2025-11-30"))
    imported(lake, "2026-01-12", deals=deals("d1 | won | | won | 2026-01-08"))
    assert ("d1", "won", "2026-01-08", "snapshot", "2026-01-08", "2026-01-08") in events(lake)
    assert ("d2", "won", "2025-11-30", "snapshot", "2025-11-30", "2025-11-30") in events(lake)


def test_a_deal_lost_in_an_open_stage_entered_that_stage_some_time_before(lake: Lake) -> None:
    imported(lake, "2026-01-12", stages=STAGES, deals=deals("d1 | offer | | lost | 2026-01-08"))
    assert events(lake) == [("d1", "offer", "2026-01-08", "snapshot", None, "2026-01-08")]


def test_a_deal_missing_from_a_partial_file_only_stops_being_seen(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | | open |", "d2 | talk | | open |"))
    imported(lake, "2026-01-12", sightings=sightings("d1 | 1"))
    assert rows(read(lake).deals, "deal_id", "outcome", "last_seen_on") == [
        ("d1", "open", "2026-01-12"),
        ("d2", "open", "2026-01-05"),
    ]


def test_a_deal_missing_from_a_complete_file_is_removed_within_the_interval(lake: Lake) -> None:
    imported(
        lake, "2026-01-05", deals=deals("d1 | talk | | open |", "d2 | talk | | open |", "d3 | won | | won | 2026-01-02")
    )
    imported(lake, "2026-01-07", source="other", deals=deals("o1 | talk | | open |"))
    imported(lake, "2026-01-12", complete=True, sightings=sightings("d1 | 1"))
    assert rows(read(lake).deals, "deal_id", "outcome", "closed_on", "last_seen_on") == [
        ("d1", "open", None, "2026-01-12"),
        ("d2", "removed", "2026-01-12", "2026-01-05"),
        ("d3", "won", "2026-01-02", "2026-01-05"),
        ("o1", "open", None, "2026-01-07"),
    ]
    assert changes(lake, "outcome") == [
        ("d2", "2026-01-05", None, "open", None, "snapshot"),
        ("d2", "2026-01-12", "open", "removed", "2026-01-05", "snapshot"),
    ]


def test_a_removed_deal_that_comes_back_is_open_again(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | | open |"))
    imported(lake, "2026-01-12", complete=True, deals=deals("d2 | talk | | open |"))
    imported(lake, "2026-01-19", sightings=sightings("d1 | 1"))
    assert rows(read(lake).deals, "deal_id", "outcome", "closed_on", "observed_on") == [
        ("d1", "open", None, "2026-01-19"),
        ("d2", "open", None, "2026-01-12"),
    ]
    assert [change[3] for change in changes(lake, "outcome")] == ["open", "removed", "open"]


def test_what_people_enter_counts_from_when_they_entered_it(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | 1 | open |"))
    imported(lake, None, at="2026-01-08", kind="entered", source="entered", deals=deals("d1 | talk | 2 | open |"))
    assert changes(lake, "amount") == [
        ("d1", "2026-01-05", None, "1", None, "snapshot"),
        ("d1", "2026-01-08", "1", "2", None, "entered"),
    ]
    assert rows(read(lake).deals, "amount", "observed_on") == [(2, "2026-01-08")]


def test_two_identities_of_one_person_are_no_change_of_owner(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals="deal_id | owner_id\nd1 | p1")
    imported(lake, "2026-01-12", deals="deal_id | owner_id\nd1 | p2", person_links="person_id | same_as\np2 | p1")
    assert changes(lake, "owner_id") == []
    assert rows(read(lake).deals, "owner_id") == [("p1",)]


def test_leads_activities_and_texts_say_since_when_they_were_seen(lake: Lake) -> None:
    imported(
        lake,
        "2026-01-05",
        activities="activity_id | happened_on\na1 | 2026-01-03\na2 | 2026-01-03",
        texts="kind | key | text\nnote | a1 | one",
    )
    imported(
        lake,
        "2026-01-12",
        activities="activity_id | happened_on\na1 | 2026-01-04",
        texts="kind | key | text\nnote | a1 | two",
    )
    found = read(lake)
    assert rows(found.activities, "activity_id", "happened_on", "observed_on", "first_seen_on") == [
        ("a1", "2026-01-04", "2026-01-12", "2026-01-05"),
        ("a2", "2026-01-03", "2026-01-05", "2026-01-05"),
    ]
    assert rows(found.texts, "text", "observed_on", "first_seen_on") == [("two", "2026-01-12", "2026-01-05")]
