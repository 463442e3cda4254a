"""What is written in a meeting, with the names of that day: shown while it goes on, kept when it closes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.urls import reverse
from jinja2 import Environment
from markupsafe import Markup

from bokgi.apps.access.asking import answers
from bokgi.apps.access.selectors import time_zone
from bokgi.apps.reviews import rules, selectors
from bokgi.apps.reviews.models import Commitment, Effect, Meeting, Note, OwnWord, Snapshot, Verdict
from bokgi.apps.reviews.rendering import document
from bokgi.apps.reviews.rendering.html import sheet_of_a_file
from bokgi.apps.reviews.services.preparing import QUESTIONS
from bokgi.apps.reviews.showing import DEALS, TITLES, pack_of
from bokgi.domain.messages import N_, translate
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json
from bokgi.ui import charts
from bokgi.ui import format as written
from bokgi.ui.speaker import Speaker
from bokgi.ui.templating import environment
from bokgi.ui.theme import SCREEN, stylesheet

_TEMPLATES: Final = Path(__file__).parent / "templates"


def record_of(meeting: Meeting, snapshot: Snapshot, names: Mapping[str, str], at: datetime) -> Json:
    """Give what a meeting holds beside its pack, as JSON: agenda, people, deals, notes, commitments, cases, thanks.

    Open notes only: what is private stands nowhere but with its two people.
    """
    seats = selectors.seats(meeting, names, at)
    by_user = {seat.participant.user_id: seat.name for seat in seats if seat.participant.user_id is not None}
    discussed = dict(meeting.deals.values_list("deal_id", "discussed_at"))
    deals = [
        deal | {"discussed_at": _moment(discussed.get(deal["deal_id"])), "now": deal["deal_id"] == meeting.deal_now}
        for deal in blocks(snapshot).get(DEALS, [])
    ]
    titles = {**blocks(snapshot).get(TITLES, {}), **{deal["deal_id"]: deal["title"] for deal in deals}}
    return {
        "team": meeting.team,
        "on": meeting.on.isoformat(),
        "at": f"{meeting.at:%H:%M}",
        "week": meeting.week,
        "focus": meeting.focus,
        "opened_at": _moment(meeting.opened_at),
        "parts": [
            {
                "id": part.pk,
                "part": part.part,
                "title": part.title,
                "minutes": part.minutes,
                "spent": rules.clock(part, at).spent,
                "begun_at": _moment(part.begun_at),
                "spent_before": part.spent,
                "now": part.pk == meeting.current_id,
            }
            for part in meeting.parts.all()
        ],
        "people": [
            {"name": seat.name, "leads": seat.leads, "here": seat.here, "came": seat.participant.seen_at is not None}
            for seat in seats
        ],
        "deals": deals,
        "notes": [
            {
                "id": entry.first.pk,
                "part": entry.first.part,
                "kind": entry.first.kind,
                "about": "" if entry.first.about is None else selectors.called(entry.first.about, names),
                "current": [_note(note, by_user) for note in entry.current],
                "earlier": [_note(note, by_user) for note in entry.versions if note not in entry.current],
            }
            for entry in selectors.notes_open(meeting)
        ],
        "commitments": [commitment(one, names, titles) for one in selectors.commitments_made(meeting)],
        "before": [commitment(one, names, titles) for one in selectors.commitments_to_check(meeting)],
        "cases": [
            {
                "name": selectors.called(who, names),
                "won": answer.won,
                "deal_id": answer.deal_id,
                "deal": titles.get(answer.deal_id, answer.deal_id),
                "situation": answer.situation,
                "what_we_did": answer.what_we_did,
                "what_decided": answer.what_decided,
                "repeat_or_avoid": answer.repeat_or_avoid,
                "buyer_reason": answer.buyer_reason,
            }
            for who, answer in selectors.answers_told(meeting)
        ],
        "thanks": [
            {
                "name": names.get(one.person_id, one.person_id),
                "text": one.text,
                "evidence": one.evidence,
                "by": by_user.get(one.by_id or 0) or (one.by.name if one.by is not None else "–"),
            }
            for one in selectors.thanks_to_tell(meeting, at)
        ],
        "help": [
            {"name": selectors.called(one, names), "text": one.preparation.help_wanted}
            for one in meeting.participants.all()
            if getattr(one, "preparation", None) is not None
            and one.preparation.prepared_at is not None
            and one.preparation.help_wanted
        ],
    }


def blocks(snapshot: Snapshot) -> dict[str, Any]:
    """Give the blocks of a snapshot by name."""
    return {one["name"]: one["result"] for one in snapshot.blocks}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _clock(at: datetime) -> str:
    return f"{at.astimezone(time_zone()):%H:%M}"


def _note(note: Note, by_user: Mapping[int, str]) -> Json:
    writer = by_user.get(note.by_id or 0) or (note.by.name if note.by is not None else "–")
    return {"id": note.pk, "key": str(note.key), "by": writer, "text": note.text, "time": _clock(note.at)}


def commitment(one: Commitment, names: Mapping[str, str], titles: Mapping[str, str]) -> Json:
    """Give a commitment as a record keeps it; `titles` name deals."""
    who = names.get(one.person_id) or ("–" if one.participant is None else selectors.called(one.participant, names))
    return {
        "id": one.pk,
        "who": who,
        "person_id": one.person_id,
        "what": one.what,
        "due_on": one.due_on.isoformat(),
        "deal_id": one.deal_id,
        "deal": titles.get(one.deal_id, one.deal_id),
        "stage": one.stage,
        "metric": one.metric,
        "rising": one.rising,
        "amount": None if one.amount is None else str(one.amount.normalize()),
        "version": one.version,
        "said": one.said,
        "said_note": one.said_note,
        "verdict": one.verdict,
        "checked": one.checked,
    }


# ---------------------------------------------------------------- the pack in the meeting


def drawn(pack: Json, lang: str) -> dict[str, str]:
    """Draw a pack as a meeting shows it: each part by its key, `head` and `foot` around them, `as_of` in words.

    It is drawn when the meeting opens, so that it stays the same whatever becomes of the code while it goes on.
    """
    doc = document(pack, lang)
    module: Any = templates(lang).get_template("reviews/blocks.jinja").module
    parts = {section.key: str(module.content(section, charts.inline)) for section in doc.sections}
    head = f"{module.strip(doc)}{module.figures(doc)}"
    return parts | {"head": head, "foot": str(module.foot(doc)), "as_of": doc.as_of}


def ask_page_of_pack(facts: Facts, *, week: str, as_of: date, team: str | None, lang: str) -> Json:
    """Draw the pack of a week as its page shows it: `scope`, `as_of` in words, `quarantined`, and pieces of the page.

    `strip` is the line of the data's state, `strip_mend` the same with the way to refused rows; `body` is the rest.
    Kept like every answer, for drawing takes many times as long as reading.
    """
    del facts
    pack = pack_of(week=week, as_of=as_of, team=team or "")
    doc = document(pack, lang)
    module: Any = templates(lang).get_template("reviews/blocks.jinja").module
    parts = [module.part(section, place, charts.inline) for place, section in enumerate(doc.sections, start=1)]
    return {
        "scope": doc.scope,
        "as_of": doc.as_of,
        "quarantined": pack["data"]["quarantined"],
        "strip": str(module.strip(doc, "")),
        "strip_mend": str(module.strip(doc, reverse("data:quarantine"))),
        "body": "\n".join(map(str, (module.figures(doc), module.agenda(doc), *parts, module.foot(doc)))),
    }


def page_of_pack(*, week: str, as_of: date, team: str, lang: str) -> Json:
    """Give the page of a pack, see `ask_page_of_pack`; drawn at most once."""
    return answers().ask(ask_page_of_pack, week=week, as_of=as_of, team=team or None, lang=lang)


def shown_part(snapshot: Snapshot, part: str, lang: str) -> Markup:
    """Give the part of the pack that belongs to a part of the agenda; empty for one of the team's own."""
    return Markup(snapshot.pages["parts"][lang].get(part, ""))  # noqa: S704 - drawn by `drawn`


