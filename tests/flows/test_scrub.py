"""What is deleted at its platform is in no file of the data folder when the run ends, and does not come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import House, house_of

from flows import scrub as scrubbing
from flows.landing import finished_windows, read_page
from flows.landing import scrub as scrub_pages
from flows.landing.words import blank, words_of
from flows.scrub import scrub
from tests.data_folder import dead_rows

TITLE, LINK, AUTHOR, REMARK = "Acme is — my regret", "https://regret.example/acme", "gonewriter", "Acme & I have parted"
NEEDLES = (TITLE, LINK, AUTHOR, REMARK, "item?id=1'")


def story(number: int, title: str, author: str, **more: Any) -> dict[str, Any]:
    hit = {"objectID": str(number), "title": title, "author": author, "points": 3, "num_comments": 1}
    return hit | {"created_at_i": 1782770000 + number, "_tags": ["story"], **more}


def comment(number: int, text: str, author: str) -> dict[str, Any]:
    """As the search tells it: with the story's title and address."""
    hit = {"objectID": str(number), "comment_text": text, "author": author, "parent_id": 1, "story_id": 1}
    return hit | {"created_at_i": 1782780000 + number, "_tags": ["comment"], "story_title": TITLE, "story_url": LINK}


GONE = story(1, TITLE, AUTHOR, url=LINK, story_text="<p>Acme &amp; I have parted</p>")
ANSWER = comment(2, "<p>acme answers</p>", "ann")
OTHER = story(3, "What acme is", "bob")


def search(*hits: dict[str, Any]) -> bytes:
    return json.dumps({"hits": list(hits), "nbHits": len(hits), "query": "acme"}).encode()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of(tmp_path, "hackernews") as made:
        yield made


def delete(house: House, day: int = 1) -> None:
    told = json.dumps({"id": 1, "deleted": True, "type": "story", "time": 1782770001}).encode()
    house.load(house.land(f"refresh-{day}", told, verb="refresh", day=day))


@pytest.fixture
def deleted(house: House) -> House:
    """Two windows tell of a story, one of them in its first words; a third only quotes it; then it is deleted."""
    draft = GONE | {"title": "Acme will be my regret, I think"}
    house.load(house.land("w1", search(draft, OTHER)))
    house.load(house.land("w2", search(GONE, ANSWER, OTHER), search(OTHER)))
    house.load(house.land("w3", search(ANSWER), aside=[search(GONE), json.dumps([GONE]).encode()]))
    delete(house)
    assert house.traces(NEEDLES)
    return house


def test_a_deleted_mention_leaves_every_file_and_no_other_does(deleted: House) -> None:
    assert deleted.scrub() == 1
    assert deleted.traces(NEEDLES) == []
    landed = [o.pages for o in finished_windows(deleted.run.landing)]
    source = deleted.run.job(deleted.run.sources[0]).source
    pages = [read_page(deleted.run.landing, page_id) for pages in landed for page_id in pages]
    kept = [json.loads(item)["objectID"] for page in pages if not page.is_emptied for item in source.items(page)]
    assert sorted(kept) == ["2", "2", "3", "3", "3"]
    assert deleted.rows("select scrubbed_at, erased_at from raw.tombstone") == [(deleted.run.as_of,) * 2]
    assert deleted.rows("select text from raw.mention where text <> '' order by 1") == [
        ("What acme is",), ("acme answers",),
    ]  # fmt: skip
    deleted.con.close()
    assert dead_rows(deleted.run.warehouse) == 0
    assert scrub(deleted.run) == 0


def test_a_replay_of_what_was_scrubbed_brings_nothing_back_and_breaks_nothing(deleted: House) -> None:
    deleted.scrub()
    before = deleted.rows("select * exclude (load_seq) from raw.mention order by all")
    deleted.load(*finished_windows(deleted.run.landing), run_id="replay")
    assert deleted.rows("select * exclude (load_seq) from raw.mention order by all") == before
    assert deleted.rows("select sum(fetched), sum(quarantined), sum(loaded) from raw.load where run_id = 'replay'") == [
        (5, 0, 0)
    ]
    assert deleted.rows("select distinct is_covered, error from raw.collection where run_id = 'replay'") == [
        (True, None)
    ]
    assert deleted.rows("from raw.absence") == []
    assert deleted.scrub() == 0
    assert deleted.traces(NEEDLES) == []


