"""Start without what nothing here uses of other libraries: pandas, compilers of other engines, Fortran, schemas."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

_ABSENT: Final = "pandas"
"""Arrow asks for it at its first array, and loads it wherever it is installed."""


def _our_engine_alone(module: ModuleType) -> None:
    import_module(f"{module.__name__}.duckdb")


def _special_of_numpy(module: ModuleType) -> None:
    """Give the two functions that stand nowhere else under their names."""
    vars(module)["digamma"] = import_module("scipy.special._ufuncs").psi
    vars(module)["multigammaln"] = import_module("scipy.special._spfun_stats").multigammaln


_INSTEAD: Final[Mapping[str, Callable[[ModuleType], None]]] = {
    # SciPy takes all names of NumPy, this one among them, and would load its compiler of Fortran; it cannot be absent.
    "numpy.f2py": lambda _module: None,
    # SciPy wraps each special function for arrays of other libraries; those for NumPy's stand beside this module.
    "scipy.special._support_alternative_backends": _special_of_numpy,
    # Ibis loads the compilers of twenty engines with that of ours.
    "ibis.backends.sql.compilers": _our_engine_alone,
}
"""Modules that are filled otherwise than by their own code."""


class _Instead(Loader):
    """A loader that fills a module otherwise."""

    def exec_module(self, module: ModuleType) -> None:
        """Put into the module what is used of it."""
        _INSTEAD[module.__name__](module)


class _Unused:
    """A finder of modules that keeps unused ones out."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the loader of a module: one of our own for those that are filled otherwise."""
        if name == _ABSENT:
            raise ModuleNotFoundError(f"{name} is left out: nothing here uses it", name=name)
        found = PathFinder.find_spec(name, path, target) if name in _INSTEAD else None
        if found is not None:
            found.loader = _Instead()
        return found


def without_unused() -> None:
    """Let this process do without pandas and what else nothing here uses: a quarter of the start, and 40 MiB.

    The engine's results are Arrow tables. Libraries that can use pandas ask whether it is there.
    """
    if not {_ABSENT, *_INSTEAD} & sys.modules.keys():
        sys.meta_path.insert(0, _Unused())


class TextsAsGiven:
    """A command, mixed into the parser's class, whose options are taken as they are where they are texts or not given.

    The parser would load pydantic for them: a tenth of a start. A parser that goes another way sees nothing of this.
    """

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - the parser's own classes are private
        """Give the options, `--help` among them."""
        found: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # the parser's class has it
        for parameter in found:
            if not parameter.multiple and parameter.nargs == 1:
                parameter._runtime_param = _AsGiven()  # noqa: SLF001 - where the parser keeps how a value is read
        return found


class _AsGiven:
    """How the value of an option is read: a text as it is, nothing as nothing, the rest by the parser."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - the parser's own classes are private
        if value is None or (isinstance(value, str) and param.type_descriptor.annotation is str):
            return value
        param._runtime_param = None  # noqa: SLF001 - the parser makes its own
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)
