"""Who stands where to an evaluation, and what of it each may read."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.evaluation.criteria import Criteria, InputReader, PeerInput, Showing
from bokgi.apps.evaluation.models import Evaluation, PeerInputItem, Round
from bokgi.apps.evaluation.rules import FEWEST_UNNAMED
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message

LEADS_ROUNDS: Final = frozenset({Role.ADMIN, Role.LEADER})
"""Who makes rounds and publishes criteria. Sales operations sees how far each form is, never what stands in it."""


class Side(StrEnum):
    """Where somebody stands to an evaluation."""

    PERSON = "person"
    MANAGER = "manager"
    NEXT_LEVEL = "next_level"


def sides(user: User, evaluation: Evaluation) -> frozenset[Side]:
    """Say where a user stands: the person itself, who writes, who is above; empty for everybody else."""
    found = set()
    if user.person_id and user.person_id == evaluation.person_id:
        return frozenset({Side.PERSON})
    owner = evaluation.round.owner_id
    if evaluation.manager_id == user.pk or (evaluation.manager_id is None and owner == user.pk):
        found.add(Side.MANAGER)
    if owner == user.pk or Role(user.role) is Role.LEADER:
        found.add(Side.NEXT_LEVEL)
    return frozenset(found)


def side_required(user: User, evaluation: Evaluation, *wanted: Side) -> frozenset[Side]:
    """Give where a user stands, or raise `NotFoundError`: to everybody else it is as if there were no such form."""
    found = sides(user, evaluation)
    if not found & set(wanted or Side):
        raise unknown()
    return found


def unknown() -> NotFoundError:
    """Say that there is no such evaluation for this person."""
    return NotFoundError("evaluation_unknown", Message(N_("There is no such evaluation for you.")))


def round_led(user: User, found: Round) -> Round:
    """Give a round to who leads it, or raise `NotFoundError`."""
    if found.owner_id != user.pk and Role(user.role) not in LEADS_ROUNDS:
        raise NotFoundError("round_unknown", Message(N_("There is no such round for you.")))
    return found


def calibrates(user: User, found: Round) -> bool:
    """Say whether somebody reads all drafts of a round beside each other: who answers for it, and leaders."""
    return found.owner_id == user.pk or Role(user.role) is Role.LEADER


def round_calibrated(user: User, found: Round) -> Round:
    """Give a round to who calibrates it, or raise `NotFoundError`; sales operations leads rounds and reads no draft."""
    if not calibrates(user, found):
        raise NotFoundError("round_unknown", Message(N_("There is no such round for you.")))
    return found


def draft_is_shown(evaluation: Evaluation, side: frozenset[Side], showing: Showing) -> bool:
    """Say whether what the manager wrote may be read from this side."""
    if side & {Side.MANAGER, Side.NEXT_LEVEL}:
        return True
    if Side.PERSON not in side or evaluation.drafted_at is None:
        return False
    return showing is Showing.AT_ONCE or evaluation.calibrated_at is not None


def self_is_shown(evaluation: Evaluation, side: frozenset[Side]) -> bool:
    """Say whether the self evaluation may be read from this side: by others only once it is handed in."""
    return Side.PERSON in side or evaluation.self_at is not None


def peer_inputs_shown(
    evaluation: Evaluation, side: frozenset[Side], criteria: Criteria, *, shown: bool
) -> list[PeerInputItem] | None:
    """Give what colleagues said, null where it may not be read (yet): of few unnamed answers one could guess who wrote.

    The person reads it together with the draft, where the criteria let the person. Names stand beside it only where
    colleagues were asked with names. Unnamed answers are shown all at once, when nobody is waited for any more: what
    comes after the others would be known by its day.
    """
    if Side.PERSON in side and (not shown or criteria.input_reader is InputReader.MANAGER):
        return None
    found = list(evaluation.peer_inputs.select_related("by"))
    unnamed = criteria.peers is PeerInput.UNNAMED or any(one.by_id is None for one in found)
    if unnamed and (len(found) < FEWEST_UNNAMED or _waits(evaluation)):
        return None
    return found


def _waits(evaluation: Evaluation) -> bool:
    return evaluation.drafted_at is None and evaluation.peer_requests.filter(is_answered=False).exists()
