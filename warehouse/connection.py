"""How a DuckDB file is opened: the one place that decides it, for us and for dbt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import WarehouseError

READABLE_BY_1X = "v1.2.0"
"""Storage version of what is published: a file of DuckDB 2 in its own version cannot be opened by 1.x readers."""


@dataclass(frozen=True)
class StorageSettings:
    """How much of the machine DuckDB may take; `temp_directory` None spills beside the file."""

    memory_limit: str = "1GB"
    threads: int = 2
    temp_directory: Path | None = None

    def config(self, path: Path | None) -> dict[str, str]:
        """The instance's configuration: equal for all that open `path` in one process, or DuckDB refuses the second."""
        spill = self.temp_directory or (path.with_name(path.name + ".spill") if path else None)
        return {
            # Merging partial row groups at every checkpoint costs 13 s and 4.5 GB at 10M rows of history.
            "max_vacuum_tasks": "0",
            "memory_limit": self.memory_limit,
            "threads": str(self.threads),
            # Keeping the order of insertion costs memory, and no table here means anything by it.
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            **({"temp_directory": str(spill)} if spill else {}),
        }


SESSION: dict[str, str] = {"TimeZone": "UTC"}
"""Settings that DuckDB takes only after it is open."""

LOCKED_DOWN: dict[str, str] = {"enable_external_access": "false", "lock_configuration": "true"}
"""`read_only` alone still reads any other file on the machine."""


def connect(
    path: Path | None, *, read_only: bool = False, settings: StorageSettings | None = None, locked_down: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open the file at `path` (None: a database in memory); `locked_down` cuts it off from every other file.

    Raises WarehouseError where it is missing (read_only), no database, newer than this DuckDB, or held by a process.
    """
    config = (settings or StorageSettings()).config(path)
    try:
        con = duckdb.connect(str(path or ":memory:"), read_only=read_only, config=config)
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be opened: {str(error).splitlines()[0]}") from error
    for name, value in SESSION.items():
        con.execute(f"set {name} = '{value}'")
    for name, value in LOCKED_DOWN.items() if locked_down else ():
        con.execute(f"set {name} = '{value}'")
    return con


def attach(con: duckdb.DuckDBPyConnection, path: Path, alias: str, *, read_only: bool) -> None:
    """Attach `path` as `alias`; a file that is written is made in the storage version that DuckDB 1.x can read."""
    options = "read_only" if read_only else f"storage_version '{READABLE_BY_1X}'"
    try:
        con.execute(f"attach {literal(str(path))} as {identifier(alias)} ({options})")
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be opened: {str(error).splitlines()[0]}") from error


def profile(settings: StorageSettings, path: Path, *, schema: str = "marts") -> dict[str, Any]:
    """dbt-duckdb's output that opens `path` exactly as `connect` does; close ours before dbt opens it."""
    return {
        "type": "duckdb",
        "path": str(path),
        "schema": schema,
        "threads": 1,  # models at a time; within a model DuckDB uses its own threads
        "config_options": settings.config(path),
        "settings": dict(SESSION),
    }


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session of its own in one transaction: kept whole where the block ends, not at all where it raises.

    Variables and temporary tables end with the session. After an error, COMMIT would silently keep nothing.
    """
    with con.cursor() as work:
        work.execute("begin")
        try:
            yield work
            work.execute("commit")
        except BaseException:
            work.execute("rollback")
            raise


def literal(text: str) -> str:
    """`text` as an SQL string, for statements that take no parameters (ATTACH, COPY, COMMENT)."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
