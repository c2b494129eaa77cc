"""Questions, answers and comments of Stack Exchange as records, and what an answer of the API lists.

`score` is votes up minus votes down; it stands as `upvotes`, as points do elsewhere. Reputation counts no followers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from flows import records
from flows.sources.base import Page
from flows.sources.moments import age_hours, utc
from flows.sources.plain_text import from_html
from flows.sources.threads import reply_edges

PLATFORM = "stackexchange"
_WAIT = re.compile(r"available in (\d{1,6}) seconds")
_LINK = re.compile(r"""href=["'](https?://[^"'\s]+)""")


_FIELDS = (
    "accepted_answer_id answer_count answer_id bounty_amount bounty_closes_date body closed_date closed_reason "
    "collectives comment_count comment_id community_owned_date content_license creation_date edited is_accepted "
    "is_answered last_activity_date last_edit_date link locked_date migrated_from migrated_to owner post_id "
    "posted_by_collectives protected_date question_id recommendations reply_to_user score tags title "
    "view_count"
)
KNOWN = frozenset(_FIELDS.split())
"""Fields of posts and comments that are read, or left out on purpose."""


class Answer(msgspec.Struct):
    """What wraps every answer; without items it is none."""

    items: list[Any]
    has_more: bool = False


def answer_of(page: Page) -> Answer:
    """Raises SourceError where the page is no answer of the API."""
    answer: Answer = page.json(Answer)
    return answer


def pause(body: bytes) -> float | None:
    """Seconds to wait: `backoff` of an answer, or what a refusal for too many requests says."""
    try:
        told = msgspec.json.decode(body, type=_Told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    wait = _WAIT.search(told.error_message)
    return told.backoff or (float(wait[1]) if wait else None)


class _Told(msgspec.Struct):
    backoff: float | None = None
    error_message: str = ""


def parts(item: Any) -> Iterator[Any]:
    """A question with what stands below it, each part on its own; anything else as it is."""
    if not isinstance(item, dict):
        yield item
        return
    below = [each for name in ("comments", "answers") for each in _list(item, name)]
    yield {name: value for name, value in item.items() if name not in ("comments", "answers")}
    for each in below:
        known = {"question_id": item["question_id"]} if "question_id" in item else {}
        yield from parts({**known, **each} if isinstance(each, dict) else each)


def is_whole(question: Mapping[str, Any]) -> bool:
    """Whether all answers and comments stand below a question that was asked for with them."""
    answers = _list(question, "answers")
    return len(answers) == question.get("answer_count") and all(
        isinstance(post, dict) and len(_list(post, "comments")) == post.get("comment_count")
        for post in (question, *answers)
    )


def _list(item: Any, name: str) -> list[Any]:
    found = item.get(name) if isinstance(item, dict) else None
    return found if isinstance(found, list) else []


def records_of(item: Mapping[str, Any], page: Page, site: str) -> list[records.Record]:
    """Of a question, an answer or a comment of a site. Raises KeyError or ValueError where it is none."""
    owner = item.get("owner") or {}
    author_id = f"{PLATFORM}:{site}-{_number(owner['user_id'])}" if owner.get("user_id") else None
    body, published_at = item.get("body") or "", utc(item["creation_date"])
    if "comment_id" in item:
        kind, number, parent, counts = _comment(item)
    elif "answer_id" in item:
        kind, number, parent, counts = _answer(item)
    else:
        kind, number, parent, counts = _question(item)
    root = _number(item["question_id"]) if "question_id" in item else None
    edited = item.get("last_edit_date")
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{site}-{number}",
        platform=PLATFORM,
        native_id=f"{site}-{number}",
        kind=kind,
        author_id=author_id,
        text="\n\n".join(part for part in (_title(item) if kind == "question" else "", from_html(body)) if part),
        url=item.get("link") or _url(owner, number),
        published_at=published_at,
        edited_at=None if edited is None else utc(edited),
        parent_id=f"{PLATFORM}:{site}-{parent}" if parent else None,
        root_id=f"{PLATFORM}:{site}-{root}" if root else None,
        links=list(dict.fromkeys(html.unescape(link) for link in _LINK.findall(body))),
        hashtags=[tag.lower() for tag in item.get("tags") or []],
    )
    snapshot = records.EngagementSnapshot(
        mention_id=mention.mention_id, captured_at=page.as_of, age_hours=age_hours(page, published_at), **counts
    )
    told = [snapshot] if any(count is not None for count in counts.values()) else []
    return [mention, *told, *_account(owner, author_id), *_edge(item, mention, site)]


_Kept = tuple[records.Kind, str, str | None, dict[str, int | None]]
"""Kind, number within the site, number of what it answers, and counts."""


def _question(item: Mapping[str, Any]) -> _Kept:
    counts = {"upvotes": item.get("score"), "replies": item.get("answer_count"), "views": item.get("view_count")}
    return "question", str(_number(item["question_id"])), None, counts


def _answer(item: Mapping[str, Any]) -> _Kept:
    counts = {"upvotes": item.get("score"), "replies": item.get("comment_count")}
    return "answer", str(_number(item["answer_id"])), str(_number(item["question_id"])), counts


def _comment(item: Mapping[str, Any]) -> _Kept:
    """Comments are numbered apart from posts."""
    return "comment", f"c{_number(item['comment_id'])}", str(_number(item["post_id"])), {"upvotes": item.get("score")}


def _number(told: Any) -> int:
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    raise ValueError(f"a {type(told).__name__} is no id")


def _title(item: Mapping[str, Any]) -> str:
    title: str = item["title"]
    return html.unescape(title).strip()


def _url(owner: Mapping[str, Any], number: str) -> str | None:
    """Where no link is told: on the same site as its author's page."""
    place = urlsplit(owner.get("link") or "")
    is_comment = number.startswith("c")
    return f"{place.scheme}://{place.netloc}/a/{number}" if place.netloc and not is_comment else None


def _account(owner: Mapping[str, Any], account_id: str | None) -> list[records.Record]:
    if account_id is None:
        return []
    native_id = account_id.removeprefix(f"{PLATFORM}:")
    name = owner.get("display_name")
    return [
        records.Account(
            account_id=account_id,
            platform=PLATFORM,
            native_id=native_id,
            handle=native_id,  # names are shared by many
            display_name=html.unescape(name) if name else None,
            url=owner.get("link"),
        )
    ]


def _edge(item: Mapping[str, Any], mention: records.Mention, site: str) -> list[records.Record]:
    addressed = (item.get("reply_to_user") or {}).get("user_id")
    return reply_edges(mention, target_id=f"{PLATFORM}:{site}-{addressed}" if addressed else None)
