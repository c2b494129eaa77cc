"""What ids, addresses, counts and times look like, wherever they stand."""

from __future__ import annotations

ID = r"\A[a-z0-9_]+:[^\x00-\x1f\x7f]+\Z"
"""`platform:native id`. Native ids are the platforms' own (feeds use whole URLs), but none has control characters."""
LONGEST_NATIVE_ID = 512
"""at:// URIs have some 80 characters, feeds' GUIDs that are URLs up to some 300."""

URL = r"\A[hH][tT][tT][pP][sS]?://[^/\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z"
"""http or https with a host: an address is shown as a link, so `javascript:` and its like must not pass."""
LONGEST_URL = 4_096

LONGEST_TEXT = 100_000
"""Code points. A Discourse post is capped at 32,000, an article seldom has 60,000; longer is a page, not a post."""
BROKEN_TEXT = "\ufffd" * 8
"""Eight U+FFFD in a row: bytes of one encoding read as another. Single ones come from the platforms themselves."""
NUL = r"\x00"

MOST = 1_000_000_000_000
"""No count on any platform has reached it (the most watched video has 1.6e10 views)."""

LATEST_AT = "as_of + interval 2 minutes"
"""The last moment that a platform may name: clocks differ by seconds; by more, they lie."""
EARLIEST_AT = "timestamp '1995-01-01'"
"""Before the web had pages for people to post on."""
TOLERANCE_HOURS = 2 / 60
OLDEST_HOURS = 1_000_000
"""114 years; also keeps infinity out."""

CLOCKS_LIE = "platforms repeat the clocks of their users: Bluesky has posts from the year 1 and from the future"
NONE_SEEN = "none of 37,570 real posts"
