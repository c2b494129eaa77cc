"""The platforms that the sandbox can serve besides its Hacker News, by name."""

from __future__ import annotations

from flows.sandbox.platforms import (
    bluesky,
    discourse,
    feed,
    gdelt,
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
from flows.sandbox.platforms.facade import Facade

FACADES: dict[str, Facade] = {
    "nodebb": nodebb.FACADE,
    "discourse": discourse.FACADE,
    "lemmy": lemmy.FACADE,
    "bluesky": bluesky.FACADE,
    "mastodon": mastodon.FACADE,
    "feed": feed.FACADE,
    "gdelt": gdelt.FACADE,
    "matomo": matomo.FACADE,
    "plausible": plausible.FACADE,
    "wordpress": wordpress.FACADE,
    "reddit": reddit.FACADE,
    "stackexchange": stackexchange.FACADE,
    "x": x.FACADE,
    "youtube": youtube.FACADE,
}
