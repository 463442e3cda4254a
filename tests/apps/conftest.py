"""A mail server of our own, for tests of what is sent, and a queue in the database of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from django_tasks import task_backends
from django_tasks_db.management.commands import db_worker
from pytest_django import Settings

from bokgi.apps.jobs import schedules
from bokgi.apps.jobs.services import BESIDE

_BACKEND = "django_tasks_db.DatabaseBackend"


class Caught:
    """A mail server that keeps what it gets, or refuses everything while it is `down`."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.raw: list[bytes] = []
        self.down = False

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd
        """Take a mail."""
        if self.down:
            return "451 later"
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.raw.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mails(settings: Settings) -> Iterator[Caught]:
    caught = Caught()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(caught, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.ADDRESS = urlsplit("https://bokgi.example.com")
    yield caught
    controller.stop()


def parts_of(found: Mail) -> dict[str, bytes]:
    return {
        part.get_content_type(): part.get_payload(decode=True) or b""  # type: ignore[misc]  # bytes once decoded
        for part in found.walk()
        if not part.is_multipart()
    }


@pytest.fixture
def queue(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep tasks in the database until a worker comes, without schedules."""
    del db
    with suppress(AttributeError):
        del task_backends["default"]
    monkeypatch.setattr(task_backends, "settings", {"default": {"BACKEND": _BACKEND, "QUEUES": ["default", *BESIDE]}})
    monkeypatch.setattr(schedules, "_SCHEDULED", {})
    # The transaction of the test must outlive a look at old connections.
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)
    yield
    with suppress(AttributeError):
        del task_backends["default"]
