"""A release: what is in it, for whom, and how `current` comes to point at it."""

from __future__ import annotations

import json
import stat
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from small_marts import ALLOW, COLUMNS, KEY, Publish, change, query

from warehouse import mask
from warehouse.audiences import read_rules
from warehouse.errors import WarehouseError
from warehouse.releases import current_release, list_releases

MODELS = Path(__file__).parents[2] / "sql" / "marts"


def test_the_public_audience_gets_no_personal_datum(published: Publish) -> None:
    release = published()
    rows = query(release / "bi.duckdb", "from marts.fct_mentions order by likes limit 2")
    moment = datetime.fromisoformat("2026-01-15T12:00")
    blanked = "Hi @… and @acme, …@…, x.example/… or …"
    keys = [
        mask.keyed(bytes.fromhex(KEY), text) for text in ("reddit:0", "reddit:author0", "reddit:1", "reddit:author1")
    ]
    assert rows[0] == (keys[0], keys[1], "acme", blanked, "reddit", moment, 0)
    assert rows[1][:4] == (keys[2], keys[3], None, blanked)
    for file in release.rglob("*"):
        if file.is_file() and "restricted" not in file.parts:
            content = file.read_bytes()
            for secret in (b"ann1", b"Ann 1", b"reddit:author", b"mail.example", b"4567", KEY.encode()):
                assert secret not in content, (file, secret)


def test_the_keys_of_accounts_and_authors_join(published: Publish) -> None:
    joined = "from marts.fct_mentions as m join marts.dim_accounts as a on m.author_key = a.account_key"
    assert query(published() / "bi.duckdb", f"select count(*) {joined}") == [(9,)]


def test_the_restricted_audience_gets_all_and_only_its_group_can_read_it(published: Publish) -> None:
    file = published() / "restricted" / "bi.duckdb"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o750
    row = query(file, "select mention_id, author_handle, url, text from marts.fct_mentions where likes = 1")[0]
    assert row[:3] == ("reddit:1", "ann1", "https://x.example/1")
    assert "@ann1" in str(row[3])


def test_every_table_and_column_is_described_in_the_file(published: Publish) -> None:
    release = published()
    for file in ("bi.duckdb", "restricted/bi.duckdb"):
        assert query(
            release / file, "select count(*) from duckdb_columns() where comment is null and not internal"
        ) == [(0,)]
        tables = query(release / file, "select table_name, comment from duckdb_tables() order by 1")
        assert tables == [(name, f"Grain of {name}: it’s this.") for name in sorted(COLUMNS)]
    keyed = "select comment from duckdb_columns() where column_name = 'mention_key'"
    assert query(release / "bi.duckdb", keyed) == [
        ("What mention_id is. Keyed hash (HMAC-SHA256), equal where the id is equal.",)
    ]


def test_readers_of_duckdb_1_can_open_it(published: Publish) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{published() / 'bi.duckdb'}' as bi (read_only)")
        tags = con.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = 'bi'"
        ).fetchone()
    assert tags is not None
    assert str(tags[0]).startswith("v1.2")


def test_the_manifest_tells_rows_columns_checksums_sizes_and_versions(published: Publish) -> None:
    release = published()
    manifest = json.loads((release / "manifest.json").read_text())
    assert (manifest["run_id"], manifest["as_of"]) == ("run-1", "2026-03-01T02:00:00")
    assert set(manifest["versions"]) == {"soundings", "duckdb", "storage"}
    table = manifest["tables"]["fct_mentions"]
    assert table["rows"] == sum(part["rows"] for part in table["parts"].values()) == 9
    assert list(table["parts"]) == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert table["columns"]["restricted"] != table["columns"]["public"]
    files = {str(path.relative_to(release)): path.stat().st_size for path in release.rglob("*") if path.is_file()}
    del files["manifest.json"]
    assert {name: file["size"] for name, file in manifest["files"].items()} == files


def test_a_month_that_did_not_change_is_linked_and_a_changed_one_is_written(
    published: Publish, warehouse_path: Path
) -> None:
    first = published("run-1")
    change(warehouse_path, "update marts.fct_mentions set likes = 99 where likes = 8")
    second = published("run-2")
    same = {path.name: path.samefile(first / path.relative_to(second)) for path in second.glob("marts/*/*.parquet")}
    assert same == {"2026-01.parquet": True, "2026-02.parquet": True, "2026-03.parquet": True, "2026-04.parquet": False}
    assert query(second / "bi.duckdb", "select max(likes), count(*) from marts.fct_mentions") == [(99, 9)]
    assert query(first / "bi.duckdb", "select max(likes) from marts.fct_mentions") == [(8,)]


@pytest.mark.parametrize("changed", [{"tracked_handles": ["acme", "ann1"]}, {"key": "1f" * 32}])
def test_another_key_or_tracked_account_writes_all_anew(published: Publish, changed: dict[str, object]) -> None:
    first = published("run-1")
    second = published("run-2", **changed)
    assert not any(path.samefile(first / path.relative_to(second)) for path in second.glob("marts/fct_mentions/*"))


def test_a_table_without_rows_is_published(published: Publish, warehouse_path: Path) -> None:
    change(warehouse_path, "delete from marts.fct_mentions", "delete from marts.kpi_entity_daily")
    release = published()
    assert query(release / "bi.duckdb", "from marts.fct_mentions") == []
    assert query(release / "restricted/bi.duckdb", "from marts.kpi_entity_daily") == []


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("create table marts.fct_secrets (a int)", "marts.fct_secrets is not in the allow-list"),
        ("create view marts.v as select 1 as a", "marts.v is not in the allow-list"),
        (
            "alter table marts.dim_accounts add column email varchar",
            "marts.dim_accounts.email is not in the allow-list",
        ),
        (
            "alter table marts.dim_accounts drop column handle",
            "marts.dim_accounts.handle is in the allow-list and not there",
        ),
        ("drop table marts.dim_accounts", "marts.dim_accounts is in the allow-list and not in the warehouse"),
        ("comment on column marts.dim_accounts.followers is null", "dim_accounts.followers has no description"),
    ],
)
def test_what_the_allow_list_does_not_say_stops_the_publication(
    published: Publish, warehouse_path: Path, tmp_path: Path, statement: str, wrong: str
) -> None:
    first = published("run-1")
    change(warehouse_path, statement)
    with pytest.raises(WarehouseError, match=wrong):
        published("run-2")
    assert current_release(tmp_path) == first.resolve()
    assert list_releases(tmp_path) == [first]


def test_a_mask_that_does_not_exist_is_refused(published: Publish, tmp_path: Path) -> None:
    (tmp_path / "allow.toml").write_text(ALLOW.replace('"drop"', '"hide"'))
    with pytest.raises(WarehouseError, match="masks are drop, key, blank_text, tracked_only"):
        published()


def test_the_allow_list_names_the_columns_of_the_models() -> None:
    described = {
        model["name"]: {column["name"] for column in model["columns"]}
        for file in MODELS.glob("*.yml")
        for model in yaml.safe_load(file.read_text()).get("models", [])
    }
    assert {name: set(rule.columns) for name, rule in read_rules().items()} == described


def test_what_a_model_calls_personal_is_masked() -> None:
    rules = read_rules()
    for file in MODELS.glob("*.yml"):
        for model in yaml.safe_load(file.read_text()).get("models", []):
            personal = {column["name"] for column in model["columns"] if column["description"].endswith("Personal.")}
            assert personal <= set(rules[model["name"]].personal), model["name"]
