"""Why a task failed is said in the language of who reads it, with what to do; where it failed stands below."""

from __future__ import annotations

import errno
import logging
import re
import smtplib
import socket
from collections.abc import Callable
from html import unescape
from uuid import UUID

import duckdb
import pytest
from django.db import OperationalError
from django.test import Client

from bokgi.apps.jobs import services
from bokgi.apps.jobs.faults import understood
from bokgi.apps.jobs.models import Attempt
from bokgi.domain.errors import InputError
from bokgi.domain.messages import LANGUAGES, Message
from tests.apps.jobs import tasks
from tests.apps.jobs.test_worker import NOW, work


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file", "/home/a.csv"), "file_missing"),
        (PermissionError(errno.EACCES, "Permission denied", "/home/a.csv"), "not_permitted"),
        (OSError(errno.EROFS, "Read-only file system"), "not_permitted"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EFBIG, "File too large"), "file_too_large"),
        (duckdb.IOException("IO Error: No space left on device"), "disk_full"),
        (duckdb.OutOfMemoryException("failed to offload: No space left on device"), "disk_full"),
        (duckdb.OutOfMemoryException("could not allocate"), "memory_short"),
        (MemoryError(), "memory_short"),
        (OperationalError("database is locked"), "database_locked"),
        (OperationalError("database or disk is full"), "disk_full"),
        (OperationalError("connection refused"), "database_unreachable"),
        (OperationalError("unable to open database file"), "database_unreachable"),
        (OperationalError("deadlock detected"), "unknown"),
        (OperationalError("could not extend file: No space left on device"), "disk_full"),
        (OperationalError("no such column: jobs_attempt.fault"), "unknown"),
        (OperationalError("could not successfully do it"), "unknown"),
        (TimeoutError("The worker died each time."), "out_of_time"),
        (ConnectionResetError(), "unreachable"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "unreachable"),
        (InputError("file_empty", Message("x")), "file_empty"),
        (duckdb.IOException("IO Error: something else"), "unknown"),
        (OSError("x"), "unknown"),
        (ZeroDivisionError(), "unknown"),
        (SystemExit(), "unknown"),
    ],
)
def test_what_failed_is_told_apart(error: BaseException, code: str) -> None:
    assert understood(error).code == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionRefusedError(), "mail_unreachable"),
        (socket.gaierror(), "mail_unreachable"),
        (TimeoutError(), "mail_unreachable"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "mail_unreachable"),
        (smtplib.SMTPServerDisconnected(), "mail_unreachable"),
        (smtplib.SMTPAuthenticationError(535, b"no"), "mail_sign_in_refused"),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"no")}), "mail_receiver_refused"),
        (smtplib.SMTPSenderRefused(550, b"no", "a@b.example"), "mail_sender_refused"),
        (smtplib.SMTPDataError(554, b"no"), "mail_refused"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
    ],
)
def test_what_kept_a_mail_from_leaving_is_told_apart(error: BaseException, code: str) -> None:
    found = understood(error, mail=True)
    assert found.code == code
    assert found.hint is not None
    for lang in LANGUAGES:
        # Who gets the letter is nobody's business on this page.
        assert "a@b.example" not in found.message.text(lang) + found.hint.text(lang)


@pytest.mark.usefixtures("queue")
def test_the_page_says_in_korean_what_failed_and_below_where(as_role: Callable[[str], Client]) -> None:
    put = services.enqueue(tasks.fill_disk)
    work()
    shown = unescape(as_role("admin").get("/settings/queue/").content.decode())
    said, _, technical = shown.partition('<details class="as-table technical"')
    assert "디스크가 가득 찼습니다." in said
    assert "OSError" not in said
    assert "OSError" in technical
    assert re.search(r"tests/apps/jobs/tasks\.py:\d+ fill_disk", technical)
    assert "No space left on device" not in technical
    services.failed(task=Attempt.objects.get(pk=UUID(put)).task, error=KeyError("x"), at=NOW)
    assert "복기가 모르는 이유로 실패했습니다." in as_role("admin").get("/settings/queue/").content.decode()


@pytest.mark.usefixtures("queue")
def test_a_task_that_went_well_in_the_end_has_no_fault(as_role: Callable[[str], Client]) -> None:
    put = services.enqueue(tasks.fill_disk)
    work()
    task = Attempt.objects.get(pk=UUID(put)).task
    task.set_successful(None)
    assert "디스크가 가득 찼습니다." not in as_role("admin").get("/settings/queue/").content.decode()


@pytest.mark.usefixtures("queue")
def test_what_an_error_quotes_stands_in_the_log_alone(
    as_role: Callable[[str], Client], caplog: pytest.LogCaptureFixture
) -> None:
    services.enqueue(tasks.quote, text="min@customer.example bokgi_4f1d")
    with caplog.at_level(logging.WARNING, logger="bokgi.jobs"):
        work()
    page = unescape(as_role("admin").get("/settings/queue/").content.decode())
    assert "tasks.py" in page
    assert "customer.example" not in page
    assert "bokgi_4f1d" not in page
    assert "min@customer.example bokgi_4f1d" in caplog.text
