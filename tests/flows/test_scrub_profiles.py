"""Pages of profiles name no mention: who has nothing left that stands leaves them too, and nobody else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from brand import acme

from flows.batch import batches
from flows.landing import Attempt, finished_windows, read_page
from flows.run import Run, opened
from flows.scrub import scrub
from flows.sources.base import Verb
from tests.data_folder import traces
from warehouse.connection import connect
from warehouse.ledger import prune_touched
from warehouse.load import load_batch

NIGHT = datetime(2026, 7, 1, 2)
CONFIG = (
    acme()
    + """
[[sources]]
name = "bluesky"
type = "bluesky"
"""
)
GOES, STAYS = "goes.example", "stays.example"


def uri(number: int, who: str) -> str:
    return f"at://did:plc:{who[:4]}/app.bsky.feed.post/{number}"


def posts(*told: tuple[int, str]) -> bytes:
    return json.dumps({"posts": [_post(*each) for each in told]}).encode()


def _post(number: int, who: str) -> dict[str, Any]:
    at = "2026-06-30T08:00:00.000Z"
    record = {"$type": "app.bsky.feed.post", "text": f"acme {number}", "createdAt": at}
    author = {"did": f"did:plc:{who[:4]}", "handle": who}
    return {"uri": uri(number, who), "cid": "c", "author": author, "record": record, "likeCount": 1, "indexedAt": at}


def profiles(*handles: str) -> bytes:
    told = [{"did": f"did:plc:{who[:4]}", "handle": who, "followersCount": 5} for who in handles]
    return json.dumps({"profiles": told}).encode()


class House:
    """Refreshes of three posts by two people, landed and loaded by hand."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def refresh(self, day: int, *bodies: bytes, verb: Verb = "refresh") -> None:
        as_of = NIGHT + timedelta(days=day)
        attempt = Attempt.open(
            self.run.landing, source="bluesky", platform="bluesky", verb=verb, topic_id=None,
            window_id=f"{verb}-{day}", run_id=f"night-{day}", as_of=as_of, max_age=timedelta(days=1),
            ids=[uri(1, GOES), uri(2, GOES), uri(3, STAYS)] if verb == "refresh" else [],
        )  # fmt: skip
        pages = [
            attempt.put(str(n), b, request="GET https://b.example/", fetched_at=as_of) for n, b in enumerate(bodies)
        ]
        ids = [page.page_id for page in pages]
        outcome = attempt.finish(ids, is_covered=True, rate_limited=0, lost_items=0, error=None)
        job = replace(self.run.job(self.run.sources[0], as_of), run_id=outcome.run_id)
        with connect(self.run.warehouse, settings=self.run.storage) as con:
            for folder in batches(job, [outcome]):
                load_batch(con, folder, loaded_at=as_of)
            con.execute("update raw.build set built_load_seq = 99")
            prune_touched(con)
        scrub(self.run)

    def traces(self, handle: str) -> set[str]:
        return {file.split("/")[0].split(":")[0] for file, _ in traces(self.run.settings.data_dir, [handle])}

    def profiles(self) -> list[list[str]]:
        """Whose profiles the pages of profiles hold, by night."""
        pages = [
            read_page(self.run.landing, o.pages[1]) for o in finished_windows(self.run.landing) if len(o.pages) > 1
        ]
        source = self.run.job(self.run.sources[0]).source
        return [[json.loads(item)["handle"] for item in source.items(p)] if p.body else [] for p in pages]

    def known(self) -> list[tuple[str, int]]:
        query = "select handle, count(*) from raw.account join raw.account_snapshot using (account_id) group by 1"
        with connect(self.run.warehouse, settings=self.run.storage) as con:
            return [(handle, count) for handle, count in con.execute(f"{query} order by 1").fetchall()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    config = tmp_path / "soundings.toml"
    config.write_text(CONFIG)
    with opened(config, None, "nightly", as_of=NIGHT + timedelta(days=9)) as run:
        made = House(run)
        made.refresh(0, posts((1, GOES), (2, GOES), (3, STAYS)), verb="discover")
        made.refresh(1, posts((1, GOES), (2, GOES), (3, STAYS)), profiles(GOES, STAYS))
        yield made
        run.status.source("bluesky").state = "completed"


def test_a_profile_goes_with_the_last_post_of_its_author_and_no_other_does(house: House) -> None:
    for day in (2, 3):
        house.refresh(day, posts((2, GOES), (3, STAYS)), profiles(GOES, STAYS))
    assert house.profiles() == [[GOES, STAYS]] * 3  # another post of theirs stands
    assert house.traces(GOES) == {"soundings.duckdb", "landing"}
    for day in (4, 5):
        house.refresh(day, posts((3, STAYS)), profiles(STAYS))
    assert house.profiles() == [[STAYS]] * 5
    assert house.traces(GOES) == set()
    assert house.known() == [(STAYS, 1)]


def test_a_page_of_profiles_of_which_none_stays_is_emptied_and_a_replay_brings_nobody_back(house: House) -> None:
    house.refresh(2, posts((1, GOES), (2, GOES)), profiles(GOES))
    house.refresh(3, posts((1, GOES), (2, GOES)), profiles(GOES))  # the other's post is absent twice
    assert house.profiles() == [[GOES]] * 3
    for day in (4, 5):
        house.refresh(day, posts())
    assert house.profiles() == [[]] * 3
    assert house.known() == []
    job = house.run.job(house.run.sources[0])
    with connect(house.run.warehouse, settings=house.run.storage) as con:
        for folder in batches(
            type(job)(**{**vars(job), "run_id": "replay"}), list(finished_windows(house.run.landing))
        ):
            load_batch(con, folder, loaded_at=NIGHT)
        assert con.execute("select count(*) from raw.account").fetchall() == [(0,)]
        assert con.execute("select count(*) from raw.forsaken").fetchall() == [(0,)]
