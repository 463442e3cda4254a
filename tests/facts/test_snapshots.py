"""Differences between snapshots, also of late, partial and complete files, beside stored history."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bokgi.facts import state
from bokgi.facts.checks import check
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


@pytest.mark.parametrize("arriving", [(0, 1, 2), (0, 2, 1), (1, 2, 0), (2, 1, 0), (2, 0, 1), (1, 0, 2)])
def test_a_refused_row_says_that_the_deal_was_there_and_no_more_however_late(
    lake: Lake, arriving: tuple[int, ...]
) -> None:
    for place in arriving:
        day = ("2026-01-05", "2026-01-12", "2026-01-19")[place]
        if place < 2:
            imported(lake, day, deals=deals(f"d1 | talk | {100 + place} | open |"))
        else:
            imported(lake, day, complete=True, sightings=sightings("d1 | 0", "d9 | 0"))
    columns = ("deal_id", "amount", "outcome", "observed_on", "first_seen_on", "last_seen_on")
    found = rows(read(lake).deals, *columns)
    assert found == [("d1", Decimal(101), "open", "2026-01-12", "2026-01-05", "2026-01-19")]
    assert len(changes(lake, "amount")) == 2
    assert check(lake) == []


def test_a_row_refused_before_the_first_that_was_read_tells_nothing_of_the_deal(lake: Lake) -> None:
    imported(lake, "2026-01-05", complete=True, sightings=sightings("d1 | 0"))
    imported(lake, "2026-01-12", deals=deals("d1 | talk | 100 | open |"))
    assert rows(read(lake).deals, "first_seen_on", "last_seen_on") == [("2026-01-12", "2026-01-12")]
    imported(lake, "2026-01-19", complete=True, deals=deals("d2 | talk | 100 | open |"))
    assert rows(read(lake).deals, "deal_id", "outcome", "first_seen_on", "last_seen_on") == [
        ("d1", "removed", "2026-01-12", "2026-01-12"),
        ("d2", "open", "2026-01-19", "2026-01-19"),
    ]


def test_refused_rows_of_deals_that_no_other_import_tells_of_leave_the_stored_deals_as_they_are(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | 100 | open |"), sightings=sightings("d1 | 0", "d9 | 0"))
    derived = state.derived(lake)
    assert [path.is_relative_to(derived.folder) for path in derived.files["deals"]] == [False]
    imported(lake, "2026-01-12", sightings=sightings("d1 | 0"))
    derived = state.derived(lake)
    assert [path.is_relative_to(derived.folder) for path in derived.files["deals"]] == [True]


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


def test_what_people_enter_on_the_day_of_the_first_export_is_not_taken_back_by_it(lake: Lake) -> None:
    imported(lake, "2026-01-05", deals=deals("d1 | talk | 1 | open |", "d2 | talk | | open |"))
    imported(
        lake,
        None,
        at="2026-01-05",
        kind="entered",
        source="corrections",
        deals=deals("d1 | talk | 2 | open |", "d2 | talk | 3 | open |"),
        deal_changes="""
            deal_id | field  | old | new | changed_on | origin
            d1      | amount | 1   | 2   | 2026-01-05 | entered
            d2      | amount |     | 3   | 2026-01-05 | entered
        """,
    )
    assert [change[1:4] for change in changes(lake, "amount")] == [("2026-01-05", "1", "2"), ("2026-01-05", None, "3")]


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


class Twin:
    """The slow obvious way: remember every observation of every deal, sort them, and look."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.days = [f"2026-01-{day:02}" for day in generator.permutation(28)[:7] + 1]
        self.complete = {day for day in self.days if generator.random() < 0.3}
        self.files = {
            day: {
                f"d{number}": (str(generator.choice(["talk", "offer"])), int(generator.integers(1, 3)))
                for number in range(6)
                if generator.random() < 0.7
            }
            for day in self.days
        }
        self.seen: dict[str, dict[str, tuple[tuple[str, int], int]]] = {}

    def write(self, lake: Lake) -> None:
        """Import the files in an order that is not that of their export."""
        for number, day in enumerate(self.days, start=1):
            new: list[str] = []
            known: list[str] = []
            for deal, content in self.files[day].items():
                earlier = [past for past in self.seen.get(deal, {}) if past < day]
                held = self.seen[deal][max(earlier)] if earlier else None
                same = held is not None and held[0] == content
                origin = held[1] if held is not None and same else number
                self.seen.setdefault(deal, {})[day] = (content, origin)
                (known if same else new).append(
                    f"{deal} | {origin}" if same else f"{deal} | {content[0]} | {content[1]}"
                )
            imported(
                lake,
                day,
                at="2026-02-01",
                complete=day in self.complete,
                deals="\n".join(["deal_id | stage | amount", *new]),
                sightings="\n".join(["deal_id | as_in", *known]),
            )

    def line(self, deal: str) -> list[tuple[str, tuple[str, int], int, bool]]:
        """Give day, content, origin and whether removed, in the order of the days."""
        found = []
        days = sorted(self.seen[deal])
        for place, day in enumerate(days):
            found.append((day, *self.seen[deal][day], False))
            until = days[place + 1] if place + 1 < len(days) else "9"
            missing = [end for end in sorted(self.complete) if day < end < until]
            if missing:
                found.append((missing[0], *self.seen[deal][day], True))
        return found

    def deals(self) -> list[tuple[object, ...]]:
        """Give the current rows."""
        expected = []
        for deal in self.seen:
            line = self.line(deal)
            day, content, origin, removed = line[-1]
            start = next(
                line[place][0]
                for place in range(len(line) - 1, -1, -1)
                if place == 0 or line[place - 1][2:] != (origin, removed)
            )
            real = [one[0] for one in line if not one[3]]
            outcome = ("removed", day) if removed else ("open", None)
            expected.append((deal, *content, *outcome, start, real[0], real[-1]))
        return sorted(expected)

    def events(self) -> list[tuple[object, ...]]:
        """Give the stage events."""
        expected = []
        for deal in self.seen:
            before: tuple[str | None, str | None] = (None, None)
            for day, content, _, removed in self.line(deal):
                if not removed:
                    if content[0] != before[0]:
                        expected.append((deal, content[0], day, before[1], day))
                    before = (content[0], day)
        return sorted(expected)

    def amounts(self) -> list[tuple[object, ...]]:
        """Give the changes of amount."""
        expected = []
        for deal in self.seen:
            line = [(day, str(content[1])) for day, content, *_ in self.line(deal)]
            if len({amount for _, amount in line}) == 1:
                continue
            for place, (day, amount) in enumerate(line):
                before = (None, None) if place == 0 else line[place - 1]
                if amount != before[1]:
                    expected.append((deal, before[1], amount, day, before[0]))
        return sorted(expected, key=lambda row: (row[0], row[3]))


@settings(max_examples=8, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_files_in_any_order_agree_with_the_slow_obvious_twin(seed: int) -> None:
    twin = Twin(np.random.default_rng(seed))
    with TemporaryDirectory() as folder:
        lake = lake_in(Path(folder))
        twin.write(lake)
        found = read(lake)
        columns = ["deal_id", "stage", "amount", "outcome", "closed_on", "observed_on", "first_seen_on", "last_seen_on"]
        assert rows(found.deals, *columns) == twin.deals()
        interval = ["entered_on", "not_before_on", "not_after_on"]
        assert sorted(rows(found.stage_events, "deal_id", "stage", *interval)) == twin.events()
        changed = found.deal_changes.filter(found.deal_changes.field == "amount")
        amounts = rows(changed, "deal_id", "old", "new", "changed_on", "not_before_on")
        assert sorted(amounts, key=lambda row: (row[0], row[3])) == twin.amounts()
