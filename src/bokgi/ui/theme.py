"""Hex colours and the chart theme, made from `tokens.css`: for charts, PDF, mail and files that open anywhere.

The file's colours are oklch in `light-dark(light, dark)` pairs; https://www.w3.org/TR/css-color-4/#ok-lab has the
matrices. A colour outside sRGB loses chroma, never lightness or hue.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from math import cos, radians, sin
from typing import Any, Final, Literal

from bokgi.ui.fonts import FAMILY

Mode = Literal["light", "dark"]
MODES: Final[tuple[Mode, ...]] = ("light", "dark")
Medium = Mode | Literal["page"]
"""What a chart is made for: one theme with its hex colours, or a page, where the colours are its custom properties."""

TEXT: Final = 400
STRONG: Final = 600
"""The two weights of our type, as in `tokens.css`."""

SCREEN: Final = ("screen.css", "narrow.css", "paper.css")
"""The style sheets that only a web page has, in their order: what a page is, on a narrow screen, on paper."""

_TOKEN: Final = re.compile(r"^\s*--([\w-]+):\s*(light-dark\(.*\)|oklch\([^)]*\))\s*;", re.MULTILINE)
_SHADE: Final = re.compile(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)(?: / ([\d.]+))?\)")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_LINEAR: Final = 0.0031308
_STEPS: Final = 24


@cache
def stylesheet(name: str) -> str:
    """Give one of our style sheets (`tokens.css`, `components.css`, one of `SCREEN`) as text."""
    return (files("bokgi.ui") / "static" / "bokgi" / name).read_text(encoding="utf-8")


def _linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _fits(rgb: tuple[float, float, float]) -> bool:
    return all(-0.0005 <= part <= 1.0005 for part in rgb)  # noqa: PLR2004 - one step of eight bits is 0.004


def _byte(linear: float) -> int:
    clipped = min(max(linear, 0.0), 1.0)
    encoded = 12.92 * clipped if clipped <= _LINEAR else 1.055 * clipped ** (1 / 2.4) - 0.055
    return round(encoded * 255)


def hex_colour(lightness: float, chroma: float, hue: float, alpha: float = 1.0) -> str:
    """Turn oklch into `#rrggbb`, or `#rrggbbaa` where it is not opaque.

    >>> hex_colour(1, 0, 0), hex_colour(0.627955, 0.257683, 29.2339)
    ('#ffffff', '#ff0000')
    """
    rgb = _linear_rgb(lightness, chroma, hue)
    if not _fits(rgb):
        inside, outside = 0.0, chroma
        for _ in range(_STEPS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if _fits(_linear_rgb(lightness, middle, hue)) else (inside, middle)
        rgb = _linear_rgb(lightness, inside, hue)
    text = "#" + "".join(f"{_byte(part):02x}" for part in rgb)
    return text if alpha >= 1 else f"{text}{round(alpha * 255):02x}"


@cache
def palette(mode: Medium) -> dict[str, str]:
    """Give every colour token as hex: `{"bg": "#fafbfc", …}`; for a page as `var(--bg)`.

    >>> palette("light")["surface"], palette("page")["surface"]
    ('#ffffff', 'var(--surface)')
    """
    if mode == "page":
        return {name: f"var(--{name})" for name in palette("light")}
    place = MODES.index(mode)
    colours = {}
    for name, value in _TOKEN.findall(stylesheet("tokens.css")):
        shades = [[float(part) for part in shade if part] for shade in _SHADE.findall(value)]
        colours[name] = hex_colour(*shades[min(place, len(shades) - 1)])
    return colours


def over(colour: str, behind: str) -> str:
    """Flatten a colour with alpha onto an opaque one, for media without transparency.

    >>> over("#00000080", "#ffffff"), over("#123456", "#ffffff")
    ('#7f7f7f', '#123456')
    """
    if len(colour) == len(behind):
        return colour
    alpha = int(colour[7:9], 16) / 255
    pairs = ((int(colour[place : place + 2], 16), int(behind[place : place + 2], 16)) for place in (1, 3, 5))
    return "#" + "".join(f"{int(front * alpha + back * (1 - alpha)):02x}" for front, back in pairs)


def hex_stylesheet() -> str:
    """Give `tokens.css` with hex colours and no `light-dark()`: older browsers and mail programs read it, too."""

    def declarations(mode: Mode) -> str:
        return " ".join(f"--{name}: {value};" for name, value in palette(mode).items())

    lines = _COMMENT.sub("", stylesheet("tokens.css")).splitlines()
    rest = "\n".join(line for line in lines if line and "oklch(" not in line and "color-scheme" not in line)
    light, dark = declarations("light"), declarations("dark")
    return (
        f"{rest}\n:root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f'[data-theme="light"] {{ color-scheme: light; {light} }}\n'
        f'@media screen {{ [data-theme="dark"] {{ color-scheme: dark; {dark} }} }}\n'
    )


def vega_config(mode: Medium) -> dict[str, Any]:
    """Give the Vega-Lite theme: our type, colours, hairlines; the same as the style sheet's.

    A page adds its own type when it draws.
    """
    colour = palette(mode)
    font = {} if mode == "page" else {"font": FAMILY}
    axis_font = {} if mode == "page" else {"labelFont": FAMILY, "titleFont": FAMILY}
    return {
        "background": "transparent",
        **font,
        "padding": 4,
        "view": {"stroke": None},
        "axis": {
            **axis_font,
            "labelFontSize": 12,
            "labelColor": colour["text-3"],
            "titleFontSize": 12,
            "titleFontWeight": TEXT,
            "titleColor": colour["text-3"],
            "domainColor": colour["line-strong"],
            "tickColor": colour["line-strong"],
            "gridColor": colour["grid"],
            "labelPadding": 6,
        },
        "text": font | {"fontSize": 12, "fontWeight": TEXT, "color": colour["text"]},
        "bar": {"color": colour["c1"]},
        "line": {"color": colour["c1"], "strokeWidth": 2},
        "point": {"color": colour["c1"], "filled": True},
        "rule": {"color": colour["text-3"]},
        "range": {"category": [colour[name] for name in ("c1", "c2", "c3", "c4")]},
    }
