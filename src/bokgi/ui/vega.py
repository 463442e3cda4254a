"""The Vega libraries for the browser: taken out of the wheel `vl-convert-python`, so that none is kept in our tree."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

_SNIPPET: Final = "window.vegaEmbed = vegaEmbed;"


@cache
def version() -> str:
    """Name what the bundle holds; it changes when the libraries or what we ask of them change."""
    import vl_convert  # noqa: PLC0415 - starts a JavaScript engine, which only charts need

    parts = (vl_convert.get_vega_version(), vl_convert.get_vegalite_versions()[-1], vl_convert.get_vega_embed_version())
    return hashlib.sha256(" ".join((*map(str, parts), _SNIPPET)).encode()).hexdigest()[:12]


def bundle(folder: Path) -> Path:
    """Give the file with the libraries, compressed (gzip); it is made once and kept in `folder`.

    Making it takes seconds. Two that make it at once both end with the same whole file.
    """
    path = folder / f"vega-{version()}.js.gz"
    if not path.is_file():
        import vl_convert  # noqa: PLC0415 - as above

        folder.mkdir(parents=True, exist_ok=True)
        made = gzip.compress(vl_convert.javascript_bundle(_SNIPPET).encode(), mtime=0)
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(made)
        Path(file.name).replace(path)
    return path
