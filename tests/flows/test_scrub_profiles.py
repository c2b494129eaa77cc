"""Pages of profiles name no mention: who has nothing left that stands leaves them too, and nobody else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import House, house_of

from flows.landing import finished_windows, read_page

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


def refresh(house: House, day: int, *bodies: bytes) -> None:
    """A night that asks for three posts by two people again."""
    ids = [uri(1, GOES), uri(2, GOES), uri(3, STAYS)]
    house.load(house.land(f"refresh-{day}", *bodies, verb="refresh", day=day, ids=ids))
    house.scrub()


def files(house: House, handle: str) -> set[str]:
    return {file.split("/")[0].split(":")[0] for file, _ in house.traces([handle])}


def shown(house: House) -> list[list[str]]:
    """Whose profiles the pages of profiles hold, by night."""
    landing, source = house.run.landing, house.run.job(house.run.sources[0]).source
    pages = [read_page(landing, outcome.pages[1]) for outcome in finished_windows(landing) if len(outcome.pages) > 1]
    return [[json.loads(item)["handle"] for item in source.items(page)] if page.body else [] for page in pages]


def known(house: House) -> list[tuple[Any, ...]]:
    return house.rows(
        "select handle, count(*) from raw.account join raw.account_snapshot using (account_id) group by 1 order by 1"
    )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of(tmp_path, "bluesky") as made:
        made.load(made.land("discover-0", posts((1, GOES), (2, GOES), (3, STAYS))))
        made.scrub()
        refresh(made, 1, posts((1, GOES), (2, GOES), (3, STAYS)), profiles(GOES, STAYS))
        yield made


def test_a_profile_goes_with_the_last_post_of_its_author_and_no_other_does(house: House) -> None:
    for day in (2, 3):
        refresh(house, day, posts((2, GOES), (3, STAYS)), profiles(GOES, STAYS))
    assert shown(house) == [[GOES, STAYS]] * 3  # another post of theirs stands
    assert files(house, GOES) == {"soundings.duckdb", "landing"}
    for day in (4, 5):
        refresh(house, day, posts((3, STAYS)), profiles(STAYS))
    assert shown(house) == [[STAYS]] * 5
    assert files(house, GOES) == set()
    assert known(house) == [(STAYS, 1)]


def test_a_page_of_profiles_of_which_none_stays_is_emptied_and_a_replay_brings_nobody_back(house: House) -> None:
    refresh(house, 2, posts((1, GOES), (2, GOES)), profiles(GOES))
    refresh(house, 3, posts((1, GOES), (2, GOES)), profiles(GOES))  # the other's post is absent twice
    assert shown(house) == [[GOES]] * 3
    for day in (4, 5):
        refresh(house, day, posts())
    assert shown(house) == [[]] * 3
    assert known(house) == []
    house.load(*finished_windows(house.run.landing), run_id="replay")
    assert house.rows("select count(*) from raw.account") == [(0,)]
    assert house.rows("select count(*) from raw.forsaken") == [(0,)]
