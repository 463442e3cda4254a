"""Cells in the order of their keys, whatever the order in which the engine counted them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from bokgi.analysis.comparison.cells import cells_of, in_order


@pytest.mark.parametrize("columns", [2, 16])
def test_rows_are_sorted_by_their_texts_key_by_key(columns: int) -> None:
    generator = np.random.default_rng(5)
    texts = ["서울", "Z", "a", "é", "", "(unknown)", *(str(number) for number in range(20))]
    keys = [f"key{number}" for number in range(columns)]
    # The first keys repeat, so that the last ones decide; of 16 keys there are more combinations than whole numbers.
    drawn = {key: generator.choice(texts[: 3 if place < columns - 2 else None], 400) for place, key in enumerate(keys)}
    drawn[keys[0]][:26] = texts
    for key in keys[1:-1]:
        drawn[key][-26:] = texts
    table = pa.table({key: drawn[key].tolist() for key in keys} | {"n": range(400)})
    told = in_order(table, keys).to_pylist()
    assert told == sorted(table.to_pylist(), key=lambda row: [row[key] for key in keys] + [row["n"]])


def test_cells_do_not_depend_on_the_order_of_rows() -> None:
    rows = [{"source": f"s{n % 7}", "who": f"p{n % 11}", "n": n + 9, "wins": n} for n in range(77)]
    some, same = pa.Table.from_pylist(rows), pa.Table.from_pylist(rows[::-1])
    one, other = (
        cells_of(in_order(table, ["source", "who"]), keys=["source", "who"], territory=None) for table in (some, same)
    )
    assert one.names == other.names
    assert one.cells.wins.tolist() == other.cells.wins.tolist()
    assert [level.tolist() for level in one.cells.levels] == [level.tolist() for level in other.cells.levels]
