"""Ids of Salesforce: 15 characters and 18 name the same record."""

from __future__ import annotations

import pytest

from bokgi.facts.engine import connect
from bokgi.intake.values.salesforce_ids import completed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("005bm00000NCJmQ", "005bm00000NCJmQAAX"),
        ("001Hp00002g1VGb", "001Hp00002g1VGbIAM"),
        ("000000000000000", "000000000000000AAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
        ("005bm00000NCJmQAAX", "005bm00000NCJmQAAX"),
        ("not an id at al", "not an id at al"),
        ("", ""),
    ],
)
def test_a_short_id_is_completed_and_nothing_else_is_touched(text: str, expected: str) -> None:
    connection = connect()
    try:
        found = connection.execute(f"SELECT {completed('t')} FROM (SELECT $text AS t)", {"text": text}).fetchall()
    finally:
        connection.close()
    assert found == [(expected,)]