@pytest.mark.parametrize("written", [1, None])
def test_a_scrub_that_was_killed_is_finished_by_the_next_run(
    deleted: House, monkeypatch: pytest.MonkeyPatch, written: int | None
) -> None:
    class Killed(BaseException):
        pass

    left = [written]

    def kill_in_time(*given: Any, **more: Any) -> None:
        if left[0] == 0:
            raise Killed
        left[0] = None if left[0] is None else left[0] - 1
        write_page(*given, **more)

    def kill(*_: Any) -> None:
        raise Killed

    write_page = scrub_pages.write_page
    with monkeypatch.context() as patched:
        patched.setattr(scrub_pages, "write_page", kill_in_time)
        if written is None:
            patched.setattr(scrubbing, "mark_scrubbed", kill)
        with pytest.raises(Killed):
            deleted.scrub()
    assert deleted.rows("select scrubbed_at from raw.tombstone") == [(None,)]
    assert deleted.scrub() == 1
    assert deleted.traces(NEEDLES) == []


def test_pages_that_do_not_name_it_are_not_read(deleted: House) -> None:
    other = deleted.land("w4", search(OTHER), day=1)
    deleted.load(other)
    path = next(deleted.run.landing.glob(f"*/{other.pages[0]}.zst"))
    path.write_bytes(b"nobody can read this")
    deleted.scrub()
    assert path.read_bytes() == b"nobody can read this"


def test_a_page_of_a_window_that_did_not_end_is_asked_for_again(deleted: House) -> None:
    unfinished = deleted.land("w5", search(GONE, OTHER), search(OTHER), day=2, is_whole=False)
    deleted.scrub()
    assert deleted.traces(NEEDLES) == []
    left = [next(deleted.run.landing.glob(f"*/{page_id}.zst"), None) is not None for page_id in unfinished.pages]
    assert left == [False, True]


def test_what_is_told_again_is_scrubbed_again(deleted: House) -> None:
    deleted.scrub()
    deleted.load(deleted.land("w6", search(GONE, ANSWER), day=3))
    assert deleted.rows("select scrubbed_at from raw.tombstone") == [(None,)]
    assert deleted.scrub() == 1
    assert deleted.traces(NEEDLES) == []


def test_what_a_later_page_quotes_is_blanked_though_no_page_has_its_words_any_more(deleted: House) -> None:
    deleted.scrub()
    marked = ANSWER | {"_highlightResult": {"story_title": {"value": TITLE.replace("Acme", "<em>Acme</em>")}}}
    off_topic = comment(4, "<p>I answer, and name nobody</p>", "cid")  # found by the title, and rejected
    later = deleted.land("w6", search(marked, OTHER), search(off_topic), day=10)
    deleted.load(later)
    assert deleted.traces(NEEDLES)
    assert deleted.scrub() == 0  # it is gone already
    assert deleted.traces(NEEDLES) == []
    kept = [read_page(deleted.run.landing, page_id).body for page_id in later.pages]
    assert [body.count(b"objectID") for body in kept] == [2, 1]
    assert not any(b"regret" in body for body in kept)


def test_an_author_who_is_forgotten_leaves_what_the_last_build_looked_at(deleted: House) -> None:
    deleted.con.execute("create table intermediate.int_touched_accounts as select 'hackernews:gonewriter' account_id")
    deleted.scrub()
    assert deleted.traces(NEEDLES) == []


def test_a_payload_that_nobody_could_read_is_found_by_its_words(house: House) -> None:
    broken = {name: value for name, value in GONE.items() if name != "objectID"}
    outcome = house.land("w1", search(broken, GONE))
    house.load(outcome)
    quarantined = "update raw.quarantine set payload = ?"
    house.con.execute(quarantined, [json.dumps(broken)])
    delete(house)
    house.scrub()
    assert house.rows("select payload from raw.quarantine") == [(None,)]


def test_words_are_what_the_text_is_made_of() -> None:
    item = json.dumps({"a": "<b>Acme</b> is my regret", "b": "comment", "c": ["regret"], "d": "a story of others"})
    words = words_of(item.encode(), "Acme is my regret and a comment", ["https://x.example/1", None])
    assert words == {"<b>Acme</b> is my regret", "Acme is my regret and a comment", "https://x.example/1"}
    body = json.dumps({"title": "<b>Acme</b> is my regret", "by": "ann", "n": [1, None]}).encode()
    assert json.loads(blank(body, words.__contains__)) == {"title": "", "by": "ann", "n": [1, None]}
    assert blank(b"<rss>", words.__contains__) == b"<rss>"
