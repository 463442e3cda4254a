"""Rules on whom and what a row names that stands elsewhere: people and deals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bokgi.domain.findings import Severity
from bokgi.domain.messages import N_
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.rule import Bench, Rule
from bokgi.intake.mapping.model import Entity
from bokgi.intake.sql import literal
from bokgi.intake.writing.references import compared

_TARGETS: Final = ("targets.person_id", "targets.person_email")
BY_NAME: Final = {
    "targets.person_name": _TARGETS,
    "targets.subject": _TARGETS,
    "teams.person_name": ("teams.person_id", "teams.person_email"),
    "people.name": ("people.person_id", "people.email"),
}
"""Fields that name whose a target or a membership is → those that say it without doubt."""
_OWNERS: Final = {Entity.DEALS: "deals.owner", Entity.LEADS: "leads.owner"}
_DEAL_IDS: Final = {
    Entity.STAGE_HISTORY: "stage_history.deal_id",
    Entity.DEAL_HISTORY: "deal_history.deal_id",
    Entity.DEAL_CONTACTS: "deal_contacts.deal_id",
    Entity.ACTIVITIES: "activities.deal_id",
    Entity.CONTENT_EVENTS: "content_events.deal_id",
}


def rules(reading: Reading, bench: Bench) -> Iterator[Rule]:
    """Rules on what a row refers to: an owner on no list of people, a deal that is nowhere, a name of several."""
    yield from _known(reading, bench)
    yield from _shared_names(reading, bench)


def _known(reading: Reading, bench: Bench) -> Iterator[Rule]:
    owner = _OWNERS.get(reading.entity)
    if owner is not None and bench.people_listed:
        parts = {"id": "id", "email": "email", "name": "name"}
        said = [part for part in parts if reading.says(f"{owner}_{part}")]
        listed = []
        for part in said:
            text = reading.sql(f"{owner}_{part}")
            # A Mac writes Hangul in letters apart; they are the same name.
            text = {"email": f"lower({text})", "name": f"nfc_normalize({text})"}.get(part, text)
            listed.append(f"coalesce({text} IN (SELECT {part} FROM listed_people WHERE {part} IS NOT NULL), false)")
        if said:
            named = " OR ".join(f"{reading.sql(f'{owner}_{part}')} IS NOT NULL" for part in said)
            text = N_("{n} {n:row has|rows have} an owner who is not on the list of people.")
            severity = Severity.ERROR if bench.people_complete else Severity.WARNING
            yield Rule(
                "owner_unknown", severity, f"{owner}_{said[0]}", f"({named}) AND NOT ({' OR '.join(listed)})", text
            )
    deal = _DEAL_IDS.get(reading.entity)
    if deal is not None and bench.deals_listed and reading.says(deal) and not reading.mapping.derived_deals:
        text = N_("{n} {n:row refers|rows refer} to a deal that is neither in these files nor in the lake.")
        yield Rule(
            "deal_unknown",
            Severity.WARNING,
            deal,
            f"{reading.sql(deal)} NOT IN (SELECT deal_id FROM listed_deals)",
            text,
        )


def _shared_names(reading: Reading, bench: Bench) -> Iterator[Rule]:
    text = N_(
        "{n} {n:row names|rows name} somebody in “{column}” whose name several people have; write an e-mail address or "
        "an id in place of it."
    )
    listed = ", ".join(map(literal, bench.shared_names))
    for name, certain in BY_NAME.items():
        if not listed or not reading.says(name):
            continue
        alone = [f"{reading.sql(field)} IS NULL" for field in certain]
        if name == "targets.subject" and reading.says("targets.subject_kind"):
            alone.append(f"coalesce({reading.sql('targets.subject_kind')}, 'person') = 'person'")
        condition = f"{compared(reading.sql(name))} IN ({listed}) AND {' AND '.join(alone)}"
        yield Rule("name_shared", Severity.ERROR, name, condition, text, meant=bench.shared_names)
