"""Who answers whom, and how far a page of a thread was read."""

from __future__ import annotations

import dataclasses

from flows import records
from flows.sources.base import Page, Parsed


def reply_edges(mention: records.Mention, *, target_id: str | None = None) -> list[records.Record]:
    """The edge of a mention to what it answers; none where it answers nothing. `target_id`: whose that is, if told."""
    if mention.parent_id is None:
        return []
    return [
        records.Interaction(
            mention_id=mention.mention_id,
            kind="reply",
            actor_id=mention.author_id,
            target_mention_id=mention.parent_id,
            target_id=target_id,
            occurred_at=mention.published_at,
        )
    ]


def with_thread(parsed: Parsed, page: Page, *, root_id: str, replies_read: int, is_complete: bool) -> Parsed:
    """The page with its `ThreadRead`. It stands beside every item that could be read, for some may be quarantined
    later, and rows without an item cannot be loaded; the loader counts it once. What could not be read is a gap.
    """
    unread = set(parsed.malformed["item_no"])
    read = records.ThreadRead(
        root_id=root_id,
        read_at=page.as_of,
        replies_read=replies_read,
        is_complete=is_complete and not unread,
    )
    rows = [(page.page_id, item_no, read) for item_no in range(parsed.item_count) if item_no not in unread]
    return dataclasses.replace(parsed, tables=parsed.tables.with_rows("thread_read", rows))
