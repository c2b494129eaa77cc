"""What answers of X wrap: posts, those that are not shown, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from flows.sources.base import Page

CONVERSATION = "conversation_id:"
FIELDS = {
    "tweet.fields": "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,lang,note_tweet,public_metrics,referenced_tweets",
    "user.fields": "created_at,name,public_metrics,username",
}
"""What is asked of posts and users."""
_UNASKED = "data,detail,errors,id,includes,meta,parameter,resource_id,resource_type,section,text,title,type,value"
KNOWN = frozenset(",".join([_UNASKED, *FIELDS.values()]).split(","))
"""What an item may have; an answer that lists nothing may be an item too."""
_GONE: dict[str, Literal["deleted", "removed"]] = {
    "resource-not-found": "deleted",  # or its author is gone
    "not-authorized-for-resource": "removed",  # protected, or suspended
}


class Meta(msgspec.Struct):
    next_token: str | None = None
    total_tweet_count: int | None = None  # of an answer that counts and lists no posts


class Answer(msgspec.Struct):
    """What wraps every answer; a look-up of one lists it as an object."""

    data: list[Any] | dict[str, Any] = []
    errors: list[Any] = []
    includes: dict[str, Any] = {}
    meta: Meta = msgspec.field(default_factory=Meta)

    @property
    def listed(self) -> list[Any]:
        """Posts or users, then what could not be shown of those that were asked for."""
        if self.meta.total_tweet_count is not None:
            return []
        shown = self.data if isinstance(self.data, list) else [self.data]
        return [*shown, *(error for error in self.errors if reason_of(error))]


class _Paged(msgspec.Struct):
    meta: Meta = msgspec.field(default_factory=Meta)


def answer_of(page: Page) -> Answer:
    """Raises SourceError where the page is no answer of the API."""
    answer: Answer = page.json(Answer)
    return answer


def next_of(page: Page) -> str | None:
    """Where the next page begins; the posts are not read for that."""
    told: _Paged = page.json(_Paged)
    return told.meta.next_token


def reason_of(error: Any) -> Literal["deleted", "removed"] | None:
    """Why a post is not shown; None where the error speaks of something else."""
    if not isinstance(error, dict) or error.get("resource_type") != "tweet":
        return None
    kind = error.get("type")
    return _GONE.get(kind.rpartition("/problems/")[2]) if isinstance(kind, str) else None


@dataclass(frozen=True)
class Beside:
    """What an answer gives beside its posts, by id."""

    users: Mapping[str, Any] = field(default_factory=dict)
    posts: Mapping[str, Any] = field(default_factory=dict)
    media: Mapping[str, Any] = field(default_factory=dict)


def beside(answer: Answer) -> Beside:
    """Of one answer; what has no id is left out."""
    found = [("users", "id"), ("tweets", "id"), ("media", "media_key")]
    return Beside(*({each[key]: each for each in _objects(answer.includes, name, key)} for name, key in found))


def _objects(includes: Mapping[str, Any], name: str, key: str) -> Iterator[dict[str, Any]]:
    listed = includes.get(name)
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get(key), str):
            yield each


def items(page: Page) -> Sequence[bytes]:
    """Posts, users, and those that were asked for and are not shown; a conversation without answers is told by one."""
    found = [msgspec.json.encode(each) for each in answer_of(page).listed]
    return found or ([page.body] if conversation_of(page) else [])


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """An answer with these items."""
    is_error = ["resource_type" in msgspec.json.decode(item) for item in found]
    shown = b",".join(item for item, is_one in zip(found, is_error, strict=True) if not is_one)
    errors = b",".join(item for item, is_one in zip(found, is_error, strict=True) if is_one)
    return b'{"data":[' + shown + b'],"errors":[' + errors + b"]}"


def conversation_of(page: Page) -> str | None:
    """The conversation that a search asked for."""
    queries = parse_qs(urlsplit(page.request.partition(" ")[2]).query).get("query", [""])
    is_asked = page.verb == "context" and queries[0].startswith(CONVERSATION)
    return queries[0].removeprefix(CONVERSATION) if is_asked else None
