"""Start without what nothing here uses: pandas, which Arrow loads at the first array, and NumPy's Fortran interface."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

_ABSENT: Final = "pandas"
_EMPTY: Final = "numpy.f2py"
"""SciPy takes all names of NumPy, this one among them, and would load its compiler; it cannot be absent."""


class _Nothing(Loader):
    """A loader that leaves a module empty."""

    def exec_module(self, module: ModuleType) -> None:
        """Put nothing into the module."""


class _Unused:
    """A finder of modules that keeps unused ones out."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the loader of a module: one of our own for the empty one alone."""
        del path, target
        if name == _ABSENT:
            raise ModuleNotFoundError(f"{name} is left out: nothing here uses it", name=name)
        return ModuleSpec(name, _Nothing()) if name == _EMPTY else None


def without_unused() -> None:
    """Let this process do without pandas and `numpy.f2py`: they would take a quarter of the start and 40 MiB.

    The engine's results are Arrow tables. Libraries that can use pandas ask whether it is there.
    """
    if not {_ABSENT, _EMPTY} & sys.modules.keys():
        sys.meta_path.insert(0, _Unused())
