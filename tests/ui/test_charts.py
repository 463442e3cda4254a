"""Charts hold what they were given, in Korean type and the page's colours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from bokgi.domain.errors import SetupError
from bokgi.ui import fonts
from bokgi.ui.charts import Ahead, Spec, Step, bridge, bridge_base, cumulative, drawn, inline, printed
from bokgi.ui.theme import Medium

STEPS = [
    Step("11월\u00a017일", Decimal(2_860_000_000), total=True),
    Step("새 기회", Decimal(190_000_000)),
    Step("다음 분기로", Decimal(-270_000_000)),
    Step("11월\u00a024일", Decimal(2_780_000_000), total=True),
]


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]  # noqa: S314 - our own output


@pytest.mark.parametrize("upright", [True, False])
def test_a_bridge_shows_every_part_with_its_sign_in_one_unit(upright: bool) -> None:  # noqa: FBT001 - parametrised
    written = texts(drawn(bridge(STEPS, "KRW", "ko", width=600, upright=upright)))
    assert {"28.6", "+1.9", "−2.7", "27.8"} <= set(written)
    assert "새" in " ".join(written)


def test_a_bridge_of_thin_parts_starts_above_zero_and_one_of_thick_parts_at_zero() -> None:
    assert Decimal(0) < bridge_base(STEPS) < Decimal(2_780_000_000)
    assert bridge_base([Step("a", Decimal(100), total=True), Step("b", Decimal(-90))]) == 0
    assert bridge_base([]) == 0


def test_lying_bars_keep_their_labels_off_the_dotted_line() -> None:
    spec = bridge(STEPS, "KRW", "ko", width=340, upright=False)
    assert {layer["mark"]["dx"] for layer in spec["layer"] if layer["mark"]["type"] == "text"} == {9}


def test_each_part_of_a_bridge_starts_where_the_last_one_ended() -> None:
    (rows,) = bridge(STEPS, "KRW", "ko", width=600)["datasets"].values()
    assert [round(row["to"] - row["from"]) for row in rows[1:3]] == [190_000_000, -270_000_000]
    assert [row["from"] for row in rows[1:3]] == [row["to"] for row in rows[:2]]
    assert rows[2]["to"] == rows[3]["to"] == 2_780_000_000


def quarter(width: int, ahead: Ahead | None = None) -> Spec:
    return cumulative(
        ((date(2025, 10, 1), Decimal(0)), (date(2025, 11, 1), Decimal(1_320_000_000))),
        target=Decimal(2_400_000_000),
        period=(date(2025, 10, 1), date(2025, 12, 31)),
        currency="KRW",
        lang="ko",
        width=width,
        words=("수주", "목표"),
        ahead=ahead,
    )


def test_the_line_ends_at_what_was_won_and_the_target_is_named() -> None:
    spec = quarter(600)
    written = texts(drawn(spec))
    assert {"수주 13.2억", "목표 24억", "0", "10/1", "12/31"} <= set(written)


@pytest.mark.parametrize("width", [640, 330])
def test_the_band_opens_from_what_was_won_to_the_ranges_at_the_end(width: int) -> None:
    half, wide = ((Decimal(2_200_000_000), Decimal(2_400_000_000)), (Decimal(2_040_000_000), Decimal(2_610_000_000)))
    spec = quarter(width, Ahead(Decimal(2_310_000_000), half, wide, ("예측", "지금")))
    bands = [rows for rows in spec["datasets"].values() if any(row.get("z") == float(wide[1]) for row in rows)]
    assert bands == [[{"x": 31, "y": 1.32e9, "z": 1.32e9}, {"x": 91, "y": 2.04e9, "z": 2.61e9}]]
    written = set(texts(drawn(spec)))
    assert {"수주 13.2억", "목표 24억", "지금", "20.4억", "26.1억", "12/31"} <= written
    assert ("예측 23.1억" if width > 400 else "23.1억") in written


def test_a_line_without_target_or_points_can_be_drawn() -> None:
    spec = cumulative(
        (),
        target=None,
        period=(date(2025, 10, 1), date(2025, 12, 31)),
        currency="USD",
        lang="en",
        width=300,
        words=("Won", "Target"),
    )
    assert "Dec\u00a031" in texts(drawn(spec))


def test_on_a_page_colours_follow_the_theme_and_the_chart_is_read_as_one_sentence() -> None:
    svg = str(inline(bridge(STEPS, "KRW", "ko", width=600), 'from "28.6" to 27.8'))
    root = ET.fromstring(svg)  # noqa: S314 - our own output
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'from "28.6" to 27.8'
    assert 'fill="var(--c1, ' in svg
    assert all("style" not in element.attrib for element in root.iter())
    assert len([element for element in root.iter() if "role" in element.attrib]) == 1


def test_on_paper_every_colour_is_opaque() -> None:
    svg = printed(bridge(STEPS, "KRW", "ko", width=600))
    assert "var(" not in svg
    assert not re.findall(r'"#[0-9a-f]{8}"', svg)


@pytest.mark.parametrize("mode", ["light", "page"])
def test_a_chart_has_the_two_weights_of_the_page(mode: Medium) -> None:
    near = Decimal(1_300_000_000)
    ahead = Ahead(near, (near, near + 1), (near - 1, near + 2), ("예측", "지금"))
    svgs = [
        drawn(bridge(STEPS, "KRW", "ko", width=600, mode=mode)),
        drawn(quarter(640, ahead)),
        str(inline(bridge(STEPS, "KRW", "ko", width=600), "")),
    ]
    assert {weight for svg in svgs for weight in re.findall(r'font-weight="(\w+)"', svg)} == {"400", "600"}


def test_a_missing_font_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    fonts.font_folder.cache_clear()
    with pytest.raises(SetupError) as caught:
        fonts.font_folder()
    fonts.font_folder.cache_clear()
    assert caught.value.code == "font_missing"
    assert caught.value.hint is not None


@pytest.mark.parametrize("expected", [66_000_000, 1_300_000_000])
def test_what_stands_beside_the_end_has_a_line_each_and_none_below_the_axis(expected: int) -> None:
    near = Decimal(expected)
    ahead = Ahead(near, (near, near + 1), (near - 1, near + 2), ("예측", "지금"))
    spec = quarter(640, ahead)
    shown = {row["text"]: row["y"] for rows in spec["datasets"].values() for row in rows if "text" in row and row["x"]}
    levels = sorted(level for words, level in shown.items() if not words.startswith(("수주", "지금", "목표")))
    if expected > 1e9:
        assert levels[1] == expected
    line = 2_400_000_000 * 17 / 260
    assert all(above - below >= line for below, above in pairwise(levels)), levels
    assert levels[0] >= line / 3
