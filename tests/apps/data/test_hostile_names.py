"""Names that would be markup, formulas or lines of their own stay names on pages, in exports and on paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import openpyxl
import pytest
from django.test import Client
from django.utils.html import escape
from pypdf import PdfReader

from bokgi.apps.access.models import User
from tests.apps.data.conftest import ROWS, Give, deals_file, imported

AsRole = Callable[[str], Client]
pytestmark = [pytest.mark.slow, pytest.mark.django_db]

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
FORMULA = '=HYPERLINK("http://x.example","click")'
LINES = "first\r\nBcc: x@x.example"
BACKWARDS = "\u202egnp.exe"
NAMES = (SCRIPT, IMAGE, FORMULA, LINES, BACKWARDS)
PAGES = (
    "/deals/?outcome=all",
    "/people/",
    "/today/",
    "/funnel/",
    "/funnel/change/",
    "/forecast/",
    "/data/imports/1/",
    "/data/quality/",
    "/data/quarantine/",
    "/reviews/pack/?week=2026-W47",
    "/reviews/pack/?week=2026-W47&form=html",
)


def _row(number: int, name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"H-{number},{quoted},{quoted},{quoted},90000000,제안,2026-09-24,2026-12-19,"


@pytest.fixture
def hostile(give: Give, users: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    """Import deals, accounts and people with such names; a refused row has them, too."""
    monkeypatch.setenv("BOKGI_TODAY", "2026-11-24")
    rows = [*ROWS, *(_row(number, name) for number, name in enumerate(NAMES))]
    rows.append(_row(99, SCRIPT).replace("90000000", "much"))
    assert imported(give(deals_file(*rows)), users["admin"]).fault is None


@pytest.mark.usefixtures("hostile")
def test_on_pages_names_are_names(as_role: AsRole) -> None:
    client = as_role("admin")
    seen = ""
    for page in (*PAGES, *(f"/deals/H-{number}/" for number in range(len(NAMES))), "/search/?q=alert"):
        answer = client.get(page, follow=True)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert "<script>alert" not in text, page
        assert "<img src=x" not in text, page
        seen += text
    for name in (SCRIPT, IMAGE, FORMULA):
        assert str(escape(name)) in seen.replace("&#34;", "&quot;"), name


@pytest.mark.usefixtures("hostile")
def test_in_files_nothing_is_computed_and_no_line_begins(as_role: AsRole) -> None:
    client = as_role("admin")
    answer = client.get("/deals/?outcome=all&export=csv")
    assert "\n" not in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    cells = [cell for row in rows[1:] for cell in row]
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith("=")]
    assert len({len(row) for row in rows}) == 1
    book = openpyxl.load_workbook(io.BytesIO(client.get("/deals/?outcome=all&export=xlsx").content))
    kinds = {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row}
    assert "f" not in kinds
    assert [cell.hyperlink for row in book.worksheets[0].iter_rows() for cell in row if cell.hyperlink] == []


@pytest.mark.usefixtures("hostile")
def test_on_paper_names_are_names(as_role: AsRole) -> None:
    paper = as_role("admin").get("/reviews/pack/?week=2026-W47&form=pdf")
    assert paper.content[:5] == b"%PDF-"
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    assert "alert(1)" in words
