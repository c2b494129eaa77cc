"""A WordPress post or comment as records. A post speaks for its site; a comment for whoever gave that name there."""

from __future__ import annotations

from typing import Any

from flows import records
from flows.sources import articles
from flows.sources.base import Page
from flows.sources.moments import utc
from flows.sources.plain_text import from_html, read
from flows.sources.threads import reply_edges

PLATFORM = "wordpress"
LONGEST_BODY = 100_000  # characters of markup: nested <div>s take quadratic time to read


def parse_post(item: dict[str, Any], _page: Page, site: str) -> list[records.Record]:
    """An article and its site; the REST API tells no counts."""
    native_id, address = f"{site}#{_number(item['id'])}", articles.web_address(item.get("link"))
    published_at, content = utc(item["date_gmt"]), read(_rendered(item, "content") or _rendered(item, "excerpt"))
    edited_at = utc(item["modified_gmt"]) if item.get("modified_gmt") else None
    account = records.Account(
        account_id=f"{PLATFORM}:{site}", platform=PLATFORM, native_id=site, handle=site, url=f"https://{site}/"
    )
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind="article",
        author_id=account.account_id,
        text="\n\n".join(part for part in (from_html(_rendered(item, "title")), content.text) if part),
        url=address,
        published_at=published_at,
        edited_at=edited_at if edited_at and edited_at > published_at else None,
        root_id=f"{PLATFORM}:{native_id}",
        links=articles.links_of(content.anchors, address or ""),
        media_formats=["image"] if item.get("featured_media") else [],
    )
    return [mention, account]


def parse_comment(item: dict[str, Any], _page: Page, site: str) -> list[records.Record]:
    """A comment, its author and its edge; nothing of what is no person's (pingbacks)."""
    if item.get("type", "comment") != "comment":
        return []
    native_id, published_at = f"{site}#comment-{_number(item['id'])}", utc(item["date_gmt"])
    content = read(_rendered(item, "content"))
    post_id = f"{PLATFORM}:{site}#{_number(item['post'])}"
    parent_id = f"{PLATFORM}:{site}#comment-{_number(item['parent'])}" if item.get("parent") else post_id
    account = _author(item, site)
    author_id = account.account_id if account else None
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{native_id}",
        platform=PLATFORM,
        native_id=native_id,
        kind="comment",
        author_id=author_id,
        text=content.text,
        url=articles.web_address(item.get("link")),
        published_at=published_at,
        parent_id=parent_id,
        root_id=post_id,
        links=articles.links_of(content.anchors),
    )
    return [mention, *reply_edges(mention), *([account] if account else [])]


def _author(item: dict[str, Any], site: str) -> records.Account | None:
    """A user of the site, or a guest, whom only the name tells from others there."""
    name = item.get("author_name") or None
    if item.get("author"):
        native_id = f"{site}#user-{_number(item['author'])}"
    elif name:
        native_id = f"{site}#guest-{articles.digest(name.strip().lower())}"
    else:
        return None
    return records.Account(
        account_id=f"{PLATFORM}:{native_id}", platform=PLATFORM, native_id=native_id, display_name=name
    )


def _rendered(item: dict[str, Any], name: str) -> str:
    """Markup as the site shows it; of a protected post it is empty."""
    told = item.get(name) or {}
    rendered = told.get("rendered") or ""
    if not isinstance(rendered, str):
        raise TypeError(f"{name}.rendered is no text")
    return rendered[:LONGEST_BODY]


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"an id is a number, not a {type(value).__name__}")
    return int(value)
