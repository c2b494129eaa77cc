"""Statuses and accounts as a Mastodon server tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flows.sources import mastodon
from flows.sources.base import Window

HERE = "here.example"
OPTIONS = mastodon.Options.model_validate({"name": "m", "type": "mastodon", "base_url": f"https://{HERE}"})
WINDOW = Window(datetime(2026, 11, 20), datetime(2026, 11, 21))
API = f"https://{HERE}/api/v1"


def number(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000) << 16


def account(acct: str = "ann", **more: Any) -> dict[str, Any]:
    user, _, host = acct.partition("@")
    return {"id": f"a-{acct}", "username": user, "acct": acct, "url": f"https://{host or HERE}/@{user}", **more}


def status(at: datetime = WINDOW.start, local_id: str = "", acct: str = "ann", **more: Any) -> dict[str, Any]:
    user, _, host = acct.partition("@")
    local_id = local_id or str(number(at))
    uri = f"https://{host or HERE}/users/{user}/statuses/{local_id}"
    return {
        "id": local_id, "created_at": at.isoformat() + "Z", "uri": uri, "url": uri, "content": "<p>acme</p>",
        "account": account(acct), "visibility": "public", "language": "en", "in_reply_to_id": None,
        "in_reply_to_account_id": None, "replies_count": 1, "reblogs_count": 2, "favourites_count": 3, **more,
    }  # fmt: skip
