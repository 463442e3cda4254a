"""Who is meant: people by their name or key."""

from __future__ import annotations

from ibis import _

from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json, names_of_people


def person_id(facts: Facts, who: str, team: str | None = None) -> str:
    """Give the key of a person of ours by key, name or address.

    Raises `NotFoundError` (`person_unknown`) for nobody, `UsageError` (`person_ambiguous`) for several, and
    (`person_of_other_team`) for one who never was in the `team` that is asked about, too.
    """
    known = facts.identities.filter(_.kind == "person").select("key", "name", "email").to_pyarrow().to_pylist()
    keys = sorted({row["key"] for row in known if who in (row["key"], row["name"], row["email"])})
    if not keys:
        names = ", ".join(sorted({row["name"] for row in known if row["name"]})) or "–"
        raise NotFoundError(
            "person_unknown",
            Message(N_("There is nobody called “{who}”."), {"who": who}),
            Message(N_("There are: {names}."), {"names": names}),
        )
    if len(keys) > 1:
        raise UsageError(
            "person_ambiguous",
            Message(N_("{n} {n:person is|people are} called “{who}”."), {"n": len(keys), "who": who}),
            Message(N_("Give the key: {keys}."), {"keys": ", ".join(keys)}),
        )
    found: str = keys[0]
    if team is not None:
        _check_team(facts, found, who, team)
    return found


def _check_team(facts: Facts, person: str, who: str, team: str) -> None:
    """Refuse a person and a team that have no deal in common; a team that is none is told where its deals are read."""
    rows = facts.memberships.filter(_.team.notnull()).select("person_id", "team").distinct().to_pyarrow().to_pylist()
    own = sorted(row["team"] for row in rows if row["person_id"] == person)
    if team in {row["team"] for row in rows} and team not in own:
        raise UsageError(
            "person_of_other_team",
            Message(N_("{who} never was in the team “{team}”."), {"who": who, "team": team}),
            Message(N_("Leave the team out, or name one of: {teams}."), {"teams": ", ".join(own) or "–"}),
        )


def people_by_name(facts: Facts) -> dict[str, str]:
    """Give the name of each person of ours in the order of the names, the key where no name is known (any more)."""
    names = names_of_people(facts)
    keys = facts.people.filter(~_.automatic).select("person_id").to_pyarrow()["person_id"].to_pylist()
    return dict(sorted(((key, names.get(key, key)) for key in keys), key=lambda pair: (pair[1], pair[0])))


def ask_names(facts: Facts) -> Json:
    """Ask what everybody of ours is called: `names{person_id: name}`, also of who has left.

    The address where only that is known; who was erased is not in it.
    """
    known = facts.identities.filter(_.kind == "person").select("key", "name", "email").to_pyarrow().to_pylist()
    told = sorted(known, key=lambda row: (row["name"] is not None, row["name"] or "", row["email"] or ""))
    return {"names": {row["key"]: row["name"] or row["email"] for row in told if row["name"] or row["email"]}}
