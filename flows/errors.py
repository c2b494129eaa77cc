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


class CredentialError(SourceError):
    """A secret is missing, wrong or expired; the message names the setting to mend.

    Where that `is_certain`, the source is asked nothing more; a 403 may be about one thing alone.
    """

    def __init__(self, platform: str, message: str, *, is_certain: bool = True) -> None:
        super().__init__(platform, message)
        self.is_certain = is_certain


class QuotaError(SourceError):
    """The platform gives no more for now, and says until when; what has landed stays good, the next run goes on."""
