"""What tests of sources share: a client that answers from a function, recordings of real ones, and spoiled payloads."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import polars as pl
import yaml
from hypothesis import strategies as st

from flows.errors import SourceError
from flows.matching import settle
from flows.sources.base import Page, Parsed, Source, SourceOptions, Verb

AS_OF = datetime(2026, 11, 22, 2)


def page_of(
    source: Source, body: Any, verb: Verb = "discover", *, request: str = "GET https://x.example/", status: int = 200
) -> Page:
    """One landed page; what is no bytes becomes JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Page(
        page_id="w/a/1", source=source.platform, platform=source.platform, verb=verb, topic_id="acme", as_of=AS_OF,
        fetched_at=AS_OF, request=request, status=status, body=raw,
    )  # fmt: skip


@dataclass
class Answering:
    """A client: `answer` gets a path and the query, and gives a body, or a status and a body."""

    source: Source
    answer: Callable[[str, dict[str, str]], Any]
    verb: Verb = "discover"
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def get(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        allow_status: Collection[int] = (),
        *,
        if_changed: bool = False,  # noqa: ARG002 - the interface
    ) -> Page:
        query = {name: str(value) for name, value in (params or {}).items()}
        path = urlsplit(url).path
        self.asked.append((path, query))
        told = self.answer(path, query)
        status, body = told if isinstance(told, tuple) else (200, told)
        if status >= 300 and status not in allow_status:
            raise SourceError(self.source.platform, f"answered {status}")
        page = page_of(self.source, body, self.verb, request=f"GET {url}?{urlencode(query)}", status=status)
        return msgspec.structs.replace(page, page_id=f"w/a/{len(self.asked)}")

    async def post(self, *_: Any, **__: Any) -> Page:
        raise AssertionError("this source asks nothing by POST")


@dataclass(frozen=True)
class Recorded:
    """One request of a recording and its answer."""

    file: str
    method: str
    uri: str
    status: int
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.uri).path


def recordings(folder: Path) -> Iterator[Recorded]:
    """All that VCR (YAML) and betamax (JSON) files hold."""
    for file in sorted(folder.iterdir()):
        text = file.read_text()
        if file.suffix == ".yaml":  # blanked cookies have left lines behind that are no YAML
            text = re.sub(r"(?m)^( *)set-cookie:.*\n(?:\1 +.*\n|\1- .*\n)*", "", text)
        cassette = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
        for each in cassette.get("interactions") or cassette.get("http_interactions"):
            asked, told = each["request"], each["response"]
            yield Recorded(file.name, asked["method"], asked["uri"], told["status"]["code"], _body(told["body"]))


def _body(told: Mapping[str, Any]) -> bytes:
    packed, plain = told.get("base64_string"), told.get("string") or b""
    raw = base64.b64decode(packed) if packed else plain if isinstance(plain, bytes) else plain.encode()
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def check_outcomes(source: Source, page: Page, parsed: Parsed) -> None:
    """Each item is in one outcome, and what is malformed has no rows."""
    assert parsed.item_count == len(source.items(page))
    numbers = list(range(parsed.item_count))
    items = pl.DataFrame(
        {"page_id": [page.page_id] * len(numbers), "item_no": numbers, "verb": [page.verb] * len(numbers)},
        schema={"page_id": pl.String, "item_no": pl.Int64, "verb": pl.String},
    )
    settled = settle(items, dict(parsed.tables), parsed.malformed, [], frozenset(), keep_threads=False)
    assert settled.items["item_no"].to_list() == numbers
    assert settled.items["outcome"].null_count() == 0
    unread = parsed.malformed["item_no"].to_list()
    for table in parsed.tables.values():
        assert not set(table["item_no"]) & set(unread)
        assert set(table["item_no"]) <= set(numbers)


def check_any_payload(source: Source, options: SourceOptions, page: Page) -> None:
    """A payload, whole and cut off, is read item by item, or its page fails as a whole and says so."""
    for body in (page.body, page.body[: len(page.body) // 2]):
        try:
            told = msgspec.structs.replace(page, body=body)
            check_outcomes(source, told, source.parse(told, options))
        except SourceError:
            continue


_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, 10**30, 1e300, "", "x", "12", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
     "\x00", [], {}, [[]], [None], {"": None}, {"a": [{}]}, ["x", 1], [[[[[["deep"]]]]]]]
)  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, sample: Any) -> Any:
    """The sample with some of it left out, repeated, shuffled, nested or of another type; its outermost shape stays."""
    spoilt = copy.deepcopy(sample)
    for _ in range(draw(st.integers(1, 6))):
        place = spoilt
        for _ in range(draw(st.integers(0, 7))):
            inner = [value for value in _values(place) if isinstance(value, (dict, list)) and value]
            if not inner:
                break
            place = draw(st.sampled_from(inner))
        _spoil(draw, place)
    return spoilt


def _values(place: Any) -> list[Any]:
    return list(place.values()) if isinstance(place, dict) else list(place)


def _spoil(draw: st.DrawFn, place: Any) -> None:
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    if not keys:
        return
    key = draw(st.sampled_from(keys))
    match draw(st.sampled_from(["drop", "odd", "nest", "repeat", "move"])):
        case "drop":
            del place[key]
        case "odd":
            place[key] = copy.deepcopy(draw(_ODD))
        case "nest":
            place[key] = draw(st.sampled_from([[place[key]], {"value": place[key]}]))
        case "repeat" if isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
        case "move":
            other = draw(st.sampled_from(keys))
            place[key], place[other] = place[other], place[key]
