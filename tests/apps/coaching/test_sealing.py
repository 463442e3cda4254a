"""Sealed words: bound to their pair, lost with their key, found in no dump, kept through a rotation that stops."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection
from pytest_django import Settings

from bokgi.apps.access.models import AuditEntry
from bokgi.apps.coaching import sealing, selectors, services
from bokgi.apps.coaching.models import OneOnOne, Pair, Paper, PaperKind, Plan
from bokgi.apps.coaching.sealing import Keys, keys_of
from bokgi.domain.errors import SetupError
from tests.apps.coaching.papers import AT, SECRET, note, proposed
from tests.homes import TODAY


@pytest.fixture
def own_home(home: Path, tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Keep the key in a home of its own that has the facts of the tests."""
    (tmp_path / "lake").symlink_to(home / "lake")
    settings.HOME, settings.NOTES_KEY = tmp_path, ""
    yield tmp_path
    (tmp_path / "lake").unlink()


def dump() -> str:
    """Write out every row of every table."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(rows)


def test_words_open_for_their_pair_only() -> None:
    keys = keys_of(Path("nowhere"), "first secret " + "x" * 40)
    sealed = keys.seal("둘만의 말", pair="a")
    assert keys.unseal(sealed, pair="a") == "둘만의 말"
    assert keys.seal("둘만의 말", pair="a") != sealed
    with pytest.raises(SetupError, match="cannot be opened") as fault:
        keys.unseal(sealed, pair="b")
    assert fault.value.code == "notes_sealed_otherwise"


def test_a_changed_text_does_not_open() -> None:
    keys = keys_of(Path("nowhere"), "first secret " + "x" * 40)
    name, _, body = keys.seal("둘만의 말", pair="a").partition(".")
    turned = body[:-6] + ("A" if body[-6] != "A" else "B") + body[-5:]
    with pytest.raises(SetupError, match="cannot be opened"):
        keys.unseal(f"{name}.{turned}", pair="a")


def test_a_short_secret_keeps_nothing() -> None:
    with pytest.raises(SetupError) as fault:
        keys_of(Path("nowhere"), "password")
    assert fault.value.code == "notes_key_short"


def test_two_that_make_the_first_key_at_once_have_one(tmp_path: Path) -> None:
    threads = [Thread(target=sealing.key_make, args=(tmp_path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [sealing.FILE]
    assert len(keys_of(tmp_path).keys) == 1
    assert stat.S_IMODE((tmp_path / "keys" / sealing.FILE).stat().st_mode) == 0o600


def test_what_two_people_write_stands_in_no_dump_and_no_file(own_home: Path, pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)
    note(talk, pair.member, kind=PaperKind.OWN_NOTE)
    feedback = {"situation": SECRET, "behaviour": SECRET, "effect": SECRET}
    services.paper_write(one_on_one=talk, kind=PaperKind.FEEDBACK, words=feedback, by=pair.coach, at=AT, today=TODAY)
    plan = proposed(pair, behaviours=[SECRET], reason=SECRET)
    services.plan_agree(plan=plan, by=pair.member, baseline={"n": 3}, at=AT, today=TODAY)
    services.plan_end(plan=plan, by=pair.member, learned=SECRET, today=TODAY)
    written = dump()
    assert "coaching_paper" in written
    assert SECRET not in written
    assert SECRET not in str(list(AuditEntry.objects.values_list("details", "subject", "actor")))
    kept = [path for path in own_home.rglob("*") if path.is_file()]
    assert any(path.name == sealing.FILE for path in kept)
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
    opened = selectors.papers_read(pair.coach, Paper.objects.filter(kind=PaperKind.NOTE), pair)
    assert [one.text for one in opened] == [SECRET]


def test_who_loses_the_key_loses_the_notes_and_no_new_key_hides_that(own_home: Path, talk: OneOnOne) -> None:
    note(talk, talk.pair.coach)
    (own_home / "keys" / sealing.FILE).unlink()
    with pytest.raises(SetupError) as reading:
        selectors.papers_read(talk.pair.coach, Paper.objects.all(), talk.pair)
    with pytest.raises(SetupError) as writing:
        note(talk, talk.pair.coach)
    assert {reading.value.code, writing.value.code} == {"notes_key_missing"}
    assert not (own_home / "keys" / sealing.FILE).exists()


def test_a_rotation_seals_everything_anew(own_home: Path, pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)
    proposed(pair, behaviours=["다음 약속을 통화 안에서 잡는다"])
    before = keys_of(own_home).keys[0].name
    assert services.key_rotate() == 2
    names = {
        sealed.partition(".")[0] for model in (Paper, Plan) for sealed in model.objects.values_list("sealed", flat=True)
    }
    assert names == {keys_of(own_home).keys[0].name} != {before}
    assert selectors.papers_read(pair.coach, Paper.objects.all(), pair)[0].text == SECRET
    assert services.key_rotate() == 2
    assert before not in [key.name for key in keys_of(own_home).keys]


def test_a_rotation_that_stops_in_the_middle_loses_nothing(own_home: Path, pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)

    def dies(keys: Keys) -> int:
        assert len(keys.keys) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sealing.key_rotate(own_home, dies)
    assert selectors.papers_read(pair.coach, Paper.objects.all(), pair)[0].text == SECRET
    assert services.key_rotate() == 1
    assert selectors.papers_read(pair.coach, Paper.objects.all(), pair)[0].text == SECRET


def test_keys_of_the_environment_are_rotated_by_naming_the_new_one_first(talk: OneOnOne, settings: Settings) -> None:
    old = settings.NOTES_KEY
    note(talk, talk.pair.coach)
    settings.NOTES_KEY = f"{'new secret ' * 4}, {old}"
    assert services.key_rotate() == 1
    settings.NOTES_KEY = "new secret " * 4
    assert selectors.papers_read(talk.pair.coach, Paper.objects.all(), talk.pair)[0].text == SECRET
