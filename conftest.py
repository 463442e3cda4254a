"""Rules for every test, also for the examples in docstrings."""

from __future__ import annotations

import functools
import gc
import os
import sys
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from bokgi.project import COLLECTION

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

# As the command line does: the tests run in as many processes as there are cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
gc.set_threshold(*COLLECTION)

# Time never decides whether a test passes.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

NEEDS_DATABASE = {"db", "transactional_db", "live_server"}
OTHER_DATABASE = "BOKGI_TEST_DATABASE" in os.environ
NO_SKIPS = os.environ.get("BOKGI_NO_SKIPS") == "1"


P = ParamSpec("P")
R = TypeVar("R")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Measure only our own code: Ibis putting SQL together takes twice as long when each of its lines is followed."""
    if not session.config.pluginmanager.hasplugin("_cov"):
        return
    from ibis.backends.duckdb import Backend  # noqa: PLC0415 - only where coverage is measured

    for name in ("compile", "create_table", "execute", "to_pyarrow"):
        setattr(Backend, name, _not_followed(getattr(Backend, name)))


def _not_followed(function: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(function)
    def called(*args: P.args, **options: P.kwargs) -> R:
        following = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*args, **options)
        finally:
            sys.settrace(following)

    return called


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on another database than the usual one, what asks no database: it ran already."""
    if not OTHER_DATABASE:
        return
    asking = [
        item
        for item in items
        if item.get_closest_marker("django_db") or NEEDS_DATABASE & set(getattr(item, "fixturenames", ()))
    ]
    left = set(items) - set(asking)
    config.hook.pytest_deselected(items=list(left))
    items[:] = asking


def _as_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure; an expected failure (xfail) also reports itself as skipped and stays."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Skips are forbidden here (BOKGI_NO_SKIPS=1), and this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test where skips are forbidden."""
    report = yield
    if NO_SKIPS:
        _as_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a file that skips itself while it is collected, where skips are forbidden."""
    report = yield
    if NO_SKIPS:
        _as_failure(report)
    return report
