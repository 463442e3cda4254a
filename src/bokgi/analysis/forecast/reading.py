"""How a forecast reads what it learns from: tables of counts, kept where somebody keeps them, then arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _
from numpy.typing import NDArray

from bokgi.analysis.forecast.cells import Cells, cells_of, moves_of
from bokgi.analysis.forecast.coding import (
    Coding,
    bools_of,
    codes_of,
    days_of,
    floats_of,
    ints_of,
    levels_of,
    stages_of,
    traits_of,
)
from bokgi.analysis.forecast.counting import (
    UNKNOWN,
    ends,
    entries,
    moves,
    standing,
    stays,
    wins,
    with_profiles,
    without_history,
)
from bokgi.analysis.forecast.days_at_risk import Numbering, read_stays, slices
from bokgi.analysis.forecast.hazards import Hazards, fit_each, hazards_of, table_of
from bokgi.analysis.forecast.history import NEVER, Ends, Entries, History, Standing, Wins
from bokgi.analysis.forecast.spans import Cut
from bokgi.analysis.forecast.windows import Window, day_number, oldest_first

Floats = NDArray[np.float64]

Keep = Callable[[str, Callable[[], pa.Table]], pa.Table]
"""Gives the table of a name, made by the function where it is not kept yet."""


def unkept(_name: str, make: Callable[[], pa.Table]) -> pa.Table:
    """Keep nothing: make the table."""
    return make()


@dataclass(frozen=True)
class Source:
    """What a forecast reads, up to `as_of` (see `forecast`), and the windows it is read for.

    `by_owner`: whether what deals do is told apart by their owner. `keep` keeps tables that follow from all of these;
    what is asked for the first time is read, the rest is not.
    """

    deals: ir.Table
    visits: ir.Table
    changes: ir.Table | None
    stages: ir.Table | None
    as_of: date
    windows: Sequence[Window]
    factors: Sequence[str]
    year_starts: int = 1
    by_owner: bool = True
    keep: Keep = unkept

    @cached_property
    def changed(self) -> ir.Table | None:
        """The field history, computed once."""
        return None if self.changes is None else self.changes.cache()

    @cached_property
    def profiled(self) -> tuple[ir.Table, pa.Table]:
        """Deals with their profile, and what each profile is; see `with_profiles`."""
        told, names = with_profiles(self.deals, self.factors)
        # Kept: an expression that holds all of it would take longer to compile than to run.
        return told.cache(), names

    @cached_property
    def lasting(self) -> ir.Table:
        """Stays of all deals; see `stays`."""
        return stays(self.visits, without_history(self.profiled[0], self.visits).cache())

    @cached_property
    def begun(self) -> date:
        """The day of the first stay."""
        found: date | None = self.lasting.agg(first=_.entered_on.min()).to_pyarrow()["first"][0].as_py()
        return found or self.as_of

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """The row of `_coding`."""
        found: dict[str, Any] = self.keep("coding", lambda: _coding(self)).to_pylist()[0]
        return found

    @cached_property
    def coding(self) -> Coding:
        """What codes stand for, but for those of teams, which history alone tells apart."""
        told, factors = self.told, self.factors
        return Coding(
            tuple(factors),
            tuple(map(tuple, told["levels"])),
            np.array(told["profile"], dtype=np.int64).reshape(len(told["profile"]), len(factors)),
            tuple(told["persons"]),
            (),
            tuple(zip(told["pipelines"], told["stages"], strict=True)),
        )

    @cached_property
    def history(self) -> History:
        """What forecasts from several origins need, but for hazards."""
        return _history(self)


def first_day(deals: ir.Table) -> date | None:
    """Give the day on which the history of deals begins; null without any dated deal."""
    found: date | None = (
        deals.agg(first=ibis.least(_.created_on.min(), _.closed_on.min())).to_pyarrow()["first"][0].as_py()
    )
    return found


_CODING: Final = pa.schema(
    {
        "levels": pa.list_(pa.list_(pa.string())),
        "profile": pa.list_(pa.list_(pa.int64())),
        "persons": pa.list_(pa.string()),
        "pipelines": pa.list_(pa.string()),
        "stages": pa.list_(pa.string()),
        "probability": pa.list_(pa.float64()),
        "first": pa.date32(),
        "closed": pa.int64(),
        "won": pa.int64(),
    }
)


def _coding(source: Source) -> pa.Table:
    """Give, in one row, what codes stand for, the chance of each stage, and how many deals are closed and won."""
    told, names = source.profiled
    rows = source.lasting.group_by("pipeline", "stage").agg(place=_.stage_order.min())
    stages = rows.order_by("pipeline", "place", "stage").select("pipeline", "stage").to_pyarrow().to_pylist()
    keys = [(row["pipeline"], row["stage"]) for row in stages]
    levels, profile = levels_of(names, source.factors)
    found = (
        source.deals.agg(closed=(_.outcome != "open").sum(), won=(_.outcome == "won").sum()).to_pyarrow().to_pylist()[0]
    )
    row = {
        "levels": levels,
        "profile": profile.tolist(),
        "persons": _people(told, source.changed),
        "pipelines": [pipeline for pipeline, _stage in keys],
        "stages": [stage for _pipeline, stage in keys],
        "probability": _stage_probability(source.stages, keys).tolist(),
        "first": first_day(source.deals),
        "closed": int(found["closed"] or 0),
        "won": int(found["won"] or 0),
    }
    return pa.Table.from_pylist([row], _CODING)


def _history(source: Source) -> History:
    """Count what forecasts from several origins need; `standing` is in the order of the windows."""
    keep, windows, told = source.keep, source.windows, source.told
    tables = {
        "standing": keep(
            "standing",
            lambda: standing(source.profiled[0], source.lasting, source.changed, windows, source.begun, source.as_of),
        ),
        "wins": keep("wins", lambda: wins(source.profiled[0])),
        "entries": keep("entries", lambda: entries(source.profiled[0], source.lasting)),
    }
    ended = keep("ends", lambda: ends(source.profiled[0], source.lasting))
    coding = replace(source.coding, teams=_names(table["team"] for table in tables.values()))
    return History(
        coding,
        tuple(_standing(tables["standing"], coding, place) for place in range(len(windows))),
        Wins(
            tables["wins"]["deal_id"],
            codes_of(tables["wins"]["pipeline"], coding.pipelines),
            days_of(tables["wins"]["on"]),
            floats_of(tables["wins"]["amount"]),
            *traits_of(tables["wins"], coding),
        ),
        Entries(
            days_of(tables["entries"]["on"]),
            stages_of(tables["entries"], "stage", coding),
            *traits_of(tables["entries"], coding),
        ),
        Ends(
            days_of(ended["closed_on"]),
            stages_of(ended, "stage", coding),
            floats_of(ended["n"]),
            floats_of(ended["won"]),
        ),
        np.array(told["probability"], dtype=np.float64),
        told["first"],
        told["closed"],
        told["won"],
        source.year_starts,
    )


def read_cells(source: Source, coding: Coding) -> Cells:
    """Count days at risk; see `Cells`."""
    cut = slices(source.begun, source.as_of, source.windows, source.year_starts)
    numbering = Numbering(len(coding.profile), coding.persons, coding.stages, sorted(set(cut["era"].to_pylist())))
    told, changed = source.profiled[0], source.changed
    if not source.by_owner:
        told, changed = told.mutate(owner_id=ibis.null("string")), None
    stays_told = read_stays(source.lasting, told, changed, numbering, source.as_of)
    return cells_of(stays_told, numbering, Cut.of(cut))


def read_hazards(source: Source, places: Sequence[int]) -> dict[int, Hazards]:
    """Give the hazards of some origins (`places` in the windows), each fitted on what had happened by its end.

    Fitting takes one core: what else a forecast learns from (`Source.history`) is counted by the engine meanwhile.
    """
    in_order, coding = oldest_first(source.windows, places), source.coding

    def fit() -> pa.Table:
        days = [day_number(source.windows[place].origin) for place in in_order]
        cells, gone = read_cells(source, coding), moves_of(moves(source.lasting), coding)
        with ThreadPoolExecutor(1) as beside:
            fitted = beside.submit(fit_each, cells, gone, coding, days)
            assert source.history is not None  # noqa: S101 - asked so that it is there
            return table_of(fitted.result())

    return dict(zip(in_order, hazards_of(source.keep("hazards", fit), coding), strict=True))


def _people(deals: ir.Table, changes: ir.Table | None) -> tuple[str, ...]:
    """Give everybody who owns or owned a deal, in order."""
    owners = [deals.select(person=_.owner_id.cast("string"))]
    if changes is not None:
        own = changes.filter(_.field == "owner_id")
        owners += [own.select(person=own[name].cast("string")) for name in ("old", "new")]
    return _names([(ibis.union(*owners) if len(owners) > 1 else owners[0]).distinct().to_pyarrow()["person"]])


def _names(columns: object) -> tuple[str, ...]:
    found = {UNKNOWN}
    for column in columns:  # type: ignore[attr-defined]  # a generator of columns
        found |= {name for name in pc.unique(column).to_pylist() if name is not None}
    return tuple(sorted(found))


def _standing(table: pa.Table, coding: Coding, place: int) -> Standing:
    rows = table.filter(pc.equal(table["place"], place))
    return Standing(
        rows["deal_id"],
        *traits_of(rows, coding),
        stages_of(rows, "stage", coding),
        ints_of(rows["age"]),
        floats_of(rows["amount"]),
        ints_of(pc.fill_null(rows["due"], NEVER)),
        ints_of(rows["times_pushed"]),
        floats_of(rows["probability"]),
        bools_of(rows["won"]),
        floats_of(rows["won_amount"]),
    )


def _stage_probability(stages: ir.Table | None, keys: Sequence[tuple[str, str]]) -> Floats:
    out = np.full(len(keys), np.nan)
    if stages is None or "probability" not in stages.columns:
        return out
    latest = ibis.window(
        group_by=["pipeline", "stage"], order_by=[_.valid_from.desc(nulls_first=False), _.probability.asc()]
    )
    rows = stages.mutate(turn=ibis.row_number().over(latest)).filter((_.turn == 0) & _.probability.notnull())
    given = rows.select("pipeline", "stage", "probability").to_pyarrow().to_pylist()
    found = {(row["pipeline"], row["stage"]): float(row["probability"]) for row in given}
    for place, key in enumerate(keys):
        out[place] = found.get(key, np.nan)
    return out
