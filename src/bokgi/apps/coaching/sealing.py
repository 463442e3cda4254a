"""Words that belong to two people: sealed before they reach the database, opened only for who may read them.

AES-256-GCM. Each sealed text is bound to its pair, so that a row moved to another pair does not open. The secrets come
from `BOKGI_NOTES_KEY` (the newest first, commas between) or from `keys/notes-key` of the home (one a line, the newest
first), never from the database. They are read for each use: a rotation needs no restart.

This keeps the words from administrators in the product and from who gets a dump or a back-up; not from who runs the
server and can read both database and key.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bokgi.domain.errors import SetupError
from bokgi.domain.messages import N_, Message

VARIABLE: Final = "BOKGI_NOTES_KEY"
FILE: Final = "notes-key"
SHORTEST: Final = 32
"""Characters a secret must have: `openssl rand -base64 32` gives 44."""
_NONCE: Final = 12
_KEPT: Final = 2
"""Secrets kept in the file: the newest, and the one before it for who was writing while it was rotated."""


@dataclass(frozen=True)
class Key:
    """One key: its name as it stands in front of a sealed text, and the cipher."""

    name: str
    cipher: AESGCM

    @classmethod
    def of(cls, secret: str) -> Key:
        """Make the key of a secret."""
        derived = HKDF(SHA256(), 32, salt=None, info=b"bokgi private notes").derive(secret.encode())
        return cls(sha256(b"name of " + derived).hexdigest()[:8], AESGCM(derived))


@dataclass(frozen=True)
class Keys:
    """The keys of a home, the newest first; it seals with that one and opens with any."""

    keys: tuple[Key, ...]

    def seal(self, words: str, *, pair: object) -> str:
        """Seal words for a pair. Raises `SetupError` (`notes_key_missing`) where there is no key."""
        if not self.keys:
            raise missing()
        nonce = secrets.token_bytes(_NONCE)
        key = self.keys[0]
        sealed = nonce + key.cipher.encrypt(nonce, words.encode(), _bound(pair))
        return f"{key.name}.{urlsafe_b64encode(sealed).decode()}"

    def unseal(self, sealed: str, *, pair: object) -> str:
        """Open words of a pair.

        Raises `SetupError`: `notes_key_missing` where the key is not there, `notes_sealed_otherwise` where the words
        were changed or belong to another pair.
        """
        name, _, body = sealed.partition(".")
        key = next((one for one in self.keys if one.name == name), None)
        if key is None:
            raise missing()
        raw = urlsafe_b64decode(body)
        try:
            return key.cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _bound(pair)).decode()
        except InvalidTag as error:
            raise SetupError(
                "notes_sealed_otherwise",
                Message(N_("These private notes cannot be opened: they were changed, or moved from other people.")),
            ) from error

    def is_newest(self, sealed: str) -> bool:
        """Say whether words are sealed with the newest key."""
        return bool(self.keys) and sealed.partition(".")[0] == self.keys[0].name


def _bound(pair: object) -> bytes:
    return f"bokgi pair {pair}".encode()


def missing() -> SetupError:
    """Give the fault of a key that is not there."""
    return SetupError(
        "notes_key_missing",
        Message(N_("The key of the private notes is not there.")),
        Message(
            N_("Put {file} back into the folder keys of the home, or set {variable}. Without it the notes are lost."),
            {"file": FILE, "variable": VARIABLE},
        ),
    )


def keys_of(home: Path, given: str = "") -> Keys:
    """Read the keys of a home; there may be none.

    Raises `SetupError` (`notes_key_short`) for a secret that is too short to keep anything.
    """
    if given:
        found = [part.strip() for part in given.split(",") if part.strip()]
    else:
        path = home / "keys" / FILE
        found = path.read_text(encoding="utf-8").split() if path.is_file() else []
    if any(len(secret) < SHORTEST for secret in found):
        raise SetupError(
            "notes_key_short",
            Message(N_("The key of the private notes is shorter than {n} characters."), {"n": SHORTEST}),
            Message(N_("Make one like this: {command}"), {"command": "openssl rand -base64 32"}),
        )
    return Keys(tuple(Key.of(secret) for secret in found))


def key_make(home: Path) -> None:
    """Make the first key of a home; one that is there stays, also when two make it at once."""
    folder = home / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = _written(folder, [_secret()])
    try:
        os.link(fresh, folder / FILE)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def key_rotate(home: Path, reseal: Callable[[Keys], int]) -> int:
    """Make a new key, seal everything anew with it (`reseal`), and give how much was.

    The new key is in the file before anything is sealed with it, and the one before it stays there until the next
    rotation, so nothing is lost when it stops in the middle or somebody writes meanwhile.
    """
    folder = home / "keys"
    path = folder / FILE
    if not path.is_file():
        raise missing()
    there = path.read_text(encoding="utf-8").split()
    _written(folder, [_secret(), *there]).replace(path)
    done = reseal(keys_of(home))
    _written(folder, path.read_text(encoding="utf-8").split()[:_KEPT]).replace(path)
    return done


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _written(folder: Path, found: list[str]) -> Path:
    fresh = folder / f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(found) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return fresh
