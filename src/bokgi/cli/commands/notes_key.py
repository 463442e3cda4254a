"""bokgi notes-key: a new key for the private notes."""

from __future__ import annotations

from bokgi.cli.registry import Answer, command
from bokgi.cli.session import Session
from bokgi.domain.messages import N_


@command("notes-key", N_("Give the private notes a new key and seal them anew with it."), order=81)
def notes_key(session: Session) -> Answer:
    """Rotate, and say how much was sealed anew and how much does not open."""
    from bokgi.project.processes import prepare, set_up

    session.lake()
    set_up(session.home)
    prepare()
    from bokgi.apps.access.sealing import rotate

    done = rotate()

    def screen(shown: Session) -> None:
        shown.say(
            N_("{n} private {n:text was|texts were} sealed anew. Keep a copy of the key apart from the back-ups."),
            n=done.anew,
        )
        if done.closed:
            shown.say(
                N_(
                    "{n} private {n:text does|texts do} not open: their key is gone, or they were "
                    "changed. They stay as they are, "
                    "and the keys so far stay in the file."
                ),
                n=done.closed,
            )

    return Answer({"sealed_anew": done.anew, "not_opened": done.closed}, screen)
