"""The Vega libraries for the browser: taken out of the wheel `vl-convert-python`, so that none is kept in our tree."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.metadata import version as metadata_version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

_SNIPPET: Final = "window.vegaEmbed = vegaEmbed;"


@cache
def version() -> str:
    """Name what the bundle holds; it changes when the libraries or what we ask of them change."""
    parts = (metadata_version("vl-convert-python"), _SNIPPET)
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]


def bundle(folder: Path) -> Path:
    """Give the file with the libraries, compressed (gzip); it is made once and kept in `folder`.

    Making it takes seconds. Two that make it at once both end with the same whole file.
    """
    path = folder / f"vega-{version()}.js.gz"
    if not path.is_file():
        import vl_convert  # noqa: PLC0415 - starts a JavaScript engine, which only this needs

        folder.mkdir(parents=True, exist_ok=True)
        made = gzip.compress(vl_convert.javascript_bundle(_SNIPPET).encode(), mtime=0)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(made)
        Path(file.name).replace(path)
    return path
