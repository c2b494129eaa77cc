"""One post, comment or person of Lemmy as records.

Native ids are the objects' own addresses (`ap_id`), the same on every server that knows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc
from flows.sources.plain_text import from_html
from flows.sources.threads import reply_edges

PLATFORM = "lemmy"
FIELDS = frozenset(
    {
        "banned_from_community", "comment", "community", "counts", "creator", "creator_banned_from_community",
        "creator_blocked", "creator_is_admin", "creator_is_moderator", "hidden", "image_details", "is_admin", "my_vote",
        "person", "post", "read", "saved", "subscribed", "unread_comments",
    }
)  # fmt: skip
"""What items are known to have, mapped or left out on purpose."""
IMAGES = {".avif", ".gif", ".jpeg", ".jpg", ".png", ".webp"}
VIDEOS = {".mp4", ".webm"}
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")


def mention_id(ap_id: str) -> str:
    """Of an object's address. Raises ValueError where it is none."""
    if not ap_id.startswith(("https://", "http://")):
        raise ValueError("ap_id is no address")
    return f"{PLATFORM}:{ap_id}"


def records_of(view: Mapping[str, Any], page: Page, addresses: Mapping[int, str]) -> Sequence[records.Record]:
    """Of a view; `addresses` are those of the page's comments by the asked server's own numbers."""
    if "comment" in view:
        return _comment(view, page, addresses)
    return _post(view, page) if "post" in view else _person(view["person"], view.get("counts") or {}, page)


def _post(view: Mapping[str, Any], page: Page) -> Sequence[records.Record]:
    post, link = view["post"], view["post"].get("url") or None
    if gone := _gone(post, page):
        return [gone]
    text = "\n\n".join(part for part in (post["name"].strip(), _plain(post.get("body") or "")) if part)
    mention = records.Mention(
        mention_id=mention_id(post["ap_id"]),
        platform=PLATFORM,
        native_id=post["ap_id"],
        kind="post",
        author_id=_author_id(view),
        text=text,
        url=post["ap_id"],
        published_at=utc(post["published"]),
        edited_at=utc(post["updated"]) if post.get("updated") else None,
        root_id=mention_id(post["ap_id"]),
        links=[link] if link else [],
        media_formats=[_format(link)] if link else [],
    )
    return [mention, _counts(view, mention, page, "comments"), *_creator(view, page)]


def _comment(view: Mapping[str, Any], page: Page, addresses: Mapping[int, str]) -> Sequence[records.Record]:
    comment, root = view["comment"], (view.get("post") or {}).get("ap_id")
    if gone := _gone(comment, page):
        return [gone]
    above = str(comment.get("path") or "").split(".")[1:-1]  # "0.12.34": the post, the comment answered, this one
    parent = addresses.get(int(above[-1])) if above else root
    mention = records.Mention(
        mention_id=mention_id(comment["ap_id"]),
        platform=PLATFORM,
        native_id=comment["ap_id"],
        kind="comment",
        author_id=_author_id(view),
        text=_plain(comment["content"]),
        url=comment["ap_id"],
        published_at=utc(comment["published"]),
        edited_at=utc(comment["updated"]) if comment.get("updated") else None,
        parent_id=mention_id(parent) if parent else None,
        root_id=mention_id(root) if root else None,
    )
    rows = [mention, _counts(view, mention, page, "child_count"), *_creator(view, page)]
    return [*rows, *reply_edges(mention)]


def _gone(item: Mapping[str, Any], page: Page) -> records.Deletion | None:
    if not (item.get("deleted") or item.get("removed")):
        return None
    return records.Deletion(
        mention_id=mention_id(item["ap_id"]),
        platform=PLATFORM,
        deleted_at=page.as_of,
        reason="deleted" if item.get("deleted") else "removed",
    )


def _counts(view: Mapping[str, Any], mention: records.Mention, page: Page, replies: str) -> records.EngagementSnapshot:
    told = view.get("counts") or {}
    return records.EngagementSnapshot(
        mention_id=mention.mention_id,
        captured_at=page.as_of,
        age_hours=age_hours(page, mention.published_at),
        replies=told.get(replies),
        upvotes=told.get("upvotes"),
        downvotes=told.get("downvotes"),
    )


def _author_id(view: Mapping[str, Any]) -> str | None:
    creator = view.get("creator")
    return f"{PLATFORM}:{_handle(creator)}" if creator else None


def _handle(person: Mapping[str, Any]) -> str:
    """name@server, in lower case: the same wherever the person is seen."""
    return f"{person['name']}@{urlsplit(person['actor_id']).netloc}".lower()


def _creator(view: Mapping[str, Any], page: Page) -> Sequence[records.Record]:
    creator = view.get("creator")
    return _person(creator, {}, page) if creator else []


def _person(person: Mapping[str, Any], told: Mapping[str, Any], page: Page) -> Sequence[records.Record]:
    handle = _handle(person)
    account = records.Account(
        account_id=f"{PLATFORM}:{handle}",
        platform=PLATFORM,
        native_id=handle,
        handle=handle,
        display_name=person.get("display_name") or None,
        url=person["actor_id"],
        is_bot=person.get("bot_account"),
        created_at=utc(person["published"]) if person.get("published") else None,
    )
    counts = [told[name] for name in ("post_count", "comment_count") if told.get(name) is not None]
    if not counts:
        return [account]
    return [
        account,
        records.AccountSnapshot(account_id=account.account_id, captured_at=page.as_of, posts=sum(counts)),
    ]


def _plain(markdown: str) -> str:
    """Without tags and entities; a link in angle brackets is no tag."""
    return from_html(_AUTOLINK.sub(r"\1", markdown))


def _format(link: str) -> str:
    suffix = PurePosixPath(urlsplit(link).path).suffix.lower()
    return "image" if suffix in IMAGES else "video" if suffix in VIDEOS else "link"
