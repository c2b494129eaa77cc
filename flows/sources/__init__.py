"""Every platform we read: an explicit tuple. A new source is one file here, and its line below."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flows.sources import (
    bluesky,
    discourse,
    feed,
    file,
    gdelt,
    hackernews,
    lemmy,
    mastodon,
    matomo,
    nodebb,
    plausible,
    reddit,
    stackexchange,
    wordpress,
    x,
    youtube,
)
from flows.sources.base import Source

SOURCES: tuple[Source, ...] = (
    bluesky.SOURCE,
    discourse.SOURCE,
    feed.SOURCE,
    file.SOURCE,
    gdelt.SOURCE,
    hackernews.SOURCE,
    lemmy.SOURCE,
    mastodon.SOURCE,
    matomo.SOURCE,
    nodebb.SOURCE,
    plausible.SOURCE,
    reddit.SOURCE,
    stackexchange.SOURCE,
    wordpress.SOURCE,
    x.SOURCE,
    youtube.SOURCE,
)

AnyOptions = Annotated[
    bluesky.Options
    | discourse.Options
    | feed.Options
    | file.Options
    | gdelt.Options
    | hackernews.Options
    | lemmy.Options
    | mastodon.Options
    | matomo.Options
    | nodebb.Options
    | plausible.Options
    | reddit.Options
    | stackexchange.Options
    | wordpress.Options
    | x.Options
    | youtube.Options,
    Field(discriminator="type"),
]
"""A `[[sources]]` table: its `type` says which source's options it holds."""


def source_of(options: AnyOptions) -> Source:
    """The source whose options these are."""
    return next(source for source in SOURCES if isinstance(options, source.options))


def platform_of(options: AnyOptions) -> str:
    """The platform whose posts a configured source brings: a file's is told by its options."""
    return options.platform if isinstance(options, file.Options) else source_of(options).platform
