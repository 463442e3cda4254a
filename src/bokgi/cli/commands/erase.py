"""bokgi erase: a person's name leaves the home, their results stay under a key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bokgi.cli.commands.importing import who
from bokgi.cli.confirming import confirmed
from bokgi.cli.database import has_database, open_database
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.messages import N_, Message

if TYPE_CHECKING:
    from bokgi.facts.lake import Lake


@command("erase", N_("Erase a person's name, address and words everywhere in the home."), order=80)
def erase(
    session: Session,
    person: Annotated[str, typer.Argument(metavar=N_("PERSON"), help=N_("Key, e-mail or name of the person."))],
    *,
    contact: Annotated[bool, typer.Option("--contact", help=N_("A person at a customer, not one of ours."))] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar=N_("WORD"), help=N_("Another name or number to take out; may be given more than once.")),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do not ask."))] = False,
) -> Answer:
    """Find the one who is meant, ask, erase."""
    from bokgi.facts.erasure import erase as erased

    lake = session.lake()
    kind = "contact" if contact else "person"
    key = _meant(lake, kind, person)
    words = [*(also or ()), *([person] if key is None else [])]
    asked = N_("Erase {person}? This cannot be taken back.")
    if key is None:
        asked = N_(
            "Nobody is called “{person}”, but refused rows or texts hold it. Take it out everywhere? "
            "This cannot be taken back."
        )
    confirmed(session, Message(asked, {"person": person}), yes=yes)
    with session.progress() as show:
        show(session.text(Message(N_("erasing"))), None)
        closed = _erase_in_database(session, lake, kind, key, words)
        found = erased(lake, kind, key, by=who(), at=datetime.now(UTC), also=words)

    def screen(shown: Session) -> None:
        shown.say(N_("Erased. The results stay under {key}."), key=found.key)
        if found.others:
            shown.say(
                N_("{n} other {n:person has|people have} the same name; they stay, and kept files were deleted."),
                n=found.others,
            )
        if found.deleted:
            numbers = ", ".join(str(number) for number in found.deleted)
            shown.say(N_("Kept source files of these imports were deleted: {numbers}"), numbers=numbers)
        if closed:
            shown.say(
                N_(
                    "{n} private {n:text|texts} did not open, because their key is gone. If it comes "
                    "back, erase {key} again, "
                    "with --also and the name."
                ),
                n=closed,
                key=found.key,
            )
        shown.say(N_("Back-ups made before still hold the name; so do files that left this folder."))

    data = {
        "key": found.key,
        "version": found.version,
        "rewritten_tables": list(found.rewritten_tables),
        "rewritten_sources": found.rewritten_sources,
        "deleted_sources_of_imports": list(found.deleted),
        "others_with_that_name": found.others,
        "private_texts_not_opened": closed,
    }
    return Answer(data, screen)


def _erase_in_database(session: Session, lake: Lake, kind: str, key: str | None, also: Sequence[str]) -> int:
    """Erase in the application's database first: the facts still say then who is meant, however often it is begun.

    Give how many private texts did not open.
    """
    from bokgi.facts.erasure import traces_of

    if not has_database(session.home):
        return 0
    open_database(session)
    from bokgi.apps.access.erasing import person_erase, space_free
    from bokgi.apps.access.sealing import opened

    keys, words, traces = traces_of(lake, kind, key, also=also)
    for one in keys if kind == "person" else [""]:
        person_erase(person_id=one, words=words, label=traces.label)
    space_free()
    return opened()[1]


def _meant(lake: Lake, kind: str, person: str) -> str | None:
    """Give the key of the one who is named; a name that several have needs the key.

    Null: nobody has the name, but it stands in refused rows or texts.
    """
    import ibis
    from ibis import _

    from bokgi.facts.engine import connect
    from bokgi.facts.erasure import stands
    from bokgi.facts.read import facts

    known = facts(ibis.duckdb.from_connection(connect()), lake)
    rows = known.identities.filter(_.kind == kind).select("key", "name", "email", "source_key").to_pyarrow().to_pylist()
    wanted = person.casefold()
    keys = {
        row["key"]
        for row in rows
        if wanted in {str(row[name]).casefold() for name in ("key", "name", "email", "source_key") if row[name]}
    }
    if len(keys) == 1:
        return str(keys.pop())
    if not keys and stands(lake, person):
        return None
    if not keys:
        raise NotFoundError(
            "person_unknown",
            Message(N_("Nobody is called “{person}”."), {"person": person}),
            Message(N_("Name the key, the e-mail or the whole name.")),
        )
    raise UsageError(
        "person_ambiguous",
        Message(N_("{n} {n:person is|people are} called “{person}”."), {"n": len(keys), "person": person}),
        Message(N_("Name one by key: {keys}"), {"keys": ", ".join(sorted(keys))}),
    )
