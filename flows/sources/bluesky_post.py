"""One post, feed entry or profile of Bluesky as records.

Native ids are the network's own: a post's at:// URI and an account's DID, which no server shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc

PLATFORM = "bluesky"
FIELDS = frozenset(
    {
        "associated", "author", "avatar", "banner", "bookmarkCount", "cid", "createdAt", "debug", "description",
        "descriptionFacets", "did", "displayName", "embed", "feedContext", "followersCount", "followsCount", "handle",
        "indexedAt", "joinedViaStarterPack", "labels", "likeCount", "pinnedPost", "post", "postsCount", "pronouns",
        "quoteCount", "reason", "record", "reply", "replyCount", "repostCount", "reqId", "status", "threadgate", "uri",
        "verification", "viewer", "website",
    }
)  # fmt: skip
"""What items are known to have, mapped or left out on purpose."""
SITE = "https://bsky.app"
POSTS = "/app.bsky.feed.post/"
_URI = re.compile(r"at://[^/\s]+/[^/\s]+/[^/\s]+")
MEDIA = {"images": "image", "gallery": "image", "video": "video", "external": "link"}


def mention_id(uri: str) -> str:
    """Of a post's at:// URI. Raises ValueError where it is none."""
    if _URI.fullmatch(uri) is None:
        raise ValueError("no at:// URI of a record")
    return f"{PLATFORM}:{uri}"


def sorted_at(entry: Mapping[str, Any]) -> datetime:
    """When a post counts as published: the earlier of what its author claims and what the network saw, as in search.

    https://docs.bsky.app/docs/advanced-guides/timestamps. A repost stands where it was reposted.
    """
    if reason := entry.get("reason"):
        return utc(reason["indexedAt"]) if "indexedAt" in reason else sorted_at(entry["post"])
    post = entry.get("post", entry)
    claimed = post["record"]["createdAt"]
    if "indexedAt" not in post:
        return utc(claimed)
    seen = utc(post["indexedAt"])
    try:
        return min(utc(claimed), seen)
    except ValueError:
        return seen


def records_of(entry: Mapping[str, Any], page: Page) -> list[records.Record]:
    """Of a post, an entry of a feed or thread, or a profile. Raises KeyError or ValueError where it is none."""
    if "post" not in entry and "did" in entry:
        return _account(entry, page)
    post = entry.get("post", entry)
    if str((entry.get("reason") or {}).get("$type", "")).endswith("#reasonRepost"):
        return _repost(entry["reason"], post["uri"], page)
    return _post(post, page)


def _post(post: Mapping[str, Any], page: Page) -> list[records.Record]:
    uri, author, record, published_at = post["uri"], post["author"], post["record"], sorted_at(post)
    reply, quoted = record.get("reply") or {}, _quoted(record.get("embed") or {})
    parent, facets = (reply.get("parent") or {}).get("uri"), list(_features(record))
    author_id = f"{PLATFORM}:{author['did']}"
    links = [each["uri"] for each in facets if each.get("uri")] + _embedded_links(record.get("embed") or {})
    tags = [each["tag"] for each in facets if each.get("tag")] + list(record.get("tags") or [])
    mention = records.Mention(
        mention_id=mention_id(uri),
        platform=PLATFORM,
        native_id=uri,
        kind="reply" if parent else "quote" if quoted else "post",
        author_id=author_id,
        text=record["text"],
        url=f"{SITE}/profile/{author['did']}/post/{uri.rpartition('/')[2]}",
        language_reported=next(iter(record.get("langs") or []), None),
        published_at=published_at,
        parent_id=mention_id(parent) if parent else None,
        root_id=mention_id(reply["root"]["uri"]) if parent else mention_id(uri),
        links=list(dict.fromkeys(links)),
        hashtags=list(dict.fromkeys(tag.lower() for tag in tags)),
        handles=list(dict.fromkeys(each["handle"] for each in facets if each.get("handle"))),
        media_formats=_media(record.get("embed") or {}),
    )
    counts = records.EngagementSnapshot(
        mention_id=mention.mention_id,
        captured_at=page.as_of,
        age_hours=age_hours(page, published_at),
        likes=post.get("likeCount"),
        replies=post.get("replyCount"),
        reposts=post.get("repostCount"),
        quotes=post.get("quoteCount"),
        bookmarks=post.get("bookmarkCount"),
    )
    edges = [_edge(kind, mention, target) for kind, target in (("reply", parent), ("quote", quoted)) if target]
    return [mention, counts, *_account(author, page), *edges]


