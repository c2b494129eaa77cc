"""`make spark-check`: the whole project on Spark, and every column of every mart as DuckDB has it.

Ends with 1 where a model fails, a mart differs, or one is empty and so was not compared. Where there is no Java
or no Spark nothing can be compared: that is said aloud, and ends with 0.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tests.spark import engine
from tests.spark.compare import Verdict, compare, marts
from tests.spark.world import make_world
from warehouse.connection import SESSION, StorageSettings
from warehouse.models import build

ZONE = "Europe/Berlin"  # its clocks change within the nights
OLDEST_JAVA = 17


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the random world")
    seed = parser.parse_args().seed
    if missing := _missing():
        print(f"\n*** spark-check SKIPPED: {missing}. Nothing was compared. ***\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="spark-check-") as name:
        return _check(Path(name), seed)


def _missing() -> str | None:
    """Why this machine cannot run Spark; None: it can."""
    java = shutil.which("java")
    if java is None:
        return f"no Java on this machine; Spark needs {OLDEST_JAVA} or newer"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        return f"{java} is {said.splitlines()[0] if said else 'silent'}; Spark needs Java {OLDEST_JAVA} or newer"
    if importlib.util.find_spec("pyspark") is None or importlib.util.find_spec("dbt.adapters.spark") is None:
        return "pyspark or dbt-spark is not installed here; `make spark-check` installs the extra `spark`"
    return None


def _check(folder: Path, seed: int) -> int:
    with _timed(f"schema raw of seed {seed}"):
        warehouse = make_world(folder, seed)
    with _timed("models on DuckDB"):
        build(warehouse, folder, StorageSettings(), reporting_timezone=ZONE, full_refresh=True)
    with engine.session(folder) as spark:
        with _timed("schema raw as Parquet"):
            engine.load_raw(spark, warehouse, folder)
        with _timed("models on Spark"):
            built = engine.build(folder, ZONE)
        failed = [model for model in built if model.status != "success"]
        with _timed("comparison"), duckdb.connect(str(warehouse), read_only=True) as con:
            for setting, value in SESSION.items():
                con.execute(f"set {setting} = '{value}'")
            whole = {name: columns for name, columns in marts(con).items() if name not in {one.name for one in failed}}
            verdicts = [
                compare(con, name, columns, engine.exported(spark, name, folder)) for name, columns in whole.items()
            ]
    return _report(built, verdicts)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - start:.0f} s", flush=True)


def _report(built: list[engine.Built], verdicts: list[Verdict]) -> int:
    failed = [model for model in built if model.status != "success"]
    print(f"\n{len(built) - len(failed)} of {len(built)} models and seeds built on Spark")
    for model in failed:
        print(f"  {model.name}: {model.status}: {(model.error or 'needs one that failed')[:1000]}")
    print(f"\n{'mart':<30}{'rows':>8}{'columns':>9}  verdict")
    for verdict in verdicts:
        said = "DIFFERS" if verdict.differences else "EMPTY" if verdict.rows == 0 else "equal"
        untold = f" (NULL in all rows: {', '.join(verdict.untold)})" if verdict.rows and verdict.untold else ""
        print(f"{verdict.mart:<30}{verdict.rows:>8}{verdict.columns:>9}  {said}{untold}")
        for difference in verdict.differences:
            print(f"    {difference}")
    wrong = [v.mart for v in verdicts if v.differences or v.rows == 0]
    print(
        f"\n{len(verdicts) - len(wrong)} of {len(verdicts)} marts are equal, keys and counts exactly, doubles to 1e-9"
    )
    return int(bool(wrong or failed or not verdicts))


if __name__ == "__main__":
    verdict = main()
    sys.stdout.flush()
    os._exit(verdict)  # py4j's threads hold on to DuckDB's objects, whose bindings would fill the terminal with it
