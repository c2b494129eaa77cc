"""Posts and users of X as records.

Every version of an edited post has an id of its own: all of them are one mention, named by the first.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc
from flows.sources.x_answers import Beside, reason_of

PLATFORM = "x"
SITE = "https://x.com"
FIRST_TIMED_ID = 29_700_859_247  # from November 2010 ids tell the time
_EPOCH = datetime(1970, 1, 1) + timedelta(milliseconds=1_288_834_974_657)  # noqa: DTZ001 - UTC without zone
_MEDIA = {"photo": "image", "video": "video", "animated_gif": "video"}
_EDGES: dict[str, Literal["reply", "quote", "repost"]] = {  # what a post is first of all stands first
    "retweeted": "repost",
    "replied_to": "reply",
    "quoted": "quote",
}


def time_of_id(native_id: str) -> datetime | None:
    """When a post of this id was made; None for ids that tell no time."""
    if len(native_id) > 19 or not (native_id.isascii() and native_id.isdigit()) or int(native_id) < FIRST_TIMED_ID:
        return None
    return _EPOCH + timedelta(milliseconds=int(native_id) >> 22)


def records_of(item: Mapping[str, Any], page: Page, around: Beside) -> list[records.Record]:
    """Of a post, a user, or a post that is not shown. Raises KeyError or ValueError where it is none."""
    if reason := reason_of(item):
        mention_id = f"{PLATFORM}:{item.get('resource_id') or item['value']}"
        return [records.Deletion(mention_id=mention_id, platform=PLATFORM, deleted_at=page.as_of, reason=reason)]
    if "username" in item:
        return _account(item, page)
    versions = item.get("edit_history_tweet_ids") or [item["id"]]
    if item["id"] not in versions:
        raise ValueError("its id is none of its versions")
    if versions[-1] != item["id"]:
        return []  # an older version: the newest speaks for the post
    edges = [
        (_EDGES[each["type"]], each["id"]) for each in item.get("referenced_tweets") or [] if each["type"] in _EDGES
    ]
    mention = _mention(item, versions, dict(edges), around)
    author = around.users.get(item.get("author_id") or "")
    return [
        mention,
        *_snapshot(item, mention, page),
        *(_account(author, page) if author else []),
        *(_edge(kind, target, item, mention, around) for kind, target in edges),
    ]


def _mention(
    item: Mapping[str, Any], versions: Sequence[str], targets: Mapping[str, str], around: Beside
) -> records.Mention:
    native_id, author, parent = versions[0], item.get("author_id"), targets.get("reply")
    told = around.posts.get(targets.get("repost", ""), item)  # a repost's own text is cut
    long = told.get("note_tweet") or {}
    entities = long.get("entities") or told.get("entities") or {}
    links, media = _links(entities), _media(item, entities, around)
    is_edited, root = len(versions) > 1, item.get("conversation_id")
    created_at = time_of_id(native_id) if is_edited or "created_at" not in item else None
    return records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind=next((kind for kind in _EDGES.values() if kind in targets), "post"),
        author_id=f"{PLATFORM}:{author}" if author else None,
        text=html.unescape(long.get("text") or told["text"]).strip(),
        url=f"{SITE}/i/web/status/{native_id}",
        language_reported=item.get("lang"),
        published_at=created_at or utc(item["created_at"]),
        edited_at=time_of_id(item["id"]) if is_edited else None,
        parent_id=f"{PLATFORM}:{parent}" if parent else None,
        root_id=f"{PLATFORM}:{root}" if root else None,
        links=links,
        hashtags=[each["tag"].lower() for each in entities.get("hashtags") or []],
        handles=[each["username"].lower() for each in entities.get("mentions") or []],
        media_formats=list(dict.fromkeys([*media, *(["link"] if links else [])])),
    )


def _links(entities: Mapping[str, Any]) -> list[str]:
    """Where its links lead; those to its own pictures are none."""
    told = [each for each in entities.get("urls") or [] if not each.get("media_key")]
    found = [each.get("unwound_url") or each.get("expanded_url") for each in told]
    return list(dict.fromkeys(link for link in found if link))


def _media(item: Mapping[str, Any], entities: Mapping[str, Any], around: Beside) -> list[str]:
    """By the links to its own pictures, which come with the post: to expand media costs as much as a post."""
    attached = item.get("attachments") or {}
    known = [around.media.get(key, {}).get("type") for key in attached.get("media_keys") or []]
    shown = [each.get("expanded_url") or "" for each in entities.get("urls") or [] if each.get("media_key")]
    known += ["video" if "/video/" in url else "photo" for url in shown]
    return [_MEDIA[kind] for kind in known if kind in _MEDIA] + (["poll"] if attached.get("poll_ids") else [])


def _snapshot(item: Mapping[str, Any], mention: records.Mention, page: Page) -> list[records.Record]:
    """A repost's counts are those of its original, told a second time."""
    counts = item.get("public_metrics")
    if not counts or mention.kind == "repost":
        return []
    return [
        records.EngagementSnapshot(
            mention_id=mention.mention_id,
            captured_at=page.as_of,
            age_hours=age_hours(page, mention.published_at),
            likes=counts.get("like_count"),
            replies=counts.get("reply_count"),
            reposts=counts.get("retweet_count"),
            quotes=counts.get("quote_count"),
            views=counts.get("impression_count"),
            bookmarks=counts.get("bookmark_count"),
        )
    ]


def _account(user: Mapping[str, Any], page: Page) -> list[records.Record]:
    account_id, counts, created = f"{PLATFORM}:{user['id']}", user.get("public_metrics"), user.get("created_at")
    account = records.Account(
        account_id=account_id,
        platform=PLATFORM,
        native_id=user["id"],
        handle=user["username"].lower(),
        display_name=user.get("name"),
        url=f"{SITE}/{user['username']}",
        created_at=utc(created) if created else None,
    )
    if not counts:
        return [account]
    return [
        account,
        records.AccountSnapshot(
            account_id=account_id,
            captured_at=page.as_of,
            followers=counts.get("followers_count"),
            following=counts.get("following_count"),
            posts=counts.get("tweet_count"),
        ),
    ]


def _edge(
    kind: Literal["reply", "quote", "repost"],
    target: str,
    item: Mapping[str, Any],
    mention: records.Mention,
    around: Beside,
) -> records.Record:
    whom = around.posts.get(target, {}).get("author_id") or (
        item.get("in_reply_to_user_id") if kind == "reply" else None
    )
    return records.Interaction(
        mention_id=mention.mention_id,
        kind=kind,
        actor_id=mention.author_id,
        target_mention_id=f"{PLATFORM}:{target}",
        target_id=f"{PLATFORM}:{whom}" if whom else None,
        occurred_at=mention.published_at,
    )
