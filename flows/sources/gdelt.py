"""GDELT DOC 2.0: news articles of the world's sites, by words in their full text. No credentials.

It tells titles and no bodies, so a query finds what only the body says, and our matcher rejects it. Times are when
GDELT saw an article, in steps of 15 minutes. API: https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from pydantic import HttpUrl

from flows import records, topics
from flows.errors import SourceError
from flows.sources import articles
from flows.sources.access import RateLimit
from flows.sources.base import Client, Page, Parsed, Source, SourceOptions, Topic, Window, parse_items
from flows.sources.gdelt_languages import CODES
from flows.sources.plain_text import from_html
from flows.sources.wording import packed, worded

PLATFORM = "gdelt"
FIELDS = frozenset(
    {"domain", "language", "seendate", "socialimage", "sourcecountry", "title", "url", "url_mobile"}
)  # fmt: skip
"""What articles are known to have, mapped or left out on purpose."""
REACHABLE = 250  # articles of one query, whatever there is
STEP = timedelta(minutes=15)  # between two of GDELT's own readings of the web: shorter windows tell no two apart
LONGEST_QUERY = 200  # characters; the vendor only says that a query was too long
SHORTEST_WORD = 3  # of shorter ones the vendor says that they are too short
ATTEMPTS = 3  # at a question that is refused by an answer 200
PAUSE = 6.0  # seconds; it asks for 5
_BUSY = b"limit requests"
_LONE_BACKSLASH = re.compile(rb'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')
_CONTROL = re.compile(rb"[\x00-\x1f]")


class Options(SourceOptions):
    """`base_url` is for a proxy or a sandbox of your own."""

    type: Literal["gdelt"]
    base_url: HttpUrl = HttpUrl("https://api.gdeltproject.org/api/v2/doc/doc")


async def discover(client: Client, options: Options, topic: Topic, window: Window) -> AsyncIterator[Page]:
    """Articles seen in the window that hold the words of an alternative, as few questions as its length allows."""
    for query in _queries(topic.query):
        async for page in _search(client, options, query, window):
            yield page


async def timeline(client: Client, options: Options, account: str, window: Window) -> AsyncIterator[Page]:
    """All that one site published; its account is its domain."""
    async for page in _search(client, options, f"domainis:{account}", window):
        yield page


async def _search(client: Client, options: Options, query: str, window: Window) -> AsyncIterator[Page]:
    """One query over one window, halved where more match than can be reached."""
    page = await _ask(client, options, query, window)
    if len(_articles(page)) < REACHABLE - ATTEMPTS + 1:
        yield page
    elif window.end - window.start <= STEP:
        yield msgspec.structs.replace(page, lost_items=1)  # at least: it does not say how many there are
    else:
        half = (window.end - window.start) / 2
        middle = window.start + max(STEP, half - half % STEP)
        for part in (Window(window.start, middle), Window(middle, window.end)):
            async for found in _search(client, options, query, part):
                yield found


async def _ask(client: Client, options: Options, query: str, window: Window) -> Page:
    """One answer. What was refused has landed and would answer again, so the next attempt asks for one record less."""
    for attempt in range(ATTEMPTS):
        page = await client.get(
            str(options.base_url),
            {
                "query": query,
                "mode": "artlist",
                "format": "json",
                "sort": "dateasc",
                "maxrecords": REACHABLE - attempt,
                "startdatetime": f"{window.start:%Y%m%d%H%M%S}",
                "enddatetime": f"{window.end - timedelta(seconds=1):%Y%m%d%H%M%S}",  # it is inclusive
            },
        )
        if pause(page.body) is None:
            return page
    raise SourceError(PLATFORM, f"{page.request} is refused as too soon, {ATTEMPTS} times; run it at another hour")


def pause(body: bytes) -> float | None:
    """What GDELT asks for in an answer 200: a while without questions."""
    return PAUSE if _BUSY in body[:200].lower() else None


def items(page: Page) -> Sequence[bytes]:
    """The articles, verbatim but for what no JSON may hold."""
    return [bytes(article) for article in _articles(page)]


def wrap(_page: Page, found: Sequence[bytes]) -> bytes:
    """An answer of these articles."""
    return b'{"articles":[%s]}' % b",".join(found)


def parse(page: Page, _options: Options) -> Parsed:
    """Mentions and their sites; there are no counts."""
    return parse_items(page, items(page), _parse_article, FIELDS)


def _parse_article(article: dict[str, Any], _page: Page) -> list[records.Record]:
    address = articles.web_address(article["url"])
    if address is None:
        raise ValueError("url is no web address")
    key, site = articles.key_of(address), articles.site_of(address)
    language = article.get("language")
    account = records.Account(
        account_id=f"{PLATFORM}:{site}", platform=PLATFORM, native_id=site, handle=site, url=f"https://{site}/"
    )
    mention = records.Mention(
        mention_id=f"{PLATFORM}:{key}",
        platform=PLATFORM,
        native_id=key,
        kind="article",
        author_id=account.account_id,
        text=from_html(article.get("title") or ""),
        url=address,
        language_reported=CODES.get(language.lower(), language) if language else None,
        published_at=datetime.strptime(article["seendate"], "%Y%m%dT%H%M%SZ"),  # noqa: DTZ007 - UTC without zone
        links=[address],  # so that domain: finds what a site publishes
        media_formats=["image"] if article.get("socialimage") else [],
    )
    return [mention, account]


class _Answer(msgspec.Struct):
    articles: list[msgspec.Raw] = []  # no article: {}


def _articles(page: Page) -> list[msgspec.Raw]:
    """The answer's articles. Raises SourceError that says what GDELT says instead, which is a sentence for people."""
    if not page.body.lstrip().startswith(b"{"):
        told = " ".join(page.body[:300].decode("utf-8", "replace").split())
        said = f"says: {told[:150]}" if "<" not in told and told.isprintable() else "answers with a page"
        raise SourceError(PLATFORM, f"{page.request} {said}; mend the topic's query where it is at fault")
    try:
        page.body.decode()  # page.json looks at the syntax alone
        answer: _Answer = page.json(_Answer)
    except (SourceError, UnicodeDecodeError):
        answer = msgspec.structs.replace(page, body=_mended(page.body)).json(_Answer)
    return answer.articles


