"""What must not change the effect of content: order of rows, a second load, other names, what nobody here has seen."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.simulator.content import Journeys
from benchmarks.study.content_effect import inputs_of
from bokgi.analysis.content_effect import ContentEffects, content_effect

WORLD = Journeys(seed=31, deals=1_500)
Inputs = tuple[pa.Table, pa.Table]


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    """Deal-weeks, and who first saw what when."""
    panel, content = inputs_of(WORLD)
    return panel.to_pyarrow(), content.to_pyarrow()


def _found(panel: pa.Table, content: pa.Table) -> ContentEffects:
    return content_effect(ibis.memtable(panel), content=ibis.memtable(content))


@pytest.fixture(scope="module")
def found(inputs: Inputs) -> ContentEffects:
    """What is found in them as they are."""
    return _found(*inputs)


def _shuffled(panel: pa.Table, content: pa.Table) -> Inputs:
    draw = np.random.default_rng(5)
    return panel.take(draw.permutation(len(panel))), content.take(draw.permutation(len(content)))


def _loaded_twice(panel: pa.Table, content: pa.Table) -> Inputs:
    return panel, pa.concat_tables([content, content])


def _other_names(panel: pa.Table, content: pa.Table) -> Inputs:
    """People, segments and deals get names that sort the other way round."""

    def turned(column: pa.ChunkedArray) -> pa.ChunkedArray:
        known = sorted(pc.unique(column.drop_null()).to_pylist())
        names = pa.array([f"x{len(known) - place:06d}" for place in range(len(known))])
        return pa.chunked_array([names.take(pc.index_in(column.combine_chunks(), pa.array(known, column.type)))])

    for name in ("owner_id", "segment"):
        panel = panel.set_column(panel.schema.get_field_index(name), name, turned(panel[name]))
    return panel, content


def _seen_elsewhere(panel: pa.Table, content: pa.Table) -> Inputs:
    """A deal that is not here has seen an item of its own, and one of those looked at."""
    week = pa.array([content["week"][0].as_py()] * 2, content.schema.field("week").type)
    rows = pa.table({"deal_id": ["elsewhere"] * 2, "content_id": ["helps", "zzz"], "week": week})
    return panel, pa.concat_tables([content.select(["deal_id", "content_id", "week"]), rows])


@pytest.mark.parametrize("change", [_shuffled, _loaded_twice, _other_names, _seen_elsewhere])
def test_the_effect_stays(inputs: Inputs, found: ContentEffects, change: Callable[..., Inputs]) -> None:
    again = {item.content_id: item for item in _found(*change(*inputs)).items}
    assert {item.grade for item in found.items} == {"B"}
    for item in found.items:
        same = again[item.content_id]
        assert item.effect is not None
        assert same.effect is not None
        assert (same.grade, same.n_exposed, same.moves) == (item.grade, item.n_exposed, item.moves)
        assert same.effect.estimate == pytest.approx(item.effect.estimate, abs=1e-5)
        assert same.effect.high == pytest.approx(item.effect.high, abs=1e-5)
        assert same.control_z == pytest.approx(item.control_z, abs=1e-3)
    assert all(again[name].grade == "D" for name in set(again) - {item.content_id for item in found.items})
