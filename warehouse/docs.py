"""`make docs`: every model and column with its definition, as one page, from the same text that is in the database."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from warehouse.connection import StorageSettings, connect
from warehouse.dbt_project import describe_project
from warehouse.migrate import migrate
from warehouse.models import build

PAGE = Path(__file__).parent / "data" / "docs" / "index.html"


def write_docs(page: Path = PAGE) -> Path:
    """Build an empty warehouse, let dbt describe it, and keep the page."""
    settings = StorageSettings()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        warehouse = data_dir / "soundings.duckdb"
        with connect(warehouse, settings=settings) as con:
            migrate(con)
        build(warehouse, data_dir, settings, reporting_timezone="UTC", full_refresh=True)
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(describe_project(warehouse, data_dir, settings), page)
    return page


if __name__ == "__main__":
    sys.stdout.write(f"{write_docs()}\n")
