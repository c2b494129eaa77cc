"""One status or account of a Mastodon server, or one that speaks like it, as records.

A status is known on every server under a number of that server's own, and to all of them under its `uri`. Its native
id is `host/id` of the server where it was written, wherever it was seen: that server, asked for the id, knows its true
counts. Of servers that number their posts otherwise (Misskey, Pleroma) it is host and path of the `uri`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc
from flows.sources.plain_text import Attributes, read

PLATFORM = "mastodon"
FIELDS = frozenset(
    {
        "account", "acct", "ancestors", "application", "avatar", "avatar_description", "avatar_static", "bookmarked",
        "bot", "card", "collections", "content", "created_at", "descendants", "discoverable", "display_name",
        "edited_at", "emojis", "favourited", "favourites_count", "feature_approval", "fields", "filtered",
        "followers_count", "following_count", "group", "header", "header_description", "header_static",
        "hide_collections", "id", "in_reply_to_account_id", "in_reply_to_id", "indexable", "language", "last_status_at",
        "limited", "locked", "media_attachments", "memorial", "mentions", "moved", "muted", "noindex", "note", "pinned",
        "poll", "quote", "quote_approval", "quotes_count", "reblog", "reblogged", "reblogs_count", "replies_count",
        "roles", "sensitive", "show_featured", "show_media", "show_media_replies", "source", "spoiler_text",
        "statuses_count", "suspended", "tagged_collections", "tags", "text", "uri", "url", "username", "visibility",
    }
)  # fmt: skip
"""What items are known to have, mapped or left out on purpose."""
MEDIA = {"image": "image", "gifv": "video", "video": "video", "audio": "audio"}
_NAMES = frozenset({"mention", "hashtag"})  # classes of their anchors
OPEN = {"public", "unlisted"}
_NUMBERED = re.compile(r".*/([0-9]{6,})/?")


@dataclass(frozen=True)
class Server:
    """Who answered a page: its name in addresses, and the native ids of the statuses that stand there, by its ids."""

    domain: str
    native_ids: Mapping[str, str] = field(default_factory=dict)
    asks_origins: bool = True
    root: str | None = None  # native id of the first status of the thread that a page is of

    def native_id(self, status: Mapping[str, Any]) -> str:
        """Of a status that this server shows."""
        uri, local = str(status["uri"]), "@" not in status["account"]["acct"]
        where = urlsplit(uri)
        if where.scheme not in {"http", "https"} or not where.netloc:
            return uri
        if local or where.netloc == self.domain:
            return f"{where.netloc}/{status['id']}"
        numbered = _NUMBERED.fullmatch(where.path)
        return f"{where.netloc}/{numbered[1]}" if numbered else f"{where.netloc}{where.path}"

    def account_id(self, account: Mapping[str, Any]) -> str:
        """user@host, in lower case: the same wherever the account is seen."""
        acct = str(account["acct"]).lower()
        return acct if "@" in acct else f"{acct}@{self.domain}"

    def parent(self, status: Mapping[str, Any]) -> str | None:
        """The native id of what a status answers; None where only another server could tell it."""
        local_id = status.get("in_reply_to_id")
        if local_id is None or local_id in self.native_ids:
            return self.native_ids.get(local_id) if local_id else None
        answered = self.answered(status)
        is_ours = answered is not None and answered.endswith(f"@{self.domain}")
        return f"{self.domain}/{local_id}" if is_ours else None

    def answered(self, status: Mapping[str, Any]) -> str | None:
        """Whom a status answers: itself, or one of those whom it mentions."""
        known = [status["account"], *(status.get("mentions") or [])]
        asked = status.get("in_reply_to_account_id")
        return next((self.account_id(each) for each in known if asked and each.get("id") == asked), None)


def records_of(item: Mapping[str, Any], page: Page, server: Server) -> Sequence[records.Record]:
    """Of a status or an account; none of what its author did not publish, or of an empty thread."""
    if "acct" in item:
        return _account(item, page, server)
    if "descendants" in item or item.get("visibility", "public") not in OPEN:
        return []
    if item.get("reblog"):
        return _repost(item, page, server)
    return _status(item, page, server)


def _status(status: Mapping[str, Any], page: Page, server: Server) -> Sequence[records.Record]:
    native_id, published_at = server.native_id(status), utc(status["created_at"])
    parent, quoted = server.parent(status), _quoted(status, server)
    # A parent that was deleted leaves only whose it was.
    is_reply = (status.get("in_reply_to_id") or status.get("in_reply_to_account_id")) is not None
    root = server.root if is_reply else native_id
    poll, card, tags = status.get("poll"), status.get("card") or {}, status.get("tags") or []
    content = read(status["content"])
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind="reply" if is_reply else "quote" if quoted else "poll" if poll else "post",
        author_id=f"{PLATFORM}:{server.account_id(status['account'])}",
        text="\n\n".join([part for part in (status.get("spoiler_text") or "", content.text) if part]),
        url=status.get("url") or status["uri"],
        language_reported=status.get("language"),
        published_at=published_at,
        edited_at=utc(status["edited_at"]) if status.get("edited_at") else None,
        parent_id=f"{PLATFORM}:{parent}" if parent else None,
        root_id=f"{PLATFORM}:{root}" if root else None,
        links=list(dict.fromkeys([*_links(content.anchors), *([card["url"]] if card.get("url") else [])])),
        hashtags=list(dict.fromkeys([tag["name"].lower() for tag in tags])),
        handles=list(dict.fromkeys([server.account_id(each) for each in status.get("mentions") or []])),
        media_formats=_media(status),
    )
    rows: list[records.Record] = [mention, *_account(status["account"], page, server)]
    if _can_be_asked_again(native_id, server):
        rows.append(
            records.EngagementSnapshot(
                mention_id=mention.mention_id,
                captured_at=page.as_of,
                age_hours=age_hours(page, published_at),
                likes=status.get("favourites_count"),
                replies=status.get("replies_count"),
                reposts=status.get("reblogs_count"),
                quotes=status.get("quotes_count"),
            )
        )
    answered = server.answered(status) if is_reply else None
    if parent or answered:
        rows.append(_edge("reply", mention, parent, answered))
    if quoted:
        rows.append(_edge("quote", mention, quoted, server.account_id(status["quote"]["quoted_status"]["account"])))
    return rows


def _can_be_asked_again(native_id: str, server: Server) -> bool:
    """Counts of what only another software could tell again would stay as few as this server happened to see."""
    host, _, rest = native_id.partition("/")
    return bool(rest) and "/" not in rest and (server.asks_origins or host == server.domain)


def _repost(status: Mapping[str, Any], page: Page, server: Server) -> Sequence[records.Record]:
    native_id, target = server.native_id(status), status["reblog"]
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind="repost",
        author_id=f"{PLATFORM}:{server.account_id(status['account'])}",
        text="",
        url=target.get("url") or target["uri"],
        published_at=utc(status["created_at"]),
        parent_id=f"{PLATFORM}:{server.native_id(target)}",
    )
    edge = _edge("repost", mention, server.native_id(target), server.account_id(target["account"]))
    return [mention, *_account(status["account"], page, server), edge]


def _edge(kind: Any, mention: records.Mention, target: str | None, account: str | None) -> records.Interaction:
    return records.Interaction(
        mention_id=mention.mention_id,
        kind=kind,
        actor_id=mention.author_id,
        target_mention_id=f"{PLATFORM}:{target}" if target else None,
        target_id=f"{PLATFORM}:{account}" if account else None,
        occurred_at=mention.published_at,
    )


def _account(account: Mapping[str, Any], page: Page, server: Server) -> Sequence[records.Record]:
    native_id = server.account_id(account)
    row = records.Account(
        account_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        handle=native_id,
        display_name=account.get("display_name") or None,
        url=account.get("url") or None,
        is_bot=account.get("bot"),
        created_at=utc(account["created_at"]) if account.get("created_at") else None,
    )
    followers, following = account.get("followers_count"), account.get("following_count")
    posts = account.get("statuses_count")
    if followers is None and following is None and posts is None:
        return [row]
    snapshot = records.AccountSnapshot(
        account_id=row.account_id, captured_at=page.as_of, followers=followers, following=following, posts=posts
    )
    return [row, snapshot]


def _quoted(status: Mapping[str, Any], server: Server) -> str | None:
    """What is quoted, where its author accepted that and the server shows it."""
    quote = status.get("quote") or {}
    return server.native_id(quote["quoted_status"]) if quote.get("quoted_status") else None


def _links(anchors: Sequence[Attributes]) -> list[str]:
    """Where the text leads; names and tags are links too, and lead to profiles and searches."""
    targets = [each["href"] or "" for each in anchors if _NAMES.isdisjoint((each.get("class") or "").lower().split())]
    return [target for target in targets if target.startswith(("http://", "https://"))]


def _media(status: Mapping[str, Any]) -> list[str]:
    attached, card, poll = status.get("media_attachments"), status.get("card"), status.get("poll")
    if not (attached or card or poll):
        return []
    kinds = [MEDIA.get(each.get("type")) for each in attached or []]
    kinds += ["link" if card else None, "poll" if poll else None]
    return list(dict.fromkeys(kind for kind in kinds if kind))
