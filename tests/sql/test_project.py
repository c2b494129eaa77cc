"""The dbt project as text: two engines, one language; documented where analysts look; raw as the migrations make it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from expectations.engagement_snapshot import NOWHERE_OF_ALL

SQL = Path(__file__).parents[2] / "sql"
MIGRATIONS = SQL.parent / "warehouse/migrations"
LAYERS = ("staging", "intermediate", "marts")
MODELS = [path for layer in LAYERS for path in sorted((SQL / layer).rglob("*.sql"))]

FORBIDDEN = {
    r"\bnow\(|\bcurrent_(date|timestamp)|\btoday\(": "as_of is the only clock",
    r"\bdayofweek|\bweekday\(|\bday_?name\(": "engines number weekdays differently: dim_dates.iso_weekday",
    r"\blog\(|\bln\(|\bregr_": "undefined at the edges, and differently so: guard it in a macro",
    r"(?<!_)\bconcat\(": "NULL in one engine, text in the other: concat_ws or ||",
    r"\bregexp_|(?<![!<>=])~": "differs: a dispatched macro",
    r"\bunnest\(|\bexplode\(|\bgenerate_series\(|\bsequence\(": "differs: a dispatched macro",
    r"count\(\s*distinct[^)]*\)\s*over": "an error in Spark",
    r"array_agg\([^)]*order by": "an error in Spark",
    r"\bdate_?diff|\bdate_add\(|\bdate_sub\(": "differs: add_days or day_number",
    r"\bquantile_cont|\blist\(|\blist_\w+\(|\barg_(max|min)": "DuckDB's own",
    r"\b(max|min)_by\(": "engines break ties differently: row_number with a full order",
    r"\bvarchar\b|\btimestamptz\b": "string; timestamps are UTC without a zone",
    r"\bat time zone|_utc_timestamp\(": "differs: report_date or day_start",
    r"\bwith\s+recursive\b": "limited to 100 levels in Spark",
    r"\berf\(|\blgamma\(": "in one engine, or in none",
    r"(?<![{}*/'<])/(?![*/>])": "x/0 is inf, an error or NULL: the macro ratio",
}


def code(path: Path) -> str:
    """The model without comments and strings, in lower case."""
    text = re.sub(r"--[^\n]*|\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    joined = r"\{[{%].*?[%}]\}"  # `~` joins texts within braces
    text = re.sub(joined, lambda jinja: jinja[0].replace(" ~ ", " "), text, flags=re.DOTALL)
    return re.sub(r"'[^'\n]*'", "''", text).lower()


def order_terms(text: str) -> list[str]:
    """What every ORDER BY orders by, one text a term; frames and closing parentheses end it."""
    terms = []
    for clause in re.split(r"\border by\b", text)[1:]:
        depth, start = 0, 0
        for at, sign in enumerate(clause + ")"):
            depth += (sign == "(") - (sign == ")")
            frame = depth == 0 and re.match(r"\s(rows|range)\s+between", clause[at:])
            if (sign == "," and depth == 0) or depth < 0 or frame:
                terms.append(" ".join(clause[start:at].split()))
                start = at + 1
                if depth < 0 or frame:
                    break
    return terms


def layer_of(path: Path) -> str:
    return path.relative_to(SQL).parts[0]


def properties(kind: str, folder: str) -> list[dict[str, Any]]:
    files = sorted((SQL / folder).rglob("*.yml"))
    return [entry for path in files for entry in yaml.safe_load(path.read_text("utf-8")).get(kind, [])]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_keeps_to_the_language_that_both_engines_speak(path: Path) -> None:
    found = {why: found[0] for rule, why in FORBIDDEN.items() if (found := re.search(rule, code(path)))}
    assert found == {}
    assert [term for term in order_terms(code(path)) if not term.endswith("nulls last")] == []


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_states_its_grain_first_and_stays_short(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith("-- Grain: one row")
    assert len(lines) <= 100


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_only_staging_reads_raw_and_nothing_reads_upwards(path: Path) -> None:
    text = path.read_text("utf-8")
    reads = {
        layer
        for layer in LAYERS
        for name in re.findall(r"ref\('(\w+)'\)", text)
        if any((SQL / layer).rglob(f"{name}.sql"))
    }
    assert ("source(" in text) == (layer_of(path) == "staging")
    assert layer_of(path) != "staging" or not reads
    assert "raw." not in code(path)


def test_where_the_engines_differ_a_macro_knows_both() -> None:
    """A name without its second engine compiles on one of them only, and is noticed on the other alone."""
    text = "".join(path.read_text("utf-8") for path in sorted((SQL / "macros").glob("*.sql")))
    dispatched, duckdb_s, spark_s = (
        set(re.findall(pattern, text))
        for pattern in (r"adapter\.dispatch\('(\w+)'\)", r"macro duckdb__(\w+)", r"macro spark__(\w+)")
    )
    assert dispatched == duckdb_s == spark_s


def test_every_model_is_described_and_every_public_one_has_a_contract() -> None:
    described = {layer: {entry["name"]: entry for entry in properties("models", layer)} for layer in LAYERS}
    for path in MODELS:
        assert described[layer_of(path)][path.stem]["description"].startswith("Grain: one row")
    for entry in described["marts"].values():
        assert entry["config"]["contract"]["enforced"]
        assert all(column["description"].strip() for column in entry["columns"])


def test_the_sources_are_the_tables_that_the_migrations_make() -> None:
    with duckdb.connect() as con:
        for path in sorted(MIGRATIONS.glob("*.sql")):
            con.execute(path.read_text("utf-8"))
        columns = con.execute(
            "select table_name, column_name, lower(data_type) from duckdb_columns() where schema_name = 'raw'"
        ).fetchall()
    listed = [
        (table["name"], column["name"], column["data_type"])
        for source in properties("sources", "staging")
        for table in source["tables"]
        for column in table["columns"]
    ]
    tables = {name for name, _, _ in listed}
    assert set(listed) == {row for row in columns if row[0] in tables}
    assert tables == {
        re.findall(r"source\('raw', '(\w+)'\)", path.read_text())[0] for path in MODELS if layer_of(path) == "staging"
    }


def test_the_capabilities_name_every_platform_and_metric_once() -> None:
    with duckdb.connect() as con:
        rows = con.execute(
            "select platform, metric, reporting from read_csv($1)", [str(SQL / "seeds/platform_metrics.csv")]
        ).fetchall()
    keys = {(platform, metric) for platform, metric, _ in rows}
    platforms, metrics = ({key[n] for key in keys} for n in (0, 1))
    assert len(rows) == len(keys) == len(platforms) * len(metrics)
    told_of_all = {metric for _, metric, reporting in rows if reporting == "reported"}
    assert told_of_all == metrics - set(NOWHERE_OF_ALL)
    assert {reporting for *_, reporting in rows} == {"reported", "partly", "own_only", "never"}
    assert metrics == {
        "likes",
        "replies",
        "reposts",
        "quotes",
        "views",
        "bookmarks",
        "upvotes",
        "downvotes",
        "clicks",
        "followers",
        "threads",
    }
