"""Words of the pages for codes of the tables."""

from __future__ import annotations

from typing import Final

from bokgi.apps.coaching.models import PlanState
from bokgi.domain.messages import N_
from bokgi.questions.causes_told import CAUSE_NAMES

PLAN_STATES: Final = {
    PlanState.PROPOSED.value: N_("proposed"),
    PlanState.RUNNING.value: N_("running"),
    PlanState.ENDED.value: N_("ended"),
    PlanState.DECLINED.value: N_("not wanted"),
}
CAUSES: Final = {"": N_("not settled"), **CAUSE_NAMES}
