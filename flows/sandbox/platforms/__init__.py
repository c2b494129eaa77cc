"""The platforms that the sandbox can serve besides its Hacker News, by name."""

from __future__ import annotations

from flows.sandbox.platforms import mastodon
from flows.sandbox.platforms.facade import Facade

FACADES: dict[str, Facade] = {
    "mastodon": mastodon.FACADE,
}
