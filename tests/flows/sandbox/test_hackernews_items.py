"""The façade of Hacker News: items by number, whole threads and users."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flows.sandbox.hackernews import HackerNews
from flows.sandbox.streams import epoch
from tests.flows.sandbox.worlds import END, START, made, written

LATER = START + timedelta(days=8)


def test_firebase_knows_items_at_once_and_keeps_a_stub_of_the_deleted() -> None:
    world = written(
        {"platform": "hackernews", "account": 40, "at": 0, "title": "Story", "final_points": 9},
        {"platform": "hackernews", "account": 41, "at": 1, "deleted": 5, "parent": 0, "root": 0, "text": "A & B"},
        {"platform": "hackernews", "account": 41, "at": 2, "deleted": 5, "is_dead": True, "parent": 0, "root": 0},
    )
    items = HackerNews(world).items
    story = items.item(1000, START + timedelta(hours=3))
    assert story is not None
    assert [story[name] for name in ("kids", "score", "descendants", "type")] == [[1001, 1002], 10, 2, "story"]
    early = items.item(1001, START + timedelta(hours=3))
    assert early is not None
    assert (early["text"], early["parent"]) == ("A &amp; B", 1000)
    assert items.item(1001, START + timedelta(hours=6)) == {
        "id": 1001, "time": epoch(START) + 3600, "type": "comment", "parent": 1000, "deleted": True,
    }  # fmt: skip
    dead = items.item(1002, START + timedelta(hours=6))
    assert dead is not None
    assert dead["dead"] is True
    assert items.item(1000, START - timedelta(hours=1)) is None
    assert items.item(5, LATER) is None
    assert items.newest(START + timedelta(hours=1)) == 1001


def test_a_tree_holds_the_whole_thread_and_a_user_the_karma() -> None:
    facade = HackerNews(made())
    stories = facade.search({"tags": "story", "hitsPerPage": "1000"}, END, by_date=True)["hits"]
    story = max(stories, key=lambda hit: hit["num_comments"])
    tree = facade.items.tree(int(story["objectID"]), END)
    assert tree is not None

    def alive(branch: dict[str, Any]) -> int:
        return (branch["author"] is not None) + sum(map(alive, branch["children"]))

    below = {"tags": f"comment,story_{story['objectID']}", "hitsPerPage": "1000"}
    comments = facade.search(below, END, by_date=True)["nbHits"]
    assert alive(tree) - 1 >= comments > 0
    user = facade.items.user(story["author"], END)
    assert user is not None
    assert user["karma"] >= story["points"]
    assert facade.items.user("nobody_at_all", END) is None
