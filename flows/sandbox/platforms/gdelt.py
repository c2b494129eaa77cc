"""GDELT DOC 2.0: a stage's posts as articles of their authors' sites, by words in their titles.

From https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/ (operators, `maxrecords`, dates, three months) and, for
what it answers instead of JSON, from the sentences that clients of it report: refusals are text with the status 200.
An article is seen in the quarter of an hour in which it was published.
"""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows.sandbox.platforms.boolean import BadQueryError, Matches, Syntax, compiled
from flows.sandbox.platforms.facade import Facade, Now, answer
from flows.sandbox.platforms.limits import Limit
from flows.sandbox.platforms.sites import address, domain, heading
from flows.sandbox.platforms.stage import Stage, Told

MOST = 250
STEP = timedelta(minutes=15)
REACH = timedelta(days=92)
SHORTEST_WORD, SHORTEST_PHRASE = 3, 5  # characters
SYNTAX = Syntax(negation="", longest=250)
ORDERS = {"datedesc": True, "hybridrel": True, "dateasc": False}
LANGUAGES = {
    "en": "English", "de": "German", "es": "Spanish", "ru": "Russian", "zh": "Chinese", "lt": "Lithuanian",
    "tr": "Turkish", "ja": "Japanese",
}  # fmt: skip
_DOMAIN = re.compile(r"(?<!\S)domain(is)?:(\S+)")
_PHRASE = re.compile(r'"([^"]*)"')


class Refusal(Exception):  # noqa: N818 - it is an answer, no error
    """The sentence that it answers instead."""


class Gdelt:
    """The service's answers."""

    def __init__(self, stage: Stage, now: Now) -> None:
        self._stage, self._now = stage, now

    async def doc(self, request: Request) -> Response:
        asked = dict(request.query_params)
        try:
            return answer(self._list(asked))
        except Refusal as refusal:
            return _said(str(refusal))

    def _list(self, asked: dict[str, str]) -> dict[str, Any]:
        if asked.get("mode", "").lower() != "artlist" or asked.get("format", "").lower() != "json":
            raise Refusal("Invalid mode or format.")
        most, order = asked.get("maxrecords", "75"), asked.get("sort", "hybridrel").lower()
        if not most.isdigit() or not 1 <= int(most) <= MOST or order not in ORDERS:
            raise Refusal("Invalid parameter.")
        start, end = _moment(asked, "startdatetime"), _moment(asked, "enddatetime")
        if end < start or start < self._now() - REACH:
            raise Refusal("Invalid query start date.")
        matches, sites = _query(asked.get("query", ""))
        rows = self._stage.within(start, end + STEP, self._now())
        told = [each for each in self._stage.tell(rows, self._now()) if start <= dated(each) <= end]
        found = [each for each in told if sites(domain(each.author.handle)) and matches(said(each))]
        found.sort(key=dated, reverse=ORDERS[order])
        return {"articles": [_article(each) for each in found[: int(most)]]} if found else {}


def said(told: Told) -> str:
    """An article's title, which is one line."""
    return f"{heading(told)}: {' '.join(told.text.split())}"


def dated(told: Told) -> datetime:
    """When GDELT saw it."""
    return told.published_at - (told.published_at - datetime.min) % STEP  # noqa: DTZ901 - UTC without zone


def _query(query: str) -> tuple[Matches, Matches]:
    """What an article's words must be, and its site."""
    wanted = [(exact, name.lower()) for exact, name in _DOMAIN.findall(query)]
    words = _DOMAIN.sub(" ", query).strip()
    if not query or len(query) > SYNTAX.longest:
        raise Refusal("Your query was too short or too long.")
    for phrase in _PHRASE.findall(words):
        if len(phrase) < SHORTEST_PHRASE:
            raise Refusal("The specified phrase is too short.")
    single = [word for word in re.findall(r"\w+", _PHRASE.sub(" ", words)) if word != "OR"]
    if any(len(word) < SHORTEST_WORD for word in single):
        raise Refusal("One or more of your keywords were too short, too long or too common.")
    if re.search(r"(?<!\S)OR(?!\S)", re.sub(r"\([^()]*\)", " ", _PHRASE.sub(" ", words))):
        raise Refusal("Queries containing OR'd terms must be surrounded by ().")
    try:
        matches = compiled(words, SYNTAX) if words else lambda _text: True
    except BadQueryError:
        raise Refusal("Your query contained an invalid or unbalanced expression.") from None
    return matches, lambda site: all(site == name if exact else site.endswith(name) for exact, name in wanted)


def _article(told: Told) -> dict[str, Any]:
    site = domain(told.author.handle)
    return {
        "url": address(told), "url_mobile": "", "title": html.escape(said(told), quote=False),
        "seendate": f"{dated(told):%Y%m%dT%H%M%SZ}", "socialimage": f"https://{site}/{told.row + 1}.jpg",
        "domain": site, "language": LANGUAGES[told.language], "sourcecountry": "Latvia",
    }  # fmt: skip


def _moment(asked: dict[str, str], name: str) -> datetime:
    try:
        return datetime.strptime(asked.get(name, ""), "%Y%m%d%H%M%S")  # noqa: DTZ007 - UTC without zone
    except ValueError:
        raise Refusal("Invalid query start date.") from None


def _said(sentence: str) -> Response:
    return Response(sentence, 200, media_type="text/html")


def routes(stage: Stage, now: Now) -> list[Route]:
    """All that the service answers."""
    return [Route("/api/v2/doc/doc", Gdelt(stage, now).doc)]


FACADE = Facade(
    platform="gdelt",
    routes=routes,
    limits=lambda: [Limit(1, 5, "its own refusal: please limit requests to one every 5 seconds")],
    options={"base_url": "{url}/api/v2/doc/doc"},
    refusal=lambda _limit: _said("Please limit requests to one every 5 seconds or contact us for larger queries."),
    tells={},
    said=said,
    dated=dated,
    handle=domain,
)
