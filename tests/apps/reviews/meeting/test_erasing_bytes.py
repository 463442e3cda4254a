"""A customer's contact is erased by the command: no byte of the home names it, whoever wrote it down in a meeting."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from tests import homes
from tests.cast import rows_of
from tests.facts.test_erasure import searched
from tests.unmeasured import unmeasured

NAME, MAIL = "제임스 O'Neil", "james.oneil@customer.example"
CONTACTS = {
    "contacts": "contact_id | account_id\nc-7 | a-7",
    "identities": f"kind | key | source | source_key | name | email\ncontact | c-7 | crm | c-7 | {NAME} | {MAIL}",
}
MEETING = """
import django; django.setup()
from datetime import date, time
from uuid import uuid4
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import organisation_create, user_create
from bokgi.apps.reviews.learning import services as learning
from bokgi.apps.reviews.models import Participant
from bokgi.apps.reviews import recognition
from bokgi.apps.reviews.services import closing, planning, preparing, running, writing

now, on = timezone.now(), date(2026, 11, 24)
organisation_create(name="시험 회사")
leader = user_create(email="l@team.example", name="한서윤", role=Role.LEADER, person_id="")
rep = user_create(email="r@team.example", name="이준호", role=Role.REP, person_id="lee")
meeting = planning.meeting_plan(team="1팀", on=on, at=time(10), minutes=25, by=leader)
planning.focus_set(meeting_id=meeting.pk, focus=f"{NAME}님 설득", seen="", by=leader)
planning.part_add(meeting_id=meeting.pk, title=f"{NAME} 건", minutes=3, by=leader)
seat = Participant.objects.get(meeting=meeting, user=rep)
told = {name: f"{NAME}: {name}" for name in preparing.QUESTIONS}
preparing.preparation_save(
    participant=seat, help_wanted=f"{NAME} 소개", answers={True: told, False: {}}, done=True, version=0, by=rep, at=now
)
running.meeting_open(meeting_id=meeting.pk, by=leader, at=now, on=on)

def note(text, **more):
    writing.note_add(meeting_id=meeting.pk, by=leader, at=now,
        new=writing.NewNote(key=uuid4(), text=text, part="execution", **more))

note(f"{NAME}님이 {MAIL}로 답함")
note(f"{NAME}님과 통화", about=seat, private=True)
new = writing.NewCommitment(key=uuid4(), participant=seat, what=f"{NAME} 방문", due_on=on)
made = writing.commitment_add(meeting_id=meeting.pk, new=new, by=rep, at=now)
writing.commitment_say(commitment=made, said="partly", note=f"{NAME} 부재", by=rep, at=now)
closing.meeting_close(meeting_id=meeting.pk, by=leader, at=now)
case = {name: f"{NAME}: {name}" for name in ("situation", "what_we_did", "what_decided", "buyer_words")}
tags = {"objection": [NAME, NAME.lower(), "가격"]}
told = learning.Told(title=f"{NAME} 수주", ending="won", tags=tags, **case)
learning.case_tell(told=told, by=rep, at=now, ended_on=on)
recognition.recognition_give(key=uuid4(), person_id="lee", text=f"{NAME} 소개 고마워요", by=leader, on=on, at=now)
"""


@pytest.mark.slow
def test_a_customers_contact_stands_nowhere_after_its_erasure(tmp_path: Path) -> None:
    home = homes.write_home(tmp_path / "home")
    with Lake.open(home).begin() as writing:
        for name, text in CONTACTS.items():
            writing.write(name, rows_of(name, text).drop_columns(["import_no"]))
        writing.commit(Entry(kind="file", source="crm", by="tests", at=datetime(2026, 11, 23, 19, tzinfo=UTC)))
    environ = {name: value for name, value in unmeasured().items() if not name.startswith(("BOKGI_", "DJANGO_"))}
    environ |= {
        "BOKGI_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "bokgi.project.settings",
        "BOKGI_TODAY": "2026-11-24",
    }
    meeting = f"NAME, MAIL = {NAME!r}, {MAIL!r}\n{MEETING}"
    erase = ["-m", "bokgi.cli", "erase", NAME, "--contact", "--yes"]
    held = []
    for command in (["-c", meeting], erase):
        subprocess.run([sys.executable, *command], env=environ, check=True, timeout=300, capture_output=True)
        held.append(searched(home, NAME, "O&#39;Neil", MAIL))
    assert "db.sqlite3" in held[0]
    assert held[1] == []
