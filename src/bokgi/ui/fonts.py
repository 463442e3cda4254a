"""Where the Korean type lies: NanumGothic from an installed wheel, found by path and never imported."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bokgi.domain.errors import SetupError
from bokgi.domain.messages import N_, Message

FAMILY: Final = "NanumGothic"
_PACKAGE: Final = "koreanize_matplotlib"


@cache
def font_folder() -> Path:
    """Give the folder that holds the Korean type; `SetupError` when the wheel is not installed."""
    spec = find_spec(_PACKAGE)
    for place in spec.submodule_search_locations or () if spec is not None else ():
        folder = Path(place) / "fonts"
        if (folder / "NanumGothic.ttf").is_file():
            return folder
    raise SetupError(
        "font_missing",
        Message(N_("The Korean type (NanumGothic) is not installed.")),
        Message(N_("Run the set-up again: python3 run.py")),
    )
