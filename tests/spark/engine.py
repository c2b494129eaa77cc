"""The other engine: a local Spark session over Parquet of schema raw, and dbt building the project in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.connection import literal
from warehouse.statements import PROJECT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    # A catalogue in memory: the session's own method would start Hive and leave its Derby database behind.
    "spark.sql.catalogImplementation": "in-memory",
    # Our timestamps are UTC without a zone: instants, shown in UTC.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    "spark.sql.sources.default": "parquet",
    # Thousands of rows, a hundred statements: what plans and compiles costs more than what computes.
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


@dataclass(frozen=True)
class Built:
    """What dbt said of one model."""

    name: str
    status: str
    seconds: float
    error: str | None


@contextmanager
def session(folder: Path) -> Iterator[SparkSession]:
    """The session of this process, which dbt's method `session` finds and uses."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("spark-check")
    for name, value in {**SETTINGS, "spark.sql.warehouse.dir": str(folder / "tables")}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def load_raw(spark: SparkSession, warehouse: Path, folder: Path) -> None:
    """Schema raw of the warehouse as Parquet, and that as Spark's schema raw."""
    spark.sql("create schema raw")
    with duckdb.connect(str(warehouse)) as con:
        for (table,) in con.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall():
            file = folder / f"{table}.parquet"
            con.execute(f"copy raw.{table} to {literal(str(file))}")
            spark.sql(f"create table raw.{table} using parquet location '{file}'")


def build(folder: Path, reporting_timezone: str) -> list[Built]:
    """All models and seeds, built anew in the session; those that failed among them. Raises where dbt cannot begin."""
    from dbt.cli.main import dbtRunner

    command = ["build", "--resource-type", "model", "--resource-type", "seed", "--full-refresh", "--target", "spark"]
    command += [
        "--vars",
        json.dumps({"reporting_timezone": reporting_timezone}),
        "--no-partial-parse",
        "--no-write-json",
    ]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet", "--log-level", "none"]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--log-level-file", "info"]
    result = dbtRunner().invoke(command)
    if not hasattr(result.result, "results"):
        raise RuntimeError(f"dbt did not begin: {result.exception}; see {folder / 'logs' / 'dbt.log'}")
    return [
        Built(
            one.node.name, str(one.status.value), one.execution_time, one.message if one.status != "success" else None
        )
        for one in result.result.results
    ]


def exported(spark: SparkSession, mart: str, folder: Path) -> Path:
    """A mart as a folder of Parquet files."""
    path = folder / "marts" / mart
    spark.table(f"marts.{mart}").write.parquet(str(path))
    return path
