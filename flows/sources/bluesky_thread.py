"""The thread that Bluesky answers: a tree of nodes, some of which say only that something is not shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Thread:
    """What a thread shows, the topmost ancestor first, then each post before its replies."""

    posts: list[Any]
    root: str | None  # URI of the first post shown
    is_whole: bool  # it begins at its root, and nothing below is withheld


def thread(answer: Any) -> Thread | None:
    """The thread of an answer; None where it holds none."""
    if not isinstance(answer, dict) or "thread" not in answer:
        return None
    nodes = _nodes(answer["thread"])
    posts = [node["post"] if isinstance(node, dict) and "post" in node else node for node in nodes]
    shown = [post for post, node in zip(posts, nodes, strict=True) if not _is_hidden(node)]
    first = shown[0] if shown and isinstance(shown[0], dict) else {}
    uri, record = first.get("uri"), first.get("record")
    return Thread(
        posts=shown,
        root=uri if isinstance(uri, str) else None,
        is_whole=isinstance(record, dict)
        and not record.get("reply")
        and len(shown) == len(nodes)
        and not any(map(_is_cut, nodes)),
    )


def _nodes(top: Any) -> list[Any]:
    above: list[Any] = []
    node = top.get("parent") if isinstance(top, dict) else None
    while node:
        above.append(node)
        node = node.get("parent") if isinstance(node, dict) else None
    found, waiting = above[::-1], [top]
    while waiting:
        found.append(node := waiting.pop())
        below = node.get("replies") if isinstance(node, dict) else None
        waiting += reversed(below) if isinstance(below, list) else []
    return found


def _is_hidden(node: Any) -> bool:
    """A blocked post, or one that is not found: the node says no more than that."""
    return isinstance(node, dict) and "post" not in node and bool(node.get("blocked") or node.get("notFound"))


def _is_cut(node: Any) -> bool:
    """Whether fewer replies stand below a post than it has; an ancestor's others are not shown at all."""
    post = node.get("post") if isinstance(node, dict) else None
    told = post.get("replyCount") if isinstance(post, dict) else None
    below = node.get("replies") if isinstance(node, dict) else None
    return isinstance(told, int) and told > (len(below) if isinstance(below, list) else 0)
