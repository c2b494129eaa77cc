"""Feeds to test with, and what is read of them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flows.sources import feed
from flows.sources.base import Page, Parsed

AS_OF = datetime(2026, 11, 22, 2)
HERE = "https://news.example/feed"
OPTIONS = feed.Options(name="news", type="feed", urls=[HERE, "https://blog.example/atom", HERE])  # type: ignore[list-item]


def page(body: bytes | str, content_type: str = "application/xml", status: int = 200) -> Page:
    return Page(
        page_id="w/a/1", source="news", platform="feed", verb="browse", topic_id=None, as_of=AS_OF, fetched_at=AS_OF,
        request=f"GET {HERE}", status=status, headers={"content-type": content_type},
        body=body.encode() if isinstance(body, str) else body,
    )  # fmt: skip


def rss(*found: str, about: str = "<link>https://news.example/</link>") -> str:
    listed = "".join(f"<item>{item}</item>" for item in found)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{about}{listed}</channel></rss>'


def json_feed(*found: Any) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": found})


def parsed(body: bytes | str, content_type: str = "application/xml") -> Parsed:
    return feed.parse(page(body, content_type), OPTIONS)


def mentions(body: bytes | str, content_type: str = "application/xml") -> list[dict[str, Any]]:
    found = parsed(body, content_type)
    assert found.malformed.is_empty(), found.malformed["reason"].to_list()
    return found.tables["mention"].rows(named=True)


ITEM = """<title>Acme &amp;amp; Co &lt;b&gt;land&lt;/b&gt;</title><link>http://www.news.example/a/?utm_source=rss&amp;p=1</link>
<guid isPermaLink="false">7</guid><pubDate>Sat, 21 Nov 2026 10:00:00 +0200</pubDate><category>air</category>
<description>&lt;p&gt;First.&lt;/p&gt;&lt;p&gt;See &lt;a href="/b"&gt;this&lt;/a&gt;.&lt;/p&gt;</description>
<enclosure url="https://news.example/a.mp3" type="audio/mpeg" length="1"/>"""
