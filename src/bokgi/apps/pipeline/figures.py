"""Names of the funnel's modes, of the counts each of them shows, and of what a pipeline's change counts."""

from __future__ import annotations

from typing import Final

from bokgi.analysis.funnel import FunnelMode
from bokgi.domain.labels import PIPELINE_PARTS
from bokgi.domain.messages import N_
from bokgi.questions.moved import EVE
from bokgi.questions.pipeline import PUSHED

MODES: Final = {
    FunnelMode.STAGE_ENTRY_COHORT.value: N_("Stage-entry cohort"),
    FunnelMode.CREATED_COHORT.value: N_("Created cohort"),
    FunnelMode.PERIOD_FLOW.value: N_("Period flow"),
    FunnelMode.SNAPSHOT.value: N_("Snapshot"),
}
EXPLAINED: Final = {
    FunnelMode.STAGE_ENTRY_COHORT.value: N_(
        "Deals that entered a stage in the period, and what became of them. Open ones are not known yet: they count "
        "neither as moved on nor as ended."
    ),
    FunnelMode.CREATED_COHORT.value: N_(
        "Deals created in the period, and how far they have come. Recent ones have had little time."
    ),
    FunnelMode.PERIOD_FLOW.value: N_("Everything that moved in the period, whenever the deal was created."),
    FunnelMode.SNAPSHOT.value: N_("What stands in which stage on the last day."),
}
COUNTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    FunnelMode.STAGE_ENTRY_COHORT.value: ((N_("Entered"), "entered"), (N_("Still open"), "open")),
    FunnelMode.CREATED_COHORT.value: (
        (N_("Reached the stage"), "deals"),
        (N_("Reached this or a later one"), "at_least"),
        (N_("Skipped"), "skipped"),
    ),
    FunnelMode.PERIOD_FLOW.value: (
        (N_("At the start"), "at_start"),
        (N_("Entered"), "entered"),
        (N_("Moved on"), "advanced"),
        (N_("Went back"), "back"),
        (N_("Won"), "won"),
        (N_("Lost"), "lost"),
        (N_("No decision"), "no_decision"),
        (N_("At the end"), "at_end"),
    ),
    FunnelMode.SNAPSHOT.value: ((N_("Deals"), "deals"),),
}
"""Of each mode: the name of each count, and the count."""
CHANGES: Final = PIPELINE_PARTS | {PUSHED: N_("Close date put off"), EVE: N_("Moves made last")}
"""What a change of the pipeline counts whose deals are listed, with its name."""
