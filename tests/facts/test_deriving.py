"""A state that takes over what a definition leaves alone is the one that is derived from the beginning."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from bokgi.facts import deriving, state
from bokgi.facts.lake import Lake
from bokgi.facts.undo import undo
from tests.facts.lakes import imported, lake_in, moment, read

STAGES: Final = """
    pipeline | stage | label | stage_order | kind | expected_days
    p        | talk  | Talk  | 1           | open | 10
    p        | offer | Offer | 2           | open | 10
    p        | won   | Won   | 3           | won  |
"""
TARGET: Final = """
    subject_kind | subject_id | metric     | period_start | period_end | lead_source | amount
    person       | p2         | won_amount | 2026-01-01   | 2026-04-01 | all         | {amount}
"""


def lake_with_history(folder: Path) -> Lake:
    """Two snapshots between which a deal moved and another was lost in an unknown stage, and linked people."""
    lake = lake_in(folder)
    imported(
        lake,
        "2026-01-05",
        stages=STAGES,
        people="person_id | source\np1 | crm\np2 | crm",
        person_links="person_id | same_as\np2 | p1",
        memberships="person_id | team | role | share\np2 | one | rep | 1",
        deals="deal_id | pipeline | stage | owner_id | amount | outcome\n"
        "d1 | p | talk | p2 | 10 | open\nd2 | p | talk | p1 | 20 | open",
    )
    imported(
        lake,
        "2026-01-12",
        deals="deal_id | pipeline | stage | owner_id | amount | outcome | closed_on\n"
        "d1 | p | offer | p2 | 15 | open |\nd2 | p | talk | p1 | 20 | lost | 2026-01-10",
    )
    lake.state()
    return lake


def contents(lake: Lake) -> dict[str, list[str]]:
    facts = read(lake)
    found = {name: sorted(map(str, table.to_pyarrow().to_pylist())) for name, table in facts.tables.items()}
    return found | {"settings": [repr(facts.settings)]}


def derived_anew(lake: Lake) -> dict[str, list[str]]:
    shutil.rmtree(lake.states)
    return contents(lake)


@pytest.mark.parametrize(
    ("given", "taken_over"),
    [
        ({"targets": TARGET.format(amount=5)}, True),
        ({"memberships": "person_id | team | role | share\np2 | two | rep | 1"}, True),
        ({"settings": "name | setting\nminimum_n | 3"}, True),
        ({"stages": "pipeline | stage | label | stage_order | kind\np | talk | Talking | 1 | open"}, True),
        # A closing stage more: what the second snapshot says of d2 is another stage event.
        ({"stages": "pipeline | stage | label | stage_order | kind\np | lost | Lost | 4 | lost"}, False),
        # Another zone: the exports lie on another day there.
        ({"settings": "name | setting\ntime_zone | Pacific/Honolulu"}, False),
        ({"deal_changes": "deal_id | field | old | new | changed_on\nd1 | amount | 5 | 10 | 2026-01-02"}, False),
        ({"people": "person_id | source\np3 | crm"}, False),
        ({"targets": TARGET.format(amount=5), "complete": True}, False),
    ],
)
def test_what_is_set_apart_leaves_the_rest_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str | bool], *, taken_over: bool
) -> None:
    lake = lake_with_history(tmp_path)
    imported(lake, None, at="2026-01-20", kind="entered", **given)
    derived: list[str] = []
    derive = deriving.Derivation._derive  # noqa: SLF001 - what is derived is what is tried

    def noted(self: deriving.Derivation, name: str, *, linked: bool) -> list[Path]:
        derived.append(name)
        return derive(self, name, linked=linked)

    monkeypatch.setattr(deriving.Derivation, "_derive", noted)
    found = contents(lake)
    assert ("deals" not in derived) is taken_over
    assert found == derived_anew(lake)


def test_the_files_taken_over_outlive_the_state_before(tmp_path: Path) -> None:
    lake = lake_with_history(tmp_path)
    for number in range(7):
        imported(lake, None, at="2026-01-20", targets=TARGET.format(amount=number))
    states = [lake.state(version)["stage_events"] for version in range(3, lake.version() + 1)]
    # Only four states stay; the events that snapshots found lie in each of them.
    assert all(path.exists() for path in states[-1])
    assert any(path.parent.name == f"v{lake.version()}" for path in states[-1])
    assert contents(lake) == derived_anew(lake)


def test_an_undone_definition_no_longer_counts(tmp_path: Path) -> None:
    lake = lake_with_history(tmp_path)
    before = contents(lake)
    number = imported(lake, None, at="2026-01-20", kind="entered", targets=TARGET.format(amount=5))
    assert contents(lake)["targets"] != before["targets"]
    undo(lake, number, replay=lambda *_: None, by="test", at=moment("2026-01-21"))
    assert contents(lake) == before == derived_anew(lake)


def test_a_state_that_goes_meanwhile_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_with_history(tmp_path)
    imported(lake, None, at="2026-01-20", kind="entered", targets=TARGET.format(amount=5))
    look = state._before  # noqa: SLF001 - the moment between looking and taking over

    def gone(*given: object) -> object:
        found = look(*given)  # type: ignore[arg-type]  # handed on
        shutil.rmtree(lake.states)
        lake.states.mkdir()
        return found

    monkeypatch.setattr(state, "_before", gone)
    found = contents(lake)
    monkeypatch.undo()
    assert found == derived_anew(lake)
