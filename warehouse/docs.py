"""`make docs`: every model and column with its definition, as one page, from the same text that is in the database."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from warehouse.connection import StorageSettings, connect
from warehouse.dbt_project import describe_project
from warehouse.migrate import migrate
from warehouse.models import build

PAGE = Path(__file__).parent / "data" / "docs" / "index.html"
# dbt's page calls itself after dbt, and cuts each definition to the width that its empty columns leave.
HEAD = """<title>Soundings: models and columns</title>
<style>
td[style*="max-width: 1px"] { max-width: none !important; min-width: 24em; white-space: normal !important }
</style>
"""


def write_docs(page: Path = PAGE) -> Path:
    """Build an empty warehouse, let dbt describe it, and keep the page."""
    settings = StorageSettings()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        warehouse = data_dir / "soundings.duckdb"
        with connect(warehouse, settings=settings) as con:
            migrate(con)
        build(warehouse, data_dir, settings, reporting_timezone="UTC", full_refresh=True)
        described = describe_project(warehouse, data_dir, settings).read_text("utf-8")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(described.replace("<title>dbt Docs</title>", HEAD, 1), "utf-8")
    return page


if __name__ == "__main__":
    sys.stdout.write(f"{write_docs()}\n")