def _mended(body: bytes) -> bytes:
    r"""Without control characters, `\'` and bytes that are no UTF-8, which titles bring along."""
    whole = _LONE_BACKSLASH.sub(lambda found: rb"\\" if len(found[0]) == 1 else found[0], _CONTROL.sub(b" ", body))
    return whole.decode("utf-8", "replace").encode()


def _queries(query: str) -> Iterator[str]:
    """Single words and phrases ORed, in groups; conjunctions apart, as GDELT has no brackets in brackets."""
    alternatives = worded(PLATFORM, query, _operand, longest=LONGEST_QUERY)
    single = [words[0] for words in alternatives if len(words) == 1]
    for group in packed(single, " OR ", longest=LONGEST_QUERY):
        yield f"({' OR '.join(group)})" if len(group) > 1 else group[0]
    yield from (" ".join(_askable(words)) for words in alternatives if len(words) > 1)


def _askable(words: Sequence[str]) -> Sequence[str]:
    """Without words that GDELT refuses as too short, where another stands beside them."""
    return [word for word in words if len(word.strip('"')) >= SHORTEST_WORD] or words


def _operand(term: topics.Term) -> str:
    """A word, a phrase in quotes, or the site of an article; it knows neither handles nor tags."""
    if term.kind == "domain":
        return f"domain:{term.text}"
    plain = " ".join(re.findall(r"\w+", term.text)) or term.text
    return plain if plain.isalnum() else f'"{plain}"'


SOURCE = Source(
    platform=PLATFORM,
    options=Options,
    items=items,
    parse=parse,
    wrap=wrap,
    rates=(RateLimit(1, 5),),
    discover=discover,
    timeline=timeline,
    pause=pause,
    accept="application/json, text/html;q=0.1",  # its JSON is not always sound, and its refusals are text
)
