"""bokgi data imports: what was imported, and what became of it."""

from __future__ import annotations

import json
from typing import Final
from zoneinfo import ZoneInfo

from bokgi.cli.answering import show_table
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import TIME_ZONE, Session
from bokgi.domain.messages import N_, Message

_STATUS: Final = {"committed": N_("committed"), "undone": N_("undone"), "purged": N_("purged")}


@command("data imports", N_("List the imports, with what each read, accepted and refused."), order=30)
def imports(session: Session) -> Answer:
    """Read the ledger."""
    found = session.lake().imports()
    rows = [
        {
            "import_no": one.import_no,
            "status": one.status,
            "kind": one.kind,
            "source": one.source,
            "files": [file["name"] for file in json.loads(one.files)],
            "exported_at": None if one.exported_at is None else one.exported_at.isoformat(),
            "exported_at_origin": one.exported_at_origin,
            "at": one.at.isoformat(),
            "by": one.by,
            "complete": one.complete,
            "read": one.read,
            "accepted": one.accepted,
            "quarantined": one.quarantined,
            "known": one.known,
            "tables": dict(one.tables),
            "reason": one.reason,
        }
        for one in found
    ]

    def screen(shown: Session) -> None:
        if not found:
            shown.say(N_("Nothing was imported yet."))
            return
        from bokgi.intake.sources import named

        zone = ZoneInfo(TIME_ZONE)
        show_table(
            shown,
            [
                (N_("No."), "right"),
                (N_("Status"), "left"),
                (N_("Source"), "left"),
                (N_("Exported"), "left"),
                (N_("Read"), "right"),
                (N_("Accepted"), "right"),
                (N_("Quarantined"), "right"),
                (N_("Known"), "right"),
                (N_("Files"), "left"),
            ],
            (
                [
                    str(one.import_no),
                    shown.text(Message(_STATUS.get(one.status, one.status))),
                    named(one.kind, one.source, shown.lang),
                    "–" if one.exported_at is None else f"{one.exported_at.astimezone(zone):%Y-%m-%d %H:%M}",
                    *(f"{n:,}" for n in (one.read, one.accepted, one.quarantined, one.known)),
                    ", ".join(file["name"] for file in json.loads(one.files)),
                ]
                for one in found
            ),
        )

    return Answer({"imports": rows}, screen)
