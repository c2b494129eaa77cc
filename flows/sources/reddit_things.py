"""Reddit's things (t3: posts, t1: comments) as records, and the tree of a thread.

`score` is votes up minus votes down, fuzzed; it stands as `upvotes`, as points do elsewhere; `downvotes` is never told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc

PLATFORM = "reddit"
SITE = "https://www.reddit.com"
NOBODY = "[deleted]"
_FIELDS = (
    "all_awardings approved approved_at_utc approved_by archived associated_award author author_cakeday "
    "author_flair_background_color author_flair_css_class author_flair_richtext author_flair_template_id "
    "author_flair_text author_flair_text_color author_flair_type author_fullname author_is_blocked "
    "author_patreon_flair author_premium awarders banned_at_utc banned_by body body_html can_gild can_mod_post "
    "category clicked collapsed collapsed_because_crowd_control collapsed_reason collapsed_reason_code comment_type "
    "content_categories contest_mode context controversiality created created_utc crosspost_parent "
    "crosspost_parent_list depth dest discussion_type distinguished domain downs edited first_message "
    "first_message_name from from_id from_kind gallery_data gilded gildings hidden hide_score id ignore_reports "
    "is_created_from_ads_ui is_crosspostable is_gallery is_meta is_original_content is_reddit_media_domain "
    "is_robot_indexable is_self is_submitter is_video likes link_author link_flair_background_color "
    "link_flair_css_class link_flair_richtext link_flair_template_id link_flair_text link_flair_text_color "
    "link_flair_type link_id link_permalink link_title link_url locked media media_embed media_metadata media_only "
    "mod_note mod_reason_by mod_reason_title mod_reports name new no_follow num_comments num_crossposts num_reports "
    "over_18 parent_id parent_whitelist_status permalink pinned poll_data post_hint preview pwls quarantine "
    "removal_reason removed removed_by removed_by_category replies report_reasons saved score score_hidden "
    "secure_media secure_media_embed selftext selftext_html send_replies spam spoiler stickied subject subreddit "
    "subreddit_id subreddit_name_prefixed subreddit_subscribers subreddit_type suggested_sort thumbnail "
    "thumbnail_height thumbnail_width title top_awarded_type total_awards_received treatment_tags "
    "unrepliable_reason ups upvote_ratio url url_overridden_by_dest user_reports view_count visited was_comment "
    "whitelist_status wls"
)
FIELDS = frozenset(_FIELDS.split())
"""What posts and comments are known to have, mapped or left out on purpose."""
BY_AUTHOR = frozenset({"deleted", "author"})  # values of removed_by_category
_USER = re.compile(r"(?:^|[\s(>])/?u/([A-Za-z0-9_-]{3,20})\b")
_HINTS = {"image": "image", "hosted:video": "video", "rich:video": "video", "link": "link"}


class ThingData(msgspec.Struct):
    created_utc: float
    id: str
    name: str | None = None
    link_id: str | None = None


class Thing(msgspec.Struct):
    """What paging needs of a post or comment."""

    kind: str
    data: ThingData

    @property
    def name(self) -> str:
        """Its fullname."""
        return self.data.name or f"{self.kind}_{self.data.id}"


def time_of(thing: Thing) -> datetime:
    """When it was published."""
    return utc(thing.data.created_utc)


@dataclass(frozen=True)
class Thread:
    """A post and its comments; `is_whole` unless some were left out ("load more", "continue this thread")."""

    root: str | None
    things: list[bytes]
    is_whole: bool


def thread(page: Page) -> Thread | None:
    """The thread of an answer to /comments/<id>: two listings in an array. None where the answer is another."""
    if not page.body.lstrip().startswith(b"["):
        return None
    root, things, is_whole = None, [], True
    waiting = [child for listing in reversed(page.json()) for child in _children(listing)]
    while waiting:
        thing = waiting.pop()
        data = thing.get("data") if isinstance(thing, dict) else None
        if isinstance(data, dict) and thing.get("kind") == "more":
            is_whole = False
            continue
        if isinstance(data, dict):
            waiting += _children(data.get("replies"))
            thing = {**thing, "data": {name: value for name, value in data.items() if name != "replies"}}
            if thing.get("kind") == "t3" and root is None and isinstance(data.get("name") or data.get("id"), str):
                root = _fullname(thing)
        things.append(msgspec.json.encode(thing))
    return Thread(root, things, is_whole)


def _children(listing: Any) -> list[Any]:
    """Of a listing, last first."""
    data = listing.get("data") if isinstance(listing, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    return children[::-1] if isinstance(children, list) else []


def _fullname(thing: Mapping[str, Any]) -> str:
    data = thing["data"]
    name: str = data.get("name") or f"{thing['kind']}_{data['id']}"
    return name


def records_of(thing: Mapping[str, Any], page: Page) -> list[records.Record]:
    """Of one post or comment. Raises KeyError or ValueError where it is none."""
    kind, data = thing["kind"], thing["data"]
    if kind not in ("t1", "t3"):
        raise ValueError(f"kind {str(kind)[:20]!r} is no post or comment")
    name = _fullname(thing)
    body = data["body"] if kind == "t1" else data.get("selftext") or ""
    if reason := _gone(data, body):
        return [
            records.Deletion(mention_id=f"{PLATFORM}:{name}", platform=PLATFORM, deleted_at=page.as_of, reason=reason)
        ]
    mention = _comment(data, name, body) if kind == "t1" else _post(data, name, body)
    return [mention, *_counts(data, mention, page), *_account(data), *_edge(data, mention)]


def _gone(data: Mapping[str, Any], body: str) -> Any:
    """Why it is no longer there: who deletes an account wants all of it forgotten, though Reddit keeps the texts."""
    by = data.get("removed_by_category")
    if body.strip() == "[removed]" or (by and by not in BY_AUTHOR):
        return "removed"
    return "deleted" if by or body.strip() == NOBODY or data.get("author") == NOBODY else None


def _post(data: Mapping[str, Any], name: str, body: str) -> records.Mention:
    link = None if data.get("is_self") else data.get("url")
    media = _HINTS.get(data.get("post_hint") or "", "link" if link else None)
    formats = [media, "video" if data.get("is_video") else None, "image" if data.get("is_gallery") else None]
    formats.append("poll" if data.get("poll_data") else None)
    text = "\n\n".join(part for part in (data["title"].strip(), body.strip()) if part)
    return records.Mention(
        **_shared(data, name, text),
        kind="repost" if data.get("crosspost_parent") else "post",
        url=SITE + (data.get("permalink") or f"/comments/{name[3:]}/"),
        root_id=f"{PLATFORM}:{name}",
        links=[link] if link else [],
        media_formats=list(dict.fromkeys(each for each in formats if each)),
    )


def _comment(data: Mapping[str, Any], name: str, body: str) -> records.Mention:
    parent, link = data["parent_id"], data["link_id"]
    return records.Mention(
        **_shared(data, name, body.strip()),
        kind="comment" if parent == link else "reply",
        url=SITE + (data.get("permalink") or f"/comments/{link.removeprefix('t3_')}/_/{name[3:]}/"),
        parent_id=f"{PLATFORM}:{parent}",
        root_id=f"{PLATFORM}:{link}",
    )


def _shared(data: Mapping[str, Any], name: str, text: str) -> dict[str, Any]:
    edited = data.get("edited")
    return {
        "mention_id": f"{PLATFORM}:{name}",
        "platform": PLATFORM,
        "native_id": name,
        "author_id": _author_id(data),
        "text": text,
        "published_at": utc(data["created_utc"]),
        "edited_at": None if edited is None or isinstance(edited, bool) else utc(edited),  # once it was a mere true
        "handles": list(dict.fromkeys(found.lower() for found in _USER.findall(text))),
    }


def _author_id(data: Mapping[str, Any]) -> str | None:
    """Names never change and are always told; ids (t2_…) are not, and terms ask to forget them one by one."""
    return f"{PLATFORM}:{data['author'].lower()}" if data.get("author") else None


def _counts(data: Mapping[str, Any], mention: records.Mention, page: Page) -> list[records.Record]:
    is_hidden = data.get("score_hidden") or data.get("hide_score")  # then the score shown is always 1
    told = {
        "upvotes": None if is_hidden else data.get("score"),
        "replies": data.get("num_comments"),
        "reposts": data.get("num_crossposts"),
    }
    if all(count is None for count in told.values()):
        return []
    age = age_hours(page, mention.published_at)
    return [records.EngagementSnapshot(mention_id=mention.mention_id, captured_at=page.as_of, age_hours=age, **told)]


def _account(data: Mapping[str, Any]) -> list[records.Record]:
    author_id = _author_id(data)
    if author_id is None:
        return []
    name = data["author"]
    return [
        records.Account(
            account_id=author_id,
            platform=PLATFORM,
            native_id=name.lower(),
            handle=name.lower(),
            display_name=name,
            url=f"{SITE}/user/{name}/",
        )
    ]


def _edge(data: Mapping[str, Any], mention: records.Mention) -> list[records.Record]:
    target = mention.parent_id
    if mention.kind == "repost":
        target = f"{PLATFORM}:{data['crosspost_parent']}"
    if target is None:
        return []
    return [
        records.Interaction(
            mention_id=mention.mention_id,
            kind="repost" if mention.kind == "repost" else "reply",
            actor_id=mention.author_id,
            target_mention_id=target,
            occurred_at=mention.published_at,
        )
    ]
