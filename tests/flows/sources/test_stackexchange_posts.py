"""Questions, answers and comments of Stack Exchange: what becomes of each, and of answers that are none."""

from __future__ import annotations

import html
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from flows.sources import stackexchange
from flows.sources.plain_text import from_html
from tests.flows.sources.scripted import page_of
from tests.flows.sources.spoiled_payloads import check_any_payload, check_outcomes, spoiled
from tests.flows.sources.stackexchange_samples import (
    OPTIONS,
    START,
    THREAD,
    answer,
    answered,
    comment,
    parsed,
    question,
)


def test_a_question_is_told_with_its_net_votes_views_tags_and_links() -> None:
    found = parsed(
        answered(question(1, last_edit_date=START + 5), answer(2), comment(3, 2, reply_to_user={"user_id": 8}))
    )
    mention = found.tables["mention"].row(0, named=True)
    assert mention["text"] == "Acme 'air'\n\nSee it"
    assert (mention["hashtags"], mention["links"]) == (["air"], ["https://acme.example/?a=1&b=2"])
    assert mention["edited_at"] == datetime(2026, 11, 20, 0, 0, 5)
    counts = found.tables["engagement_snapshot"].select("upvotes", "downvotes", "replies", "views").rows()
    assert counts == [(-2, None, 1, 30), (4, None, None, None), (0, None, None, None)]
    assert found.tables["mention"]["url"].to_list()[1:] == ["https://stackoverflow.com/a/2", None]
    edges = found.tables["interaction"].select("target_mention_id", "target_id").rows()
    assert edges == [
        ("stackexchange:stackoverflow-1", None),
        ("stackexchange:stackoverflow-2", "stackexchange:stackoverflow-8"),
    ]
    account = found.tables["account"].row(0, named=True)
    assert (account["native_id"], account["display_name"]) == ("stackoverflow-7", "Ann & Co")
    assert "account_snapshot" not in found.tables  # reputation is no followers


def test_fields_that_are_not_known_are_counted_and_harm_nothing() -> None:
    found = parsed(answered(question(1, unheard_of=1)))
    assert found.unmapped_fields == {"unheard_of": 1}
    assert len(found.tables["mention"]) == 1


def test_items_wrapped_again_are_the_same_items() -> None:
    page = page_of("stackexchange", answered(THREAD), "refresh")
    again = page_of("stackexchange", stackexchange.wrap(page, stackexchange.items(page)), "refresh")
    assert stackexchange.items(again) == stackexchange.items(page)


@settings(max_examples=40, deadline=None)
@given(spoiled(answered(THREAD, question(2), answer(3), comment(4, 3))))
def test_no_payload_crashes_and_no_item_is_without_an_outcome(body: Any) -> None:
    for verb in ("context", "refresh"):
        page = page_of("stackexchange", body, verb)
        check_any_payload(stackexchange.SOURCE, OPTIONS, page)


@pytest.mark.real_data
def test_recorded_answers_are_read_field_by_field(shared_data: Path) -> None:
    """Those of `trimmed` were cut down to less than an id and a time: each item is named, and none is taken."""
    folder = shared_data / "recorded"
    read = 0
    for file in [*sorted((folder / "stackexchange").glob("*.json")), folder / "trimmed/stackexchange.json"]:
        body = json.loads(file.read_text())
        page = page_of("stackexchange", body, "refresh")
        found = stackexchange.parse(page, OPTIONS)
        check_outcomes(stackexchange.SOURCE, page, found)
        tables = {
            table: {row[key]: row for row in found.tables[table].rows(named=True)}
            for table, key in (
                ("mention", "native_id"),
                ("engagement_snapshot", "mention_id"),
                ("account", "native_id"),
            )
            if table in found.tables
        }
        unread = set(found.malformed["item_no"])
        for number, item in enumerate(body["items"]):
            ids = [name for name in ("comment_id", "answer_id", "question_id") if name in item]
            if not ids or "creation_date" not in item:
                assert number in unread
                continue
            check_item(ids[0], item, tables)
            read += 1
    assert read >= 10


def check_item(id_name: str, item: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    native_id = f"stackoverflow-{'c' if id_name == 'comment_id' else ''}{item[id_name]}"
    mention, counts = tables["mention"][native_id], tables["engagement_snapshot"][f"stackexchange:{native_id}"]
    title = html.unescape(item["title"]) if id_name == "question_id" else ""
    assert mention["text"] == "\n\n".join(part for part in (title, from_html(item.get("body", ""))) if part)
    assert mention["kind"] == id_name.removesuffix("_id")
    assert mention["published_at"] == datetime(1970, 1, 1) + timedelta(seconds=item["creation_date"])
    edited = item.get("last_edit_date")
    assert mention["edited_at"] == (datetime(1970, 1, 1) + timedelta(seconds=edited) if edited else None)
    assert mention["url"] == item["link"]
    assert mention["hashtags"] == item.get("tags", [])
    assert counts["upvotes"] == item["score"]
    assert counts["views"] == item.get("view_count")
    assert counts["replies"] == (item["answer_count"] if id_name == "question_id" else item.get("comment_count"))
    owner = item.get("owner", {})
    user = f"stackoverflow-{owner['user_id']}" if "user_id" in owner else None
    assert mention["author_id"] == (f"stackexchange:{user}" if user else None)
    if user:
        assert tables["account"][user]["display_name"] == html.unescape(owner["display_name"])
