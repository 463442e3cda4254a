"""One's own record of 1:1s and plans as text (Markdown), for who takes it along."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

from bokgi.apps.access.models import User
from bokgi.apps.coaching.models import PaperKind
from bokgi.apps.coaching.selectors import OpenPlan, Record, Words
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import decoded
from bokgi.ui.format import plain, shower

CLOSED: Final = N_("This text does not open: it was changed from outside, or its key is gone.")
Say = Callable[[Message], str]

_KINDS: Final = {
    PaperKind.AGENDA.value: N_("Agenda"),
    PaperKind.NOTE.value: N_("Note"),
    PaperKind.OWN_NOTE.value: N_("Own note"),
    PaperKind.FEEDBACK.value: N_("Feedback"),
    PaperKind.FOLLOW_UP.value: N_("Follow-up"),
}


def written(records: Sequence[Record], user: User, lang: str, on: date) -> str:
    """Write everything somebody may read of the own pairs, in the order in which it was written."""
    show = shower(on)

    def say(message: Message) -> str:
        return plain(message.text(lang, show))

    lines = [f"# {say(Message(N_('1:1s and plans of {name}'), {'name': user.name}))}"]
    lines.append(say(Message(N_("As of {day}."), {"day": on})))
    for record in records:
        lines.append(f"## {record.pair.coach.name} · {record.pair.member.name}")
        lines += _papers(record.papers, say)
        lines += [line for plan in record.plans for line in _plan(plan, say)]
    return "\n\n".join(lines) + "\n"


def _papers(papers: Sequence[Words], say: Say) -> Iterator[str]:
    last: date | None = None
    for one in papers:
        if one.paper.one_on_one.on != last:
            last = one.paper.one_on_one.on
            yield f"### {last.isoformat()}"
        words = " / ".join(one.words.values()) if one.opens else say(Message(CLOSED))
        yield f"- **{say(Message(_KINDS[one.paper.kind]))}** ({one.paper.author.name}): {words}"


def _plan(one: OpenPlan, say: Say) -> Iterator[str]:
    yield f"### {say(Message(N_('Plan')))}"
    if not one.opens:
        yield say(Message(CLOSED))
    yield from (f"- {behaviour}" for behaviour in one.behaviours)
    texts = (
        (N_("Why this"), one.reason),
        (N_("What the coach does for it"), one.support),
        (N_("What was learned"), one.learned),
    )
    yield from (f"{say(Message(label))}: {text}" for label, text in texts if text)
    for check in one.plan.checks.all():
        yield f"{check.on.isoformat()}: " + " ".join(say(decoded(line)) for line in check.result["said"])
