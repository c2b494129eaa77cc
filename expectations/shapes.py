"""What ids, addresses, texts, counts and times look like, wherever they stand."""

from __future__ import annotations

ID = r"\A[a-z0-9_-]+:[^\x00-\x1f\x7f]+\Z"
"""`platform:native id`. Native ids are the platforms' own (feeds use whole URLs), but none has control characters."""
LONGEST_NATIVE_ID = 512
"""at:// URIs have some 80 characters, feeds' GUIDs that are URLs up to some 300."""
LONGEST_ID = 600
"""A platform's name, a colon and the longest native id."""
ROUNDED = r"\A(?:[0-9]+\.0|[0-9](?:\.[0-9]+)?[eE]\+[0-9]+)\Z"
"""5.70306E+17 or 570306133677760513.0: a spreadsheet or a data frame has read the id as a number."""
NATIVE_IDS = {
    "x": r"\A[0-9]{1,20}\Z",
    "twitter": r"\A[0-9]{1,20}\Z",
    "hackernews": r"\A[0-9]{1,12}\Z",
    "reddit": r"\At[1-6]_[0-9a-z]{1,13}\Z",
    "bluesky": r"\Aat://did:[a-z]+:[^/]+/[A-Za-z0-9.]+/[^/]+\Z",
    "youtube": r"\A[A-Za-z0-9_.-]{11,80}\Z",
}
"""How mentions are numbered where that is known. Only ids that are nothing but digits are refused otherwise."""
NUMBERED = ("x", "twitter", "hackernews")

URL = r"\A[hH][tT][tT][pP][sS]?://[^/\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z"
"""http or https with a host: an address is shown as a link, so `javascript:` and its like must not pass."""
LONGEST_URL = 4_096
LINK_LINES = r"\A(?:[hH][tT][tT][pP][sS]?://[^\n]*(?:\n|\Z))+\Z"
"""Addresses, one a line."""
LANGUAGE = r"\A[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8}){0,3}\Z"
"""A BCP 47 tag as platforms write them: en, pt-BR, zh_Hant, und."""
PLATFORM = r"\A[a-z0-9][a-z0-9_-]{0,63}\Z"
HANDLE = r"\A[^@\x00-\x20\x7f][^\x00-\x20\x7f]*\Z"
"""Without the leading @ and without blanks; federated handles hold one inside (name@host)."""
LONGEST_NAME = 1_000

LONGEST_TEXT = 100_000
"""Code points. A Discourse post is capped at 32,000, an article seldom has 60,000; longer is a page, not a post."""
BROKEN_TEXT = "\ufffd" * 8
"""Eight U+FFFD in a row: bytes of one encoding read as another. Single ones come from the platforms themselves."""
NUL = r"\x00"
CONTROL = r"[\x80-\x9f]"
"""C1 controls: what is left of cp1252 that was read as Latin-1."""
_TAIL = "\x80-\xbf€‚ƒ„†‡ˆ‰Š‹ŒŽ•˜™š›œžŸ"
"""Images of the bytes 80 to BF in Latin-1 and cp1252, without the dashes and quotes that close a word."""
_ANY_TAIL = _TAIL + "\u2018\u2019\u201c\u201d\u2013\u2014\u2026"
MOJIBAKE = (
    f"[\xc2\xc3][{_TAIL}]|\xe2\u20ac[{_ANY_TAIL}]|\xf0\u0178[{_ANY_TAIL}]"
    f"|(?:[\xd0\xd1][{_ANY_TAIL}]){{3}}|(?:[\xe3-\xe9][{_ANY_TAIL}]{{2}}){{2}}"
)
"""UTF-8 read as Latin-1 or cp1252: `Ã©`, `â€™`, `ðŸ˜€`, three Cyrillic letters or two Chinese ones in a row."""
MARKUP = (
    r"&(?:amp|lt|gt|quot|nbsp|apos|#[0-9]{2,7}|#x[0-9a-fA-F]{2,6});|<br ?/?>|</(?:p|a|b|i|div|span|em|strong|code|li)>"
)
ESCAPES = r"\\u[0-9a-fA-F]{4}"
FLOOD = 50
"""More copies of one text (of 20 characters and more, reposts left out) than this in one batch are a flood."""

MOST = 1_000_000_000_000
"""No count on any platform has reached it (the most watched video has 1.6e10 views)."""
LEAST_SCORE = -1_000_000
SCORED = ("hackernews", "reddit", "stackexchange")
"""Where upvotes are a score, up minus down, that may be below zero."""

LATEST_AT = "as_of + interval 2 minutes"
"""The last moment that a platform may name: clocks differ by seconds; by more, they lie."""
EARLIEST_AT = "timestamp '1995-01-01'"
"""Before the web had pages for people to post on."""
TOLERANCE_HOURS = 2 / 60
OLDEST_HOURS = 1_000_000
"""114 years; also keeps infinity out."""

BORN_AT = {
    "hackernews": "2006-10-09",
    "instagram": "2010-10-06",
    "linkedin": "2003-05-05",
    "reddit": "2005-06-23",
    "stackexchange": "2008-07-31",
    "telegram": "2013-08-14",
    "tiktok": "2014-01-01",
    "twitter": "2006-03-21",
    "vk": "2006-10-10",
    "weibo": "2009-08-14",
    "x": "2006-03-21",
    "youtube": "2005-04-23",
}
"""First day of each platform (UTC) whose posts cannot be older. Not those that carry older posts in: forums that were
moved, feeds, federated servers, Facebook, whose pages date posts back, and Bluesky, where people import old posts."""


def born_at(platform: str) -> str:
    """The first moment at which anything can have been posted; `platform` is SQL."""
    days = " ".join(f"when '{name}' then timestamp '{day}'" for name, day in BORN_AT.items())
    return f"case {platform} {days} else {EARLIEST_AT} end"


CLOCKS_LIE = "platforms repeat the clocks of their users: Bluesky has posts from the year 1 and from the future"
NONE_SEEN = "none of 37,657 real posts"
