"""One warehouse with something for every model: nights of service and voices, posts read at every age, planted days.

Each of the three is a seeded world of `tests/sql` on platforms of its own, so that their rows can stand side by side.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import duckdb

from warehouse.connection import identifier, literal

SQL_TESTS = Path(__file__).parents[1] / "sql"
SPICE = Path(__file__).with_name("spice.sql")
PLATFORMS = {
    "posts": {"x": "bluesky", "hackernews": "lemmy"},
    "days": {"x": "mastodon", "weibo": "reddit"},
}
"""What the platforms of a joined world are called here: ids begin with them."""
CAMPAIGNS = (
    ("acme", date(2026, 2, 20), date(2026, 3, 20), 1000.0, "EUR"),
    ("cora", date(2026, 3, 10), date(2026, 3, 25), 0.1, "USD"),
    ("bolt", date(2026, 3, 10), date(2026, 3, 10), 7.0, "USD"),
)
MESSAGES = (
    ("s1", "acme", "SAID", None), ("s2", "acme-lounge", "unsaid", None), ("s3", "bolt", None, "fly"),
    ("s4", "cora", "ai", None),
)  # fmt: skip


def make_world(folder: Path, seed: int) -> Path:
    """A DuckDB warehouse whose schema raw is filled and whose models are not built."""
    sys.path.insert(0, str(SQL_TESTS))
    from planted_days import DAYS, Planted
    from post_nights import PostNights
    from raw_nights import Nights

    nights = Nights(folder / "soundings.duckdb", seed)
    posts = PostNights(folder / "posts.duckdb", seed)
    for _ in range(12):
        nights.live()
    for _ in range(3):
        posts.live()
    days = Planted(folder / "days.duckdb")
    days.night(0, DAYS)
    with duckdb.connect(str(nights.con_path)) as con:
        for number, path in enumerate((posts.path, days.path), start=1):
            _join(con, path, 100 * number)
        con.executemany("insert into raw.campaign values (?, ?, ?, ?, ?)", CAMPAIGNS)
        con.executemany("insert into raw.message values (?, ?, ?, ?)", MESSAGES)
        con.execute(SPICE.read_text("utf-8"))
    return nights.con_path


def _join(con: duckdb.DuckDBPyConnection, path: Path, loads: int) -> None:
    """Add the rows of another warehouse; where both have a key of the configuration, ours stays."""
    con.execute(f"attach {literal(str(path))} as other (read_only)")
    tables = con.execute(
        "select table_name, list({'name': column_name, 'type': data_type} order by column_index) from duckdb_columns() "
        "where database_name = 'other' and schema_name = 'raw' group by table_name order by table_name"
    ).fetchall()
    for table, columns in tables:
        rows = f"select {', '.join(_renamed(column, path.stem, loads) for column in columns)} from other.raw.{table}"
        first = identifier(columns[0]["name"])
        kept = f"where {first} not in (select {first} from raw.{table})" if table in ("entity", "setting") else ""
        if table not in ("build", "schema_migration"):
            con.execute(f"insert into raw.{table} by name select * from ({rows}) {kept}")
    con.execute("detach other")


def _renamed(column: dict[str, str], world: str, loads: int) -> str:
    name = identifier(column["name"])
    if column["name"] == "load_seq":
        return f"{name} + {loads} as {name}"
    if column["type"] != "VARCHAR":
        return name
    if column["name"] == "run_id":
        return f"{literal(world)} || {name} as {name}"
    cases = "".join(
        f" when {name} = {literal(old)} then {literal(new)}"
        f" when {name} like {literal(old + ':%')} then {literal(new)} || substr({name}, {len(old) + 1})"
        for old, new in PLATFORMS[world].items()
    )
    return f"case{cases} else {name} end as {name}"
