"""No public column changes in silence: what was promised is listed, and a difference needs a line in CHANGELOG.md."""

from __future__ import annotations

import pytest
from public_columns import CHANGELOG, Columns, contracts, promised, untold

BEFORE = {("kpi_a", "day"): "date", ("kpi_a", "posts"): "bigint", ("kpi_b", "day"): "date"}
NOW = {
    "added": {**BEFORE, ("kpi_a", "views"): "bigint"},
    "removed": {key: kind for key, kind in BEFORE.items() if key != ("kpi_a", "posts")},
    "retyped": {**BEFORE, ("kpi_a", "posts"): "double"},
    "renamed": {("kpi_a", "day"): "date", ("kpi_a", "mentions"): "bigint", ("kpi_b", "day"): "date"},
    "a new model": {**BEFORE, ("kpi_c", "day"): "date"},
    "a model that went": {key: kind for key, kind in BEFORE.items() if key[0] == "kpi_a"},
}
LINES = {
    "added": "| `kpi_a` | columns | – | `views`: how often it was seen |",
    "removed": "| `kpi_a` | columns | `posts` | – |",
    "retyped": "| `kpi_a.posts` | type | `bigint` | `double` |",
    "renamed": "| `kpi_a` | names | `posts` | `mentions` |",
    "a new model": "| `kpi_c` | new | – | one row per day |",
    "a model that went": "| `kpi_b` | removed | one row per day | – |",
}
BESIDE = (  # lines that speak of something else
    "| `kpi_b` | columns | `posts`, `day` | `views`, `mentions`, `day` |",
    "| `kpi_a` | columns | `views`, `mentions` | `posts` |",
    "| `kpi_a.posts` | meaning | posts | `double` |",
    "| `kpi_a`, `kpi_b`, `kpi_c` | columns | – | more |",
)
TABLE = "| model | change | old | new |\n|---|---|---|---|\n"


def changelog(newest: str, older: str = "") -> str:
    return f"# Changelog\n\n## 0.2.0\n{TABLE}{newest}\n\n## 0.1.0\n{TABLE}{older}\n"


def test_every_public_column_is_what_was_promised_or_its_change_is_told() -> None:
    before = {key: kind for key, (kind, _) in promised().items()}
    assert untold(before, contracts(), CHANGELOG.read_text("utf-8")) == []


@pytest.mark.parametrize("change", NOW)
def test_a_change_needs_a_line_of_its_own_in_the_newest_section(change: str) -> None:
    assert untold(BEFORE, NOW[change], changelog("\n".join(BESIDE))) != []
    assert untold(BEFORE, NOW[change], changelog("", LINES[change])) != []
    assert untold(BEFORE, NOW[change], changelog(LINES[change])) == []


def test_a_rename_tells_both_names() -> None:
    for half in ("| `kpi_a` | names | `posts` | – |", "| `kpi_a` | names | – | `mentions` |"):
        assert len(untold(BEFORE, NOW["renamed"], changelog(half))) == 1


def doctored(change: str) -> Columns:
    now = contracts()
    kind = now.pop(("kpi_entity_daily", "unique_authors"))
    if change != "removed":
        now["kpi_entity_daily", "people" if change == "renamed" else "unique_authors"] = (
            "double" if change == "retyped" else kind
        )
    if change == "added":
        now["kpi_entity_daily", "people"] = kind
    return now


@pytest.mark.parametrize("change", ["added", "removed", "renamed", "retyped"])
def test_our_own_contracts_cannot_change_in_silence(change: str) -> None:
    found = untold(contracts(), doctored(change), CHANGELOG.read_text("utf-8"))
    assert found
    assert all(line.startswith("kpi_entity_daily.") for line in found)
