"""Style sheets, scripts and pictures as they were when the server began: one content, its length and its hash.

Pages are rendered from the templates of that moment, so a newer file beside them (an update under a running server)
would not fit them, and a length or a hash that was taken earlier would not fit the newer file. A new start takes both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import NOT_ALLOWED_RESPONSE, Response, StaticFile

_HASH_DIGITS: Final = 12


@cache
def content_of(path: str) -> bytes:
    """Give the content of a file as it was when it was first asked for."""
    return Path(path).read_bytes()


@cache
def digest_of(path: str) -> str:
    """Give the hash of that content, which stands in the address of the file."""
    return hashlib.sha256(content_of(path)).hexdigest()[:_HASH_DIGITS]


class _Entry(NamedTuple):
    path: str
    size: int
    mtime: int


class HeldFile(StaticFile):  # type: ignore[misc]  # WhiteNoise has no types
    """One file, answered from memory and whole: a part of it (`Range`) nobody needs of files so small."""

    def get_file_stats(self, path: str, encodings: object, stat_cache: object) -> Mapping[None, _Entry]:
        """Give the size of what is held; there are no compressed files beside, and the hash stands for the time."""
        del encodings, stat_cache
        return {None: _Entry(path, len(content_of(path)), mtime=0)}

    def get_response(self, method: str, request_headers: Mapping[str, Any]) -> Response:
        """Answer GET and HEAD."""
        if method not in {"GET", "HEAD"}:
            return NOT_ALLOWED_RESPONSE
        if self.is_not_modified(request_headers):
            return self.not_modified_response
        path, headers = self.get_path_and_headers(request_headers)
        return Response(HTTPStatus.OK, headers, BytesIO(content_of(path)) if method == "GET" else None)


class HeldFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise with files that are held from the start of the server on."""

    def get_static_file(self, path: str, url: str, stat_cache: object = None) -> StaticFile:
        """Hold one file; the hash of its content is what a browser asks with whether it has changed."""
        found = super().get_static_file(path, url, stat_cache=stat_cache)
        headers = [
            (name, value)
            for name, value in found.alternatives[0][2]
            if name not in {"Content-Length", "Last-Modified", "ETag"}
        ]
        return HeldFile(path, [*headers, ("ETag", f'"{digest_of(path)}"')])
