"""One post of a Discourse forum as records.

Native ids are `<forum>/t/<topic>/<number of the post in it>`, `<forum>` being the address without its scheme: so a post
names what it answers by itself, and a refresh finds it. A post that is moved to another topic becomes another one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc
from flows.sources.plain_text import Attributes, read

PLATFORM = "discourse"
FIELDS = frozenset(
    {
        "accepted_answer", "actions_summary", "admin", "avatar_template", "avg_time", "badges_granted", "bookmarked",
        "can_accept_answer", "can_delete", "can_edit", "can_recover", "can_see_hidden_post", "can_unaccept_answer",
        "can_view_edit_history", "can_wiki", "category_id", "cooked", "created_at", "current_user_reaction",
        "current_user_used_main_reaction", "deleted_at", "display_username", "draft_sequence", "edit_reason",
        "flair_bg_color", "flair_color", "flair_group_id", "flair_name", "flair_url", "group_moderator", "hidden",
        "hidden_reason_id", "id", "incoming_link_count", "link_counts", "mentioned_users", "moderator", "name",
        "notice", "polls", "polls_votes", "post_folding_status", "post_localizations", "post_number", "post_type",
        "post_url", "primary_group_flair_bg_color", "primary_group_flair_color", "primary_group_flair_url",
        "primary_group_name", "quote_count", "raw", "reaction_users_count", "reactions", "read", "readers_count",
        "reads", "reply_count", "reply_to_post_number", "reply_to_user", "reviewable_id", "reviewable_score_count",
        "reviewable_score_pending_count", "score", "staff", "title_is_group", "topic_accepted_answer",
        "topic_html_title", "topic_id", "topic_slug", "topic_title", "trust_level", "updated_at", "user_created_at",
        "user_date_of_birth", "user_deleted", "user_id", "user_status", "user_title", "username", "version", "wiki",
        "yours",
    }
)  # fmt: skip
"""What items are known to have, mapped or left out on purpose."""
MEDIA = (
    ("image", "img:not(.emoji):not(.avatar)", "<img"),
    ("video", "video, .video-container", "video"),
    ("audio", "audio", "<audio"),
    ("poll", "div.poll", "poll"),
)
"""What a post holds, where the tree has it, and what its markup then holds: few do, and a tree is slow to search."""
_MARKED = re.compile(r"<(?:img|aside|audio)\b|mention|video|poll")  # what only a tree tells for sure
_NO_LINKS = frozenset({"mention", "hashtag", "hashtag-cooked", "lightbox"})  # classes of anchors
SPOKEN = (1, 2)  # what people and moderators write; 3 and 4 are notes of the software, and whispers
LIKE = 2


@dataclass(frozen=True)
class Topic:
    """What a page tells once for all its posts."""

    forum: str  # without scheme
    url: str
    title: str | None = None
    views: int | None = None
    tags: Sequence[str] = ()

    def mention_id(self, topic: int | str, number: int | str) -> str:
        return f"{PLATFORM}:{self.forum}/t/{int(topic)}/{int(number)}"

    def account_id(self, username: str) -> str:
        return f"{PLATFORM}:{self.forum}/u/{username.lower()}"


def records_of(post: Mapping[str, Any], page: Page, topic: Topic) -> Sequence[records.Record]:
    """Of one post; a deletion where it is gone or hidden from all, nothing where nobody speaks."""
    mention_id = topic.mention_id(post["topic_id"], post["post_number"])
    if post.get("deleted_at") or post.get("user_deleted") or post.get("hidden"):
        reason = "deleted" if post.get("user_deleted") else "removed"
        return [
            records.Deletion(mention_id=mention_id, platform=PLATFORM, deleted_at=_gone_at(post, page), reason=reason)  # type: ignore[arg-type]
        ]
    if post.get("post_type", 1) not in SPOKEN:
        return []
    tree = LexborHTMLParser(post["cooked"]) if _MARKED.search(post["cooked"]) else None
    mention = _mention(post, mention_id, topic, tree)
    edges = _edges(post, mention, topic, tree)
    return [mention, _counts(post, mention, page, topic), *_account(post, topic), *edges]


def _gone_at(post: Mapping[str, Any], page: Page) -> Any:
    return utc(post["deleted_at"]) if post.get("deleted_at") else page.as_of


def _mention(post: Mapping[str, Any], mention_id: str, topic: Topic, tree: LexborHTMLParser | None) -> records.Mention:
    is_first = post["post_number"] == 1
    title = html.unescape(topic.title or post.get("topic_title") or "") if is_first else ""
    cooked = post["cooked"]
    content = read(cooked)
    slug = post.get("topic_slug") or "topic"
    return records.Mention(
        mention_id=mention_id,
        platform=PLATFORM,
        native_id=mention_id.removeprefix(f"{PLATFORM}:"),
        kind="post" if is_first else "reply",
        author_id=topic.account_id(post["username"]) if post.get("username") else None,
        text="\n\n".join(part for part in (title, content.text) if part),
        url=f"{topic.url}/t/{slug}/{post['topic_id']}/{post['post_number']}",
        published_at=utc(post["created_at"]),
        edited_at=utc(post["updated_at"]) if (post.get("version") or 1) > 1 and post.get("updated_at") else None,
        parent_id=None if is_first else topic.mention_id(post["topic_id"], post.get("reply_to_post_number") or 1),
        root_id=topic.mention_id(post["topic_id"], 1),
        links=_links(content.anchors),
        hashtags=[tag.lower() for tag in topic.tags] if is_first else [],
        handles=_names(tree) if tree and "mention" in cooked else [],
        media_formats=[name for name, css, sign in MEDIA if tree and sign in cooked and tree.css_first(css)],
    )


def _links(anchors: Sequence[Attributes]) -> list[str]:
    targets = [anchor["href"] or "" for anchor in anchors if _NO_LINKS.isdisjoint(_classes(anchor))]
    return list(dict.fromkeys(target for target in targets if target.startswith(("http://", "https://"))))


def _names(tree: LexborHTMLParser) -> list[str]:
    """Whom a post addresses, in order; groups and those who are no more have no link. A walk is half of a search."""
    nodes = tree.root.traverse() if tree.root else ()
    found = [node for node in nodes if node.tag in {"a", "span"} and "mention" in _classes(node.attributes)]
    return list(dict.fromkeys(node.text().lstrip("@").lower() for node in found))


def _classes(attributes: Attributes) -> Sequence[str]:
    return (attributes.get("class") or "").lower().split()  # whose case a page without a doctype does not tell apart


def _counts(post: Mapping[str, Any], mention: records.Mention, page: Page, topic: Topic) -> records.EngagementSnapshot:
    """Likes that nobody gave are left out of the summary: absent is zero. A topic's views are its first post's."""
    summary = post.get("actions_summary")
    links = post.get("link_counts")
    return records.EngagementSnapshot(
        mention_id=mention.mention_id,
        captured_at=page.as_of,
        age_hours=age_hours(page, mention.published_at),
        likes=None if summary is None else next((each.get("count", 0) for each in summary if each["id"] == LIKE), 0),
        replies=post.get("reply_count"),
        quotes=post.get("quote_count"),
        views=topic.views if post["post_number"] == 1 else post.get("reads"),
        clicks=sum(each.get("clicks") or 0 for each in links if not each.get("reflection")) if links else None,
    )


def _account(post: Mapping[str, Any], topic: Topic) -> Sequence[records.Record]:
    username = post.get("username")
    if not username:
        return []
    account_id = topic.account_id(username)
    return [
        records.Account(
            account_id=account_id,
            platform=PLATFORM,
            native_id=account_id.removeprefix(f"{PLATFORM}:"),
            handle=username.lower(),
            display_name=post.get("name") or None,
            url=f"{topic.url}/u/{username}",
        )
    ]


def _edges(
    post: Mapping[str, Any], mention: records.Mention, topic: Topic, tree: LexborHTMLParser | None
) -> Sequence[records.Record]:
    answered = (post.get("reply_to_user") or {}).get("username")
    edges = [("reply", mention.parent_id, answered)] if mention.parent_id else []
    quote = tree.css_first("aside.quote[data-topic][data-post]") if tree and "<aside" in post["cooked"] else None
    if quote is not None:
        where = quote.attributes
        quoted = topic.mention_id(where.get("data-topic") or "", where.get("data-post") or "")
        edges.append(("quote", quoted, where.get("data-username")))
    return [
        records.Interaction(
            mention_id=mention.mention_id,
            kind=kind,  # type: ignore[arg-type]
            actor_id=mention.author_id,
            target_mention_id=target,
            target_id=topic.account_id(whom) if whom else None,
            occurred_at=mention.published_at,
        )
        for kind, target, whom in edges
        if target != mention.mention_id
    ]
