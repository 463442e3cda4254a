"""Meetings that were held, for tests of what follows them: people, what they agreed to, the record of the closing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bokgi.apps.access.models import User
from bokgi.apps.reviews.models import Commitment, DiscussedDeal, Meeting, MeetingState, Participant, Snapshot

ON = date(2026, 11, 16)
AT = datetime(2026, 11, 16, 1, tzinfo=UTC)


def meeting_held(users: dict[str, User], on: date = ON, team: str = "1팀", **given: Any) -> Meeting:  # noqa: ANN401 - columns
    """Make a meeting that took place, with the leader, the manager and the rep."""
    at = datetime.combine(on, AT.timetz())
    plain: dict[str, Any] = {
        "team": team,
        "week": f"{on:%G-W%V}",
        "planned_on": on,
        "on": on,
        "at": time(10),
        "starts_at": at,
        "prepare_from": on - timedelta(days=4),
        "prepared_by": on - timedelta(days=3),
        "state": MeetingState.CLOSED,
        "closed_at": at,
    }
    made = Meeting.objects.create(**plain | given)
    for role in ("leader", "manager", "rep"):
        user = users[role]
        Participant.objects.create(meeting=made, user=user, person_id=user.person_id, leads=role == "leader")
    return made


def agreed(meeting: Meeting, person_id: str = "lee", **given: Any) -> Commitment:  # noqa: ANN401 - columns
    """Let somebody agree to something."""
    plain: dict[str, Any] = {
        "what": "견적을 다시 보내기",
        "due_on": meeting.on + timedelta(days=5),
        "made_at": meeting.starts_at,
    }
    return Commitment.objects.create(meeting=meeting, person_id=person_id, **plain | given)


def discussed(meeting: Meeting, *deal_ids: str) -> None:
    """Note deals as talked about."""
    for place, key in enumerate(deal_ids):
        DiscussedDeal.objects.create(meeting=meeting, position=place, deal_id=key, discussed_at=meeting.starts_at)


def recorded(meeting: Meeting, **parts: Any) -> Snapshot:  # noqa: ANN401 - parts of the record
    """Keep the record of the closing, with what was agreed in it."""
    record: dict[str, Any] = {
        "team": meeting.team,
        "on": meeting.on.isoformat(),
        "week": meeting.week,
        "focus": "제안 단계를 살리기",
        "people": [{"name": "이준호", "leads": False, "came": True, "here": True}],
        "deals": [],
        "notes": [],
        "commitments": [
            {
                "id": one.pk,
                "who": "이준호" if one.person_id == "lee" else "박민서",
                "person_id": one.person_id,
                "what": one.what,
                "due_on": one.due_on.isoformat(),
                "deal_id": one.deal_id,
                "deal": "해솔 물류 도입" if one.deal_id.startswith("lee") else "가람 물류 도입",
                "stage": one.stage,
                "metric": one.metric,
                "rising": one.rising,
                "amount": None,
                "version": one.version,
                "said": "",
                "said_note": "",
                "verdict": "",
                "checked": None,
            }
            for one in meeting.commitments.all()
        ],
        "before": [],
        "cases": [],
        "help": [],
    }
    return Snapshot.objects.create(
        meeting=meeting,
        as_of=meeting.on,
        lake_version=1,
        schema_version=1,
        pack={},
        record=record | parts,
        made_at=meeting.starts_at,
    )
