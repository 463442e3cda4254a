"""Marks draw their numbers, without style attributes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from markupsafe import Markup

from bokgi.ui import marks
from bokgi.ui.marks import Scale
from bokgi.ui.printed import PAINT, printed
from bokgi.ui.theme import stylesheet


def parsed(svg: Markup) -> ET.Element:
    return ET.fromstring(str(svg))  # noqa: S314 - our own output


AXIS = marks.Axis(0.0, 1.0, [(0.0, "0%"), (1.0, "100% & more")], (0.34, "average <34%>"))
ALL = {
    "whisker": marks.whisker(0.57, (0.49, 0.64), Scale(0.4, 0.95, 200), reference=0.66, tone="bad", label="57% & more"),
    "parts": marks.parts_bar(74, 45, 52, largest=412, numbers=True, label="74 <moved>"),
    "progress": marks.progress_bar(0.4, expected=0.6, label="40%"),
    "age": marks.age_bar(61, median=19, late=38, longest=70, label="61"),
    "spark": marks.sparkline([1, 3, 2], label="1, 3, 2"),
    "one value": marks.sparkline([2], label="2"),
    "dots": marks.quantile_dots([1, 2, 2, 3], Scale(0, 4, 200), goal=2, ticks=[(2, "2 <goal>")], label="3 of 4"),
    "no value": marks.sparkline([], label="none"),
    "hatch": marks.HATCH,
    "on an axis": marks.on_axis([marks.Estimate(0.3, (0.2, 0.5)), marks.Estimate(0.4, hollow=True)], AXIS, step=24),
    "words of an axis": marks.axis_words(AXIS),
    "size": marks.size_bar(0.5),
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_mark_is_well_formed_and_passes_a_strict_csp(name: str) -> None:
    for element in parsed(ALL[name]).iter():
        assert "style" not in element.attrib


def test_a_mark_with_a_label_is_read_and_one_without_is_hidden() -> None:
    assert parsed(ALL["whisker"]).attrib["aria-label"] == "57% & more"
    assert parsed(marks.sparkline([1.0, 2.0])).attrib["aria-hidden"] == "true"


def test_a_whisker_ends_where_its_interval_ends() -> None:
    scale = Scale(0.0, 1.0, 112)
    drawn = parsed(marks.whisker(0.5, (0.25, 0.75), scale))
    dot = drawn.find("circle")
    assert dot is not None
    assert float(dot.attrib["cx"]) == pytest.approx(scale.place(0.5)) == pytest.approx(56)
    assert [path.attrib["d"] for path in drawn.findall("path")][1].startswith("M31 9H81")


def test_estimates_on_an_axis_lie_where_its_words_are() -> None:
    drawn = parsed(ALL["on an axis"])
    words = {text.text: text.attrib["x"] for text in parsed(ALL["words of an axis"]).iter("text")}
    assert words == {"0%": "4%", "100% & more": "96%", "average <34%>": "35.3%"}
    assert [dot.attrib["cx"] for dot in drawn.iter("circle")] == ["31.6%", "40.8%"]
    lines = [line for line in drawn.iter("line") if line.attrib["class"] == "w1"]
    assert (lines[0].attrib["x1"], lines[0].attrib["x2"]) == (AXIS.share(0.2), AXIS.share(0.5))
    assert {line.attrib["x1"] for line in drawn.iter("line") if line.attrib["class"] == "ref-l"} == {"35.3%"}


def test_a_bar_of_a_size_is_as_long_as_its_share() -> None:
    assert [float(bar.attrib["width"]) for bar in parsed(ALL["size"])] == [84, 42]


def test_values_outside_a_scale_are_drawn_at_its_end() -> None:
    assert Scale(0.0, 1.0, 112).place(7.0) == Scale(0.0, 1.0, 112).place(1.0)
    assert Scale(1.0, 1.0, 112).place(1.0) == 56


def test_the_parts_of_a_bar_are_as_long_as_their_share() -> None:
    drawn = parsed(marks.parts_bar(50, 25, 25, largest=100, width=201))
    widths = [float(part.attrib["width"]) for part in drawn if part.tag.endswith("rect")]
    assert widths == pytest.approx([99.5, 49.2, 49.2], abs=0.1)
    # What is pale has an edge, or it is not seen on a dark ground.
    assert [part.get("class") for part in drawn] == ["bar", "edge-h", "bar-0 edge-h"]
    assert len(parsed(marks.parts_bar(5, 0, 0, largest=5))) == 1


def test_a_part_of_a_bar_shows_its_number_where_there_is_room_and_never_on_the_hatching() -> None:
    def words(bar: Markup) -> list[str | None]:
        return [part.text for part in parsed(bar) if part.tag.endswith("text")]

    assert words(marks.parts_bar(1785, 700, 284, largest=2769, width=190, numbers=True)) == ["1,785"]
    assert words(marks.parts_bar(785, 133, 484, largest=1402, width=190, numbers=True)) == ["785", "484"]
    assert words(marks.parts_bar(74, 45, 52, largest=2000, width=190, numbers=True)) == []
    assert words(marks.parts_bar(1785, 700, 284, largest=2769, width=190)) == []


def test_a_deal_past_the_long_time_is_drawn_dark() -> None:
    late = [part.attrib["class"] for part in parsed(marks.age_bar(61, median=19, late=38, longest=70))]
    usual = [part.attrib["class"] for part in parsed(marks.age_bar(24, median=None, late=38, longest=70))]
    assert late[1] == "bar-k"
    assert usual[1] == "bar-n"


def test_heat_has_five_steps_and_says_when_there_is_too_little() -> None:
    assert [marks.heat_class(part / 10, 0, 1) for part in (0, 3, 5, 7, 10)] == ["h1", "h2", "h3", "h4", "h5"]
    assert marks.heat_class(None, 0, 1) == "few"
    assert marks.heat_class(3, 3, 3) == "h1"


@pytest.mark.parametrize("name", sorted(set(ALL) - {"hatch"}))
def test_on_paper_a_mark_needs_no_style_sheet(name: str) -> None:
    svg = printed(ALL[name])
    root = ET.fromstring(svg)  # noqa: S314 - our own output
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "class=" not in svg
    drawn = [element for element in root.iter() if element.tag.rpartition("}")[2] in {"rect", "circle", "path"}]
    assert all(element.attrib.keys() & {"fill", "stroke"} for element in drawn)


def test_every_class_of_a_mark_is_in_the_style_sheet_and_on_paper() -> None:
    used = {name for mark in ALL.values() for found in re.findall(r'class="([^"]*)"', mark) for name in found.split()}
    sheet = stylesheet("components.css")
    assert {name for name in used - {"w-svg", "defs"} if f".{name} " not in sheet and f".{name}," not in sheet} == set()
    assert used - {"w-svg", "defs"} <= set(PAINT)


def test_quantile_dots_draw_one_dot_for_each_outcome_and_keep_the_sides_of_the_goal_apart() -> None:
    drawn = parsed(marks.quantile_dots([1.0, 1.9, 2.0, 2.1, 3.0], Scale(0, 4, 200), goal=2.0))
    dots = [element for element in drawn.iter() if element.tag.endswith("circle")]
    goal = Scale(0, 4, 200).place(2.0)
    assert [dot.attrib["class"] for dot in dots].count("d1") == 3
    assert len(dots) == 5
    assert all((float(dot.attrib["cx"]) >= goal) == (dot.attrib["class"] == "d1") for dot in dots)


def test_quantile_dots_stand_in_about_a_dozen_columns_so_that_their_shape_shows() -> None:
    line = Scale(0, 19, 280)
    drawn = parsed(marks.quantile_dots([float(value) for value in range(20)], line, goal=9.5))
    columns = {dot.attrib["cx"] for dot in drawn.iter() if dot.tag.endswith("circle")}
    assert 10 <= len(columns) <= 14


def test_quantile_dots_that_fall_together_stay_low_and_their_words_apart() -> None:
    line = Scale(0, 150, 320)
    drawn = parsed(
        marks.quantile_dots([0.4] * 20, line, goal=140.0, ticks=[(0.4, "4,100만"), (1.1, "1.1억"), (140.0, "140억")])
    )
    assert float(drawn.attrib["height"]) < 150
    dots = [element for element in drawn.iter() if element.tag.endswith("circle")]
    heights = sorted(float(dot.attrib["cy"]) for dot in dots)
    assert all(below - above >= 2 * float(dots[0].attrib["r"]) for above, below in pairwise(heights))
    words = [element.text for element in drawn.iter() if element.tag.endswith("text")]
    assert words == ["140억", "4,100만"]
