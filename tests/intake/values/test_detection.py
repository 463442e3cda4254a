"""Formats are told from the column, from the file where the column leaves a choice, and asked where both do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pytest

from bokgi.intake.values import DecidedBy, Detected, ValueKind, Wanted, detect_formats


def detect(
    columns: Mapping[str, Sequence[str | None]], wanted: Mapping[str, Wanted], sample: int | None = None
) -> dict[str, Detected]:
    with duckdb.connect() as connection:
        unnested = ", ".join(f"unnest($v.{name}::VARCHAR[]) AS {name}" for name in columns)
        connection.execute(f"CREATE TABLE t AS SELECT {unnested}", {"v": dict(columns)})
        limit = "" if sample is None else f" LIMIT {sample}"
        return detect_formats(connection, "t", f"(SELECT * FROM t{limit})", wanted)


def moment(texts: Sequence[str | None], sample: int | None = None) -> Detected:
    return detect({"c": texts}, {"c": Wanted(ValueKind.MOMENT)}, sample)["c"]


def amount(texts: Sequence[str], header: str = "") -> Detected:
    return detect({"c": texts}, {"c": Wanted(ValueKind.AMOUNT, header)})["c"]


def test_one_late_day_decides_the_whole_column() -> None:
    late = moment(["02/03/2026"] * 500 + ["23/02/2026"], sample=100)
    assert (late.format, late.decided_by, late.alternatives) == ("%d/%m/%Y", DecidedBy.WHOLE_COLUMN, ())
    assert moment(["02/03/2026"] * 500 + ["02/23/2026"], sample=100).format == "%m/%d/%Y"


def test_a_column_that_allows_both_orders_is_asked_about() -> None:
    found = moment(["02/03/2026", "11/12/2026"])
    assert found.ambiguous
    assert {found.format, *found.alternatives} == {"%m/%d/%Y", "%d/%m/%Y"}
    assert found.confidence <= 0.5


def test_a_column_that_contradicts_itself_is_asked_about() -> None:
    assert moment(["23/02/2026"] * 3 + ["02/23/2026"] * 2).alternatives == ("%m/%d/%Y",)


def test_other_columns_of_the_file_decide_where_the_column_does_not() -> None:
    wanted = {"a": Wanted(ValueKind.MOMENT), "b": Wanted(ValueKind.MOMENT)}
    found = detect({"a": ["02/03/2026", "04/05/2026"], "b": ["23/02/2026", "01/02/2026"]}, wanted)
    assert (found["a"].format, found["a"].decided_by) == ("%d/%m/%Y", DecidedBy.SAME_FILE)
    assert not found["a"].ambiguous


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2026-11-23", "2026-11-24 10:00"], "%Y-%m-%d | %Y-%m-%d %H:%M"),
        (["2026. 1. 3.", "2026. 11. 23."], "%Y. %m. %d."),
        (["2026-11-23 00:00:00", "9999-12-31 23:59:59"], "day %Y-%m-%d %H:%M:%S"),
        (["2026-11-23 00:00:00", "2026-11-23 09:00:00"], "%Y-%m-%d %H:%M:%S"),
        (["45000", "45001.5"], "excel"),
        (["02/23/26 08:55 PM"], "%m/%d/%y %I:%M %p"),
        (["2015-11-20 10:59:00.000000018"], "%Y-%m-%d %H:%M:%S.%n"),
    ],
)
def test_shapes_give_the_format(texts: list[str], expected: str) -> None:
    found = moment([*texts, None, ""])
    assert (found.format, found.filled, found.fitting, found.confidence) == (expected, len(texts), len(texts), 1.0)


def test_a_column_without_dates_has_no_format() -> None:
    found = moment(["제안", "협상"])
    assert (found.format, found.decided_by, found.confidence) == ("", DecidedBy.NOTHING, 0.0)


@pytest.mark.parametrize(
    ("texts", "expected", "ambiguous"),
    [
        (["1,234.56", "5"], "1,234.56", False),
        (["1.234,56", "5"], "1.234,56", False),
        (["1,5", "2,25"], "1.234,56", False),
        (["1,234", "5,678"], "1,234.56", False),
        (["1.234", "5.678"], "1.234,56", True),
        (["1.5", "1,5"], "1,234.56", True),
        (["500", "600"], "1,234.56", False),
        (["1억 2,345만"], "1,234.56", False),
    ],
)
def test_the_decimal_mark_is_told_from_the_column(texts: list[str], expected: str, *, ambiguous: bool) -> None:
    found = amount(texts)
    assert (found.format, found.ambiguous) == (expected, ambiguous)


def test_the_header_gives_the_unit_and_unreadable_cells_cost_confidence() -> None:
    found = amount(["500", "x"], "예상매출(만원)")
    assert (found.format, found.filled, found.fitting, found.confidence) == ("1,234.56 × 10000 KRW", 2, 1, 0.5)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["10", "90"], "0-100"),
        (["0.1", "1"], "0-1"),
        (["0", "1"], "0-1"),
        (["10%", "90%"], "0-1"),
        (["0.5", "100"], "0-100"),
    ],
)
def test_probabilities_are_scaled_by_the_whole_column(texts: list[str], expected: str) -> None:
    found = detect({"c": texts}, {"c": Wanted(ValueKind.PROBABILITY)})["c"]
    assert (found.format, found.fitting) == (expected, len(texts))


def test_kinds_without_formats_are_counted_all_the_same() -> None:
    found = detect({"c": ["Y", "maybe"]}, {"c": Wanted(ValueKind.BOOLEAN)})["c"]
    assert (found.format, found.filled, found.fitting) == ("", 2, 1)
    assert detect({"c": ["Y"]}, {}) == {}
