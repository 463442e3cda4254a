"""Icons: 16 px line drawings that take the colour of the text beside them; `icons.svg` holds one symbol each."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

from markupsafe import Markup, escape

_SYMBOL: Final = re.compile(r'<symbol id="([a-z]+)"[^>]*>(.*)</symbol>')

BRAND: Final = Markup(
    '<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="13" cy="10" r="5.6" fill="none" stroke="currentColor" '
    'stroke-width="1.4"/><circle cx="7" cy="10" r="6.3" fill="currentColor"/></svg>'
)
"""The sign of the product: two stones."""


@cache
def _symbols() -> dict[str, str]:
    return dict(_SYMBOL.findall((files("bokgi.ui") / "icons.svg").read_text(encoding="utf-8")))


def icon_names() -> tuple[str, ...]:
    """Give the names that `icon` knows."""
    return tuple(_symbols())


def icon(name: str, *, small: bool = False, label: str = "") -> Markup:
    """Draw an icon; beside a word it is hidden from the screen reader, alone it needs a `label`.

    >>> icon("check", small=True)
    Markup('<svg class="i i-12" viewBox="0 0 16 16" aria-hidden="true"><path d="M3 8.5l3.25 3.25L13 5"/></svg>')
    """
    said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    css = "i i-12" if small else "i"
    return Markup(f'<svg class="{css}" viewBox="0 0 16 16" {said}>{_symbols()[name]}</svg>')  # noqa: S704 - our own drawings; the label is escaped
