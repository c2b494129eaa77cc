"""What wraps every answer of Stack Exchange, and its errors: https://api.stackexchange.com/docs/wrapper."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

QUOTA, QUOTA_WITH_KEY = 300, 10_000


class RefusalError(Exception):
    """An error of the API: its number, name and message."""


def wrapped(
    request: Request, items: list[dict[str, Any]], has_more: bool = False, more: dict[str, Any] | None = None
) -> Response:
    """The common wrapper; the quota that it tells is that of the credential, not what is left of it."""
    quota = QUOTA_WITH_KEY if "key" in request.query_params else QUOTA
    told = {"items": items, "has_more": has_more, "quota_max": quota, "quota_remaining": quota - 1, **(more or {})}
    return packed(told)


def refused(number: int, name: str, message: str) -> Response:
    """All errors are HTTP 400; the body says more."""
    return packed({"error_id": number, "error_message": message, "error_name": name}, 400)


def packed(told: Any, status: int = 200) -> Response:
    """JSON, which the API never sends unpacked."""
    body = gzip.compress(msgspec.json.encode(told), 1)
    return Response(body, status, {"Content-Encoding": "gzip"}, media_type="application/json; charset=utf-8")


def whole_number(told: str, name: str, least: int = 1) -> int:
    """A number among the parameters. Raises RefusalError."""
    if not told.isdigit() or int(told) < least:
        raise RefusalError(400, "bad_parameter", name)
    return int(told)
