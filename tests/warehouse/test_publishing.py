"""A release: what is in it, for whom, and how `current` comes to point at it."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from small_marts import ALLOW, COLUMNS, KEY, change, make_marts

from warehouse import mask
from warehouse.audiences import read_rules
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.publish import publish, rollback
from warehouse.releases import current_release, list_releases, prune, read_manifest, switch

AS_OF = datetime.fromisoformat("2026-03-01T02:00")
Publish = Callable[..., Path]
MODELS = Path(__file__).parents[2] / "sql" / "marts"


@pytest.fixture
def warehouse_path(tmp_path: Path) -> Path:
    return make_marts(tmp_path)[0]


@pytest.fixture
def published(tmp_path: Path, warehouse_path: Path) -> Publish:
    def run(run_id: str = "run-1", **options: object) -> Path:
        wanted = {"key": KEY, "tracked_handles": ["acme"], "allow_list": tmp_path / "allow.toml", **options}
        return publish(warehouse_path, tmp_path, run_id, AS_OF, **wanted)  # type: ignore[arg-type]

    return run


def _query(file: Path, query: str) -> list[tuple[object, ...]]:
    with connect(file, read_only=True) as con:
        return con.execute(query).fetchall()


def test_the_public_audience_gets_no_personal_datum(published: Publish) -> None:
    release = published()
    rows = _query(release / "bi.duckdb", "from marts.fct_mentions order by likes limit 2")
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
    assert _query(published() / "bi.duckdb", f"select count(*) {joined}") == [(9,)]


def test_the_restricted_audience_gets_all_and_only_its_group_can_read_it(published: Publish) -> None:
    file = published() / "restricted" / "bi.duckdb"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o750
    row = _query(file, "select mention_id, author_handle, url, text from marts.fct_mentions where likes = 1")[0]
    assert row[:3] == ("reddit:1", "ann1", "https://x.example/1")
    assert "@ann1" in str(row[3])


def test_every_table_and_column_is_described_in_the_file(published: Publish) -> None:
    release = published()
    for file in ("bi.duckdb", "restricted/bi.duckdb"):
        assert _query(
            release / file, "select count(*) from duckdb_columns() where comment is null and not internal"
        ) == [(0,)]
        tables = _query(release / file, "select table_name, comment from duckdb_tables() order by 1")
        assert tables == [(name, f"Grain of {name}: it’s this.") for name in sorted(COLUMNS)]
    keyed = "select comment from duckdb_columns() where column_name = 'mention_key'"
    assert _query(release / "bi.duckdb", keyed) == [
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
    assert _query(second / "bi.duckdb", "select max(likes), count(*) from marts.fct_mentions") == [(99, 9)]
    assert _query(first / "bi.duckdb", "select max(likes) from marts.fct_mentions") == [(8,)]


@pytest.mark.parametrize("changed", [{"tracked_handles": ["acme", "ann1"]}, {"key": "1f" * 32}])
def test_another_key_or_tracked_account_writes_all_anew(published: Publish, changed: dict[str, object]) -> None:
    first = published("run-1")
    second = published("run-2", **changed)
    assert not any(path.samefile(first / path.relative_to(second)) for path in second.glob("marts/fct_mentions/*"))


def test_a_table_without_rows_is_published(published: Publish, warehouse_path: Path) -> None:
    change(warehouse_path, "delete from marts.fct_mentions", "delete from marts.kpi_entity_daily")
    release = published()
    assert _query(release / "bi.duckdb", "from marts.fct_mentions") == []
    assert _query(release / "restricted/bi.duckdb", "from marts.kpi_entity_daily") == []


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


def test_publishing_a_run_again_makes_nothing_new(published: Publish, tmp_path: Path) -> None:
    first = published("run-1")
    made = (first / "manifest.json").stat()
    assert published("run-1") == first
    assert (first / "manifest.json").stat() == made
    assert list_releases(tmp_path) == [first]


def test_a_run_that_went_on_after_its_release_gets_a_second_one(
    published: Publish, warehouse_path: Path, tmp_path: Path
) -> None:
    first = published("run-1")
    change(warehouse_path, "delete from marts.fct_mentions where likes = 8")
    second = published("run-1")
    assert (second.name, current_release(tmp_path)) == ("run-1.2", second.resolve())
    assert _query(first / "bi.duckdb", "select count(*) from marts.fct_mentions") == [(9,)]


def test_the_newest_releases_are_kept_and_the_current_one_always(published: Publish, tmp_path: Path) -> None:
    for number in range(1, 5):
        published(f"run-{number}", keep=3)
    assert [path.name for path in list_releases(tmp_path)] == ["run-2", "run-3", "run-4"]
    rollback(tmp_path, "run-2")
    prune(tmp_path, 1)
    assert [path.name for path in list_releases(tmp_path)] == ["run-2", "run-4"]


def test_a_killed_publication_is_cleared_by_the_next(published: Publish, tmp_path: Path) -> None:
    for leftover in ("run-0.tmp/marts", "run-0.tmp-spill", "run-9.tmp-old"):
        (tmp_path / "releases" / leftover).mkdir(parents=True)
    (tmp_path / "current.tmp").symlink_to("nowhere")
    release = published("run-0")
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["run-0"]
    assert (tmp_path / "current").readlink() == Path("releases/run-0")
    assert current_release(tmp_path) == release.resolve()
    assert not os.path.lexists(tmp_path / "current.tmp")


def test_rollback_goes_to_the_release_before_or_the_named_one(published: Publish, tmp_path: Path) -> None:
    releases = [published(f"run-{number}") for number in (1, 2, 3)]
    assert rollback(tmp_path) == releases[1]
    assert rollback(tmp_path) == releases[0]
    with pytest.raises(WarehouseError, match=r"no release before the current one .*: run-1, run-2, run-3"):
        rollback(tmp_path)
    assert rollback(tmp_path, "run-3") == releases[2]
    for name in ("run-4", "../run-1", ""):
        with pytest.raises(WarehouseError, match="there is no release named"):
            rollback(tmp_path, name)
    assert current_release(tmp_path) == releases[2].resolve()


def test_there_is_nothing_to_go_back_to_before_the_first_release(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="there are: none"):
        rollback(tmp_path)


@pytest.mark.parametrize("run_id", ["../up", "", "a/b", ".hidden", "x.tmp"])
def test_a_run_id_that_is_no_folder_name_is_refused(published: Publish, run_id: str) -> None:
    with pytest.raises(WarehouseError, match="cannot name a release"):
        published(run_id)


def test_readers_never_fail_while_current_is_switched(published: Publish, tmp_path: Path) -> None:
    releases = [published("run-1"), published("run-2")]
    done, failures, reads = threading.Event(), [], 0

    def read() -> None:
        nonlocal reads
        while not done.is_set():
            try:
                with duckdb.connect(str(tmp_path / "current" / "bi.duckdb"), read_only=True) as con:
                    assert con.execute("select count(*) from marts.fct_mentions").fetchone() == (9,)
                reads += 1
            except (duckdb.Error, AssertionError) as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    while reads < 3:
        pass
    for number in range(50):
        switch(tmp_path, releases[number % 2])
    before = reads
    while reads < before + 3 and not failures:
        pass
    done.set()
    reader.join()
    assert failures == []


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


def test_a_release_that_lost_a_file_is_no_source_of_links(published: Publish) -> None:
    first = published("run-1")
    (first / "marts/fct_mentions/2026-01.parquet").unlink()
    second = published("run-2")
    manifest = read_manifest(second)
    assert manifest is not None
    assert (second / "marts/fct_mentions/2026-01.parquet").stat().st_size > 0
