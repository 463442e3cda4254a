"""The mails about meetings: minutes with PDF and calendar, and the reminder to prepare, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.urls import reverse

from bokgi.apps.access.asking import answers, today, viewer_for
from bokgi.apps.access.mail import Mail
from bokgi.apps.access.models import Organisation, User
from bokgi.apps.reviews.models import MailKind, Meeting
from bokgi.apps.reviews.record import when
from bokgi.apps.reviews.rendering.pdf import pdf
from bokgi.apps.reviews.telling.calendar_file import Entry, calendar_file
from bokgi.apps.reviews.telling.minutes import due, minutes, promised
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.questions.deal_kinds import ask_deal_kinds
from bokgi.ui.format import plain
from bokgi.ui.speaker import Speaker

SALT: Final = "bokgi.reviews.mail"
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Told:
    """A meeting with what is told of it: the record of its closing, the meeting after it, the organisation."""

    meeting: Meeting
    record: Mapping[str, Any]
    following: Meeting | None
    organisation: Organisation


def language_of(user: User, organisation: Organisation) -> str:
    """Give the language somebody reads: their own choice, else the organisation's."""
    return user.language or organisation.language


def link_to(name: str, /, **arguments: object) -> str:
    """Give the whole address of a page; empty where the server has no public address."""
    return f"{settings.ADDRESS.geturl().rstrip('/')}{reverse(name, kwargs=arguments or None)}" if _public() else ""


def _public() -> bool:
    return bool(settings.ADDRESS.netloc)


def token_of(user: User, kind: str) -> str:
    """Sign the wish to get no more mail of a kind: whoever holds the mail may say so, without signing in."""
    return signing.dumps([user.pk, kind], salt=SALT)


def read_token(token: str) -> tuple[int, str]:
    """Read a signed wish. Raises `signing.BadSignature` for one that is not ours or older than a year."""
    user_id, kind = signing.loads(token, salt=SALT, max_age=_YEAR)
    return int(user_id), str(kind)


def minutes_for(told: Told, user: User, lang: str) -> bytes:
    """Give the minutes as PDF for one reader."""
    return pdf(document_for(told, user, lang))


def document_for(told: Told, user: User, lang: str) -> Any:  # noqa: ANN401 - a Document
    """Give the minutes for one reader: deals are named that this reader may see."""
    return minutes(
        told.meeting,
        told.record,
        lang=lang,
        currency=told.organisation.currency,
        organisation=told.organisation.name,
        titles=titles_for(told.record, user),
    )


def titles_for(record: Mapping[str, Any], user: User) -> dict[str, str]:
    """Give the titles of the deals of a record that a reader may see; none before the first import."""
    named = (*record["commitments"], *record["before"], *record["cases"], *record["deals"])
    keys = tuple(sorted({one["deal_id"] for one in named} - {""}))
    if not keys:
        return {}
    try:
        found = answers().ask(ask_deal_kinds, as_of=today(), deal_ids=keys)["deals"]
    except NotFoundError:
        return {}
    viewer = viewer_for(user)
    return {key: row["title"] for key, row in found.items() if viewer.sees_person(row["owner_id"] or "")}


def entries_for(told: Told, lang: str, *, person_id: str | None = None) -> list[Entry]:
    """Give calendar entries: what was agreed (of one person, or of all), and the next meeting."""
    speaker = Speaker(lang, told.meeting.on, told.organisation.currency)
    found = [
        Entry(
            key=f"commitment-{one['id']}",
            title=one["what"] if person_id else f"{one['who']}: {one['what']}",
            text=promised(one, speaker),
            on=due(one),
            version=int(one["version"]),
        )
        for one in told.record["commitments"]
        if person_id is None or one["person_id"] == person_id
    ]
    if told.following is not None:
        team = told.following.team or speaker.word(N_("all teams"))
        found.append(
            Entry(
                key=f"meeting-{told.following.pk}",
                title=f"{speaker.word(N_('Weekly review'))} · {team}",
                starts_at=told.following.starts_at,
                minutes=told.following.minutes,
                version=int(told.following.revision),
            )
        )
    return found


