"""What an operator says of a file that some tool exported."""

from __future__ import annotations

from typing import Any

from flows.sources import file

FEW = {"native_id": "id", "text": "text", "published_at": "at"}


def options(**other: Any) -> file.Options:
    return file.Options(**{"name": "export", "type": "file", "platform": "x", "path": "*", "columns": FEW, **other})
