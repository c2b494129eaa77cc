"""Recorded answers, all of them: each is read by the source of its platform, or named here with the reason.

That their fields are right is tested platform by platform; here no file is forgotten, and no field of theirs unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from recordings import recordings
from scripted import page_of

from flows.errors import SourceError
from flows.sources import SOURCES
from flows.sources.base import Parsed, Verb

pytestmark = pytest.mark.real_data
URL = "https://a.example"
OPTIONS: dict[str, dict[str, Any]] = {
    "discourse": {"base_url": URL}, "nodebb": {"base_url": URL}, "feed": {"urls": [URL]},
    "matomo": {"base_url": URL, "sites": {"a": 1}},
}  # fmt: skip
VERBS: tuple[Verb, ...] = ("discover", "context", "refresh")
PLATFORMS = {"mastodon_takahe": "mastodon", "feeds": "feed"}
CASSETTES = {"mastodon", "reddit", "x"}
UNASKED_FIELDS = {"mastodon": {"role"}, "youtube": {"player"}}
"""What recordings have and we do not ask for: an account's own role, the embedded player of a video."""
OTHERS = {
    "trimmed/bingnews.json": "no source of ours",
    "trimmed/stackexchange.json": "excerpts of search: their ids are read, not their texts",
    "bluesky/*_record.json": "records, which stand inside of the posts that we ask for",
    "discourse/*": "lists of topics, who liked, invitations: not asked for",
    "feeds/real/*.json": "answers of a platform's old API, no feeds",
    "feeds/*": "bytes that are no feed, or not of one any more: refused as such",
    "mastodon/*": "the server itself, refusals, an empty list",
    "mastodon_takahe/*": "the server itself, headers, an empty list",
    "matomo/*": "XML and CSV, where we ask for JSON: test_visit_sources reads their rows as JSON has them",
    "nodebb/*": "lists of topics, feeds, a site map, a search without hits",
    "reddit/*": "logins, votes, edits, messages, names of subreddits",
    "x/*": "counts, which test_x_recordings reads, and what writes",
    "youtube/*": "calls that we do not make, resources without their list, refusals; searches tell ids alone",
}
MOST_OTHERS = {
    "bluesky": 5, "discourse": 7, "feed": 10, "mastodon": 10, "matomo": 30, "nodebb": 5, "reddit": 7,
    "stackexchange": 1, "x": 2, "youtube": 38, "bingnews": 1,
}  # fmt: skip
"""How many files of a platform may be among the others: more would mean that a source reads less than it did."""


@pytest.fixture(scope="module")
def read(shared_data: Path) -> dict[str, dict[str, list[Parsed]]]:
    """What each recorded file gives to the source of its platform, by platform and file."""
    folder = shared_data / "recorded"
    found: dict[str, dict[str, list[Parsed]]] = defaultdict(dict)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder)
        platform = file.stem if name.parts[0] == "trimmed" else PLATFORMS.get(name.parts[0], name.parts[0])
        found[platform][str(name)] = []
    for platform in CASSETTES:
        for each in recordings(folder / platform):
            if each.status == 200:
                found[platform][f"{platform}/{each.file}"] += _read(platform, each.url, each.body)
    for platform, files in found.items():
        for file_name, parsed in files.items():
            if Path(file_name).parts[0] not in CASSETTES:
                parsed += _read(platform, f"{URL}/{file_name}", (folder / file_name).read_bytes())
    return found


def _read(platform: str, url: str, body: bytes) -> Iterator[Parsed]:
    """As the first verb that finds something in it; a feed may have no entries."""
    for source in (source for source in SOURCES if source.platform == platform):
        options = source.options.model_validate({"name": platform, "type": platform, **OPTIONS.get(platform, {})})
        for verb in VERBS:
            try:
                parsed = source.parse(page_of(platform, body, verb, f"GET {url}"), options)
            except (SourceError, KeyError, ValueError):  # none of its answers, or none to this verb
                continue
            if len(parsed.tables) or platform == "feed":
                yield parsed
                return


def test_every_recorded_file_is_read_or_named_with_the_reason(read: dict[str, dict[str, list[Parsed]]]) -> None:
    for platform, files in read.items():
        others = [name for name, parsed in files.items() if not parsed]
        assert [name for name in others if not any(fnmatch(name, pattern) for pattern in OTHERS)] == []
        assert len(others) <= MOST_OTHERS.get(platform, 0), (platform, others)


def test_recorded_answers_have_no_field_that_their_source_does_not_know(
    read: dict[str, dict[str, list[Parsed]]],
) -> None:
    for platform, files in read.items():
        answers = [parsed for found in files.values() for parsed in found]
        unknown = {field for parsed in answers for field in parsed.unmapped_fields or {}}
        assert unknown == UNASKED_FIELDS.get(platform, set()), platform
