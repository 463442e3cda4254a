"""The minutes of a meeting as a document in one language: what was agreed, said open to all, and told to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bokgi.apps.reviews import rules
from bokgi.apps.reviews.models import Effect, Meeting, OwnWord, Part, Verdict
from bokgi.apps.reviews.record import OWN_WORDS, VERDICTS
from bokgi.apps.reviews.rendering.blocks import Block, Document, Item, Items, Section
from bokgi.domain.messages import N_
from bokgi.ui import format as written
from bokgi.ui.blocks import Badge, Cell, Column, Figure, Table, Tone
from bokgi.ui.format import ABSENT, MINUS
from bokgi.ui.speaker import Speaker

Json = Mapping[str, Any]
Titles = Mapping[str, str]

TONES: Final[dict[str, Tone]] = {"kept": "good", "not_kept": "bad", "cannot_tell": "few"}
"""How verdicts are marked beside their words."""
EFFECTS: Final = {effect.value: str(effect.label) for effect in Effect}
"""What a commitment is to move, as marked texts."""


def minutes(meeting: Meeting, record: Json, *, lang: str, currency: str, organisation: str, titles: Titles) -> Document:
    """Write the minutes from what was kept when the meeting closed (`apps.reviews.record`).

    What people agreed and said openly in the meeting is for all who take part. A deal is named only to whom its rows
    belong (`titles`: those the reader may see, by key); for everybody else it is a deal. Private notes are not in the
    record.
    """
    speaker = Speaker(lang, meeting.on, currency)
    discussed = [deal for deal in record["deals"] if deal.get("discussed_at")]
    sections = [
        _agreed(record, speaker, titles),
        _before(record, speaker, titles),
        _said(record, speaker),
        _learnt(record, speaker, titles),
        _discussed(discussed, speaker, titles),
    ]
    whose = [organisation, record["team"] or speaker.word(N_("all teams"))]
    took_part = [one["name"] for one in record["people"] if one.get("came") or one.get("here")]
    people = took_part or [one["name"] for one in record["people"]]
    state = [speaker.text(N_("Took part: {people}"), people=", ".join(people))] if people else []
    if record["focus"]:
        state.append(speaker.text(N_("Focus: {focus}"), focus=record["focus"]))
    return Document(
        lang=lang,
        title=speaker.word(N_("Minutes of the weekly review")),
        scope=" · ".join(part for part in (*whose, written.day(meeting.on, lang, year=True)) if part),
        as_of="",
        state=state,
        warnings=(),
        figures=[
            Figure(speaker.word(N_("Agreed")), speaker.count(len(record["commitments"]))),
            Figure(speaker.word(N_("Deals discussed")), speaker.count(len(discussed))),
            Figure(speaker.word(N_("Took part")), speaker.count(len(people))),
        ],
        sections=[section for section in sections if section is not None],
        foot=[speaker.word(N_("Private feedback stands in no minutes: only its two people see it."))],
    )


def promised(one: Json, speaker: Speaker) -> str:
    """Say which figure a commitment is to move; empty where none was named."""
    if not one["metric"]:
        return ""
    effect = speaker.label(EFFECTS, one["metric"])
    sign = "+" if one["rising"] else MINUS
    return f"{effect} {sign}{one['amount']}" if one["amount"] else effect


def _deal(one: Json, titles: Titles, speaker: Speaker) -> str:
    if not one["deal_id"]:
        return str(one.get("stage") or "")
    return titles.get(one["deal_id"]) or speaker.word(N_("a deal"))


def _table(rows: list[list[Cell]], speaker: Speaker, *labels: str, caption: str) -> Table:
    return Table(speaker.word(caption), [Column(speaker.word(label)) for label in labels], rows)


def _agreed(record: Json, speaker: Speaker, titles: Titles) -> Section:
    rows = [
        [
            Cell(one["who"], strong=True),
            Cell(one["what"], sub=promised(one, speaker)),
            Cell(_deal(one, titles, speaker) or ABSENT),
            Cell(speaker.day_short(one["due_on"])),
        ]
        for one in record["commitments"]
    ]
    labels = (N_("Agreed by"), N_("What to do"), N_("Deal or stage"), N_("Due by"))
    blocks: list[Block] = [_table(rows, speaker, *labels, caption=N_("Who does what by when"))] if rows else []
    say = [] if rows else [speaker.word(N_("Nothing was agreed."))]
    return Section("agreed", speaker.word(N_("Agreed")), "", say, blocks)


def _before(record: Json, speaker: Speaker, titles: Titles) -> Section | None:
    if not record["before"]:
        return None
    rows = []
    for one in record["before"]:
        verdict = one["verdict"]
        words = VERDICTS[Verdict(verdict)] if verdict else N_("Waits for its day")
        evidence = [speaker.say(line) for line in (one["checked"] or {}).get("evidence", [])]
        own = speaker.word(OWN_WORDS[OwnWord(one["said"])]) if one["said"] else ABSENT
        rows.append(
            [
                Cell(one["who"], strong=True),
                Cell(one["what"], sub=_deal(one, titles, speaker)),
                Cell(badge=Badge(speaker.word(words), TONES.get(verdict, "")), sub=" ".join(evidence)),
                Cell(own, sub=one["said_note"]),
            ]
        )
    labels = (N_("Agreed by"), N_("What to do"), N_("What the data say"), N_("Own word"))
    table = _table(rows, speaker, *labels, caption=N_("What became of it"))
    return Section("before", speaker.word(N_("Agreed the time before")), "", [], [table])


def _said(record: Json, speaker: Speaker) -> Section | None:
    notes: dict[str, list[Item]] = {}
    for note in record["notes"]:
        part = speaker.word(rules.TITLES.get(Part(note["part"]), N_("Of our own")))
        for wording in note["current"]:
            about = speaker.text(N_("about {name}"), name=note["about"]) if note["about"] else ""
            notes.setdefault(part, []).append(Item(title=wording["by"], sub=about, lines=[wording["text"]]))
    helped = [Item(title=one["name"], lines=[one["text"]]) for one in record["help"]]
    thanked = [
        Item(
            title=one["name"],
            sub=one["by"],
            lines=[line for line in (one["text"], speaker.say(one["evidence"]) if one["evidence"] else "") if line],
        )
        for one in record.get("thanks", [])
    ]
    if thanked:
        notes[speaker.word(N_("Thanks"))] = thanked
    if helped:
        notes[speaker.word(N_("Help wanted"))] = helped
    if not notes:
        return None
    about = speaker.word(N_("What was said for everybody"))
    return Section(
        "notes", speaker.word(N_("Notes")), about, [], [Items(title, items) for title, items in notes.items()]
    )


CASE_PARTS: Final = (
    ("situation", N_("Situation: {text}")),
    ("what_we_did", N_("What we did: {text}")),
    ("what_decided", N_("What decided it: {text}")),
    ("repeat_or_avoid", N_("Repeat or avoid: {text}")),
    ("buyer_reason", N_("The buyer's reason: {text}")),
)
"""The five short questions, with what was answered."""


def _learnt(record: Json, speaker: Speaker, titles: Titles) -> Section | None:
    items = [
        Item(
            title=one["name"],
            sub=_deal(one | {"stage": ""}, titles, speaker),
            lines=[speaker.text(text, text=one[key]) for key, text in CASE_PARTS if one[key]],
            badge=Badge(speaker.word(N_("Won") if one["won"] else N_("Lost"))),
        )
        for one in record["cases"]
    ]
    if not items:
        return None
    about = speaker.word(N_("Wins and losses, told by whoever had them"))
    return Section("learnt", speaker.word(N_("Learning")), about, [], [Items(speaker.word(N_("Told")), items)])


def _discussed(deals: list[Json], speaker: Speaker, titles: Titles) -> Section | None:
    named = [deal for deal in deals if deal["deal_id"] in titles]
    if not named:
        return None
    items = [
        Item(
            title=titles[deal["deal_id"]],
            sub=deal.get("stage_label") or "",
            lines=[],
            right=speaker.worth(deal),
        )
        for deal in named
    ]
    return Section(
        "deals",
        speaker.word(N_("Deals discussed")),
        "",
        [],
        [Items(speaker.word(N_("In the order of the meeting")), items)],
    )


def due(one: Json) -> date:
    """Read by when something was agreed."""
    return date.fromisoformat(one["due_on"])