def calendar_for(told: Told, lang: str, *, at: datetime, person_id: str | None = None) -> bytes:
    """Give the calendar file."""
    name = Message(N_("Weekly review")).text(lang)
    return calendar_file(entries_for(told, lang, person_id=person_id), at=at, name=name)


def minutes_letter(told: Told, user: User, *, at: datetime) -> EmailMessage:
    """Write the mail with the minutes to somebody who takes part: the own promises first, then everybody's."""
    lang = language_of(user, told.organisation)
    speaker = Speaker(lang, told.meeting.on, told.organisation.currency)
    own = [one for one in told.record["commitments"] if user.person_id and one["person_id"] == user.person_id]
    others = [one for one in told.record["commitments"] if one not in own]
    lines: list[str] = []
    for title, listed in ((N_("What you agreed to"), own), (N_("What the others agreed to"), others)):
        if listed:
            lines += [speaker.word(title), *(_line(one, speaker, named=one not in own) for one in listed), ""]
    if not own and not others:
        lines += [speaker.word(N_("Nothing was agreed.")), ""]
    if told.following is not None:
        following = _when(told.following, told.organisation, lang)
        lines += [speaker.text(N_("Next review: {when}"), when=following), ""]
    subject = speaker.text(
        N_("Minutes of the weekly review, {team}, {day}"),
        team=told.meeting.team or speaker.word(N_("all teams")),
        day=told.meeting.on,
    )
    page = link_to("reviews:meeting", meeting_id=told.meeting.pk)
    letter = _letter(subject, lines, page, user, MailKind.MINUTES, speaker)
    name = f"review-{told.meeting.on.isoformat()}"
    letter.attach(f"{name}.pdf", minutes_for(told, user, lang), "application/pdf")
    entries = calendar_for(told, lang, at=at, person_id=user.person_id or None)
    letter.attach(f"{name}.ics", entries.decode(), "text/calendar")
    return letter


def _line(one: Mapping[str, Any], speaker: Speaker, *, named: bool) -> str:
    values = {"what": in_one_line(one["what"]), "day": due(one), "who": one["who"]}
    told = N_("- {who}: {what} (by {day})") if named else N_("- {what} (by {day})")
    return speaker.text(told, **values)


def reminder_letter(
    meeting: Meeting, user: User, organisation: Organisation, *, deals: int, promises: int
) -> EmailMessage:
    """Write the mail that reminds somebody to prepare: how many own deals to tidy, how many promises are open."""
    lang = language_of(user, organisation)
    speaker = Speaker(lang, meeting.prepare_from, organisation.currency)
    lines = [speaker.text(N_("The weekly review is on {when}."), when=_when(meeting, organisation, lang))]
    if deals:
        lines.append(speaker.text(N_("- Deals of yours to tidy before: {n}"), n=deals))
    if promises:
        lines.append(speaker.text(N_("- Promises of yours that are open: {n}"), n=promises))
    if meeting.focus:
        lines.append(speaker.text(N_("Focus: {focus}"), focus=meeting.focus))
    subject = speaker.text(N_("Prepare the weekly review of {day}"), day=meeting.on)
    page = link_to("reviews:meeting", meeting_id=meeting.pk)
    return _letter(subject, [*lines, ""], page, user, MailKind.REMINDER, speaker)


def moved_letter(meeting: Meeting, user: User, organisation: Organisation) -> EmailMessage:
    """Write the mail to somebody who is prepared, that the meeting takes place at another time."""
    lang = language_of(user, organisation)
    speaker = Speaker(lang, meeting.on, organisation.currency)
    moved_to = _when(meeting, organisation, lang)
    lines = [
        speaker.text(N_("The weekly review was moved; it is on {when} now."), when=moved_to),
        speaker.word(N_("You are prepared; you can still change it until then.")),
        "",
    ]
    page = link_to("reviews:meeting", meeting_id=meeting.pk)
    subject = speaker.text(N_("The weekly review was moved to {day}"), day=meeting.on)
    return _letter(subject, lines, page, user, MailKind.MOVED, speaker)


