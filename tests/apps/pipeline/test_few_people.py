"""An amount of the funnel that few people have is shown to who may see them, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from tests.homes import TODAY

AsRole = Callable[[str], Client]
pytestmark = pytest.mark.usefixtures("home", "english")


def test_the_amount_of_a_stage_where_one_person_has_deals_is_not_shown(
    as_role: AsRole, reading: Callable[..., Path]
) -> None:
    stages = "pipeline | stage | label | stage_order | kind | probability\ndefault | contract | 계약 | 4 | open | 0.9"
    deals = "deal_id | owner_id | stage | outcome | amount | created_on | expected_close_on"
    deals += f"\nseo-c | seo | contract | open | 987600000 | {TODAY} | {TODAY}"
    events = f"deal_id | stage | entered_on | seq\nseo-c | contract | {TODAY} | 1"
    reading({"stages": stages, "deals": deals, "stage_events": events})
    for mode in ("snapshot", "period_flow"):
        for role, hides in (("leader", False), ("rep", True), ("viewer", True)):
            shown = unescape(as_role(role).get(f"/funnel/?mode={mode}").content.decode())
            assert ">계약" in shown
            assert ("987.6" not in shown) is hides, (mode, role)
            assert ("few people" in shown) is hides, (mode, role)
    # Who sees nobody else's still has the amount of own deals.
    assert "few people" not in unescape(as_role("rep").get("/funnel/?mode=snapshot&person=lee").content.decode())
