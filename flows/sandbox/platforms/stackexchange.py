"""A Stack Exchange site's addresses, keys and limits.

From https://api.stackexchange.com/docs, its pages on /wrapper, /throttle and /error-handling. Every answer is gzipped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.facade import Facade, Now
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stackexchange_site import SITE, TITLE, Site, user_id
from flows.sandbox.platforms.stackexchange_wrapper import (
    QUOTA,
    QUOTA_WITH_KEY,
    RefusalError,
    refused,
)
from flows.sandbox.platforms.stage import Stage

KEY = "a-key-of-the-sandbox"


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that the site answers; who brings a key that is none is refused."""
    site = Site(stage, now)
    answers: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/2.3/search/excerpts": site.excerpts,
        "/2.3/filters/create": site.create_filter,
        "/2.3/users/{id:int}/{kind}": site.of_user,
        "/2.3/{kind}/{ids}": site.by_ids,
    }

    def guarded(answering: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            try:
                if request.query_params.get("key", KEY) != KEY:
                    raise RefusalError(400, "bad_parameter", "`key` doesn't match a known application")
                if request.path_params.get("kind", "posts") not in ("posts", "questions", "answers", "comments"):
                    raise RefusalError(404, "no_method", "no method found with this name")
                return await answering(request)
            except RefusalError as error:
                return refused(*error.args)

        return guard

    return [Route(path, guarded(answering)) for path, answering in answers.items()]


_THROTTLE = "https://api.stackexchange.com/docs/throttle"
FACADE = Facade(
    platform="stackexchange",
    routes=routes,
    limits=lambda: [
        Limit(30, 1, f"{_THROTTLE}: more than 30 requests a second of one IP are dropped"),
        Limit(QUOTA, 86_400, f"{_THROTTLE}: a day without a key", r"^(?!.*[?&]key=)"),
        Limit(QUOTA_WITH_KEY, 86_400, f"{_THROTTLE}: a day with a key", r"[?&]key="),
    ],
    options={"base_url": "{url}/2.3", "site": SITE},
    secrets={"key": KEY},
    refusal=lambda limit: refused(
        502,
        "throttle_violation",
        f"too many requests from this IP, more requests available in {limit.resets_in} seconds",
    ),
    tells={"upvotes": "likes", "replies": "replies", "views": "views"},
    tells_of_replies={"upvotes": "likes", "replies": "replies"},
    tells_at_times=frozenset({"replies"}),  # of an answer only where its thread is read
    finds_replies=False,
    addresses=False,  # comments, which search does not know, are all that is said to them
    said=lambda told: told.text if told.parent is not None else f"{TITLE}\n\n{told.text}",
    handle=lambda handle: f"{SITE}-{user_id(handle)}",
)
