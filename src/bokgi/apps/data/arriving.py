"""Files that come by themselves: into the drop folder, or to the upload address with a token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.data.models import Upload, UploadToken, WorkKind, WorkState
from bokgi.apps.data.rules import MOST_BYTES, MOST_FILES, is_readable
from bokgi.apps.data.services import upload_create, work_ask

QUIET_SECONDS: Final = 20
"""A file in the drop folder is taken once nothing was written to it for this long."""


@transaction.atomic
def token_create(*, name: str, by: User) -> tuple[UploadToken, str]:
    """Make a token; the text is given once and never again."""
    text = secrets.token_urlsafe(32)
    made = UploadToken.objects.create(name=name.strip()[:80] or "–", digest=_digest(text), by=by)
    audit(by=by, action="token_create", subject=f"token {made.pk}")
    return made, text


@transaction.atomic
def token_revoke(*, token: UploadToken, by: User) -> None:
    """Let a token work no more."""
    UploadToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    audit(by=by, action="token_revoke", subject=f"token {token.pk}")


def token_of(text: str) -> UploadToken | None:
    """Find the token that somebody shows; null for one that is unknown or opens nothing any more."""
    wanted = _digest(text)
    found = UploadToken.objects.filter(digest=wanted).select_related("by").first()
    if found is None or not found.opens or not hmac.compare_digest(found.digest, wanted):
        return None
    UploadToken.objects.filter(pk=found.pk).update(used_at=timezone.now())
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def import_by_itself(upload: Upload) -> bool:
    """Import an upload that came by itself and was recognised by its saved mapping; else it waits for a person.

    A file counts as recognised when it was found by a saved mapping, and nothing is left to ask.
    """
    planned = upload.works.filter(kind=WorkKind.PLAN, state=WorkState.DONE).exists()
    plan = (upload.plan or {}).get("en")
    if upload.came_by == "screen" or not planned or plan is None:
        return False
    files = [file for file in plan["files"] if file["entity"] != "ignore"]
    recognised = bool(files) and all(file["found_by"] == "saved" for file in files)
    if not recognised or any(question["suggestion"] is None for question in plan["questions"]):
        return False
    work_ask(kind=WorkKind.IMPORT, upload=upload, by=upload.by)
    return True


@dataclass(frozen=True)
class _Dropped:
    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def chunks(self) -> Iterable[bytes]:
        with self.path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece


def drop_folder() -> Path:
    """Give the folder of this home into which files are put."""
    folder: Path = settings.HOME / "drop"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_given(path: Path) -> bool:
    """Say whether a file of the drop folder is to be read; a link is none: it would bring in what only we may read."""
    return path.is_file() and not path.is_symlink() and is_readable(path.name)


def _given() -> list[_Dropped]:
    return [_Dropped(path) for path in sorted(drop_folder().iterdir()) if _is_given(path)]


def drop_collect() -> Upload | None:
    """Take the files of the drop folder that are complete as one upload; they leave the folder once they are kept.

    More than an upload may hold is taken by and by. A file that is too large by itself stays, see `drop_too_large`.
    """
    now = time.time()  # noqa: TID251 - compared with the times of files, which only the system's clock can be
    there = _given()
    if any(now - file.path.stat().st_mtime < QUIET_SECONDS for file in there):
        return None
    fitting = [file for file in there if file.size <= MOST_BYTES][:MOST_FILES]
    sizes = accumulate(file.size for file in fitting)
    taken = [file for file, size in zip(fitting, sizes, strict=True) if size <= MOST_BYTES]
    if not taken:
        return None
    upload = upload_create(files=taken, by=None, came_by="drop")
    for file in taken:
        file.path.unlink()
    return upload


def drop_too_large() -> list[str]:
    """Name the files of the drop folder that are larger than an upload may be: nobody takes them."""
    return [file.name for file in _given() if file.size > MOST_BYTES]
