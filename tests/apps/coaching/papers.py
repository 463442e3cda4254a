"""Papers that tests write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from bokgi.apps.access.models import User
from bokgi.apps.coaching import services
from bokgi.apps.coaching.models import OneOnOne, Pair, Paper, PaperKind, Plan
from tests.homes import TODAY

SECRET = "가족 일로 당분간 일찍 퇴근하고 싶습니다"  # noqa: S105 - words of two people, not a password
AT = datetime.combine(TODAY, time(9), UTC)


def note(talk: OneOnOne, by: User, kind: PaperKind = PaperKind.NOTE, words: str = SECRET) -> Paper:
    """Write a note."""
    return services.paper_write(one_on_one=talk, kind=kind, words={"words": words}, by=by, at=AT, today=TODAY)


def proposed(pair: Pair, *, behaviours: Sequence[str] = ("첫 통화에서 다음 약속을 잡는다",), reason: str = "") -> Plan:
    """Let the coach propose a plan."""
    return services.plan_propose(
        pair=pair,
        by=pair.coach,
        behaviours=behaviours,
        reason=reason,
        support="",
        measure="meeting",
        cause="lead_handling",
        at=AT,
        today=TODAY,
    )
