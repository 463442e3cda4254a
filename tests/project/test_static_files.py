"""A file that changes under a running server is answered as it was: content, length and hash of one moment."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from bokgi.project.static_files import HeldFiles
from bokgi.project.templating import static
from bokgi.ui.templating import SCRIPTS, STYLES


@pytest.mark.parametrize("later", [b".a{}", b".a { color: red; } /* much longer than before */", None])
def test_what_changes_meanwhile_is_neither_cut_nor_mixed(tmp_path: Path, later: bytes | None) -> None:
    path, content = tmp_path / "sheet.css", b".a { color: blue; }"
    path.write_bytes(content)
    files = HeldFiles(lambda _request: HttpResponse(status=404))
    found = files.get_static_file(str(path), "/static/sheet.css")
    if later is None:
        path.unlink()
    else:
        path.write_bytes(later)
    answer = found.get_response("GET", {})
    headers = dict(answer.headers)
    assert answer.file is not None
    assert answer.file.read() == content
    assert headers["Content-Length"] == str(len(content))
    assert found.get_response("HEAD", {}).file is None
    same = found.get_response("GET", {"HTTP_IF_NONE_MATCH": headers["ETag"]})
    assert (same.status, same.file) == (304, None)
    assert found.get_response("POST", {}).status == 405


def test_the_hash_in_an_address_is_that_of_the_content() -> None:
    for name in (*STYLES, *SCRIPTS, "project/frame.css", "django_htmx/htmx-2.min.js"):
        address = static(name)
        answer = Client().get(address)
        body = b"".join(answer)
        assert address.endswith(f"?{hashlib.sha256(body).hexdigest()[:12]}")
        assert answer["Content-Length"] == str(len(body))
        assert answer["Content-Type"].startswith(("text/css", "text/javascript"))
