"""What can go wrong before the rows reach validation."""

from __future__ import annotations

from expectations.errors import SoundingsError


class ConfigError(SoundingsError):
    """`soundings.toml` or the environment is wrong: the message names the file and the key, and the fix."""


class TopicError(ConfigError):
    """A topic's query cannot be read: the message points at the character."""


class SourceError(SoundingsError):
    """A source cannot go on.

    `platform` says whose API it is; `retryable` whether the same request may succeed later in the same run.
    """

    def __init__(self, platform: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(f"{platform}: {message}")
        self.platform = platform
        self.retryable = retryable
