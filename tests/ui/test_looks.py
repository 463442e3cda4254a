"""Where things stand and which colour they have, measured in Chromium with the style sheets of a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Column, Figure, Table
from tests.ui.browser import WIDTHS, browser, chromium
from tests.ui.test_gallery import sheet_of

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium and its driver are not installed")

WORDS = """
{% set said = 'The first says it. The second explains it and is so long that no line of a panel holds both. ' * 3 %}
{% call ui.panel(said, head_link={'href': '#', 'text': 'Elsewhere'}) %}
{{ ui.chart_foot(table, 'Bars begin at 130.') }}
{% endcall %}
{% call ui.panel('Known') %}
<dl class="known"><div><dt>Next step</dt><dd><span id="value">{{ 'long words ' * 30 }}</span>
<a class="btn btn-icon btn-plain btn-sm" id="pencil" href="#">{{ icon('edit', small=True) }}</a></dd></div></dl>
{% endcall %}
<div class="g-8"><ol class="tl"><li><time>11/18</time><b id="what">A meeting</b></li></ol></div>
<p class="narrow"><a class="cell-link" id="name" href="#">{{ joined('가나다 라마바사 ㈜높은갯골소프트') }}</a></p>
<p class="vh" role="status" id="announced"></p>
{{ ui.figures(figures, 'Two figures') }}
{{ bar }}
"""
PLACE = "return arguments[0].getBoundingClientRect().toJSON()"


@pytest.fixture(scope="module", params=WIDTHS)
def page(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[webdriver.Chrome]:
    columns, row = [Column("Deal"), Column("Open", "right")], [Cell("Hanbit", href="#"), Cell("7", href="#")]
    table = Table("Rows", columns, [row], hidden_caption=True)
    bar = marks.parts_bar(785, 133, 284, largest=1202, width=190, numbers=True, label="785")
    file = tmp_path_factory.mktemp("looks") / "looks.html"
    phone = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    file.write_text(
        sheet_of(phone + WORDS, table=table, bar=bar, figures=[Figure("Expected", "7"), Figure("Won", "3")]),
        encoding="utf-8",
    )
    with browser(request.param) as window:
        window.get(file.as_uri())
        yield window


def _place(page: webdriver.Chrome, css: str) -> dict[str, float]:
    found: dict[str, float] = page.execute_script(PLACE, page.find_element("css selector", css))
    return found


def test_under_a_finger_a_name_in_a_table_is_met_above_and_below_it(page: webdriver.Chrome) -> None:
    met = """
        const one = document.querySelector(".table .cell-link");
        one.scrollIntoView({block: "center"});
        const now = one.getBoundingClientRect(), middle = now.top + now.height / 2;
        return [-21, 0, 21].map((off) => document.elementFromPoint(now.left + 5, middle + off) === one)"""
    page.execute_script("document.querySelector('.chart-foot details').open = true")
    assert page.execute_script(met) == ([False, True, False] if _wide(page) else [True, True, True])


def _wide(page: webdriver.Chrome) -> bool:
    return bool(page.execute_script("return innerWidth") >= WIDTHS[0])


def test_what_to_know_of_a_chart_and_its_table_share_a_line(page: webdriver.Chrome) -> None:
    note, link = _place(page, ".chart-foot > p"), _place(page, ".chart-foot summary")
    if _wide(page):
        assert (note["top"], note["bottom"]) == pytest.approx((link["top"], link["bottom"]), abs=1)
    else:
        assert link["top"] >= note["bottom"]
    page.execute_script("document.querySelector('.chart-foot details').open = true")
    assert _place(page, ".chart-foot table")["top"] >= note["bottom"] - 1


def test_the_pencil_of_a_long_value_stands_beside_it(page: webdriver.Chrome) -> None:
    value, pencil = _place(page, "#value"), _place(page, "#pencil")
    assert pencil["left"] >= value["right"] - 1
    assert value["top"] <= (pencil["top"] + pencil["bottom"]) / 2 <= value["bottom"]


def test_numbers_on_a_bar_have_the_colour_made_for_them(page: webdriver.Chrome) -> None:
    fill = "return getComputedStyle(arguments[0]).fill"
    on, muted = (page.execute_script(fill, one) for one in page.find_elements("css selector", "svg text"))
    colour = "document.body.style.color = `var(--${arguments[0]})`; return getComputedStyle(document.body).color"
    assert (on, muted) == tuple(page.execute_script(colour, name) for name in ("on-c1", "text-2"))


def test_on_paper_what_is_only_announced_begins_no_page_and_a_number_is_no_link(page: webdriver.Chrome) -> None:
    style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.execute_script(style, "#announced", "display") == "none"
        assert page.execute_script(style, ".num .cell-link", "color") == page.execute_script(style, "body", "color")
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_two_figures_share_the_width(page: webdriver.Chrome) -> None:
    whole = _place(page, ".figs")
    assert _place(page, ".figs .fig:last-child")["right"] == pytest.approx(whole["right"], abs=2)


def test_the_sign_of_a_company_never_stands_alone_at_the_end_of_a_line(page: webdriver.Chrome) -> None:
    lines = """
        const found = new Map(), walk = document.createTreeWalker(arguments[0], NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) for (let at = 0; at < walk.currentNode.length; at++) {
          const one = document.createRange();
          one.setStart(walk.currentNode, at); one.setEnd(walk.currentNode, at + 1);
          const top = Math.round(one.getBoundingClientRect().top);
          found.set(top, (found.get(top) || "") + walk.currentNode.data[at]);
        }
        return [...found.values()]"""
    name = page.find_element("css selector", "#name")
    for width in range(110, 200, 10):
        page.execute_script("arguments[0].style.width = arguments[1] + 'px'", name, width)
        told = page.execute_script(lines, name)
        assert "".join(told) == "가나다 라마바사 ㈜높은갯골소프트", told
        assert not [line for line in told if line.endswith("㈜")], (width, told)


def test_a_headline_of_several_sentences_leads_with_the_first(page: webdriver.Chrome) -> None:
    weight = "return getComputedStyle(document.querySelector(arguments[0])).fontWeight"
    assert [page.execute_script(weight, css) for css in ("h2", "h2 .more")] == ["600", "400"]


def test_on_a_wide_page_a_link_stays_beside_its_headline_and_a_day_beside_what_happened(page: webdriver.Chrome) -> None:
    if not _wide(page):
        assert _place(page, ".tl time")["bottom"] <= _place(page, "#what")["top"] + 1
        return
    head, link = _place(page, "h2"), _place(page, ".panel-head .push")
    assert link["left"] >= head["right"]
    assert link["top"] < head["top"] + 22
    assert _place(page, ".tl time")["right"] <= _place(page, "#what")["left"]
