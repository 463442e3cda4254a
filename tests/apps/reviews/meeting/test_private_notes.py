"""Private notes: sealed wherever they are kept, told to nobody, open for two people while the key is there."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from bokgi.apps.access import sealing
from bokgi.apps.access.erasing import person_erase
from bokgi.apps.access.models import AuditEntry, User
from bokgi.apps.access.sealing import keys_of
from bokgi.apps.reviews import selectors
from bokgi.apps.reviews.models import Meeting, Note
from bokgi.apps.reviews.services import closing, writing
from bokgi.apps.reviews.telling import services as telling
from bokgi.apps.reviews.telling import webhook
from tests import homes
from tests.apps.reviews.meeting.conftest import NOW, SignedIn, note, seat
from tests.plain_text import places_of
from tests.unmeasured import unmeasured

pytestmark = pytest.mark.django_db
FIRST, LAST, OPEN = "말이 빨라져서 고객이 묻지 못했다", "고객이 묻도록 잠시 멈추자", "기준을 바꾸자"


def private(live: Meeting, team: dict[str, User], words: str = FIRST, **more: object) -> Note:
    """Let the leader write to the rep."""
    new = note(words, about=seat(live, team["rep"]), private=True, **more)
    return writing.note_add(meeting_id=live.pk, new=new, by=team["leader"], at=NOW)


def read(live: Meeting, user: User) -> list[str]:
    return [one.text for one in selectors.notes_private(live, user)]


def test_a_private_note_stands_in_no_table_and_no_file_from_the_screen_to_the_minutes(
    home_with_key: Path,
    live: Meeting,
    team: dict[str, User],
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[object] = []

    def post(_address: str, payload: object, **_: object) -> webhook.Answer:
        told.append(payload)
        return webhook.Answer(sent=True, lasting=False, fault="")

    monkeypatch.setattr(webhook, "post", post)
    telling.receiver_add(name="슬랙", address="https://chat.example/x", by=team["admin"])
    leader = signed_in(team["leader"])
    sent = {"key": str(uuid4()), "text": FIRST, "about": str(seat(live, team["rep"]).pk), "private": "on"}
    for form in (sent, sent, {"key": str(uuid4()), "text": OPEN}):
        assert leader.post(f"/reviews/{live.pk}/live/notes/", form, headers={"X-Bokgi-Live": "1"}).status_code in {
            200,
            302,
        }
    reworded = {"key": str(uuid4()), "text": LAST, "amends": str(Note.objects.get(private=True).pk)}
    leader.post(f"/reviews/{live.pk}/live/notes/", reworded)
    assert LAST in leader.get(f"/reviews/{live.pk}/live/state/").content.decode()
    closing.meeting_close(meeting_id=live.pk, by=team["leader"], at=NOW)
    telling.deliveries_send(at=NOW + timedelta(minutes=1))
    assert Note.objects.filter(private=True).count() == 2
    assert (home_with_key / "keys" / sealing.FILE).is_file()
    assert {"reviews_note", "reviews_snapshot"} <= set(places_of(OPEN, home_with_key))
    for words in (FIRST, LAST):
        assert places_of(words, home_with_key) == []
    past = {path: leader.get(f"/reviews/{live.pk}/{path}").content for path in ("past/", "past/file/")}
    assert LAST in past["past/"].decode()
    assert mail.outbox
    assert told
    minutes = [leader.get(f"/reviews/{live.pk}/minutes.{form}").content for form in ("md", "ics")]
    pdf = PdfReader(BytesIO(leader.get(f"/reviews/{live.pk}/minutes.pdf").content))
    outside: list[Any] = [letter.message().as_string() for letter in mail.outbox]
    outside += [letter.body for letter in mail.outbox] + [told, past["past/file/"].decode()]
    outside += [one.decode() for one in minutes] + [page.extract_text() for page in pdf.pages]
    assert OPEN in "".join(map(str, outside))
    for words in (FIRST, LAST):
        assert words not in "".join(map(str, outside))


def test_a_note_in_the_place_of_another_does_not_open(live: Meeting, team: dict[str, User]) -> None:
    mine = private(live, team)
    new = note("자리를 바꿈", about=seat(live, team["park"]), private=True)
    other = writing.note_add(meeting_id=live.pk, new=new, by=team["admin"], at=NOW)
    Note.objects.filter(pk=other.pk).update(sealed=mine.sealed)
    [found] = selectors.notes_private(live, team["park"])
    assert (found.text, found.fault is not None) == ("", True)
    for words in ({"text": FIRST}, {"sealed": ""}, {"private": False}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Note.objects.filter(pk=mine.pk).update(**words)


def test_without_the_key_it_is_said_in_place_of_the_note_and_the_meeting_goes_on(
    home_with_key: Path, live: Meeting, team: dict[str, User], signed_in: SignedIn
) -> None:
    private(live, team)
    key = home_with_key / "keys" / sealing.FILE
    there = key.read_bytes()
    key.unlink()
    page = signed_in(team["rep"]).get(f"/reviews/{live.pk}/live/state/").content.decode()
    assert "The key of the private notes is not there." in page
    leader, path = signed_in(team["leader"]), f"/reviews/{live.pk}/live/notes/"
    sent = {"key": str(uuid4()), "text": LAST, "about": str(seat(live, team["rep"]).pk), "private": "on"}
    refused = leader.post(path, sent, headers={"X-Bokgi-Live": "1"})
    assert refused.json()["code"] == "notes_key_missing"
    assert Note.objects.count() == 1
    leader.post(path, {"key": str(uuid4()), "text": OPEN})
    assert Note.objects.filter(text=OPEN).exists()
    assert not key.exists()
    key.write_bytes(there)
    assert read(live, team["rep"]) == [FIRST]


def test_a_rotation_seals_notes_and_their_earlier_wordings_anew(
    home_with_key: Path, live: Meeting, team: dict[str, User]
) -> None:
    first = private(live, team)
    private(live, team, LAST, amends=first)
    writing.note_add(meeting_id=live.pk, new=note(OPEN), by=team["rep"], at=NOW)
    before = keys_of(home_with_key).keys[0].name
    assert sealing.rotate().anew == 2
    sealed = Note.objects.filter(private=True).values_list("sealed", flat=True)
    assert {one.partition(".")[0] for one in sealed} == {keys_of(home_with_key).keys[0].name} != {before}
    assert read(live, team["rep"]) == [LAST]
    assert Note.objects.get(private=False).sealed == ""


def test_an_erasure_opens_what_others_wrote_about_somebody(
    home_with_key: Path, live: Meeting, team: dict[str, User]
) -> None:
    name = homes.PEOPLE["park"]
    private(live, team, f"{name}님에게 물어보세요")
    key = home_with_key / "keys" / sealing.FILE
    there = key.read_bytes()
    key.unlink()
    person_erase(person_id="park", words=[name])
    assert AuditEntry.objects.filter(action="person_erase").latest("pk").details == {"not_opened": 1}
    assert sealing.opened()[1] == 1
    key.write_bytes(there)
    assert read(live, team["rep"]) == [f"{name}님에게 물어보세요"]
    person_erase(person_id="park", words=[name])
    assert (read(live, team["rep"]), sealing.opened()[1]) == (["park님에게 물어보세요"], 0)
    person_erase(person_id="lee", words=[homes.PEOPLE["lee"]])
    assert not Note.objects.filter(private=True).exists()


BEFORE = """
import django; django.setup()
from datetime import UTC, date, datetime, time
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

