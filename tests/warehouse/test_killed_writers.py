"""kill -9 at any instant of loading and publishing leaves the old state or the new one."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from staged_items import LOADED_AT, Item, account, content, matched, mention, night, snapshot, stage

from warehouse.connection import connect
from warehouse.load import load_batch
from warehouse.migrate import migrate
from warehouse.query import open_release, run
from warehouse.releases import current_release

pytestmark = pytest.mark.slow

BATCHES = 5
MENTIONS = 40  # in each batch, half of them new
KILLS = 6
WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from warehouse.connection import connect
from warehouse.load import load_batch
from warehouse.migrate import migrate
from warehouse.publish import publish

data_dir = Path(sys.argv[1])
path = data_dir / "soundings.duckdb"
for batch in sorted((data_dir / "staging").iterdir()):
    con = connect(path)
    migrate(con)
    load_batch(con, batch, loaded_at=datetime(2026, 3, 1, 2, 10))
    con.execute("create or replace table marts.fct_mentions as select mention_id, text, published_at from raw.mention")
    for column in ("mention_id", "text", "published_at"):
        con.execute(f"comment on column marts.fct_mentions.{column} is 'A column.'")
    con.close()
    publish(path, data_dir, batch.name, datetime(2026, 3, 1), keep=2, allow_list=data_dir / "allow.toml")
print("done", flush=True)
"""
ALLOW = """
[fct_mentions]
partition_by = "published_at"
plain = ["published_at"]
[fct_mentions.personal]
mention_id = "key"
text = "blank_text"
"""


def _stage_all(data_dir: Path) -> None:
    (data_dir / "allow.toml").write_text(ALLOW)
    for number in range(BATCHES):
        first = number * MENTIONS // 2
        items = [
            Item(
                (mention(n, text=f"{n} in {number}"), matched(n), snapshot(n, night(number), likes=number), account(n))
            )
            for n in range(first, first + MENTIONS)
        ]
        stage(data_dir / "staging" / f"batch-{number}", items, as_of=night(number))


def _states(data_dir: Path) -> list[dict[str, list[tuple[Any, ...]]]]:
    """Schema raw after each batch of an undisturbed run, without the moments of the migrations."""
    states = []
    with connect(data_dir / "undisturbed.duckdb") as con:
        migrate(con)
        for number in range(BATCHES + 1):
            states.append(content(con) | {"schema_version": []})
            if number < BATCHES:
                load_batch(con, data_dir / "staging" / f"batch-{number}", loaded_at=LOADED_AT)
    return states


def _writer(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(data_dir)], stdout=subprocess.PIPE, text=True)


def _mentions_in_release(data_dir: Path) -> int:
    with open_release(data_dir) as con:
        return int("".join(run(con, "select count(*) as n from marts.fct_mentions", "csv")).split()[1])


@pytest.mark.parametrize("seed", [1])
def test_a_killed_writer_leaves_a_whole_state_and_is_simply_run_again(tmp_path: Path, seed: int) -> None:
    _stage_all(tmp_path)
    states = _states(tmp_path)
    sizes = [len(state["mention"]) for state in states]
    draw = random.Random(seed)
    started = time.monotonic()
    assert _writer(tmp_path).communicate(timeout=120)[0] == "done\n"
    whole_run = time.monotonic() - started
    for kill in range(KILLS):
        for file in [*tmp_path.glob("soundings.duckdb*")] if kill % 3 == 0 else []:
            file.unlink()  # from the start again, from time to time: later kills hit what an earlier one left
        with _writer(tmp_path) as process:
            time.sleep(draw.uniform(0, whole_run))
            process.kill()
        with connect(tmp_path / "soundings.duckdb") as con:
            migrate(con)
            found = content(con) | {"schema_version": []}
        assert found == states[len(found["load"])]
        assert _mentions_in_release(tmp_path) in sizes[1:]
    assert _writer(tmp_path).communicate(timeout=120)[0] == "done\n"
    assert _mentions_in_release(tmp_path) == sizes[-1]
    current = current_release(tmp_path)
    assert current is not None
    assert current.name.startswith(f"batch-{BATCHES - 1}")
    assert not list((tmp_path / "releases").glob("*.tmp*"))
    with connect(tmp_path / "soundings.duckdb") as con:
        assert content(con) | {"schema_version": []} == states[-1]
