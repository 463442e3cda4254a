"""Whoever makes the export is reminded in time, with what to export; nothing is sent while the data are fresh."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from ibis import _

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.mail import LETTERS, Letter, letter_write
from bokgi.apps.access.models import User
from bokgi.apps.access.selectors import ZONE, organisation
from bokgi.apps.access.services import audit
from bokgi.apps.data.age import data_age
from bokgi.apps.data.models import ExportReminder
from bokgi.apps.data.rules import is_reminded
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.messages import LANGUAGES, N_, Message
from bokgi.intake.mapping import saved
from bokgi.intake.mapping.describe import ENTITY_LABELS
from bokgi.intake.mapping.model import LEAVE_OUT, Entity
from bokgi.intake.plan import MAPPINGS

LONGEST_DAYS: Final = 92
_KIND: Final = "data/export"
_AHEAD: Final = timedelta(days=14)
_WEEKEND: Final = 5

LETTERS[_KIND] = Letter(
    N_("Time for a new export from the CRM"),
    N_("The data in Bokgi are of {day}; new ones are due by {due}. Export these and upload them all at once: {files}"),
)


@transaction.atomic
def reminder_set(*, to: User | None, every_days: int, by: User) -> ExportReminder:
    """Set who is reminded, and after how many days new data are due; nobody is reminded without a person.

    Raises `UsageError` for days outside 1 to 92 and for somebody whose account is closed.
    """
    if not 1 <= every_days <= LONGEST_DAYS:
        raise UsageError("days_out_of_range", Message(N_("Choose 1 to {most} days."), {"most": LONGEST_DAYS}))
    if to is not None and not to.is_active:
        raise UsageError("account_closed", Message(N_("This account is closed.")))
    kept, _made = ExportReminder.objects.update_or_create(
        pk=1, defaults={"to": to, "every_days": every_days, "reminded_on": None}
    )
    details = {"to": None if to is None else to.pk, "every_days": every_days}
    audit(by=by, action="export_reminder_set", details=details)
    return kept


def to_export(lang: str) -> list[str]:
    """List what the saved mappings read: each file with what its rows are and the columns that are taken."""
    folder = settings.HOME / MAPPINGS
    found = saved.read_folder(folder) if folder.is_dir() else ()
    told = []
    for mapping in found:
        left_out = {column.column for column in mapping.all_of(LEAVE_OUT)}
        columns = [header for header in mapping.headers if header not in left_out]
        if mapping.entity is not Entity.IGNORE and columns:
            entity = Message(ENTITY_LABELS[mapping.entity]).text(lang)
            name = mapping.name if mapping.name == entity else f"{mapping.name} ({entity})"
            told.append(f"{name}: {', '.join(columns)}")
    return told


def remind_of_export() -> bool:
    """Write to whoever makes the export where it is time; tells whether a mail was written."""
    asked = ExportReminder.objects.filter(pk=1, to__is_active=True).select_related("to").first()
    company, on = organisation(), today()
    age = data_age(settings.HOME, today=on, zone=ZONE if company is None else company.time_zone)
    if asked is None or asked.to is None or age is None:
        return False
    due = age.exported_on + timedelta(days=asked.every_days)
    if not is_reminded(
        on, exported_on=age.exported_on, due_on=due, working=_working(on), reminded_on=asked.reminded_on
    ):
        return False
    lang = asked.to.language or (LANGUAGES[0] if company is None else company.language)
    link = f"{settings.ADDRESS.geturl()}{reverse('data:upload')}" if settings.ADDRESS.netloc else ""
    files = "".join(f"\n· {line}" for line in to_export(lang))
    with transaction.atomic():
        ExportReminder.objects.filter(pk=1).update(reminded_on=on)
        letter_write(kind=_KIND, to=asked.to.email, lang=lang, link=link, day=age.exported_on, due=due, files=files)
    return True


def _working(on: date) -> set[date]:
    """Give the working days from a day on; where the calendar of the facts ends, Monday to Friday."""
    days = {on + timedelta(days=number) for number in range(_AHEAD.days + 1)}
    known: dict[date, bool] = {}
    try:
        rows = answers().facts().calendar.filter(_.day.between(on, on + _AHEAD)).select("day", "working")
        known = {row["day"]: row["working"] for row in rows.to_pyarrow().to_pylist()}
    except BokgiError:
        known = {}
    return {day for day in days if known.get(day, day.weekday() < _WEEKEND)}
