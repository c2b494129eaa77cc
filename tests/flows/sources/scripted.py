"""What tests of sources share: a client that answers from a script, pages, and payloads that went wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from flows.errors import SourceError
from flows.sources.base import Page, Parsed, Source, Verb

AS_OF = datetime(2026, 11, 22, 20)
Answer = Any  # a payload, or (status, payload), or (status, payload, headers)


def page(platform: str, body: Any, verb: Verb = "discover", request: str = "GET", number: int = 1, **more: Any) -> Page:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Page(
        page_id=f"w/a/{number}", source=platform, platform=platform, verb=verb, topic_id="acme", as_of=AS_OF,
        fetched_at=AS_OF, request=request, body=encoded, **{"status": 200, **more},
    )  # fmt: skip


class Scripted:
    """Asks a function of url and query; what it refuses with a status that is not allowed is a SourceError."""

    def __init__(self, platform: str, answer: Callable[[str, dict[str, Any]], Answer], verb: Verb = "discover") -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._platform, self._answer, self._verb = platform, answer, verb

    async def get(
        self,
        url: str,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        allow_status: Collection[int] = (),
        *,
        if_changed: bool = False,
    ) -> Page:
        assert not if_changed
        asked = dict(params or {})
        self.asked.append((url, asked))
        answer = self._answer(url, asked)
        status, body, *headers = answer if isinstance(answer, tuple) else (200, answer)
        request = f"GET {url}?{urlencode(asked, doseq=True)}"
        if status != 200 and status not in allow_status:
            raise SourceError(self._platform, f"{request} answered {status}")
        return page(
            self._platform, body, self._verb, request, len(self.asked),
            status=status, headers=headers[0] if headers else {},
        )  # fmt: skip

    async def post(self, *_asked: Any, **_how: Any) -> Page:
        raise AssertionError("this source only reads by GET")


def each_item_has_one_outcome(source: Source, options: Any, answer: Page) -> Parsed | None:
    """Parse; a page that cannot be read as a whole fails (None), and of any other no item is without its outcome."""
    try:
        parsed = source.parse(answer, options)
    except SourceError:
        return None
    numbers = range(parsed.item_count)
    malformed = parsed.malformed["item_no"].to_list()
    assert len(malformed) == len(set(malformed))
    assert set(malformed) <= set(numbers)
    assert len(source.items(answer)) == parsed.item_count
    for table in parsed.tables.values():
        assert set(table["item_no"]) <= set(numbers) - set(malformed)
    return parsed


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 1.5, 10**30, "", "x", "\x00", "0001-01-01T00:00:00Z", "2026", [], {}, [[]], {"x": None}]
)


@st.composite
def mangled(draw: st.DrawFn, payload: Any) -> bytes:
    """The payload with some values lost, mistyped, nested in themselves, repeated or out of order; or cut off."""
    spoiled = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(spoiled))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["lose", "junk", "nest", "repeat", "shuffle"]))
        value = holder[key]
        if how == "lose":
            del holder[key]
        elif how == "junk":
            holder[key] = copy.deepcopy(draw(JUNK))
        elif how == "nest":
            holder[key] = draw(st.sampled_from([[value], {"x": value}, {str(key): value}]))
        elif isinstance(value, list):
            holder[key] = [*value, *value[:1]] if how == "repeat" else draw(st.permutations(value))
    encoded = json.dumps(spoiled).encode()
    return encoded[: draw(st.integers(0, len(encoded)))] if draw(st.integers(0, 9)) == 0 else encoded


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


def recordings(folder: Path) -> list[tuple[str, str, int, dict[str, str], bytes]]:
    """(file, url, status, headers, body) of every GET in a folder of VCR cassettes."""
    import yaml  # type: ignore[import-untyped]

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = []
    for path in sorted(folder.glob("*.yaml")):
        for each in yaml.load(path.read_text(), loader)["interactions"]:  # noqa: S506 - safe loaders
            asked, told = each["request"], each["response"]
            if asked["method"] != "GET":
                continue
            body = told["body"]["string"]
            headers = {name.lower(): values[0] for name, values in told["headers"].items()}
            encoded = body if isinstance(body, bytes) else body.encode()
            found.append((path.name, asked["uri"], told["status"]["code"], headers, encoded))
    return found
