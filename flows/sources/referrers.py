"""Who sent a visitor: names that analytics tools give to referrers, as platforms of ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.sources.base import Window

RESTATED_DAYS = 3  # vendors tell the last days anew

NAMES = {
    "bluesky": "bluesky",
    "facebook": "facebook",
    "hacker news": "hackernews",
    "instagram": "instagram",
    "lemmy": "lemmy",
    "linkedin": "linkedin",
    "mastodon": "mastodon",
    "reddit": "reddit",
    "stackoverflow": "stackexchange",
    "stack overflow": "stackexchange",
    "telegram": "telegram",
    "tiktok": "tiktok",
    "twitter": "x",
    "vk": "vk",
    "vkontakte": "vk",
    "wechat": "wechat",
    "weibo": "weibo",
    "x": "x",
    "youtube": "youtube",
}
"""By the tool's own name of a social network, in lower case."""

HOSTS = {
    "bsky.app": "bluesky",
    "bsky.social": "bluesky",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "fb.me": "facebook",
    "news.ycombinator.com": "hackernews",
    "instagram.com": "instagram",
    "lemmy.ml": "lemmy",
    "lemmy.world": "lemmy",
    "linkedin.com": "linkedin",
    "lnkd.in": "linkedin",
    "mastodon.online": "mastodon",
    "mastodon.social": "mastodon",
    "redd.it": "reddit",
    "reddit.com": "reddit",
    "askubuntu.com": "stackexchange",
    "serverfault.com": "stackexchange",
    "stackexchange.com": "stackexchange",
    "stackoverflow.com": "stackexchange",
    "superuser.com": "stackexchange",
    "t.me": "telegram",
    "telegram.me": "telegram",
    "telegram.org": "telegram",
    "tiktok.com": "tiktok",
    "vk.com": "vk",
    "vk.ru": "vk",
    "weixin.qq.com": "wechat",
    "t.cn": "weibo",
    "weibo.cn": "weibo",
    "weibo.com": "weibo",
    "t.co": "x",
    "twitter.com": "x",
    "x.com": "x",
    "youtu.be": "youtube",
    "youtube.com": "youtube",
}
"""By host, and what lies below it (`old.reddit.com`, `l.facebook.com`)."""


def platform_of(referrer: str) -> str | None:
    """The platform that a referrer is, by its name or its host; None where it is none of ours."""
    name = referrer.strip().lower()
    if name in NAMES:
        return NAMES[name]
    host = name.partition("://")[2] or name
    labels = host.partition("/")[0].partition(":")[0].split(".")
    hosts = (".".join(labels[at:]) for at in range(len(labels)))
    return next((HOSTS[host] for host in hosts if host in HOSTS), None)


def days(window: Window, timezone: str) -> tuple[date, date]:
    """First and last day of the site to ask for: the window's, and those before that may have been told anew."""
    first, last = (_day(moment, timezone) for moment in (window.start, window.end))
    return min(first, last - timedelta(days=RESTATED_DAYS)), last


def _day(moment: datetime, timezone: str) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()
