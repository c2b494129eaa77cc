"""One post or user of a NodeBB forum as records.

Native ids are `<forum>/post/<pid>`, `<forum>` being the address without its scheme; of posts that came to the forum by
ActivityPub the pid is an address, and is itself the native id.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc
from flows.sources.plain_text import Attributes, read
from flows.sources.threads import reply_edges

PLATFORM = "nodebb"
FIELDS = frozenset(
    {
        "announces", "attachments", "audience", "bookmarked", "bookmarks", "category", "content", "deleted",
        "deleterUid", "display_delete_tools", "display_edit_tools", "display_moderator_tools", "display_move_tools",
        "display_post_menu", "displayname", "downvoted", "downvotes", "edited", "editedISO", "editor", "eventEnd",
        "eventStart", "events", "flags", "followerCount", "followingCount", "handle", "index", "ip", "isMainPost",
        "joindateISO", "parent", "pid", "postcount", "replies", "selfPost", "sourceContent", "tid", "timestamp",
        "timestampISO", "toPid", "topic", "topicOwnerPost", "uid", "upvoted", "upvotes", "url", "user", "username",
        "userslug", "votes",
    }
)  # fmt: skip
"""What items are known to have, mapped or left out on purpose."""
_MARKED = re.compile(r"<(?:img|video|iframe|audio)\b|mention")  # what only a tree tells for sure
MEDIA = (
    ("image", "img:not(.emoji):not(.avatar)", ("<img",)),
    ("video", "video, iframe", ("<video", "<iframe")),
    ("audio", "audio", ("<audio",)),
)
"""What a post holds, where the tree has it, and what its markup then holds: a tree is slow to search."""


@dataclass(frozen=True)
class Forum:
    """Whose posts these are, and the topic that a page is of: its posts do not tell it each for itself."""

    name: str  # address without scheme
    url: str
    topic: Mapping[str, Any]

    def native_id(self, pid: int | str) -> str:
        return str(pid) if _is_address(pid) else f"{self.name}/post/{int(pid)}"

    def user_id(self, user: Mapping[str, Any]) -> str:
        remote = user.get("uid")
        return str(remote) if _is_address(remote) else f"{self.name}/user/{user['userslug']}"


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def posted_at(post: Mapping[str, Any]) -> datetime:
    """ISO 8601 where it is told, else milliseconds since 1970."""
    return utc(post["timestampISO"]) if post.get("timestampISO") else utc(post["timestamp"] / 1000)


def records_of(item: Mapping[str, Any], page: Page, forum: Forum) -> Sequence[records.Record]:
    """Of a post, or of a user's own page; a deletion where a post is gone."""
    if "pid" not in item and "userslug" in item:
        return _account(item, page, forum)
    native_id = forum.native_id(item["pid"])
    if item.get("deleted"):
        mention_id = f"{PLATFORM}:{native_id}"
        return [
            records.Deletion(mention_id=mention_id, platform=PLATFORM, deleted_at=page.as_of, reason="deleted"),
        ]
    topic = item.get("topic") or forum.topic
    mention = _mention(item, native_id, topic, forum)
    rows = [mention, _counts(item, mention, page, topic), *_account(item.get("user") or {}, page, forum)]
    return [*rows, *reply_edges(mention)]


def _mention(post: Mapping[str, Any], native_id: str, topic: Mapping[str, Any], forum: Forum) -> records.Mention:
    first = topic.get("mainPid")
    is_first = bool(post.get("isMainPost")) or (first is not None and str(first) == str(post["pid"]))
    above, root = post.get("toPid") or first, post["pid"] if is_first else first
    tree = LexborHTMLParser(post["content"]) if _MARKED.search(post["content"]) else None
    title = html.unescape(topic.get("title") or "") if is_first else ""
    content = read(post["content"])
    named = [each for each in (tree.tags("a") if tree else []) if _names_somebody(each.attributes)]
    names = [each.text().strip().lstrip("@").lower() for each in named]
    tags = [tag.get("value") for tag in topic.get("tags") or []] if is_first else []
    user = post.get("user") or {}
    edited = post.get("edited")
    return records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind="post" if is_first else "reply",
        author_id=f"{PLATFORM}:{forum.user_id(user)}" if user.get("userslug") else None,
        text="\n\n".join(part for part in (title, content.text) if part),
        url=native_id if _is_address(post["pid"]) else f"{forum.url}/post/{int(post['pid'])}",
        published_at=posted_at(post),
        edited_at=utc(edited / 1000) if edited else None,
        parent_id=f"{PLATFORM}:{forum.native_id(above)}" if above and not is_first else None,
        root_id=f"{PLATFORM}:{forum.native_id(root)}" if root else None,
        links=_links(content.anchors),
        hashtags=[tag.lower() for tag in tags if tag],
        handles=list(dict.fromkeys(name for name in names if name)),
        media_formats=_media(tree, post["content"]) if tree else [],
    )


def _links(anchors: Sequence[Attributes]) -> list[str]:
    targets = [anchor["href"] or "" for anchor in anchors if not _names_somebody(anchor)]
    return list(dict.fromkeys(target for target in targets if _is_address(target)))


def _media(tree: LexborHTMLParser, markup: str) -> list[str]:
    return [name for name, css, signs in MEDIA if any(sign in markup for sign in signs) and tree.css_first(css)]


def _names_somebody(anchor: Attributes) -> bool:
    return "mention" in (anchor.get("class") or "")  # plugin-mentions-user, among others


def _counts(
    post: Mapping[str, Any], mention: records.Mention, page: Page, topic: Mapping[str, Any]
) -> records.EngagementSnapshot:
    """A topic's views are its first post's; a topic's page tells replies with those who wrote them."""
    replies = post.get("replies")
    return records.EngagementSnapshot(
        mention_id=mention.mention_id,
        captured_at=page.as_of,
        age_hours=age_hours(page, mention.published_at),
        replies=replies.get("count") if isinstance(replies, dict) else replies,
        views=topic.get("viewcount") if mention.kind == "post" else None,
        upvotes=post.get("upvotes"),
        downvotes=post.get("downvotes"),
    )


def _account(user: Mapping[str, Any], page: Page, forum: Forum) -> Sequence[records.Record]:
    """Guests have no slug, and are nobody that could be met again."""
    if not user.get("userslug"):
        return []
    native_id = forum.user_id(user)
    account = records.Account(
        account_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        handle=user["userslug"].lower(),
        display_name=user.get("displayname") or user.get("username"),
        url=f"{forum.url}/user/{user['userslug']}",
        created_at=utc(user["joindateISO"]) if user.get("joindateISO") else None,
    )
    if user.get("followerCount") is None:
        return [account]
    snapshot = records.AccountSnapshot(
        account_id=account.account_id,
        captured_at=page.as_of,
        followers=user["followerCount"],
        following=user.get("followingCount"),
        posts=user.get("postcount"),
    )
    return [account, snapshot]
