"""Hex colours are those of tokens.css, and readable."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations, product
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from bokgi.ui.theme import (
    MODES,
    STRONG,
    TEXT,
    Mode,
    hex_colour,
    hex_stylesheet,
    over,
    palette,
    stylesheet,
    vega_config,
)


def luminance(colour: str) -> float:
    linear = linear_of(colour)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def linear_of(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("oklch", "expected"),
    [
        # Reference values of CSS Color 4: https://www.w3.org/TR/css-color-4/#ok-lab
        ((1.0, 0.0, 0.0), "#ffffff"),
        ((0.0, 0.0, 0.0), "#000000"),
        ((0.627955, 0.257683, 29.2339), "#ff0000"),
        ((0.86644, 0.294827, 142.4953), "#00ff00"),
        ((0.452014, 0.313214, 264.052), "#0000ff"),
        ((0.51975, 0.17686, 142.495), "#008000"),
    ],
)
def test_oklch_becomes_the_hex_that_browsers_show(oklch: tuple[float, float, float], expected: str) -> None:
    assert hex_colour(*oklch) == expected


def test_a_colour_outside_srgb_keeps_its_lightness() -> None:
    assert luminance(hex_colour(0.7, 0.4, 150)) == pytest.approx(luminance(hex_colour(0.7, 0.1, 150)), rel=0.15)


def test_alpha_stays_or_is_flattened() -> None:
    assert hex_colour(0, 0, 0, 0.5) == "#00000080"
    assert over("#00000080", "#ffffff") == "#7f7f7f"


def test_every_colour_token_of_the_file_is_in_both_palettes() -> None:
    declared = set(re.findall(r"--([\w-]+):\s*(?:light-dark|oklch)\(", stylesheet("tokens.css")))
    assert declared
    assert set(palette("light")) == declared == set(palette("dark"))


@pytest.mark.parametrize(
    ("mode", "text", "surface"),
    list(product(MODES, ("text", "text-2", "text-3"), ("bg", "rail", "surface", "surface-2", "surface-3"))),
)
def test_text_is_readable_on_every_surface(mode: Mode, text: str, surface: str) -> None:
    colours = palette(mode)
    assert contrast(colours[text], colours[surface]) >= 4.5


@pytest.mark.parametrize(
    ("mode", "word", "behind"),
    [
        (mode, *pair)
        for mode in MODES
        for pair in [
            ("good", "good-soft"),
            ("bad", "bad-soft"),
            ("bad", "bad-wash"),
            ("warn", "warn-soft"),
            ("accent", "surface"),
            ("accent", "accent-soft"),
            ("text", "h5"),
            ("text-2", "h5"),
        ]
    ],
)
def test_verdicts_and_heat_are_readable(mode: Mode, word: str, behind: str) -> None:
    assert contrast(palette(mode)[word], palette(mode)[behind]) >= 4.5


@pytest.mark.parametrize(("mode", "mark"), list(product(MODES, ("c1", "c3", "c4", "c0", "mark", "mark-2", "bad"))))
def test_marks_stand_out_from_the_page(mode: Mode, mark: str) -> None:
    assert contrast(palette(mode)[mark], palette(mode)["surface"]) >= 3


def test_the_hex_sheet_needs_no_new_browser_and_keeps_every_other_token() -> None:
    sheet = hex_stylesheet()
    assert "oklch" not in sheet
    assert "light-dark(" not in sheet
    for token in ("--t-14", "--s-4", "--font", "--row"):
        assert token in sheet
    assert f"--bg: {palette('dark')['bg']}" in sheet


def test_charts_use_the_same_colours() -> None:
    assert vega_config("dark")["bar"]["color"] == palette("dark")["c1"]


def test_there_are_two_weights_and_paper_asks_for_those_that_its_type_has() -> None:
    assert dict(re.findall(r"--w-(text|strong): (\d+)", stylesheet("tokens.css"))) == {
        "text": str(TEXT),
        "strong": str(STRONG),
    }
    package = Path(str(files("bokgi")))
    for sheet in package.rglob("*.css"):
        weights = set(re.findall(r"font-weight:\s*([^;}]+)", sheet.read_text(encoding="utf-8")))
        assert weights <= {"var(--w-text)", "var(--w-strong)"}, sheet.name
    for paper in package.rglob("*.typ"):
        weights = set(re.findall(r"weight: (?:if .*? \{ )?(\"\w+\"|\d+)", paper.read_text(encoding="utf-8")))
        assert weights <= {'"regular"', '"bold"'}, paper.name


# Machado, Oliveira and Fernandes 2009, severity 1: what linear sRGB becomes for who lacks one kind of cone.
_LACKING: Final = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# Of CSS Color 4: linear sRGB to cones, cones to OKLab.
_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OKLAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_APART: Final = 0.07
"""A distance in OKLab; 0.02 is about what an eye can tell."""


def apart(one: str, other: str, lacking: str) -> float:
    """Give the distance of two colours for an eye that lacks a kind of cone."""
    seen = [np.clip(np.array(_LACKING[lacking]) @ linear_of(colour), 0, 1) for colour in (one, other)]
    first, second = (_OKLAB @ np.cbrt(_CONES @ linear) for linear in seen)
    return float(np.linalg.norm(first - second))


@pytest.mark.parametrize(("mode", "lacking"), list(product(MODES, _LACKING)))
def test_colours_of_a_chart_keep_apart_for_eyes_that_lack_a_kind_of_cone(mode: Mode, lacking: str) -> None:
    colours, series = palette(mode), vega_config(mode)["range"]["category"]
    # What stands side by side: series of a chart, the bars of a bridge, a line beside what it is compared with.
    drawn = [*combinations(series, 2), *combinations([colours[name] for name in ("c1", "mark", "mark-2")], 2)]
    for one, other in [*drawn, (colours["c1"], colours["c0"])]:
        assert apart(one, other, lacking) > _APART, (one, other)


def test_red_and_olive_are_told_apart_by_some_eyes_only() -> None:
    assert apart("#c04040", "#80802a", "deutan") < _APART < apart("#c04040", "#80802a", "tritan")
