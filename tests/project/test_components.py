"""The pages of the components and the libraries of the charts, on the frame."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from html import unescape
from pathlib import Path

from django.test import Client, override_settings

from bokgi.domain.messages import Message
from bokgi.ui import vega
from bokgi.ui.gallery import COMPONENTS

AsRole = Callable[[str], Client]


def test_admins_see_every_component_in_their_language(as_role: AsRole) -> None:
    admin = as_role("admin")
    page = admin.get("/components/")
    assert page.status_code == 200
    assert "점과 수염" in page.content.decode()
    for name, component in COMPONENTS.items():
        address = f"/components/{name}/"
        assert f'href="{address}"' in page.content.decode()
        assert Message(component.when).text("ko") in unescape(admin.get(address).content.decode())
    assert admin.get("/components/no-such/").status_code == 404
    for address in ("/components/", "/components/button/"):
        assert as_role("rep").get(address).status_code == 403


def test_the_example_table_answers_its_address(as_role: AsRole) -> None:
    page = as_role("admin").get("/components/table/", {"find": "과금"}).content.decode()
    assert "별하통신" in page
    assert "온누리제약" not in page


def test_the_libraries_of_the_charts_are_served_once_and_kept(tmp_path: Path, as_role: AsRole) -> None:
    client = as_role("")
    with override_settings(HOME=tmp_path):
        packed = client.get(f"/vega-{vega.version()}.js", headers={"accept-encoding": "gzip, br"})
        assert packed["Content-Encoding"] == "gzip"
        assert "immutable" in packed["Cache-Control"]
        plain = client.get(f"/vega-{vega.version()}.js")
        assert gzip.decompress(packed.content) == plain.content
        assert client.get("/vega-0123456789ab.js").status_code == 404
