"""The heat map of the funnel: conversion by group and stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bokgi.apps.pipeline.funnel import (
    Asked,
    deals_address,
    deals_query,
    heads,
    pipeline_names,
    stage_key,
    stage_names,
    stages,
)
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.domain.stage import Outcome
from bokgi.questions.asked import Json
from bokgi.ui import marks
from bokgi.ui.blocks import HeatCell
from bokgi.ui.format import n as cases


def heat(
    screen: Screen,
    asked: Asked,
    split: str,
    now: Sequence[Json],
    *,
    flagged: Mapping[tuple[str, str, str], bool],
    flagged_stages: set[tuple[str, str]],
) -> dict[str, Any] | None:
    """Draw conversion by group (rows) and stage (columns), all together last: grey where there are too few cases.

    `now` holds the stages unsplit. Only what an analysis judged is marked: `flagged` names stage and unit of what
    `find_bottlenecks` flagged, `flagged_stages` the stages. Null where there is nothing to show.
    """
    found = stages(screen, asked, split=split)
    keys = {name: key for key, name in screen.people.items()}
    values = {stage["groups"].get(split) for stage in found} - {None}
    groups = sorted(str(value) for value in values if split != "person" or value in keys)
    labels = {key: name for key, name in stage_names(screen, now or found).items() if key[1] != Outcome.WON.value}
    seen = frozenset(groups)
    by_cell = {(*stage_key(stage), str(stage["groups"].get(split))): stage for stage in found}
    shares = [
        stage["conversion"]["estimate"]
        for (_pipeline, _stage, group), stage in by_cell.items()
        if stage["conversion"] is not None and group in seen
    ]
    if not shares:
        return None
    low, high = min(shares), max(shares)
    # A heat map of many people has hundreds of cells: what they share is written once.
    few, percent = screen.say(N_("too few")), screen.speaker.percent
    columns = [
        (pipeline, stage, deals_query(pipeline=pipeline, stage=stage, entered=asked.span)) for pipeline, stage in labels
    ]

    def cell(here: Json | None, address: str, *, judged: bool) -> HeatCell:
        at = None if here is None else here["conversion"]
        if at is None:
            return HeatCell("few", few, cases(0 if here is None else here["n_at_risk"] or 0), address)
        css = "flag" if judged else marks.heat_class(at["estimate"], low, high)
        return HeatCell(css, percent(at["estimate"]), cases(at["n"]), address)

    rows = []
    for group in groups:
        whose = {"person": keys[group]} if split == "person" else {"where": f"{split}:{group}"}
        whose = {"team": group} if split == "team" else whose
        address = deals_address(screen, outcome="all", **whose)
        cells = []
        for pipeline, stage, place in columns:
            judged = flagged.get((pipeline, stage, group), False)
            cells.append(cell(by_cell.get((pipeline, stage, group)), address and f"{address}&{place}", judged=judged))
        rows.append({"label": group, "cells": cells, "total": False})
    if now:
        whole, base = {stage_key(stage): stage for stage in now}, deals_address(screen, outcome="all")
        cells = [
            cell(whole.get((pipeline, stage)), base and f"{base}&{place}", judged=(pipeline, stage) in flagged_stages)
            for pipeline, stage, place in columns
        ]
        label = screen.people.get(screen.person or "") or screen.team or screen.say(N_("All together"))
        rows.append({"label": label, "cells": cells, "total": True})
    return {
        "columns": list(labels.values()),
        "above": heads([pipeline for pipeline, _stage in labels], pipeline_names(screen, now or found)),
        "rows": rows,
        "low": percent(low),
        "high": percent(high),
    }
