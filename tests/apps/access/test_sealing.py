"""Seals and keys: bound to what they belong to, made once, short ones refused."""

from __future__ import annotations

import stat
from pathlib import Path
from threading import Thread

import pytest

from bokgi.apps.access import sealing
from bokgi.apps.access.sealing import keys_of
from bokgi.domain.errors import SetupError


def test_words_open_only_for_what_they_are_bound_to() -> None:
    keys = keys_of(Path("nowhere"), "first secret " + "x" * 40)
    sealed = keys.seal("둘만의 말", to="pair a")
    assert keys.unseal(sealed, to="pair a") == "둘만의 말"
    assert keys.seal("둘만의 말", to="pair a") != sealed
    with pytest.raises(SetupError, match="cannot be opened") as fault:
        keys.unseal(sealed, to="note a")
    assert fault.value.code == "notes_sealed_otherwise"


def test_a_changed_text_does_not_open() -> None:
    keys = keys_of(Path("nowhere"), "first secret " + "x" * 40)
    name, _, body = keys.seal("둘만의 말", to="pair a").partition(".")
    turned = body[:-6] + ("A" if body[-6] != "A" else "B") + body[-5:]
    with pytest.raises(SetupError, match="cannot be opened"):
        keys.unseal(f"{name}.{turned}", to="pair a")


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
