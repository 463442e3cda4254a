"""A home goes into one file and comes back; cut off, killed or erased since, nothing is half done or back again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bokgi.domain.errors import InputError, NotFoundError
from bokgi.facts.delta import log_folder
from bokgi.facts.erasure import erase
from bokgi.facts.lake import Lake
from bokgi.project.backup import DATABASE, MARK, back_up, restore
from tests import homes
from tests.facts.test_erasure import searched

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
NAME, MAIL = homes.PEOPLE["lee"], "junho.lee@example.com"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Write a home with keys and a database."""
    home = homes.write_home(tmp_path / "home")
    (home / "keys").mkdir(exist_ok=True)
    (home / "keys" / "notes").write_text("secret")
    with closing(sqlite3.connect(home / DATABASE)) as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (1)")
        database.commit()
    return home


def names(file: Path) -> set[str]:
    with tarfile.open(file) as archive:
        return set(archive.getnames())


def deals(home: Path) -> int:
    return sum(len(path.read_bytes()) > 0 for path in Lake.open(home).state()["deals"])


def test_a_back_up_holds_all_but_keys_and_what_is_derived(own: Path, tmp_path: Path) -> None:
    Lake.open(own).state()
    made = back_up(own, tmp_path / "b.tar.gz", at=NOW)
    held = names(tmp_path / "b.tar.gz")
    assert made.database
    assert f"home/{DATABASE}" in held
    assert MARK in held
    assert not [name for name in held if name.startswith(("home/keys", "home/lake/state"))]
    assert "home/keys/notes" in names(_with_keys(own, tmp_path))
    with pytest.raises(InputError):
        back_up(own, own / "b.tar.gz", at=NOW)
    with pytest.raises(NotFoundError):
        back_up(tmp_path / "nowhere", tmp_path / "c.tar.gz", at=NOW)


def _with_keys(home: Path, folder: Path) -> Path:
    back_up(home, folder / "k.tar.gz", at=NOW, keys=True)
    return folder / "k.tar.gz"


def test_it_comes_back_with_the_keys_that_are_there_and_keeps_what_stood_there(own: Path, tmp_path: Path) -> None:
    back_up(own, tmp_path / "b.tar.gz", at=NOW)
    version = Lake.open(own).version()
    (own / "mappings").mkdir(exist_ok=True)
    (own / "mappings" / "later.toml").write_text("")
    done = restore(own, tmp_path / "b.tar.gz", at=NOW, by="tests")
    assert (done.version, Lake.open(own).version()) == (version, version)
    assert (own / "keys" / "notes").read_text() == "secret"
    assert not (own / "mappings" / "later.toml").exists()
    assert done.before is not None
    assert (done.before / "mappings" / "later.toml").exists()
    assert deals(own)
    with closing(sqlite3.connect(own / DATABASE)) as database:
        assert database.execute("SELECT x FROM t").fetchall() == [(1,)]
    fresh = tmp_path / "fresh"
    assert restore(fresh, tmp_path / "b.tar.gz", at=NOW, by="tests").before is None
    assert deals(fresh)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_what_was_cut_off_is_refused_and_changes_nothing(own: Path, tmp_path: Path, share: float) -> None:
    file = tmp_path / "b.tar.gz"
    back_up(own, file, at=NOW)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    there = sorted(tmp_path.iterdir())
    with pytest.raises(InputError):
        restore(own, file, at=NOW, by="tests")
    assert sorted(tmp_path.iterdir()) == there
    assert deals(own)


def test_a_restore_without_a_file_says_so(own: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        restore(own, tmp_path / "none.tar.gz", at=NOW, by="tests")


_KILLED = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
import bokgi.project.backup as backup
home, file, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
def stop(*given, **named):
    print("here", flush=True)
    time.sleep(60)
if what == "backup":
    backup._put = stop
    backup.back_up(home, file, at=datetime.now(UTC))
else:
    backup._erase_again = stop
    backup.restore(home, file, at=datetime.now(UTC), by="tests")
"""


@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_killed_in_the_middle_what_stood_there_still_stands(own: Path, tmp_path: Path, what: str) -> None:
    file = tmp_path / "b.tar.gz"
    back_up(own, file, at=NOW)
    before = file.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(own), str(file), what], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        assert process.stdout.readline().strip() == "here"
        process.send_signal(signal.SIGKILL)
    assert file.read_bytes() == before
    assert deals(own)
    assert restore(own, file, at=NOW, by="tests").before is not None


def test_who_was_erased_since_stays_erased(own: Path, tmp_path: Path) -> None:
    (own / DATABASE).unlink()
    back_up(own, tmp_path / "old.tar.gz", at=NOW)
    (own / "uploads" / "1").mkdir(parents=True)
    (own / "uploads" / "1" / f"{NAME}.csv").write_text(f"담당자\n{NAME}\n", encoding="cp949")
    (own / "drop").mkdir()
    (own / "drop" / "deals.csv").write_text(f"owner\n{MAIL}\n", encoding="utf-8")
    assert searched(own, NAME, MAIL) != []
    erase(Lake.open(own), "person", "lee", by="tests", at=NOW)
    assert searched(own, NAME, MAIL) == []
    back_up(own, tmp_path / "new.tar.gz", at=NOW)
    with tarfile.open(tmp_path / "new.tar.gz") as archive:
        archive.extractall(tmp_path / "out", filter="data")
    assert searched(tmp_path / "out", NAME, MAIL) == []
    assert restore(own, tmp_path / "old.tar.gz", at=NOW, by="tests").erased_again == 1
    assert searched(own, NAME, MAIL) == []


def test_a_damaged_home_is_put_back_and_says_that_erasures_are_not_known(own: Path, tmp_path: Path) -> None:
    back_up(own, tmp_path / "b.tar.gz", at=NOW)
    there = Lake.open(own)
    log = max(log_folder(there.table_folder("imports")).glob("*.json"))
    log.write_bytes(log.read_bytes()[:40])
    done = restore(own, tmp_path / "b.tar.gz", at=NOW, by="tests")
    assert done.erased_again is None
    assert Lake.open(own).version() == done.version
