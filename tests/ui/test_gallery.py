"""Every component on its page in a real browser: both themes, both languages, wide and narrow."""

from __future__ import annotations

import gzip
import re
import shutil
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bokgi.domain.messages import Message
from bokgi.ui import vega
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.gallery import COMPONENTS, gallery, read_listing
from bokgi.ui.templating import SCRIPTS, STATIC, STYLES, TEMPLATES, environment
from bokgi.ui.theme import STRONG, TEXT, hex_stylesheet
from tests.ui.browser import WIDTHS, browser, chromium, complaints, served, violations

needs_browser = pytest.mark.skipif(chromium() is None, reason="Chromium and its driver are not installed")


_WEIGHTS = """
    return [...document.body.querySelectorAll('*')]
        .filter(one => [...one.childNodes].some(part => part.nodeType === 3 && part.data.trim()))
        .map(one => getComputedStyle(one).fontWeight)"""
"""The weights of everything that holds words."""


def pages(lang: str, theme: str = "light", query: dict[str, list[str]] | None = None) -> dict[str, str]:
    """Write the page of each component."""
    listing = read_listing(query or {}, lang)
    template = environment(lang).get_template("ui/gallery/page.jinja")
    place = {"root": "static", "vega": "/vega.js", "theme": theme, "styles": STYLES, "scripts": SCRIPTS}
    shown = gallery(lang, listing=listing, path=f"table-{lang}-{theme}.html")
    return {
        name: template.render(
            name=name, title=Message(one.title).text(lang), when=Message(one.when).text(lang), **place, **shown
        )
        for name, one in COMPONENTS.items()
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the pages in both languages and themes, with hex colours: axe cannot read oklch."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(STATIC, folder / "static")
    (folder / "static" / "bokgi" / "tokens.css").write_text(hex_stylesheet(), encoding="utf-8")
    (folder / "vega.js").write_bytes(gzip.decompress(vega.bundle(folder).read_bytes()))
    for lang in ("ko", "en"):
        for theme in ("light", "dark"):
            for name, text in pages(lang, theme).items():
                (folder / f"{name}-{lang}-{theme}.html").write_text(text, encoding="utf-8")
    with served(folder) as address:
        yield address


class _Styles(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "style" in given or any(name.startswith("on") for name in given):
            self.faults.append(f"{tag} {attrs}")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.faults.append(f"{tag} inline")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_nothing_on_the_page_needs_an_inline_style_or_script(lang: str) -> None:
    for name, text in pages(lang).items():
        parser = _Styles()
        parser.feed(text)
        assert parser.faults == [], name


def test_every_macro_of_every_file_has_its_name_in_the_one_import() -> None:
    there = set(re.findall(r"[a-z_]+", (TEMPLATES / "ui" / "all.jinja").read_text(encoding="utf-8")))
    inner = {"cell", "head", "legend"}
    files = [path for path in (TEMPLATES / "ui").glob("*.jinja") if path.name != "all.jinja"]
    macros = {name for path in files for name in re.findall(r"macro ([a-z]\w*)\(", path.read_text(encoding="utf-8"))}
    assert macros - there - inner == set()


def test_every_component_is_shown_on_a_page() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (TEMPLATES / "ui" / "gallery").glob("*.jinja"))
    names = re.findall(r"set ([a-z_, ]+) =", (TEMPLATES / "ui" / "all.jinja").read_text(encoding="utf-8"))
    wanted = {name.strip() for group in names for name in group.split(",")}
    # These are drawn by others of the list.
    inside = {"figure", "plot", "chart_foot", "avatar", "grid", "page_head", "toasts"}
    assert {name for name in wanted - inside if f"ui.{name}(" not in text} == set()


def test_the_example_table_does_what_its_address_asks() -> None:
    shown = pages("en", query={"sort": ["amount"], "find": ["o"], "columns": ["owner", ""]})["table"]
    assert "Activity, 6 weeks</th>" not in shown
    assert 'aria-sort="ascending"' in shown
    assert shown.index("Pureundeul Farms") < shown.index("Onnuri Pharma")


def rows(words: str) -> Table:
    columns = [Column("Deal"), Column("Amount", "right"), *(Column(f"{n}. question") for n in range(9)), Column("Why")]
    return Table("Deals", columns, [[Cell(words), Cell("1,234,500"), *([Cell("answered")] * 9), Cell(words)]])


def sheet_of(words: str, **values: object) -> str:
    """Write a page of its own with the components' styles."""
    styles = "".join(f"<style>{(STATIC / sheet).read_text(encoding='utf-8')}</style>" for sheet in STYLES)
    drawn = environment("ko").from_string("{% import 'ui/all.jinja' as ui with context %}" + words)
    return f"<!doctype html><meta charset=utf-8>{styles}{drawn.render(**values)}"


@needs_browser
def test_paper_has_no_place_for_what_is_done_and_filled_in(tmp_path: Path) -> None:
    columns = [Column("Deal"), Column("Submit", unseen=True, acts=True)]
    page = tmp_path / "paper.html"
    page.write_text(
        sheet_of(
            """{{ ui.table(found) }}
            {% call ui.panel('Say so') %}<form id="alone"><input name="said"></form>{% endcall %}
            {% call ui.panel('Also') %}<p id="words">Words</p><form id="beside"><input name="said"></form>{% endcall %}
            <form id="page">{% call ui.panel('Draft') %}<p>What was written</p>{% endcall %}</form>
            <details class="as-table" id="shut"><summary>As a table</summary><p>Rows</p></details>
            <details class="as-table" id="open" open><summary>As a table</summary><p>Rows</p></details>""",
            found=Table("Deals", columns, [[Cell("Onnuri"), Cell("Override", href="#")]]),
        ),
        encoding="utf-8",
    )
    there = "return [...document.querySelectorAll(arguments[0])].map(one => one.getClientRects().length > 0)"
    with browser(1100) as driver:
        driver.get(page.as_uri())
        assert driver.execute_script(there, ".is-act, #alone, #beside, #shut") == [True] * 5
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert driver.execute_script(there, ".is-act, #alone, .panel:has(#alone), #beside, #shut") == [False] * 6
        assert driver.execute_script(there, "th[scope=row], td, #words, #page p, #open p") == [True, False, *[True] * 3]


@needs_browser
def test_what_stands_in_a_panel_keeps_to_its_lines(tmp_path: Path) -> None:
    page = tmp_path / "lines.html"
    body = """{% call ui.panel('Commitments') %}<p>Words</p>{{ ui.table(found) }}{% endcall %}
        {% call ui.panel('Deals', plain=True) %}{{ ui.table(found) }}{% endcall %}
        <form class="form-row"><div class="field"><label for="role">Role</label><input class="in" id="role">
        <p class="hint">Begins as it stands.</p></div>{{ ui.button('Add') }}</form>
        <article class="learn"><dl><dt>What was the situation of the customer?</dt><dd>Slow.</dd></dl></article>
        <table class="month"><tbody><tr>{{ ('<td><small>기독탄신일</small></td>' * 7) | safe }}</tr></tbody></table>"""
    columns = [Column("Month"), Column("Kept", "right")]
    page.write_text(sheet_of(body, found=Table("Months", columns, [[Cell("November"), Cell("2")]])), encoding="utf-8")
    words = (
        "(range => (range.selectNodeContents(document.querySelector(arguments[0])), range.getClientRects()[0].left))"
    )
    with browser(390) as driver:
        driver.get(page.as_uri())
        left = [driver.execute_script(f"return {words}(document.createRange())", one) for one in ("h2", "tbody th")]
        assert abs(left[0] - left[1]) < 1
        corner = "return getComputedStyle([...document.querySelectorAll('.table-wrap')].at(-1)).borderBottomLeftRadius"
        assert driver.execute_script(corner) == "7px"
        field, button = (driver.find_element(By.CSS_SELECTOR, one).rect for one in ("#role", ".form-row .btn"))
        assert button["y"] == pytest.approx(field["y"], abs=8)
        names = driver.find_elements(By.CSS_SELECTOR, ".month small")
        cut = "return arguments[0].scrollWidth > arguments[0].clientWidth"
        assert [one.text for one in names if driver.execute_script(cut, one)] == []
        driver.set_window_size(1100, 800)
        question = driver.find_element(By.CSS_SELECTOR, ".learn dt")
        assert question.size["height"] < 30


@needs_browser
def test_a_sentence_in_a_table_is_not_broken_to_bits_in_a_narrow_window(tmp_path: Path) -> None:
    page = tmp_path / "table.html"
    found = rows("종료 예정일 61일 지남, 10월 22일 이후 접촉 없음, 다음 단계 없음")
    page.write_text(sheet_of("{{ ui.table(found) }}", found=found), encoding="utf-8")
    with browser(720) as driver:
        driver.get(page.as_uri())
        cell = driver.find_element(By.CSS_SELECTOR, "td:last-child")
        assert cell.size["height"] < 100
        frame = "return (one => [one.scrollWidth > one.clientWidth, getComputedStyle(one).backgroundAttachment])"
        frame += "(document.querySelector('.table-wrap'))"
        # What goes on beyond the frame is shown by a shadow that stays at its side.
        assert driver.execute_script(frame) == [True, "local, scroll"]


@needs_browser
@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_every_component_draws_without_a_complaint_and_is_accessible(site: str, width: int) -> None:
    with browser(width) as driver:
        ways = ("ko-light", "ko-dark", "en-light", "en-dark")
        for name in (f"{component}-{way}" for component in COMPONENTS for way in ways):
            driver.get(f"{site}/{name}.html")
            deadline = time.monotonic() + 20
            while driver.find_elements(By.CSS_SELECTOR, "[data-chart]:not(.is-drawn)") and time.monotonic() < deadline:
                time.sleep(0.1)
            assert driver.find_elements(By.CSS_SELECTOR, "[data-chart]:not(.is-drawn)") == []
            assert complaints(driver) == [], name
            assert violations(driver) == [], name
            wide = driver.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, name
            assert set(driver.execute_script(_WEIGHTS)) <= {str(TEXT), str(STRONG)}, name


@needs_browser
@pytest.mark.browser
@pytest.mark.slow
def test_dialog_menu_and_table_work_by_the_keyboard(site: str) -> None:
    with browser() as driver:
        driver.get(f"{site}/dialog-en-light.html")
        opener = driver.find_element(By.CSS_SELECTOR, "[data-opens]")
        opener.send_keys(Keys.ENTER)
        dialog = driver.find_element(By.ID, "example-dialog")
        assert dialog.is_displayed()
        driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        assert not dialog.is_displayed()
        assert driver.switch_to.active_element == opener

        driver.get(f"{site}/head-en-light.html")
        menu = driver.find_element(By.CSS_SELECTOR, "details[data-menu]")
        summary = menu.find_element(By.TAG_NAME, "summary")
        summary.send_keys(Keys.ENTER)
        summary.send_keys(Keys.ARROW_DOWN)
        assert driver.switch_to.active_element.tag_name == "a"
        driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        assert menu.get_attribute("open") is None
        assert driver.switch_to.active_element == summary

        driver.get(f"{site}/table-en-light.html")
        frame = driver.find_element(By.CSS_SELECTOR, "#deals [data-table]")
        frame.send_keys(Keys.ARROW_DOWN)
        row = driver.switch_to.active_element
        assert row.tag_name == "tr"
        row.send_keys(Keys.SPACE)
        assert row.find_element(By.TAG_NAME, "input").is_selected()
        assert row.get_attribute("aria-selected") == "true"
        row.send_keys("j")
        assert driver.switch_to.active_element != row


@needs_browser
@pytest.mark.browser
@pytest.mark.slow
def test_charts_follow_the_theme_and_their_box(site: str) -> None:
    def colour(driver: webdriver.Chrome) -> str:
        return str(driver.execute_script("return getComputedStyle(document.querySelector('svg.marks text')).fill"))

    with browser() as driver:
        driver.get(f"{site}/chart-ko-light.html")
        deadline = time.monotonic() + 20
        while driver.find_elements(By.CSS_SELECTOR, "[data-chart]:not(.is-drawn)") and time.monotonic() < deadline:
            time.sleep(0.1)
        light = colour(driver)
        driver.execute_script("document.documentElement.dataset.theme = 'dark'")
        assert colour(driver) != light
        driver.set_window_size(700, 900)
        deadline = time.monotonic() + 10
        fits = """
            const box = document.querySelector('[data-chart]');
            return box.querySelector('svg.marks').getBoundingClientRect().width <= box.clientWidth + 1"""
        while not driver.execute_script(fits) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert driver.execute_script(fits)


def test_the_vega_bundle_is_made_once(tmp_path: Path) -> None:
    first = vega.bundle(tmp_path)
    made = first.stat().st_mtime_ns
    assert vega.bundle(tmp_path) == first
    assert first.stat().st_mtime_ns == made
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
    assert "vegaEmbed" in gzip.decompress(first.read_bytes()).decode()
