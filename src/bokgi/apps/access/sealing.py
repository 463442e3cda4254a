"""Words that belong to two people: sealed before they reach the database, opened only for who may read them.

AES-256-GCM. Each sealed text is bound to what it belongs to (a pair, a note), so that it does not open in the place of
another. An app says with `sealed` which of its models hold such texts; a rotation and an erasure reach all of them. The
secrets come from `BOKGI_NOTES_KEY` (the newest first, commas between) or from `keys/notes-key` of the home (one a line,
the newest first), never from the database. They are read for each use: a rotation needs no restart.

This keeps the words from administrators in the product and from who gets a dump or a back-up; not from who runs the
server and can read both database and key.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, models, transaction

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

    def seal(self, words: str, *, to: str) -> str:
        """Seal words and bind them to `to`, such as `pair 7`.

        Raises `SetupError` (`notes_key_missing`) where there is no key.
        """
        if not self.keys:
            raise missing()
        nonce = secrets.token_bytes(_NONCE)
        key = self.keys[0]
        sealed = nonce + key.cipher.encrypt(nonce, words.encode(), _bound(to))
        return f"{key.name}.{urlsafe_b64encode(sealed).decode()}"

    def unseal(self, sealed: str, *, to: str) -> str:
        """Open words that are bound to `to`.

        Raises `SetupError`: `notes_key_missing` where the key is not there, `notes_sealed_otherwise` where the words
        were changed or belong to something else.
        """
        name, _, body = sealed.partition(".")
        key = next((one for one in self.keys if one.name == name), None)
        if key is None:
            raise missing()
        try:
            raw = urlsafe_b64decode(body)
            return key.cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _bound(to)).decode()
        except (InvalidTag, ValueError) as error:
            raise SetupError(
                "notes_sealed_otherwise",
                Message(N_("These private notes cannot be opened: they were changed, or moved from other people.")),
            ) from error

    def is_newest(self, sealed: str) -> bool:
        """Say whether words are sealed with the newest key."""
        return bool(self.keys) and sealed.partition(".")[0] == self.keys[0].name


@dataclass(frozen=True)
class Resealed:
    """What became of sealed texts: how many were sealed anew, and how many do not open (key gone, or changed)."""

    anew: int
    closed: int


def _bound(to: str) -> bytes:
    return f"bokgi {to}".encode()


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


def keys() -> Keys:
    """Give the keys of this home; there may be none."""
    return keys_of(settings.HOME, settings.NOTES_KEY)


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


def key_renew(home: Path, anew: Callable[[Keys], Resealed]) -> Resealed:
    """Make a new key, seal everything anew with it (`anew`), and give what became of it.

    The new key is in the file before anything is sealed with it, and the one before it stays there until the next
    rotation, so nothing is lost when it stops in the middle or somebody writes meanwhile. While something does not
    open no key leaves the file: it may open when it has been put right.
    """
    folder = home / "keys"
    path = folder / FILE
    if not path.is_file():
        raise missing()
    there = path.read_text(encoding="utf-8").split()
    _written(folder, [_secret(), *there]).replace(path)
    done = anew(keys_of(home))
    if not done.closed:
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


# ---------------------------------------------------------------- what is sealed in the database


@dataclass(frozen=True)
class Sealed:
    """A model whose column `sealed` holds sealed words (empty: none); `field` is the key they are bound to."""

    model: type[models.Model]
    kind: str
    field: str

    def to(self, key: object) -> str:
        """Name what words are bound to."""
        return f"{self.kind} {key}"

    def rows(self) -> models.QuerySet[models.Model]:
        """Give the rows that hold sealed words."""
        return self.model._default_manager.exclude(sealed="")  # noqa: SLF001 - Django's public name for any model's rows

    def held(self) -> Iterator[tuple[object, str, str]]:
        """Give primary key, sealed words and what they are bound to, of every row, held until the transaction ends."""
        of_row = self.rows().select_for_update(of=("self",)).order_by().values_list("pk", "sealed", self.field)
        for row, sealed, key in of_row:
            yield row, sealed, self.to(key)


SEALED: Final[list[Sealed]] = []
Model = TypeVar("Model", bound=models.Model)


def sealed(kind: str, field: str) -> Callable[[type[Model]], type[Model]]:
    """Say of a model that its column `sealed` holds words bound to `field`, which is the key of a `kind`."""

    def said(model: type[Model]) -> type[Model]:
        SEALED.append(Sealed(model, kind, field))
        return model

    return said


def seal(words: str, *, to: str) -> str:
    """Seal words with the newest key; the first words of a home make its key, and no others do.

    Raises `SetupError` (`notes_key_missing`) where words are sealed already and their key is gone.
    """
    found = keys()
    if not found.keys and not settings.NOTES_KEY and not any(one.rows().exists() for one in SEALED):
        key_make(settings.HOME)
        found = keys()
    return found.seal(words, to=to)


@transaction.atomic
def reseal(*, with_keys: Keys) -> Resealed:
    """Seal everything anew that is not sealed with the newest key; what does not open stays as it is and is counted."""
    anew, closed = 0, 0
    for one in SEALED:
        for row, words, to in list(one.held()):
            try:
                text = with_keys.unseal(words, to=to)
            except SetupError:
                closed += 1
                continue
            if not with_keys.is_newest(words):
                anew += one.rows().filter(pk=row).update(sealed=with_keys.seal(text, to=to))
    return Resealed(anew, closed)


@transaction.atomic
def reword(change: Callable[[str], str]) -> tuple[int, int]:
    """Change every sealed text; give how many were, and how many do not open because their key is gone."""
    with_keys, changed, closed = keys(), 0, 0
    for one in SEALED:
        for row, words, to in list(one.held()):
            try:
                text = with_keys.unseal(words, to=to)
            except SetupError:
                closed += 1
                continue
            new = change(text)
            if new != text:
                changed += one.rows().filter(pk=row).update(sealed=with_keys.seal(new, to=to))
    return changed, closed


def opened() -> tuple[int, int]:
    """Count the sealed texts, and those of them that do not open; a database that is not set up yet has none."""
    with_keys, texts, closed = keys(), 0, 0
    tables = connection.introspection.table_names()
    for one in SEALED:
        if one.model._meta.db_table not in tables:  # noqa: SLF001 - Django's public name for what a model is
            continue
        for sealed, key in one.rows().order_by().values_list("sealed", one.field).iterator():
            texts += 1
            try:
                with_keys.unseal(sealed, to=one.to(key))
            except SetupError:
                closed += 1
    return texts, closed


def rotate() -> Resealed:
    """Give the private notes a new key and seal them anew; where the environment holds the keys, only the latter."""
    if settings.NOTES_KEY:
        return reseal(with_keys=keys())
    return key_renew(settings.HOME, lambda found: reseal(with_keys=found))
