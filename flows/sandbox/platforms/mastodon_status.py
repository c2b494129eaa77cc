"""A status and an account as a Mastodon server tells them: https://docs.joinmastodon.org/entities/Status."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flows.sandbox.platforms.stage import Author, Stage, Told

DOMAIN = "social.example"
NAMES = re.compile(r"(?<![\w@#])([@#])(\w+)")


def status_of(told: Told, parent: int | None, ids: Sequence[int], stage: Stage) -> dict[str, Any]:
    """A status; `parent` is the row of what it answers, as far as that can be seen."""
    number, author = str(ids[told.row]), told.author
    names = NAMES.findall(told.text)
    named = dict.fromkeys(name for sign, name in names if sign == "@" and name in stage.account_of)
    mentions = [stage.author(stage.account_of[name], 0) for name in named]
    return {
        "id": number, "created_at": _iso(told.published_at), "edited_at": told.edited_at and _iso(told.edited_at),
        "in_reply_to_id": None if parent is None else str(ids[parent]),
        "in_reply_to_account_id": None if told.parent is None else stage.author_id(told.parent),
        "sensitive": False, "spoiler_text": "",
        "visibility": "public", "language": told.language,
        "uri": f"https://{DOMAIN}/users/{author.handle}/statuses/{number}",
        "url": f"https://{DOMAIN}/@{author.handle}/{number}", "replies_count": told.replies,
        "reblogs_count": told.reposts, "favourites_count": told.likes, "quotes_count": told.quotes,
        "content": _markup(told.text, stage), "reblog": None, "account": account_of(author), "media_attachments": [],
        "mentions": [
            {"id": each.native_id, "username": each.handle, "acct": each.handle, "url": _profile(each.handle)}
            for each in mentions
        ],
        "tags": [
            {"name": name.lower(), "url": f"https://{DOMAIN}/tags/{name}"} for sign, name in names if sign == "#"
        ],
        "emojis": [], "card": None, "poll": None, "quote": None,
    }  # fmt: skip


def _markup(text: str, stage: Stage) -> str:
    """As the server formats what people type: paragraphs, and links for the names and tags that it knows."""

    def link(found: re.Match[str]) -> str:
        sign, name = found.groups()
        if sign == "#":
            return f'<a href="https://{DOMAIN}/tags/{name}" class="mention hashtag" rel="tag">#<span>{name}</span></a>'
        known = name in stage.account_of
        inner = f'<a href="{_profile(name)}" class="u-url mention">@<span>{name}</span></a>'
        return f'<span class="h-card" translate="no">{inner}</span>' if known else found[0]

    linked = NAMES.sub(link, html.escape(text, quote=False))
    return "".join(f"<p>{part.replace(chr(10), '<br />')}</p>" for part in linked.split("\n\n"))


def account_of(author: Author) -> dict[str, Any]:
    """An account of this server."""
    return {
        "id": author.native_id, "username": author.handle, "acct": author.handle, "display_name": author.handle,
        "locked": False, "bot": False, "discoverable": True, "indexable": True, "group": False,
        "created_at": _iso(author.created_at), "note": "", "url": _profile(author.handle),
        "uri": f"https://{DOMAIN}/users/{author.handle}", "followers_count": author.followers, "emojis": [],
        "fields": [],
    }  # fmt: skip


def _profile(handle: str) -> str:
    return f"https://{DOMAIN}/@{handle}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"
