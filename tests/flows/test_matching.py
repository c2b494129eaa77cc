"""Every item has one outcome, and found_by says how a mention came to us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from flows import records
from flows.matching import Settled, settle, with_entities_of_text
from flows.sources.base import MALFORMED, Topic

ACME = Topic("acme", '"acme air" OR @acmeair')
GLOBEX = Topic("globex", "globex")


def mention(item_no: int, text: str, **values: Any) -> tuple[str, int, records.Mention]:
    return (
        "p", item_no,
        records.Mention(
            mention_id=f"x:{item_no}", platform="x", native_id=str(item_no), kind="post", text=text,
            published_at=datetime(2026, 1, 1), **values,
        ),
    )  # fmt: skip


def settled(
    *mentions: tuple[str, int, records.Mention], verb: str = "discover", items: int | None = None, **other: Any
) -> Settled:
    count = items if items is not None else len(mentions)
    frame = pl.DataFrame({"page_id": ["p"] * count, "item_no": list(range(count)), "verb": [verb] * count})
    tables = {"mention": records.frame(records.Mention, mentions), **other.pop("tables", {})}
    malformed = pl.DataFrame(other.pop("malformed", []), schema=MALFORMED, orient="row")
    return settle(
        frame, tables, malformed, [ACME, GLOBEX], other.pop("tracked", frozenset()), keep_threads=True, **other
    )


def outcomes(found: Settled) -> list[str]:
    return found.items.sort("item_no")["outcome"].to_list()


def found_by(found: Settled) -> dict[int, str]:
    return dict(found.tables["mention"].select("item_no", "found_by").iter_rows())


def test_a_mention_may_be_of_several_entities_and_of_none() -> None:
    found = settled(mention(0, "Acme Air and Globex"), mention(1, "air, acme?"), mention(2, "@AcmeAir hi"))
    assert outcomes(found) == ["candidate", "rejected", "candidate"]
    pairs = found.tables["mention_entity"].select("item_no", "entity_id").rows()
    assert sorted(pairs) == [(0, "acme"), (0, "globex"), (2, "acme")]


def test_what_is_rejected_leaves_no_row_behind() -> None:
    snapshot = records.EngagementSnapshot(mention_id="x:0", captured_at=datetime(2026, 1, 2), age_hours=24, likes=1)
    tables = {"engagement_snapshot": records.frame(records.EngagementSnapshot, [("p", 0, snapshot)])}
    found = settled(mention(0, "nobody"), tables=tables)
    assert outcomes(found) == ["rejected"]
    assert found.tables == {}


def test_timelines_threads_and_refreshes_need_not_match() -> None:
    for verb, way in (("timeline", "account"), ("context", "thread"), ("refresh", "thread")):
        found = settled(mention(0, "we are open"), verb=verb)
        assert found_by(found) == {0: way}


def test_a_file_keeps_posts_of_tracked_accounts() -> None:
    account = records.Account(account_id="x:7", platform="x", native_id="7", handle="acmeair")
    tables = {"account": records.frame(records.Account, [("p", 0, account)])}
    ours = mention(0, "we are open", author_id="x:7")
    assert found_by(settled(ours, verb="read", tables=tables, tracked=frozenset({"x:acmeair"}))) == {0: "account"}
    assert outcomes(settled(ours, verb="read", tables=tables)) == ["rejected"]


def test_a_file_keeps_the_thread_of_a_matched_mention_both_ways() -> None:
    found = settled(
        mention(0, "root"),
        mention(1, "@acmeair help", parent_id="x:0"),
        mention(2, "sorry", parent_id="x:1"),
        mention(3, "thanks", parent_id="x:2"),
        mention(4, "elsewhere", parent_id="x:99"),
        verb="read",
    )
    assert found_by(found) == {0: "thread", 1: "query", 2: "thread", 3: "thread"}
    assert outcomes(found)[4] == "rejected"


def test_an_unreadable_item_is_malformed_and_the_same_again_is_a_duplicate() -> None:
    found = settled(
        mention(0, "globex"),
        items=4,
        malformed=[("p", 1, "x:5", "cut"), ("p", 2, "x:5", "cut"), ("p", 3, None, "cut")],
    )
    assert outcomes(found) == [
        "candidate",
        "malformed",
        "candidate",
        "malformed",
    ]  # a candidate without rows: duplicate


def test_hashtags_handles_and_links_of_the_text_join_what_the_platform_told() -> None:
    frame = records.frame(
        records.Mention,
        [mention(0, "Hi @Ann_B, mail a@b.com (#Ünïted #1 https://a.example/x?y=1). @ann_b", handles=["told"])],
    )
    row = with_entities_of_text(frame).row(0, named=True)
    assert row["handles"] == ["told", "ann_b"]
    assert row["hashtags"] == ["ünïted", "1"]
    assert row["links"] == ["https://a.example/x?y=1"]
