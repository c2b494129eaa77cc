"""Reddit: one subreddit of a stage, its first posts as self-posts with the texts as bodies, all answers as comments.

From https://www.reddit.com/dev/api (listings, search, /api/info, comments) and
https://support.reddithelp.com/hc/en-us/articles/16160319875092 (OAuth, the limit and its headers); `precompute_limit`
of reddit-archive/reddit for the reach of a listing. A deleted post is told as `[deleted]` wherever it is asked for by
its name or has answers, and stands in no listing; a listing ends where the thing that it should go on `after` is gone.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.boolean import BadQueryError, Syntax, compiled
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.stage import Stage, Told
from flows.sandbox.streams import epoch

SUBREDDIT, SUBREDDIT_ID = "airtravel", "t5_2qh6c"
TITLE = "What do you make of this?"
CLIENT_ID, CLIENT_SECRET, TOKEN = "an-app-of-the-sandbox", "its-secret", "a-token-of-the-sandbox"
SYNTAX = Syntax()
REACHABLE, MOST, MOST_NAMED, MOST_COMMENTS = 1_000, 100, 100, 500
DELETED = "[deleted]"
_FIRST_ID = 2_000_000_000


class Reddit:
    """What Reddit answers: things (t3: posts, t1: comments) in listings."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now
        self._row = {self._name(row): row for row in range(stage.size)}

    def _name(self, row: int) -> str:
        return f"{'t3' if self._stage.parent(row) is None else 't1'}_{_base36(_FIRST_ID + 7 * row)}"

    async def search(self, request: Request) -> Response:
        query = request.query_params.get("q", "")
        if len(query) > SYNTAX.longest:
            return _refused(400, "Bad Request")
        if not _is_here(request.path_params.get("names", SUBREDDIT)):
            return _refused(404, "Not Found")
        try:
            matches = compiled(query, SYNTAX)
        except BadQueryError:  # what it cannot read finds nothing
            return self._listing(request, [])
        posts = [row for row in self._rows() if self._stage.parent(row) is None]
        return self._listing(
            request, [row for row in posts if matches(f"{TITLE}\n{self._stage.text(row, self._now())}")]
        )

    def _rows(self) -> list[int]:
        return self._stage.within(None, None, self._now())

    async def comments_here(self, request: Request) -> Response:
        if not _is_here(request.path_params["names"]):
            return _refused(404, "Not Found")
        return self._listing(request, [row for row in self._rows() if self._stage.parent(row) is not None])

    async def of_user(self, request: Request) -> Response:
        kind, known = request.path_params["kind"], {name.lower(): name for name in self._stage.account_of}
        handle = known.get(request.path_params["name"].lower())
        if handle is None:
            return _refused(404, "Not Found")
        rows = self._stage.written_by(handle, self._now())
        return self._listing(
            request, [row for row in rows if (self._stage.parent(row) is None) == (kind == "submitted")]
        )

    async def named(self, request: Request) -> Response:
        names = [name for name in request.query_params.get("id", "").split(",") if name]
        if len(names) > MOST_NAMED:
            return _refused(400, "Bad Request")
        latest = epoch(self._now())
        rows = [row for row in map(self._row.get, names) if row is not None and self._stage.published[row] <= latest]
        return _answer(request, _listed(self._things(rows)))

    async def thread(self, request: Request) -> Response:
        root, latest = self._row.get(f"t3_{request.path_params['id']}"), epoch(self._now())
        if root is None or self._stage.published[root] > latest:
            return _refused(404, "Not Found")
        shown: set[int] = set()
        for row in self._stage.thread(root, self._now()):
            above: int | None = row
            while above is not None and above != root:  # what is deleted stays where it holds answers
                shown.add(above)
                above = self._stage.parent(above)
        limit = _limit(request, MOST_COMMENTS, MOST_COMMENTS)
        kept = sorted(shown)[:limit]
        tree = self._below(root, {each["data"]["name"]: each for each in self._things(kept)})
        if left := sorted(shown)[limit:]:
            children = [self._name(row)[3:] for row in left]
            tree.append({"kind": "more", "data": {"count": len(left), "children": children}})
        return _answer(request, [_listed(self._things([root])), _listed(tree)])

    def _below(self, row: int, things: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """The comments below a thing, newest first, each with those below it."""
        direct = [each for name, each in things.items() if each["data"]["parent_id"] == self._name(row)]
        for each in direct:
            below = self._below(self._row[each["data"]["name"]], things)
            each["data"]["replies"] = _listed(below) if below else ""
        return direct[::-1]

    def _listing(self, request: Request, rows: Sequence[int]) -> Response:
        reached, after = list(rows[:REACHABLE]), request.query_params.get("after")
        start = 0
        if after:
            row = self._row.get(after)
            start = reached.index(row) + 1 if row in reached else len(reached)
        limit = _limit(request, 25, MOST)
        page = reached[start : start + limit]
        has_more = start + limit < len(reached)
        return _answer(request, _listed(self._things(page), self._name(page[-1]) if has_more else None))

    def _things(self, rows: Sequence[int]) -> Iterator[dict[str, Any]]:
        now = self._now()
        for told in self._stage.tell(list(rows), now):
            is_gone = not self._stage.is_public(told.row, now)
            yield self._comment(told, is_gone) if told.parent is not None else self._post(told, is_gone)

    def _shared(self, told: Told, is_gone: bool) -> dict[str, Any]:
        name = self._name(told.row)
        return {
            "id": name[3:], "name": name, "subreddit": SUBREDDIT, "subreddit_id": SUBREDDIT_ID,
            "author": DELETED if is_gone else told.author.handle,
            **({} if is_gone else {"author_fullname": f"t2_{_base36(int(told.author.native_id))}"}),
            "created_utc": float(epoch(told.published_at)), "score": told.likes, "ups": told.likes, "downs": 0,
            "edited": float(epoch(told.edited_at)) if told.edited_at else False, "score_hidden": False,
        }  # fmt: skip

    def _post(self, told: Told, is_gone: bool) -> dict[str, Any]:
        data = self._shared(told, is_gone)
        path = f"/r/{SUBREDDIT}/comments/{data['id']}/what_do_you_make_of_this/"
        data |= {
            "title": TITLE, "selftext": DELETED if is_gone else told.text, "is_self": True, "permalink": path,
            "url": f"https://www.reddit.com{path}", "upvote_ratio": 0.9, "num_comments": told.replies,
            "num_crossposts": told.reposts, "removed_by_category": "deleted" if is_gone else None,
        }  # fmt: skip
        return {"kind": "t3", "data": data}

    def _comment(self, told: Told, is_gone: bool) -> dict[str, Any]:
        data, link = self._shared(told, is_gone), self._name(told.root)
        parent = self._name(told.root if told.parent is None else told.parent)
        data |= {"body": DELETED if is_gone else told.text, "link_id": link, "parent_id": parent, "replies": "",
                 "permalink": f"/r/{SUBREDDIT}/comments/{link[3:]}/_/{data['id']}/"}  # fmt: skip
        return {"kind": "t1", "data": data}


async def log_in(request: Request) -> Response:
    """A token for the app itself, for a day: client_credentials, the app named by HTTP basic authentication."""
    wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {wanted}":
        return _refused(401, "Unauthorized")
    form = parse_qs((await request.body()).decode())
    if form.get("grant_type") != ["client_credentials"]:
        return answer({"error": "unsupported_grant_type"})
    return answer({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86_400, "scope": "*"})


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that is answered; without a token nothing is but the login."""
    reddit = Reddit(stage, now)
    answers: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/search": reddit.search,
        "/r/{names}/search": reddit.search,
        "/r/{names}/comments": reddit.comments_here,
        "/user/{name}/{kind}": reddit.of_user,
        "/api/info": reddit.named,
        "/comments/{id}": reddit.thread,
    }

    def guarded(answering: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            is_known = request.headers.get("Authorization", "").lower() == f"bearer {TOKEN}"
            return await answering(request) if is_known else _refused(401, "Unauthorized")

        return guard

    return [
        Route("/api/v1/access_token", log_in, methods=["POST"]),
        *(Route(path, guarded(answering)) for path, answering in answers.items()),
    ]


FACADE = Facade(
    platform="reddit",
    routes=routes,
    limits=lambda: [
        Limit(1_000, 600, "https://support.reddithelp.com/hc/en-us/articles/16160319875092: 100 a minute, over ten")
    ],
    options={"base_url": "{url}", "login_url": "{url}", "account": "nobody_at_all", "subreddits": [SUBREDDIT]},
    secrets={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    headers=lambda limit, _now: {
        "X-Ratelimit-Used": str(limit.requests - limit.left),
        "X-Ratelimit-Remaining": f"{limit.left:.1f}",
        "X-Ratelimit-Reset": str(limit.resets_in),
    },
    refusal=lambda _limit: _refused(429, "Too Many Requests"),
    tells={"upvotes": "likes", "replies": "replies", "reposts": "reposts"},
    tells_of_replies={"upvotes": "likes"},
    said=lambda told: told.text if told.parent is not None else f"{TITLE}\n\n{told.text}",
)


def _is_here(names: str) -> bool:
    return SUBREDDIT in names.lower().split("+")


def _limit(request: Request, unasked: int, most: int) -> int:
    asked = request.query_params.get("limit", "")
    return min(int(asked), most) if asked.isdigit() and int(asked) else unasked


def _listed(things: Iterator[dict[str, Any]] | list[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    children = list(things)
    return {"kind": "Listing", "data": {"after": after, "before": None, "dist": len(children), "children": children}}


def _answer(request: Request, told: Any) -> Response:
    """Unless `raw_json` is asked for, <, > and & come as entities, as they did before JSON was widely read."""
    return answer(told if request.query_params.get("raw_json") == "1" else _escaped(told))


def _escaped(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _escaped(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_escaped(value) for value in told]
    return html.escape(told, quote=False) if isinstance(told, str) else told


def _refused(status: int, message: str) -> Response:
    return answer({"message": message, "error": status}, status)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