def _edge(kind: Any, mention: records.Mention, target: str) -> records.Interaction:
    return records.Interaction(
        mention_id=mention.mention_id,
        kind=kind,
        actor_id=mention.author_id,
        target_mention_id=mention_id(target),
        target_id=f"{PLATFORM}:{target.split('/')[2]}",
        occurred_at=mention.published_at,
    )


def _repost(reason: Mapping[str, Any], target: str, page: Page) -> list[records.Record]:
    """A repost is a mention of its own where the network names it; older servers do not."""
    if not reason.get("uri"):
        return []
    by, uri = reason["by"], reason["uri"]
    mention = records.Mention(
        mention_id=mention_id(uri),
        platform=PLATFORM,
        native_id=uri,
        kind="repost",
        author_id=f"{PLATFORM}:{by['did']}",
        text="",
        url=f"{SITE}/profile/{by['did']}",
        published_at=utc(reason["indexedAt"]),
        parent_id=mention_id(target),
    )
    return [mention, *_account(by, page), _edge("repost", mention, target)]


def _account(profile: Mapping[str, Any], page: Page) -> list[records.Record]:
    did, handle = profile["did"], profile.get("handle")
    account = records.Account(
        account_id=f"{PLATFORM}:{did}",
        platform=PLATFORM,
        native_id=did,
        handle=handle.lower() if handle and handle != "handle.invalid" else None,
        display_name=profile.get("displayName") or None,
        url=f"{SITE}/profile/{did}",
        created_at=utc(profile["createdAt"]) if profile.get("createdAt") else None,
    )
    told = {name: profile.get(f"{name}Count") for name in ("followers", "follows", "posts")}
    if all(count is None for count in told.values()):
        return [account]
    snapshot = records.AccountSnapshot(
        account_id=account.account_id,
        captured_at=page.as_of,
        followers=told["followers"],
        following=told["follows"],
        posts=told["posts"],
    )
    return [account, snapshot]


def _features(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What the author marked in the text: links, tags, and mentions with the handle that is written there."""
    text = record["text"].encode()
    for facet in record.get("facets") or []:
        for feature in facet["features"]:
            if str(feature.get("$type", "")).endswith("#mention"):
                span = text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]]
                yield {"handle": span.decode(errors="ignore").lstrip("@").lower()}
            else:
                yield feature


def _parts(embed: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(kind, embed), where a quoted post with media is both."""
    kind = str(embed.get("$type", "")).removeprefix("app.bsky.embed.").partition("#")[0]
    if kind == "recordWithMedia":
        yield from _parts(embed.get("media") or {})
        yield "record", embed.get("record") or {}
    else:
        yield kind, embed


def _media(embed: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(MEDIA[kind] for kind, _ in _parts(embed) if kind in MEDIA))


def _embedded_links(embed: Mapping[str, Any]) -> list[str]:
    return [part["external"]["uri"] for kind, part in _parts(embed) if kind == "external"]


def _quoted(embed: Mapping[str, Any]) -> str | None:
    """The URI of a quoted post; feeds, lists and starter packs are embedded the same way and are none."""
    uris = [part["record"]["uri"] for kind, part in _parts(embed) if kind == "record"]
    return next((uri for uri in uris if POSTS in uri), None)
