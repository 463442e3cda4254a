"""The day of the newest record: of deals, stages and activities, up to the day."""

from __future__ import annotations

from datetime import date

import pytest

from bokgi.questions.newest import ask_newest
from tests.cast import CAST, facts_of

DEALS = """
    deal_id | owner_id | outcome | created_on | closed_on
    d1      | lee      | won     | 2017-01-02 | 2017-03-04
    d2      | lee      | open    | 2017-02-03 |
"""
STEPS = """
    deal_id | seq | stage    | entered_on | origin
    d2      | 1   | proposal | 2017-04-05 | recorded
    d1      | 1   | proposal | 2017-08-09 | snapshot
"""
DONE = """
    activity_id | kind | happened_on | automatic
    a1          | call | 2017-05-06  | false
"""


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        (date(2026, 11, 24), "2017-05-06"),
        (date(2017, 5, 5), "2017-04-05"),
        (date(2017, 4, 4), "2017-03-04"),
        (date(2017, 3, 3), "2017-02-03"),
        (date(2016, 12, 31), None),
    ],
)
def test_the_newest_record_is_of_any_kind_not_yet_to_come_and_nothing_that_a_first_export_found(
    as_of: date, day: str | None
) -> None:
    facts = facts_of(None, **CAST, deals=DEALS, stage_events=STEPS, activities=DONE)
    assert ask_newest(facts, as_of=as_of)["day"] == day
