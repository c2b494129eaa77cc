"""What first posts draw: replies in trees, answers by the brands' own accounts, copies on the other platform."""

from __future__ import annotations

import numpy as np

from flows.sandbox import phrases
from flows.sandbox.accounts import HACKERNEWS, LOUD, MICROBLOG, OWNED, SHARED_HANDLES
from flows.sandbox.streams import Drafts, Floats, Ints, choose, join, themes

_REPLIES_TO_BRAND = {"chat": 6.0, "complaint": 2.0, "praise": 1.0, "question": 1.0}
_REPLIES_TO_NOBODY = {"chat": 12.0, "noise": 1.0, "complaint": 0.6, "praise": 0.3}
_ASKING = ("complaint", "question", "crisis", "product_complaint")
_ANSWERED = (0.5, 0.3, 0.15)  # share of complaints and questions that each brand answers
_HOUR = 3600.0


def replies(rng: np.random.Generator, first: Drafts, public: list[Floats]) -> Drafts:
    """Replies to first posts; each answers the first post or an earlier reply of its thread."""
    on_hackernews = first.platform == HACKERNEWS
    drawn = np.where(on_hackernews, rng.lognormal(1.2, 1.1, len(first.root)), rng.lognormal(-1.3, 1.1, len(first.root)))
    root = np.repeat(np.arange(len(drawn)), rng.poisson(np.minimum(drawn, 300)))
    size = len(root)
    delay = 5 + rng.lognormal(np.log(2.5 * _HOUR), 1.2, size).astype(np.int64)
    order = np.lexsort((delay, root))  # root is sorted already: this sorts each thread by time
    delay = delay[order]
    earlier = np.arange(size) - np.searchsorted(root, root, side="left")
    answered = np.arange(size) - earlier + np.floor(rng.random(size) * earlier).astype(np.int64)
    to_reply = (earlier > 0) & (rng.random(size) < 0.45)
    platform = first.platform[root]
    brand = np.where(first.subject[root] >= 0, first.subject[root], rng.integers(0, phrases.BRANDS, size))
    about = np.where(
        first.subject[root] >= 0, themes(rng, _REPLIES_TO_BRAND, size), themes(rng, _REPLIES_TO_NOBODY, size)
    )
    quiet = np.isin(about, [phrases.THEMES.index(name) for name in ("chat", "noise")])
    account = np.where(
        platform == HACKERNEWS, choose(rng, public[HACKERNEWS], size), choose(rng, public[MICROBLOG], size)
    )
    return Drafts(
        platform=platform, theme=about, subject=np.where(quiet, phrases.NOBODY, brand),
        published=first.published[root] + delay, account=account,
        parent=np.where(to_reply, answered + len(first.root), root), root=root, copy_of=np.full(size, -1),
    )  # fmt: skip


def answers(rng: np.random.Generator, first: Drafts, offset: int) -> Drafts:
    """The brands answer some of those who complain or ask, slower in a crisis; some of these speak once more."""
    asking = np.isin(first.theme, [phrases.THEMES.index(name) for name in _ASKING]) & (first.account != LOUD)
    willing = np.array(_ANSWERED)[np.maximum(first.subject, 0)]
    root = np.flatnonzero(asking & (rng.random(len(asking)) < willing))
    size = len(root)
    slow = np.where(first.theme[root] == phrases.THEMES.index("crisis"), 4, 1)
    published = first.published[root] + 60 + (rng.lognormal(np.log(2 * _HOUR), 1.0, size) * slow).astype(np.int64)
    none = np.full(size, -1)
    answer = Drafts(
        platform=first.platform[root], theme=np.full(size, phrases.THEMES.index("answer")),
        subject=first.subject[root], published=published,
        account=OWNED[first.platform[root], first.subject[root]], parent=root, root=root, copy_of=none,
    )  # fmt: skip
    again = np.flatnonzero(rng.random(size) < 0.35)
    last = Drafts(
        platform=answer.platform[again], theme=themes(rng, {"thanks": 6, "follow_up": 4}, len(again)),
        subject=np.full(len(again), phrases.NOBODY),
        published=published[again] + 60 + rng.exponential(2 * _HOUR, len(again)).astype(np.int64),
        account=first.account[root][again], parent=again + offset, root=root[again], copy_of=none[again],
    )  # fmt: skip
    return join([answer, last])


def crossposts(rng: np.random.Generator, posts: Drafts, shared: Ints) -> Drafts:
    """Some who write on both platforms say the same thing, minutes later, under the newest story.

    `shared` holds, for each account, the number of the same person's account on Hacker News, or -1.
    """
    stories = np.flatnonzero((posts.platform == HACKERNEWS) & (posts.parent < 0))
    stories = stories[np.argsort(posts.published[stories], kind="stable")]
    candidates = (posts.platform == MICROBLOG) & (shared[posts.account] >= 0) & (posts.subject >= 0)
    source = np.flatnonzero(candidates & (rng.random(len(candidates)) < 0.25))
    published = posts.published[source] + rng.integers(60, 900, len(source))
    newest = np.searchsorted(posts.published[stories], published, side="left") - 1
    source, published, newest = source[newest >= 0], published[newest >= 0], newest[newest >= 0]
    story = stories[newest]
    return Drafts(
        platform=np.full(len(source), HACKERNEWS), theme=posts.theme[source], subject=posts.subject[source],
        published=published, account=shared[posts.account[source]], parent=story, root=story, copy_of=source,
    )  # fmt: skip


def same_people(handles: list[str], platform: Ints) -> Ints:
    """For each account of the microblog, the account of the same handle among the shared ones on Hacker News."""
    there = {handle: row for row, handle in enumerate(handles) if platform[row] == HACKERNEWS and _is_shared(handle)}
    return np.array([there.get(handle, -1) if platform[row] == MICROBLOG else -1 for row, handle in enumerate(handles)])


def _is_shared(handle: str) -> bool:
    number = "".join(character for character in handle.split("_")[-1] if character.isdigit())
    return number.isdigit() and int(number) < SHARED_HANDLES


def grow(rng: np.random.Generator, first: Drafts, public: list[Floats], shared: Ints, end: int) -> Drafts:
    """All posts before `end`, ordered by platform and time, parents before their replies."""
    posts = join([first, replies(rng, first, public)])
    posts = join([posts, answers(rng, first, len(posts.root))])
    posts = join([posts, crossposts(rng, posts, shared)])
    alive = np.flatnonzero(posts.published < end)
    return posts.take(alive[np.lexsort((alive, posts.published[alive], posts.platform[alive]))])