for app in ("access", "reviews"):
    call_command("migrate", app, *(["0002"] if app == "reviews" else []), verbosity=0)
nodes = [("access", "0002_invitations"), ("reviews", "0002_learning_and_telling")]
models = MigrationExecutor(connection).loader.project_state(nodes).apps
on, at = date(2026, 11, 24), datetime(2026, 11, 24, tzinfo=UTC)
days = dict(planned_on=on, on=on, at=time(10), starts_at=at, prepare_from=on, prepared_by=on)
meeting = models.get_model("reviews", "Meeting").objects.create(week="2026-W47", **days)
for number in range(40):
    models.get_model("reviews", "Note").objects.create(
        meeting=meeting, part="execution", private=True, text=WORDS * 20, at=at
    )
connection.close()
"""
AFTER = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection

call_command("migrate", verbosity=0)
from bokgi.apps.access.sealing import keys
from bokgi.apps.reviews.models import Note
assert Note.objects.filter(private=True, text="").count() == 40
for note in Note.objects.all():
    assert keys().unseal(note.sealed, to=f"note {note.key}") == WORDS * 20
connection.close()
"""


@pytest.mark.slow
def test_the_migration_seals_what_was_plain_and_leaves_none_of_it_in_the_file(tmp_path: Path) -> None:
    held = []
    for script in (BEFORE, AFTER):
        environ = {name: value for name, value in unmeasured().items() if not name.startswith(("BOKGI_", "DJANGO_"))}
        environ |= {"BOKGI_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "bokgi.project.settings"}
        subprocess.run([sys.executable, "-c", f"WORDS = {FIRST!r}\n{script}"], env=environ, check=True, timeout=300)
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        held.append(sum(content.count(FIRST.encode()) for content in files))
    assert held[0] >= 800
    assert held[1] == 0
