"""Posts of NodeBB to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flows.sources import nodebb
from flows.sources.base import Window

FORUM = "forum.example"
OPTIONS = nodebb.Options.model_validate({"name": "n", "type": "nodebb", "base_url": f"https://{FORUM}"})
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
ANN = {"uid": 3, "username": "Ann A", "userslug": "ann-a", "displayname": "Ann"}


def post(pid: int | str = 1, at: datetime = WINDOW.start, *, main: int | str = 1, **more: Any) -> dict[str, Any]:
    return {
        "pid": pid, "tid": 7, "toPid": None, "content": "<p>acme</p>", "uid": 3, "deleted": False, "upvotes": 4,
        "downvotes": 1, "replies": 2, "votes": 3, "timestamp": int(at.replace(tzinfo=UTC).timestamp() * 1000),
        "user": ANN, "topic": {"tid": 7, "title": "Acme &amp; Co", "mainPid": main, "tags": [{"value": "Air"}]},
        "isMainPost": pid == main, **more,
    }  # fmt: skip
