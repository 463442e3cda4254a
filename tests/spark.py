"""One local Spark session for all tests that ask for it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from typing import Any

import ibis
import pytest


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Give Ibis on Spark in this process; skip where Java or pyspark is missing."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed (java is not on the path)")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed (the extra spark)")
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional dependency

    settings = {
        "spark.sql.shuffle.partitions": "1",
        "spark.default.parallelism": "1",
        # The process ends before what the second compiler optimises pays.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.log.level": "ERROR",
        # Compiling each plan to bytecode takes longer than running it on a handful of rows.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("bokgi-tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield ibis.pyspark.connect(session)
    session.stop()
