"""`make docs`: one page from the text that is in the database too."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from warehouse.docs import write_docs

SQL = Path(__file__).resolve().parents[2] / "sql"


def test_the_page_holds_every_public_column_with_its_definition(tmp_path: Path) -> None:
    page = write_docs(tmp_path / "index.html").read_text("utf-8")
    assert "<title>Soundings" in page
    assert "Here stands what each table and column means" in page
    models = [m for path in (SQL / "marts").glob("*.yml") for m in yaml.safe_load(path.read_text("utf-8"))["models"]]
    assert {model["name"] for model in models} == {path.stem for path in (SQL / "marts").glob("*.sql")}
    for model in models:
        for column in model["columns"]:
            assert column["name"] in page
    kpi = next(model for model in models if model["name"] == "kpi_entity_daily")
    definition = next(column["description"] for column in kpi["columns"] if column["name"] == "ugc_ratio")
    assert json.dumps(definition.split("\n")[0])[1:-1] in page or definition.split("\n")[0] in page
