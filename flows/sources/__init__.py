"""Every platform we read: an explicit tuple. A new source is one file here, and its line below."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flows.sources import file, hackernews
from flows.sources.base import Source

SOURCES: tuple[Source, ...] = (file.SOURCE, hackernews.SOURCE)

AnyOptions = Annotated[file.Options | hackernews.Options, Field(discriminator="type")]
"""A `[[sources]]` table: its `type` says which source's options it holds."""


def source_of(options: AnyOptions) -> Source:
    """The source whose options these are."""
    return next(source for source in SOURCES if isinstance(options, source.options))


def platform_of(options: AnyOptions) -> str:
    """The platform whose posts a configured source brings: a file's is told by its options."""
    return options.platform if isinstance(options, file.Options) else source_of(options).platform
