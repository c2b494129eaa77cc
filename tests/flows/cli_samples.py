"""A brand, an export of posts about it, and how to write one: what commands are typed at."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from brand import acme

CONFIG = (
    acme("acme NOT recipe")
    + """
[[sources]]
name = "export"
type = "file"
platform = "x"
path = "*.csv"
[sources.columns]
native_id = "id"
text = "text"
published_at = "at"
author_handle = "who"
likes = "likes"
"""
)
POSTS = [
    ("1", "Acme is fine, says @stranger, see https://x.example/stranger/1", "2026-01-02", "ann", 3),
    ("2", "An Acme recipe", "2026-01-02", "bob", 0),
    ("3", "Acme again", "soon", "cid", 1),
    ("1", "Acme is fine, says @stranger, see https://x.example/stranger/1", "2026-01-02", "ann", 3),
]


def write_posts(path: Path, posts: list[tuple[Any, ...]]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("id", "text", "at", "who", "likes"), *posts])
