"""Text, Markdown, HTML and PDF of one document: complete, well formed, safe."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from bokgi.apps.reviews.rendering.html import html
from bokgi.apps.reviews.rendering.markdown import escaped, markdown
from bokgi.apps.reviews.rendering.parts.execution import _work
from bokgi.apps.reviews.rendering.pdf import pdf
from bokgi.apps.reviews.rendering.text import _pages, _table, text
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.speaker import Speaker
from bokgi.ui.templating import joined
from tests.apps.reviews.rendering.example import PEOPLE, example


class Page(HTMLParser):
    """Collects tags, attributes and words; complains about tags that do not match."""

    void = frozenset({"meta", "path", "rect", "circle", "line", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag without content."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the tag opened last."""
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    return html(example())


@pytest.fixture(scope="module")
def parsed(page: str) -> Page:
    found = Page()
    found.feed(page)
    assert found.open == []
    return found


def test_the_page_needs_nothing_from_outside(page: str, parsed: Page) -> None:
    assert "<script" not in page
    assert not re.search(r"url\(\s*['\"]?(?!#)", page)
    for _, attributes in parsed.tags:
        assert not str(attributes.get("href") or "#").startswith("http")
        assert "src" not in attributes
        assert "style" not in attributes


def test_the_page_can_be_read_aloud(parsed: Page) -> None:
    levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tables = [tag for tag, _ in parsed.tags].count("table")
    assert [tag for tag, _ in parsed.tags].count("caption") == tables > 0
    for tag, attributes in parsed.tags:
        if tag == "svg":
            assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"


def test_words_of_the_data_cannot_become_markup(page: str) -> None:
    assert "<b>기록이</b>" not in page
    assert "&lt;b&gt;기록이&lt;/b&gt;" in page
    assert str(joined("<i>")) == "&lt;i&gt;"


def test_a_particle_stays_with_the_bracket_before_it() -> None:
    assert str(joined("57%로 (66%)이")) == "57%&#8288;로 (66%)&#8288;이"


def test_every_cell_of_the_tables_is_in_text_and_markdown() -> None:
    shown, marked = text(example()), markdown(example())
    for name in PEOPLE:
        assert name in shown
        assert name in marked
    assert "모두" in shown


@pytest.mark.parametrize("width", [60, 80, 110, 200])
def test_text_keeps_within_its_width_with_hangul(width: int) -> None:
    assert max(cell_len(line) for line in text(example(), width=width).splitlines()) <= width


def test_text_aligns_hangul_by_its_two_cells() -> None:
    lines = [line for line in text(example()).splitlines() if re.search(r"담당자\d\d", line)]
    assert len({cell_len(line) for line in lines}) == 1


def test_markdown_tables_have_as_many_cells_as_heads() -> None:
    rows = [line for line in markdown(example()).splitlines() if line.startswith("|")]
    assert rows
    for line in rows:
        assert len(re.findall(r"(?<!\\)\|", line)) >= 3
    assert escaped("a|b *c*") == r"a\|b \*c\*"


def test_the_same_document_gives_the_same_paper() -> None:
    one = pdf(example())
    assert one.startswith(b"%PDF-")
    assert one == pdf(example())


def test_the_paper_holds_the_korean_type() -> None:
    assert b"NanumGothic" in pdf(example())


def _lines(paper: bytes) -> list[float]:
    """Give how long the straight level lines of a PDF are, in points."""
    pages = [
        zlib.decompress(found[1]) for found in re.finditer(rb"stream\r?\n(\x78.*?)\r?\nendstream", paper, re.DOTALL)
    ]
    drawn = [line for page in pages for line in re.findall(rb"([-\d.]+) ([-\d.]+) m\s+([-\d.]+) ([-\d.]+) l\b", page)]
    return [abs(float(ends[2]) - float(ends[0])) for ends in drawn if ends[1] == ends[3]]


@pytest.mark.parametrize("columns", [4, 8, 9, 10, 12])
def test_a_table_of_numbers_takes_the_width_of_the_paper(columns: int) -> None:
    heads = [Column("사람"), *(Column(f"{place}주", "right") for place in range(1, columns))]
    table = Table("사람별", heads, [[Cell("김서연"), *[Cell("12")] * (columns - 1)]] * 2)
    doc = example()
    paper = pdf(replace(doc, sections=[replace(doc.sections[0], blocks=[table])], foot=[]))
    # The line below the head, and one below each row: the paper is 210 mm, its margins 14.
    assert sum(length > (210 - 28) / 25.4 * 72 - 1 for length in _lines(paper)) == 3


def test_a_table_wider_than_the_terminal_is_split_with_its_first_column_repeated() -> None:
    table = Table("t", [Column("who"), *(Column(f"column{n}", "right") for n in range(12))], [[Cell("x")] * 13])
    pages = _pages(table, 50)
    assert len(pages) > 1
    assert all(page[0] == 0 for page in pages)
    assert sorted(place for page in pages for place in page[1:]) == list(range(1, 13))


@pytest.mark.parametrize("width", range(60, 120, 7))
def test_a_table_loses_no_words_at_any_width(width: int) -> None:
    words = "예정일 1,030일 지남, 다음 단계 없음, 금액 없음"
    cells = ["United Oil & Gas Corp. United Oil Plant", "–", "68", "279", "–", "2024년 2월 3일", words]
    heads = ["기회", "담당", "금액, 만원", "머문 날", "마지막 접촉", "종료 예정일", "이야기할 점"]
    table = Table("t", [Column(name) for name in heads], [[Cell(cell) for cell in cells]])
    console = Console(width=width, color_system=None, markup=False)
    with console.capture() as captured:
        console.print(*_table(table, width), sep="\n")
    shown = captured.get()
    assert max(cell_len(line.rstrip()) for line in shown.splitlines()) <= width
    assert set(" ".join(cells).split()) <= set(shown.split())


def test_in_a_long_list_a_team_stands_in_brackets_behind_its_first_person() -> None:
    rows = [[Cell(f"Kim {number}", sub="Central" if number < 9 else "East"), Cell("1")] for number in range(14)]
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        for part in _table(Table("People", [Column("Person"), Column("Deals", "right")], rows), 80):
            console.print(part)
    lines = [" ".join(line.split()) for line in captured.get().splitlines()]
    assert {"Kim 0 (Central) 1", "Kim 1 1", "Kim 9 (East) 1"} <= set(lines)


def test_where_the_data_tell_nothing_of_the_work_there_is_no_table_of_names_alone() -> None:
    row: dict[str, Any] = {"name": "이준호", "team": "", "standard": [], "care": {}, "activities": {}, "entered": {}}
    review = {"execution": [row], "execution_total": {"this_week": row}, "stages": [], "untouched_days": 10}
    speaker = Speaker("ko", date(2026, 11, 24), "KRW")
    assert _work(review, speaker) == []
    row["care"]["untouched"] = 1
    assert len(_work(review, speaker)) == 1
    # A review that was kept before weeks were told has no line; everyone's sums have none.
    row["weeks"] = [2, 0, 3]
    (work,) = _work(review, speaker)
    assert isinstance(work, Table)
    drawn = [column.drawn for column in work.columns].index(True)
    assert "2, 0, 3" in str(work.rows[0][drawn].mark)