def _letter(subject: str, lines: list[str], page: str, user: User, kind: str, speaker: Speaker) -> EmailMessage:
    stop = link_to("reviews:mail_stop", token=token_of(user, kind))
    foot = [part for part in (page,) if part]
    foot += (
        [speaker.text(N_("No more mails of this kind: {link}"), link=stop)]
        if stop
        else [speaker.word(N_("Which mails you get is set on the page of reviews."))]
    )
    headers = {"Auto-Submitted": "auto-generated"}
    if stop:
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    body = "\n".join([*lines, *foot]) + "\n"
    return Mail(in_one_line(plain(subject)), plain(body), to=[user.email], headers=headers)


def _when(meeting: Meeting, organisation: Organisation, lang: str) -> str:
    begins = meeting.starts_at.astimezone(zone_of(organisation))
    return when(begins.date(), begins.time(), lang)


def zone_of(organisation: Organisation) -> ZoneInfo:
    """Give the zone of an organisation."""
    return ZoneInfo(organisation.time_zone)


def in_one_line(words: str) -> str:
    """Write what somebody typed in one line, so that it passes for nothing else of the list it stands in."""
    return " ".join(words.split())


def slack_payload(told: Told, lang: str) -> dict[str, Any]:
    """Write the message for a channel: who agreed to what by when. Nothing of deals: who reads there is not known.

    `blocks` for Slack, so many of them as the lines need; `text` holds the same for receivers that know no blocks, as
    Mattermost. Both within Slack's limits, beyond which it refuses the whole message: of what does not fit the last
    line says how many there are.
    """
    speaker = Speaker(lang, told.meeting.on, told.organisation.currency)
    head = speaker.text(
        N_("Weekly review, {team}, {day}"),
        team=told.meeting.team or speaker.word(N_("all teams")),
        day=told.meeting.on,
    )
    listed = told.record["commitments"]
    lines = [
        speaker.text(N_("• {who}: {what} (by {day})"), who=one["who"], what=in_one_line(one["what"]), day=due(one))
        for one in listed
    ] or [speaker.word(N_("Nothing was agreed."))]
    page = link_to("reviews:meeting", meeting_id=told.meeting.pk)
    said = [_cut(_slack(line)) for line in lines]
    while len(_sections(said)) > _SECTIONS or sum(len(line) + 1 for line in said) > _TEXT:
        said = said[: len(said) * 9 // 10]
    left = len(lines) - len(said)
    if left:
        more = Message(
            N_("… and {n} commitment more, in the minutes."),
            {"n": left},
            plural=N_("… and {n} commitments more, in the minutes."),
        )
        said.append(more.text(lang))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": in_one_line(plain(head))[:_HEAD]}}
    ]
    blocks += [{"type": "section", "text": _words(text)} for text in _sections(said)]
    if page:
        blocks.append({"type": "context", "elements": [_words(f"<{page}>")]})
    return {"text": "\n".join([_cut(_slack(in_one_line(head))), *said, *([page] if page else [])]), "blocks": blocks}


_HEAD: Final = 150
_SECTION: Final = 3000
"""Letters that Slack takes in a heading and in a section; longer ones make it refuse the whole message."""
_SECTIONS: Final = 47
"""Of the 50 blocks of a message those that are left for what was agreed."""
_TEXT: Final = 38_000
"""Of the 40,000 letters of a text those that are left for what was agreed."""
_ENTITY: Final = re.compile(r"&[a-z]*$")
_CALLS: Final = re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)


def _cut(line: str) -> str:
    """Shorten a line that fits in no section; never inside of a sign that stands for another."""
    return line if len(line) < _SECTION else _ENTITY.sub("", line[: _SECTION - 2]) + "…"


def _sections(lines: list[str]) -> list[str]:
    """Put lines together into as few sections as they fit in."""
    found = [""]
    for line in lines:
        longer = f"{found[-1]}\n{line}" if found[-1] else line
        if len(longer) <= _SECTION:
            found[-1] = longer
        else:
            found.append(line)
    return found


def _words(text: str) -> dict[str, Any]:
    # Without `verbatim` Slack looks for channels and people in what somebody wrote, and calls them.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _slack(words: str) -> str:
    """Take their meaning from the signs of Slack and of those like it, so that nobody is called by a text.

    `@channel` keeps its look, and calls nobody, by a sign of no width behind the @.
    """
    clear = _CALLS.sub("@\N{WORD JOINER}", plain(words))
    return clear.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