@lru_cache(maxsize=2)
def templates(lang: str) -> Environment:
    """Give the templates of what is kept of a meeting, in one language."""
    return environment(lang, _TEMPLATES, chart=charts.inline)


def speaker_of(snapshot: Snapshot, lang: str) -> Speaker:
    """Write values as of the day of the meeting."""
    return Speaker(lang, snapshot.as_of, snapshot.pack["currency"])


def page_of(snapshot: Snapshot, record: Json, lang: str) -> str:
    """Draw what a meeting showed and what was written in it, as it is kept for ever."""
    shown = {
        "parts": {key: Markup(text) for key, text in snapshot.pages["parts"][lang].items()},  # noqa: S704 - as above
        "record": record,
        "speaker": speaker_of(snapshot, lang),
        "when": when(date.fromisoformat(record["on"]), time.fromisoformat(record["at"]), lang),
        "week": week_name(Period.week(record["week"]), lang),
        "words": words(lang),
    }
    return templates(lang).get_template("reviews/record.jinja").render(**shown)


def words(lang: str) -> dict[str, dict[str, str]]:
    """Give the words for the codes of a record, in a language."""
    return {
        "part": {part.value: translate(text, lang) for part, text in rules.TITLES.items()},
        "change": {str(step): translate(text, lang) for step, text in rules.CHANGE.items()},
        "effect": {effect.value: translate(str(effect.label), lang) for effect in Effect},
        "said": {word.value: translate(text, lang) for word, text in OWN_WORDS.items()},
        "verdict": {verdict.value: translate(text, lang) for verdict, text in VERDICTS.items()},
        "case": {name: translate(text, lang) for name, text in QUESTIONS.items()},
    }


OWN_WORDS: Final = {
    OwnWord.KEPT: N_("says it is kept"),
    OwnWord.PARTLY: N_("says it is kept in part"),
    OwnWord.NOT_KEPT: N_("says it is not kept"),
}
VERDICTS: Final = {
    Verdict.KEPT: N_("kept, by the facts"),
    Verdict.NOT_KEPT: N_("not kept, by the facts"),
    Verdict.CANNOT_TELL: N_("the facts cannot tell"),
}


def when(on: date, at: time, lang: str) -> str:
    r"""Write day, weekday and time.

    >>> when(date(2026, 11, 30), time(10), "en").replace("\xa0", " ")
    'Monday, Nov 30, 10:00'
    """
    return f"{written.day_and_weekday(on, lang)}{' ' if lang == 'ko' else ', '}{at:%H:%M}"


def week_name(period: Period, lang: str) -> str:
    """Name a week with its days."""
    return f"{written.week(period, lang)} · {written.span(period, lang)}"


def sheet() -> str:
    """Give the style sheets that a kept meeting needs when it is taken along as a file."""
    own = (Path(__file__).parent / "static" / "reviews" / "meeting.css").read_text(encoding="utf-8")
    return "\n".join((sheet_of_a_file(), *map(stylesheet, SCREEN), own))
