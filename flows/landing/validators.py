"""What a server needs to say "unchanged": ETag and Last-Modified of answers that are in the warehouse.

They are kept beside landing, for each window and request, and only once the window is committed: a run that is killed
before that asks again without them, and loses nothing. Another question, or another day, has validators of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from flows.landing.files import load_note, write_whole

KEPT = "validators.json"
_OLD = timedelta(days=60)  # a window that was not asked for so long is not asked again


class Validator(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer said of its version, verbatim."""

    etag: str | None = None
    last_modified: str | None = None
    as_of: datetime

    @property
    def headers(self) -> dict[str, str]:
        """The condition of the next request: by ETag, and only where there is none by time (RFC 9110, 13.1.3)."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.last_modified} if self.last_modified else {}


@dataclass(frozen=True)
class Validators:
    """Those of one window, by request key."""

    by_key: Mapping[str, Validator] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, source: str, window_id: str) -> Validators:
        """What is committed for a window, or for the same one to an earlier end."""
        return cls(_load(root, source).get(_beginning(window_id), {}))

    def headers(self, key: str) -> dict[str, str]:
        """Headers that make a request conditional; none where its last answer told no version."""
        known = self.by_key.get(key)
        return known.headers if known else {}


def keep_validators(root: Path, source: str, windows: Iterable[tuple[str, Mapping[str, Validator]]]) -> None:
    """Remember what windows have told, by their ids, now that they are committed; a newer word stays."""
    told = {_beginning(window_id): validators for window_id, validators in windows if validators}
    if not told:
        return
    kept = _load(root, source)
    for window, validators in told.items():
        known = kept.setdefault(window, {})
        known |= {k: v for k, v in validators.items() if k not in known or known[k].as_of <= v.as_of}
    newest = max(v.as_of for known in kept.values() for v in known.values())
    young = {w: known for w, known in kept.items() if any(newest - v.as_of < _OLD for v in known.values())}
    write_whole(root / source / KEPT, msgspec.json.encode(young))


def _load(root: Path, source: str) -> dict[str, dict[str, Validator]]:
    return load_note(root / source / KEPT, dict[str, dict[str, Validator]]) or {}


def _beginning(window_id: str) -> str:
    """What is asked, and from when: the id of a window without its end. A channel's next window begins where the last
    one ended: its answers go on from one to the next, for as long as the same is looked for."""
    parts = window_id.split("-")
    return "-".join(parts[:2] + parts[4:] if parts[0] == "browse" else parts[:3])
