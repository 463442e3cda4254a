"""Marks on paper, where there is no style sheet: their classes become colours."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup

from bokgi.ui.marks import HATCH
from bokgi.ui.theme import STRONG, palette

PAINT: Final = {
    "grid-l": {"stroke": "grid"},
    "ref-s": {"stroke": "text-3", "stroke-width": "1.5"},
    "ref-l": {"stroke": "text-3", "stroke-dasharray": "3 3"},
    "tgt-l": {"stroke": "text", "stroke-width": "1.25"},
    "axis-l": {"stroke": "line-strong"},
    "on": {"fill": "on-c1"},
    "t1": {"fill": "text"},
    "ts": {"font-weight": str(STRONG)},
    "w1": {"stroke": "c1", "stroke-width": "1.75"},
    "wb": {"stroke": "bad", "stroke-width": "1.75"},
    "wg": {"stroke": "good", "stroke-width": "1.75"},
    "w0": {"stroke": "c0", "stroke-width": "1.5"},
    "d1": {"fill": "c1"},
    "db": {"fill": "bad"},
    "dg": {"fill": "good"},
    "d0": {"fill": "mark-2"},
    "dk": {"fill": "mark"},
    "dhk": {"fill": "surface", "stroke": "mark", "stroke-width": "1.75"},
    "t2": {"fill": "text-2"},
    "ring": {"stroke": "surface", "stroke-width": "2"},
    "ln-0": {"fill": "none", "stroke": "c0", "stroke-width": "1.5"},
    "bar": {"fill": "c1"},
    "bar-0": {"fill": "surface-3"},
    "bar-n": {"fill": "mark-2"},
    "bar-k": {"fill": "mark"},
    "edge-h": {"stroke": "line-strong", "stroke-width": "1"},
    "hatch-bg": {"fill": "surface-2"},
    "hatch-l": {"stroke": "c0", "stroke-width": "1.1"},
}
"""What `components.css` says about the classes used here, for paper, where there is no style sheet."""

_CLASS: Final = re.compile(r' class="([^"]*)"')


def printed(mark: Markup) -> str:
    """Give a mark for paper: a drawing of its own with light colours written out."""
    colours = palette("light")

    def painted(found: re.Match[str]) -> str:
        pairs = [pair for name in found[1].split() for pair in PAINT.get(name, {}).items()]
        return "".join(f' {name}="{colours.get(value, value)}"' for name, value in pairs)

    text, defined = str(mark), str(HATCH)
    hatch = defined[defined.index("<defs>") : defined.index("</svg>")] if "url(#hatch)" in text else ""
    alone = text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    opening = alone.index(">") + 1
    return _CLASS.sub(painted, f"{alone[:opening]}{hatch}{alone[opening:]}")
