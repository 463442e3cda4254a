"""Who belongs to which team, and who manages whom, on a day."""

from __future__ import annotations

from datetime import date

import ibis
from ibis import _

from bokgi.facts.model import Facts
from bokgi.questions.asked import Json


def ask_roster(facts: Facts, *, as_of: date) -> Json:
    """Ask who is in which team on a day.

    Gives `people[]{person_id, name, team, role, manager_id}`, one entry for each membership in force, by team and
    person; `name` is null where none is known (any more), `manager_id` where nobody is named.
    """
    day = ibis.literal(as_of)
    members = facts.memberships.filter(
        _.valid_from.isnull() | (_.valid_from <= day),
        _.valid_to.isnull() | (_.valid_to > day),
        _.left_on.isnull() | (_.left_on > day),
    )
    names = facts.identities.filter(_.kind == "person").select(person_id=_.key, name=_.name)
    rows = (
        members.left_join(names, "person_id")
        .select("person_id", "name", "team", "role", "manager_id")
        .distinct()
        .order_by("team", "person_id", "role", "manager_id", "name")
        .to_pyarrow()
        .to_pylist()
    )
    return {"as_of": as_of.isoformat(), "people": rows}
