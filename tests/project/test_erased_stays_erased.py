"""A customer's contact is erased, then an older back-up comes back: by the commands, on a home that is lived in.

What is looked for are bytes: in the facts, in the database's file with its free pages, in every other file.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.project.backup import DATABASE
from tests import homes
from tests.cast import rows_of
from tests.facts.test_erasure import searched

NAME, MAIL = "문지훈", "jihun.moon@customer.example"
_LIVED_IN = """
import sys
from pathlib import Path
from bokgi.project import processes
processes.set_up(Path(sys.argv[1]))
processes.prepare()
name, mail = sys.argv[2:4]
from django.utils import timezone
from bokgi.apps.access.mail import letter_send
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import audit, organisation_create, user_create
from bokgi.apps.data.models import Correction, EnteredDeal, Upload, Work
from bokgi.apps.jobs.services import enqueue
organisation_create(name="시험 회사")
by, now = user_create(email="rep@team.example", name="이준호", role=Role.REP, person_id="lee"), timezone.now()
Correction.objects.create(deal_id="lee-0", field="next_step", value=f"{name} 팀장과 통화", seen=name, by=by, at=now)
Correction.objects.create(deal_id="lee-3", field="next_step", value=f"{name}", seen="", by=by, at=now)
Correction.objects.filter(deal_id="lee-3").delete()
EnteredDeal.objects.create(
    deal_id="e", account="고객", name=f"{name} 소개", pipeline="p", stage="s", at=now, by=by, owner_id="lee"
)
upload = Upload.objects.create(came_by="screen", files=[{"name": f"{name}.csv", "size": 1}], plan={"ko": [name, mail]})
Work.objects.create(kind="plan", upload=upload, asked_at=now, result={"findings": [f"{mail} 2행"]})
audit(by=by, action="correction_save", subject=name)
enqueue(letter_send, to=mail, subject=f"{name}님께", body="…")
"""


def bokgi(home: Path, *words: str) -> None:
    there = {**os.environ, "PYTHONWARNINGS": "default"}
    done = subprocess.run(  # noqa: PLW1510 - what it said is shown where it failed
        [sys.executable, "-m", "bokgi.cli", *words, "--home", str(home)], env=there, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def lived_in(folder: Path) -> Path:
    """Write a home whose facts and database name the contact."""
    home = homes.write_home(folder)
    lake = Lake.open(home)
    tables = {
        "contacts": "contact_id | account_id | title\nc-1 | a-1 | 팀장",
        "identities": f"kind | key | source | source_key | name | email\ncontact | c-1 | crm | c-1 | {NAME} | {MAIL}",
        "texts": f"kind | key | text\nnext_step | lee-0 | {NAME} 팀장에게 제안 설명",
    }
    with lake.begin() as writing:
        for name, text in tables.items():
            writing.write(name, rows_of(name, text).drop_columns(["import_no"]))
        at = datetime(2026, 11, 23, 19, tzinfo=UTC)
        writing.commit(Entry(kind="file", source="crm", by="tests", at=at, exported_at=at))
    lake.state()
    subprocess.run([sys.executable, "-c", _LIVED_IN, str(home), NAME, MAIL], check=True)
    return home


def corrected(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / DATABASE)) as database:
        return [row[0] for row in database.execute("SELECT value FROM data_correction")]


def test_an_erased_contact_stays_erased_when_an_older_back_up_comes_back(tmp_path: Path) -> None:
    home, old = lived_in(tmp_path / "home"), tmp_path / "old.tar.gz"
    assert any(place.endswith(DATABASE) for place in searched(home, NAME, MAIL))
    bokgi(home, "backup", str(old))
    bokgi(home, "erase", NAME, "--contact", "--yes")
    assert searched(home, NAME, MAIL) == []
    bokgi(home, "restore", str(old), "--yes")
    assert searched(home, NAME, MAIL) == []
    (text,) = corrected(home)
    assert text.endswith("팀장과 통화")
    bokgi(home, "backup", str(tmp_path / "new.tar.gz"))
    (tmp_path / "out").mkdir()
    bokgi(tmp_path / "out" / "home", "restore", str(tmp_path / "new.tar.gz"), "--yes")
    assert searched(tmp_path / "out", NAME, MAIL) == []
