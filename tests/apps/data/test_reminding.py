"""The reminder of the next export: in time, to whoever makes it, with what to export; quiet otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client
from django_tasks_db.models import DBTaskResult

from bokgi.apps.access.mail import letter_send
from bokgi.apps.access.models import AuditEntry, User
from bokgi.apps.data import reminding, tasks
from bokgi.apps.data.models import ExportReminder
from bokgi.domain.errors import UsageError
from tests.apps.data.conftest import ROWS, Give, deals_file, imported

pytestmark = pytest.mark.django_db
AsRole = Callable[[str], Client]
EXPORTED = date(2026, 11, 24)
"""A Tuesday, the day in the name of the file."""


@pytest.fixture
def on(give: Give, users: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> Callable[[date], bool]:
    """Import, ask for a reminder after seven days, and give what the task does on a day."""
    imported(give(), users["admin"])
    reminding.reminder_set(to=users["admin"], every_days=7, by=users["leader"])

    def asked(day: date) -> bool:
        monkeypatch.setenv("BOKGI_TODAY", day.isoformat())
        return bool(tasks.remind_of_export.func())

    return asked


def sent() -> str:
    """Send what waits in the queue, as the worker does, and give the newest mail."""
    for waiting in DBTaskResult.objects.filter(task_path__endswith="letter_send"):
        letter_send.func(**waiting.args_kwargs["kwargs"])
    return f"{mail.outbox[-1].subject}\n{mail.outbox[-1].body}"


def test_it_comes_on_the_last_working_day_with_what_to_export(on: Callable[[date], bool]) -> None:
    due = EXPORTED + timedelta(days=7)
    assert [day for number in range(8) if on(day := EXPORTED + timedelta(days=number))] == [due]
    text = sent()
    assert "11월 24일" in text
    assert "12월 1일" in text
    assert "영업기회_20261124 (기회): 기회 ID, 영업기회명, 고객사, 담당자, 예상금액(원)" in text
    assert "최유나" not in text


def test_before_a_holiday_or_a_weekend_it_comes_the_day_before(
    on: Callable[[date], bool], users: dict[str, User]
) -> None:
    reminding.reminder_set(to=users["admin"], every_days=31, by=users["leader"])  # 25 December, a holiday, Friday
    assert not on(date(2026, 12, 23))
    assert on(date(2026, 12, 24))
    assert [on(date(2026, 12, day)) for day in (25, 26, 27)] == [False, False, False]
    assert on(date(2026, 12, 28))


def test_new_data_make_it_quiet(on: Callable[[date], bool], give: Give, users: dict[str, User]) -> None:
    assert on(date(2026, 12, 1))
    assert not on(date(2026, 12, 2))
    imported(give(deals_file(*ROWS, name="영업기회_20261202.csv")), users["admin"])
    assert not on(date(2026, 12, 4))
    assert on(date(2026, 12, 9))


@pytest.mark.parametrize("gone", ["nobody", "closed"])
def test_nobody_is_nobody(on: Callable[[date], bool], users: dict[str, User], gone: str) -> None:
    if gone == "nobody":
        reminding.reminder_set(to=None, every_days=7, by=users["leader"])
    else:
        User.objects.filter(pk=users["admin"].pk).update(is_active=False)
    assert not on(date(2026, 12, 1))


def test_it_is_set_on_the_page_by_who_keeps_the_data(give: Give, as_role: AsRole, users: dict[str, User]) -> None:
    imported(give(), users["admin"])
    given = {"to": str(users["leader"].pk), "every_days": "14"}
    assert as_role("rep").post("/data/connections/remind/", given).status_code == 403
    assert as_role("admin").post("/data/connections/remind/", given).status_code == 302
    kept = ExportReminder.objects.get()
    assert (kept.to, kept.every_days) == (users["leader"], 14)
    assert AuditEntry.objects.filter(action="export_reminder_set", details__every_days=14).exists()
    page = as_role("admin").get("/data/connections/").content.decode()
    assert 'value="14"' in page
    assert "예상금액(원)" in page
    for wrong in ({"to": "", "every_days": "0"}, {"to": "", "every_days": "93"}, {"to": "", "every_days": "x"}):
        assert as_role("admin").post("/data/connections/remind/", wrong).status_code == 400
    assert as_role("admin").post("/data/connections/remind/", given | {"to": str(users["rep"].pk)}).status_code == 404
    users["leader"].is_active = False
    with pytest.raises(UsageError):
        reminding.reminder_set(to=users["leader"], every_days=7, by=users["admin"])
